"""What a writer is told before content reaches people."""

from dataclasses import replace
from datetime import date

import pytest

from guidance.checker import RULES, check, reading_grade
from guidance.handoff import Form, Section
from guidance.model import (
    Answer,
    Branch,
    Check,
    Content,
    DangerPhrases,
    Decision,
    Decline,
    Fact,
    Guide,
    Problem,
    Source,
    Step,
)
from guidance.phrases import Phrases

REVIEWED = date(2026, 11, 23)
TODAY = date(2026, 12, 1)


def step(step_id: str, *decisions: Decision) -> Step:
    return Step(
        id=step_id,
        title="Notice",
        stage="notice",
        reviewed=REVIEWED,
        owner="Editor",
        purpose="Write down what you saw.",
        lead="You.",
        timing="Today.",
        inputs=(),
        handoff="A note.",
        mistakes=(),
        facts=("F-1",),
        roles={"officer": "Do it.", "prison": "Do it.", "mentor": "Do it.", "coordinator": "Do it."},
        checks=(Check(f"{step_id}-C01", "Where was it?"),),
        decisions=decisions,
    )


def decision(step_id: str, *branches: Branch, number: int = 1) -> Decision:
    return Decision(f"{step_id}-D{number}", "Is it urgent?", branches)


def branch(key: str, goto: str | None = None, *, returns: bool = False) -> Branch:
    return Branch(key, key.title(), "Go on.", goto, returns)


def answer(answer_id: str, *asked_as: str, short: str = "Ask your coordinator.") -> Answer:
    return Answer(
        id=answer_id,
        topic="t",
        title="What to do",
        asked_as=asked_as or tuple(f"{word} {answer_id}" for word in ("ask", "tell", "write", "call", "wait")),
        short=short,
        more="",
        facts=("F-1",),
        steps=("S01",),
        related=(),
        roles=("officer",),
        owner="Editor",
        reviewed=REVIEWED,
    )


def form(*steps: str) -> Form:
    return Form("note", 1, "Note", steps, "Hand it on.", "Check.", ("F-1",), (Section("It"),), "Editor", REVIEWED)


def content(*steps: Step, answers: tuple[Answer, ...] = (), path: tuple[str, ...] = ("S01", "S02")) -> Content:
    steps = steps or (step("S01"), step("S02"))
    return Content(
        language="en",
        guide=Guide(
            "g",
            "G",
            1,
            REVIEWED,
            "Editor",
            {"new_concern": "S01"},
            {"officer": path, "prison": path, "mentor": path, "coordinator": path},
        ),
        steps={one.id: one for one in steps},
        answers={one.id: one for one in answers},
        declines={},
        danger=(DangerPhrases("weapon", "S01", ("has a knife",)),),
        facts={"F-1": Fact("F-1", "t", "practice", ("A",), "verified")},
        sources={"A": Source("A", "T", "P", "practice")},
        phrases=Phrases.of("en", "hello = Hello"),
        handoffs={"note": form(*(one.id for one in steps))},
    )


def found(guidance: Content, today: date = TODAY) -> list[tuple[str, str, str]]:
    return [(problem.item, problem.severity, problem.remedy) for problem in check(guidance, today)]


def saying(text: str) -> list[str]:
    return [remedy for _, _, remedy in found(content(answers=(answer("a", short=text),)))]


def test_good_content_has_nothing_to_mend() -> None:
    assert check(content(answers=(answer("a"), answer("b"))), TODAY) == ()


def test_every_rule_stands_in_the_table_under_its_name() -> None:
    assert set(RULES) >= {"dead-ends", "unreachable", "banned-claims", "phone-numbers", "shared-phrasings"}


def test_problems_name_the_file_a_writer_opens() -> None:
    bad = replace(answer("a"), facts=())

    assert check(content(answers=(bad,)), TODAY) == (
        Problem("en/answers/t.toml", "a / facts", "is empty: name the facts it rests on"),
    )


