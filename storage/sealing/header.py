"""What a sealed note says about itself in clear, and what its body is bound to.

    lp(agency_ref 16) lp(note_id 16) lp(author_ref 16) lp(flag_level 1)
    lp(hour 14) lp(schema_version 1) lp(channel 4)

The case, the exact time and everything that was written stand in the sealed text alone.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from storage.sealing.wire import Cursor, Malformed, lp

Channel = Literal["chat", "page"]
CHANNELS: dict[bytes, Channel] = {b"chat": "chat", b"page": "page"}
REF_BYTES = 16
HOUR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Header:
    """
    Attributes:
        agency_ref: 16 bytes, keyed pseudonym of the agency.
        note_id: 16 random bytes.
        author_ref: 16 bytes, keyed pseudonym of the author.
        flag_level: 0 to 3, as the author set it; later triage never changes it.
        hour: when it was filed, UTC, to the hour: ``2026-11-23T06Z``.
        schema_version: of the JSON inside, 1 to 255.
        channel: ``chat`` (typed to the bot) or ``page`` (sealed in the browser).

    Raises:
        ValueError: a part is outside its range.
    """

    agency_ref: bytes
    note_id: bytes
    author_ref: bytes
    flag_level: int
    hour: str
    schema_version: int
    channel: Channel

    def __post_init__(self) -> None:
        if {len(self.agency_ref), len(self.note_id), len(self.author_ref)} != {REF_BYTES}:
            raise ValueError("agency_ref, note_id and author_ref are 16 bytes each")
        if not 0 <= self.flag_level <= 3:
            raise ValueError("flag_level is 0 to 3")
        if not is_hour(self.hour):
            raise ValueError("hour reads like 2026-11-23T06Z")
        if not 1 <= self.schema_version <= 255:
            raise ValueError("schema_version is 1 to 255")
        if self.channel not in CHANNELS.values():
            raise ValueError("channel is chat or page")

    def canonical(self) -> bytes:
        """The one byte form, without its outer length."""
        return b"".join(
            lp(part)
            for part in (
                self.agency_ref,
                self.note_id,
                self.author_ref,
                bytes([self.flag_level]),
                self.hour.encode("ascii"),
                bytes([self.schema_version]),
                self.channel.encode("ascii"),
            )
        )

    @classmethod
    def parse(cls, canonical: bytes) -> "Header":
        """
        Raises:
            Malformed: not the byte form of a header.
        """
        cursor = Cursor(canonical)
        agency_ref, note_id, author_ref = cursor.lp(), cursor.lp(), cursor.lp()
        flag_level, hour, schema_version, channel = cursor.lp(), cursor.lp(), cursor.lp(), cursor.lp()
        cursor.end()
        if len(flag_level) != 1 or len(schema_version) != 1 or channel not in CHANNELS:
            raise Malformed("header")
        try:
            return cls(
                agency_ref,
                note_id,
                author_ref,
                flag_level[0],
                hour.decode("ascii"),
                schema_version[0],
                CHANNELS[channel],
            )
        except ValueError:
            raise Malformed("header") from None


def hour_of(at: datetime) -> str:
    """``2026-11-23T06Z`` for any moment within that hour; ``at`` must carry its zone."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%HZ")


def is_hour(text: str) -> bool:
    if not HOUR.fullmatch(text):
        return False
    try:
        datetime.strptime(text, "%Y-%m-%dT%HZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True
