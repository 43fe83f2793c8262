"""Which forms of a word are one word."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance.normal import words
from guidance.stems import stems


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("en", "prison prisons"),
        ("en", "report reports reported reporting"),
        ("fr", "prison prisons"),
        ("fr", "activité activités"),
        ("fr", "exposé exposée exposées exposer"),
        ("pt", "investigação investigações"),
        ("pt", "responsável responsáveis"),
        ("pt", "falar falamos falaram"),
        ("it", "colloquio colloqui"),
        ("it", "detenuto detenuti detenuta"),
        ("el", "φυλακή φυλακές φυλακών"),
        ("el", "κρατούμενος κρατούμενοι κρατουμένους"),
        ("nl", "gevangenis gevangenissen"),
        ("nl", "gesprek gesprekken"),
        ("bg", "жена жената жени жените"),
        ("bg", "град градът града градове градовете"),
        ("bg", "полиция полицията"),
        ("bg", "организация организацията организации организациите"),
        ("bg", "ученик ученикът ученици учениците"),
        ("bg", "психолог психологът психолози психолозите"),
        ("bg", "работа работата работи"),
        ("bg", "граната гранатата гранати"),
        ("bg", "адвокат адвокатът адвоката адвокати адвокатите"),
        ("bg", "форма формата форми формите"),
        ("bg", "опасен опасна опасно опасни опасният опасните"),
        ("bg", "случай случая случаят случаи случаите"),
        ("bg", "център центъра центърът центрове центровете"),
        ("bg", "поведение поведението поведения"),
        ("bg", "възможност възможността възможности"),
        ("bg", "училище училището училища"),
    ],
)
def test_the_forms_of_a_word_have_one_stem(language: str, forms: str):
    assert len(set(stems(words(forms, language), language))) == 1


@pytest.mark.parametrize(
    ("language", "apart"),
    [
        ("en", "news new mentor mental"),
        ("fr", "prison prise police poli"),
        ("nl", "straf straat"),
        ("bg", "работа работник град градина полиция политика жена живот"),
    ],
)
def test_different_words_have_different_stems(language: str, apart: str):
    typed = words(apart, language)
    assert len(set(stems(typed, language))) == len(typed)


@pytest.mark.parametrize("language", ["fr", "pt", "it", "el", "nl"])
def test_accents_make_no_difference(language: str):
    typed = "sécurité référent exposée prisão segurança università perché ασφάλεια coördinator"
    bare = "securite referent exposee prisao seguranca universita perche ασφαλεια coordinator"
    assert stems(words(typed, language), language) == stems(words(bare, language), language)


def test_short_words_figures_and_unknown_languages_stay():
    assert stems(["its", "s05", "2024"], "en") == ["its", "s05", "2024"]
    assert stems(["prisons"], "xx") == ["prisons"]


def test_threads_do_not_disturb_each_other():
    typed = [f"report{ending}{tail}" for ending in ("ing", "ed", "er") for tail in ("s", "ly", "ness")] * 50
    with ThreadPoolExecutor(4) as pool:
        assert len({tuple(found) for found in pool.map(lambda _: stems(typed, "en"), range(16))}) == 1


@given(st.text(), st.sampled_from(["en", "fr", "pt", "it", "bg", "el", "nl"]))
def test_any_text_has_as_many_stems_as_words(text: str, language: str):
    typed = words(text, language)
    found = stems(typed, language)
    assert len(found) == len(typed)
    assert all(found)
    assert not any(character.isspace() for stem in found for character in stem)
