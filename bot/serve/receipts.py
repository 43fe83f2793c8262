"""Receipts of a person's own notes: reference, state, and what became of the flag; no content."""

from aiohttp import web

from bot.serve.refusals import Refused
from bot.serve.served import Who, acting, of_linked, told_time
from dialogues.model import NoteView
from dialogues.reference import reference
from storage import notes
from storage.giving_out import page_state
from storage.transaction import Transaction


async def mine(request: web.Request) -> web.Response:
    """GET /api/my/notes"""

    def act(tx: Transaction, who: Who) -> list[dict[str, object]]:
        talk, _ = of_linked(who)
        return [_told(one) for one in notes.of_author(tx, talk.person_ref)]

    return web.json_response({"receipts": await acting(request, "either", act)})


def receipt(tx: Transaction, author_ref: bytes, note_id: bytes) -> dict[str, object]:
    """
    Raises:
        Refused: ``unknown``.
    """
    found = notes.of_author(tx, author_ref, short=reference(note_id.hex()))
    one = next((one for one in found if one.note_id == note_id.hex()), None)
    if one is None:
        raise Refused("unknown")
    return _told(one)


def _told(one: NoteView) -> dict[str, object]:
    return {
        "note_id": one.note_id,
        "reference": one.reference,
        "agency": one.agency,
        "hour": told_time(one.hour),
        "state": one.state,
        "flag_state": page_state(one.flag_state) if one.flag_state else None,
        "undo_until": None if one.undo_until is None else told_time(one.undo_until),
        "amends": one.amends or None,
    }
