"""Photos and voice messages for tests: real JPEG files with all that a camera leaves in them, and Ogg Opus files."""

import io
import struct
from collections.abc import Sequence

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from bot.voice import checksum

EXIF_CANARY = b"Kestrelmarble-serial-0042"
COMMENT_CANARY = b"Plovergranite-comment"
TAG_CANARY = b"Heronslate-title"
SOUND_CANARY = b"Bitternquartz-sound-0017"


def photo(*, size: tuple[int, int] = (320, 200), kind: str = "JPEG", orientation: int = 1, quality: int = 95) -> bytes:
    """Left half red, right half blue, with EXIF (place, camera, serial number, orientation) and a comment."""
    picture = Image.new("RGB", size, (200, 20, 20))
    picture.paste((20, 20, 200), (size[0] // 2, 0, size[0], size[1]))
    exif = Image.Exif()
    exif[0x010F] = EXIF_CANARY.decode()  # Make
    exif[0x0112] = orientation
    exif.get_ifd(0x8825).update({1: "N", 2: (IFDRational(52), IFDRational(5), IFDRational(0))})  # GPS
    file = io.BytesIO()
    extra = {"comment": COMMENT_CANARY, "quality": quality} if kind == "JPEG" else {}
    picture.save(file, kind, exif=exif, **extra)
    return file.getvalue()


def page(packet: bytes, sequence: int, *, flags: int = 0, serial: int = 7, goes_on: bool = False) -> bytes:
    """An Ogg page with one packet of at most 65,025 bytes; ``goes_on``: exactly 255 × 255 bytes of one."""
    lacing = bytes([255] * (len(packet) // 255)) + (b"" if goes_on else bytes([len(packet) % 255]))
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, 0, serial, sequence, 0, len(lacing)) + lacing
    whole = bytearray(head + packet)
    whole[22:26] = checksum(whole).to_bytes(4, "little")
    return bytes(whole)


def tags(*comments: bytes, vendor: bytes = b"libopus 1.4") -> bytes:
    packed = b"".join(len(one).to_bytes(4, "little") + one for one in comments)
    return b"OpusTags" + len(vendor).to_bytes(4, "little") + vendor + len(comments).to_bytes(4, "little") + packed


OPUS_HEAD = b"OpusHead" + bytes([1, 1]) + struct.pack("<HIhB", 312, 48_000, 0, 0)


def voice(
    *, comments: Sequence[bytes] = (b"TITLE=" + TAG_CANARY,), sound: bytes = SOUND_CANARY + bytes(400), serial: int = 7
) -> bytes:
    """An Ogg file with one Opus stream: head, tags (on as many pages as they need), two pages of ``sound``."""
    packet, pages = tags(*comments), [page(OPUS_HEAD, 0, flags=2, serial=serial)]
    continued = 0
    while len(packet) > 255 * 254:
        pages.append(page(packet[: 255 * 255], len(pages), flags=continued, serial=serial, goes_on=True))
        packet, continued = packet[255 * 255 :], 1
    pages.append(page(packet, len(pages), flags=continued, serial=serial))
    pages.append(page(sound, len(pages), serial=serial))
    pages.append(page(sound, len(pages), flags=4, serial=serial))
    return b"".join(pages)
