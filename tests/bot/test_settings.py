"""Settings: the file, the environment over it, all mistakes at once, no secret in either."""

from pathlib import Path

import pytest

from bot.pacing import TELEGRAM, Pace, Paces
from bot.settings import SECRETS, Settings, SettingsError


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [one for one in os.environ if one.startswith("INTEGRA_")]:
        monkeypatch.delenv(name)


def written(folder: Path, text: str) -> Path:
    (folder / "settings.toml").write_text(text)
    return folder


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    settings = Settings.read(tmp_path)
    assert (settings.telegram_api, settings.webhook_host, settings.webhook_port, settings.webhook_path) == (
        "",
        "127.0.0.1",
        8443,
        "/telegram",
    )


def test_the_file_counts_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = written(tmp_path, 'webhook_port = 9000\nwebhook_host = "0.0.0.0"\n')
    assert Settings.read(folder).webhook_port == 9000
    monkeypatch.setenv("INTEGRA_WEBHOOK_PORT", "9001")
    assert (Settings.read(folder).webhook_port, Settings.read(folder).webhook_host) == (9001, "0.0.0.0")


def test_the_pace_is_telegrams_unless_it_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.read(tmp_path).paces == TELEGRAM
    monkeypatch.setenv("INTEGRA_CHAT_PER_S", "0.5")
    monkeypatch.setenv("INTEGRA_ALL_BURST", "3")
    assert Settings.read(tmp_path).paces == Paces(Pace(0.5, 5), Pace(30, 3))
    monkeypatch.setenv("INTEGRA_CHAT_BURST", "0")
    with pytest.raises(SettingsError, match="chat_burst"):
        Settings.read(tmp_path)


def test_the_client_is_one_of_those_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.read(written(tmp_path, "")).client == "aiogram"
    assert Settings.read(written(tmp_path, 'client = "ptb"\n')).client == "ptb"
    monkeypatch.setenv("INTEGRA_CLIENT", "canary")
    with pytest.raises(SettingsError, match=r"client: .* a client is one of: aiogram, ptb") as refused:
        Settings.read(tmp_path)
    assert "canary" not in str(refused.value)


def test_all_mistakes_are_named_at_once_without_the_values(tmp_path: Path) -> None:
    folder = written(tmp_path, 'webhook_port = 99999\nwebhook_path = "no slash canary"\nnonsense = "canary"\n')
    with pytest.raises(SettingsError) as refused:
        Settings.read(folder)
    said = str(refused.value)
    assert all(name in said for name in ("webhook_port", "webhook_path", "nonsense"))
    assert "canary" not in said
    assert "99999" not in said


@pytest.mark.parametrize("content", [b"webhook_port = = 3", b"\xff\xfe\x00"], ids=["no-toml", "no-text"])
def test_a_file_that_is_no_toml_is_refused_by_name_and_without_its_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "settings.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=r"settings\.toml is not TOML"):
        Settings.read(tmp_path)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_the_environment_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "canary")
    with pytest.raises(SettingsError, match=name) as refused:
        Settings.read(tmp_path)
    assert "canary" not in str(refused.value)
