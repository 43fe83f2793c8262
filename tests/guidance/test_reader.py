"""What a writer can count on: bad content is told in plain words, all at once, and never stops the reader."""

import re
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guidance import reader
from guidance.model import Branch, Problem

STEP = """
id = "S01"
title = "Notice and record"
stage = "notice"
reviewed = 2026-11-23
owner = "Guide editor"
purpose = "Write down what you saw."
lead = "You."
timing = "Usually the same day."
inputs = ["What you saw"]
handoff = "A short note."
mistakes = ["Waiting for proof"]
facts = ["PH-def"]
[roles]
prison = "Write it in the wing log."
[[check]]
id = "S01-C01"
text = "Where and when was it?"
[[decision]]
id = "S01-D1"
ask = "Could anyone be hurt soon?"
[[decision.branch]]
key = "yes"
label = "Yes, or not sure"
say = "Call 112."
goto = "S14"
returns = true
[[decision.branch]]
key = "no"
label = "No"
say = "Go on."
"""

ANSWER = """
topic = "information_sharing"
owner = "Content editor"
reviewed = 2026-11-23
[[answer]]
id = "share-without-consent"
title = "Sharing without consent"
asked_as = ["he says no can i still tell"]
short = "Sometimes. Ask your coordinator first."
facts = ["IS-consent"]
steps = ["S05"]
roles = ["officer"]
"""

READERS = [
    reader.read_sources,
    reader.read_facts,
    reader.read_guide,
    reader.read_step,
    reader.read_answers,
    reader.read_declines,
    reader.read_danger,
]


def told(problems: tuple[Problem, ...]) -> dict[str, str]:
    return {problem.item: problem.remedy for problem in problems}


def test_a_good_step_becomes_a_value() -> None:
    step, problems = reader.read_step(STEP, "en/steps/S01.toml")

    assert problems == ()
    assert step is not None
    assert (step.id, step.reviewed, dict(step.roles)) == (
        "S01",
        date(2026, 11, 23),
        {"prison": "Write it in the wing log."},
    )
    assert step.decisions[0].branches == (
        Branch("yes", "Yes, or not sure", "Call 112.", "S14", True),
        Branch("no", "No", "Go on.", None, False),
    )


def test_a_good_answer_becomes_a_value_with_its_files_head() -> None:
    (answer,), problems = reader.read_answers(ANSWER, "en/answers/information_sharing.toml")

    assert problems == ()
    assert (answer.topic, answer.owner, answer.more, answer.words, answer.related) == (
        "information_sharing",
        "Content editor",
        "",
        None,
        (),
    )


@pytest.mark.parametrize(
    ("old", "new", "item", "remedy"),
    [
        ('title = "Notice and record"', 'title = "' + "x" * 41 + '"', "title", "shorten it to 40"),
        ('title = "Notice and record"', 'titel = "Notice"', "title", "is missing"),
        ('title = "Notice and record"', 'title = "Notice"\ntitel = "x"', "titel", 'did you mean "title"?'),
        ('title = "Notice and record"', "title = 7", "title", "must be a text"),
        ('title = "Notice and record"', 'title = " "', "title", "is empty"),
        ('title = "Notice and record"', 'title = "a\\u0007"', "title", "cannot be seen"),
        ('title = "Notice and record"', 'title = "a\\nb"', "title", "one line"),
        ('id = "S01"', 'id = "S02"', "id", "make them the same"),
        ("reviewed = 2026-11-23", 'reviewed = "2026-11-23"', "reviewed", "must be a day"),
        ("reviewed = 2026-11-23", "reviewed = 2026-11-23T10:00:00", "reviewed", "must be a day"),
        ('inputs = ["What you saw"]', 'inputs = "What you saw"', "inputs", "must be a list"),
        ('facts = ["PH-def"]', 'facts = ["PH-def", "PH-def"]', "facts 2", "is there twice"),
        ('facts = ["PH-def"]', 'facts = ["PH def"]', "facts 1", "not a good id"),
        ("prison =", "prisson =", "roles / prisson", 'did you mean "prison"?'),
        ('"S01-C01"', '"S02-C01"', "S02-C01 / id", 'like "S01-C01"'),
        ('key = "no"', 'key = "yes"', "S01-D1 / yes", "branch key is there twice"),
        ('key = "no"', 'key = "No way"', "S01-D1 / No way / key", "not a good id"),
        ('label = "No"', 'label = "' + "n" * 35 + '"', "S01-D1 / no / label", "shorten it to 34"),
        ('goto = "S14"', 'goto = "next"', "S01-D1 / yes / goto", "must be a step id"),
        ('goto = "S14"', 'goto = "END"', "S01-D1 / yes / returns", "needs a goto"),
        ("returns = true", 'returns = "true"', "S01-D1 / yes / returns", "must be true or false"),
        ("[[check]]", "[check]", "check", "[[check]]"),
    ],
)
def test_a_step_that_must_be_mended_says_where_and_how(old: str, new: str, item: str, remedy: str) -> None:
    _, problems = reader.read_step(STEP.replace(old, new, 1), "en/steps/S01.toml")

    assert remedy in told(problems)[item]
    assert {problem.file for problem in problems} == {"en/steps/S01.toml"}


