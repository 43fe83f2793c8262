"""Whom a flag calls next: level by level, an empty or unreachable one is skipped at once, and that is said.

    raised ─▶ quiet hours? wait ─▶ first level with somebody who can be reached ─▶ told ─▶ look again later
    look:  nobody of those told can be reached, or their time is over ─▶ the next level
           the deadline has passed ─▶ overdue, and supervisors; the next time, admins
           taken and not worked on ─▶ a warning to its owner, then open to all again
           in hand, waiting, and not heard of ─▶ overdue, to its owner and the supervisors
           its owner is not of its desk any more ─▶ open to all again

``look`` is harmless at any time: it does what the flag's life says is due now, and sets the timer for the next time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from bot import duty
from bot.duty import DESK, DUTY, LAST, LEVELS, SITE, SUPERVISOR, Level, LevelName, Roster
from bot.flag_author import tell_author
from bot.notices import FLAG_ACTS, tell
from dialogues import flag_life
from dialogues.flag_life import NEXT_LEVEL_AFTER, OVER, OWNED, UNTOLD, Act, Life
from storage import flag_steps, flags, timers
from storage.errors import Unknown
from storage.flags import Standing
from storage.outbox import Outgoing, Priority
from storage.people import Servant
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

NOBODY: Final = "flag-reaches-nobody"
OWNER_ACTS: Final = ("work", "see", "hand-on")
"""Buttons of a notice to whoever has it."""


@dataclass(slots=True)
class Call:
    """A flag that calls for somebody now, with all that is known of whom it could call.

    Attributes:
        flag: as it stands; ``moved`` keeps it so.
        declined: refs of those who said that they cannot.
    """

    tx: Transaction
    world: "World" = field(repr=False)
    at: datetime
    flag: Standing
    there: Roster
    levels: list[Level]
    declined: set[bytes]

    @classmethod
    def of(cls, tx: Transaction, world: "World", note_id: str, at: datetime) -> "Call":
        """
        Raises:
            Unknown: there is no such flag.
        """
        flag = flags.standing(tx, note_id)
        there = duty.of_agency(tx, world, flag.agency_ref, at)
        declined = flag_steps.declined_by(tx, bytes.fromhex(note_id))
        levels = duty.levels(tx, there, bytes.fromhex(note_id), flag.case_tag, at)
        return cls(tx, world, at, flag, there, levels, declined)

    @property
    def life(self) -> Life:
        return self.flag.life

    def moved(self, act: Act, **how: Any) -> None:
        """See ``storage.flags.move``."""
        life = flags.move(self.tx, self.flag.note_id, act, at=self.at, pins=self.world.pins, **how)
        self.flag = replace(self.flag, life=life)

    def skipped(self, level: LevelName, why: str) -> None:
        note_id, step = bytes.fromhex(self.flag.note_id), {"level": level, "why": why}
        flag_steps.add(self.tx, self.world.pins, note_id, self.flag.agency_ref, "skip", at=self.at, why=step)

    def willing(self, those: Sequence[Servant]) -> list[Servant]:
        """Without those who said that they cannot."""
        return [one for one in those if one.ref not in self.declined]

    def able(self, those: Sequence[Servant]) -> bool:
        """Whether one of them can be reached, and did not say that they cannot."""
        return any(duty.why_away(one) is None for one in self.willing(those))

    def author(self, phrase: str, **how: Any) -> list[Outgoing]:
        return tell_author(self.tx, self.world, self.flag, self.there, phrase, self.at, **how)

    @property
    def quiet(self) -> bool:
        """Whether nobody is to hear of it now: quiet hours of its urgency."""
        return self.there.loud(self.life.urgency, self.at) > self.at

    @property
    def owner(self) -> list[Servant]:
        """Whoever has it, where that is somebody here."""
        return [one for one in self.there.everybody if one.ref.hex() == self.life.owner]

    @property
    def may_have_it(self) -> bool:
        """Whether whoever has it is of its desk; also where there is no desk that holds, for nobody else would be."""
        there = self.there
        holds = bool(there.takers) and self.world.access.desk(self.tx, there.row, self.at).ready
        return not holds or any(one.ref.hex() == self.life.owner for one in there.takers)

    def put_off(self, *, untold: bool = False) -> None:
        """Until the quiet hours are over. See ``storage.flags.put_off``."""
        flags.put_off(self.tx, self.flag.note_id, self.there.loud(self.life.urgency, self.at), untold=untold)

    def tell_later(self) -> None:
        """Let those whom ``quiet_is_over`` tells hear when the quiet hours are over."""
        timers.arm(self.tx, flags.TELL_DESK, self.flag.note_id, self.there.loud(self.life.urgency, self.at))

    def look_again(self, at: datetime) -> None:
        flags.look_again(self.tx, self.flag.note_id, at)


def raise_flag(
    tx: Transaction, world: "World", note_id: str, agency_ref: bytes, flag_level: int, at: datetime
) -> list[Outgoing]:
    """Raise a flag of level 1 to 3, call whoever is first to hear of it, and tell its author by when it is taken."""
    urgency = flag_life.URGENCIES[flag_level - 1]
    due_at = duty.of_agency(tx, world, agency_ref, at).due(urgency, at)
    flags.raise_flag(tx, note_id, agency_ref, flag_level, at=at, pins=world.pins, due_at=due_at)
    call = Call.of(tx, world, note_id, at)
    told = _look(call)
    if not any(one.notice is not None and one.notice.phrase == NOBODY for one in told):
        told += call.author("author-received", at_once=True)
    return told


def look(tx: Transaction, world: "World", note_id: str, at: datetime) -> list[Outgoing]:
    """Do what is due for a flag now; see the head of this file. Nothing where it is over, or not there."""
    try:
        call = Call.of(tx, world, note_id, at)
    except Unknown:
        return []
    return _look(call)


def _look(call: Call) -> list[Outgoing]:
    life, at = call.life, call.at
    if life.state in OVER:
        return []
    if life.state in OWNED and not call.may_have_it:
        return reopened(call)
    if call.quiet:
        call.put_off()
        return []
    if life.state in OWNED:
        return _look_after_owner(call)
    told = list[Outgoing]()
    if life.due_at <= at:
        told = _overdue(call)
    elif life.level < LAST and (
        life.level == UNTOLD
        or not call.able(duty.within(life.level, call.levels))
        or (life.level < DESK and at >= _next_level_at(call))
    ):
        told = call_next(call)
    call.look_again(next_look(call))
    return told


def call_next(call: Call) -> list[Outgoing]:
    """Call the next level at which somebody can be reached, those before once more, and say which were skipped."""
    before = call.life.level
    level, skipped = _reachable(call, before + 1)
    if LEVELS[level] == "case" and call.flag.urgency == "urgent":
        # Whoever is on duty does not wait for whoever has the case.
        level = SITE if call.able(call.levels[SITE].people) else DUTY
    _routed(call, level, skipped)
    earlier = call.willing(duty.within(before, call.levels))
    called = duty.within(level, call.levels)
    new = [one for one in call.willing(called) if one not in earlier]
    told = notify(call, earlier, "notice-flag-again", again=True)
    told += notify(call, new, "notice-flag", besides=[f"skipped-{name}" for name, _ in skipped])
    return told + _told_to_phone(call, called)


def call_all(call: Call, phrase: str) -> list[Outgoing]:
    """Call everybody of the desk, and of the levels after it that were called before. In quiet hours nobody: when they
    are over its levels are called one after the other, as if it were raised then."""
    if call.quiet:
        call.put_off(untold=True)
        return []
    level, skipped = _reachable(call, max(DESK, call.life.level))
    _routed(call, level, skipped)
    called = duty.within(level, call.levels)
    told = notify(call, call.willing(called), phrase, besides=[f"skipped-{name}" for name, _ in skipped])
    told += _told_to_phone(call, called)
    call.look_again(next_look(call))
    return told


def notify(
    call: Call,
    whom: Sequence[Servant],
    phrase: str,
    *,
    besides: Sequence[str] = (),
    again: bool = False,
    acts: Sequence[str] = FLAG_ACTS,
) -> list[Outgoing]:
    """Tell people of a flag: reference, urgency, age, buttons; nothing else of it.

    Who could not take it (an admin, a supervisor of an agency whose desk is another's) is asked to find somebody.
    """
    minutes = max(0, int((call.at - call.flag.raised_at).total_seconds() // 60))
    args: dict[str, str | int] = {"reference": call.flag.reference, "urgency": f"urgency-{call.flag.urgency}"}
    args |= {"minutes": minutes, "hours": minutes // 60}
    takers = set(call.there.takers)
    those = [one.ref for one in whom if one in takers]
    others = [one.ref for one in whom if one not in takers]
    slug, urgent = call.there.row.slug, Priority.URGENT
    told = tell(
        call.tx, call.world, those, slug, phrase, args, call.at,
        flag=call.flag.note_id, acts=acts, besides=besides, again=again, priority=urgent,
    )  # fmt: skip
    return told + tell(
        call.tx, call.world, others, slug, phrase, args, call.at,
        besides=(*besides, "notice-find-somebody"), again=again, priority=urgent,
    )  # fmt: skip


def worse_for_owner(call: Call) -> list[Outgoing]:
    """Whoever has it hears that it is worse than written."""
    if call.quiet:
        call.tell_later()
        return []
    return notify(call, call.owner, "notice-worse-owned", acts=OWNER_ACTS)


def withdrawn(call: Call) -> list[Outgoing]:
    """Whoever was called for it, or had it, hears that it was withdrawn."""
    if call.quiet:
        call.tell_later()
        return []
    whom = dict.fromkeys(one.ref for one in (*duty.within(call.life.level, call.levels), *call.owner))
    args = {"reference": call.flag.reference}
    slug = call.there.row.slug
    return tell(call.tx, call.world, list(whom), slug, "notice-withdrawn", args, call.at, priority=Priority.URGENT)


def quiet_is_over(tx: Transaction, world: "World", note_id: str, at: datetime) -> list[Outgoing]:
    """Take the timer of what the desk was not told in quiet hours: it is told as it stands now. Who is called for what
    nobody has is ``look``'s to say."""
    try:
        call = Call.of(tx, world, note_id, at)
    except Unknown:
        return []
    if call.life.state == "withdrawn":
        return withdrawn(call)
    return worse_for_owner(call) if call.life.state in OWNED else []


def reopened(call: Call) -> list[Outgoing]:
    """It is open to all again, and everybody of the desk hears of it, and its author."""
    call.moved("reopen", due_at=call.there.due(call.flag.urgency, call.at))
    call.declined.clear()
    return call_all(call, "notice-reopened") + call.author("author-waits-again")


def _overdue(call: Call) -> list[Outgoing]:
    """The first time supervisors hear of it, too; from the second on everybody."""
    was = call.life
    call.moved("overdue", due_at=call.there.due(was.urgency, call.at), quietly=was.overdue)
    level, skipped = _reachable(call, LAST if was.overdue else max(SUPERVISOR, was.level))
    if level > was.level:
        _routed(call, level, skipped)
    everybody = duty.within(level, call.levels)
    whom = call.willing(everybody) or everybody
    besides = [f"skipped-{name}" for name, _ in skipped]
    told = notify(call, whom, "notice-overdue", besides=besides, again=was.overdue)
    return told + call.author("author-overdue", at_once=True, again=was.overdue)


def _look_after_owner(call: Call) -> list[Outgoing]:
    life, at, owner = call.life, call.at, call.owner
    if life.state == "taken" and not life.warned and at >= flag_life.warn_at(life):
        call.moved("warn")
        return notify(call, owner, "notice-warned", acts=OWNER_ACTS)
    if at < life.due_at:
        call.look_again(flag_life.warn_at(life) if life.state == "taken" and not life.warned else life.due_at)
        return []
    if life.state == "taken" or not any(duty.why_away(one) is None for one in owner):
        return reopened(call)
    call.moved("overdue", quietly=life.overdue)
    leads = [one for one in call.there.supervisors if one not in owner]
    told = notify(call, owner, "notice-not-heard", again=life.overdue, acts=OWNER_ACTS)
    return told + notify(call, leads, "notice-not-heard-lead", again=life.overdue, acts=("see",))


def _told_to_phone(call: Call, called: Sequence[Servant]) -> list[Outgoing]:
    """Where nobody was called who could take it and can be reached, its author hears so at once."""
    takers = set(call.there.takers)
    if call.able([one for one in called if one in takers]):
        return []
    return call.author(NOBODY, at_once=True)


def _routed(call: Call, level: int, skipped: Sequence[tuple[LevelName, str]]) -> None:
    for name, why in skipped:
        call.skipped(name, why)
    call.moved("route", level=level, why={"level": LEVELS[level]})


def _reachable(call: Call, at_least: int) -> tuple[int, list[tuple[LevelName, str]]]:
    """The first level from ``at_least`` on with somebody to be reached, or the last; and those skipped, with why."""
    skipped: list[tuple[LevelName, str]] = []
    for place in range(min(at_least, LAST), LAST + 1):
        level = call.levels[place]
        if call.able(level.people):
            return place, skipped
        if level.people or level.expected:
            skipped.append((level.name, _why(level)))
    return LAST, skipped


def _why(level: Level) -> str:
    if not level.people:
        return "not-enrolled" if level.missing else "nobody"
    return next((why for one in level.people if (why := duty.why_away(one)) is not None), "declined")


def _next_level_at(call: Call) -> datetime:
    return call.there.after(call.life.urgency, NEXT_LEVEL_AFTER[call.life.urgency], call.life.moved_at)


def next_look(call: Call) -> datetime:
    """When a flag that nobody has is to be looked at again."""
    if call.life.level == UNTOLD and call.quiet:
        return call.there.loud(call.life.urgency, call.at)
    return min(call.life.due_at, _next_level_at(call)) if call.life.level < DESK else call.life.due_at
