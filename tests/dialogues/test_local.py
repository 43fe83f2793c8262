"""What is shown of a place: its numbers with their date, the own before the country's, and no number nobody gave."""

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.wiring import voices
from dialogues.desk import COMMANDS
from guidance.site import Body, Number, OwnSite, Site, Sites

COUNTRIES = voices()["en"].content.sites
DUTY = Number("duty-coordinator", "01 99 00 12 34", "Day and night.")
OWN = Site(
    numbers=(DUTY, Number("control-room", "4711")),
    bodies=(Body("data-protection", "Data protection officer", as_of=2026),),
    timings={"S01": "Before the end of the shift."},
    alarm={"prison": "Red button.", "coordinator": "Ring the control room."},
)


def placed(agency: Any, country: str = "", own: Site | None = None) -> Any:
    return replace(agency, site=Sites(COUNTRIES, OwnSite(own or Site())).of(agency.slug, country))


def numbers(text: str) -> set[str]:
    """All runs of two digits or more, years and hours apart."""
    found = re.findall(r"\d+(?: \d+)+|\d{2,}", re.sub(r"\b(?:19|20)\d\d\b|\d{1,2}:\d\d", "", text))
    return {one for one in found if len(one.replace(" ", "")) > 1}


def test_it_is_a_command_and_a_button_and_gives_the_floor_back(talk: Any) -> None:
    one = talk()
    assert COMMANDS["/local"] == "local"
    one.write("/menu")
    one.press("local")
    assert one.floor.top is None
    assert one.keys == ("home",)


def test_on_top_of_a_note_the_note_goes_on(talk: Any) -> None:
    one = talk()
    one.write("/note", "AB-1234-P")
    before = one.state
    one.write("/local")
    assert one.state == before


def test_where_nothing_is_known_it_says_so_and_names_no_number_but_112(talk: Any) -> None:
    one = talk()
    one.write("/local")
    assert one.phrase("local-nothing") in one.said
    assert numbers(one.said) == {"112"}


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_a_country_shows_its_own_numbers_and_no_other(talk: Any, north: Any, country: str) -> None:
    one = talk(agencies=(placed(north, country),))
    one.write("/local")
    assert numbers(one.says[0].text) == {number.number for number in COUNTRIES[country].numbers}
    assert one.phrase("local-ask-duty") in one.said


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_every_country_entry_tells_its_year_or_that_there_is_none_and_to_check(
    talk: Any, north: Any, country: str
) -> None:
    one = talk(agencies=(placed(north, country),))
    one.write("/local")
    site = COUNTRIES[country]
    entries = {number.number: number.as_of for number in site.numbers} | {body.name: body.as_of for body in site.bodies}
    lines = [line.removeprefix("• ") for line in one.said.splitlines() if line.startswith("• ")]
    for name, year in entries.items():
        line = next(line for line in lines if line.startswith(f"{name} · "))
        assert line.endswith(f"As of {year}, check locally." if year else "gives no year, check locally.")
    assert "Source: " in one.says[0].small
    assert len(one.said) < 4096


def test_own_entries_need_no_check_and_come_with_their_date(talk: Any, north: Any) -> None:
    one = talk(agencies=(placed(north, own=OWN),))
    one.write("/local")
    assert "01 99 00 12 34 · duty coordinator: Day and night." in one.said
    assert "Data protection officer · data protection: As of 2026." in one.said
    assert "check locally" not in one.said
    assert one.phrase("local-ask-duty") not in one.said
    assert one.says[0].small == ""


def test_a_person_of_two_agencies_hears_of_both(talk: Any, north: Any, south: Any) -> None:
    one = talk(agencies=(placed(north, "FR"), placed(south, "GR")))
    one.write("/local")
    assert [north.name in one.says[0].title, south.name in one.says[1].title] == [True, True]
    assert ("Epanodos" in one.says[0].text, "Epanodos" in one.says[1].text) == (False, True)
    assert (one.says[0].rows, one.keys) == ((), ("home",))


# In danger


def test_in_danger_the_countrys_other_numbers_stand_below_112(talk: Any, north: Any) -> None:
    one = talk(agencies=(placed(north, "FR"),))
    one.write("/danger")
    assert one.says[0].title == one.phrase("danger-first")
    assert one.says[0].text.splitlines()[0] == "17 police (France)"
    assert one.phrase("danger-ask-duty") in one.said
    assert numbers(one.said) == {"112", "17"}


def test_an_advice_line_is_no_number_for_danger(talk: Any, north: Any) -> None:
    for country in ("FR", "NL"):
        one = talk(agencies=(placed(north, country),))
        one.write("/danger")
        assert "0 800 005 696" not in one.said
        assert "088 20 80 080" not in one.said


def test_the_duty_number_is_told_where_there_is_one(talk: Any, north: Any) -> None:
    one = talk(agencies=(placed(north, own=OWN),))
    one.write("/danger")
    assert one.says[0].text.splitlines()[0] == "4711 control room"
    assert "ring your duty coordinator by voice. Number: 01 99 00 12 34." in one.said
    assert one.phrase("danger-ask-duty") not in one.said


@pytest.mark.parametrize(
    ("role", "first"),
    [
        ("prison", "Red button."),
        ("coordinator", "Ring the control room."),
        ("supervisor", "Ring the control room."),
        ("admin", "Ring the control room."),
        ("officer", "Call 112 now."),
        ("mentor", "Call 112 now."),
    ],
)
def test_the_alarm_line_is_the_roles_own(talk: Any, north: Any, role: str, first: str) -> None:
    one = talk(role=role, agencies=(placed(north, own=OWN),))
    one.write("/danger")
    assert one.says[0].title == first
    assert "112" in one.said


def test_the_agencys_alarm_comes_before_the_sites(talk: Any, north: Any) -> None:
    one = talk(role="prison", agencies=(replace(placed(north, own=OWN), alarm="Pull the cord."),))
    one.write("/danger")
    assert one.says[0].title == "Pull the cord."


# On a step


def test_a_step_shows_the_sites_timing_in_place_of_the_guides(talk: Any, north: Any) -> None:
    steps = voices()["en"].content.steps
    here, away = talk(agencies=(placed(north, own=OWN),)), talk()
    here.write("/guide S01")
    away.write("/guide S01")
    assert "When: Before the end of the shift." in here.said
    assert steps["S01"].timing not in here.said
    assert steps["S01"].timing in away.said
    here.write("/guide S02")
    assert steps["S02"].timing in here.said
