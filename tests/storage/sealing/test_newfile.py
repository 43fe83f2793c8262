"""A new file is whole or not there, and never in another's place."""

import os
import stat
from pathlib import Path

import pytest

from storage.sealing import newfile
from storage.sealing.errors import KeyFileError
from storage.sealing.newfile import write_new


def code_of(path: Path) -> str:
    with pytest.raises(KeyFileError) as refused:
        write_new(path, b"new")
    return refused.value.code


def test_it_is_written_for_its_owner_alone_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_new(tmp_path / "a.key", b"content")
    assert (tmp_path / "a.key").read_bytes() == b"content"
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a.key"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    for name in ("a", "link", "folder"):
        assert code_of(tmp_path / name) == "exists"
    assert (tmp_path / "a").read_text() == "old"
    assert not (tmp_path / "nowhere").exists()
    assert code_of(tmp_path / "none" / "a") == "missing"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder", "link"]


def test_whoever_is_quicker_keeps_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is taken between the look and the link."""
    real = os.link

    def slow(source: Path, target: Path) -> None:
        target.write_text("quicker")
        real(source, target)

    monkeypatch.setattr(newfile.os, "link", slow)
    assert code_of(tmp_path / "a") == "exists"
    assert (tmp_path / "a").read_text() == "quicker"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_whoever_is_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(newfile.os, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_new(tmp_path / "a.key", b"content")
    assert list(tmp_path.iterdir()) == []


def test_on_a_file_system_without_links_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(newfile.os, "link", no_links)
    write_new(tmp_path / "a.key", b"content")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.key", b"content")]
    assert code_of(tmp_path / "a.key") == "exists"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(newfile.os, "fsync", full)
    with pytest.raises(KeyFileError, match="No space left") as refused:
        write_new(tmp_path / "a.key", b"content")
    assert refused.value.code == "io"
    assert list(tmp_path.iterdir()) == []
