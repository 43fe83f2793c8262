"""Several processes on one PostgreSQL database share the work, and what becomes of one harms nobody."""

import asyncio
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from fake_telegram import FakeTelegram
from people_who_log import assert_in_order, assert_kept, enrolled, logs, previews, receipts
from workers import workers

from bot.trial import Trial

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]


OURS = b'"lease.ours"'


class Gate:
    """Where turns wait before they decide. ``inside``: whose turns have come so far, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.inside: list[str] = []
        self._open = asyncio.Event()
        self._news = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        who = (await reader.readline()).decode().strip()
        async with self._news:
            self.inside.append(who)
            self._news.notify_all()
        await self._open.wait()
        writer.write(b"g")
        writer.close()

    async def came(self, who: str, times: int) -> None:
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: self.inside.count(who) >= times)

    def open(self) -> None:
        self._open.set()


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    folder = Path(tempfile.mkdtemp(prefix="integra-gate-"))  # a socket's path has at most 107 characters
    found = Gate(folder / "gate")
    server = await asyncio.start_unix_server(found.serve, found.path)
    yield found
    found.open()
    server.close()
    shutil.rmtree(folder)


async def held_up(trial: Trial) -> None:
    """Returns when a turn waits at the server for another one to end."""
    server = trial.installation.whereabouts.server
    assert server is not None
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(server.owner, autocommit=True) as there:
        async with asyncio.timeout(60):
            while there.execute(query).fetchone() == (0,):  # noqa: ASYNC110  another process tells nobody
                await asyncio.sleep(0.02)


async def test_turns_of_one_chat_never_overlap_and_those_of_others_go_on(trial: Trial, gate: Gate) -> None:
    async with (
        FakeTelegram() as telegram,
        workers(trial, telegram, 2, webhook=True, gate=gate.path) as (balancer, _),
    ):
        robin, sam = enrolled(trial, telegram, 2)
        robin.writes("/menu")
        await gate.came("PO-00", 1)
        again = asyncio.create_task(balancer.again())  # the same to the other worker, while the first still has it
        robin.writes("/help")
        sam.writes("/menu")
        await gate.came("PO-01", 1)
        await held_up(trial)
        assert gate.inside == ["PO-00", "PO-01"], "the same chat waits, another goes on"
        gate.open()
        await again
        await robin.hears("What I can do", within=60)
        await sam.hears("What do you need?", within=60)
        await telegram.confirmed(within=60)
        assert gate.inside.count("PO-00") == 2, "the repeat is no turn"
        assert Counter(robin.heard) == Counter(dict.fromkeys(robin.heard, 1))
        assert set(balancer.given) == {0, 1}


async def test_two_share_the_work_and_one_killed_in_the_middle_loses_and_swaps_nothing(trial: Trial) -> None:
    async with FakeTelegram() as telegram, workers(trial, telegram, 2, webhook=True) as (balancer, (one, two)):
        people = enrolled(trial, telegram, 6)
        work = asyncio.gather(*(logs(person, number, 3) for number, person in enumerate(people)))
        await telegram.called("sendMessage", times=25, within=120)
        await one.end(signal.SIGKILL)
        await telegram.called("sendMessage", times=50, within=120)
        await one.start()
        await asyncio.wait_for(work, 180)
        await telegram.confirmed(within=60)
        assert set(balancer.given) == {0, 1}
        assert (await one.end(), await two.end()) == (0, 0)
        assert_kept(trial, people, 3)
        for person in people:
            assert_in_order(person)
            # What was being said when it was killed may be said once more.
            assert max(Counter(previews(person) + receipts(person)).values()) <= 2
        assert b"Traceback" not in one.printed + two.printed


async def test_one_polls_at_a_time_and_the_next_goes_on_when_it_dies_or_hangs(trial: Trial) -> None:
    async with FakeTelegram() as telegram, workers(trial, telegram, 2, webhook=False) as (_, (one, two)):
        people = enrolled(trial, telegram, 3)
        await one.prints(OURS)
        await two.prints(b'"lease.waits"')
        work = asyncio.gather(*(logs(person, number, 4) for number, person in enumerate(people)))
        await telegram.called("sendMessage", times=10, within=120)
        assert OURS not in two.printed, "the other one polls"
        one.send(signal.SIGSTOP)  # longer than its lease lasts
        await two.prints(OURS)
        now = len(telegram.calls_of("sendMessage"))
        await telegram.called("sendMessage", times=now + 10, within=120)
        one.send(signal.SIGCONT)  # and now goes on with what it had in hand
        await one.prints(b'"lease.lost"')
        now = len(telegram.calls_of("sendMessage"))
        await telegram.called("sendMessage", times=now + 10, within=120)
        assert one.printed.count(OURS) == two.printed.count(OURS) == 1, "it did not take it back"
        await two.end(signal.SIGKILL)
        await one.prints(OURS, times=2)
        await asyncio.wait_for(work, 180)
        assert await one.end() == 0
        assert_kept(trial, people, 4)
        for person in people:
            assert_in_order(person)
        assert b"Traceback" not in one.printed + two.printed
