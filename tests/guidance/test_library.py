"""Files become content as a whole, or not at all."""

import pytest

from guidance.library import ContentError, from_files, languages, load
from guidance.model import Content, Problem, Role

HEAD = 'owner = "Editor"\nreviewed = 2026-11-23\n'


def step(step_id: str, goto: str = "END", fact: str = "F-1") -> str:
    return f"""
id = "{step_id}"
title = "Step"
stage = "notice"
{HEAD}
purpose = "Do it."
lead = "You."
timing = "Today."
handoff = "A note."
facts = ["{fact}"]
[roles]
officer = "Do it."
[[decision]]
id = "{step_id}-D1"
ask = "Done?"
branch = [
  {{ key = "yes", label = "Yes", say = "Good.", goto = "{goto}" }},
  {{ key = "no", label = "No", say = "Go on." }},
]
"""


def answer(answer_id: str, related: str = "", fact: str = "F-1", in_step: str = "S01") -> str:
    return f"""
[[answer]]
id = "{answer_id}"
title = "Answer {answer_id}"
asked_as = ["what is {answer_id}"]
short = "It is."
facts = ["{fact}"]
steps = ["{in_step}"]
related = [{related}]
roles = ["officer"]
"""


def files() -> dict[str, str]:
    decline = '[[decline]]\nid = "no-score"\ntitle = "No"\nasked_as = ["score"]\nsay = "No."\nnext = "Ask."\n'
    return {
        "sources.toml": '[[source]]\nid = "LAW"\ntitle = "T"\npublisher = "P"\nkind = "law"\n'
        '[[source]]\nid = "STUDY"\ntitle = "T"\npublisher = "P"\nkind = "research"\n',
        "facts.toml": '[[fact]]\nid = "F-1"\ntopic = "t"\nkind = "research"\nsources = ["STUDY", "LAW"]\n'
        'confidence = "verified"\nstage = "all"\n'
        '[[fact]]\nid = "F-2"\ntopic = "t"\nkind = "law"\nsources = ["LAW"]\n'
        'confidence = "verified"\nstage = "all"\n',
        "en/guide.toml": f'id = "g"\ntitle = "G"\nversion = 1\n{HEAD}[shortcuts]\nnew_concern = "S01"\n'
        '[paths]\nofficer = ["S01", "S02"]\nprison = ["S01"]\n'
        'mentor = ["S02"]\ncoordinator = ["S02", "S01"]\n',
        "en/steps/S01.toml": step("S01", goto="S02"),
        "en/steps/S02.toml": step("S02"),
        "en/answers/t.toml": f'topic = "t"\n{HEAD}' + answer("one", related='"two"') + answer("two"),
        "en/declines.toml": HEAD + decline,
        "en/danger.toml": '[[danger]]\nkind = "weapon"\nstep = "S02"\nphrases = ["has a knife"]\n',
        "en/phrases/a.ftl": "hello = Hello\n",
    }


def good() -> Content:
    content, problems = from_files(files())
    assert problems == ()
    assert content is not None
    return content


def errors(changed: dict[str, str]) -> list[tuple[str, str]]:
    content, problems = from_files(files() | changed)
    assert content is None
    return [(problem.file, problem.item) for problem in problems if problem.severity == "error"]


def test_good_files_become_content_in_the_writers_order() -> None:
    content = good()

    assert (list(content.steps), list(content.answers), list(content.declines)) == (
        ["S01", "S02"],
        ["one", "two"],
        ["no-score"],
    )
    assert content.phrases.text("hello") == "Hello"


def test_kinds_come_in_one_order_and_sources_as_they_are_named_without_doubles() -> None:
    content = good()

    assert content.kinds(("F-1", "F-2", "F-1")) == ("law", "research")
    assert [source.id for source in content.sources_of(("F-1", "F-2"))] == ["STUDY", "LAW"]


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("officer", ("S01", "S02")),
        ("prison", ("S01",)),
        ("coordinator", ("S02", "S01")),
        ("supervisor", ("S02", "S01")),
        ("admin", ("S02", "S01")),
    ],
)
def test_every_role_has_a_path(role: Role, path: tuple[str, ...]) -> None:
    assert good().path(role) == path


@pytest.mark.parametrize(
    ("file", "text", "item"),
    [
        ("en/steps/S01.toml", step("S01", goto="S09"), "S01-D1 / yes / goto"),
        ("en/steps/S01.toml", step("S01", fact="F-9"), "S01 / facts"),
        ("en/answers/t.toml", f'topic = "t"\n{HEAD}' + answer("one", fact="F-9"), "one / facts"),
        ("en/answers/t.toml", f'topic = "t"\n{HEAD}' + answer("one", in_step="S09"), "one / steps"),
        ("en/answers/t.toml", f'topic = "t"\n{HEAD}' + answer("one", related='"two"'), "one / related"),
        ("en/answers/t.toml", f'topic = "t"\n{HEAD}' + answer("no-score"), "no-score"),
        ("en/answers/t.toml", f'topic = "t"\n{HEAD}' + answer("one") + answer("one"), "one"),
        ("en/answers/u.toml", f'topic = "u"\n{HEAD}' + answer("one"), "one"),
        ("en/danger.toml", files()["en/danger.toml"].replace("S02", "S09"), "weapon / step"),
        ("en/danger.toml", "", ""),
        (
            "en/guide.toml",
            files()["en/guide.toml"].replace('mentor = ["S02"]', 'mentor = ["S09"]'),
            "paths / mentor",
        ),
        (
            "en/guide.toml",
            files()["en/guide.toml"].replace('concern = "S01"', 'x = "S09"'),
            "shortcuts / new_x",
        ),
        ("facts.toml", files()["facts.toml"].replace('["LAW"]', '["NONE"]'), "F-2 / sources"),
        ("en/phrases/a.ftl", "hello", "line 1"),
    ],
)
def test_what_must_not_reach_people_stops_everything(file: str, text: str, item: str) -> None:
    found = errors({file: text})

    assert item in [found_item for _, found_item in found]
    if not file.endswith("t.toml") or item != "no-score":
        assert {found_file for found_file, _ in found} == {file}


@pytest.mark.parametrize("file", ["sources.toml", "facts.toml", "en/guide.toml", "en/declines.toml", "en/danger.toml"])
def test_a_file_that_is_missing_is_told(file: str) -> None:
    content, problems = from_files({path: text for path, text in files().items() if path != file})

    assert content is None
    assert Problem(file, "", "is missing: this file must be there") in problems


def test_a_file_that_nobody_reads_is_a_warning() -> None:
    content, problems = from_files(files() | {"en/answer/t.toml": "", "aims.toml": "", "fr/guide.toml": "{"})

    assert content is not None
    assert [(problem.file, problem.severity) for problem in problems] == [("en/answer/t.toml", "warning")]


def test_a_language_that_is_none_is_told() -> None:
    content, problems = from_files(files(), "../en")

    assert content is None
    assert len(problems) == 1


def test_a_language_that_is_not_shipped_does_not_load() -> None:
    with pytest.raises(ContentError) as caught:
        load("xx")

    assert "xx/guide.toml" in {problem.file for problem in caught.value.problems}
    assert {problem.severity for problem in caught.value.problems} == {"error"}


def test_english_is_shipped() -> None:
    assert "en" in languages()
