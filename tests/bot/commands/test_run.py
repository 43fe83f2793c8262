"""`integra run` and `integra chat`: what stops them before they begin, and what they say then."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
from fake_telegram import TOKEN, FakeTelegram

from bot.channels.registry import CLIENTS
from bot.commands.run import SHOWN_COMMANDS, commands
from bot.trial import Trial


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    return file


@pytest.fixture
def token_of_another(token_file: Path) -> Path:
    token_file.write_text("4242:AAanother_token_that_is_not_this_bots")
    return token_file


def test_what_will_not_do_is_refused_with_a_remedy(integra: Any, trial: Trial, token_file: Path) -> None:
    data = trial.installation.folder
    loose = token_file.with_name("loose")
    loose.write_text(TOKEN)
    loose.chmod(0o644)
    junk = token_file.with_name("junk")
    junk.write_text("no token")
    junk.chmod(0o600)
    for arguments, says in (
        (("--token-file", token_file, "--client", "pigeon"), "a client is one of: aiogram"),
        (("--token-file", token_file, "--webhook", "https://example.org/x"), "--secret-file"),
        (("--token-file", token_file.with_name("missing")), "missing"),
        (("--token-file", loose), "loose"),
        (("--token-file", junk), "BotFather"),
        (("--token-file", token_file, "--status", "0.0.0.0:9090"), "--status-public"),
        (("--token-file", token_file, "--status", "nowhere"), "such as 127.0.0.1:9090"),
    ):
        done = integra("run", "--data", data, *arguments)
        assert (done.code, done.out) == (1, ""), arguments
        assert says in done.err, arguments
        assert TOKEN not in done.err
    assert integra("run", "--data", data).code == 2


def test_a_secret_or_a_mistake_in_the_settings_stops_it(
    integra: Any, trial: Trial, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = trial.installation.folder
    monkeypatch.setenv("INTEGRA_TELEGRAM_TOKEN", TOKEN)
    done = integra("run", "--data", data, "--token-file", token_file)
    assert (done.code, "INTEGRA_TELEGRAM_TOKEN" in done.err, TOKEN in done.err) == (1, True, False)
    monkeypatch.delenv("INTEGRA_TELEGRAM_TOKEN")
    (data / "settings.toml").write_text("webhook_port = 0\n")
    done = integra("run", "--data", data, "--token-file", token_file)
    assert (done.code, "webhook_port" in done.err) == (1, True)
    (data / "settings.toml").write_text('log_level = "loud"\nlog_format = "prose"\nstatus_public = "perhaps"\n')
    done = integra("run", "--data", data, "--token-file", token_file)
    assert done.code == 1
    assert all(name in done.err for name in ("log_level", "log_format", "status_public"))
    assert "loud" not in done.err
    (data / "settings.toml").write_text('status = "0.0.0.0:9090"\n')
    done = integra("run", "--data", data, "--token-file", token_file)
    assert (done.code, "--status-public" in done.err) == (1, True)


def test_a_client_in_the_settings_that_there_is_not_stops_it(integra: Any, trial: Trial, token_file: Path) -> None:
    data = trial.installation.folder
    (data / "settings.toml").write_text('client = "pigeon"\n')
    done = integra("run", "--data", data, "--token-file", token_file)
    assert (done.code, "client: " in done.err, "aiogram, ptb" in done.err) == (1, True, True)
    assert "pigeon" not in done.err


@pytest.mark.parametrize("library", CLIENTS)
@pytest.mark.one_engine
async def test_a_token_telegram_does_not_know_ends_it_with_1_and_what_to_do(
    integra: Any, trial: Trial, token_of_another: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, library: str
) -> None:
    """The client is the one that the settings name. Whoever minds the process hears of start and end."""
    monkeypatch.setenv("INTEGRA_CLIENT", library)
    minds = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    minds.bind(str(tmp_path / "notify"))
    minds.setblocking(False)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    async with FakeTelegram() as telegram:
        monkeypatch.setenv("INTEGRA_TELEGRAM_API", telegram.url)
        data = trial.installation.folder
        monkeypatch.setattr("asyncio.AbstractEventLoop.add_signal_handler", lambda *_: None)
        monkeypatch.setattr("asyncio.unix_events._UnixSelectorEventLoop.add_signal_handler", lambda *_: None)
        done = await asyncio.to_thread(integra, "run", "--data", data, "--token-file", token_of_another)
    assert (done.code, "BotFather" in done.err) == (1, True)
    assert f"client=Telegram{library.title()} " in done.out
    assert "Unclosed" not in done.err
    with minds:
        assert [minds.recv(99), minds.recv(99)] == [b"READY=1", b"STOPPING=1"]


def test_the_command_menu_has_a_description_for_every_command_in_every_language() -> None:
    for listed in commands(page=True).values():
        assert [f"/{name}" for name, _ in listed] == list(SHOWN_COMMANDS)
        assert all(3 <= len(text) <= 256 for _, text in listed)
    assert "page" not in {name for listed in commands().values() for name, _ in listed}


def test_chat_refuses_a_role_it_does_not_know_and_a_folder_without_an_installation(
    integra: Any, tmp_path: Path
) -> None:
    unknown = integra("chat", "--as", "king")
    assert (unknown.code, unknown.out, "a role is one of: officer" in unknown.err) == (1, "", True)
    missing = integra("chat", "--data", tmp_path / "nowhere")
    assert (missing.code, missing.out, "integra init" in missing.err) == (1, "", True)


def test_t10_a_token_on_the_command_line_is_refused_and_not_repeated(integra: Any, trial: Trial) -> None:
    token = "123456789:" + "A" * 35
    for arguments in (("run", "--token", token), ("run", "--data", "x", f"--token-file={token}"), ("ask", token)):
        done = integra(*arguments)
        assert (done.code, done.out) == (1, "")
        assert "BotFather" in done.err
        assert token not in done.err
