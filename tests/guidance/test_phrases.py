"""What code can count on when it asks for a phrase."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from fluent.runtime import FluentBundle
from fluent.syntax import FluentParser

from guidance.phrases import PhraseError, Phrases

SHIPPED = Path(__file__).parent.parent.parent / "guidance/content/en/phrases"
TEXTS = (
    "hello = Hello\nkept = Kept as { $note }.\nask = { kept }\nonly = \n    .label = Button\n",
    """
notes = { $count ->
    [one] one note
   *[other] { $count } notes
}
hello = Never this one
""",
)


@pytest.fixture
def phrases() -> Phrases:
    return Phrases.of("en", *TEXTS)


def test_a_phrase_is_put_together_without_marks_around_what_was_put_in(phrases: Phrases) -> None:
    assert phrases.text("kept", note="N-7") == "Kept as N-7."


@pytest.mark.parametrize(("count", "text"), [(1, "one note"), (3, "3 notes")])
def test_a_number_chooses_its_plural(phrases: Phrases, count: int, text: str) -> None:
    assert phrases.text("notes", count=count) == text


def test_a_phrase_without_arguments_is_the_same_object_each_time(phrases: Phrases) -> None:
    assert phrases.text("hello") == "Hello"
    assert phrases.text("hello") is phrases.text("hello")


def test_of_two_phrases_with_one_key_the_first_stays(phrases: Phrases) -> None:
    assert phrases.text("hello") == "Hello"


def test_every_shipped_phrase_comes_out_as_fluent_itself_has_it() -> None:
    """Plain ones are kept as texts alone, and Fluent never sees them again."""
    texts = [path.read_text() for path in sorted(SHIPPED.glob("*.ftl"))]
    phrases, bundle = Phrases.of("en", *texts), FluentBundle(["en"], use_isolating=False)
    for text in texts:
        bundle.add_resource(FluentParser().parse(text))
    assert len(phrases.keys()) > 1_000
    for key in phrases.keys():  # noqa: SIM118  # no mapping: it cannot be gone through itself
        args: dict[str, str | int] = dict.fromkeys(phrases.arguments(key), 2)
        pattern = bundle.get_message(key).value
        assert pattern is not None
        formatted, errors = bundle.format_pattern(pattern, dict(args))
        with pytest.raises(PhraseError) if errors else nullcontext():  # arguments of a phrase within it
            assert phrases.text(key, **args) == formatted


def test_what_a_plain_phrase_is_given_changes_nothing(phrases: Phrases) -> None:
    assert phrases.text("hello", name="Anna") == "Hello"


def test_a_plain_phrase_can_be_put_into_others(phrases: Phrases) -> None:
    phrases = Phrases.of(
        "en", "inner = kept\nouter = It is { inner }, { button.label }.\nbutton = B\n    .label = { inner }\n"
    )
    assert (phrases.text("outer"), phrases.text("inner")) == ("It is kept, kept.", "kept")


def test_keys_are_those_with_a_text(phrases: Phrases) -> None:
    assert phrases.keys() == ("hello", "kept", "ask", "notes")


@pytest.mark.parametrize("key", ["nothing", "only", "kept", "ask", ""])
def test_a_phrase_that_cannot_be_put_together_names_its_key_alone(phrases: Phrases, key: str) -> None:
    with pytest.raises(PhraseError) as caught:
        phrases.text(key, wrong="a secret word")

    assert (caught.value.key, caught.value.args) == (key, (f"phrase {key}",))
    assert caught.value.__context__ is None


def test_what_people_typed_is_never_read_as_a_phrase(phrases: Phrases) -> None:
    assert phrases.text("kept", note="{ hello } { $x }") == "Kept as { hello } { $x }."


def test_arguments_of_one_call_do_not_reach_the_next(phrases: Phrases) -> None:
    phrases.text("kept", note="first")

    with pytest.raises(PhraseError):
        phrases.text("kept")
