"""Texts are padded to one of six sizes, so that a stored note tells its size class and no more."""

from storage.sealing.wire import Malformed

BUCKETS = (512, 1024, 2048, 4096, 8192, 16384)
LENGTH_BYTES = 4
MOST = BUCKETS[-1] - LENGTH_BYTES


def pad(text: bytes) -> bytes:
    """``u32 length ‖ text ‖ zeros``, exactly as long as the smallest bucket that holds it.

    Args:
        text: 0 to 16,380 bytes.

    Raises:
        ValueError: it is longer.
    """
    size = bucket_for(len(text))
    return (len(text).to_bytes(LENGTH_BYTES, "big") + text).ljust(size, b"\0")


def unpad(padded: bytes) -> bytes:
    """The text again.

    Raises:
        Malformed: not the smallest bucket that holds the text, or the fill is not all zeros.
    """
    if len(padded) not in BUCKETS:
        raise Malformed("not a bucket")
    length = int.from_bytes(padded[:LENGTH_BYTES], "big")
    if length > MOST or bucket_for(length) != len(padded):
        raise Malformed("not the smallest bucket")
    end = LENGTH_BYTES + length
    if any(padded[end:]):
        raise Malformed("fill is not zero")
    return padded[LENGTH_BYTES:end]


def bucket_for(length: int) -> int:
    for size in BUCKETS:
        if LENGTH_BYTES + length <= size:
            return size
    raise ValueError(f"longer than {MOST} bytes")
