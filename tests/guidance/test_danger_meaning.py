"""What danger means: has a share where words leave it open, sees what the words layer sees, and keeps no word."""

import io
from collections.abc import Sequence
from importlib import resources

import make_danger_meaning
import numpy as np
import pytest
from numpy.typing import NDArray

from guidance import danger_meaning, encoder, library
from guidance.danger_features import Sentence, WordGroups, parts
from guidance.danger_learning import Example
from guidance.danger_meaning import AT_MOST, LIFT, LOG_ODDS, OPEN_FROM, OPEN_TO, SHARE, Meaning, Network, as_read, read

GROUPS = WordGroups({"imam": ("people",), "knife": ("weapon",)}, frozenset({"imam"}), frozenset({"muslim"}))
SIZE = 4


class Counting:
    """An encoder that tells danger by its first number, and how often it was asked."""

    name = "counting"
    languages = frozenset({"en"})
    size = SIZE

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], early: float = 0.0) -> NDArray[np.float32]:
        self.asked += texts
        return np.array([[float("knife" in text), 0, 0, 1] for text in texts], np.float32)


def network(name: str = "counting") -> Network:
    """Log-odds 8 where the first number is 1, else 0."""
    inner = np.zeros((1, SIZE, 2), np.float32)
    inner[0, 0, 0] = 8
    ones, none = np.array([[1, 0]], np.float32), np.zeros((1, 2), np.float32)
    return Network(name, "d", inner, none, ones, np.zeros(1, np.float32))


def message(*sentences: str) -> list[tuple[Sentence, ...]]:
    return [(Sentence(tuple(one.split()), asks=False),) for one in sentences]


def test_meaning_has_its_share_where_words_leave_it_open_and_is_not_asked_elsewhere():
    by = Counting()
    meaning = Meaning(by, network(), GROUPS)
    outside = [OPEN_FROM - 0.01, OPEN_TO + 0.01]
    assert meaning.mixed(outside, message("a knife", "a knife")) == outside
    assert by.asked == []
    (mixed,) = meaning.mixed([-0.5], message("he has a knife"))
    assert mixed == pytest.approx((1 - SHARE) * -0.5 + SHARE * 8 / LOG_ODDS + LIFT)
    assert by.asked == ["he has a knife."]


def test_however_long_a_message_is_the_encoder_reads_its_likeliest_parts_alone():
    by = Counting()
    scores = [-0.9, -0.1, -1.1, -0.2, -0.3, -1.0]
    Meaning(by, network(), GROUPS).mixed(scores, message("a", "b", "c", "d", "e", "f"))
    assert by.asked == ["b.", "d.", "e."]
    assert len(by.asked) == AT_MOST


def test_asked_again_it_encodes_nothing_and_it_keeps_no_word():
    by = Counting()
    meaning = Meaning(by, network(), GROUPS)
    first = meaning.mixed([-0.5], message("quuvle has a knife"))
    assert meaning.mixed([-0.5], message("quuvle has a knife")) == first
    assert len(by.asked) == 1
    assert all(isinstance(key, int) and isinstance(value, float) for key, value in meaning._kept.items())
    for number in range(3 * danger_meaning.KEPT):
        meaning.mixed([-0.5], message(f"x{number}"))
    assert len(meaning._kept) <= danger_meaning.KEPT


def test_the_encoder_sees_no_word_of_faith_or_origin_as_itself():
    assert [as_read(one, GROUPS) for one in parts("The Muslim imam hid a knife! Is that so?", GROUPS, "en")] == [
        "the people hid a knife. is that so?"
    ]


def test_with_the_shipped_content_swapping_a_faith_or_a_land_changes_nothing():
    content, found = library.load("en"), encoder.load("en")
    assert not isinstance(found, encoder.Unavailable)
    assert content.danger_learnt is not None
    meaning = danger_meaning.shipped("en", found, content.danger_learnt.groups)
    assert meaning is not None
    for several in (("mosque", "church", "synagogue"), ("muslim", "christian", "jew")):
        heard = [content.danger_learnt.heard(f"he shouted at the {one} and left", meaning) for one in several]
        assert len({one.score for one in heard if one is not None}) == 1


def test_a_file_gives_back_what_was_written_to_eight_bits():
    chance = np.random.default_rng(1)
    made = Network(
        "e", "d", *(chance.normal(size=shape).astype(np.float32) for shape in ((2, 8, 5), (2, 5), (2, 5), (2,)))
    )
    file = io.BytesIO()
    made.write(file)
    file.seek(0)
    back = read(file)
    assert (back.encoder, back.digest) == ("e", "d")
    vectors = chance.normal(size=(20, 8)).astype(np.float32)
    assert np.abs(back.log_odds(vectors) - made.log_odds(vectors)).max() < 0.3


def test_the_shipped_file_was_learnt_from_the_shipped_examples():
    """... else: python tests/make_danger_meaning.py"""
    examples, _ = library.danger_examples(library.packaged("en")[0], "en")
    assert examples is not None
    with (resources.files("guidance") / "learnt" / "danger-en.npz").open("rb") as file:
        assert read(file).digest == examples.digest


def test_for_another_encoder_or_language_there_is_nothing():
    assert danger_meaning.shipped("en", Counting(), GROUPS) is None
    assert danger_meaning.shipped("nl", Counting(), GROUPS) is None
    assert danger_meaning.shipped("../en", Counting(), GROUPS) is None


@pytest.mark.parametrize("damaged", [b"", b"no zip", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_refused(damaged: bytes):
    with pytest.raises((ValueError, KeyError, OSError, EOFError, danger_meaning.BadZipFile)):
        read(io.BytesIO(damaged))


def test_learning_tells_apart_what_an_encoder_tells_apart():
    examples = [Example(f"he has a knife {n}", "weapon") for n in range(40)]
    examples += [Example(f"he has a cold {n}", None) for n in range(40)]
    by = Counting()
    found = make_danger_meaning.learnt(examples, by, GROUPS, "en", "d")
    said = found.log_odds(by.encode(["a knife", "a cold"]))
    assert said[0] > 2 > 0 > said[1]
    again = make_danger_meaning.learnt(examples, by, GROUPS, "en", "d")
    assert np.array_equal(found.inner, again.inner)
