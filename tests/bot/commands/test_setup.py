"""`integra init`, `integra agency`."""

import json
from pathlib import Path
from typing import Any

import pytest


def test_init_makes_an_installation_and_says_what_comes_next(integra: Any, tmp_path: Path) -> None:
    done = integra("init", "--data", tmp_path / "data")
    assert (done.code, done.err) == (0, "")
    assert "integra agency add" in done.out
    again = integra("init", "--data", tmp_path / "data")
    assert (again.code, again.out) == (1, "")
    assert "not empty" in again.err


def test_init_where_a_file_stands_or_nothing_may_be_written_says_so_in_a_sentence(integra: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for data in (tmp_path / "file", tmp_path / "file" / "below"):
        done = integra("init", "--data", data)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("integra: ")
        assert done.err.count("\n") == 1


def test_what_is_asked_wrongly_ends_with_2(integra: Any) -> None:
    for arguments in (("init",), ("nosuch",), ("agency", "add", "north"), ("init", "--nosuch")):
        done = integra(*arguments)
        assert (done.code, done.out) == (2, "")
        assert "Usage:" in done.err


def test_agencies_are_added_and_listed(integra: Any, tmp_path: Path) -> None:
    data = tmp_path / "data"
    integra("init", "--data", data)
    done = integra("agency", "add", "north", "--name", "North", "--zone", "Europe/Lisbon", "--data", data)
    assert done.code == 0
    assert "integra keys add-recipient --agency north" in done.out
    assert integra("agency", "list", "--data", data).out.startswith("north  North  Europe/Lisbon")
    listed = json.loads(integra("agency", "list", "--data", data, "--json").out)
    assert [one["slug"] for one in listed] == ["north"]
    again = integra("agency", "add", "north", "--name", "North", "--data", data)
    assert (again.code, again.out) == (1, "")
    assert "already" in again.err


def test_an_agency_is_changed_and_what_is_left_out_stays(integra: Any, tmp_path: Path) -> None:
    data = tmp_path / "data"
    integra("init", "--data", data)
    integra("agency", "add", "north", "--name", "North", "--zone", "Europe/Lisbon", "--no-media", "--data", data)
    assert "no photos, no voice messages" in integra("agency", "list", "--data", data).out
    done = integra("agency", "set", "north", "--media", "--alarm", "Pull the cord", "--country", "FR", "--data", data)
    assert (done.code, done.out) == (0, "Changed north: alarm, country, media.\n")
    (row,) = json.loads(integra("agency", "list", "--data", data, "--json").out)
    assert (row["name"], row["zone"], row["media"], row["alarm"]) == ("North", "Europe/Lisbon", True, "Pull the cord")
    integra("agency", "set", "north", "--name", "Nord", "--zone", "Europe/Paris", "--alarm", "", "--data", data)
    (row,) = json.loads(integra("agency", "list", "--data", data, "--json").out)
    assert (row["name"], row["zone"], row["media"], row["alarm"]) == ("Nord", "Europe/Paris", True, "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("north",), "say what is to change"),
        (("south", "--name", "South"), "agency"),
        (("north", "--name", ""), "has a name"),
        (("north", "--zone", "Mars/Base"), "time zone is not known"),
        (("north", "--zone", ""), "time zone is not known"),
        (("north", "--country", "XX"), "a country is one of"),
    ],
)
def test_a_change_that_will_not_do_is_refused(
    integra: Any, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    data = tmp_path / "data"
    integra("init", "--data", data)
    integra("agency", "add", "north", "--name", "North", "--data", data)
    before = integra("agency", "list", "--data", data, "--json").out
    done = integra("agency", "set", *arguments, "--data", data)
    assert (done.code, done.out) == (1, "")
    assert says in done.err
    assert integra("agency", "list", "--data", data, "--json").out == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("North!", "--name", "N"), "a slug is"),
        (("north", "--name", "N", "--zone", "Mars/Base"), "time zone is not known"),
        (("north", "--name", "N", "--zone", "../../etc/passwd"), "time zone is not known"),
        (("north", "--name", "N", "--case-pattern", "??"), "pattern is not known"),
    ],
)
def test_an_agency_that_will_not_do_is_refused_and_not_added(
    integra: Any, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    integra("init", "--data", tmp_path / "data")
    done = integra("agency", "add", *arguments, "--data", tmp_path / "data")
    assert (done.code, done.out) == (1, "")
    assert says in done.err
    assert integra("agency", "list", "--data", tmp_path / "data", "--json").out == "[]\n"


def test_the_data_folder_may_come_from_the_environment(
    integra: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTEGRA_DATA", str(tmp_path / "data"))
    assert integra("init").code == 0
    assert integra("agency", "list", "--json").out == "[]\n"
