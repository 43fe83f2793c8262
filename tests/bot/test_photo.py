"""A cleaned photo has the same picture and nothing else; what is no photo, or a bomb, is refused unpacked."""

import io
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media import COMMENT_CANARY, EXIF_CANARY, photo
from PIL import Image, ImageCms

from bot.photo import MOST_PIXELS, Unusable, cleaned_photo
from dialogues.model import MOST_MEDIUM_BYTES


def opened(raw: bytes) -> Image.Image:
    return Image.open(io.BytesIO(raw))


def segments(raw: bytes) -> set[int]:
    """Markers of a JPEG up to its picture, and that nothing follows its end."""
    found, at = set(), 2
    while raw[at + 1] != 0xDA:
        found.add(raw[at + 1])
        at += 2 + int.from_bytes(raw[at + 2 : at + 4], "big")
    assert raw.endswith(b"\xff\xd9")
    return found


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_only_the_picture_goes_over(kind: str) -> None:
    raw = photo(kind=kind) + b"hidden rest"
    assert EXIF_CANARY in raw
    clean = cleaned_photo(raw)
    for canary in (EXIF_CANARY, COMMENT_CANARY, b"hidden rest", b"Exif", b"GPS"):
        assert canary not in clean
    found = opened(clean)
    assert (found.format, found.size, dict(found.getexif())) == ("JPEG", (320, 200), {})
    assert segments(clean) <= {0xE0, 0xDB, 0xC0, 0xC4}, "APP0, tables, frame; no APP1 and no comment"
    left, right = found.convert("RGB").getpixel((40, 100)), found.convert("RGB").getpixel((280, 100))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert (left[0] > 180, right[2] > 180) == (True, True)


def test_a_profile_of_the_camera_goes_too() -> None:
    file = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (8, 8)).save(file, "JPEG", icc_profile=profile)
    assert b"ICC_PROFILE" in file.getvalue()
    assert b"ICC_PROFILE" not in cleaned_photo(file.getvalue())


def test_it_stands_the_way_the_camera_meant_it() -> None:
    """Orientation 6: turned by 90 degrees, so that red, on the left in the file, comes to lie on top."""
    found = opened(cleaned_photo(photo(orientation=6))).convert("RGB")
    assert found.size == (200, 320)
    top, bottom = found.getpixel((100, 40)), found.getpixel((100, 280))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert (top[0] > 180, bottom[2] > 180) == (True, True)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_way_to_hold_colours_is_taken(mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, (16, 16)).save(file, "JPEG" if mode == "CMYK" else "PNG")
    assert opened(cleaned_photo(file.getvalue())).mode == "RGB"


def test_what_is_seen_through_becomes_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (16, 16), (0, 0, 0, 0)).save(file, "PNG")
    assert opened(cleaned_photo(file.getvalue())).getpixel((8, 8)) == (255, 255, 255)


def png_of(width: int, height: int) -> bytes:
    """A small file that claims a picture of this size, all of one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        whole = kind + content
        return len(content).to_bytes(4, "big") + whole + zlib.crc32(whole).to_bytes(4, "big")

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(5_000, 5_001), (100_000, 100_000), (2**31 - 1, 1), (1, MOST_PIXELS + 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    raw = png_of(*size)
    tracemalloc.start()
    with pytest.raises(Unusable):
        cleaned_photo(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def gif() -> bytes:
    file = io.BytesIO()
    Image.new("P", (8, 8)).save(file, "GIF")
    return file.getvalue()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"photo",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        gif(),
        photo()[:900],
        b"\xff\xd8\xff\xd9",
    ],
    ids=["empty", "text", "pdf", "svg", "gif", "cut off", "no picture"],
)
def test_what_is_no_photo_is_refused(raw: bytes) -> None:
    with pytest.raises(Unusable) as refused:
        cleaned_photo(raw)
    assert (str(refused.value), refused.value.__context__) == ("photo", None)


def test_a_picture_full_of_noise_still_fits() -> None:
    noise = Image.effect_noise((2_500, 2_500), 200).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=70)
    assert len(cleaned_photo(file.getvalue())) <= MOST_MEDIUM_BYTES


@given(cut=st.integers(0, 10_000), at=st.integers(0, 10_000), to=st.binary(min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_broken_photo_is_drawn_or_refused(cut: int, at: int, to: bytes) -> None:
    raw = bytearray(photo(size=(32, 32)))
    place = at % len(raw)
    raw[place : place + len(to)] = to
    try:
        clean = cleaned_photo(bytes(raw[: cut if cut % 3 == 0 else len(raw)]))
    except Unusable:
        return
    assert EXIF_CANARY not in clean
    assert opened(clean).format == "JPEG"
