"""One admin key succeeds another on a desk: what both of them sign."""

from typing import Final

from storage.sealing.labels import L
from storage.sealing.signing import VerifyKey
from storage.sealing.wire import lp

VERSION_BYTES: Final = 4


def statement(slug: str, former: VerifyKey, new: VerifyKey, version: int) -> bytes:
    """``L ‖ "succession" ‖ lp(slug) ‖ former 32 ‖ new 32 ‖ u32 version``: from this version of the desk on, the new key
    signs it."""
    return L + b"succession" + lp(slug.encode()) + former.raw + new.raw + version.to_bytes(VERSION_BYTES, "big")
