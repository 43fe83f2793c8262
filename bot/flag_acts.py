"""What people do with flags, from the chat and from the page alike: one place, one outcome, the same who is told.

dialogue ──▶ bot/effects.py ─┐
                             ├─▶ done(): may they? change it, tell the author and colleagues
page ──────▶ perform() ──────┘   perform() also writes the entry in the audit log
"""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot import audited
from bot.notices import tell
from dialogues import permissions
from dialogues.model import CloseFlag, HandOnFlag, Person, TakeFlag
from dialogues.reference import reference
from storage import agencies, flags, notes
from storage.actor import Actor
from storage.errors import Unknown
from storage.outbox import Outgoing, Priority
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

FlagAct = TakeFlag | HandOnFlag | CloseFlag


def perform(tx: Transaction, world: "World", person: Person, act: FlagAct, at: datetime) -> list[Outgoing]:
    """Do it from outside the chat, for somebody whose identity was proved (``Access.person_of``).

    Returns:
        Messages to other people that follow from it, to be pushed to the outbox after the commit.

    Raises:
        Unknown: this person may not do that, somebody was faster, or it is not there; which of these is not told.
    """
    tx = replace(tx, actor=Actor.person(bytes.fromhex(person.ref)))
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
    me = bytes.fromhex(person.ref)
    _of_own_desk(tx, world, person, act.note_id, at)
    match act:
        case TakeFlag(note_id):
            flags.take(tx, note_id, me)
            return _tell_author(tx, world, note_id, "author-in-hand", {}, at)
        case HandOnFlag(note_id, to_person):
            to, agency = bytes.fromhex(to_person), _agency(tx, note_id)
            if to not in {one.ref for one in world.access.servants(tx, agency, at)}:
                raise Unknown("person")
            urgency = flags.hand_on(tx, note_id, me, at=at)
            args = {**_named(note_id), "urgency": f"urgency-{urgency}"}
            named, urgent = args["reference"], Priority.URGENT
            return tell(tx, world, to, agency, "notice-handed-on", args, at, flag=named, priority=urgent)
        case CloseFlag(note_id, outcome):
            flags.close(tx, note_id, me, outcome, at=at)
            return _tell_author(tx, world, note_id, "author-closed", {"outcome": f"outcome-{outcome}"}, at)


def _tell_author(
    tx: Transaction, world: "World", note_id: str, phrase: str, args: dict[str, str], at: datetime
) -> list[Outgoing]:
    author = notes.author_of(tx, bytes.fromhex(note_id))
    if author is None:
        return []
    return tell(tx, world, author, _agency(tx, note_id), phrase, {**_named(note_id), **args}, at)


def _of_own_desk(tx: Transaction, world: "World", person: Person, note_id: str, at: datetime) -> None:
    """
    Raises:
        Unknown: the flag is not of a desk that this person serves.
    """
    agency_ref, _, _ = flags.about(tx, note_id)
    if agency_ref not in world.access.desks_of(tx, person, at):
        raise Unknown("flag")


def _named(note_id: str) -> dict[str, str]:
    return {"reference": reference(note_id)}


def _agency(tx: Transaction, note_id: str) -> str:
    agency_ref, _, _ = flags.about(tx, note_id)
    return agencies.by_ref(tx, agency_ref).slug
