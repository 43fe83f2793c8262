"""`integra rota` and `integra flags` in the terminal: a week to read, a file to load, the way a flag went."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from bot_site import Site, at_desk
from rota_site import ROTA, blocks

from bot.trial import AGENCY, Trial

WORDS = "He did not come to the workshop."


def data(trial: Trial) -> tuple[str, str, str, Path]:
    return ("--agency", AGENCY, "--data", trial.installation.folder)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rota.toml"
    path.write_text(ROTA.replace("Coord-2", "Coord-1").replace("Coord-3", "Coord-1"))
    return path


def test_a_rota_is_loaded_shown_by_the_week_and_given_back_as_a_file(
    integra: Any, trial: Trial, file: Path, tmp_path: Path
) -> None:
    shown = integra("rota", "show", *data(trial))
    assert (shown.code, "no rota; flags go to all coordinators" in shown.out) == (0, True)
    loaded = integra("rota", "load", file, *data(trial))
    assert (loaded.code, loaded.out) == (0, "In force from now on: version 1, 2 shifts.\n")
    shown = integra("rota", "show", *data(trial))
    assert shown.out.count("08:00-20:00  Coord-1") == 7
    assert "times of Europe/Paris" in shown.out
    rows = json.loads(integra("rota", "show", *data(trial), "--json", "--weeks", 2).out)
    assert rows["zone"] == "Europe/Paris"
    assert {name for one in rows["duty"] for name in one["first"]} == {"Coord-1"}
    again = tmp_path / "again.toml"
    again.write_text(integra("rota", "show", *data(trial), "--file").out)
    loaded = json.loads(integra("rota", "load", again, *data(trial), "--json").out)
    assert loaded == {"agency": AGENCY, "version": 2, "problems": 0, "remarks": [], "dropped": []}


def test_the_example_that_is_shown_where_there_is_no_rota_can_be_loaded(
    integra: Any, trial: Trial, tmp_path: Path
) -> None:
    example = tmp_path / "example.toml"
    example.write_text(integra("rota", "show", *data(trial), "--file").out)
    assert integra("rota", "load", example, *data(trial)).code == 0


def test_hours_with_nobody_and_people_out_of_reach_are_found_before_and_after_loading(
    integra: Any, trial: Trial, file: Path
) -> None:
    good = integra("rota", "check", file, *data(trial))
    assert (good.code, good.out) == (0, "Good for the next 2 weeks: every hour is covered.\n")
    file.write_text(file.read_text().replace('"daily"', '["mon", "tue"]', 1).replace("Coord-1", "Coord-9", 2))
    bad = integra("rota", "check", file, *data(trial))
    assert bad.code == 1
    assert "NOBODY is on duty" in bad.out
    assert "Coord-9 has no access here" in bad.out
    assert "to mend in the next 2 weeks" in bad.out
    assert integra("rota", "show", *data(trial)).out.count("Coord-9") == 0, "to check is not to load"
    site = Site(trial)
    blocks(site, "coordinator")
    site.close()
    found = json.loads(integra("rota", "check", *data(trial), "--json").out)
    assert [one["why"] for one in found["problems"]] == ["blocked"]


def test_a_file_with_mistakes_is_refused_whole_with_all_that_is_wrong(integra: Any, trial: Trial, file: Path) -> None:
    file.write_text('zone = "Mars/Base"\n[[shift]]\ndays = "sometimes"\nfrom = "8"\nto = "20:00"\nfirst = []\n')
    refused = integra("rota", "load", file, *data(trial))
    assert (refused.code, refused.out) == (1, "")
    for says in ("time zone", "shift 1: days", "shift 1: from", "shift 1: first", "nothing of it was taken"):
        assert says in refused.err
    assert "no rota" in integra("rota", "show", *data(trial)).out
    assert integra("rota", "load", file.with_name("gone.toml"), *data(trial)).code == 1
    unknown = integra("rota", "show", "--agency", "nowhere", "--data", trial.installation.folder)
    assert (unknown.code, "there is no agency nowhere" in unknown.err) == (1, True)


SITE_SHIFT = """
[[shift]]
site = "East prison"
days = "daily"
from = "07:00"
to = "19:00"
first = ["Coord-1"]
"""


def test_sites_are_shown_by_the_week_and_what_may_be_a_slip_is_remarked_on(
    integra: Any, trial: Trial, file: Path
) -> None:
    file.write_text(file.read_text() + SITE_SHIFT)
    loaded = integra("rota", "load", file, *data(trial))
    assert "Nobody works at East prison: no flag calls its shifts (nobody has a site yet" in loaded.out
    shown = integra("rota", "show", *data(trial)).out
    assert shown.count("  East prison  07:00-19:00  Coord-1") == 7
    assert shown.count("  East prison  19:00-00:00  (the agency's shifts)") == 7
    rows = json.loads(integra("rota", "show", *data(trial), "--json").out)["duty"]
    assert {one["site"] for one in rows} == {"", "East prison"}
    invited = integra(
        "invite", *data(trial)[:2], "--role", "officer", "--site", "east  PRISON", "--data", trial.installation.folder
    )
    assert "Invite for one officer of northbridge, at East prison" in invited.out
    people = json.loads(integra("people", "list", "--data", trial.installation.folder, "--json").out)
    for person, name in zip(people, ("East prison", "West prison"), strict=False):
        done = integra("people", "site", person["id"], name, *data(trial))
        assert (done.code, done.out) == (0, f"Works at {name} now.\n")
    done = integra("people", "site", people[2]["id"], "EAST prison", *data(trial))
    assert done.out == "Works at East prison now.\n", "as it is written already"
    checked = json.loads(integra("rota", "check", *data(trial), "--json").out)
    assert checked["remarks"] == [
        "West prison has no shifts of its own; its flags call whoever is on duty for the whole agency"
    ]
    assert checked["problems"] == []
    listed = integra("people", "list", "--data", trial.installation.folder)
    assert "at West prison" in listed.out
    assert integra("people", "site", people[0]["id"], *data(trial)).out.startswith("Works at no site now")
    refused = integra("people", "site", people[0]["id"], "x" * 65, *data(trial))
    assert (refused.code, "a site is a short name" in refused.err) == (1, True)


CHANGES = '[[absence]]\nwho = "Coord-1"\nfrom = 2090-12-24\nto = 2090-12-26\n'


def test_absences_and_swaps_that_the_file_lacks_are_not_lost_unseen(integra: Any, trial: Trial, file: Path) -> None:
    plain = file.read_text()
    file.write_text(plain + CHANGES + '[[swap]]\nday = 2090-12-24\nfrom = "08:00"\nfirst = ["Coord-1"]\n')
    assert integra("rota", "load", file, *data(trial)).code == 0
    file.write_text(plain)
    refused = integra("rota", "load", file, *data(trial))
    assert (refused.code, refused.out) == (1, "")
    for said in ("nothing was changed", "away: Coord-1, 2090-12-24 to 2090-12-26, no cover", "--keep", "--replace"):
        assert said in refused.err
    told = integra("rota", "load", file, *data(trial), "--json")
    assert (told.code, json.loads(told.out)["version"]) == (1, None)
    assert len(json.loads(told.out)["would_be_lost"]) == 2
    assert "2090-12-24" in integra("rota", "show", "--file", *data(trial)).out
    assert integra("rota", "load", file, *data(trial), "--keep", "--replace").code == 2
    kept = integra("rota", "load", file, *data(trial), "--keep")
    assert (kept.code, "Kept: swap: 2090-12-24 08:00, Coord-1" in kept.out) == (0, True)
    written = integra("rota", "show", "--file", *data(trial)).out
    assert written.count("2090-12-24") == 2
    file.write_text(written)
    again = integra("rota", "load", file, *data(trial))
    assert (again.code, "Kept" in again.out, "Dropped" in again.out) == (0, False, False), "what it has is not lost"
    file.write_text(plain)
    dropped = json.loads(integra("rota", "load", file, *data(trial), "--replace", "--json").out)
    assert len(dropped["dropped"]) == 2
    assert "2090" not in integra("rota", "show", "--file", *data(trial)).out


@pytest.fixture
def flagged(trial: Trial) -> str:
    async def logged() -> str:
        site = Site(trial)
        async with at_desk(site) as desk:
            found = await desk.logs_note("officer", WORDS, "today")
            await desk.says(
                "coordinator", f"[inbox.{found}.decline]", "[busy]", f"[inbox.{found}.take]", "[close]", "[acted]"
            )
        site.close()
        return found

    return asyncio.run(logged())


def test_the_way_a_flag_went_is_shown_and_why_with_a_key_alone(integra: Any, trial: Trial, flagged: str) -> None:
    shown = integra("flags", "show", flagged.lower(), *data(trial))
    assert shown.code == 0
    for act in ("raise", "decline  Coord-1", "take  Coord-1", "close  Coord-1"):
        assert act in shown.out
    assert "busy" not in shown.out
    assert "why is sealed" in shown.out
    opened = integra("flags", "show", flagged, *data(trial), "--key", trial.coordinator_key)
    assert "why: busy" in opened.out
    assert "outcome: acted" in opened.out
    whole = json.loads(integra("flags", "show", flagged, *data(trial), "--key", trial.coordinator_key, "--json").out)
    assert {"why": "busy"} in [one["why"] for one in whole["steps"]]
    assert WORDS not in json.dumps(whole)
    assert integra("flags", "list", *data(trial)).out == "None.\n"
    assert integra("flags", "show", "0000-0000", *data(trial)).code == 1
