"""How far walks have come, so that they can be resumed after days."""

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from dialogues.model import WalkView
from storage import agencies, deletions
from storage.schema import walks
from storage.transaction import Transaction, seconds

_update = (
    update(walks)
    .where(walks.c.id == bindparam("walk"), walks.c.person_ref == bindparam("person"))
    .values(sealed_progress=bindparam("progress"), guide_version=bindparam("version"), moved_at=bindparam("now"))
)


def keep(
    tx: Transaction,
    *,
    walk_id: str,
    person_ref: bytes,
    agency_ref: bytes,
    guide_version: int,
    progress: str,
    case_code: str,
    at: datetime,
) -> None:
    """Write a walk's progress; ``progress`` is JSON as the codec writes it."""
    ref = bytes.fromhex(walk_id)
    sealed = tx.keyring.seal("walk", ref, progress.encode())
    found = tx.db.execute(
        _update,
        {
            "walk": ref,
            "person": person_ref,
            "progress": sealed,
            "version": guide_version,
            "now": seconds(at),
        },
    )
    if found.rowcount == 0:
        row = {
            "id": ref,
            "person_ref": person_ref,
            "agency_ref": agency_ref,
            "case_tag": tx.keyring.case_tag(agency_ref, case_code),
            "guide_version": guide_version,
            "sealed_progress": sealed,
            "moved_at": seconds(at),
        }
        tx.db.execute(insert(walks), row)


def drop(tx: Transaction, walk_id: str, person_ref: bytes) -> None:
    where = (walks.c.id == bytes.fromhex(walk_id), walks.c.person_ref == person_ref)
    if tx.db.execute(delete(walks).where(*where)).rowcount:
        deletions.record(tx, "walk", bytes.fromhex(walk_id))


def erase(tx: Transaction, walk_id: str) -> None:
    """It was finished or dropped after the backup that was restored."""
    if tx.db.execute(delete(walks).where(walks.c.id == bytes.fromhex(walk_id))).rowcount:
        deletions.record(tx, "walk", bytes.fromhex(walk_id))


def of_person(tx: Transaction, person_ref: bytes, *, at_most: int = 30) -> list[WalkView]:
    """Newest first."""
    rows = tx.db.execute(
        select(walks).where(walks.c.person_ref == person_ref).order_by(walks.c.moved_at.desc()).limit(at_most)
    )
    return [
        WalkView(
            row.id.hex(),
            agencies.by_ref(tx, row.agency_ref).slug,
            row.guide_version,
            tx.keyring.open("walk", row.id, row.sealed_progress).decode(),
        )
        for row in rows
    ]
