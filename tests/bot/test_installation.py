"""The data folder: made once, for its owner alone, without a key that opens a note."""

import stat
from pathlib import Path

import pytest

from bot.installation import Installation
from bot.settings import Settings
from storage.errors import BadInstallation


def test_a_new_one_is_its_owners_alone_in_every_file(tmp_path: Path) -> None:
    made = Installation.create(tmp_path / "data")
    found = [made.folder, *made.folder.rglob("*")]
    assert {path.name for path in found} >= {"data", "keys", "desks", "settings.toml", "integra.db"}
    assert [path.name for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
    assert Settings.read(made.folder).webhook_port == 8443, "the file it comes with can be read"


def test_it_is_never_made_over_another(tmp_path: Path) -> None:
    Installation.create(tmp_path / "data")
    with pytest.raises(BadInstallation, match="is not empty"):
        Installation.create(tmp_path / "data")


def test_one_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(BadInstallation, match="integra init --data"):
        Installation.at(tmp_path / "nowhere")


def test_one_open_to_others_is_refused_and_says_what_to_run(tmp_path: Path) -> None:
    made = Installation.create(tmp_path / "data")
    made.folder.chmod(0o750)
    with pytest.raises(BadInstallation, match="chmod 700"):
        Installation.at(made.folder)


@pytest.mark.parametrize("key", ["master.key", "ingest.key"])
def test_a_key_file_open_to_others_or_missing_stops_the_start(tmp_path: Path, key: str) -> None:
    made = Installation.create(tmp_path / "data")
    (made.folder / "keys" / key).chmod(0o644)
    with pytest.raises(BadInstallation):
        made.keyring()
    (made.folder / "keys" / key).unlink()
    with pytest.raises(BadInstallation):
        made.keyring()


def test_an_opening_key_inside_the_data_folder_is_refused_also_by_a_link(tmp_path: Path) -> None:
    made = Installation.create(tmp_path / "data")
    inside = made.folder / "coordinator.key"
    inside.write_text("x")
    (tmp_path / "link").symlink_to(inside)
    for path in (inside, tmp_path / "link", made.folder / "keys" / ".." / "coordinator.key"):
        with pytest.raises(BadInstallation, match="must not lie inside"):
            made.refuse_inside(path)
    made.refuse_inside(tmp_path / "elsewhere.key")


def test_what_the_bot_writes_can_be_read_by_it_after_opening_anew(tmp_path: Path) -> None:
    made = Installation.create(tmp_path / "data")
    ref = made.keyring().agency_ref("north")
    assert Installation.at(made.folder).keyring().agency_ref("north") == ref
