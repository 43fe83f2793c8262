"""A header has one byte form, and nothing else is taken for one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors.sealed_notes import CHANGED_HEADERS, HEADER, malformed_headers

from storage.sealing.header import Header, hour_of
from storage.sealing.wire import Malformed

HEADERS = st.builds(
    Header,
    agency_ref=st.binary(min_size=16, max_size=16),
    note_id=st.binary(min_size=16, max_size=16),
    author_ref=st.binary(min_size=16, max_size=16),
    flag_level=st.integers(0, 3),
    hour=st.datetimes(datetime(2020, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)).map(hour_of),
    schema_version=st.integers(1, 255),
    channel=st.sampled_from(("chat", "page")),
)


@given(HEADERS)
def test_a_header_comes_back_from_its_bytes(header: Header) -> None:
    assert Header.parse(header.canonical()) == header


def test_the_byte_form_is_the_one_of_the_format() -> None:
    assert HEADER.canonical() == b"".join(
        (
            b"\0\x10" + HEADER.agency_ref,
            b"\0\x10" + HEADER.note_id,
            b"\0\x10" + HEADER.author_ref,
            b"\0\x01\x02",
            b"\0\x0e2026-11-23T06Z",
            b"\0\x01\x01",
            b"\0\x04chat",
        )
    )


def test_every_field_changes_the_bytes() -> None:
    assert len({header.canonical() for header in (HEADER, *CHANGED_HEADERS.values())}) == 8


@given(st.binary(max_size=120))
def test_any_bytes_are_a_header_or_refused(raw: bytes) -> None:
    try:
        header = Header.parse(raw)
    except Malformed:
        return
    assert header.canonical() == raw


@given(HEADERS, st.data())
def test_a_changed_byte_is_another_header_or_refused(header: Header, data: st.DataObject) -> None:
    raw = bytearray(header.canonical())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        other = Header.parse(bytes(raw))
    except Malformed:
        return
    assert other != header
    assert other.canonical() == bytes(raw)


@pytest.mark.parametrize("raw", malformed_headers().values(), ids=malformed_headers())
def test_a_header_outside_its_ranges_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        Header.parse(raw)


@pytest.mark.parametrize(
    "change",
    [
        {"agency_ref": b"short"},
        {"flag_level": 4},
        {"flag_level": -1},
        {"hour": "2026-11-23T06:30Z"},
        {"hour": "2026-02-30T06Z"},
        {"schema_version": 0},
        {"schema_version": 256},
        {"channel": "sms"},
    ],
    ids=str,
)
def test_a_header_cannot_be_made_outside_its_ranges(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"is|reads|are"):
        replace(HEADER, **change)  # type: ignore[arg-type]  # wrong on purpose


def test_an_hour_is_in_utc_and_rounded_down() -> None:
    sofia = timezone(timedelta(hours=2))

    assert hour_of(datetime(2026, 11, 23, 8, 59, 59, tzinfo=sofia)) == "2026-11-23T06Z"
    with pytest.raises(ValueError, match="zone"):
        hour_of(datetime(2026, 11, 23, 8))
