"""What a session is told of itself: who it is, which agencies, and the desks to seal to."""

from bot.serve.desks import READERS
from bot.serve.served import Served, Who, told_time
from dialogues import permissions
from dialogues.danger import alarm_of
from storage import agencies, cases, deliveries
from storage.agencies import AgencyRow
from storage.sealing import base64url
from storage.transaction import Transaction


def session_view(tx: Transaction, served: Served, who: Who, token: str = "") -> dict[str, object]:
    """``Session`` of the interface. ``token``: told once, at login."""
    session = who.session
    stepped = session.stepped_up_until
    role = next((one.role for one in who.held if one.role in READERS), None)
    told: dict[str, object] = {
        "kind": "author" if session.kid is None else "reader",
        "now": told_time(who.now),
        "idle_until": told_time(session.idle_until),
        "ends_at": told_time(session.ends_at),
        "stepped_up_until": told_time(stepped) if stepped is not None and stepped > who.now else None,
        "person": None,
        "key": None,
        "agencies": _agencies(tx, served, who),
        "server_keys": server_keys(tx),
    }
    if who.person is not None:
        told["person"] = {
            "author_ref": who.person.ref,
            "handle": who.person.handle,
            "language": who.person.language,
        }
    if session.kid is not None:
        told["key"] = {"kid": session.kid.hex(), "role": role, "linked": who.person is not None}
    return {"token": token, **told} if token else told


def server_keys(tx: Transaction) -> list[str]:
    """Public keys that notes kept here are signed with."""
    return [base64url.encode(tx.keyring.ingest.public.raw)]


def _agencies(tx: Transaction, served: Served, who: Who) -> list[dict[str, object]]:
    own = {} if who.talk is None else {ref: role for ref, _, role in who.talk.places}
    rows = {one.agency.ref: one.agency for one in who.held}
    rows |= {ref: agencies.by_ref(tx, ref) for ref in own if ref not in rows}
    codes = _cases(tx, who)
    return [
        _agency(tx, served, who, row, own.get(ref), codes.get(row.slug, []))
        for ref, row in sorted(rows.items(), key=lambda one: one[1].slug)
    ]


def _agency(
    tx: Transaction, served: Served, who: Who, row: AgencyRow, role: str | None, codes: list[str]
) -> dict[str, object]:
    writes = (
        who.session.kid is None
        and who.person is not None
        and role is not None
        and permissions.allows(who.person, "KeepNote", row.slug)
    )
    return {
        "slug": row.slug,
        "name": row.profile["name"],
        "agency_ref": row.ref.hex(),
        "zone": row.profile["zone"],
        "case_pattern": row.profile["case_pattern"],
        "role": role,
        "first": _first_line(served, who, row.slug),
        "media": agencies.media(row),
        "writes": writes,
        "reads": row.ref in who.reads,
        "desk": served.desks.told(tx, row, who.now),
        "destinations": [
            {"name": name, "disclosure": disclosure}
            for name, disclosure in (deliveries.destinations_of(tx, row.ref) if writes else ())
        ],
        "cases": [
            {"code": code, "handle": tag.hex()}
            for code in (codes if writes else [])
            if (tag := tx.keyring.case_tag(row.ref, code)) is not None
        ],
    }


def _first_line(served: Served, who: Who, slug: str) -> str:
    """What comes first in danger, in the person's language."""
    voice = served.world.voice("" if who.person is None else who.person.language)
    membership = None if who.person is None else who.person.at(slug)
    return voice.text("danger-first") if membership is None else alarm_of(membership, voice)


def _cases(tx: Transaction, who: Who) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in cases.of_person(tx, who.person_ref) if who.person_ref is not None else []:
        found.setdefault(one.agency, []).append(one.code)
    return found
