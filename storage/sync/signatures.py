"""Standard Webhooks signatures: who sent a request, and that nobody changed it.

    webhook-id           the same for every attempt
    webhook-timestamp    of this attempt, seconds since 1970
    webhook-signature    one or more, separated by spaces: ``v1a,`` Ed25519, or ``v1,`` HMAC-SHA256, in base64

Signed is ``id.timestamp.content``. With Ed25519 the receiver can check, and not forge. While keys change, all of them
sign, and a receiver takes whichever it knows.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from storage.sealing.signing import SigningKey, VerifyKey

TOLERANCE_S: Final = 300
ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
SHORTEST, LONGEST = 24, 64


class NoKey(ValueError):
    """Not a key of Standard Webhooks. Repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A secret that both sides know, 24 to 64 bytes: ``whsec_…``."""

    secret: bytes = field(repr=False)


def signing_key(text: str) -> SigningKey | Shared:
    """``whsec_`` or ``whsk_`` and base64.

    Raises:
        NoKey: neither.
    """
    raw = _decoded(text)
    if text.startswith("whsec_") and SHORTEST <= len(raw) <= LONGEST:
        return Shared(raw)
    if text.startswith("whsk_") and len(raw) == 32:
        return SigningKey(raw)
    raise NoKey("a key is written whsec_… (24 to 64 bytes) or whsk_… (32 bytes)")


def checking_key(text: str) -> VerifyKey | Shared:
    """``whsec_`` or ``whpk_`` and base64.

    Raises:
        NoKey: neither.
    """
    raw = _decoded(text)
    if text.startswith("whpk_") and len(raw) == 32:
        return VerifyKey(raw)
    if text.startswith("whsec_") and SHORTEST <= len(raw) <= LONGEST:
        return Shared(raw)
    raise NoKey("a key is written whpk_… (32 bytes) or whsec_… (24 to 64 bytes)")


def public_text(key: SigningKey) -> str:
    return "whpk_" + base64.b64encode(key.public.raw).decode("ascii")


def private_text(key: SigningKey | Shared) -> str:
    """For key files only."""
    raw, prefix = (key.seed(), "whsk_") if isinstance(key, SigningKey) else (key.secret, "whsec_")
    return prefix + base64.b64encode(raw).decode("ascii")


def signed(id_: str, content: bytes, keys: Sequence[SigningKey | Shared], at: datetime) -> dict[str, str]:
    """The three headers.

    Args:
        id_: of the message, without full stops.
        at: of this attempt, aware.
    """
    if not ID.fullmatch(id_) or at.tzinfo is None:
        raise ValueError("an id of letters, digits, hyphens and underlines; an aware time")
    seconds = int(at.timestamp())
    text = b"%s.%d.%s" % (id_.encode("ascii"), seconds, content)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(_signature(text, key) for key in keys),
    }


def verified(
    headers: Mapping[str, str], content: bytes, keys: Sequence[VerifyKey | Shared], now: datetime
) -> bool | None:
    """Whether one of these keys signed this; None: it did, but five minutes or more from now.

    Args:
        headers: names in lower case.
    """
    id_, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not ID.fullmatch(id_) or not re.fullmatch(r"[0-9]{1,12}", seconds):
        return False
    text = b"%s.%s.%s" % (id_.encode("ascii"), seconds.encode("ascii"), content)
    given = headers.get("webhook-signature", "").split(" ")[:16]
    if not any(_is_signature(one, text, key) for one in given for key in keys):
        return False
    return True if abs(now.timestamp() - int(seconds)) <= TOLERANCE_S else None


def _signature(text: bytes, key: SigningKey | Shared) -> str:
    if isinstance(key, SigningKey):
        return "v1a," + base64.b64encode(key.sign(text)).decode("ascii")
    return "v1," + base64.b64encode(hmac.new(key.secret, text, hashlib.sha256).digest()).decode("ascii")


def _is_signature(given: str, text: bytes, key: VerifyKey | Shared) -> bool:
    kind, _, value = given.partition(",")
    try:
        raw = base64.b64decode(value, validate=True)
    except ValueError:
        return False
    if isinstance(key, VerifyKey):
        return kind == "v1a" and key.verifies(raw, text)
    return kind == "v1" and hmac.compare_digest(raw, hmac.new(key.secret, text, hashlib.sha256).digest())


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.partition("_")[2], validate=True)
    except ValueError:
        raise NoKey("what follows the underline is base64") from None
