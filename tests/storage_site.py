"""What the tests of storage share: a time, a way to keep a note, and a look at the file from outside."""

import hashlib
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine, insert, select, text, update
from sqlalchemy.pool import NullPool

from bot.installation import Installation
from bot.trial import AGENCY
from storage import agencies, deliveries, feedback, notes, schema
from storage.keyset import FIXED, Keyset
from storage.pins import Pin, Pins
from storage.schema import destinations, memberships
from storage.sealing.desk import Manifest, Recipient, sign
from storage.sealing.signing import SigningKey
from storage.sealing.suites import DEFAULT_SUITE, generate
from storage.transaction import Transaction, seconds

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
UNDO = timedelta(minutes=10)
OTHER_AGENCY = "southgate"
CASE = "AA-1234-c"


def keyset(number: int = 0) -> Keyset:
    """The same keys for the same number."""

    def key(name: str) -> bytes:
        return hashlib.sha256(f"{number} {name}".encode()).digest()

    return Keyset({name: key(name) for name in FIXED}, {1: key("box")}, 1)


def note_id(number: int) -> str:
    """32 hex digits; its reference grows with the number."""
    return f"{number:04x}" + "0" * 28


def hand_all_over(tx: Transaction, *, at: datetime = NOON) -> None:
    """All notes, as if a case system had taken them then."""
    add_destination(tx, "drop")
    while deliveries.owe_all(tx, "drop", agency_ref=tx.keyring.agency_ref(AGENCY), at=at):
        pass
    tx.db.execute(update(schema.deliveries).values(state="acked", done_at=seconds(at)))
    kept = schema.notes.c.state.in_(("held", "waiting"))
    tx.db.execute(update(schema.notes).where(kept).values(state="handed-over"))


def keep_note(
    tx: Transaction,
    pins: Pins,
    number: int,
    author_ref: bytes,
    *,
    agency: str = AGENCY,
    case_code: str = CASE,
    flag_level: int = 0,
    amends: int | None = None,
    text: str = "Paper cranes by the window.",
    at: datetime = NOON,
    undo: timedelta = UNDO,
) -> None:
    notes.keep(
        tx,
        pins,
        note_id=note_id(number),
        agency=agency,
        author_ref=author_ref,
        body={
            "kind": "recorded" if amends is None else "amended",
            "case_code": case_code,
            "author": {"handle": "PO-17", "role": "officer"},
            "parts": {"seen": text},
        },
        case_code=case_code,
        flag_level=flag_level,
        amends="" if amends is None else note_id(amends),
        at=at,
        undo=undo,
    )


def person_in_role(tx: Transaction, agency_ref: bytes, role: str) -> bytes:
    query = select(memberships.c.person_ref).where(memberships.c.agency_ref == agency_ref, memberships.c.role == role)
    return bytes(tx.db.scalars(query).one())


def add_destination(tx: Transaction, name: str, *, agency: str = AGENCY, disclosure: str = "full") -> None:
    """A case system that the agency's notes go to from now on."""
    row = {"name": name, "agency_ref": tx.keyring.agency_ref(agency), "kind": "filedrop", "disclosure": disclosure,
           "state": "open", "why": "", "place_hash": bytes(32), "since": 0, "failures": 0, "next_at": 0,
           "alarm_s": 86_400, "cursor": "", "rejects": 0, "reject_why": "", "rejects_from": 0}  # fmt: skip
    tx.db.execute(insert(destinations), row)


def add_agency(tx: Transaction, slug: str = OTHER_AGENCY) -> bytes:
    return agencies.add(tx, slug, name="Southgate Mentors (demo)", zone="Europe/Lisbon", case_pattern="")


def publish(
    tx: Transaction,
    pins: Pins,
    slug: str,
    admin: SigningKey,
    *,
    version: int = 1,
    not_after: date | None = None,
    recovers: bool = True,
) -> None:
    """Pin and publish a new desk whose keys nobody keeps."""
    recipients = [Recipient(generate().public, "coordinator", "Coordinator (demo)", not_after)]
    if recovers:
        recipients.append(Recipient(generate().public, "recovery", "Recovery (demo)"))
    manifest = Manifest(
        agency=slug,
        agency_ref=tx.keyring.agency_ref(slug),
        version=version,
        suites=(DEFAULT_SUITE,),
        recipients=tuple(recipients),
        desk_agencies=(slug,),
        escrow=recovers,
        created=NOON.date(),
    )
    canonical, signature = sign(manifest, admin)
    pins.set(slug, Pin(admin.public, version))
    agencies.publish_desk(tx, manifest, canonical, signature)


def past_the_walls(installation: Installation, statement: str, **values: Any) -> list[Any]:
    """Run SQL as somebody could who holds the database: on the file itself, or as the server's superuser.

    Args:
        statement: with ``:name`` for values.
    """
    server = installation.whereabouts.server
    address = f"sqlite:///{installation.database}" if server is None else "postgresql+psycopg://"
    how: dict[str, Any] = {} if server is None else {"creator": lambda: psycopg.connect(server.owner)}
    engine = create_engine(address, poolclass=NullPool, **how)
    with engine.begin() as connection:
        done = connection.execute(text(statement), values)
        return list(done.all()) if done.returns_rows else []


class Mark:
    """A turn that leaves one row behind."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, tx: Transaction) -> str:
        feedback.count(tx, self.name, helpful=True)
        return self.name


def outside(path: Path) -> sqlite3.Connection:
    """A connection of somebody else. It waits: SQLite locks the file for a moment while another is being closed."""
    return sqlite3.connect(path, timeout=10, isolation_level=None)


def marks(path: Path) -> list[str]:
    """Names of the marks that are committed, in the order they were made, as seen from outside."""
    connection = outside(path)
    try:
        return [row[0] for row in connection.execute("SELECT answer FROM feedback ORDER BY rowid")]
    finally:
        connection.close()
