"""Numbers and names of a place: read whole or not at all, the nearer wins, and nothing is made up."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance import checker
from guidance.checker import check_own_site
from guidance.library import from_files, load, packaged
from guidance.model import Content, Fact
from guidance.reader import read_own_site, read_site
from guidance.site import BODY_USES, NOWHERE, NUMBER_USES, Body, Number, OwnSite, Site, Sites, merged

COUNTRY = """
country = "FR"
[[number]]
for = "emergency"
number = "112"
when = "Danger."
facts = ["CR-112"]
[[number]]
for = "police"
number = "17"
when = "Danger."
facts = ["FR-02"]
as_of = 2021
[[body]]
for = "support"
name = "PAIRS"
what = "Support."
facts = ["FR-09"]
"""
OWN = """
country = "FR"
[timings]
S01 = "At once."
[alarm]
prison = "Red button."
[[number]]
for = "duty-coordinator"
number = "01 99 00 12 34"
[agency.north.alarm]
prison = "Pull the cord."
[[agency.north.number]]
for = "duty-coordinator"
number = "4711"
"""


@pytest.fixture(scope="module")
def english() -> Content:
    return load("en")


def wrong(text: str, *, own: bool = False) -> list[tuple[str, str]]:
    read, problems = read_own_site(text, "site.toml") if own else read_site(text, "site/fr.toml")
    assert (read is None) == bool(problems)
    return [(one.item, one.remedy) for one in problems]


def items(text: str, *, own: bool = False) -> list[str]:
    return [item for item, _ in wrong(text, own=own)]


# What is shipped


def test_only_these_numbers_are_shipped(english: Content) -> None:
    """Each was read in its source; another one needs a fact first."""
    shipped = {
        code: {one.number for one in site.numbers} for code, site in english.sites.items()
    }  # each file says 112 itself
    assert shipped == {
        "BG": {"112"},
        "FR": {"112", "17", "0 800 005 696"},
        "GR": {"112"},
        "IT": {"112"},
        "NL": {"112", "088 20 80 080"},
        "PT": {"112"},
    }


def test_every_shipped_entry_rests_on_facts_and_is_marked_as_a_countrys(english: Content) -> None:
    for code, site in english.sites.items():
        assert site.bodies
        assert not site.timings
        assert not site.alarm
        for one in (*site.numbers, *site.bodies):
            assert one.country == code
            assert {english.facts[fact].confidence for fact in one.facts} == {"verified"}


def test_every_use_and_country_has_its_words(english: Content) -> None:
    keys = set(english.phrases.keys())
    assert {f"number-{use}" for use in NUMBER_USES} <= keys
    assert {f"body-{use}" for use in BODY_USES} <= keys
    assert {f"country-{code.lower()}" for code in english.sites} <= keys


def test_no_number_stands_in_a_text_of_a_site(english: Content) -> None:
    """Numbers have a field of their own, where they are checked."""
    for site in english.sites.values():
        for text in (*(one.when for one in site.numbers), *(one.what for one in site.bodies)):
            assert set(re.findall(r"\d{3,}", text)) <= {"112", "2021"}, text


# Reading a country


def test_a_good_country_is_read_whole() -> None:
    site, problems = read_site(COUNTRY, "site/fr.toml")
    assert problems == ()
    assert site == Site(
        "FR",
        (
            Number("emergency", "112", "Danger.", ("CR-112",), None, "FR"),
            Number("police", "17", "Danger.", ("FR-02",), 2021, "FR"),
        ),
        (Body("support", "PAIRS", "Support.", ("FR-09",), None, "FR"),),
    )


@pytest.mark.parametrize(
    ("old", "new", "item"),
    [
        ('country = "FR"', 'country = "PT"', "country"),
        ('country = "FR"', 'country = "fr"', "country"),
        ('number = "17"', 'number = "17a"', "police / number"),
        ('number = "17"', 'number = "1-7"', "police / number"),
        ('number = "17"', 'number = "1  7"', "police / number"),
        ('number = "17"', 'number = "+ 17"', "police / number"),
        ('number = "17"', 'number = "7"', "police / number"),
        ('number = "17"', f'number = "{"1" * 18}"', "police / number"),
        ('number = "17"', "number = 17", "police / number"),
        ('number = "17"', 'number = "١٧"', "police / number"),
        ('number = "112"', 'number = "911"', "number"),
        ('facts = ["FR-02"]', "", "police / facts"),
        ('facts = ["FR-09"]', "facts = []", "PAIRS / facts"),
        ('for = "police"', 'for = "polis"', "polis / for"),
        ('name = "PAIRS"', 'name = ""', "body 1 / name"),
        ("as_of = 2021", 'as_of = "2021"', "police / as_of"),
        ("as_of = 2021", "asof = 2021", "police / asof"),
        ("[[body]]", '[timings]\nS01 = "Soon."\n[[body]]', "timings"),
        ("[[body]]", '[alarm]\nprison = "Go."\n[[body]]', "alarm"),
    ],
)
def test_what_is_wrong_in_a_country_is_told_by_its_place(old: str, new: str, item: str) -> None:
    assert items(COUNTRY.replace(old, new)) == [item]


def test_all_that_is_wrong_is_told_at_once() -> None:
    text = COUNTRY.replace('"17"', '"one"').replace('"PAIRS"', "3").replace('"112"', '"nine"')
    assert len(wrong(text)) == 4  # 112 is missing, too


def test_a_number_twice_is_told() -> None:
    again = '[[number]]\nfor = "police"\nnumber = "17"\nwhen = "Now."\nfacts = ["FR-02"]\n'
    assert items(COUNTRY + again) == ["police 17"]


# Reading the operator's own


def test_the_operators_own_needs_no_facts_and_may_say_more() -> None:
    own, problems = read_own_site(OWN, "site.toml")
    assert problems == ()
    assert own is not None
    assert own.common.timings == {"S01": "At once."}
    assert own.common.alarm == {"prison": "Red button."}
    assert own.common.numbers == (Number("duty-coordinator", "01 99 00 12 34"),)
    assert own.agencies["north"].numbers == (Number("duty-coordinator", "4711"),)


def test_nothing_in_the_file_is_nothing_known() -> None:
    assert read_own_site("", "site.toml") == (OwnSite(), ())


@pytest.mark.parametrize("number", ["+33 1 99 00 12 34", "4711", "0033 199 001234"])
def test_numbers_as_people_write_them(number: str) -> None:
    assert wrong(f'[[number]]\nfor = "duty-manager"\nnumber = "{number}"\n', own=True) == []


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("[timings]\nS1 = 'soon'", "timings / S1"),
        ("[timings]\nS01 = ''", "timings / S01"),
        (f"[timings]\nS01 = '{'x' * 161}'", "timings / S01"),
        ("timings = 3", "timings"),
        ("[alarm]\nguard = 'Go.'", "alarm / guard"),
        ("[agency.North]\n", "agency / a slug"),
        ("[agency.north]\ncountry = 'FR'", "agency / north / country"),
        ("[agency]\nnorth = 1", "agency / north"),
        ("[[agency.north.number]]\nfor = 'police'\nnumber = 'one'", "agency / north / police / number"),
        ("[[nummer]]\nfor = 'police'", "nummer"),
        ("country = \n", "line 1, column 11"),
    ],
)
def test_what_is_wrong_in_the_own_file_is_told_by_its_place(text: str, item: str) -> None:
    assert items(text, own=True) == [item]


@given(
    text=st.text(max_size=300)
    | st.sampled_from([OWN, COUNTRY]).flatmap(
        lambda good: st.tuples(st.integers(0, len(good)), st.text(max_size=4)).map(
            lambda change: good[: change[0]] + change[1] + good[change[0] + len(change[1]) :]
        )
    )
)
def test_no_text_stops_the_reader(text: str) -> None:
    for read in (read_site, read_own_site):
        value, problems = read(text, "site/fr.toml")
        assert (value is None) == bool(problems)


# The nearer wins

BASE = Site("FR", (Number("emergency", "112", country="FR"), Number("advice", "10", country="FR")))


def test_own_numbers_take_the_place_of_the_countrys_for_the_same_use() -> None:
    site = merged(BASE, Site(numbers=(Number("advice", "20"), Number("police", "30"))))
    assert [one.number for one in site.numbers] == ["112", "30", "20"]


def test_an_emergency_number_is_never_taken_away() -> None:
    site = merged(BASE, Site(numbers=(Number("emergency", "999"),)))
    assert {one.number for one in site.numbers_for("emergency")} == {"112", "999"}
    again = merged(BASE, Site(numbers=(Number("emergency", "112", "Here."),)))
    assert [(one.number, one.when) for one in again.numbers_for("emergency")] == [("112", "Here.")]


def test_agency_wins_over_installation_wins_over_country() -> None:
    own, _ = read_own_site(OWN, "site.toml")
    assert own is not None
    sites = Sites({"FR": BASE, "PT": Site("PT", (Number("advice", "50", country="PT"),))}, own)

    north, south, away = sites.of("north"), sites.of("south"), sites.of("south", "PT")

    assert [one.number for one in north.numbers_for("duty-coordinator")] == ["4711"]
    assert [one.number for one in south.numbers_for("duty-coordinator")] == ["01 99 00 12 34"]
    assert (north.alarm["prison"], south.alarm["prison"]) == ("Pull the cord.", "Red button.")
    assert north.timings == south.timings == {"S01": "At once."}
    assert (north.country, away.country) == ("FR", "PT")
    assert [one.number for one in away.numbers_for("advice")] == ["50"]


def test_a_country_nobody_wrote_about_is_nowhere() -> None:
    assert Sites({"FR": BASE}).of("north").numbers == ()
    assert Sites({"FR": BASE}).of("north", "DE") == replace(NOWHERE, country="DE")


# What spans files


def changed(english: Content, site: Site) -> Content:
    return replace(english, sites={**english.sites, site.country: site})


def test_a_number_on_an_unverified_fact_is_told(english: Content) -> None:
    number = Number("advice", "10 10", "Ask.", ("GR-09",), None, "GR")
    site = replace(english.sites["GR"], numbers=(number,))
    assert [one.item for one in checker.unsure_numbers(changed(english, site))] == ["advice 10 10"]
    assert list(checker.unsure_numbers(english)) == []


@pytest.mark.parametrize(("as_of", "told"), [(2021, False), (2020, True), (None, True)])
def test_the_year_is_that_of_the_newest_source(english: Content, as_of: int | None, told: bool) -> None:
    number = Number("police", "17", "Ask.", ("FR-02",), as_of, "FR")
    found = list(checker.wrong_years(changed(english, Site("FR", (number,)))))
    assert bool(found) is told


def test_an_unknown_fact_and_an_unnamed_country_stop_the_content() -> None:
    files = dict(packaged("en")[0])
    files["site/fr.toml"] = COUNTRY.replace("FR-09", "FR-999")
    files["site/xx.toml"] = COUNTRY.replace('"FR"', '"XX"')
    content, problems = from_files(files)
    assert content is None
    assert {(one.file, one.item) for one in problems if one.severity == "error"} == {
        ("site/fr.toml", "support PAIRS / facts"),
        ("site/xx.toml", "country"),
    }


def test_a_number_in_a_text_of_a_country_is_told(english: Content) -> None:
    body = Body("support", "PAIRS", "Ring 01 99 00 12 34.", ("FR-09",), None, "FR")
    found = checker.phone_numbers(changed(english, Site("FR", (), (body,))))
    assert {(one.file, one.item) for one in found} == {("site/fr.toml", "support PAIRS")}


def test_the_own_file_is_held_against_the_guidance(english: Content) -> None:
    own = OwnSite(
        Site("DE", timings={"S99": "Soon."}),
        {"north": Site(numbers=(Number("police", "17", facts=("NO-1",)),))},
    )
    assert [one.item for one in check_own_site(own, english)] == [
        "country",
        "timings / S99",
        "agency / north / police 17 / facts",
    ]
    good, _ = read_own_site(OWN, "site.toml")
    assert good is not None
    assert check_own_site(good, english) == ()


def test_a_fact_without_sources_year_gives_no_year(english: Content) -> None:
    fact: Fact = english.facts["PT-01"]
    assert all(english.sources[one].year is None for one in fact.sources)
    assert [one.as_of for one in english.sites["PT"].bodies if one.facts == ("PT-01",)] == [None]
