"""A photo without what its file says besides the picture: place, time, camera, names, thumbnails, hidden rests.

The picture is drawn anew into an empty one and written as JPEG, so that only pixels go over, turned the way the camera
meant them. All in memory.
"""

import contextlib
import io
import logging
import warnings
from typing import Final

from PIL import Image, ImageOps

from dialogues.model import MOST_MEDIUM_BYTES

READS: Final = ("JPEG", "PNG", "WEBP")
MOST_PIXELS: Final = 25_000_000
"""Telegram sends at most 2,560 by 2,560. A small file can claim a picture that fills the memory; it is refused by what
its header says, before anything is unpacked."""

QUALITIES: Final = (92, 80, 65)
"""The first that fits ``MOST_MEDIUM_BYTES`` is taken."""

logging.getLogger("PIL").setLevel(logging.WARNING)  # below that it logs what it finds in a photo: place, serial number


class Unusable(Exception):
    """These bytes are no photo or voice message that can be cleaned. Says nothing of what they are instead."""


def cleaned_photo(raw: bytes) -> bytes:
    """
    Args:
        raw: a file as it came.

    Returns:
        A JPEG with the same picture and nothing else, at most 5,000,000 bytes.

    Raises:
        Unusable: no JPEG, PNG or WebP; cut off or broken; more than 25 megapixels.
    """
    # A broken file raises nearly anything: OSError, SyntaxError, struct.error, MemoryError, ...
    with contextlib.suppress(Exception):
        return _drawn_anew(raw)
    raise Unusable("photo")  # out here, so that no exception with a part of the file hangs on it


def _drawn_anew(raw: bytes) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow about odd files; they are refused or harmless
        with Image.open(io.BytesIO(raw), formats=READS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Unusable("photo")
            upright = ImageOps.exif_transpose(opened)
    picture = Image.new("RGB", upright.size, "white")
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        picture.paste(upright, mask=upright.getchannel("A"))
    else:
        picture.paste(upright.convert("RGB"))
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        if file.tell() <= MOST_MEDIUM_BYTES:
            return file.getvalue()
    raise Unusable("photo")