@pytest.mark.parametrize(
    ("first", "items"),
    [
        (step("S01", decision("S01", branch("yes", "S01"), branch("no", "S01"))), {"S01"}),
        (step("S01", decision("S01", branch("yes", "S02", returns=True))), {"S01", "S01-D1"}),
        (step("S01", decision("S01", branch("yes", "S02"), branch("no", "S01"))), set()),
        (step("S01", decision("S01", branch("yes", "END"), branch("no", "S01"))), set()),
        (step("S01", decision("S01", branch("yes", "S01"), branch("no"))), set()),
    ],
)
def test_a_step_that_nobody_can_leave_is_an_error(first: Step, items: set[str]) -> None:
    assert {item for item, _, _ in found(content(first, step("S02")))} == items


def test_a_decision_behind_one_that_always_leaves_is_an_error() -> None:
    first = step(
        "S01",
        decision("S01", branch("yes", "S02"), branch("no", "END")),
        decision("S01", branch("yes"), branch("no"), number=2),
    )

    assert [(item, severity) for item, severity, _ in found(content(first, step("S02")))] == [("S01-D2", "error")]


def test_a_step_nobody_comes_to_is_an_error() -> None:
    assert [item for item, _, _ in found(content(path=("S01",)))] == ["S02"]


def test_a_step_behind_a_branch_is_come_to() -> None:
    first = step("S01", decision("S01", branch("yes", "S02", returns=True), branch("no")))

    assert found(content(first, step("S02"), path=("S01",))) == []


def test_a_role_without_a_view_on_its_path_is_a_warning() -> None:
    quiet = replace(step("S02"), roles={"officer": "Do it.", "prison": "Do it.", "mentor": "Do it."})

    assert [(item, severity) for item, severity, _ in found(content(step("S01"), quiet))] == [
        ("S02 / roles", "warning")
    ]


@pytest.mark.parametrize(
    ("bad", "item"),
    [
        (replace(answer("a"), facts=("F-2",)), "a / facts"),
        (replace(answer("a"), steps=("S03",)), "a / steps"),
        (replace(answer("a"), related=("b",)), "a / related"),
        (replace(answer("a"), related=("a",)), "a / related"),
        (replace(answer("a"), asked_as=("one", "two", "three", "four")), "a / asked_as"),
        (replace(answer("a"), more="x" * 3500), "a"),
    ],
)
def test_an_answer_that_must_be_mended_is_an_error(bad: Answer, item: str) -> None:
    assert [(item, severity) for item, severity, _ in found(content(answers=(bad,)))] == [(item, "error")]


def test_a_decline_has_eight_phrasings() -> None:
    decline = Decline("no", "No", ("score him",), "I do not.", "Write.", ("S01",), ("F-1",), "Editor", REVIEWED)

    guidance = replace(content(), declines={"no": decline})

    assert [(item, severity) for item, severity, _ in found(guidance)] == [("no / asked_as", "error")]


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("can I tell the police", "tell police can we", True),
        ("can i tell the police", "can i tell the polise", True),
        ("can i tell the police", "Can I tell the police?", True),
        ("can i tell the police", "must i tell the police", False),
        ("tell the police", "do not tell the police", False),
    ],
)
def test_near_copies_inside_an_answer_are_a_warning(one: str, other: str, near: bool) -> None:
    guidance = content(answers=(answer("a", one, other, "sharing", "consent form", "who may know"),))

    assert [(item, severity) for item, severity, _ in found(guidance)] == [("a / asked_as", "warning")] * near


def test_a_phrasing_that_two_answers_share_is_an_error() -> None:
    twins = (
        answer("a", "Who decides?", "sharing", "consent form", "who may know", "police"),
        answer("b", "who decides", "mentor", "pairing", "first meeting", "contract"),
    )

    assert found(content(answers=twins)) == [
        ("b / asked_as", "error", 'phrasing 1 is also one of "a": keep it in one of the two')
    ]


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2027, 11, 23), False),
        (date(2027, 11, 24), True),
        (date(2026, 11, 22), True),
        (date(2026, 11, 23), False),
    ],
)
def test_reviews_are_due_after_twelve_months_and_never_in_the_future(today: date, told: bool) -> None:
    severities = {severity for item, severity, _ in found(content(), today) if item == "reviewed"}

    assert severities == ({"warning"} if told else set())


