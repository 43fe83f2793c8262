"""Any order of raising, taking, declining, leaving, blocking, restarting and setting the clock, on the real store.

Authors move between sites, sites have shifts of their own or none; some work on the case of the notes, some begin in a
night in which clocks change.

By its deadline every flag is taken by a named person or loudly overdue to the next level; it never has two owners, and
where it has one that is somebody who may have it.
"""

import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any, ClassVar, get_args

import pytest
from bot_site import NOON, Site
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from storage_site import CASE, keep_note, note_id

from bot import evening, flag_acts, flag_routing, turns, wiring
from bot.duty import LAST, SUPERVISOR
from bot.flag_routing import Call
from bot.trial import AGENCY, Trial
from dialogues.flag_life import NEXT_LEVEL_AFTER, OPEN, OVER, OWNED, TAKEN_WITHIN, UNOWNED, Act
from dialogues.model import (
    AwaitOther,
    CloseFlag,
    DeclineFlag,
    HandOnFlag,
    TakeFlag,
    UndoTake,
    WorkOnFlag,
    WorsenFlag,
)
from dialogues.reference import reference
from dialogues.rota_file import read
from storage import cases, flags, people, reach, rotas, sites, timers
from storage.errors import Unknown
from storage.transaction import Transaction

MINUTE = timedelta(minutes=1)
CHATS = ("coordinator", "second", "third", "lead")
ROTAS = (
    "",  # nobody wrote one
    '[[shift]]\ndays = "daily"\nfrom = "08:00"\nto = "20:00"\nfirst = ["Coord-1"]\nsecond = ["Coord-2"]\n',  # no nights
    '[[shift]]\ndays = "daily"\nfrom = "08:00"\nto = "08:00"\nfirst = ["Coord-1"]\nsecond = ["Coord-2"]\n'
    '[[absence]]\nwho = "Coord-1"\nfrom = 2026-11-23\nto = 2027-12-31\ncover = "Coord-3"\n'
    '[quiet]\nroutine = "20:00-07:00"\ntoday = "22:00-07:00"\n',
    '[[shift]]\ndays = ["mon"]\nfrom = "08:00"\nto = "20:00"\nfirst = ["Nobody-9"]\n',  # empty on other days
    '[[shift]]\ndays = "daily"\nfrom = "08:00"\nto = "08:00"\nfirst = ["Coord-1"]\n'
    '[[shift]]\nsite = "North"\ndays = "daily"\nfrom = "08:00"\nto = "20:00"\nfirst = ["Coord-3"]\n'
    'second = ["Coord-2"]\n',
    '[[shift]]\nsite = "North"\ndays = "daily"\nfrom = "08:00"\nto = "20:00"\nfirst = ["Coord-3"]\n',  # of a site alone
    'evening = "18:00"\n',  # no shift at all
)
PLACES = ("", "North", "South")
MEMBERS = ((), ("third",), ("third", "second"), ("lead",))
"""Whoever works on the case of every note."""
STARTS = (NOON, datetime(2027, 3, 27, 18, tzinfo=UTC), datetime(2027, 10, 30, 18, tzinfo=UTC))
"""The second and third are evenings before the clocks of the desk's zone change."""
LATE = timedelta(hours=26)
"""What quiet hours may put off a deadline by, and a clock that is set may."""


@cache
def made(folder: Path) -> Trial:
    return Trial.create(folder / "world", at=NOON, roles=("officer", "coordinator", "admin"))


