"""A voice message without what its file says besides the sound: an Ogg file with one Opus stream (RFC 3533, RFC 7845).

    page "OpusHead" · page(s) "OpusTags" · pages of sound

Only the tags hold words (program, title, cover …). They are overwritten in place with empty ones and zeros, which
RFC 7845 section 5.2 allows after the last tag; the pages they stand on get new checksums. Sound is not touched.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.photo import Unusable

_HEADER: Final = struct.Struct("<4sBBqIIIB")  # magic, version, flags, position, serial, sequence, checksum, segments
CONTINUED, FIRST, LAST = 1, 2, 4
NO_TAGS: Final = b"OpusTags" + bytes(8)  # length of the vendor's name 0, number of comments 0


@dataclass(frozen=True, slots=True)
class _Page:
    start: int
    flags: int
    serial: int
    lengths: bytes
    body: int  # where it starts
    end: int

    @property
    def packet_ends(self) -> bool:
        """Whether a packet ends on this page, so that it does not go on on the next one."""
        return any(length < 255 for length in self.lengths)


def cleaned_voice(raw: bytes) -> bytes:
    """
    Args:
        raw: a file as it came.

    Returns:
        As long as ``raw``, with empty tags.

    Raises:
        Unusable: no Ogg file of one Opus stream from its first to its last byte.
    """
    pages = list(_pages(raw))
    if len(pages) < 3 or not _one_stream(pages):
        raise Unusable("voice")
    head = pages[0]
    if raw[head.body : head.body + 8] != b"OpusHead" or len(head.lengths) != 1 or head.end - head.body < 19:
        raise Unusable("voice")
    tags = pages[1 : 2 + next((place for place, page in enumerate(pages[1:]) if page.packet_ends), len(pages))]
    # The sound begins on a page of its own (RFC 7845, section 3): the last of these pages ends with the tags.
    alone = all(set(page.lengths[:-1]) <= {255} for page in tags) and tags[-1].packet_ends
    if not alone or len(pages) <= 1 + len(tags) or raw[tags[0].body : tags[0].body + 8] != b"OpusTags":
        raise Unusable("voice")
    length = sum(page.end - page.body for page in tags)
    if length < len(NO_TAGS):
        raise Unusable("voice")
    return _overwritten(raw, tags, NO_TAGS.ljust(length, b"\0"))


def checksum(page: bytes | bytearray) -> int:
    """Of an Ogg page whose own checksum is 0: CRC-32, polynomial 0x04c11db7, nothing reflected."""
    crc = 0
    for byte in page:
        crc = (crc << 8 & 0xFFFFFFFF) ^ _TABLE[crc >> 24 ^ byte]
    return crc


def _pages(raw: bytes) -> Iterator[_Page]:
    at = 0
    while at < len(raw):
        if len(raw) - at < _HEADER.size:
            raise Unusable("voice")
        magic, version, flags, _, serial, _, _, segments = _HEADER.unpack_from(raw, at)
        body = at + _HEADER.size + segments
        lengths = raw[at + _HEADER.size : body]
        end = body + sum(lengths)
        if magic != b"OggS" or version != 0 or len(lengths) != segments or end > len(raw):
            raise Unusable("voice")
        yield _Page(at, flags, serial, lengths, body, end)
        at = end


def _one_stream(pages: list[_Page]) -> bool:
    """One stream from its first page to its last; others, before or after, could hold anything."""
    serial = pages[0].serial
    same = all(page.serial == serial for page in pages)
    first = [place for place, page in enumerate(pages) if page.flags & FIRST] == [0]
    last = all(not page.flags & LAST for page in pages[:-1])
    return same and first and last


def _overwritten(raw: bytes, tags: list[_Page], packet: bytes) -> bytes:
    clean = bytearray(raw)
    done = 0
    for page in tags:
        size = page.end - page.body
        clean[page.body : page.end] = packet[done : done + size]
        done += size
        crc_at = page.start + 22
        clean[crc_at : crc_at + 4] = bytes(4)
        clean[crc_at : crc_at + 4] = checksum(clean[page.start : page.end]).to_bytes(4, "little")
    return bytes(clean)


def _table() -> tuple[int, ...]:
    found = []
    for crc in range(256):
        crc <<= 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 1 << 31 else crc << 1) & 0xFFFFFFFF
        found.append(crc)
    return tuple(found)


_TABLE: Final = _table()
