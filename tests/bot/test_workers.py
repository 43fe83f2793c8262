"""Several processes on one PostgreSQL database share the work, and what becomes of one harms nobody."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from bot_site import NOON, STAFF, Site
from fake_telegram import FakeTelegram, Person
from people_who_log import assert_in_order, assert_kept, enrolled, logged, logs, previewed, previews, receipts
from postgres_server import Cluster, cluster
from turn_gate import Gate, turn_gate
from workers import workers

from bot.trial import Trial

pytestmark = [pytest.mark.postgres, pytest.mark.second_engine, pytest.mark.timeout(240)]


OURS = b'"lease.ours"'


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    async with turn_gate() as found:
        yield found


def administers(trial: Trial, telegram: FakeTelegram) -> Person:
    site = Site(trial)
    site.enrol("telegram", "2001", "admin", "AD-00")
    site.close()
    return telegram.person(2001, started=True)


async def held_up(trial: Trial, number: int = 1) -> None:
    """Returns when so many turns wait at the server for what another one holds by name."""
    server = trial.installation.whereabouts.server
    assert server is not None
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
    with psycopg.connect(server.owner, autocommit=True) as there:
        async with asyncio.timeout(60):
            while (there.execute(query).fetchone() or (0,))[0] < number:  # noqa: ASYNC110  another process tells nobody
                await asyncio.sleep(0.02)


async def test_turns_of_one_chat_never_overlap_and_those_of_others_go_on(trial: Trial, gate: Gate) -> None:
    async with (
        FakeTelegram() as telegram,
        workers(trial, telegram, 2, webhook=True, settings=[gate.settings] * 2) as (balancer, _),
    ):
        robin, sam = enrolled(trial, telegram, 2)
        robin.writes("/menu")
        await gate.came("PO-00", 1)
        # To the other worker, while the first still has it: another update of that chat, and the same once more.
        another = asyncio.create_task(balancer.besides(1, "/help"))
        again = asyncio.create_task(balancer.again())
        await held_up(trial, 2)
        sam.writes("/menu")
        await gate.came("PO-01", 1)
        assert gate.inside == ["PO-00", "PO-01"], "the same chat waits, another goes on"
        gate.open()
        assert [(await one).status for one in (another, again)] == [200, 200]
        await robin.hears("What I can do", within=60)
        await sam.hears("What do you need?", within=60)
        await telegram.confirmed(within=60)
        assert gate.inside.count("PO-00") == 2, "the repeat is no turn"
        menu, help = [text for text in robin.heard if "What do you need?" in text or "What I can do" in text]
        assert ("What do you need?" in menu, "What I can do" in help) == (True, True), "each once, in order"
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
    """Also where the clock of one is an hour ahead: that of the server counts."""
    clocks = [{}, {"CLOCK_AHEAD_S": "3600"}]
    async with (
        FakeTelegram() as telegram,
        workers(trial, telegram, 2, webhook=False, settings=clocks) as (_, (one, two)),
    ):
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
            # What was being said when the one was stopped, or the other killed, may be said once more.
            assert max(Counter(previews(person) + receipts(person)).values()) <= 2
        assert b"Traceback" not in one.printed + two.printed


async def test_one_that_stands_still_inside_a_turn_holds_up_others_no_longer_than_a_lease(
    trial: Trial, gate: Gate
) -> None:
    """It has its chat, and the end of the audit log, which every note waits for."""
    settings = {**gate.settings, "IDLE_S": "6"}
    gate.waits = lambda who, times: (who, times) == ("AD-00", 2)  # after what it looked up is in the audit log
    async with (
        FakeTelegram() as telegram,
        workers(trial, telegram, 2, webhook=True, settings=[settings] * 2) as (balancer, (one, two)),
    ):
        balancer.patience_s = 2.0
        robin, sam = people = enrolled(trial, telegram, 2)
        admin = administers(trial, telegram)
        await previewed(robin, 0, 0)
        balancer.turn_to(0)
        admin.writes("/people")
        await gate.came("AD-00", 2)
        one.send(signal.SIGSTOP)
        before = len(balancer.given)
        work = asyncio.gather(logged(robin), logs(sam, 1, 1))
        await held_up(trial)
        await asyncio.wait_for(work, 120)
        await admin.hears("people. Tap one", within=60)
        assert set(balancer.given[before:]) == {1}, "the other does it alone"
        one.send(signal.SIGCONT)
        gate.open()  # and now goes on with what it had in hand
        await asyncio.wait_for(
            asyncio.gather(*(logs(who, number, 3, first=1) for number, who in enumerate(people))), 120
        )
        await telegram.confirmed(within=60)
        assert set(balancer.given[before:]) == {0, 1}
        assert (await one.end(), await two.end()) == (0, 0)
        assert_kept(trial, people, 3)
        for person in people:
            assert_in_order(person)
            assert max(Counter(previews(person) + receipts(person)).values()) <= 2
        assert len([text for text in admin.heard if "people. Tap one" in text]) == 1, "one of the two took that turn"
        assert b"Traceback" not in one.printed + two.printed


@pytest.fixture
def restarted(tmp_path: Path) -> Iterator[tuple[Cluster, Trial]]:
    """A server of one's own, which keeps what it has committed."""
    with cluster(durable=True) as server:
        database = server.addresses(server.new_database())
        yield server, Trial.create(tmp_path / "own", at=NOON, roles=STAFF, server=database)


@pytest.mark.parametrize("webhook", [True, False], ids=["webhook", "polling"])
async def test_the_server_crashing_in_the_middle_loses_and_swaps_nothing(
    restarted: tuple[Cluster, Trial], webhook: bool
) -> None:
    server, trial = restarted
    async with FakeTelegram() as telegram, workers(trial, telegram, 2, webhook=webhook) as (_, (one, two)):
        people = enrolled(trial, telegram, 4)
        work = asyncio.gather(*(logs(person, number, 3) for number, person in enumerate(people)))
        for times in (20, 45):
            await telegram.called("sendMessage", times=times, within=120)
            await asyncio.to_thread(server.stop, "immediate")
            assert not work.done()
            await asyncio.to_thread(server.start)
        await asyncio.wait_for(work, 180)
        await telegram.confirmed(within=60)
        assert (await one.end(), await two.end()) == (0, 0)
        assert_kept(trial, people, 3)
        for person in people:
            assert_in_order(person)
            # What was said in the moment before the server was away for longer than a lease may be said once more.
            assert max(Counter(previews(person) + receipts(person)).values()) <= 2
        assert b"Traceback" not in one.printed + two.printed
