"""A say that is too long for one message becomes several that fit."""

from hypothesis import given
from hypothesis import strategies as st

from bot.channels import telegram_updates
from bot.says import LONGEST, LONGEST_CAPTION, fitting
from dialogues.clean import units
from dialogues.model import Choice, Document, Say, column
from guidance.filling import every
from guidance.library import load

ROWS = column(Choice("yes", "Yes"), Choice("no", "No"))


def test_a_say_that_fits_stays_as_it_is() -> None:
    say = Say("short", title="t", small="s", rows=ROWS)
    assert fitting(say) == [say]


def test_of_a_long_say_the_title_stands_first_and_buttons_and_small_print_last() -> None:
    says = fitting(Say("word " * 3_000, title="title", small="small", rows=ROWS, private="ab" * 16))
    assert len(says) > 2
    assert [say.title for say in says] == ["title", *[""] * (len(says) - 1)]
    assert [say.small for say in says] == [*[""] * (len(says) - 1), "small"]
    assert [say.rows for say in says] == [*[()] * (len(says) - 1), ROWS]
    assert {say.private for say in says} == {"ab" * 16}, "each part is erased with the draft"


@given(
    text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200).map(lambda one: one * 60),
    title=st.text(max_size=60),
    small=st.text(max_size=300),
)
def test_every_part_fits_one_message_and_no_word_is_lost(text: str, title: str, small: str) -> None:
    says = fitting(Say(text, title=title, small=small, rows=ROWS))
    for say in says:
        assert units(telegram_updates.write(say, 1).text) <= 4_096
        assert units(say.text) <= LONGEST
    assert "".join("".join(say.text for say in says).split()) == "".join(text.split())


PAGE = Document(every(load("en"))[0], "Cannot be printed.")


@given(st.integers(1, 6_000), st.text(max_size=60), st.text(max_size=300))
def test_what_is_too_long_to_stand_under_a_page_goes_before_it(length: int, title: str, small: str) -> None:
    *before, last = fitting(Say("x" * length, title=title, small=small, rows=ROWS, document=PAGE))
    assert (last.document, last.rows) == (PAGE, ROWS)
    assert units(telegram_updates.write(last, 1).text) <= LONGEST_CAPTION
    assert {say.document for say in before} <= {None}
    assert "".join(say.text for say in (*before, last)) == "x" * length
    assert [say.small for say in (*before, last) if say.small] == ([small] if small else [])
    assert [say.title for say in (*before, last) if say.title] == ([title] if title else [])
