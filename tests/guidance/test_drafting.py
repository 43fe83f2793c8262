"""A draft is TOML that the reader passes over, and whose answer reads once it is finished."""

import re

import pytest

from guidance import library
from guidance.drafting import LONGEST_ID, answer_id, draft, drafted, topic_of
from guidance.reader import KEBAB_ID, SNAKE_ID, read_answers
from guidance.themes import Rarity

RARITY = Rarity.measured(library.load())
ASKED = ("can he get methadone on release", 'who "gives" it … at weekends', "x" * 161)
FILE = "en/answers/draft_get_methadone_release.toml"


def test_an_id_is_made_of_the_words_that_say_most() -> None:
    id = answer_id("can he get methadone on release", RARITY, ())
    assert {"methadone", "release"} <= set(id.split("-"))
    assert answer_id("can he get methadone on release", RARITY, {id}) == f"{id}-2"


@pytest.mark.parametrize("question", ["…", "кто кормит журавлей", "supercalifragilistic " * 4, "ÉTÉ à la prison?"])
def test_whatever_was_asked_the_id_is_one(question: str) -> None:
    id = answer_id(question, RARITY, ())
    assert KEBAB_ID.fullmatch(id)
    assert len(id) <= LONGEST_ID
    assert SNAKE_ID.fullmatch(topic_of(id))


def test_a_draft_is_passed_over_with_a_word_to_the_writer() -> None:
    answers, problems = read_answers(draft("3f9a01bc", "get-methadone", ASKED), FILE)
    assert answers == ()
    (problem,) = problems
    assert problem.severity == "warning"
    assert "draft = true" in problem.remedy


def test_content_with_a_draft_is_content_as_before() -> None:
    files, _ = library.packaged("en")
    before, _ = library.from_files(files)
    after, problems = library.from_files({**files, FILE: draft("3f9a01bc", "get-methadone", ASKED)})
    assert before is not None
    assert after is not None
    assert (after.answers, after.steps, after.declines) == (before.answers, before.steps, before.declines)
    assert [one.severity for one in problems if one.file == FILE] == ["warning"]


def test_taking_out_the_line_alone_approves_nothing() -> None:
    """What is empty must be filled in, or the content is refused as a whole."""
    text = draft("3f9a01bc", "get-methadone", ASKED).replace("draft = true\n", "")
    _, problems = read_answers(text, FILE)
    told = {problem.item.rpartition(" / ")[2] for problem in problems if problem.severity == "error"}
    assert {"owner", "reviewed", "short", "facts", "theme"} <= told


def test_a_finished_draft_is_an_answer() -> None:
    text = draft("3f9a01bc", "get-methadone", ASKED)
    text = re.sub(r"draft = true\ntheme = .*\n", "", text)
    text = text.replace('owner = ""\n# reviewed', 'owner = "Content editor"\nreviewed')
    text = text.replace('short = ""\nmore = ""\nfacts = []', 'short = "Ask the prison doctor."\nfacts = ["PH-def"]')
    (answer,), problems = read_answers(text, "en/answers/draft_get_methadone.toml")
    assert problems == ()
    assert answer.asked_as == ASKED[:2], "what is too long for a phrasing is left out"
    assert answer.title == "Can he get methadone on release"


@pytest.mark.parametrize("value", ["false", "1", '"yes"'])
def test_only_true_makes_a_draft(value: str) -> None:
    text = draft("3f9a01bc", "get-methadone", ASKED).replace("draft = true", f"draft = {value}")
    _, problems = read_answers(text, FILE)
    assert any(problem.severity == "error" for problem in problems)


def test_the_themes_of_drafts_are_known() -> None:
    files = {FILE: draft("3f9a01bc", "a", ASKED), "en/answers/x.toml": "draft = [", "fr/answers/y.toml": "draft = true"}
    assert drafted(files, "en") == {"3f9a01bc"}
