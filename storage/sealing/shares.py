"""A recovery key on three sheets of paper, any two of which give it back. See docs/formats/recovery-share.md.

    seed = r1 ⊕ r2 ⊕ r3        holder 1: r2, r3      holder 2: r3, r1      holder 3: r1, r2

Exclusive or instead of a threshold scheme over a field: there is no arithmetic to get wrong, and two pieces out of
three that are random say nothing of the third.
"""

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from storage.sealing.errors import KeyRefused, ShareError
from storage.sealing.labels import L
from storage.sealing.suites import KID_BYTES, SEED_BYTES, OpeningKey, SuiteId
from storage.sealing.wire import Cursor, Malformed

VERSION: Final = b"\x01"
HOLDERS: Final = 3
SPLIT_ID_BYTES: Final = 5
CHECK_BYTES: Final = 10
LINES: Final = 10
LINE_BYTES: Final = 10
EPOCH: Final = date(1970, 1, 1)
SYMBOLS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SLIPS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
WRITTEN_LINE: Final = re.compile(r"[ \t]*([0-9]{1,2})[:.)](.*)")


@dataclass(frozen=True, slots=True)
class Share:
    """
    Attributes:
        number: 1, 2 or 3.
        suite: of the key.
        created: the day the key was made, 1970 to 2149.
        kid: of the key, 16 bytes.
        split: 5 random bytes, the same on the three sheets of one splitting.
        first: piece ``number + 1``, counted round; 32 bytes.
        second: piece ``number + 2``, counted round; 32 bytes.
    """

    number: int
    suite: SuiteId
    created: date
    kid: bytes
    split: bytes
    first: bytes = field(repr=False)
    second: bytes = field(repr=False)

    def build(self) -> bytes:
        """100 bytes, the last ten of them the checksum."""
        content = b"".join(
            (
                VERSION,
                bytes([self.number, self.suite]),
                (self.created - EPOCH).days.to_bytes(2, "big"),
                self.kid,
                self.split,
                self.first,
                self.second,
            )
        )
        return content + checksum(content)

    @property
    def lines(self) -> tuple[str, ...]:
        """Ten lines to be written down: four groups of four symbols, and a check of two."""
        whole = self.build()
        return tuple(
            line_of(number, whole[at : at + LINE_BYTES])
            for number, at in enumerate(range(0, len(whole), LINE_BYTES), start=1)
        )

    def pieces(self) -> dict[int, bytes]:
        return {self.number % HOLDERS + 1: self.first, (self.number + 1) % HOLDERS + 1: self.second}


def split(key: OpeningKey, created: date) -> tuple[Share, Share, Share]:
    """Three shares, from the operating system's random source; another splitting each time.

    Raises:
        ShareError: ``share-format`` for a day that a share cannot carry.
    """
    if not 0 <= (created - EPOCH).days < 2**16:
        raise ShareError("share-format", "the day of the key's making is out of range")
    one, two = os.urandom(SEED_BYTES), os.urandom(SEED_BYTES)
    pieces = (one, two, xor(xor(key.seed(), one), two))
    together = os.urandom(SPLIT_ID_BYTES)

    def share(number: int) -> Share:
        first, second = pieces[number % HOLDERS], pieces[(number + 1) % HOLDERS]
        return Share(number, key.suite, created, key.kid, together, first, second)

    return share(1), share(2), share(3)


def combine(shares: Sequence[Share]) -> OpeningKey:
    """The key that two or three shares were made of.

    Raises:
        ShareError: ``share-few`` for one; ``share-same`` for the same number twice; ``share-pair`` for shares of
            different keys or splittings; ``share-key`` when what comes out is not the key they name.
    """
    if len({share.number for share in shares}) < len(shares):
        raise ShareError("share-same", f"that is share {shares[-1].number} twice; another number is needed")
    if len(shares) < 2:
        raise ShareError("share-few", "one share alone says nothing; a second is needed")
    if len({(share.kid, share.suite, share.created) for share in shares}) > 1:
        raise ShareError("share-pair", "these shares are of different keys; compare the words on the sheets")
    if len({share.split for share in shares}) > 1:
        raise ShareError("share-pair", "these shares are of the same key, but split at different times")
    pieces: dict[int, bytes] = {}
    for share in shares:
        for number, piece in share.pieces().items():
            if pieces.setdefault(number, piece) != piece:
                raise ShareError("share-pair", "these shares contradict each other; one of them was forged")
    seed = bytes(SEED_BYTES)
    for piece in pieces.values():
        seed = xor(seed, piece)
    try:
        key = OpeningKey(shares[0].suite, seed)
    except KeyRefused:
        raise ShareError("share-key", "these shares do not give a key") from None
    if key.kid != shares[0].kid:
        raise ShareError("share-key", "these shares do not give the key they name; one of them was forged")
    return key


