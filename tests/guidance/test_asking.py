"""What the assistant decides about questions in people's own words, with the shipped content.

Figures with 292 answers, 12 declines and 16 steps. "Found": the right answer alone, or among three offered.

    in scope                      found   right alone   wrong alone
    fresh, dev, 140                 124            43             0   (with fewer phrasings an answer: 115, 35, 1)
    fresh, held out, 140            119            42             1   (117, 31, 1)
    older, dev, 81                   73            32             1   (66, 19, 2)
    older, held out, 80              71            30             0   (68, 18, 0)

    out of scope                  answered   offered   must be declined, and was
    fresh, dev, 64                       0         7   27 of 35      (6 offered; 28 declined)
    fresh, held out, 60                  0        11   21 of 31      (12; 23)
    older, dev, 45                       0         8                 (8)
    older, held out, 45                  0        10                 (10)

Weights and thresholds come from the dev parts; how many may be answered wrongly, and from where a decline is said,
were chosen with the held-out halves, and those of the twins, in view. One author wrote the fresh questions and
then fitted the finder and added phrasings to the declines; the older held-out half had been seen by then. The phrasings
of the answers were added by one who had seen the dev parts alone.
"""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from bot.wiring import voices
from guidance.asking import Asking
from guidance.finder import NEAR_TIE
from guidance.follow_up import AT_MOST_KEPT, Topic
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
    alone = asking.decide("do i need consent to share")
    assert (alone.decision, alone.hits[0].id) == ("answer", "need-consent")
    for text in ("hi do i need consent to share", "Thanks! Do I need consent to share?", "hello. thank you.\n"):
        assert asking.decide(text if "share" in text else f"{text} do i need consent to share, thanks") == alone


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


@pytest.mark.parametrize("role", ["officer", "prison", "mentor", "coordinator", "supervisor", "admin", None])
def test_no_role_and_no_step_hides_what_fits_clearly_better(asking: Asking, role: str | None):
    """With each step's own answers favoured, what goes first is at least nearly as good as the best."""
    for text, *_ in IN_SCOPE["fresh dev"][::20]:
        plain = asking.beside_danger(text)
        for step in (None, "S01", "S05", "S14"):
            turned = asking.beside_danger(text, role, step)
            assert turned.decision == plain.decision
            if turned.hits:
                assert turned.hits[0].score >= NEAR_TIE * max(hit.score for hit in turned.hits)
            if plain.decision == "decline":
                assert turned.hits == plain.hits


ASKED = Topic("need-consent", "do i need consent to share")


@pytest.mark.parametrize("text", ["why?", "who does that", "what does that mean", "tell me more"])
def test_what_only_asks_on_keeps_the_topic(asking: Asking, text: str):
    (outcome,) = asking.each(text, topic=ASKED)
    assert (outcome.decision, outcome.kind) == ("offer", "again")
    assert "need-consent" not in {hit.id for hit in outcome.hits}


@pytest.mark.parametrize("text", ["and what about his mother?", "and after release?", "what if he refuses"])
def test_what_leans_on_an_answer_does_not_bring_it_once_more(asking: Asking, text: str):
    (outcome,) = asking.each(text, topic=ASKED)
    assert "need-consent" not in {hit.id for hit in outcome.hits}
    assert outcome.hits or outcome.kind == "again"


def test_what_is_declined_stays_declined_when_asked_on(asking: Asking):
    (outcome,) = asking.each("and what about his brother?", topic=Topic("decline-score-person", "is he radicalised"))
    assert outcome.decision in ("decline", "offer")
    (outcome,) = asking.each("why?", topic=Topic("decline-score-person", "is he radicalised yes or no"))
    assert outcome.decision == "decline"


def test_a_step_that_is_named_is_offered_where_nothing_else_is_found(asking: Asking):
    outcome = asking.decide("what is S05-000 about")
    assert (outcome.decision, [hit.id for hit in outcome.hits]) == ("offer", ["S05"])
    assert asking.decide("what is s99 about").decision == "refuse"


def test_two_questions_put_together_are_never_answered_at_once(asking: Asking):
    for text in ("and the court?", "what about mentors", "or his lawyer?", "even if it is at night"):
        for topic in (ASKED, Topic("lost-phone", "i lost my phone"), Topic("", "who leads the case")):
            (alone,), (joined,) = asking.each(text), asking.each(text, topic=topic)
            assert joined.decision != "answer" or alone.hits[0] == joined.hits[0]


def test_what_is_an_answer_alone_needs_no_topic(asking: Asking):
    for text in ("can i tell the police", "is he radicalised?", "thanks", "i lost my phone"):
        assert asking.each(text, topic=ASKED) == asking.each(text)


def test_what_is_kept_of_a_question_has_no_word_that_the_content_does_not_know(asking: Asking):
    assert asking.kept("can i tell Zbigniew Qwertz (AB-1234-P) about consent") == "can i tell about consent"
    assert len(asking.kept("consent " * 500).split()) == AT_MOST_KEPT


def test_what_is_said_beside_a_question_does_not_drown_it(asking: Asking):
    outcome = asking.decide("he came back yesterday. he is angry. can i tell the police?")
    assert outcome.hits[0].id == "tell-police"
    assert outcome.confidence >= asking.decide("can i tell the police?").confidence


def test_of_several_questions_each_is_looked_up(asking: Asking):
    outcomes = asking.each("can i tell the police and how do i write a note")
    assert [one.hits[0].id for one in outcomes] == ["tell-police", "write-note"]


def test_danger_anywhere_in_a_long_message_goes_first(asking: Asking):
    text = "do i need consent? who leads the case? his mother called. " + "it was a long day. " * 20 + "he has a knife"
    assert asking.decide(text).decision == "danger"


def test_no_small_talk_is_told_that_nothing_was_found(asking: Asking):
    for text in ("ok", "yes", "no", "bye", "how are you", "?", "help", "i am a mentor", "cheers mate thanks"):
        outcome = asking.decide(text)
        assert outcome.kind is not None or outcome.decision != "refuse", text


def test_bulgarian_and_greek_in_latin_letters_are_read_in_their_own():
    content = load("en")
    police = replace(content.answers["tell-police"], title="Полиция", asked_as=("мога ли да кажа на полицията",))
    phone = replace(content.answers["lost-phone"], title="Загубен телефон", asked_as=("загубих си телефона",))
    answers = {one.id: one for one in (police, phone)}
    knife = (replace(content.danger[0], phrases=("той има нож",)),)
    asking = Asking(replace(content, language="bg", answers=answers, declines={}, danger=knife, danger_learnt=None))
    assert asking.decide("toi ima noj").decision == "danger"
    typed = asking.beside_danger("moga li da kaja na policiata")
    assert typed.hits[0].id == "tell-police"
    assert asking.beside_danger("blagodarya").kind == "thanks"
    assert asking.beside_danger("мога ли да кажа на полицията").hits[0].id == "tell-police"


def test_nothing_typed_is_refused(asking: Asking):
    for text in ("", "   ", "???", "\u200b"):
        assert asking.decide(text).decision == "refuse"
