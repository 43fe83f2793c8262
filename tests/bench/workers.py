"""One, two and four workers on one PostgreSQL database, behind one webhook address.

    python tests/bench/workers.py [--rounds 2] [--workers 1 2 4]

The load is that of ``turns.py``: 32 people who never think, by webhook, a walk by its buttons and texts into a note.
The server is a private cluster that syncs every commit. Connections are dealt out to the workers in turn by a proxy in
a process of its own. Besides turns a second: turns a CPU second of all workers together, and for comparison one worker
on SQLite in the same run.

More workers than processor cores gain nothing here: the fake Telegram, the server and the proxy work on the same ones.
"""

import argparse
import asyncio
import contextlib
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from ports import free_port
from postgres_server import Cluster, cluster
from turns import CHATS, GROUPS, JOBS, TOKEN, UNPACED, Job, cpu_s, load, prepare, running, settled

SECRET = "s" * 32
MOST_WORKERS = 8


@contextlib.contextmanager
def workers(url: str, job: Job, number: int, postgres: Cluster | None) -> Iterator[list[int]]:
    """Their process ids."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    server = None if postgres is None else postgres.addresses(postgres.new_database())
    try:
        trial = prepare(folder / "trial", job, server)
        for name, text in (("token", TOKEN), ("secret", SECRET)):
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(text)
        ports = [free_port() for _ in range(number)]
        front = free_port()
        command = ["-m", "bot", "run", "--data", str(trial.installation.folder), "--token-file", str(folder / "token")]
        command += ["--webhook", f"http://127.0.0.1:{front}/telegram", "--secret-file", str(folder / "secret")]
        with ExitStack() as stack:
            stack.enter_context(running([__file__, "--proxy", str(front), *map(str, ports)]))
            pids = [
                stack.enter_context(
                    running(command, INTEGRA_TELEGRAM_API=url, INTEGRA_WEBHOOK_PORT=str(port), **UNPACED)
                ).pid
                for port in ports
            ]
            yield pids
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measured(job: Job, number: int, postgres: Cluster | None) -> tuple[float, float, float, int]:
    """Turns a second, turns a CPU second, p99 in milliseconds, how many were lost."""
    with running(["-m", "fake_telegram", "--bench"]) as telegram:
        assert telegram.stdout is not None
        url = telegram.stdout.readline().split()[0].removeprefix("url=")
        with workers(url, job, number, postgres) as pids:
            load(url, job, 0)
            for pid in pids:
                settled(pid)
            before = sum(map(cpu_s, pids))
            reports = [load(url, job, group) for group in range(1, GROUPS)]
            used = sum(settled(pid) for pid in pids) - before
    done = sum(report["turns"] for report in reports)
    return (
        done / sum(report["seconds"] for report in reports),
        done / used,
        max(report["latency_ms"]["p99"] for report in reports),
        sum(report["lost"] for report in reports),
    )


async def proxy(port: int, behind: list[int]) -> None:
    turn = cycle(behind)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in behind:
            try:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", next(turn))
            except OSError:
                continue
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
            return
        writer.close()

    server = await asyncio.start_server(joined, "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="Workers on one PostgreSQL database.")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--proxy", type=int, nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.proxy:
        asyncio.run(proxy(given.proxy[0], given.proxy[1:]))
        return
    print(f"{CHATS} people at once, by webhook\njob    engine    workers   turns/s   turns/CPU s   p99 ms   lost")
    with cluster(durable=True) as postgres:
        for job in (one for one in JOBS if one.name in ("note", "walk")):
            for engine, number in [("sqlite", 1), *(("postgres", number) for number in given.workers)]:
                on = None if engine == "sqlite" else postgres
                runs = [measured(job, number, on) for _ in range(given.rounds)]
                per_s, per_cpu, p99, _ = (statistics.median(column) for column in zip(*runs, strict=True))
                lost = sum(run[3] for run in runs)
                row = f"{job.name:6} {engine:9} {number:7}   {per_s:7.0f}   {per_cpu:11.0f}   {p99:6.0f}   {lost:4}"
                print(row, flush=True)


if __name__ == "__main__":
    main()
