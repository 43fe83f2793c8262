"""The operator's own file: read at start, refused whole with all that is wrong, and shown to those it is for."""

import json
from pathlib import Path
from typing import Any

import pytest
from bot_site import NOON

from bot import wiring
from bot.channels.console import Console
from bot.cli import main
from bot.clock import MovableClock
from bot.site import SiteError, checked, sites
from bot.trial import AGENCY, Trial
from storage import agencies
from storage.schema import agencies as agencies_table
from storage.transaction import Transaction

CONTENT = wiring.voices()["en"].content
GOOD = f"""
[alarm]
officer = "Ring the control room."
[[number]]
for = "duty-coordinator"
number = "01 99 00 12 34"
[agency.{AGENCY}.timings]
S01 = "Before the end of the shift."
"""


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial.create(tmp_path / "world", at=NOON, roles=("officer",))


def started(trial: Trial) -> Any:
    store = trial.installation.store()
    try:
        return wiring.app(trial.installation, store, {"console": Console()}, clock=MovableClock(NOON))
    finally:
        store.close()


def seen(trial: Trial) -> Any:
    """The agency as dialogues see it."""
    store = trial.installation.store()
    try:
        world = wiring.world(trial.installation, slugs=[AGENCY])

        def look(tx: Transaction) -> Any:
            row = agencies.by_slug(tx, AGENCY)
            return world.access.agency(tx, row.ref, row.version, NOON)

        return store.run_now(look)
    finally:
        store.close()


def test_without_a_file_the_country_alone_speaks(trial: Trial) -> None:
    site = seen(trial).site
    assert site.country == "FR"
    assert {one.number for one in site.numbers} == {"112", "17", "0 800 005 696"}
    assert not site.alarm


def test_the_file_is_read_at_start(trial: Trial) -> None:
    trial.installation.site.write_text(GOOD)
    started(trial)
    site = seen(trial).site
    assert [one.number for one in site.numbers_for("duty-coordinator")] == ["01 99 00 12 34"]
    assert site.timings == {"S01": "Before the end of the shift."}
    assert site.alarm == {"officer": "Ring the control room."}
    assert site.numbers_for("police")


def test_mistakes_stop_the_start_and_are_all_told(trial: Trial) -> None:
    trial.installation.site.write_text(GOOD.replace("01 99", "one") + '[timings]\nS1 = "x"\n[[nummer]]\n')
    with pytest.raises(SiteError) as refused:
        started(trial)
    assert len(refused.value.problems) == 3
    assert len(str(refused.value).splitlines()) == 3


def test_a_part_for_an_agency_that_is_not_there_stops_the_start(trial: Trial) -> None:
    """Its alarm line would never be seen."""
    trial.installation.site.write_text(GOOD.replace(AGENCY, "northbrige"))
    with pytest.raises(SiteError, match="northbrige"):
        started(trial)


@pytest.mark.parametrize("what", ["folder", "latin-1"])
def test_what_is_no_text_is_told(tmp_path: Path, what: str) -> None:
    path = tmp_path / "site.toml"
    if what == "folder":
        path.mkdir()
    else:
        path.write_bytes('[alarm]\nprison = "Zögern"\n'.encode("latin-1"))
    own, problems = checked(path, CONTENT)
    assert own is None
    assert len(problems) == 1
    with pytest.raises(SiteError):
        sites(path, CONTENT)


def test_a_mark_at_the_start_of_the_file_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert checked(tmp_path / "site.toml", CONTENT)[1] == ()


def test_an_agency_of_an_earlier_version_has_no_country(trial: Trial) -> None:
    store = trial.installation.store()

    def age(tx: Transaction) -> None:
        row = agencies.by_slug(tx, AGENCY)
        old = {name: value for name, value in row.profile.items() if name != "country"}
        tx.db.execute(agencies_table.update().values(sealed_profile=tx.seal("agency", row.ref, old)))

    try:
        store.run_now(age)
    finally:
        store.close()
    assert (seen(trial).name, seen(trial).site.numbers) == ("Northbridge Probation (demo)", ())
    trial.installation.site.write_text('country = "NL"\n')
    assert seen(trial).site.country == "NL"


# Commands


def test_check_site_says_what_must_be_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert main(["check", "--site", str(path)]) == 0
    assert capsys.readouterr().out == "0 to mend, 0 to look at\n"
    path.write_text(GOOD.replace("S01", "S77"))
    assert main(["check", "--site", str(path), "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["file"], told["item"]) == ("mine.toml", f"agency / {AGENCY} / timings / S77")


def test_check_site_stands_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "site.toml"
    assert main(["check", "--site", str(path)]) == 2
    path.write_text("")
    assert main(["check", "--site", str(path), "--against", "HEAD"]) == 1
    assert "--against" in capsys.readouterr().err


def test_an_agency_is_added_with_a_country_that_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = str(tmp_path / "data")
    add = ["agency", "add", "lisbon", "--name", "Lisbon (demo)", "--data", data]
    assert main(["init", "--data", data]) == 0
    assert main([*add, "--country", "pt"]) == 1
    assert "BG, FR, GR, IT, NL, PT" in capsys.readouterr().err
    assert main([*add, "--country", "PT"]) == 0
    assert main(["agency", "list", "--data", data]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("  PT")
