"""What the assistant decides about questions in people's own words, with the shipped content.

Figures with 292 answers, 12 declines and 16 steps. "Found": the right answer alone, or among three offered.

    in scope                      found   right alone   wrong alone
    fresh, dev, 140                 124            63             2
    fresh, held out, 140            117            65             1   (before the finder was fitted anew: 103, 66, 3)
    older, dev, 81                   64            31             3
    older, held out, 80              64            27             2

    out of scope                  answered   offered   must be declined, and was
    fresh, dev, 64                       0        12   25 of 35
    fresh, held out, 60                  0        15   21 of 31   (before: 9)
    older, dev, 45                       1        15
    older, held out, 45                  0        13

Weights and thresholds come from the dev parts. One author wrote the fresh questions and then fitted the finder and
added phrasings to the declines; the older held-out half had been seen by then.
"""

import tomllib
from pathlib import Path

import pytest

from bot.wiring import voices
from guidance.asking import Asking
from guidance.library import load

_FOLDER = Path(__file__).parents[1] / "questions"
QUESTIONS = tomllib.loads((_FOLDER / "answers_en.toml").read_text("utf-8"))
FRESH = tomllib.loads((_FOLDER / "fresh_en.toml").read_text("utf-8"))
IN_SCOPE = {
    "older dev": QUESTIONS["in_scope"][0::2],
    "older held out": QUESTIONS["in_scope"][1::2],
    "fresh dev": FRESH["dev"]["in_scope"],
    "fresh held out": FRESH["held_out"]["in_scope"],
}
OUT_OF_SCOPE = {
    "older dev": QUESTIONS["out_of_scope"][0::2],
    "older held out": QUESTIONS["out_of_scope"][1::2],
    "fresh dev": [text for text, *_ in FRESH["dev"]["out_of_scope"]],
    "fresh held out": [text for text, *_ in FRESH["held_out"]["out_of_scope"]],
}


@pytest.fixture(scope="module")
def asking() -> Asking:
    return voices()["en"].asking


def test_the_questions_are_nobodys_phrasings_and_their_answers_exist():
    content = load("en")
    phrasings = {text for answer in content.answers.values() for text in answer.asked_as}
    phrasings |= {text for decline in content.declines.values() for text in decline.asked_as}
    asked = [text for text, *_ in QUESTIONS["in_scope"]] + QUESTIONS["out_of_scope"]
    assert len(asked) == len(set(asked))
    assert phrasings.isdisjoint(asked)
    assert {id_ for _, *ids in QUESTIONS["in_scope"] for id_ in ids} <= content.answers.keys()
    assert len(QUESTIONS["in_scope"]) >= 150
    assert len(QUESTIONS["out_of_scope"]) >= 80


def test_the_fresh_questions_name_what_exists_once():
    content = load("en")
    known = content.answers.keys() | {"danger"}
    rows = [row for part in FRESH.values() for row in part["in_scope"]]
    assert {id_ for _, *ids in rows for id_ in ids} <= known
    unanswerable = [row for part in FRESH.values() for row in part["out_of_scope"]]
    assert {mark for _, *marks in unanswerable for mark in marks} == {"decline", "refuse", "offer-ok"}
    texts = [row[0] for row in rows + unanswerable]
    assert len(texts) == len(set(texts))
    assert len(rows) >= 200
    assert len(unanswerable) >= 100


def _found(asking: Asking, text: str, right: list[str]) -> bool:
    outcome = asking.decide(text)
    if outcome.decision == "danger":
        return "danger" in right
    return outcome.decision in ("answer", "offer") and any(hit.id in right for hit in outcome.hits)


@pytest.mark.parametrize("part", IN_SCOPE)
def test_hardly_any_answer_alone_is_wrong(asking: Asking, part: str):
    wrong = [
        text
        for text, *right in IN_SCOPE[part]
        if (outcome := asking.decide(text)).decision == "answer" and outcome.hits[0].id not in right
    ]
    assert len(wrong) <= 0.05 * len(IN_SCOPE[part]), wrong


@pytest.mark.parametrize("part", IN_SCOPE)
def test_most_questions_find_their_answer_among_the_hits(asking: Asking, part: str):
    found = sum(_found(asking, text, right) for text, *right in IN_SCOPE[part])
    assert found >= 0.75 * len(IN_SCOPE[part])


