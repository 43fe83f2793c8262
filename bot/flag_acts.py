"""What people do with flags, from the chat and from the page alike: one place, one outcome, the same who is told.

dialogue ──▶ bot/effects.py ─┐
                             ├─▶ done(): may they? change it, tell the author and colleagues
page ──────▶ perform() ──────┘   perform() also writes the entry in the audit log
"""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot import audited, duty, flag_routing
from bot.duty import DESK
from bot.flag_routing import Call, call_all, look, next_look, notify, worse_for_owner
from dialogues import permissions
from dialogues.flag_life import OVER, OWNED, URGENCIES, WORKED_WITHIN, acted_within, worse_than
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
from storage import flags, notes
from storage.actor import Actor
from storage.errors import Unknown
from storage.outbox import Outgoing
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
    if not _theirs(tx, world, person, act, at):  # first, and alike: how long it takes tells nobody what is there
        raise Unknown("flag")
    call = Call.of(tx, world, act.note_id, at)
    if isinstance(act, WorsenFlag):
        return _worsen(call, person, act)
    me = person.ref
    match act:
        case TakeFlag():
            call.moved("take", who=me, due_at=call.there.after(call.flag.urgency, WORKED_WITHIN[call.flag.urgency], at))
            return call.author("author-in-hand")
        case UndoTake():
            call.moved("undo", who=me)
            return _waits_again(call, me) + call.author("author-waits-again") + look(tx, world, act.note_id, at)
        case DeclineFlag(_, why) if why in DECLINED:
            called = duty.within(max(0, call.life.level), call.levels)
            call.moved("decline", who=me, why={"why": why})
            call.declined.add(bytes.fromhex(me))
            told = look(tx, world, act.note_id, at)
            if told or me in {one.ref.hex() for one in called}:
                return told
            if call.quiet:  # called by another rota: did these hear?
                call.put_off(untold=True)
                return []
            return notify(call, call.willing(called), "notice-flag-again", again=True)
        case WorkOnFlag():
            call.moved("work", who=me)
            return []
        case AwaitOther(_, whom) if whom in AWAITED:
            call.moved("await", who=me, why={"whom": whom})
            return []
        case HandOnFlag(_, to_person):
            return _hand_on(call, me, to_person)
        case CloseFlag(_, outcome) if outcome in OUTCOMES:
            call.moved("close", who=me, outcome=outcome, why={"outcome": outcome})
            call.flag = replace(call.flag, outcome=outcome)
            return call.author("author-closed")
    raise Unknown("flag")


def _theirs(tx: Transaction, world: "World", person: Person, act: FlagAct, at: datetime) -> bool:
    """Whether a flag is this person's to act on: they wrote its note, or serve its desk. What is not there is not."""
    note_id = bytes.fromhex(act.note_id)
    if isinstance(act, WorsenFlag):
        return notes.author_of(tx, note_id) == bytes.fromhex(person.ref)
    return flags.agency_of(tx, note_id) in world.access.desks_of(tx, person, at)


def withdrawn(tx: Transaction, world: "World", note_id: str, at: datetime) -> list[Outgoing]:
    """Its note was withdrawn by its author: whoever was called for it, or has it, hears so."""
    try:
        call = Call.of(tx, world, note_id, at)
        call.moved("withdraw")
    except Unknown:
        return []
    return flag_routing.withdrawn(call)


def _waits_again(call: Call, me: str) -> list[Outgoing]:
    """Whoever was called before this person took it hears that it waits again."""
    if call.quiet:
        call.put_off(untold=True)
        return []
    called = duty.within(max(0, call.life.level), call.levels)
    return notify(call, [one for one in call.willing(called) if one.ref.hex() != me], "notice-reopened")


def _hand_on(call: Call, me: str, to: str) -> list[Outgoing]:
    taker = next((one for one in call.there.takers if one.ref.hex() == to), None)
    if taker is None or to == me:
        raise Unknown("person")
    had = call.life.owner
    # From whoever had it: the levels count anew, so that a colleague who does not take it is not waited for alone.
    due_at, level = (
        (call.there.due(call.flag.urgency, call.at), min(call.life.level, DESK - 1)) if had else (None, None)
    )
    call.moved("hand-on", who=me, due_at=due_at, level=level, why={"to": to})
    told = notify(call, [taker], "notice-handed-on")
    call.look_again(next_look(call))
    if duty.why_away(taker) is not None:  # nobody waits for somebody who hears nothing
        told += call_all(call, "notice-flag-again")
    return told + (call.author("author-waits-again") if had else [])


def _worsen(call: Call, person: Person, act: WorsenFlag) -> list[Outgoing]:
    if call.life.state in OVER:
        raise Unknown("flag")
    wanted = URGENCIES.index(act.urgency)
    if wanted <= URGENCIES.index(call.life.urgency):
        return []
    while URGENCIES.index(call.life.urgency) < wanted:
        worse = worse_than(call.life.urgency)
        due_at = call.there.after(worse, acted_within(call.life.state)[worse], call.at)
        call.moved("worsen", who=person.ref, due_at=due_at)
    call.declined.clear()
    if call.life.state not in OWNED:
        return call_all(call, "notice-worse")
    return worse_for_owner(call) + look(call.tx, call.world, act.note_id, call.at)
