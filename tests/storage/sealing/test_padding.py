"""Padding hides lengths and comes off in one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sealing.padding import BUCKETS, MOST, pad, unpad
from storage.sealing.wire import Malformed


@given(st.binary(max_size=MOST))
def test_a_text_comes_back_from_its_padding(text: bytes) -> None:
    padded = pad(text)

    assert unpad(padded) == text
    assert len(padded) in BUCKETS


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_text_takes_the_smallest_bucket(bucket: int) -> None:
    assert len(pad(b"x" * (bucket - 4))) == bucket
    if bucket != BUCKETS[-1]:
        assert len(pad(b"x" * (bucket - 3))) == BUCKETS[BUCKETS.index(bucket) + 1]


def test_a_text_too_long_for_the_last_bucket_is_refused() -> None:
    with pytest.raises(ValueError, match="16380"):
        pad(b"x" * (MOST + 1))


@given(st.sampled_from(BUCKETS), st.binary(max_size=600))
def test_any_bytes_unpad_to_what_pads_to_them_or_are_refused(bucket: int, start: bytes) -> None:
    for padded in (start, start[:bucket].ljust(bucket, b"\0")):
        try:
            text = unpad(padded)
        except Malformed:
            continue
        assert pad(text) == padded
