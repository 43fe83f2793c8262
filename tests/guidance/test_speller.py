"""Which slips are mended, and what is left alone."""

import pytest

from guidance.speller import AT_MOST_REPAIRS, Speller, slips_allowed

VOCABULARY = {
    "consent": 9, "mentor": 12, "whether": 3, "police": 8, "phone": 5, "radicalisation": 4, "not": 3, "tell": 5,
    "gun": 2,
}  # fmt: skip


@pytest.fixture
def speller() -> Speller:
    return Speller(VOCABULARY)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("consnet", "consent"),
        ("mentro", "mentor"),
        ("phne", "phone"),
        ("polive", "police"),
        ("radiclaistion", "radicalisation"),
    ],
)
def test_a_slip_is_mended(speller: Speller, typed: str, meant: str):
    assert speller.repaired([typed]) == [meant]


def test_real_words_stay(speller: Speller):
    assert speller.repaired(["weather", "police", "photo"]) == ["weather", "police", "photo"]


def test_short_words_and_codes_stay(speller: Speller):
    assert speller.repaired(["gum", "c17x", "nt"]) == ["gum", "c17x", "nt"]


def test_run_together_words_come_back_as_two(speller: Speller):
    assert speller.repaired(["tellpolice"]) == ["tell", "police"]


def test_two_slips_need_a_longer_word():
    assert [slips_allowed(length) for length in (3, 4, 7, 8)] == [0, 1, 1, 2]


def test_a_careful_speller_keeps_the_first_letter_and_leaves_four_letters_alone():
    assert Speller({"hits": 1, "knife": 1}, careful=True).repaired(["hitz", "onife", "knfie"]) == [
        "hitz",
        "onife",
        "knife",
    ]


def test_only_so_many_words_are_looked_up(speller: Speller):
    typed = ["consnet"] * (AT_MOST_REPAIRS + 5)
    assert speller.repaired(typed).count("consnet") == 5
