"""What a dialogue may look up: only what this person may see."""

from datetime import datetime
from typing import TYPE_CHECKING

from dialogues.model import Colleague, FlagView, LookUp, NoteView, Person, WalkView
from dialogues.reference import read_reference
from storage import flags, notes, walks
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

Rows = tuple[FlagView | NoteView | WalkView | Colleague, ...]


def find(tx: Transaction, world: "World", look_up: LookUp, person: Person, at: datetime) -> Rows:
    """Rows for a look-up; empty where there is nothing, or nothing for this person."""
    me = bytes.fromhex(person.ref)
    short = read_reference(look_up.about) or "-"
    match look_up.what:
        case "open-flags":
            desks = world.access.desks_of(tx, person, at)
            return tuple(flags.of_desks(tx, desks)) if desks else ()
        case "flag":
            desks = world.access.desks_of(tx, person, at)
            return tuple(flags.of_desks(tx, desks, short=short)) if desks else ()
        case "colleagues":
            found = flags.of_desks(tx, world.access.desks_of(tx, person, at), short=short)
            servants = world.access.servants(tx, found[0].agency, at) if found else []
            return tuple(Colleague(one.ref.hex(), one.handle) for one in servants if one.ref != me)
        case "my-notes":
            return tuple(notes.of_author(tx, me))
        case "my-note":
            return tuple(notes.of_author(tx, me, short=short))
        case "my-walks":
            return tuple(walks.of_person(tx, me))
