"""What a flag costs, and whether a time tells what no words tell.

    python tests/bench/flags.py [--quick]

    look       one look at an open flag: CPU and wall milliseconds and statements, by what is due and by how many people
               the desk has (``bot.flag_routing.look``, a transaction of its own, ``synchronous=FULL``)
    walls      somebody of another agency asks about what exists and about what never was, in turn, shuffled: medians of
               both, their difference, and how likely a difference as large is by chance (permutation test); a reader's
               request to the page's server over a real socket, and a command in the chat as a turn

On SQLite, on this machine, one process.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot_site import NOON, Desk, Site, at_desk
from page_site import ref_of, served
from rota_site import ROTA, put
from statements import asked
from storage_site import OTHER_AGENCY, add_agency, keep_note, note_id, publish

from bot import flag_routing, wiring
from bot.trial import AGENCY, Trial
from dialogues.reference import reference
from storage import flags, people
from storage.sealing.signing import SigningKey
from storage.transaction import Transaction

MINUTE = timedelta(minutes=1)
ROLES = ("officer", "coordinator", "admin")
SHUFFLES = 2_000


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--quick", action="store_true")
    quick = options.parse_args().quick
    for people_of_desk in (4, 20):
        with tempfile.TemporaryDirectory() as folder:
            looks(Path(folder), people_of_desk, 20 if quick else 100)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(walls(Path(folder), 60 if quick else 400))


# ---------------------------------------------------------------- a look


def looks(folder: Path, many: int, times: int) -> None:
    site = Site(Trial.create(folder / "world", at=NOON, roles=ROLES))
    for number in range(2, many):
        site.enrol("console", f"coordinator-{number}", "coordinator", f"Coord-{number}")
    site.enrol("console", "lead", "supervisor", "Lead-1")
    world, officer = wiring.world(site.trial.installation, clock=site.clock), ref_of(site, "officer")
    agency = site.within(lambda tx: tx.keyring.agency_ref(AGENCY))
    kinds = {"raised": list[float](), "nothing due": [], "the next level": [], "overdue": [], "overdue again": []}
    statements: dict[str, int] = {}
    wall: dict[str, list[float]] = {name: [] for name in kinds}
    ids = [note_id(number) for number in range(1, times + 1)]

    def measure(name: str, what: Callable[[Transaction], object]) -> None:
        with asked() as found:
            began, cpu = time.perf_counter(), time.process_time()
            site.within(what)
            kinds[name].append(time.process_time() - cpu)
            wall[name].append(time.perf_counter() - began)
        statements[name] = len(found)

    def look(name: str) -> None:
        for one in ids:
            measure(name, lambda tx, one=one: flag_routing.look(tx, world, one, site.clock()))

    put(site, ROTA.replace("Coord-3", "Coord-2"))
    for number, one in enumerate(ids, 1):
        site.within(lambda tx, number=number: keep_note(tx, world.pins, number, officer, flag_level=3))
        measure("raised", lambda tx, one=one: flag_routing.raise_flag(tx, world, one, agency, 3, site.clock()))
    look("nothing due")
    for name, minutes in (("the next level", 5), ("overdue", 10), ("overdue again", 15)):
        site.clock.move(minutes * MINUTE)
        look(name)
    print(f"a look at a flag, a desk of {many} people, {times} flags, median (CPU ms, wall ms, statements)")
    for name, cpu in kinds.items():
        told = f"{statistics.median(cpu) * 1e3:6.1f} {statistics.median(wall[name]) * 1e3:6.1f} {statements[name]:4d}"
        print(f"    {name:16} {told}")
    site.close()


# ---------------------------------------------------------------- walls


async def walls(folder: Path, times: int) -> None:
    site = Site(Trial.create(folder / "world", at=NOON, roles=ROLES))
    there = note_id(7)

    def turn(tx: Transaction) -> None:
        other, pins = add_agency(tx), site.trial.installation.pins
        publish(tx, pins, OTHER_AGENCY, SigningKey.generate())
        author = people.add(tx, other, "officer", language="en", at=site.clock())
        keep_note(tx, pins, 7, author, agency=OTHER_AGENCY, flag_level=3, case_code="B-7")
        flags.raise_flag(tx, there, other, 3, at=site.clock())

    site.within(turn)
    async with served(site) as page:
        reader = await page.reader(ref_of(site, "coordinator"))
        for what, body in (("open", {"reason": "supervision"}), ("take", {}), ("close", {"outcome": "acted"})):

            async def ask(id: str, what: str = what, body: dict[str, str] = body) -> None:
                page.later(timedelta(seconds=10))  # its limits are about people, not about this
                status, _ = await reader.post(f"/api/notes/{id}/{what}", body)
                if status in (401, 429):  # a few of many; medians do not mind
                    page.later(timedelta(hours=1))
                    reader.token = ""
                    await reader.by_key(page.coordinator_key)
                    status, _ = await reader.post(f"/api/notes/{id}/{what}", body)
                assert status == 404, status

            await compare(f"POST {what}", ask, there, lambda: os.urandom(16).hex(), times)
    async with at_desk(site) as desk:
        await compare("/inbox REF", lambda id: types(desk, "/inbox " + id), reference(there), never, times)
        await compare("/notes REF", lambda id: types(desk, "/notes " + id), reference(there), never, times)
        await compare("/case CODE", lambda id: types(desk, "/case " + id), "B-7", lambda: "B-8", times)
    site.close()


def never() -> str:
    return reference(os.urandom(16).hex())


async def types(desk: Desk, what: str) -> None:
    desk.site.clock.move(MINUTE)
    await desk.says("coordinator", what)


async def compare(
    name: str, ask: Callable[[str], Awaitable[None]], there: str, nowhere: Callable[[], str], times: int
) -> None:
    """Warm first; then both in turn, in an order that is drawn."""
    for _ in range(10):
        await ask(nowhere())
        await ask(there)
    found: dict[bool, list[float]] = {True: [], False: []}
    order = [True, False] * times
    random.shuffle(order)
    for exists in order:
        id = there if exists else nowhere()
        began = time.perf_counter()
        await ask(id)
        found[exists].append(time.perf_counter() - began)
    difference = statistics.median(found[True]) - statistics.median(found[False])
    medians = (statistics.median(found[one]) * 1e3 for one in (True, False))
    chance = by_chance(found[True], found[False])
    told = "{:14} there {:6.2f} ms, never {:6.2f} ms,".format(name, *medians)
    print(f"{told} difference {difference * 1e6:+7.0f} µs, by chance in {chance:.0%} of shuffles")


def by_chance(one: Sequence[float], two: Sequence[float]) -> float:
    """How often medians of the same times, dealt at random, differ as much: what is small tells something."""
    seen = abs(statistics.median(one) - statistics.median(two))
    whole, count = [*one, *two], 0
    for _ in range(SHUFFLES):
        random.shuffle(whole)
        count += abs(statistics.median(whole[: len(one)]) - statistics.median(whole[len(one) :])) >= seen
    return count / SHUFFLES


if __name__ == "__main__":
    main()
