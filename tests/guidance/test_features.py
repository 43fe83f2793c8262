from hypothesis import given
from hypothesis import strategies as st

from guidance.features import LONGEST_PIECE, SHORTEST_PIECE, pieces, terms

LETTERS = st.text("abcdeé", min_size=1, max_size=12)


def test_pieces_of_a_short_word():
    assert sorted(pieces("no")) == [" n", " no", " no ", "no", "no ", "o "]


@given(LETTERS)
def test_pieces_stand_in_the_word_with_its_edges(word: str):
    for piece in pieces(word):
        assert SHORTEST_PIECE <= len(piece) <= LONGEST_PIECE
        assert piece in f" {word} "


def test_terms_are_words_and_pairs_in_order():
    assert terms(["not", "tell"]) == ["=not", "=tell", "+not tell"]
    assert terms([]) == []


@given(st.lists(LETTERS, max_size=6))
def test_no_term_is_a_piece(words: list[str]):
    every = {piece for word in words for piece in pieces(word)}
    assert every.isdisjoint(terms(words))
