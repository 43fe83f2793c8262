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


@pytest.mark.parametrize(
    ("language", "meant", "typed"),
    [
        ("fr", "prison", "pridon"),
        ("fr", "mentor", "lentor"),  # m lies beside l on AZERTY
        ("fr", "ecole", "lecole"),
        ("it", "avvocato", "lavvocato"),
        ("it", "colloquio", "colloqiuo"),
        ("pt", "prisao", "prisaao"),
        ("nl", "gevangenis", "gevangensi"),
        ("bg", "полиция", "поилция"),
        ("bg", "затвор", "затвоп"),
        ("el", "φυλακη", "φυλακυ"),
        ("el", "αστυνομια", "αστυνομοα"),
    ],
)
def test_slips_are_mended_in_each_language(language: str, meant: str, typed: str):
    assert Speller({meant: 3, "mental": 1}, language).repaired([typed]) == [meant]


@pytest.mark.parametrize(
    ("language", "near", "real"),
    [
        ("en", "mentor", "mental"),
        ("en", "weapon", "weapons"),
        ("fr", "ecole", "colle"),
        ("pt", "policia", "politica"),
        ("it", "prete", "prede"),
        ("nl", "straf", "straat"),
        ("bg", "полиция", "позиция"),
        ("el", "φυλακη", "φυλλα"),
    ],
)
def test_real_words_of_each_language_stay(language: str, near: str, real: str):
    assert Speller({near: 50}, language).repaired([real]) == [real]


def test_what_the_thumb_does_decides_between_words_equally_near():
    speller = Speller({"show": 1, "how": 9, "more": 1, "joe": 9, "cards": 1, "card": 9})
    assert speller.repaired(["zhow", "jore", "carsd"]) == ["show", "more", "cards"]


def test_three_letters_get_one_back_only_for_a_frequent_word():
    assert Speller({"know": 9}).repaired(["kno"]) == ["know"]
    assert Speller({"know": 1}).repaired(["kno"]) == ["kno"]
    assert Speller({"them": 9}).repaired(["the"]) == ["the"]


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
