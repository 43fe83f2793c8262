import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance import similarity
from guidance.meaning import Meanings, meanings
from guidance.similarity import Read, Similarity
from guidance.word_lists import WordList

NO_MEANING = Meanings(WordList(()), np.zeros((0, 0), np.int8))
WORDS = st.lists(
    st.sampled_from(["tell", "the", "police", "mother", "before", "after", "release", "not", "visit"]), max_size=6
)


def read(text: str) -> Read:
    words = tuple(text.split())
    return Read(words, words)


def similar(*texts: str, table: Meanings = NO_MEANING) -> Similarity:
    return Similarity([read(text) for text in texts], np.arange(len(texts), dtype=np.intp), table)


def test_the_same_words_are_alike_wholly():
    texts = ("tell the police", "visit his mother")
    among = similar(*texts)
    assert among.to(read(texts[0]))[0] == pytest.approx(1, abs=1e-5)
    assert among.to(read(texts[0]))[1] < 0.5


def test_nothing_in_common_is_nothing():
    assert similar("tell", "visit").to(read("zzz")).tolist() == [0, 0]
    assert similar("tell", "visit").to(read("")).tolist() == [0, 0]


def test_what_many_texts_have_counts_the_same_however_it_is_kept(monkeypatch):
    texts = [
        f"tell the {word}" for word in ("police", "mother", "judge", "mentor", "doctor", "imam", "school", "board")
    ]
    as_rows = similar(*texts)
    monkeypatch.setattr(similarity, "DENSE", 0)
    as_postings = similar(*texts)
    for text in (*texts, "tell", "the the police", "visit"):
        assert as_rows.to(read(text)) == pytest.approx(as_postings.to(read(text)), abs=1e-6)


def test_unknown_words_make_all_less_alike():
    among = similar("tell the police", "visit")
    assert among.to(read("tell the police xylophone"))[0] < among.to(read("tell the police"))[0]


def test_order_tells_apart():
    among = similar("mother tells police", "police tells mother")
    first, second = among.to(read("mother tells police"))
    assert first > second


def test_what_means_the_same_is_alike_without_a_letter_in_common():
    with_meaning = similar("freeze my card", "visit his mother", table=meanings("en"))
    first, second = with_meaning.to(read("block"))
    assert first > second
    assert similar("freeze my card", "visit his mother").to(read("block"))[0] < first


def test_a_table_that_is_empty_is_left_out():
    assert similar("tell the police").to(read("tell the police"))[0] == pytest.approx(1, abs=1e-5)


@given(st.lists(WORDS, min_size=1, max_size=5), WORDS)
def test_at_most_wholly_alike(texts: list[list[str]], asked: list[str]):
    among = similar(*(" ".join(text) for text in texts), table=meanings("en"))
    alike = among.to(read(" ".join(asked)))
    assert alike.shape == (len(texts),)
    assert (alike <= 1 + 1e-4).all()
    assert np.isfinite(alike).all()


def test_rarity_counts_groups_not_texts():
    texts = [read("police tell"), read("police visit"), read("mother visit")]
    among = Similarity(texts, np.array([0, 0, 1], np.intp), NO_MEANING)
    assert among.rarity("police") == among.rarity("mother")
    assert among.rarity("visit") < among.rarity("police") < among.rarity("zzz")


def test_with_many_texts_what_most_have_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(similarity, "MANY", 3)
    monkeypatch.setattr(similarity, "COMMON", 0.5)
    among = similar("tell police", "tell mother", "tell friend")
    assert among.rarity("tell") == 0
    assert among.to(read("tell"))[0] == 0
    assert among.to(read("police"))[0] > 0


class _Encoder:
    """Two directions: what begins with a and all else."""

    name = "letters"
    languages = frozenset({"en"})
    size = 2

    def encode(self, texts, early=0.0):
        return np.array([[1.0, 0.0] if text.startswith("a") else [0.0, 1.0] for text in texts], np.float32)


def test_an_encoder_has_the_greater_say():
    texts = [read("abc"), read("xyz")]
    among = Similarity(texts, np.arange(2, dtype=np.intp), NO_MEANING, _Encoder())
    assert among.to(read("aaa"))[0] == pytest.approx(similarity.ENCODED, abs=0.2)
    assert among.to(read("aaa"))[1] < 0.2
    assert (among.to(read("abc")) == among.to_own(0, texts[0])).all()
