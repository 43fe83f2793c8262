"""The deploy files hold together: units that systemd understands, command lines that ours takes, the lock in the image.

No unit and no container is started here; docs/operating.md says so.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import plain_yaml
import pytest
import typer

from bot.cli import commands
from bot.settings import Settings
from bot.status import Address

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
SERVICES = ("integra.service", "integra-page.service", "integra-sync.service", "integra-backup.service")
UNITS = (*SERVICES, "integra-backup.timer")
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None and "CI" not in os.environ, reason="systemd-analyze is not here")

# What the page of security facts asks of every unit (systemd.exec(5)).
HARDENING = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "MemoryDenyWriteExecute": "yes",
    "LimitCORE": "0",
    "MemorySwapMax": "0",
    "SystemCallFilter": "@system-service",
    "UMask": "0077",
    "CapabilityBoundingSet": "",
}
KNOWN = {
    "Unit": {"Description", "Documentation", "After", "Wants", "StartLimitIntervalSec"},
    "Service": {
        *HARDENING,
        *("Type", "NotifyAccess", "User", "Group", "LoadCredential", "ExecStart", "ExecReload", "TimeoutStartSec"),
        *("TimeoutStopSec", "WatchdogSec", "Restart", "RestartSec", "RestartPreventExitStatus", "ReadWritePaths"),
        *(
            "ExecStartPost",
            "AmbientCapabilities",
            "RestrictAddressFamilies",
            "RestrictNamespaces",
            "RestrictRealtime",
            "ProtectClock",
        ),
        *("RestrictSUIDSGID", "LockPersonality", "SystemCallArchitectures", "SystemCallErrorNumber", "MemoryMax"),
        *("ProtectControlGroups", "ProtectHostname", "ProtectKernelLogs", "ProtectKernelModules", "TasksMax"),
        *("ProtectKernelTunables", "ProtectProc", "RemoveIPC", "Environment", "EnvironmentFile", "PrivateNetwork"),
    },
    "Timer": {"OnCalendar", "Persistent"},
    "Install": {"WantedBy"},
}


def unit(name: str) -> dict[str, list[tuple[str, str]]]:
    """Sections of a unit file: what stands in them, in order."""
    sections: dict[str, list[tuple[str, str]]] = {}
    section = ""
    for line in (DEPLOY / name).read_text().splitlines():
        if found := re.fullmatch(r"\[([A-Z][a-z]+)\]", line):
            section = found[1]
            sections[section] = []
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            sections[section].append((key, value))
    return sections


def parsed(arguments: list[str]) -> dict[str, Any]:
    """What our command line makes of these arguments; whatever it refuses, raises."""
    command: Any = typer.main.get_command(commands())
    context = command.make_context("integra", list(arguments))
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, list(rest), parent=context)
    assert isinstance(context.params, dict)
    return context.params


# ---------------------------------------------------------------- systemd


@pytest.mark.parametrize("name", UNITS)
def test_units_say_only_what_there_is(name: str) -> None:
    for section, pairs in unit(name).items():
        assert {key for key, _ in pairs} <= KNOWN[section], section


@pytest.mark.parametrize("name", SERVICES)
def test_services_are_walled_in(name: str) -> None:
    service = dict(unit(name)["Service"])
    assert {key: service.get(key) for key in HARDENING} == HARDENING
    assert service["User"] == "integra"
    assert "/etc/integra/master.key" in str(unit(name)["Service"])


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_starts_is_a_command_of_ours(name: str) -> None:
    command = shlex.split(dict(unit(name)["Service"])["ExecStart"])
    if command[:2] == ["/bin/sh", "-c"]:
        command = shlex.split(command[2].replace("$$(date +%%F)", "2026-11-26"))[1:]  # behind "exec"
    program, *arguments = command
    assert program == "/opt/integra/.venv/bin/integra"
    filled = [one.replace("${CREDENTIALS_DIRECTORY}", "/run/x") for one in arguments]
    taken = parsed(filled)
    assert taken["data"] == Path("/var/lib/integra/data")
    if name == "integra.service":
        assert taken["token_file"] == Path("/run/x/integra.token")
        assert Address.read(taken["status"]).host == "127.0.0.1"
    elif name == "integra-page.service":
        assert taken["url"] == "https://notes.example.org"
    elif name == "integra-backup.service":
        assert taken["to"] == Path("/mnt/backup/2026-11-26.backup")
    else:
        assert taken["destinations"] == Path("/etc/integra/destinations.toml")
        assert Address.read(taken["status"]).host == "127.0.0.1"


def test_a_command_line_that_is_not_ours_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parsed(["run", "--data", "x", "--token-file", "y", "--statsu", "127.0.0.1:9090"])
    with pytest.raises(Exception, match="Missing parameter"):
        parsed(["sync", "once", "--data", "x"])


def test_the_service_tells_how_it_is_and_is_given_the_time_to_stop() -> None:
    service = dict(unit("integra.service")["Service"])
    assert (service["Type"], service["Restart"], service["RestartPreventExitStatus"]) == ("notify", "on-failure", "2")
    assert int(service["WatchdogSec"]) >= 30
    assert int(service["TimeoutStopSec"]) >= 30


@needs_systemd
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """Only the program is one that is here."""
    assert ANALYZE is not None
    here = str(Path(sys.executable).with_name("integra"))
    for name in UNITS:
        text = (DEPLOY / name).read_text().replace("/opt/integra/.venv/bin/integra", here)
        (tmp_path / name).write_text(text)
    for name in UNITS:
        done = subprocess.run(
            [ANALYZE, "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True, check=False
        )
        # It looks at every unit of the machine; what it says of those is not about ours.
        said = [line for line in done.stderr.splitlines() if not line.startswith(("/lib/", "/usr/lib/"))]
        assert (done.returncode, done.stdout, said) == (0, "", []), name
    (tmp_path / "wrong.service").write_text(f"[Service]\nExecStart={here}\nNoSuchThing=yes\n")
    done = subprocess.run(
        [ANALYZE, "verify", "--man=no", str(tmp_path / "wrong.service")], capture_output=True, text=True, check=False
    )
    assert "NoSuchThing" in done.stderr


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_counts_little_that_they_are_exposed_to(name: str) -> None:
    """Out of 10; a unit without walls has 9.6."""
    assert ANALYZE is not None
    command = [ANALYZE, "security", "--offline=true", "--threshold=20", "--no-pager", str(DEPLOY / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:]


# ---------------------------------------------------------------- container


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    return [
        (line.split(maxsplit=1)[0], line.split(maxsplit=1)[1])
        for line in text.splitlines()
        if line.strip() and not line.startswith("#")
    ]


def test_the_image_copies_what_there_is_and_what_is_not_kept_out() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = [
        one
        for kind, about in instructions()
        if kind == "COPY" and not about.startswith("--from")
        for one in about.split()[:-1]
    ]
    assert len(sources) >= 6
    for one in sources:
        assert (ROOT / one).exists(), one
        assert one in kept, f"{one} is kept out by .dockerignore"


def test_the_image_is_made_from_the_lock_of_pinned_bases_and_runs_as_nobody_much() -> None:
    found = instructions()
    for kind, about in found:
        if kind == "FROM":
            image = about.split()[0]
            assert re.search(r":\d+\.\d+\.\d+", image), image
        for command in about.split("&&") if kind == "RUN" else []:
            if "pip install" in command:
                offline = "--no-index" in command and "--no-deps" in command
                assert "--require-hashes" in command or offline, command
            if "pip wheel" in command:
                assert "--no-deps" in command
                assert "--no-build-isolation" in command
    assert "latest" not in (DEPLOY / "Dockerfile").read_text()
    last = found[max(number for number, (kind, _) in enumerate(found) if kind == "FROM") :]
    assert [about for kind, about in last if kind == "USER"] == ["10001:10001"]
    assert [about for kind, about in last if kind == "ENTRYPOINT"] == ['["integra"]']
    assert not [kind for kind, _ in found if kind == "ADD"]


@pytest.fixture
def compose() -> dict[str, Any]:
    found = plain_yaml.read((DEPLOY / "compose.yaml").read_text())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    "text", ["a: b: c", "a:\n   b: c", "a: &x y", "a: |\n  x", "a: 'x'", "a: b\na: c", "\ta: b", "a:", "- a: b\n  c: d"]
)
def test_yaml_that_is_not_plain_is_refused(text: str) -> None:
    with pytest.raises(plain_yaml.NotPlain):
        plain_yaml.read(text)


def test_plain_yaml_is_read() -> None:
    text = "a:\n  b: x:1  \n".replace("  \n", "\n") + '  c:\n    - "no: 1"\n    - --d\n  e: ["f", "g"]\nh: {}\n'
    assert plain_yaml.read(text) == {"a": {"b": "x:1", "c": ["no: 1", "--d"], "e": ["f", "g"]}, "h": {}}


def test_what_the_container_starts_is_a_command_of_ours(compose: dict[str, Any]) -> None:
    bot = compose["services"]["bot"]
    taken = parsed(bot["command"])
    assert taken["webhook"].startswith("https://")
    assert Address.read(taken["status"]).url in " ".join(bot["healthcheck"]["test"])
    assert "/readyz" in bot["healthcheck"]["test"][-1]
    volumes = dict(one.split(":") for one in bot["volumes"])
    assert volumes == {"data": str(taken["data"]), "socket": "/var/run/postgresql"}


def test_settings_in_the_container_are_settings_of_ours(compose: dict[str, Any]) -> None:
    known = {f"INTEGRA_{name.upper()}" for name in Settings.model_fields} | {"INTEGRA_DATABASE_FILE"}
    environment = compose["services"]["bot"]["environment"]
    assert {name for name in environment if name.startswith("INTEGRA_")} <= known
    assert environment["INTEGRA_DATABASE_FILE"] == "/run/secrets/database.toml"


def test_secrets_are_files_and_each_is_given_only_to_whom_it_belongs(compose: dict[str, Any]) -> None:
    declared = set(compose["secrets"])
    bot, database = compose["services"]["bot"], compose["services"]["database"]
    assert declared == {*bot["secrets"], *database["secrets"]}
    assert not set(bot["secrets"]) & set(database["secrets"])
    assert all(one["file"].startswith("./secrets/") for one in compose["secrets"].values())
    taken = parsed(bot["command"])
    for path in (taken["token_file"], taken["secret_file"]):
        assert path.parent == Path(bot["environment"]["CREDENTIALS_DIRECTORY"])
        assert path.name in bot["secrets"]
    assert not re.search(r"(password|token|key)\s*[:=]\s*[\"']?[A-Za-z0-9]{8}", (DEPLOY / "compose.yaml").read_text())
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "deploy/secrets/" in ignored


def test_containers_are_walled_in(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert service["read_only"] == "true"
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "healthcheck" in service
        assert not re.search(r":latest$", service["image"])
        assert re.search(r":\d+\.\d+", service["image"])
    bot = compose["services"]["bot"]
    assert (bot["cap_drop"], bot["user"], bot["ulimits"]) == (["ALL"], "10001:10001", {"core": "0"})
    assert bot["mem_limit"] == bot["memswap_limit"], "no swap"
    assert all(port.startswith("127.0.0.1:") for port in bot["ports"]), "only the proxy reaches it"
    database = compose["services"]["database"]
    assert database["network_mode"] == "none"
    assert "listen_addresses=" in database["command"]
    assert {"socket:/var/run/postgresql"} == set(database["volumes"]) & set(bot["volumes"]), "they meet there alone"
    assert database["image"].startswith("postgres:15.")


def test_the_version_of_the_image_is_ours(compose: dict[str, Any]) -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert compose["services"]["bot"]["image"] == f"integra:{version[1]}"


def test_a_secret_of_the_container_is_found_as_systemd_would_hand_it_over(tmp_path: Path) -> None:
    """Files of ``/run/secrets`` in the names that compose gives them, read by the program that reads credentials."""
    from storage.custody import CredentialKeys, provider, secret_text

    (tmp_path / "integra.master").write_text("ab" * 32)
    (tmp_path / "integra.token").write_text("4242:token\n")
    for file in tmp_path.iterdir():
        os.chmod(file, 0o400)
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert isinstance(provider(tmp_path / "none", environment), CredentialKeys)
    assert provider(tmp_path / "none", environment).get("master") == bytes.fromhex("ab" * 32)
    assert secret_text(tmp_path / "integra.token", environment) == "4242:token\n"