def parse(text: str) -> Share:
    """A share from its sheet, or from the ten lines alone.

    Args:
        text: lines beginning with their number and a colon are read, in any order; all others are for people.

    Raises:
        ShareError: ``share-line`` names a line with a slip or one that is missing; ``share-damaged`` names the share;
            ``share-format``.
    """
    written: dict[int, str] = {}
    for line in text.splitlines():
        matched = WRITTEN_LINE.fullmatch(line)
        if matched is None:
            continue
        number = int(matched[1])
        if not 1 <= number <= LINES or number in written:
            raise ShareError("share-format", f"a share has the lines 1 to {LINES}, each once")
        written[number] = matched[2]
    if not written:
        raise ShareError("share-format", "this is not a share; it has ten numbered lines")
    whole = b""
    for number in range(1, LINES + 1):
        if number not in written:
            raise ShareError("share-line", f"share {named(whole)} is not whole: line {number} is missing")
        try:
            whole += read_line(number, written[number])
        except ShareError as slip:
            raise ShareError(slip.code, f"share {named(whole)}: {slip}") from None
    return unbuilt(whole)


def read_line(number: int, written: str) -> bytes:
    """The ten bytes of one line; blanks, hyphens and small letters do not matter, nor O for 0, I and L for 1, U for V.

    Raises:
        ShareError: ``share-line``.
    """
    plain = re.sub(r"[\s-]", "", written).upper().translate(SLIPS)
    slip = ShareError("share-line", f"line {number} has a slip in it; compare it with the sheet")
    if len(plain) != 18 or not set(plain) <= set(SYMBOLS):
        raise slip
    content = symbols_read(plain[:16]).to_bytes(LINE_BYTES, "big")
    if line_check(number, content) != plain[16:]:
        raise slip
    return content


def line_of(number: int, content: bytes) -> str:
    plain = symbols(int.from_bytes(content, "big"), 16)
    groups = [plain[at : at + 4] for at in range(0, 16, 4)]
    return f"{number:02}: {' '.join(groups)} {line_check(number, content)}"


def unbuilt(whole: bytes) -> Share:
    """
    Raises:
        ShareError: ``share-damaged`` or ``share-format``.
    """
    content, check = whole[:-CHECK_BYTES], whole[-CHECK_BYTES:]
    if checksum(content) != check:
        raise ShareError("share-damaged", f"share {named(content)} is damaged: its checksum is wrong; use another")
    try:
        cursor = Cursor(content)
        if cursor.take(1) != VERSION:
            raise ShareError("share-format", "a share of another version; upgrade the program")
        number, suite = cursor.take(1)[0], SuiteId(cursor.take(1)[0])
        created = EPOCH + timedelta(days=int.from_bytes(cursor.take(2), "big"))
        kid, together = cursor.take(KID_BYTES), cursor.take(SPLIT_ID_BYTES)
        first, second = cursor.take(SEED_BYTES), cursor.take(SEED_BYTES)
        if cursor.rest() or not 1 <= number <= HOLDERS:
            raise Malformed("share")
    except (Malformed, ValueError):
        raise ShareError("share-format", "this is not a share of this version") from None
    return Share(number, suite, created, kid, together, first, second)


def named(content: bytes) -> str:
    """The number that a share, damaged or not read to its end, gives itself; ? where it cannot be told."""
    return str(content[1]) if len(content) > 1 and 1 <= content[1] <= HOLDERS else "?"


def checksum(content: bytes) -> bytes:
    return hashlib.sha256(L + b"share" + content).digest()[:CHECK_BYTES]


def line_check(number: int, content: bytes) -> str:
    """Two symbols, ten bits: one slip in a thousand goes unseen here, and is seen by the checksum of the whole."""
    digest = hashlib.sha256(L + b"share-line" + bytes([number]) + content).digest()
    return symbols(int.from_bytes(digest[:2], "big") >> 6, 2)


def symbols(number: int, count: int) -> str:
    """Crockford's base 32."""
    return "".join(SYMBOLS[(number >> (5 * place)) & 31] for place in reversed(range(count)))


def symbols_read(text: str) -> int:
    number = 0
    for symbol in text:
        number = number * 32 + SYMBOLS.index(symbol)
    return number


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
