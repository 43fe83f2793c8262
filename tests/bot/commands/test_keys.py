"""`integra keys`: made on the holder's machine, put on the desk by the admin; then notes can be sealed."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_text("six quiet synthetic words in here\n")
    file.chmod(0o600)
    return file


def test_from_init_to_a_desk_that_can_be_sealed_to(integra: Any, tmp_path: Path, passphrase: Path) -> None:
    data = tmp_path / "data"
    integra("init", "--data", data)
    integra("agency", "add", "north", "--name", "North", "--data", data)
    before = integra("keys", "list", "--data", data, "--agency", "north")
    assert (before.code, before.out) == (1, "")
    assert "integra keys add-recipient" in before.err
    with_passphrase = ("--passphrase-file", passphrase)
    for role in ("coordinator", "recovery", "admin"):
        made = integra("keys", "make", "--role", role, "--out", tmp_path / f"{role}.key", *with_passphrase)
        assert made.code == 0, made.err
        assert stat.S_IMODE((tmp_path / f"{role}.key").stat().st_mode) == 0o600
    made = integra("keys", "make", "--role", "case-system", "--out", tmp_path / "case.key", "--json")
    assert (made.code, set(json.loads(made.out))) == (0, {"private", "public", "kid", "words"})
    added = integra(
        *("keys", "add-recipient", "--data", data, "--agency", "north", "--admin-key", tmp_path / "admin.key"),
        *("--key", tmp_path / "coordinator.key.pub", "--key", tmp_path / "case.key.pub"),
        *("--key", tmp_path / "recovery.key.pub", "--yes", *with_passphrase),
    )
    assert (added.code, "version 1 with 3 keys" in added.out) == (0, True)
    listed = json.loads(integra("keys", "list", "--data", data, "--agency", "north", "--json").out)
    assert sorted(one["role"] for one in listed["recipients"]) == ["case-system", "coordinator", "recovery"]
    assert "coordinators of: north" in integra("keys", "list", "--data", data, "--agency", "north").out


def test_keys_are_never_written_over_and_need_what_they_need(integra: Any, tmp_path: Path, passphrase: Path) -> None:
    out = ("--out", tmp_path / "a.key")
    assert integra("keys", "make", "--role", "coordinator", *out, "--passphrase-file", passphrase).code == 0
    held = (tmp_path / "a.key").read_bytes(), (tmp_path / "a.key.pub").read_bytes()
    for arguments, says in (
        (("--role", "coordinator", *out, "--passphrase-file", passphrase), "a.key"),
        (("--role", "king", "--out", tmp_path / "b.key"), "a role is one of"),
        (("--role", "ingest", "--out", tmp_path / "b.key"), "a role is one of"),
        (("--role", "case-system", "--suite", "rot13", "--out", tmp_path / "b.key"), "a suite is"),
        (("--role", "case-system", "--out", tmp_path / "nowhere" / "b.key"), "nowhere"),
        (("--role", "coordinator", "--out", tmp_path / "b.key", "--passphrase-file", tmp_path / "none"), "none"),
    ):
        done = integra("keys", "make", *arguments)
        assert (done.code, done.out) == (1, ""), arguments
        assert says in done.err, arguments
    short = tmp_path / "short"
    short.write_text("short\n")
    short.chmod(0o600)
    done = integra("keys", "make", "--role", "admin", "--out", tmp_path / "b.key", "--passphrase-file", short)
    assert (done.code, "at least 12" in done.err) == (1, True)
    assert not (tmp_path / "b.key").exists()
    assert ((tmp_path / "a.key").read_bytes(), (tmp_path / "a.key.pub").read_bytes()) == held


def test_what_is_no_public_key_or_no_admins_is_not_put_on_the_desk(
    integra: Any, tmp_path: Path, passphrase: Path
) -> None:
    data = tmp_path / "data"
    integra("init", "--data", data)
    integra("agency", "add", "north", "--name", "North", "--data", data)
    for role in ("coordinator", "admin"):
        integra("keys", "make", "--role", role, "--out", tmp_path / f"{role}.key", "--passphrase-file", passphrase)
    (tmp_path / "junk.pub").write_text('{"format": "integra-public-1"}')
    for key, admin, says in (
        (tmp_path / "junk.pub", tmp_path / "admin.key", "is not the public half"),
        (tmp_path / "coordinator.key", tmp_path / "admin.key", "is not the public half"),
        (tmp_path / "admin.key.pub", tmp_path / "admin.key", "is not the public half"),
        (tmp_path / "missing.pub", tmp_path / "admin.key", "there is no"),
        (tmp_path / "coordinator.key.pub", tmp_path / "coordinator.key", "not an admin key"),
    ):
        done = integra(
            *("keys", "add-recipient", "--data", data, "--agency", "north", "--key", key, "--admin-key", admin),
            *("--passphrase-file", passphrase, "--yes", "--json"),
        )
        assert (done.code, done.out) == (1, ""), key.name
        assert says in done.err, key.name
    assert integra("keys", "list", "--data", data, "--agency", "north").code == 1
