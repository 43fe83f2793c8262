"""Whom a flag calls next: level by level, an empty or unreachable one is skipped at once, and that is said.

    raised ─▶ quiet hours? wait ─▶ first level with somebody who can be reached ─▶ told ─▶ look again later
    look:  nobody of those told can be reached, or their time is over ─▶ the next level
           the deadline has passed ─▶ overdue, and supervisors; the next time, admins
           taken and not worked on ─▶ a warning to its owner, then open to all again
           in hand, waiting, and not heard of ─▶ overdue, to its owner and the supervisors

``look`` is harmless at any time: it does what the flag's life says is due now, and sets the timer for the next time.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from bot import duty
from bot.duty import DESK, LAST, LEVELS, SUPERVISOR, Level, LevelName
from bot.flag_author import tell_author
from bot.notices import FLAG_ACTS, arrives, tell
from dialogues import flag_life
from dialogues.flag_life import NEXT_LEVEL_AFTER, OVER, OWNED, Life
from storage import agencies, flag_steps, flags, people
from storage.errors import Unknown
from storage.outbox import Outgoing, Priority
from storage.people import PersonRow
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

UNTOLD: Final = -1
NOBODY: Final = "flag-reaches-nobody"
OWNER_ACTS: Final = ("work", "see", "hand-on")
"""Buttons of a notice to whoever has it."""


def raise_flag(
    tx: Transaction, world: "World", note_id: str, agency_ref: bytes, flag_level: int, at: datetime
) -> list[Outgoing]:
    """Raise a flag of level 1 to 3, call whoever is first to hear of it, and tell its author by when it is taken."""
    urgency = flag_life.URGENCIES[flag_level - 1]
    due_at = duty.due_at(tx, world, agency_ref, urgency, at)
    flags.raise_flag(tx, note_id, agency_ref, flag_level, at=at, pins=world.pins, due_at=due_at)
    told = look(tx, world, note_id, at)
    if not any(one.notice is not None and one.notice.phrase == NOBODY for one in told):
        told += tell_author(tx, world, note_id, "author-received", at, at_once=True)
    return told


def look(tx: Transaction, world: "World", note_id: str, at: datetime) -> list[Outgoing]:
    """Do what is due for a flag now; see the head of this file."""
    try:
        life = flags.life(tx, note_id)
    except Unknown:
        return []
    if life.state in OVER:
        return []
    agency_ref, _, urgency = flags.about(tx, note_id)
    loud_at = duty.loud_at(tx, world, agency_ref, urgency, at)
    if loud_at > at:
        flags.look_again(tx, note_id, loud_at)
        return []
    if life.state in OWNED:
        return _look_after_owner(tx, world, note_id, life, at)
    found = duty.levels(tx, world, agency_ref, flags.case_of(tx, note_id), at)
    told = list[Outgoing]()
    if life.due_at <= at:
        told = _overdue(tx, world, note_id, life, found, at)
    elif life.level < LAST and (
        life.level == UNTOLD
        or not _able(tx, note_id, duty.within(life.level, found))
        or (life.level < DESK and at >= _next_level_at(life))
    ):
        told = call_next(tx, world, note_id, at, found=found)
    flags.look_again(tx, note_id, _next_look(flags.life(tx, note_id)))
    return told


def call_next(
    tx: Transaction,
    world: "World",
    note_id: str,
    at: datetime,
    *,
    found: Sequence[Level],
    phrase: str = "notice-flag",
) -> list[Outgoing]:
    """Call the next level at which somebody can be reached, those before once more, and say which were skipped.

    Args:
        phrase: what those are told who hear of it for the first time.
    """
    before = flags.life(tx, note_id).level
    level, skipped = _reachable(tx, note_id, found, before + 1)
    if LEVELS[level] == "case" and flags.about(tx, note_id)[2] == "urgent":
        level = LEVELS.index("duty")  # whoever is on duty does not wait for whoever has the case
    _routed(tx, world, note_id, level, skipped, at)
    earlier = _willing(tx, note_id, duty.within(before, found))
    new = [one for one in _willing(tx, note_id, duty.within(level, found)) if one not in earlier]
    told = notify(tx, world, note_id, earlier, "notice-flag-again", at, again=True)
    told += notify(tx, world, note_id, new, phrase, at, besides=[f"skipped-{name}" for name, _ in skipped])
    if not _able(tx, note_id, duty.within(level, found)):
        told += tell_author(tx, world, note_id, NOBODY, at, at_once=True)
    return told


def call_all(tx: Transaction, world: "World", note_id: str, phrase: str, at: datetime) -> list[Outgoing]:
    """Call everybody of the desk, and of the levels after it that were called before."""
    agency_ref, _, _ = flags.about(tx, note_id)
    found = duty.levels(tx, world, agency_ref, flags.case_of(tx, note_id), at)
    level, skipped = _reachable(tx, note_id, found, max(DESK, flags.life(tx, note_id).level))
    _routed(tx, world, note_id, level, skipped, at)
    besides = [f"skipped-{name}" for name, _ in skipped]
    told = notify(tx, world, note_id, _willing(tx, note_id, duty.within(level, found)), phrase, at, besides=besides)
    if not _able(tx, note_id, duty.within(level, found)):
        told += tell_author(tx, world, note_id, NOBODY, at, at_once=True)
    flags.look_again(tx, note_id, _next_look(flags.life(tx, note_id)))
    return told


def notify(
    tx: Transaction,
    world: "World",
    note_id: str,
    whom: Sequence[PersonRow],
    phrase: str,
    at: datetime,
    *,
    besides: Sequence[str] = (),
    again: bool = False,
    acts: Sequence[str] = FLAG_ACTS,
) -> list[Outgoing]:
    """Tell people of a flag: reference, urgency, age, buttons; nothing else of it.

    Who could not take it (an admin, a supervisor of an agency whose desk is another's) is asked to find somebody.
    """
    agency_ref, short, urgency = flags.about(tx, note_id)
    slug = agencies.by_ref(tx, agency_ref).slug
    minutes = max(0, int((at - flags.raised_at(tx, note_id)).total_seconds() // 60))
    args: dict[str, str | int] = {"reference": short, "urgency": f"urgency-{urgency}"}
    args |= {"minutes": minutes, "hours": minutes // 60}
    may = {one.ref for one in world.access.takers(tx, agency_ref, at)}
    takers = [one.ref for one in whom if one.ref in may]
    others = [one.ref for one in whom if one.ref not in may]
    urgent = Priority.URGENT
    told = tell(
        tx, world, takers, slug, phrase, args, at,
        flag=note_id, acts=acts, besides=besides, again=again, priority=urgent,
    )  # fmt: skip
    return told + tell(
        tx, world, others, slug, phrase, args, at, besides=(*besides, "notice-find-somebody"), again=again,
        priority=urgent,
    )  # fmt: skip


def _overdue(
    tx: Transaction, world: "World", note_id: str, life: Life, found: Sequence[Level], at: datetime
) -> list[Outgoing]:
    """The first time supervisors hear of it, too; from the second on everybody."""
    again, (agency_ref, _, urgency) = life.overdue, flags.about(tx, note_id)
    flags.overdue(tx, note_id, at=at, pins=world.pins, due_at=duty.due_at(tx, world, agency_ref, urgency, at))
    level, skipped = _reachable(tx, note_id, found, LAST if again else max(SUPERVISOR, life.level))
    if level > life.level or life.state == "raised":
        _routed(tx, world, note_id, level, skipped, at)
    everybody = duty.within(level, found)
    whom = _willing(tx, note_id, everybody) or everybody
    besides = [f"skipped-{name}" for name, _ in skipped]
    told = notify(tx, world, note_id, whom, "notice-overdue", at, besides=besides, again=again)
    return told + tell_author(tx, world, note_id, "author-overdue", at, at_once=True, again=again)


def _look_after_owner(tx: Transaction, world: "World", note_id: str, life: Life, at: datetime) -> list[Outgoing]:
    owner = people.one(tx, bytes.fromhex(life.owner))
    if owner is None:
        return []
    if life.state == "taken" and not life.warned and at >= flag_life.warn_at(life):
        flags.move(tx, note_id, "warn", at=at, pins=world.pins)
        return notify(tx, world, note_id, [owner], "notice-warned", at, acts=OWNER_ACTS)
    if at < life.due_at:
        flags.look_again(tx, note_id, life.due_at if life.warned or life.state != "taken" else flag_life.warn_at(life))
        return []
    if life.state == "taken" or not arrives(tx, owner.ref):
        return reopened(tx, world, note_id, at)
    again, (agency_ref, _, _) = life.overdue, flags.about(tx, note_id)
    flags.overdue(tx, note_id, at=at, pins=world.pins)
    found = duty.levels(tx, world, agency_ref, None, at)
    leads = [one for one in found[SUPERVISOR].people if one != owner]
    told = notify(tx, world, note_id, [owner], "notice-not-heard", at, again=again, acts=OWNER_ACTS)
    return told + notify(tx, world, note_id, leads, "notice-not-heard-lead", at, again=again, acts=("see",))


def reopened(tx: Transaction, world: "World", note_id: str, at: datetime) -> list[Outgoing]:
    """It is open to all again, and everybody of the desk hears of it, and its author."""
    agency_ref, _, urgency = flags.about(tx, note_id)
    flags.move(tx, note_id, "reopen", at=at, pins=world.pins, due_at=duty.due_at(tx, world, agency_ref, urgency, at))
    told = call_all(tx, world, note_id, "notice-reopened", at)
    return told + tell_author(tx, world, note_id, "author-waits-again", at)


def _routed(
    tx: Transaction,
    world: "World",
    note_id: str,
    level: int,
    skipped: Sequence[tuple[LevelName, str]],
    at: datetime,
) -> None:
    agency_ref, _, _ = flags.about(tx, note_id)
    for name, why in skipped:
        step = {"level": name, "why": why}
        flag_steps.add(tx, world.pins, bytes.fromhex(note_id), agency_ref, "skip", at=at, why=step)
    flags.move(tx, note_id, "route", at=at, pins=world.pins, level=level, why={"level": LEVELS[level]})


def _reachable(
    tx: Transaction, note_id: str, found: Sequence[Level], at_least: int
) -> tuple[int, list[tuple[LevelName, str]]]:
    """The first level from ``at_least`` on with somebody to be reached, or the last; and those skipped, with why."""
    skipped: list[tuple[LevelName, str]] = []
    for place in range(min(at_least, LAST), LAST + 1):
        level = found[place]
        if _able(tx, note_id, level.people):
            return place, skipped
        if level.people or level.expected:
            aways = [why for one in level.people if (why := duty.why_away(tx, one)) is not None]
            why = "not-enrolled" if level.missing else "nobody"
            skipped.append((level.name, aways[0] if aways else "declined" if level.people else why))
    return LAST, skipped


def _willing(tx: Transaction, note_id: str, those: Sequence[PersonRow]) -> list[PersonRow]:
    """Without those who said that they cannot."""
    declined = flag_steps.declined_by(tx, bytes.fromhex(note_id))
    return [one for one in those if one.ref not in declined]


def _able(tx: Transaction, note_id: str, those: Sequence[PersonRow]) -> bool:
    """Whether one of them can be reached, and did not say that they cannot."""
    return any(duty.why_away(tx, one) is None for one in _willing(tx, note_id, those))


def _next_level_at(life: Life) -> datetime:
    return life.moved_at + NEXT_LEVEL_AFTER[life.urgency]


def _next_look(life: Life) -> datetime:
    return min(life.due_at, _next_level_at(life)) if life.level < DESK else life.due_at
