"""Nothing is half there: every dialogue has its transcript, every phrase exists, every command helps."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import cli
from bot.channels.registry import CLIENTS
from bot.commands import errors
from bot.settings import Settings
from bot.site import SiteError
from bot.wiring import voices
from dialogues.registry import DIALOGUES
from guidance.library import ContentError

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
COMMANDS = (
    "demo",
    "chat",
    "ask",
    "check",
    "content coverage",
    "content print",
    "content card",
    "content learn-danger",
    "content gaps",
    "content draft",
    "init",
    "agency add",
    "agency set",
    "agency list",
    "invite",
    "people add",
    "people list",
    "people role",
    "people site",
    "people renew",
    "people revoke",
    "people lost",
    "people replace-chat",
    "case assign",
    "case remove",
    "case members",
    "case list",
    "case close",
    "rota show",
    "rota check",
    "rota load",
    "flags list",
    "flags show",
    "keys make",
    "keys rotate-master",
    "keys show",
    "keys list",
    "keys add-recipient",
    "keys rotate",
    "keys revoke",
    "keys release",
    "keys rewrap",
    "keys split",
    "keys combine",
    "run",
    "serve",
    "upgrade",
    "move",
    "doctor",
    "notes list",
    "notes open",
    "notes withdraw",
    "outbox list",
    "outbox retry",
    "outbox drop",
    "sync run",
    "sync once",
    "sync status",
    "sync check",
    "sync reconcile",
    "sync confirm",
    "sync pause",
    "sync resume",
    "sync retry",
    "sync give-up",
    "sync resend",
    "sync importer",
    "sync public-key",
    "sync webhook-key",
    "sync receiver",
    "audit list",
    "audit checkpoint",
    "audit public-key",
    "audit export",
    "audit verify",
    "backup",
    "restore",
    "retention show",
    "retention run",
)


@pytest.mark.parametrize("dialogue", DIALOGUES)
def test_every_dialogue_has_a_transcript(dialogue: str) -> None:
    named = {path.stem for path in (ROOT / "tests/transcripts").glob("*.txt")}
    also = {"help": "home", "language": "home"}  # shown where they are opened from
    assert any(name == also.get(dialogue, dialogue) or name.startswith(f"{dialogue}-") for name in named)


def test_every_phrase_that_code_asks_for_exists() -> None:
    """Keys written out in the code; keys put together there are walked by the dialogues' own tests."""
    keys = set(voices()["en"].content.phrases.keys())
    asked = set()
    for path in [*(ROOT / "dialogues").glob("*.py"), *(ROOT / "bot").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "text":
                asked |= {
                    arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                }
    assert len(asked) > 80
    assert asked <= keys, sorted(asked - keys)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_and_stands_in_the_readme(command: str) -> None:
    shown = CliRunner().invoke(cli.commands(), [*command.split(), "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output
    assert f"integra {command}" in README


def test_no_command_is_missing_from_the_list_above() -> None:
    found, app = set(), cli.commands()
    for group in app.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            assert command.callback is not None
            name = command.name or command.callback.__name__.rstrip("_").replace("_", "-")
            found.add(f"{group.name} {name}")
    found |= {str(command.name) for command in app.registered_commands}
    assert found == set(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "loaded"),
    [
        ("", set(cli.COMMANDS)),
        ("--help run", set(cli.COMMANDS)),
        ("runn", set(cli.COMMANDS)),
        ("run --help", {"run"}),
        ("--actor people keys make", {"keys"}),
        ("--actor=people keys make", {"keys"}),
        ("--actor people -- keys make", {"keys"}),
        ("--actor", set(cli.COMMANDS)),
    ],
)
def test_the_command_that_is_named_is_loaded_alone(arguments: str, loaded: set[str]) -> None:
    app = cli.commands(arguments.split())
    names = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    assert names == loaded


def test_the_list_of_commands_is_as_their_own_help_has_it_and_loads_none_of_them() -> None:
    loaded = CliRunner().invoke(cli.commands(), ["--help"])
    assert CliRunner().invoke(cli.commands([]), ["--help"]).output == loaded.output
    for name, command in cli.COMMANDS.items():
        own = CliRunner().invoke(cli.commands(), [name, "--help"]).output
        assert command.help in " ".join(own.split()), name
    code = "import sys; from bot.cli import main; main(['--help']); sys.exit('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0


def test_a_command_that_is_not_loaded_is_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert CliRunner().invoke(cli.commands([]), ["run"]).exit_code == 1
    assert cli.main(["--", "run", "--help"]) == 0
    assert "--token-file" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    shown = capsys.readouterr().out
    assert f"integra {tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']['version']}\n" in shown
    assert f"version {voices()['en'].content.guide.version}, " in shown


def test_every_failure_that_is_told_in_a_sentence_is_there() -> None:
    for module, name in errors.FAILURES.items():
        assert issubclass(getattr(import_module(module), name), Exception)
    assert errors.said(ContentError(())).endswith("see: integra check")
    assert "mend them all" in errors.said(SiteError(()))


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_every_setting_stands_in_the_readme(setting: str) -> None:
    assert f"`INTEGRA_{setting.upper()}`" in README


def test_every_client_stands_in_the_readme() -> None:
    for client in CLIENTS:
        assert f"`{client}`" in README


def test_the_core_reads_no_clock() -> None:
    banned = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time)\(")
    for package in ("dialogues", "guidance"):
        for path in (ROOT / package).glob("*.py"):
            assert not banned.search(path.read_text()), path.name


def test_t08_the_bot_cannot_reach_what_opens_notes() -> None:
    """Nothing that `integra run` imports knows how to open a note."""
    code = (
        "import sys, bot.app; from bot.cli import commands; commands(['--actor', 'keys', 'run', '--data', 'here']);"
        "assert 'bot.commands.run' in sys.modules;"
        "sys.exit(any(name in sys.modules for name in"
        " ('storage.sealing.opening', 'storage.sealing.rewrap', 'storage.sealing.opening_attachment', 'storage.opened',"
        " 'storage.opened_attachments', 'storage.rewrapping', 'storage.sync')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0