class AnyOrder(RuleBasedStateMachine):
    """Four people of a desk and an author; the model knows when each flag must have been taken or told late."""

    folder: Path
    seen: ClassVar[set[str]] = set()
    """Every act that any example led to."""

    @initialize(
        rota=st.sampled_from(ROTAS),
        place=st.sampled_from(PLACES),
        level=st.integers(1, 3),
        members=st.sampled_from(MEMBERS),
        start=st.sampled_from(STARTS),
    )
    def open(self, rota: str, place: str, level: int, members: tuple[str, ...], start: datetime) -> None:
        """With a flag: hypothesis leaves rules out of whole examples, and one without any says nothing."""
        self.temporary = tempfile.TemporaryDirectory()
        trial = made(self.folder)
        self.site = Site(Trial(Path(copytree(trial.folder, Path(self.temporary.name) / "world"))))
        for chat, role, handle in (
            ("second", "coordinator", "Coord-2"), ("third", "coordinator", "Coord-3"), ("lead", "supervisor", "Lead-1"),
        ):  # fmt: skip
            self.site.enrol("console", chat, role, handle)
        self.refs = {chat: self.ref(chat) for chat in (*CHATS, "officer", "admin")}
        self.site.clock.move(start - NOON)
        for chat in members:
            self.site.within(lambda tx, chat=chat: cases.assign(
                tx, tx.keyring.agency_ref(AGENCY), CASE, self.refs[chat], at=self.site.clock()
            ))  # fmt: skip
        self.world = wiring.world(self.site.trial.installation, clock=self.site.clock)
        self.raised: list[str] = []
        self.rewritten = False
        self.heard: dict[str, set[str]] = {}
        self.called: dict[str, set[str]] = {}
        if rota:
            self.write(rota)
        self.works_elsewhere("officer", place)
        self.rewritten = False
        self.raise_flag(level)

    def teardown(self) -> None:
        if hasattr(self, "site"):
            acts = {act for (act,) in self.site.rows("flag_steps", "act")}
            self.seen |= acts
            for act in sorted(acts):
                event(f"a flag's step: {act}")
            self.site.close()
            self.temporary.cleanup()

    def ref(self, chat: str) -> bytes:
        found = self.site.within(lambda tx: people.at_address(tx, "console", chat))
        assert found is not None
        return found

    def write(self, rota: str) -> None:
        def turn(tx: Transaction) -> None:
            agency_ref, now = tx.keyring.agency_ref(AGENCY), self.site.clock()
            rotas.keep(tx, agency_ref, read(rota), at=now)
            evening.rota_changed(tx, self.world, agency_ref, now)

        self.site.within(turn)

    def told(self, said: Any) -> None:
        """Remember who was told of a flag, and that it is overdue, from the messages themselves."""
        for one in said:
            if one.notice is None or one.say is None or not one.notice.phrase.startswith("notice-"):
                continue
            for note in self.raised:
                if reference(note) in one.say.text:
                    self.called.setdefault(note, set()).add(one.chat)
                    if one.notice.phrase == "notice-overdue":
                        self.heard.setdefault(note, set()).add(one.chat)

    def act(self, chat: str, act: Any) -> bool:
        """Whether it could be done."""

        def turn(tx: Transaction) -> Any:
            person = self.world.access.person_of(tx, self.refs[chat], self.site.clock())
            if person is None:
                raise Unknown("person")
            return flag_acts.perform(tx, self.world, person, act, self.site.clock())

        try:
            said = self.site.within(turn)
        except Unknown:
            return False
        self.told(said)
        notices = [one for one in said if one.notice is not None and one.notice.phrase.startswith("notice-")]
        if notices and not isinstance(act, HandOnFlag):
            call = self.site.within(lambda tx: Call.of(tx, self.world, act.note_id, self.site.clock()))
            assert not call.quiet, "an act wakes people"
        return True

    def life(self, note: str) -> Any:
        return self.site.within(lambda tx: flags.life(tx, note))

    @precondition(lambda self: len(self.raised) < 4)
    @rule(level=st.integers(1, 3))
    def raise_flag(self, level: int) -> None:
        number = len(self.raised) + 1
        note, now = note_id(number), self.site.clock()

        def turn(tx: Transaction) -> Any:
            keep_note(tx, self.world.pins, number, self.refs["officer"], flag_level=level, at=now)
            return flag_routing.raise_flag(tx, self.world, note, tx.keyring.agency_ref(AGENCY), level, now)

        self.raised.append(note)
        self.told(self.site.within(turn))

    def one(self, number: int) -> str:
        return self.raised[number % len(self.raised)]

    @rule(number=st.integers(0, 3), one=st.sampled_from(CHATS), two=st.sampled_from(CHATS))
    def two_take_at_once(self, number: int, one: str, two: str) -> None:
        note = self.one(number)
        was = self.life(note)
        took = [self.act(chat, TakeFlag(note)) for chat in (one, two)]
        assert sum(took) <= 1
        if was.state in UNOWNED and self.has_access(one):
            assert took[0]

    def has_access(self, chat: str) -> bool:
        return bool(self.site.within(lambda tx: people.places(tx, self.refs[chat])))

    @rule(
        number=st.integers(0, 3),
        who=st.sampled_from((*CHATS, "officer", "admin")),
        to=st.sampled_from(CHATS),
        which=st.sampled_from(["undo", "decline", "work", "await", "hand-on", "close", "worsen"]),
    )
    def do(self, number: int, who: str, to: str, which: str) -> None:
        note = self.one(number)
        before = self.life(note)
        acts = {
            "undo": UndoTake(note),
            "decline": DeclineFlag(note, "busy"),
            "work": WorkOnFlag(note),
            "await": AwaitOther(note, "police"),
            "hand-on": HandOnFlag(note, self.refs[to].hex()),
            "close": CloseFlag(note, "acted"),
            "worsen": WorsenFlag(note, "urgent"),
        }
        did = self.act(who, acts[which])
        mine = before.owner == self.refs[who].hex()
        if did and which in ("undo", "work", "await", "close"):
            assert mine
        if did and which == "worsen":
            assert who == "officer"
        if which == "close" and mine and before.state in OWNED and self.has_access(who):
            assert did

    @rule(
        number=st.integers(0, 3),
        to=st.sampled_from(CHATS),
        which=st.sampled_from(["undo", "work", "await", "hand-on", "close"]),
    )
    def its_owner_does(self, number: int, to: str, which: str) -> None:
        """Who is drawn by chance is seldom who has it; where nobody has it, somebody takes it first."""
        note = self.one(number)
        if self.life(note).state in UNOWNED:
            self.act(to, TakeFlag(note))
        owner = [chat for chat, ref in self.refs.items() if ref.hex() == self.life(note).owner]
        if owner:
            self.do(number, owner[0], to, which)

    @rule(number=st.integers(0, 3))
    def a_notice_arrives(self, number: int) -> None:
        self.site.within(lambda tx: flags.arrived(tx, self.one(number), at=self.site.clock()))

    @precondition(lambda self: len(self.raised) > 2)  # else most examples would end there
    @rule(number=st.integers(0, 3))
    def its_author_withdraws_it(self, number: int) -> None:
        note = self.one(number)
        self.told(self.site.within(lambda tx: flag_acts.withdrawn(tx, self.world, note, self.site.clock())))
        assert self.life(note).state in OVER

    @rule(chat=st.sampled_from(CHATS), why=st.sampled_from(["blocks", "comes back"]))
    def reached_or_not(self, chat: str, why: str) -> None:
        def turn(tx: Transaction) -> None:
            address = tx.keyring.address_ref("console", chat)
            if not people.contacts(tx, self.refs[chat]):
                return
            if why == "blocks":
                reach.mark(tx, address, "blocked", at=self.site.clock())
            else:
                reach.unmark(tx, address, at=self.site.clock())

        self.site.within(turn)

    @rule(chat=st.sampled_from(CHATS))
    def is_revoked(self, chat: str) -> None:
        if self.has_access(chat):
            self.site.within(lambda tx: people.revoke(tx, self.refs[chat], at=self.site.clock(), force=True))

    @rule(rota=st.sampled_from(ROTAS[1:]))
    def rota_changes(self, rota: str) -> None:
        self.rewritten = True
        self.write(rota)

    @rule(who=st.sampled_from(("officer", "second")), site=st.sampled_from(PLACES))
    def works_elsewhere(self, who: str, site: str) -> None:
        self.rewritten = True
        if self.has_access(who):
            self.site.within(
                lambda tx: sites.put(tx, self.refs[who], tx.keyring.agency_ref(AGENCY), site, at=self.site.clock())
            )

    @rule(minutes=st.sampled_from([1, 4, 5, 10, 16, 61, 241, 700, 1_500, 4_400]))
    def time_passes(self, minutes: int) -> None:
        self.site.clock.move(minutes * MINUTE)
        self.look()

    @rule(minutes=st.sampled_from([-60_000, -5_000, -30, 90, 60_000]))
    def clock_is_set(self, minutes: int) -> None:
        """Back, or ahead: by weeks, too, and perhaps back from there."""
        self.site.clock.move(minutes * MINUTE)
        self.site.within(lambda tx: turns.keep_up(tx, self.world))
        self.look()

    @rule()
    def restarts(self) -> None:
        self.site.restart()
        self.world = wiring.world(self.site.trial.installation, clock=self.site.clock)
        self.site.within(lambda tx: turns.keep_up(tx, self.world))
        self.look()

    def look(self) -> None:
        """As the process does once a second: take what is due until nothing is."""
        for _ in range(20):
            due = self.site.within(lambda tx: timers.due(tx, self.site.clock()))
            if not due:
                return
            for timer in due:
                self.told(self.site.within(lambda tx, timer=timer: turns.take_timer(tx, self.world, timer)))
        raise AssertionError("what falls due never ends")

    @invariant()
    def there_is_one_owner_or_none_and_that_is_somebody_who_may_have_it(self) -> None:
        if not hasattr(self, "site"):
            return
        staff = {self.refs[chat].hex() for chat in CHATS}
        for note in self.raised:
            life = self.life(note)
            assert bool(life.owner) is (life.state in OWNED) or life.state in OVER
            if life.state in OWNED:
                assert life.owner in staff
                chat = next(name for name, ref in self.refs.items() if ref.hex() == life.owner)
                assert self.has_access(chat), "whoever has left has nothing in hand"

    @invariant()
    def every_open_flag_has_one_timer_and_it_is_not_far(self) -> None:
        if not hasattr(self, "site"):
            return
        rows = self.site.rows("timers WHERE kind = 'flag'", "about, due_at")
        armed = dict(rows)
        assert len(armed) == len(rows)
        assert set(armed) == {note for note in self.raised if self.life(note).state in OPEN}

    @invariant()
    def somebody_who_was_called_can_be_reached_or_everybody_was_called(self) -> None:
        """Shifts end: whoever was told at noon still knows at night. Where the rota was changed and those who were told
        left, the next level's time is the longest that it waits for people who do not know of it."""
        if not hasattr(self, "site"):
            return
        now = self.site.clock()
        due = dict(self.site.rows("timers WHERE kind = 'flag'", "about, due_at"))

        def heard(tx: Transaction, note: str) -> bool:
            call = Call.of(tx, self.world, note, now)
            if call.life.state in OWNED or call.life.level == LAST or call.there.loud(call.life.urgency, now) > now:
                return True
            told = {self.refs[chat] for chat in self.called.get(note, ())}
            return call.able([one for one in call.there.everybody if one.ref in told])

        for note in self.raised:
            wait = NEXT_LEVEL_AFTER[self.life(note).urgency].total_seconds()
            if due.get(note, 0) > now.timestamp() + (
                wait if self.rewritten else 0
            ):  # else the next look, this very second, takes it
                assert self.site.within(lambda tx, note=note: heard(tx, note)), "waits for nobody"

    @invariant()
    def what_nobody_took_by_its_deadline_is_overdue_and_somebody_was_told_so(self) -> None:
        if not hasattr(self, "site"):
            return
        now = self.site.clock()
        for note in self.raised:
            life = self.life(note)
            if life.state not in UNOWNED:
                continue
            assert life.due_at <= now + TAKEN_WITHIN[life.urgency] + LATE, "no deadline is out of sight"
            due = [at for about, at in self.site.rows("timers WHERE kind = 'flag'", "about, due_at") if about == note]
            if due and due[0] <= now.timestamp():
                continue  # this very second; the next look takes it
            assert now < life.take_by or life.overdue or now < life.due_at, "late and silent"
            if life.overdue:
                assert note in self.heard, "told to nobody"
                assert "admin" in self.heard[note] or life.level >= SUPERVISOR, "not to the next level"


@pytest.fixture(scope="module", autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    AnyOrder.folder = tmp_path_factory.mktemp("machine")
    return AnyOrder.folder


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


class AnyLongOrder(AnyOrder):
    """The same, many times."""

    seen: ClassVar[set[str]] = set()


TestAnyLongOrder = pytest.mark.timeout(1800)(pytest.mark.long(AnyLongOrder.TestCase))
TestAnyLongOrder.settings = settings(
    max_examples=400, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.long
def test_all_acts_there_are_were_done() -> None:
    """Runs after the one before it: the machine that never came to an act says nothing of it."""
    assert set(get_args(Act)) <= AnyLongOrder.seen
