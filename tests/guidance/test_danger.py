"""Which messages are heard as danger.

Figures with the shipped phrases:

                              dangers heard     harmless messages taken for one
    older, dev                100 of 100          1 of 171
    older, held out           149 of 150          2 of 200
    fresh, dev                 72 of  72          0 of 104
    fresh, held out            69 of  74          2 of 103   (before the fresh dev half was tuned on: 53 and 6)
    held out together         218 of 224          4 of 303

The aim for the held-out parts together, 98 % heard and 0.5 % taken, is not reached: 97.3 % and 1.3 %. The author of the
phrases wrote all the sets, so strangers' messages fare worse; roundabout ones (part "oblique" of the fresh set) much
worse: before they were tuned on, 31 of 70 were heard. The bounds below keep what was reached, no more.
"""

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidance.danger import Danger, DangerFinder
from guidance.model import DangerPhrases

QUESTIONS = Path(__file__).parents[1] / "questions"
DANGERS = tomllib.loads((QUESTIONS / "danger_en.toml").read_text("utf-8"))
HARMLESS = tomllib.loads((QUESTIONS / "harmless_en.toml").read_text("utf-8"))
FRESH = tomllib.loads((QUESTIONS / "danger_fresh_en.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def finder() -> DangerFinder:
    shipped = tomllib.loads(files("guidance").joinpath("content/en/danger.toml").read_text("utf-8"))
    return DangerFinder(
        [DangerPhrases(item["kind"], item["step"], tuple(item["phrases"])) for item in shipped["danger"]]
    )


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
        "",
        "   ",
    ],
)
def test_questions_history_and_figures_of_speech_are_not(finder: DangerFinder, text: str):
    assert finder.danger(text) is None


def test_most_held_out_dangers_are_heard(finder: DangerFinder):
    texts = [text for kind in DANGERS["held_out"].values() for text in kind]
    assert len(texts) == 150
    assert sum(finder.danger(text) is not None for text in texts) >= 149


def test_few_held_out_harmless_messages_are_taken_for_danger(finder: DangerFinder):
    assert len(HARMLESS["held_out"]) == 200
    assert sum(finder.danger(text) is not None for text in HARMLESS["held_out"]) <= 2


def test_all_dev_dangers_are_heard_and_few_harmless(finder: DangerFinder):
    missed = [text for kind in DANGERS["dev"].values() for text in kind if finder.danger(text) is None]
    assert missed == []
    assert sum(finder.danger(text) is not None for text in HARMLESS["dev"]) <= 1


def test_fresh_dangers_are_heard_and_few_fresh_harmless_messages(finder: DangerFinder):
    heard = {}
    taken = {}
    for part in ("dev", "held_out"):
        texts = [text for kind in FRESH[part]["danger"].values() for text in kind]
        assert len(texts) >= 70
        assert len(FRESH[part]["harmless"]) >= 100
        heard[part] = sum(finder.danger(text) is not None for text in texts) / len(texts)
        taken[part] = sum(finder.danger(text) is not None for text in FRESH[part]["harmless"])
    assert heard["dev"] == 1
    assert heard["held_out"] >= 0.93
    assert taken["dev"] == 0
    assert taken["held_out"] <= 2


def test_most_dangers_in_roundabout_words_are_heard(finder: DangerFinder):
    part = FRESH["oblique"]
    assert sum(finder.danger(text) is not None for text in part["danger"]) >= 0.95 * len(part["danger"])
    assert sum(finder.danger(text) is not None for text in part["harmless"]) <= 0.05 * len(part["harmless"])


def test_nothing_stands_in_both_parts_or_both_files():
    every = [text for part in DANGERS.values() for kind in part.values() for text in kind]
    every += [text for part in HARMLESS.values() for text in part]
    every += [text for part in ("dev", "held_out") for kind in FRESH[part]["danger"].values() for text in kind]
    every += [text for part in ("dev", "held_out") for text in FRESH[part]["harmless"]]
    every += FRESH["oblique"]["danger"] + FRESH["oblique"]["harmless"]
    assert len(every) == len(set(every))


def test_the_earlier_kind_wins_when_two_are_heard():
    first = DangerPhrases("attack", "S14", ("red box",))
    second = DangerPhrases("weapon", "S02", ("blue box",))
    assert DangerFinder([first, second]).danger("blue box. red box") == Danger("attack", "S14")
    assert DangerFinder([second, first]).danger("blue box. red box") == Danger("weapon", "S02")


def test_words_too_far_apart_or_in_another_sentence_do_not_count():
    finder = DangerFinder([DangerPhrases("weapon", "S14", ("takes lamp",))])
    assert finder.danger("he took that old green lamp") is not None
    assert finder.danger("he took one two three four lamp") is None
    assert finder.danger("he took. lamp") is None


def test_another_language_is_matched_as_written():
    finder = DangerFinder([DangerPhrases("weapon", "S14", ("heeft een mes",))], "nl")
    assert finder.danger("hij heeft een mes") == Danger("weapon", "S14")
    assert finder.danger("hij heeft een fiets") is None


@given(st.text(max_size=2_500))
@settings(max_examples=100, deadline=None)
def test_any_text_gets_an_answer(finder: DangerFinder, text: str):
    assert finder.danger(text) is None or isinstance(finder.danger(text), Danger)
