"""Who is on duty at each agency's desk, as its coordinators or admins last wrote it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update

from dialogues.rota import NO_ROTA, Rota
from dialogues.rota_file import Wrong, fields_of, of_fields
from storage.errors import Unknown, Unreadable
from storage.schema import rotas
from storage.transaction import Transaction, moment, seconds

EVENING: Final = "rota"
"""Kind of the timer that looks every evening whether tonight's people can be reached; ``about`` is the agency's ref,
hex."""

_in_force = select(rotas.c.agency_ref, rotas.c.sealed_rota).where(
    rotas.c.agency_ref.in_(bindparam("agencies", expanding=True))
)


@dataclass(frozen=True, slots=True)
class KeptRota:
    """``version``: 0 where none was ever written; ``before``: the one that a change can be undone to, if any."""

    rota: Rota
    version: int
    changed_at: datetime | None = None
    before: Rota | None = None


def of(tx: Transaction, agency_ref: bytes) -> KeptRota:
    """
    Raises:
        Unreadable: it does not open.
    """
    row = tx.db.execute(select(rotas).where(rotas.c.agency_ref == agency_ref)).one_or_none()
    if row is None:
        return KeptRota(NO_ROTA, 0)
    before = None if row.sealed_before is None else of_fields(tx.open("rota", agency_ref, row.sealed_before))
    rota = of_fields(tx.open("rota", agency_ref, row.sealed_rota))
    return KeptRota(rota, row.version, moment(row.changed_at), before)


def in_force(tx: Transaction, agency_refs: Collection[bytes]) -> dict[bytes, Rota]:
    """Agency ref -> its rota, of those that have one which can be read."""
    found = {}
    for row in tx.db.execute(_in_force, {"agencies": list(agency_refs)}):
        try:
            found[row.agency_ref] = of_fields(tx.open("rota", row.agency_ref, row.sealed_rota))
        except (Unreadable, Wrong):
            continue
    return found


def keep(tx: Transaction, agency_ref: bytes, rota: Rota, *, at: datetime, from_version: int | None = None) -> int:
    """Make it the one in force, from the next flag on.

    Args:
        from_version: it was made from that one; None: whatever there is.

    Returns:
        Its version.

    Raises:
        Unknown: somebody else changed it meanwhile.
    """
    tx.hold(agency_ref)
    here = rotas.c.agency_ref == agency_ref
    row = tx.db.execute(select(rotas.c.version, rotas.c.sealed_rota).where(here)).one_or_none()
    version = 0 if row is None else row.version
    if from_version is not None and from_version != version:
        raise Unknown("rota: it was changed meanwhile")
    values: Mapping[str, Any] = {
        "version": version + 1,
        "sealed_rota": tx.seal("rota", agency_ref, fields_of(rota)),
        "sealed_before": None if row is None else row.sealed_rota,
        "changed_at": seconds(at),
    }
    if row is None:
        tx.db.execute(insert(rotas), {"agency_ref": agency_ref, **values})
    else:
        tx.db.execute(update(rotas).where(here).values(**values))
    return version + 1
