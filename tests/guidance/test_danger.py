"""Which messages are heard as danger: what people meet, both layers together, with the shipped content.

Figures: docs/decisions/0013. Of five authors of whom nothing was learnt 732 of 761 dangers are heard by words, 746 with
the encoder, and none or 2 of 593 ordinary questions taken; tests/guidance/test_danger_learning.py leaves one author out
in its long tests. Here stand these five, what was learnt from (in sample), and short questions and reports of which
nothing was learnt. The sets that were once held out for the phrases are examples now, and measure nothing any more.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wiring import voices
from guidance import encoder, library
from guidance.danger import DangerFinder
from guidance.danger_features import WordGroups
from guidance.danger_learnt import Bounds, Learnt, Weights
from guidance.danger_slips import slipped
from guidance.library import DangerExamples
from guidance.model import DANGER_KINDS, Danger, DangerPhrases
from guidance.normal import AT_MOST_CHARACTERS

BOUND_ORDINARY = 0.03
BOUND_REPORTS = 30

QUESTIONS = Path(__file__).parents[1] / "questions"
STRANGERS = tomllib.loads((QUESTIONS / "danger_strangers_en.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def finder() -> DangerFinder:
    return voices()["en"].danger


@pytest.fixture(scope="module")
def by_meaning() -> DangerFinder:
    content, found = library.load("en"), encoder.load("en")
    assert not isinstance(found, encoder.Unavailable)
    return DangerFinder(content.danger, "en", content.danger_learnt, found)


@pytest.fixture(scope="module")
def examples() -> DangerExamples:
    files, _ = library.packaged("en")
    found, problems = library.danger_examples(files, "en")
    assert not problems
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hes got a knife", "weapon"),
        ("says he will kill", "violence"),
        ("wants to end it all", "self-harm"),
        ("threatned my colleague", "staff-threat"),
        ("leaving for syria tonight", "travel"),
        ("what do i do he has a gun", "weapon"),
        ("thanks. he wants to blow up the station!", "attack"),
        ("he hits the kids", "child"),
        ("on 12.11.2026 he threatened me", "staff-threat"),
        ("an hour ago he threatened me", "staff-threat"),
        ("in art class he pulled a knife", "weapon"),
        ("he was sentenced last year and has a gun at home", "weapon"),
        ("i dont know what to do he cut himself", "self-harm"),
        ("who do i call he hit her", "violence"),
    ],
)
def test_danger_is_heard(finder: DangerFinder, text: str, kind: str):
    danger = finder.danger(text)
    assert danger is not None
    assert danger.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "what are signs of violence",
        "who do I tell about threats",
        "suicide prevention leaflet?",
        "what does killing mean in his drawing class",
        "he has no gun",
        "he was convicted of murder in 2012",
        "this job is killing me",
        "what if a prisoner threatens an officer, who is told",
        "hello",
        "ok thanks",
        "help",
        "what can you do",
        "???",
        "asdf jkl qwertz",
        "...",
        "",
        "   ",
    ],
)
def test_questions_history_figures_of_speech_and_small_talk_are_not(finder: DangerFinder, text: str):
    assert finder.danger(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "he prays five times a day in his cell",
        "she prays the rosary with her sister",
        "he grew a long beard since the summer",
        "he has a beard now and prays more than before, is that a sign?",
        "he went to the mosque on friday",
        "he goes to church every sunday with his children",
        "his father took him to the synagogue yesterday",
        "he visits the temple with his mother today",
        "he is learning arabic with his cellmate",
        "he speaks arabic on the phone with his mother",
        "she wears a headscarf since last month",
        "his wife wears a niqab",
        "he reads the quran every night",
        "he reads the bible every night",
        "he fasts during ramadan, is tired in the workshop",
        "refugees from syria moved into the flat above him",
        "he is a refugee from afghanistan",
        "my client is syrian and his wife is french",
        "his family is from somalia, they came here in 2009",
        "he is a muslim and his girlfriend is a christian",
        "three muslim prisoners share a table",
        "he went to a demonstration on saturday",
        "he took part in a protest for palestine today",
        "he took part in a protest for israel today",
        "he votes for the far right party",
        "he votes for the far left party and hands out leaflets",
        "he thinks there are too many migrants here",
        "he thinks borders should be open",
        "he is an anarchist and lives in a shared house",
        "he calls himself a patriot and hung a flag in his window",
        "he converted to islam in prison",
        "he converted to judaism for his wife",
        "he wants to go on pilgrimage to mecca with his mother",
        "he says inshallah all the time",
        "he has a tattoo of an eagle",
        "he works for a jewish charity",
        "he comes from chechnya",
        "she is roma and has four children",
        "is it a sign of radicalisation when he prays a lot",
        "he asks for halal food",
    ],
)
def test_faith_origin_dress_and_lawful_opinion_alone_are_never_danger(finder: DangerFinder, text: str):
    assert finder.danger(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "he wants to kill {people}",
        "he says the {people} next door should pay for it",
        "he shouted at two {people} in the yard",
        "a {people} family moved in and he helps them",
        "he said all {people} must die on saturday",
        "he looked at pictures of the {place} on his phone",
        "he will blow up the {place} on friday",
        "he sat in front of the {place} for an hour",
        "the {cleric} talked with him about his mother",
        "he will stab the {cleric} tonight",
        "he wants to visit his uncle in {land}",
        "he has a passport and a ticket to {land}",
        "after {feast} he wants to look for work",
    ],
)
def test_another_group_in_the_same_words_changes_nothing(finder: DangerFinder, text: str):
    swaps = {
        "people": "muslims christians jews hindus sikhs syrians germans turks greeks arabs africans refugees gays",
        "place": "mosque church synagogue temple gurdwara cathedral",
        "cleric": "imam priest rabbi pastor vicar",
        "land": "morocco algeria france germany greece bulgaria",
        "feast": "eid easter passover christmas",
    }
    slot = text[text.index("{") + 1 : text.index("}")]
    outcomes = {str(finder.danger(text.format(**{slot: word}))) for word in swaps[slot].split()}
    assert len(outcomes) == 1


def test_where_somebody_comes_from_does_not_move_the_score():
    learnt = voices()["en"].content.danger_learnt
    assert learnt is not None
    scores = {
        getattr(learnt.heard(f"he went to {land} with his family and told me about it"), "score", None)
        for land in ("syria", "france", "somalia", "germany", "ukraine", "greece", "pakistan", "ireland")
    }
    assert len(scores) == 1
    people = {
        getattr(learnt.heard(f"two {people} argued in the yard today"), "score", None)
        for people in ("muslims", "christians", "jews", "syrians", "germans", "turks", "migrants", "greeks")
    }
    assert len(people) == 1


def test_what_was_learnt_from_is_known(finder: DangerFinder, examples: DangerExamples):
    """In sample: says that weights, groups and examples fit each other, and nothing of strangers."""
    every = [one for ones in examples.sets.values() for one in ones]
    dangers = [one for one in every if one.kind is not None][::4]
    harmless = [one for one in every if one.kind is None][::4]
    assert len(dangers) > 1_800
    assert len(harmless) > 3_000
    assert sum(finder.danger(one.text) is not None for one in dangers) >= 0.97 * len(dangers)
    assert sum(finder.danger(one.text) is not None for one in harmless) <= 0.012 * len(harmless)


def taken(finder: DangerFinder, texts: Iterable[str]) -> int:
    return sum(finder.danger(text) is not None for text in texts)


def dangers(*authors: str) -> list[str]:
    return [text for one in authors for texts in STRANGERS[one]["danger"].values() for text in texts]


def harmless(*authors: str, hard: bool = False) -> list[str]:
    return [text for one in authors for text in STRANGERS[one]["hard" if hard else "harmless"]]


def test_most_dangers_of_strangers_are_heard_and_few_of_their_other_messages(finder: DangerFinder):
    """Held out. 732 of 761 heard; of ordinary questions none of 593 taken."""
    assert (len(dangers(*"ghnou")), len(harmless(*"nou")), len(harmless(*"nou", hard=True))) == (761, 593, 297)
    assert taken(finder, dangers(*"ghnou")) >= 0.96 * 761
    assert taken(finder, dangers(*"gh")) >= 0.97 * 308
    assert taken(finder, harmless(*"nou")) <= 0.005 * 593
    assert taken(finder, harmless(*"gh")) <= 0.05 * 400
    assert taken(finder, harmless(*"nou", hard=True)) <= 45


def test_with_the_encoder_the_aims_are_reached_in_the_words_of_strangers(by_meaning: DangerFinder):
    """Held out. The aims: 147 of 150 heard (746 of 761), 1 of 200 ordinary questions taken at most (2 of 593)."""
    assert taken(by_meaning, dangers(*"ghnou")) >= 147 / 150 * 761
    assert taken(by_meaning, harmless(*"nou")) <= 1 / 200 * 593
    assert taken(by_meaning, harmless(*"gh")) <= 0.05 * 400


@pytest.mark.parametrize("kind", ["finder", "by_meaning"])
def test_no_ordinary_question_of_strangers_is_taken_for_clear_danger(kind: str, request: pytest.FixtureRequest):
    found: DangerFinder = request.getfixturevalue(kind)
    asked = [danger for text in harmless(*"nou") if (danger := found.danger(text)) is not None]
    assert {danger.step for danger in asked} <= {"S02"}, "where it is not clear, the step is the one for asking"


def test_no_message_of_strangers_is_learnt_from(examples: DangerExamples):
    learnt = {one.text.casefold() for ones in examples.sets.values() for one in ones}
    strangers = {*dangers(*"ghnou"), *harmless(*"ghnou"), *harmless(*"nou", hard=True)}
    assert {text.casefold() for text in strangers} & learnt == set()


def test_few_ordinary_questions_are_taken_for_danger(finder: DangerFinder):
    """Nothing was learnt from these; phrases were not tuned on them either."""
    texts = [text for name in ("answers_en", "fresh_en") for text in _without_danger(QUESTIONS / f"{name}.toml")]
    assert len(texts) > 600
    assert sum(finder.danger(text) is not None for text in texts) <= BOUND_ORDINARY * len(texts)


def test_few_remarks_and_half_of_worrying_reports_are_taken_for_danger(finder: DangerFinder):
    """Nothing was learnt from these. Reports of unrest are the hardest: many readers would hesitate as well."""
    incidents = tomllib.loads((QUESTIONS / "incident_en.toml").read_text("utf-8"))
    assert sum(finder.danger(text) is not None for text in incidents["other"]) <= 2
    assert sum(finder.danger(text) is not None for text in incidents["report"]) <= BOUND_REPORTS


def test_a_sentence_of_danger_is_heard_in_a_long_note(finder: DangerFinder, examples: DangerExamples):
    harmless = [one.text for one in examples.sets["reports"] if one.kind is None and len(one.text) > 50]
    calm = ". ".join(harmless[:12])
    assert finder.danger(calm) is None
    for danger in (
        "he has a knife in his sleeve and says it is for the teacher",
        "she took all her tablets an hour ago",
    ):
        assert finder.danger(f"{calm}. {danger}. {calm}") is not None


def test_slips_of_the_thumb_hide_little(finder: DangerFinder, examples: DangerExamples):
    """In sample, with two more slips than were learnt from."""
    texts = [slipped(slipped(one.text)) for name in "abcef" for one in examples.sets[name] if one.kind is not None]
    assert sum(finder.danger(text) is not None for text in texts) >= 0.95 * len(texts)


def _without_danger(file: Path) -> list[str]:
    """Questions of a set that nobody would mind being taken for a call for help are left out."""
    found: list[str] = []
    todo: list[object] = [tomllib.loads(file.read_text("utf-8"))]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            todo += part.values()
        elif isinstance(part, list):
            for one in part:
                if isinstance(one, str):
                    found.append(one)
                elif "danger" not in one[1:]:
                    found.append(one[0])
    return found


PHRASES = (DangerPhrases("weapon", "S14", ("takes lamp",)), DangerPhrases("travel", "S02", ("leaves land",)))
GROUPS = WordGroups({}, frozenset(), frozenset())


def _learnt(score: int) -> Learnt:
    """A layer that gives any message with a word this score, in hundredths."""
    return Learnt(GROUPS, Bounds(0.5, -0.2, -0.6, "S02"), Weights({"bias:": score}, {"attack": {"red": 9}}, ""), "en")


@pytest.mark.parametrize(
    ("score", "text", "danger"),
    [
        (50, "a red house", Danger("attack", "S02")),
        (50, "he takes a lamp", Danger("weapon", "S14")),
        (-20, "he takes a lamp", Danger("weapon", "S14")),
        (-21, "he takes a lamp", Danger("weapon", "S02")),
        (-20, "a red house", Danger("attack", "S02")),
        (-21, "a red house", None),
        (-60, "today he takes a lamp home", Danger("weapon", "S02")),
        (-61, "today he takes a lamp home", None),
        (-61, "he takes a new lamp", Danger("weapon", "S02")),
        (50, "", None),
    ],
)
def test_how_the_two_layers_go_together(score: int, text: str, danger: Danger | None):
    assert DangerFinder(PHRASES, "en", _learnt(score)).danger(text) == danger


def test_a_language_without_what_was_learnt_has_its_phrases():
    assert DangerFinder(PHRASES, "nl").danger("takes lamp") == Danger("weapon", "S14")


@given(st.text(max_size=2_500))
@settings(max_examples=100, deadline=None)
def test_any_text_gets_an_answer(finder: DangerFinder, text: str):
    danger = finder.danger(text)
    assert danger is None or (danger.kind in DANGER_KINDS and danger.step in ("S14", "S02"))
    assert finder.danger(text) == danger
    assert finder.danger(text[:AT_MOST_CHARACTERS]) == danger
