"""The page's server: sealed notes kept, lists and notes given out, logins, each a second.

    python tests/bench/page.py [--notes 400] [--together 8]

Server, database (a file, FULL) and the one who asks share one process here; sealing is done before the clock runs. The
limits of ``bot/serve/limits.py`` are off: they would be what is measured.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot_site import NOON, Site
from page_site import Page, ref_of, served

from bot.serve.limits import Limits
from bot.trial import Trial


async def rate(what: str, jobs: Sequence[Callable[[], Awaitable[object]]], together: int) -> None:
    """Run them, so many at a time, and print how many a second that were and the 99th percentile."""
    waiting, took = list(jobs), list[float]()

    async def one_after_another() -> None:
        while waiting:
            job, began = waiting.pop(), time.perf_counter()
            await job()
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(together)))
    spent = time.perf_counter() - began
    p99 = sorted(took)[int(len(took) * 0.99)] * 1000
    print(f"{what:<24} {len(took) / spent:8.0f} /s   p99 {p99:6.1f} ms")


async def measured(page: Page, count: int, together: int) -> None:
    author = await page.author(ref_of(page.site, "officer"))
    reader = await page.reader(ref_of(page.site, "coordinator"))
    key = page.coordinator_key
    notes = [author.sealed(flag_level=number % 4) for number in range(count)]
    await rate(
        "notes kept", [lambda one=one: author.ask("PUT", f"/api/notes/{one[0]}", one[1]) for one in notes], together
    )
    await rate("lists of fifty", [lambda: reader.get("/api/notes?status=all") for _ in range(count)], together)
    await rate("notes given out", [lambda one=one: reader.post(f"/api/notes/{one[0]}/open") for one in notes], together)
    await rate("logins by key", [lambda: page.browser().by_key(key) for _ in range(count)], together)


async def main(count: int, together: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        trial = Trial.create(Path(folder) / "world", at=NOON, roles=("officer", "coordinator"))
        site = Site(trial)
        async with served(site) as page:
            await measured(page, count, together)
        site.close()


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--notes", type=int, default=400)
    asked.add_argument("--together", type=int, default=8)
    given = asked.parse_args()
    Limits.take = lambda *_: None  # type: ignore[method-assign]
    asyncio.run(main(given.notes, given.together))
