"""Memory of a worker: idle, and after 10,000 enrolled people opened a conversation.

    python tests/bench/memory.py [--people 10000] [--engine sqlite] [--client aiogram] [--webhook] [--status]

Real processes: a local Bot API and ``python -m bot run`` by long polling, as in ``turns.py``. RSS is what the process
holds in memory, PSS the same with shared pages split among those who share them (/proc/PID/smaps_rollup, in MB of
2**20 bytes). Idle: started, listening, nobody wrote. Open: every person opened a quick note and wrote one text into it,
100 at a time; all of these conversations stay open.
"""

import argparse
import json
import secrets
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import engine
import turns

from bot.trial import AGENCY
from storage import people
from storage.transaction import Transaction

AT_ONCE = 100
TEXT = "He came ten minutes late, kept his coat on and did not want tea."


def memory_mb(pid: int) -> dict[str, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    fields = {name: int(rest.split()[0]) / 1024 for name, _, rest in (line.partition(":") for line in lines[1:])}
    return {"RSS": fields["Rss"], "PSS": fields["Pss"]}


def _enrol(tx: Transaction, *, first: int, count: int) -> None:
    now, agency_ref = datetime.now(UTC), tx.keyring.agency_ref(AGENCY)
    for chat in range(first, first + count):
        ref = people.add(tx, agency_ref, "officer", language="en", at=now)
        people.reach_at(tx, ref, "telegram", str(chat))
        people.settle(tx, ref, at=now, handle=f"PO-{chat % 10_000}", accepted=True)


@contextmanager
def worker(url: str, chosen: str, count: int, *more: str, webhook: bool = False) -> Iterator[int]:
    """A running assistant with so many people enrolled and more options; gives its process id once it listens."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        trial = engine.trial(folder / "trial", chosen, at=datetime.now(UTC), roles=("coordinator",))
        store = trial.installation.store()
        for first in range(0, count, 1_000):
            store.run_now(partial(_enrol, first=turns.FIRST_CHAT + first, count=min(1_000, count - first)))
        store.close()
        token, secret, port = folder / "token", folder / "secret", turns.free_port()
        for path, text in ((token, turns.TOKEN), (secret, secrets.token_hex(32))):
            path.touch(mode=0o600)
            path.write_text(text)
        command = ["-m", "bot", "run", "--data", str(trial.installation.folder), "--token-file", str(token), *more]
        if webhook:
            command += ["--webhook", f"http://127.0.0.1:{port}/telegram", "--secret-file", str(secret)]
        settings = {"INTEGRA_TELEGRAM_API": url, "INTEGRA_WEBHOOK_PORT": str(port), **turns.UNPACED}
        with turns.running(command, **settings) as process:
            yield process.pid
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def load(url: str, first: int, chats: int) -> dict[str, Any]:
    wanted = {"chats": chats, "turns": 2, "opening": ["/note quick"], "texts": [TEXT], "press": False,
              "first_chat_id": first}  # fmt: skip
    request = urllib.request.Request(f"{url}/control/load", json.dumps(wanted).encode())
    with urllib.request.urlopen(request, timeout=300) as answer:
        report: dict[str, Any] = json.load(answer)
        return report


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory of a worker.")
    engine.add_option(parser)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--client", default="aiogram")
    parser.add_argument("--webhook", action="store_true")
    parser.add_argument("--status", action="store_true", help="with /healthz, /readyz and /metrics, as deploy/ has it")
    given = parser.parse_args()
    more = ["--client", given.client, *(["--status", "127.0.0.1:0"] if given.status else [])]
    with turns.running(["-m", "fake_telegram", "--bench"]) as telegram:
        assert telegram.stdout is not None
        url = telegram.stdout.readline().split()[0].removeprefix("url=")
        with worker(url, given.engine, given.people, *more, webhook=given.webhook) as pid:
            load(url, turns.FIRST_CHAT + given.people, 1)  # a stranger: answered, so it listens
            turns.settled(pid)
            idle = memory_mb(pid)
            print(f"{'idle':40}RSS {idle['RSS']:5.0f} MB   PSS {idle['PSS']:5.0f} MB", flush=True)
            began, lost = time.monotonic(), 0
            for first in range(0, given.people, AT_ONCE):
                lost += load(url, turns.FIRST_CHAT + first, min(AT_ONCE, given.people - first))["lost"]
            turns.settled(pid)
            open_ = memory_mb(pid)
            took = time.monotonic() - began
    name = f"{given.people} open conversations"
    print(f"{name:40}RSS {open_['RSS']:5.0f} MB   PSS {open_['PSS']:5.0f} MB   ({took:.0f} s, {lost} turns lost)")


if __name__ == "__main__":
    main()