def test_a_review_on_a_leap_day_is_due_in_march() -> None:
    leap = [replace(step(step_id), reviewed=date(2028, 2, 29)) for step_id in ("S01", "S02")]
    guidance = content(*leap)
    note = replace(guidance.handoffs["note"], reviewed=date(2028, 2, 29))
    guidance = replace(guidance, guide=replace(guidance.guide, reviewed=date(2028, 2, 29)), handoffs={"note": note})

    assert found(guidance, date(2029, 3, 1)) == []
    assert {item for item, _, _ in found(guidance, date(2029, 3, 2))} == {"reviewed"}


@pytest.mark.parametrize(
    "text",
    [
        "Prayer is a sign of radicalisation.",
        "A new beard can be an early warning sign.",
        "Warning signs include a headscarf or new clothes.",
        "Red flags: conversion, anger.",
        "Not only prayer but dress is a red flag.",
        "If he prays, that is a sign.",
        "Give each person a risk score.",
        "He is radicalised.",
        "The prisoner is clearly an extremist.",
        "She will certainly attack.",
        "This is a sure sign of radicalisation.",
        "To avoid detection, meet outside.",
    ],
)
def test_claims_that_must_not_be_shown_are_errors(text: str) -> None:
    assert [severity for _, severity, _ in found(content(answers=(answer("a", short=text),)))] == ["error"]


@pytest.mark.parametrize(
    "text",
    [
        "Prayer is not a sign.",
        "Prayer isn't a sign of anything.",
        "Faith, dress and origin are never signs.",
        "No beard is a sign.",
        "Is prayer a sign? No.",
        "Taking faith for a warning sign is wrong.",
        "Early signs look like grief, illness or fasting.",
        "Early signs look like other troubles: loss, debt, fasting.",
        "I never give a risk score.",
        "Nobody can say that he is radicalised.",
        "Do not ask whether she is radicalised. Ask what was seen.",
        'Somebody says: "He is radicalised." Ask what was seen.',
        "Support people who change their faith.",
        "I do not say how to avoid detection.",
    ],
)
def test_teaching_that_denies_such_a_claim_passes(text: str) -> None:
    assert saying(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Call 999.",
        "Dial 17 now.",
        "Ring +31 88 208 0080.",
        "0800 005 696",
        "The hotline is 116",
        "020 7946 0000",
    ],
)
def test_phone_numbers_other_than_112_are_errors(text: str) -> None:
    assert saying(text) == ["shows a phone number other than 112: take it out"]


@pytest.mark.parametrize(
    "text",
    [
        "Call 112 now.",
        "Call 112. Then ring the duty coordinator.",
        "Call 24 hours before.",
        "Reviewed 2026-11-23.",
        "Directive 2016/680 and GDPR Article 9",
        "Aim for 12, 9, 6 and 3 months.",
        "Within 72 hours.",
        "From 2015-2019.",
    ],
)
def test_other_numbers_pass(text: str) -> None:
    assert saying(text) == []


def test_common_mistakes_are_no_claims_but_may_hold_no_number() -> None:
    wrong = replace(step("S01"), mistakes=("Taking prayer as a sign", "Calling 0800 005 696"))

    assert [remedy for _, _, remedy in found(content(wrong, step("S02")))] == [
        "shows a phone number other than 112: take it out"
    ]


def test_hard_words_in_long_sentences_are_a_warning() -> None:
    hard = "Interagency cooperation necessitates comprehensive organisational accountability mechanisms " * 6

    assert [(item, severity) for item, severity, _ in found(content(answers=(answer("a", short=hard),)))] == [
        ("a", "warning")
    ]


def test_the_grade_is_the_published_formula() -> None:
    """6 words, 6 syllables, one sentence: 0.39 * 6 + 11.8 * 1 - 15.59."""
    assert reading_grade(["The cat sat on the mat."]) == pytest.approx(-1.45)
    assert reading_grade([]) == 0.0


def test_a_phrase_that_another_language_has_is_an_error() -> None:
    french = replace(content(), language="fr", phrases=Phrases.of("fr", "hello = Salut\nbye = Au revoir"))

    assert check(content(), TODAY, others=(french,)) == (
        Problem("en/phrases", "bye", "is in fr and missing here: translate it"),
    )
