"""What is kept of a typed text, what is echoed, and how long texts are cut."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues.clean import clean, pieces, shown, units

FAMILY = "👨‍👩‍👧‍👦"
ANY_TEXT = st.text(
    st.characters()
    | st.sampled_from("\r\n\t \u200b\u200c\u200d\ufeff\u202e\u2066\ud83d\ude00é\u0301👩🏽‍🚀🇪🇺\u0627\u06cc.!"),
    max_size=400,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  at the gate \n", "at the gate"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("a\tb\n\nc", "a\tb\n\nc"),
        ("a\x00b\x07c\x1b[31md\x9fe", "abc[31mde"),
        ("\ufeffstart", "start"),
        ("pass\u200bword\u2060s\u00ad", "passwords"),
        ("a\ud83db", "ab"),
        ("no\u200djoin\u200cers", "nojoiners"),
        ("hid\U000e0068\U000e0069den", "hidden"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian keeps its non-joiner
        ("क्\u200dष", "क्\u200dष"),  # Hindi keeps its joiner
        (FAMILY, FAMILY),
        ("👩🏽\u200d🚀 ❤️\u200d🔥 🏳️\u200d🌈", "👩🏽\u200d🚀 ❤️\u200d🔥 🏳️\u200d🌈"),
        (
            "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
            "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        ),
        ("\u202eevil", "\u202eevil"),  # kept as typed, dropped where it is shown
    ],
)
def test_what_is_kept(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@given(ANY_TEXT)
def test_kept_text_is_safe_and_cleaning_again_changes_nothing(text: str) -> None:
    kept = clean(text)

    kept.encode("utf-8")
    assert clean(kept) == kept
    assert kept == kept.strip()
    assert all(sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs") for sign in kept)


def test_an_echo_cannot_turn_the_words_around_it() -> None:
    for code in [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]:
        assert shown(f"a{chr(code)}b {chr(code)}") == "ab"


@given(ANY_TEXT)
def test_what_is_shown_is_clean_too(text: str) -> None:
    echo = shown(text)

    assert clean(echo) == echo == shown(echo)
    assert not set(echo) & {chr(code) for code in [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]}


def test_length_is_counted_as_telegram_counts() -> None:
    assert [units(text) for text in ("", "abc", "é", "😀", FAMILY)] == [0, 3, 1, 2, 11]


@pytest.mark.parametrize(
    ("text", "at_most", "cut"),
    [
        ("", 10, []),
        (" \n ", 10, []),
        ("short", 10, ["short"]),
        ("first part\n\nsecond. part", 16, ["first part", "second. part"]),
        ("a line\nanother line", 12, ["a line", "another line"]),
        ("It is so. And then he left", 16, ["It is so.", "And then he left"]),
        ("one two three four", 9, ["one two", "three", "four"]),
        ("one two", 3, ["one", "two"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("a\n\nbbbb cccc dddd", 10, ["a\n\nbbbb", "cccc dddd"]),  # no needlessly small piece
        ("😀😀😀", 5, ["😀😀", "😀"]),
        ("ae\u0301e\u0301e\u0301", 4, ["ae\u0301", "e\u0301e\u0301"]),
        ("xx" + FAMILY + "yy", 11, ["xx", FAMILY, "yy"]),
        ("x🇪🇺🇪🇺", 7, ["x🇪🇺", "🇪🇺"]),
        ("xxx👍🏽", 5, ["xxx", "👍🏽"]),
    ],
)
def test_where_texts_are_cut(text: str, at_most: int, cut: list[str]) -> None:
    assert pieces(text, at_most) == cut


def test_a_piece_must_hold_at_least_one_emoji() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        pieces("text", 1)


@given(ANY_TEXT, st.integers(2, 60))
def test_pieces_fit_are_not_blank_and_join_to_the_text(text: str, at_most: int) -> None:
    cut = pieces(text, at_most)

    assert all(0 < units(piece) <= at_most and piece.strip() for piece in cut)
    # Looked for one after the other, the pieces leave nothing but blanks between them.
    between, at = [], 0
    for piece in cut:
        start = text.index(piece, at)
        between.append(text[at:start])
        at = start + len(piece)
    assert "".join([*between, text[at:]]).strip() == ""


@given(
    st.lists(
        st.sampled_from(["a", "e\u0301", "o\u0302\u0323", "😀", "👍🏽", FAMILY, "🇪🇺", "ש\u05c1", ". ", " ", "\n"]),
        max_size=80,
    )
)
def test_no_visible_sign_is_cut_in_two(signs: list[str]) -> None:
    text = "".join(signs)

    for piece in pieces(text, 12):
        whole = re.sub(
            "|".join([FAMILY, "👍🏽", "😀", "🇪🇺", "e\u0301", "o\u0302\u0323", "ש\u05c1", r"[a.\s]"]), "", piece
        )
        assert whole == ""


def test_a_long_note_keeps_its_paragraphs() -> None:
    paragraph = "He said it twice. Nobody was hurt. " * 20
    text = "\n\n".join([paragraph.strip()] * 12)

    cut = pieces(text, 4096)

    assert [units(piece) <= 4096 for piece in cut] == [True] * len(cut)
    assert "\n\n".join(cut) == text
