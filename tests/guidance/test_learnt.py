import io

import numpy as np
import pytest

from guidance.asking import Asking
from guidance.finder import Entry, Finder
from guidance.learnt import Learnt, digest, read, shipped
from guidance.library import load

ENTRIES = tuple(
    Entry(f"e{number}", title, (f"how do i {title}", f"what about {title}"))
    for number, title in enumerate(("tell the police", "visit his mother", "lose my phone"))
)


def test_what_ships_was_learnt_from_the_phrasings_of_today():
    found = shipped("en")
    assert found is not None
    assert Asking(load("en")).finder.learnt.digest == found.digest, "run: python tests/make_learnt.py"


def test_what_was_learnt_is_taken_where_all_is_the_same(monkeypatch: pytest.MonkeyPatch):
    learnt = Finder(ENTRIES).learnt
    monkeypatch.delattr(Finder, "_learn")
    assert Finder(ENTRIES, learnt=[learnt]).learnt is learnt


@pytest.mark.parametrize(
    "other",
    [ENTRIES[:2], (*ENTRIES[:2], Entry("e2", "lose my phone", ("how do i lose my phone", "what about phones")))],
)
def test_it_is_learnt_anew_where_something_differs(other: tuple[Entry, ...]):
    learnt = Finder(ENTRIES).learnt
    assert Finder(other, learnt=[learnt]).learnt.digest != learnt.digest
    assert Finder(ENTRIES, {"cops": "police"}, learnt=[learnt]).learnt is learnt
    assert Finder(ENTRIES, {"police": "cops"}, learnt=[learnt]).learnt is not learnt


def test_what_is_read_again_is_the_same():
    finder = Finder(ENTRIES)
    file = io.BytesIO()
    finder.learnt.write(file)
    again = read(io.BytesIO(file.getvalue()))
    assert again.digest == finder.learnt.digest
    assert (again.weights == finder.learnt.weights).all()
    assert (again.stretch == finder.learnt.stretch).all()
    taken = Finder(ENTRIES, learnt=[again])
    for text in ("tell police", "visit mother", "phone", "what about it"):
        assert taken.find(text) == finder.find(text)


@pytest.mark.parametrize("phrasings", [0, 1, 255, 256, 257, 1000])
def test_eight_bits_a_weight_tell_nearly_the_same(phrasings: int):
    dice = np.random.default_rng(phrasings)
    weights = dice.normal(size=(phrasings, 7)).astype(np.float32)
    weights[:1] = 0
    alike = dice.random(phrasings).astype(np.float32)
    learnt = Learnt.of("00", weights, np.ones(7, np.float32))
    assert learnt.weights.dtype == np.int8
    off = np.abs(learnt.told(alike) - alike @ weights)
    assert (off <= (alike * np.abs(weights).max(1, initial=0)).sum() / 254 + 1e-4).all()


def test_the_digest_is_of_owners_counts_words_and_all_it_depends_on():
    base = digest([(0, 1.0, ["a", "b"])], "en")
    assert base == digest([(0, 1.0, ["a", "b"])], "en")
    others = {
        digest([(1, 1.0, ["a", "b"])], "en"),
        digest([(0, 0.4, ["a", "b"])], "en"),
        digest([(0, 1.0, ["a"])], "en"),
        digest([(0, 1.0, ["a", "b"])], "fr"),
    }
    assert len(others | {base}) == 5


@pytest.mark.parametrize("language", ["xx", "../en", ""])
def test_a_language_without_a_file_has_nothing(language: str):
    assert shipped(language) is None


def test_no_such_file_is_no_learning():
    with pytest.raises((ValueError, KeyError, OSError, EOFError)):
        read(io.BytesIO(b"no archive"))
    assert isinstance(Learnt.of("00", np.zeros((0, 0), np.float32), np.zeros(0, np.float32)), Learnt)
