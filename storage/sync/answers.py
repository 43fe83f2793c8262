"""What a case system's answer means for a delivery: one table for every connector that speaks HTTP. Pure.

2xx                  None: the connector says whether that is proof
409, 412             ``LOOK``: something of this id may be there; ``find`` decides
400, 413, 415, 422   it judged this note, and so does every 4xx that is not below
401, 403, 405, 410   the destination: credentials, a right or the queue lost, another address, switched off
404                  the destination: no such address; or the note, where the connector knows that it means the case
3xx                  the destination: redirects are never followed
408, 425, 429, 503   later, when it says
500, 502, 504, …     later, and it may have arrived
no answer            later; it may have arrived if anything was sent. A bad certificate is never talked past
"""

import math
from datetime import datetime
from enum import Enum
from typing import Final

from storage.sync.base import Park, Reject, Retry
from storage.sync.web import Answer, NoAnswer, http_date

SHORTEST_S: Final = 1.0
LONGEST_S: Final = 6 * 3600.0
AGAIN_S: Final = 24 * 3600.0
"""How long a note for a person or case unknown there waits before it is tried again by itself."""

CODES: Final = {301: "redirect", 401: "credentials", 403: "forbidden", 404: "no-such-address", 410: "switched-off"}


class Look(Enum):
    """Something of this id may be there."""

    LOOK = "look"


LOOK: Final = Look.LOOK


def judged(answer: Answer, now: datetime, *, unknown: str = "") -> Retry | Park | Reject | Look | None:
    """
    Args:
        unknown: the reason when 404 is about the note, ``unknown-case``; empty: it is about the address.
    """
    status = answer.status
    if answer.fine:
        return None
    if 300 <= status < 400:
        return Park("redirect", "destination")
    if status in (409, 412):
        return LOOK
    if status == 404 and unknown:
        return Park(unknown, "note", AGAIN_S)
    if status in CODES:
        return Park(CODES[status], "destination")
    if status in (405, 407, 426, 501, 505):
        return Park(f"http-{status}", "destination")
    if status in (408, 425, 429, 503):
        return Retry(f"http-{status}", retry_after_s(answer.headers.get("retry-after", ""), now))
    if status == 413:
        return Reject("too-large")
    if 400 <= status < 500:
        return Reject(f"http-{status}")
    return Retry(f"http-{status}" if 500 <= status < 600 else "not-http", ambiguous=True)


def unanswered(failed: NoAnswer) -> Retry | Park:
    if failed.reason in ("certificate", "tls", "address"):
        return Park(failed.reason, "destination")
    return Retry(failed.reason, ambiguous=failed.sent)


def retry_after_s(text: str, now: datetime) -> float | None:
    """Seconds of a ``Retry-After`` (RFC 9110, 10.2.3: seconds, or a date), held to 1 s … 6 h; None: it says nothing."""
    at = http_date(text)
    try:
        seconds = (at - now).total_seconds() if at is not None else float(text)
    except (ValueError, OverflowError):
        return None
    if math.isnan(seconds):
        return None
    return min(max(seconds, SHORTEST_S), LONGEST_S)
