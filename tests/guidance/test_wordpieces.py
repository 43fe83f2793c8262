"""Cut as BERT was taught. What is expected was cut by the Hugging Face tokenizer of the model."""

import pytest

from guidance.wordpieces import END, START, UNKNOWN, WordPieces, shipped

SHIPPED = shipped()
SMALL = WordPieces(
    {piece: number for number, piece in enumerate([START, END, UNKNOWN, "un", "##sw", "##orn", "a", "."])}
)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Can I tell the police what he said?", [101, 2064, 1045, 2425, 1996, 2610, 2054, 2002, 2056, 1029, 102]),
        (
            "he's self-harming, isn't he",
            [101, 2002, 1005, 1055, 2969, 1011, 7386, 2075, 1010, 3475, 1005, 1056, 2002, 102],
        ),
        ("radicalisation", [101, 7490, 6648, 102]),
        ("ÉCOLE naïve Straße", [101, 12431, 15743, 2358, 27807, 102]),
        ("警察 police", [101, 100, 100, 2610, 102]),
        ("\u200b\u0437\u0430\u0449\u043e?", [101, 1187, 10260, 29754, 14150, 1029, 102]),
        ("   ", [101, 102]),
        ("🙂 ok", [101, 100, 7929, 102]),
        ("x" * 101, [101, 100, 102]),
    ],
)
def test_as_the_models_own_tokenizer(text: str, pieces: list[int]):
    assert SHIPPED.of(text, 64) == pieces


def test_the_longest_piece_comes_first_and_what_no_piece_fits_is_unknown():
    assert SMALL.of("Unsworn a.", 64) == [0, 3, 4, 5, 6, 7, 1]
    assert SMALL.of("unz a", 64) == [0, 2, 6, 1]
    assert SMALL.of("a" * 101, 64) == [0, 2, 1]


def test_cut_at_the_most_with_start_and_end_kept():
    assert SMALL.of("a " * 1000, 5) == [0, 6, 6, 6, 1]


def test_nothing_is_start_and_end():
    assert SMALL.of(" \n", 64) == [0, 1]
