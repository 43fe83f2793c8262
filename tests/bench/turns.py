"""Whole turns a CPU second, against a bare aiogram client that stores nothing.

    python tests/bench/turns.py [--rounds 3] [--quick] [--profile] [--client ptb] [--engine postgres]

Three processes: a local Bot API (``fake_telegram --bench``), and, one after the other on the same load, the assistant
(``python -m bot run``, the same command people run, on a fresh data folder with enrolled people) and
``peer_aiogram.py``. 32 people talk at once and each goes on as soon as the answer is there. A whole turn: one update
in, de-duplicated, decided, state and reply encrypted, one ``synchronous=FULL`` commit (shared by those who wait),
reply delivered, delivery noted.

    note      texts into one part of a note that is being written
    walk      the guide by its first buttons: menu, step, case code, page, then ticks (the message is replaced)
    question  questions that the answers were not written from (tests/questions)

Only the bot process's CPU time counts (/proc/PID/stat, all threads), from before the load until everything is noted.
Order A B A B …; what is reported are medians and the range of the rounds' ratios.

``--client`` says which library drives Telegram for the assistant; the measure stays the same.
``--engine`` says where the assistant keeps what it stores; a server's CPU time does not count.
``--profile`` runs the assistant once a job, by webhook, under a profiler of CPU time.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import engine
from ports import free_port

from bot import turns, wiring
from bot.channels.base import Inbound, Pressed
from bot.channels.registry import CLIENTS
from bot.trial import AGENCY, Trial
from dialogues.model import Wrote
from storage import outbox, people
from storage.postgres import Addresses
from storage.store import Store
from storage.transaction import Transaction

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TOKEN = "4242:AAfake_token_for_loopback_only_00000"
CHATS = 32
TURNS = 20
GROUPS = 4  # of so many people each, the first of which warms up
FIRST_CHAT = 5_000_000_000
UNPACED = {
    **{f"INTEGRA_{name}": "10000" for name in ("CHAT_PER_S", "CHAT_BURST", "ALL_PER_S", "ALL_BURST")},
    "INTEGRA_BY_MEANING": "false",  # as without the extra
}
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

PART = "He came ten minutes late, kept his coat on and did not want tea."


@dataclass(frozen=True)
class Job:
    name: str
    press: bool
    opening: tuple[str, ...] = ()


JOBS = (Job("note", press=False), Job("walk", press=True, opening=("/guide",)), Job("question", press=False))


@dataclass(frozen=True)
class Measured:
    """One subject, one round: turns a CPU second, turns a second, latencies in ms, getUpdates calls a turn."""

    per_cpu_s: float
    per_s: float
    p50: float
    p99: float
    lost: int
    polls: float


def texts(job: Job, group: int) -> list[str]:
    if job.name != "question":
        return [PART]
    with open(HERE.parent / "questions" / "answers_en.toml", "rb") as file:
        asked = [one[0] for one in tomllib.load(file)["in_scope"]]
    return asked[group * TURNS : (group + 1) * TURNS]


# ---------------------------------------------------------------- the people


def prepare(folder: Path, job: Job, server: Addresses | None = None) -> Trial:
    """A data folder with enrolled people; for ``note`` each of them stands at the first part."""
    trial = Trial.create(folder, at=datetime.now(UTC), roles=("coordinator",), server=server)
    world = wiring.world(trial.installation)
    store = trial.installation.store()
    try:
        chats = [str(FIRST_CHAT + number) for number in range(CHATS * GROUPS)]
        store.run_now(partial(_enrol, chats=chats))
        for chat in chats if job.name == "note" else []:
            _at_first_part(store, world, chat)
    finally:
        store.close()
    return trial


def _enrol(tx: Transaction, *, chats: list[str]) -> None:
    now = datetime.now(UTC)
    for chat in chats:
        ref = people.add(tx, tx.keyring.agency_ref(AGENCY), "officer", language="en", at=now)
        people.reach_at(tx, ref, "telegram", chat)
        people.settle(tx, ref, at=now, handle=f"PO-{chat[-3:]}", accepted=True)


def _at_first_part(store: Store, world: turns.World, chat: str) -> None:
    question = 0
    for number, key in enumerate(("", "none", "contact", "now")):
        event = Pressed(question, key) if key else Wrote("/note")
        inbound = Inbound("telegram", f"before-{chat}-{number}", chat, event, message="1")
        said = store.run_now(partial(turns.take_turn, world=world, inbound=inbound))
        store.run_now(partial(outbox.done, ids=[one.id for one in said]))
        question = said[-1].question


# ---------------------------------------------------------------- the processes


@contextlib.contextmanager
def running(command: list[str], **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=20)
        process.kill()


def cpu_s(pid: int) -> float:
    """User and system time of a process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def load(url: str, job: Job, group: int, **more: Any) -> dict[str, Any]:
    wanted = {
        "chats": CHATS,
        "turns": TURNS,
        "opening": list(job.opening),
        "texts": texts(job, group),
        "press": job.press,
        "first_chat_id": FIRST_CHAT + group * CHATS,
        **more,
    }
    request = urllib.request.Request(f"{url}/control/load", json.dumps(wanted).encode())
    with urllib.request.urlopen(request, timeout=300) as answer:
        report: dict[str, Any] = json.load(answer)
        return report