def test_a_decision_with_one_way_out_is_told() -> None:
    text = STEP[: STEP.index('[[decision.branch]]\nkey = "no"')]

    _, problems = reader.read_step(text, "en/steps/S01.toml")

    assert list(told(problems)) == ["S01-D1 / branch"]


def test_all_problems_of_a_file_are_told_at_once() -> None:
    text = ANSWER.replace('roles = ["officer"]', 'roles = ["offcer"]').replace('short = "', 'shorrt = "')

    _, problems = reader.read_answers(text, "en/answers/consent.toml")

    assert list(told(problems)) == [
        "topic",
        "share-without-consent / short",
        "share-without-consent / roles 1",
        "share-without-consent / shorrt",
    ]
    assert 'did you mean "officer"?' in told(problems)["share-without-consent / roles 1"]


def test_text_that_is_no_toml_names_the_line() -> None:
    _, problems = reader.read_step('id = "S01"\ntitle = "no end\n', "en/steps/S01.toml")

    assert [problem.item for problem in problems] == ["line 2, column 16"]


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://example.org/a", True),
        ("http://example.org", True),
        ("ftp://example.org", False),
        ("example.org", False),
        ("https://intranet", False),
    ],
)
def test_a_source_has_a_public_address_or_none(url: str, good: bool) -> None:
    text = f'[[source]]\nid = "A"\ntitle = "T"\npublisher = "P"\nkind = "law"\nurl = "{url}"\n'

    _, problems = reader.read_sources(text, "sources.toml")

    assert (problems == ()) is good


def test_a_fact_has_a_known_kind_and_a_source() -> None:
    text = '[[fact]]\nid = "A"\ntopic = "t"\nkind = "rumour"\nsources = []\nconfidence = "sure"\nstage = "all"\n'

    _, problems = reader.read_facts(text, "facts.toml")

    assert list(told(problems)) == ["A / kind", "A / sources", "A / confidence"]


def test_a_danger_kind_that_is_not_known_is_told() -> None:
    text = '[[danger]]\nkind = "wepon"\nstep = "S14"\nphrases = ["a knife"]\n'

    _, problems = reader.read_danger(text, "en/danger.toml")

    assert 'did you mean "weapon"?' in told(problems)["wepon / kind"]


def test_a_decline_is_read() -> None:
    text = (
        'owner = "E"\nreviewed = 2026-11-23\n[[decline]]\nid = "no-score"\ntitle = "No scores"\n'
        'asked_as = ["score him"]\nsay = "I never score people."\nnext = "Write what you saw."\n'
        'steps = ["S04"]\nfacts = ["ET-tool-limits"]\n'
    )

    (decline,), problems = reader.read_declines(text, "en/declines.toml")

    assert problems == ()
    assert (decline.id, decline.next) == ("no-score", "Write what you saw.")


def test_a_guide_needs_every_roles_path() -> None:
    text = (
        'id = "g"\ntitle = "G"\nversion = 1\nreviewed = 2026-11-23\nowner = "E"\n'
        '[shortcuts]\ndanger_now = "S14"\n[paths]\nprison = ["S01"]\nteacher = ["S01"]\n'
    )

    guide, problems = reader.read_guide(text, "en/guide.toml")

    assert guide is not None
    assert guide.shortcuts["danger_now"] == "S14"
    assert set(told(problems)) == {
        "paths / officer",
        "paths / mentor",
        "paths / coordinator",
        "paths / teacher",
    }


def test_phrases_report_junk_doubles_and_what_they_refer_to() -> None:
    _, problems = reader.read_phrases(
        "en",
        {
            "en/phrases/a.ftl": "hello = Hello { -nobody }\nbroken = {\n",
            "en/phrases/b.ftl": "hello = Hi\nnow = { SHOUT($a) }\nsee = { helo }\n",
        },
    )

    assert {(problem.file[-5:], problem.item) for problem in problems} == {
        ("a.ftl", "hello"),
        ("a.ftl", "line 2"),
        ("b.ftl", "hello"),
        ("b.ftl", "now"),
        ("b.ftl", "see"),
    }


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("abkeys", max_size=4), inner, max_size=2),
    max_leaves=5,
)


def toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(str(key))} = {toml(inner)}" for key, inner in value.items()) + "}"
    printable = "".join(sign if sign.isalnum() else f"\\U{ord(sign):08x}" for sign in str(value or ""))
    return f'"{printable}"'


@given(st.text())
@example("[" * 100_000)
@example("a = " + "[" * 5_000)
@example("a = " + "9" * 5_000)
@example("{" * 5_000)
@example("a = " + "{" * 5_000)
def test_no_text_makes_a_reader_raise(text: str) -> None:
    for read in READERS:
        read(text, "en/steps/S01.toml")
    reader.read_phrases("en", {"en/phrases/a.ftl": text})


FIELDS = re.findall(
    r"\w+",
    """
    id title stage reviewed owner purpose inputs facts roles check decision topic answer decline danger fact
    source asked_as shortcuts paths kind phrases version
    """,
)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6))
def test_no_shape_of_values_makes_a_reader_raise(raw: dict[str, object]) -> None:
    text = "\n".join(f"{field} = {toml(value)}" for field, value in raw.items())
    for read in READERS:
        read(text, "en/steps/S01.toml")
