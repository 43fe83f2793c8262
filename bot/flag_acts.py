"""What people do with flags, from the chat and from the page alike: one place, one outcome, the same who is told.

dialogue ──▶ bot/effects.py ─┐
                             ├─▶ done(): may they? change it, tell the author and colleagues
page ──────▶ perform() ──────┘   perform() also writes the entry in the audit log
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot import audited, duty
from bot.flag_author import tell_author
from bot.flag_routing import OWNER_ACTS, call_all, look, notify
from bot.notices import arrives, tell
from dialogues import permissions
from dialogues.flag_life import OVER, OWNED, URGENCIES
from dialogues.model import (
    AWAITED,
    DECLINED,
    OUTCOMES,
    AwaitOther,
    CloseFlag,
    DeclineFlag,
    HandOnFlag,
    Person,
    TakeFlag,
    UndoTake,
    WorkOnFlag,
    WorsenFlag,
)
from storage import agencies, flags, notes, people
from storage.actor import Actor
from storage.errors import Unknown
from storage.outbox import Outgoing, Priority
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

DeskAct = TakeFlag | UndoTake | DeclineFlag | WorkOnFlag | AwaitOther | HandOnFlag | CloseFlag
FlagAct = DeskAct | WorsenFlag


def perform(tx: Transaction, world: "World", person: Person, act: FlagAct, at: datetime) -> list[Outgoing]:
    """Do it from outside the chat, for somebody whose identity was proved (``Access.person_of``).

    Returns:
        Messages to other people that follow from it; to be pushed to the outbox after the commit, or found by its next
        look.

    Raises:
        Unknown: this person may not do that, somebody was faster, or it is not there; which of these is not told.
    """
    tx = tx.acting(Actor.person(bytes.fromhex(person.ref)))
    if not permissions.allows(person, type(act).__name__):
        raise Unknown("flag")
    told = done(tx, world, person, act, at)
    audited.did(tx, act, at=at)
    return told


def done(tx: Transaction, world: "World", person: Person, act: FlagAct, at: datetime) -> list[Outgoing]:
    """The same within a turn, whose effects are looked at and written down there.

    Raises:
        Unknown: see ``perform``.
    """
    if isinstance(act, WorsenFlag):
        return _worsen(tx, world, person, act, at)
    _of_own_desk(tx, world, person, act.note_id, at)
    me = bytes.fromhex(person.ref)
    by: dict[str, Any] = {"at": at, "pins": world.pins, "who": person.ref}
    match act:
        case TakeFlag(note_id):
            flags.move(tx, note_id, "take", **by)
            return tell_author(tx, world, note_id, "author-in-hand", at)
        case UndoTake(note_id):
            flags.move(tx, note_id, "undo", **by)
            colleagues = [one for one in _called(tx, world, note_id, at) if one.ref != me]
            told = notify(tx, world, note_id, colleagues, "notice-reopened", at)
            told += tell_author(tx, world, note_id, "author-waits-again", at)
            return told + look(tx, world, note_id, at)
        case DeclineFlag(note_id, why) if why in DECLINED:
            flags.move(tx, note_id, "decline", why={"why": why}, **by)
            return look(tx, world, note_id, at)
        case WorkOnFlag(note_id):
            flags.move(tx, note_id, "work", **by)
            return []
        case AwaitOther(note_id, whom) if whom in AWAITED:
            flags.move(tx, note_id, "await", why={"whom": whom}, **by)
            return []
        case HandOnFlag(note_id, to_person):
            return _hand_on(tx, world, note_id, me, bytes.fromhex(to_person), at)
        case CloseFlag(note_id, outcome) if outcome in OUTCOMES:
            flags.close(tx, note_id, me, outcome, at=at, pins=world.pins)
            return tell_author(tx, world, note_id, "author-closed", at, outcome=outcome)
    raise Unknown("flag")


def withdrawn(tx: Transaction, world: "World", note_id: str, at: datetime) -> list[Outgoing]:
    """Its note was withdrawn by its author: whoever was called for it, or has it, hears so."""
    try:
        called = _called(tx, world, note_id, at)
    except Unknown:
        return []
    owner = flags.life(tx, note_id).owner
    if not flags.withdraw(tx, note_id, at=at, pins=world.pins):
        return []
    agency_ref, short, _ = flags.about(tx, note_id)
    whom = {one.ref for one in called} | ({bytes.fromhex(owner)} if owner else set())
    args, slug = {"reference": short}, agencies.by_ref(tx, agency_ref).slug
    return tell(tx, world, sorted(whom), slug, "notice-withdrawn", args, at, priority=Priority.URGENT)


def _hand_on(tx: Transaction, world: "World", note_id: str, me: bytes, to: bytes, at: datetime) -> list[Outgoing]:
    agency_ref, _, urgency = flags.about(tx, note_id)
    taker = next((one for one in world.access.takers(tx, agency_ref, at) if one.ref == to), None)
    if taker is None or to == me:
        raise Unknown("person")
    had = flags.life(tx, note_id).owner
    due_at = duty.due_at(tx, world, agency_ref, urgency, at) if had else None
    flags.move(tx, note_id, "hand-on", at=at, pins=world.pins, who=me.hex(), due_at=due_at, why={"to": to.hex()})
    told = notify(tx, world, note_id, [taker], "notice-handed-on", at)
    if not arrives(tx, to):  # nobody waits for somebody who hears nothing
        told += call_all(tx, world, note_id, "notice-flag-again", at)
    if had:
        told += tell_author(tx, world, note_id, "author-waits-again", at)
    return told


def _worsen(tx: Transaction, world: "World", person: Person, act: WorsenFlag, at: datetime) -> list[Outgoing]:
    note_id, me = act.note_id, bytes.fromhex(person.ref)
    if notes.author_of(tx, bytes.fromhex(note_id)) != me:
        raise Unknown("note")
    life = flags.life(tx, note_id)
    if life.state in OVER:
        raise Unknown("flag")
    worse = URGENCIES.index(act.urgency)
    if worse <= URGENCIES.index(life.urgency):
        return []
    while URGENCIES.index(life.urgency) < worse:
        life = flags.move(tx, note_id, "worsen", at=at, pins=world.pins, who=person.ref)
    if life.state not in OWNED:
        return call_all(tx, world, note_id, "notice-worse", at)
    owner = people.one(tx, bytes.fromhex(life.owner))
    told = notify(tx, world, note_id, [owner], "notice-worse-owned", at, acts=OWNER_ACTS) if owner else []
    return told + look(tx, world, note_id, at)


def _called(tx: Transaction, world: "World", note_id: str, at: datetime) -> list[people.PersonRow]:
    """Everybody who was called for a flag so far, or would be called first."""
    agency_ref, _, _ = flags.about(tx, note_id)
    found = duty.levels(tx, world, agency_ref, flags.case_of(tx, note_id), at)
    return duty.within(max(0, flags.life(tx, note_id).level), found)


def _of_own_desk(tx: Transaction, world: "World", person: Person, note_id: str, at: datetime) -> None:
    """
    Raises:
        Unknown: the flag is not of a desk that this person serves.
    """
    agency_ref, _, _ = flags.about(tx, note_id)
    if agency_ref not in world.access.desks_of(tx, person, at):
        raise Unknown("flag")