@contextlib.contextmanager
def assistant(url: str, job: Job, client: str, webhook: bool, profile: Path | None, on: str) -> Iterator[int]:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        trial = prepare(folder / "trial", job, engine.new_database(on))
        token, secret = folder / "token", folder / "secret"
        for path, text in ((token, TOKEN), (secret, secrets.token_hex(32))):
            path.touch(mode=0o600)
            path.write_text(text)
        command = ["-m", "bot"] if profile is None else [str(HERE / "profiled.py"), str(profile)]
        command += ["run", "--data", str(trial.installation.folder), "--token-file", str(token)]
        command += ["--client", client]
        port = free_port()
        if webhook:
            command += ["--webhook", f"http://127.0.0.1:{port}/telegram", "--secret-file", str(secret)]
        with running(command, INTEGRA_TELEGRAM_API=url, INTEGRA_WEBHOOK_PORT=str(port), **UNPACED) as process:
            yield process.pid
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def peer(url: str, job: Job, webhook: bool) -> Iterator[int]:
    command = [str(HERE / "peer_aiogram.py"), url, TOKEN]
    if job.press:
        command.append("--button")
    if webhook:
        port = free_port()
        command += ["--webhook", f"http://127.0.0.1:{port}/telegram", "--port", str(port)]
    with running(command) as process:
        yield process.pid


def measured(
    job: Job,
    *,
    client: str = "",
    webhook: bool = False,
    profile: Path | None = None,
    on: str = "sqlite",
    **more: Any,
) -> Measured:
    """The assistant through that client; the measure without one."""
    with running(["-m", "fake_telegram", "--bench"]) as telegram:
        assert telegram.stdout is not None
        url = telegram.stdout.readline().split()[0].removeprefix("url=")
        with assistant(url, job, client, webhook, profile, on) if client else peer(url, job, webhook) as pid:
            load(url, job, 0)
            settled(pid)
            before = cpu_s(pid)
            reports = [load(url, job, group, **more) for group in range(1, GROUPS)]
            used = settled(pid) - before
    done = sum(report["turns"] for report in reports)
    return Measured(
        per_cpu_s=done / used,
        per_s=done / sum(report["seconds"] for report in reports),
        p50=statistics.median(report["latency_ms"]["p50"] for report in reports),
        p99=max(report["latency_ms"]["p99"] for report in reports),
        lost=sum(report["lost"] for report in reports),
        polls=sum(report["calls"].get("getUpdates", 0) for report in reports) / done,
    )


def settled(pid: int) -> float:
    """CPU seconds once the process does next to nothing more (what it still had to note is done)."""
    was = cpu_s(pid)
    while True:
        time.sleep(0.3)
        now = cpu_s(pid)
        if now - was <= 2 * TICK_S:
            return now
        was = now


# ---------------------------------------------------------------- the report


def compare(job: Job, rounds: int, *, client: str, webhook: bool, on: str) -> None:
    pairs = [
        (measured(job, client=client, webhook=webhook, on=on), measured(job, webhook=webhook)) for _ in range(rounds)
    ]
    ratios = sorted(ours.per_cpu_s / bare.per_cpu_s for ours, bare in pairs)

    def median(name: str, which: int) -> float:
        return statistics.median(float(getattr(pair[which], name)) for pair in pairs)

    lost = sum(one.lost for pair in pairs for one in pair)
    print(
        f"{job.name:9}{'webhook' if webhook else 'polling':9}"
        f"{median('per_cpu_s', 0):8.0f}{median('per_cpu_s', 1):8.0f}"
        f"{statistics.median(ratios):7.2f}  ({ratios[0]:.2f}-{ratios[-1]:.2f})"
        f"{median('p50', 0):8.0f}{median('p99', 0):6.0f}{median('p99', 1):8.0f}"
        f"{median('polls', 0):8.2f}{median('polls', 1):6.2f}" + (f"  LOST {lost}" if lost else ""),
        flush=True,
    )


def paced(job: Job, rounds: int, client: str, on: str) -> None:
    """Latency where each of 32 people thinks for a second between turns: below saturation, as in life."""
    runs = [measured(job, client=client, on=on, think_s=1.0, turns=6, ramp_s=1.0) for _ in range(rounds)]
    print(
        f"{job.name:9}32 chats, 1 s of thought: p50 {statistics.median(one.p50 for one in runs):.0f} ms, "
        f"p99 {statistics.median(one.p99 for one in runs):.0f} ms",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Whole turns a CPU second.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="polling only, no paced load")
    parser.add_argument("--profile", action="store_true", help="shares of CPU time instead")
    parser.add_argument("--job", choices=[job.name for job in JOBS])
    parser.add_argument("--client", choices=CLIENTS, default="aiogram")
    engine.add_option(parser)
    given = parser.parse_args()
    jobs = [job for job in JOBS if given.job in (None, job.name)]
    if given.profile:
        for job in jobs:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "shares"
                measured(job, client=given.client, webhook=True, profile=path, on=given.engine)
                print(f"\n{job.name}\n{path.read_text()}", flush=True)
        return
    print("job      in       turns/CPU s      ratio                 latency ms          polls/turn")
    print("                    ours    bare median  (range)       p50   p99  p99 bare    ours  bare")
    for job in jobs:
        compare(job, given.rounds, client=given.client, webhook=False, on=given.engine)
    if not given.quick:
        for job in jobs:
            compare(job, given.rounds, client=given.client, webhook=True, on=given.engine)
        for job in jobs:
            paced(job, min(given.rounds, 3), given.client, given.engine)


if __name__ == "__main__":
    main()
