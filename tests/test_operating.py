"""Steps that docs/operating.md marks as a shell's run as they stand there; what it says of pages and metrics is so."""

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest
from fake_telegram import TOKEN, FakeTelegram
from operating_page import PAGE, boxes, section
from ports import free_port
from prometheus_client.parser import text_string_to_metric_families

from bot.settings import Settings
from bot.trial import Trial
from storage.totals import FLAG_STATES

ROOT = Path(__file__).parent.parent
HERE = "/var/lib/integra"
INTEGRA = ROOT / ".venv" / "bin" / "integra"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """What stands under /var/lib/integra on that page, with a fresh installation in it."""
    from bot_site import NOON

    trial = Trial.create(tmp_path / "trial", at=NOON, roles=("officer",))
    trial.installation.folder.rename(tmp_path / "data")
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    return tmp_path


async def runs(script: str, here: Path, environment: dict[str, str]) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INTEGRA_")}
    running = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        "set -e\n" + script.replace(HERE, str(here)),
        cwd=here,
        env={**clean, "PATH": f"{INTEGRA.parent}:{os.environ['PATH']}", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(running.communicate(), 120)
    assert running.returncode == 0, err.decode()[-800:]
    return out.decode()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
async def test_watching_and_stopping_go_as_written_and_the_metrics_are_those_of_the_page(here: Path) -> None:
    port = str(free_port())
    script = "".join(boxes("Monitoring") + boxes("Stop and restart")).replace("9090", port)
    async with FakeTelegram() as telegram:
        printed = await runs(script, here, {"INTEGRA_TELEGRAM_API": telegram.url, "INTEGRA_BY_MEANING": "false"})
    assert '{"alive": true}' in printed
    assert '{"ready": true' in printed
    assert "officer" in printed, "people list, after the stop"
    served = printed[printed.index("# HELP") : printed.rindex("}") + 1]
    metrics = "\n".join(line for line in served.splitlines() if line.startswith(("#", "integra_", "process_")))
    named = names(metrics)
    told = set(re.findall(r"\b(integra_[a-z_]+|process_[a-z]+_[a-z_]+)", section("Monitoring")))
    assert told <= named, told - named
    families = {one.name for one in text_string_to_metric_families(metrics + "\n") if one.name.startswith("integra")}
    assert {one for one in families if not any(name.startswith(one) for name in told)} == set()


def names(metrics: str) -> set[str]:
    """Of families and of their samples, also those that no label was seen for yet."""
    found = set()
    for family in text_string_to_metric_families(metrics + "\n"):
        found |= {family.name, *(one.name for one in family.samples)}
        found |= {f"{family.name}_total"} if family.type == "counter" else set()
        found |= {f"{family.name}_bucket"} if family.type == "histogram" else set()
    return found


def test_every_check_stands_on_the_page_and_no_other(here: Path) -> None:
    source = (ROOT / "bot" / "health.py").read_text()
    checks = set(re.findall(r'^            "([a-z]+)": ', source, re.MULTILINE))
    assert len(checks) >= 6
    assert set(re.findall(r"^\| `([a-z]+)` \|", section("Monitoring"), re.MULTILINE)) == checks


def test_states_and_outcomes_named_in_alerts_are_counted() -> None:
    from bot import app, outbox

    page = section("Monitoring")
    assert set(re.findall(r'state="([a-z-]+)"', page)) <= set(FLAG_STATES)
    code = "".join(Path(str(one.__file__)).read_text() for one in (app, outbox))
    code += (ROOT / "bot" / "metrics.py").read_text()
    for outcome in re.findall(r'outcome="([a-z-]+)"', page):
        assert f'"{outcome}"' in code


def test_what_was_never_run_says_so() -> None:
    """Whatever starts a unit or a container, or changes the machine."""
    never = re.compile(r"^ {4,}.*\b(?:systemctl (?!reload)|systemd-creds |docker |useradd )", re.MULTILINE)
    titles = re.findall(r"^###? (.+)$", PAGE, re.MULTILINE)
    own = {title: section(title).partition("\n### ")[0] for title in titles}
    found = {title for title, text in own.items() if never.search(text)}
    assert {"As a service", "Keys as systemd credentials", "In containers", "Backup", "Hand-over", "Install"} <= found
    for title in {*found, "The page"}:
        assert "**never run here**" in own[title].lower(), title


def test_every_box_of_a_shell_is_in_a_section_whose_steps_a_test_runs() -> None:
    titles = re.findall(r"^###? (.+)$", PAGE, re.MULTILINE)
    boxed = {title for title in titles if "```sh\n" in section(title).partition("\n### ")[0]}
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert {title for title in boxed if not re.search(rf'(?:steps|boxes|as_written)\("{title}"', tests)} == set()
    assert len(boxed) == 11


def test_files_named_in_the_steps_exist() -> None:
    for name in set(re.findall(r"\bdeploy/[A-Za-z@.-]*[a-z]", PAGE)) - {"deploy/secrets"}:
        assert (ROOT / name).exists(), name


def test_the_page_names_every_setting_and_every_event_of_the_log() -> None:
    settings = section("Settings")
    for name in Settings.model_fields:
        assert f"`{name}`" in settings, name
        assert f"`INTEGRA_{name.upper()}`" in settings, name
    events = set(re.findall(r"^\| `([a-z_.-]+)` \|", section("Log"), re.MULTILINE))
    source = "\n".join(path.read_text() for place in ("bot", "storage") for path in (ROOT / place).rglob("*.py"))
    logged = set(re.findall(r"""\blog\.(?:info|warning|error)\(\s*"([^"]+)\"""", source))
    assert len(logged) > 30
    assert logged <= events, logged - events
