"""Bytes in JSON: base64url without padding, one spelling only."""

import base64
import binascii


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """
    Raises:
        ValueError: not what ``encode`` makes of any bytes.
    """
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("not base64url") from None
    if encode(raw) != text:
        raise ValueError("not base64url")
    return raw
