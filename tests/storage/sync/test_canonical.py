"""One value, one spelling (RFC 8785)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sync.canonical import LARGEST, Json, NotCanonical, canonical

CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(CHARACTERS, max_size=20)
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def test_members_are_sorted_by_utf16_units() -> None:
    """The example of RFC 8785, 3.2.3; U+1F600 sorts before U+FB33 there, but after it by code point."""
    value: dict[str, Json] = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonical(value)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_text_is_escaped_as_little_as_may_be() -> None:
    """The text of RFC 8785, 3.2.2, and the characters that some writers escape without need."""
    assert canonical('€$\u000f\nA\'B"\\\\"/') == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'.encode()
    assert canonical("\u2028\x7f<é\x00\x1f\b\f\t") == '"\u2028\x7f<é\\u0000\\u001f\\b\\f\\t"'.encode()


def test_literals_and_nesting() -> None:
    assert canonical({"b": [True, False, None, -1, 0], "a": {}, "": []}) == (
        b'{"":[],"a":{},"b":[true,false,null,-1,0]}'
    )


@given(VALUES)
def test_what_is_written_reads_back_the_same_and_has_one_spelling(value: Json) -> None:
    raw = canonical(value)
    assert json.loads(raw) == value
    assert canonical(json.loads(raw)) == raw
    assert b"\n" not in raw


@pytest.mark.parametrize("value", [1.5, float("nan"), LARGEST + 1, -LARGEST - 1, "\ud800", {"\udc00": 1}, {1: 1}, b"x"])
def test_what_has_no_byte_form_is_refused_and_not_named(value: object) -> None:
    with pytest.raises(NotCanonical) as refused:
        canonical(value)  # type: ignore[arg-type]  # that is what is tested
    assert "1.5" not in str(refused.value)
