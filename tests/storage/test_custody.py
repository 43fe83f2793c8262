"""Secrets come from owner-only files or systemd's credentials, and from nowhere else."""

from pathlib import Path

import pytest

from storage.custody import CREDENTIALS, CredentialKeys, FileKeys, provider, secret_text
from storage.errors import BadInstallation
from storage.keyring import Keyring
from storage.sealing.errors import KeyFileError

KEY = "ab" * 32


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """As systemd lays them: readable to the service alone, at most through a group mask."""
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    for name in ("integra.master", "integra.ingest"):
        (folder / name).write_text(f"{KEY}\n")
        (folder / name).chmod(0o440)
    return folder


def test_without_credentials_keys_are_files(tmp_path: Path) -> None:
    assert provider(tmp_path, {}) == FileKeys(tmp_path)
    assert provider(tmp_path, {CREDENTIALS: str(tmp_path / "nowhere")}) == FileKeys(tmp_path)


def test_credentials_come_before_files(tmp_path: Path, credentials: Path) -> None:
    found = provider(tmp_path, {CREDENTIALS: str(credentials)})
    assert found == CredentialKeys(credentials)
    assert found.get("master") == found.get("ingest") == bytes.fromhex(KEY)


def test_an_installation_runs_on_credentials_without_key_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Keyring.create(tmp_path / "keys")
    handed = tmp_path / "credentials"
    handed.mkdir(mode=0o700)
    for name in ("master", "ingest"):
        (tmp_path / "keys" / f"{name}.key").rename(handed / f"integra.{name}")
    monkeypatch.setenv(CREDENTIALS, str(handed))
    loaded = Keyring.load(tmp_path / "keys")
    assert loaded.open("state", b"p", made.seal("state", b"p", b"{}")).strip() == b"{}"


@pytest.mark.parametrize("mode", [0o404, 0o460, 0o644, 0o777])
def test_a_credential_open_to_others_is_refused(credentials: Path, mode: int) -> None:
    (credentials / "integra.master").chmod(mode)
    with pytest.raises(BadInstallation, match="open to others"):
        CredentialKeys(credentials).get("master")


def test_a_credential_that_is_missing_a_link_or_no_key_is_refused(credentials: Path, tmp_path: Path) -> None:
    keys = CredentialKeys(credentials)
    (credentials / "integra.ingest").unlink()
    with pytest.raises(BadInstallation, match="LoadCredential"):
        keys.get("ingest")
    (tmp_path / "elsewhere").write_text(KEY)
    (credentials / "integra.ingest").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInstallation, match="missing"):
        keys.get("ingest")
    (credentials / "integra.master").chmod(0o600)
    for content in (b"", b"zz" * 32, b"ab" * 31, b"\xff" * 64):
        (credentials / "integra.master").write_bytes(content)
        with pytest.raises(BadInstallation) as caught:
            keys.get("master")
        assert "zz" not in str(caught.value)


def test_a_token_may_be_a_credential_or_an_owner_only_file(credentials: Path, tmp_path: Path) -> None:
    (credentials / "token").write_text("123:abc\n")
    (credentials / "token").chmod(0o440)
    handed = {CREDENTIALS: str(credentials)}
    assert secret_text(credentials / "token", handed).strip() == "123:abc"
    with pytest.raises(KeyFileError, match="chmod 600"):
        secret_text(credentials / "token", {})
    own = tmp_path / "token"
    own.write_text("123:abc")
    own.chmod(0o600)
    assert secret_text(own, handed) == "123:abc"
