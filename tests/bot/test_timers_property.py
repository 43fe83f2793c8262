"""Whatever order deadlines come in, whenever anybody looks, restarts or sets the clock back: each acts exactly once."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from bot_site import Desk, Site, texts
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from storage_site import keep_note, note_id

from bot.clock import Jumps
from bot.trial import AGENCY
from dialogues.note import UNDO
from dialogues.reference import reference
from storage import flags, people
from storage.flags import DEADLINES, URGENCIES
from storage.transaction import Transaction

MINUTE = timedelta(minutes=1)
MOST_FLAGS = 5  # as many as a summary names

raising = st.tuples(st.just("raise"), st.sampled_from([1, 2, 3]))
looking = st.tuples(st.just("look"), st.sampled_from([0, 1, 2, 14, 15, 16, 239, 241, 4321]))
restarting = st.tuples(st.just("restart"), st.sampled_from([0, 20, 5000]))
setting_back = st.tuples(st.just("back"), st.sampled_from([30, 5000]))  # less than ten minutes is no leap
acts = st.lists(raising | looking | looking | restarting | setting_back, max_size=14)

numbers = count(1)
"""Of notes, over all examples."""


@dataclass
class Deadline:
    due_at: datetime
    period: timedelta
    told: int = 0
    release_at: datetime | None = None


@dataclass
class Model:
    """What must have happened, in the plainest words."""

    of: dict[int, Deadline] = field(default_factory=dict)
    was_set_back: bool = False

    def keep_up(self, now: datetime) -> None:
        for one in self.of.values():
            one.due_at = min(one.due_at, now + one.period)
            if one.release_at is not None:
                one.release_at = min(one.release_at, now + UNDO)

    def look(self, now: datetime) -> None:
        if self.was_set_back:
            self.keep_up(now)
        self.was_set_back = False
        for one in self.of.values():
            if one.due_at <= now:
                one.told, one.due_at = one.told + 1, now + one.period
            if one.release_at is not None and one.release_at <= now:
                one.release_at = None


class Machine:
    """A desk on a machine whose clock can be set, beside one that only runs."""

    def __init__(self, site: Site) -> None:
        self.desk, self._steady = Desk(site), 0.0
        self.desk.app.timers._jumps = Jumps(lambda: self._steady)

    async def start(self) -> None:
        await self.desk.app.start()
        await self.looks(0)

    async def looks(self, after_minutes: int) -> None:
        self.desk.site.clock.move(after_minutes * MINUTE)
        self._steady += after_minutes * 60
        await self.desk.app.timers.look()
        await self.desk.app.outbox.drained()


async def played(site: Site, steps: list[tuple[str, int]]) -> None:
    machine, model, heard = Machine(site), Model(), Counter[str]()
    await machine.start()
    for act, minutes in steps:
        if act == "raise" and len(model.of) < MOST_FLAGS:
            number = next(numbers)
            site.within(lambda tx, number=number, level=minutes: raised(tx, site, number, level))
            period = DEADLINES[URGENCIES[minutes - 1]]
            model.of[number] = Deadline(site.clock() + period, period, release_at=site.clock() + UNDO)
        elif act == "back":
            site.clock.move(-minutes * MINUTE)
            model.was_set_back = True
        elif act == "restart":
            await machine.desk.app.stop()
            site.restart()
            site.clock.move(minutes * MINUTE)
            machine = Machine(site)
            await machine.start()
            model.was_set_back = True
            model.look(site.clock())
        elif act == "look":
            await machine.looks(minutes)
            model.look(site.clock())
        said = texts(machine.desk.news("coordinator"))
        for number in model.of:
            heard[reference(note_id(number))] += said.count(f"OVERDUE: {reference(note_id(number))}")
        rows = site.rows("notes JOIN flags ON note_id = id", "id, notes.state, overdue_since")
        states = {row[0]: row[1:] for row in rows}
        for number, one in model.of.items():
            assert heard[reference(note_id(number))] == one.told
            note, flag = states[bytes.fromhex(note_id(number))]
            assert note == ("waiting" if one.release_at is None else "held")
            assert (flag is not None) is bool(one.told)
    await machine.desk.app.stop()
    for number in model.of:
        site.within(lambda tx, number=number: flags.withdraw(tx, note_id(number), at=site.clock()))


def raised(tx: Transaction, site: Site, number: int, level: int) -> None:
    author, agency_ref = people.at_address(tx, "console", "officer"), tx.keyring.agency_ref(AGENCY)
    assert author is not None
    keep_note(tx, site.trial.installation.pins, number, author, flag_level=level, at=site.clock(), undo=UNDO)
    flags.raise_flag(tx, note_id(number), agency_ref, level, at=site.clock())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts)
@example([("raise", 3), ("look", 1), ("back", 30), ("look", 1), ("look", 15)])
@example([("raise", 1), ("raise", 3), ("look", 4321), ("back", 5000), ("restart", 0), ("look", 15)])
def test_each_deadline_acts_exactly_once(site: Site, steps: list[tuple[str, int]]) -> None:
    asyncio.run(played(site, steps))