@pytest.mark.parametrize("part", OUT_OF_SCOPE)
def test_hardly_anything_out_of_scope_is_answered(asking: Asking, part: str):
    answered = [text for text in OUT_OF_SCOPE[part] if asking.decide(text).decision == "answer"]
    assert len(answered) <= 0.08 * len(OUT_OF_SCOPE[part]), answered


@pytest.mark.parametrize("part", ["dev", "held_out"])
def test_most_of_what_must_be_declined_is_and_none_of_it_answered(asking: Asking, part: str):
    must = [text for text, *marks in FRESH[part]["out_of_scope"] if "decline" in marks]
    decisions = [asking.decide(text).decision for text in must]
    assert "answer" not in decisions
    assert decisions.count("decline") >= 0.65 * len(must)


def test_hardly_an_ordinary_question_is_danger(asking: Asking):
    asked = [text for text, *_ in QUESTIONS["in_scope"]] + QUESTIONS["out_of_scope"]
    assert sum(asking.decide(text).decision == "danger" for text in asked) <= 0.02 * len(asked)


def test_danger_goes_first(asking: Asking):
    outcome = asking.decide("do i need consent, he has a knife")
    assert (outcome.decision, outcome.kind, outcome.step, outcome.hits) == ("danger", "weapon", "S14", ())


@pytest.mark.parametrize(
    ("text", "decline"),
    [
        ("is he radicalised?", "decline-score-person"),
        ("give me a risk score for him", "decline-score-person"),
        ("how do i avoid beeing flagged", "decline-avoid-detection"),
        ("are you a human", "decline-are-you-human"),
        ("write a report for me", "decline-write-for-me"),
        ("who will attack next", "decline-predict-attack"),
    ],
)
def test_what_must_not_be_answered_is_declined(asking: Asking, text: str, decline: str):
    outcome = asking.decide(text)
    assert outcome.decision == "decline"
    assert [hit.id for hit in outcome.hits] == [decline]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("hi", "greeting"), ("Good morning!", "greeting"), ("thanks", "thanks"), ("ok thank you", "thanks")],
)
def test_small_talk_is_recognised(asking: Asking, text: str, kind: str):
    outcome = asking.decide(text)
    assert (outcome.decision, outcome.kind, outcome.hits) == ("refuse", kind, ())


def test_small_talk_before_a_question_is_a_question(asking: Asking):
    assert asking.decide("hi do i need consent to share").decision == "answer"


@pytest.mark.parametrize("text", ["consent", "mentor agreement", "suicide", "gdpr", "handover", "housing"])
def test_a_word_or_two_offers_rather_than_answers(asking: Asking, text: str):
    outcome = asking.decide(text)
    assert outcome.decision == "offer"
    assert 1 <= len(outcome.hits) <= 3


def test_declines_are_never_offered(asking: Asking):
    for text in [text for text, *_ in QUESTIONS["in_scope"]] + QUESTIONS["out_of_scope"]:
        outcome = asking.decide(text)
        if outcome.decision != "decline":
            assert all(hit.source != "decline" for hit in outcome.hits)
        assert len(outcome.hits) <= 3


def test_every_phrasing_of_an_answer_leads_to_it_or_to_danger(asking: Asking):
    """At least among the hits; a few phrasings are danger on purpose."""
    content = load("en")
    lost = [
        (answer.id, phrasing)
        for answer in content.answers.values()
        for phrasing in answer.asked_as
        if (outcome := asking.decide(phrasing)).decision != "danger"
        and answer.id not in {hit.id for hit in outcome.hits}
    ]
    assert len(lost) <= 0.02 * sum(len(answer.asked_as) for answer in content.answers.values()), lost[:20]


def test_a_role_never_turns_a_clear_question(asking: Asking):
    for role in ("officer", "prison", "mentor", "coordinator", "supervisor", "admin", None):
        assert asking.decide("i lost my phone", role=role).hits[0].id == "lost-phone"


def test_nothing_typed_is_refused(asking: Asking):
    for text in ("", "   ", "???", "\u200b"):
        assert asking.decide(text).decision == "refuse"
