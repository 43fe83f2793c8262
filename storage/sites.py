"""At which site of an agency somebody works (a prison, an office): flags of its authors call its coordinators first.

A site is a name, kept with somebody's role in the agency. It is sealed: places tell who is meant.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, update

from dialogues.rota import same_site
from storage import timers
from storage.errors import Unknown, Unreadable
from storage.schema import memberships, receipts
from storage.transaction import Transaction

FLAG: Final = "flag"
"""Kind of the timer by which a flag goes on: ``storage.flags.DEADLINE``, which reaches this module by ``people``."""

_of_author = (
    select(memberships.c.person_ref, memberships.c.sealed_site)
    .join(receipts, receipts.c.author_ref == memberships.c.person_ref)
    .where(receipts.c.note_id == bindparam("of"), memberships.c.agency_ref == bindparam("agency"))
)
_of_agency = (
    select(memberships.c.person_ref, memberships.c.sealed_site)
    .where(memberships.c.agency_ref == bindparam("agency"), memberships.c.sealed_site.is_not(None))
    .order_by(memberships.c.since)
)
_of_person = select(memberships.c.agency_ref, memberships.c.sealed_site).where(
    memberships.c.person_ref == bindparam("person"), memberships.c.sealed_site.is_not(None)
)


def seal(tx: Transaction, place: bytes, site: str) -> bytes | None:
    """As a column of that row; None: no site."""
    return tx.seal("profile", place, {"site": site}) if site else None


def unseal(tx: Transaction, place: bytes, sealed: bytes | None) -> str:
    """The name, or nothing; nothing, too, where it cannot be read: a flag then calls the whole agency."""
    if sealed is None:
        return ""
    try:
        return str(tx.open("profile", place, sealed)["site"])
    except Unreadable:
        return ""


def place(person_ref: bytes, agency_ref: bytes) -> bytes:
    """What the site of somebody's role is bound to."""
    return person_ref + agency_ref


def of_author(tx: Transaction, note_id: bytes, agency_ref: bytes) -> str:
    """The site at which the author of a note of this agency works now, or nothing."""
    row = tx.db.execute(_of_author, {"of": note_id, "agency": agency_ref}).one_or_none()
    return "" if row is None else unseal(tx, place(row.person_ref, agency_ref), row.sealed_site)


def of_person(tx: Transaction, person_ref: bytes) -> dict[bytes, str]:
    """Agency ref -> site, of those where somebody has one."""
    rows = tx.db.execute(_of_person, {"person": person_ref})
    return {row.agency_ref: unseal(tx, place(person_ref, row.agency_ref), row.sealed_site) for row in rows}


def of_agency(tx: Transaction, agency_ref: bytes) -> tuple[str, ...]:
    """The sites at which somebody works, each once, as whoever is there longest has it written."""
    rows = tx.db.execute(_of_agency, {"agency": agency_ref})
    found: dict[str, str] = {}
    for row in rows:
        name = unseal(tx, place(row.person_ref, agency_ref), row.sealed_site)
        found.setdefault(same_site(name), name)
    return tuple(name for name in found.values() if name)


def put(tx: Transaction, person_ref: bytes, agency_ref: bytes, site: str, *, at: datetime) -> None:
    """Somebody works at this site from now on; empty: at none. Flags that called for it by their old one go on.

    Raises:
        Unknown: they have no role in this agency.
    """
    sealed = seal(tx, place(person_ref, agency_ref), site)
    here = (memberships.c.person_ref == person_ref, memberships.c.agency_ref == agency_ref)
    if tx.db.execute(update(memberships).where(*here).values(sealed_site=sealed)).rowcount != 1:
        raise Unknown("person: has no role in this agency")
    timers.pull_in(tx, FLAG, at)
