"""An installation with one agency, real keys, a signed desk and a real database; and an agency that reads its drop."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
from sqlalchemy import select
from storage_site import keyset

from dialogues.reference import reference
from storage import agencies, database, notes
from storage.keyring import Keyring
from storage.pins import Pin, Pins
from storage.schema import batches, handovers
from storage.schema import notes as rows
from storage.sealing.desk import Manifest, Recipient, sign
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId
from storage.store import Store
from storage.sync.dropreader import read_drop
from storage.sync.filedrop import FileDrop, signing_key
from storage.sync.handover import Report, hand_over

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
AUTHOR = bytes([7]) * 16
WORDS = "He folded paper cranes by the window"


class Crash(RuntimeError):
    """The process ends here."""


class Site:
    def __init__(self, folder: Path, agency: str = "mentors-north") -> None:
        self.folder, self.agency = folder, agency
        self.path = folder / "notes.sqlite3"
        database.migrate(self.path)
        self.keyring = Keyring(keyset(1), SigningKey(bytes([2]) * 32))
        self.pins = Pins(folder / "desks")
        self.key = OpeningKey(SuiteId.XWING, bytes([3]) * 32)
        self.identity = pyrage.x25519.Identity.generate()
        self.drop_folder = folder / "outgoing"
        self.drop_folder.mkdir()
        self.drop = FileDrop(self.drop_folder, str(self.identity.to_public()), "integra-north", "north")
        self.open()
        self.add_agency(agency)

    def open(self) -> None:
        self.store = Store(database.open_database(self.path, reads_notes=True), self.keyring)

    def close(self) -> None:
        self.store.close()

    def restart(self) -> None:
        self.close()
        self.open()

    def add_agency(self, slug: str) -> None:
        admin = SigningKey(bytes([4]) * 32)
        manifest = Manifest(
            agency=slug,
            agency_ref=self.keyring.agency_ref(slug),
            version=1,
            suites=(SuiteId.XWING,),
            recipients=(
                Recipient(OpeningKey(SuiteId.XWING, bytes([5]) * 32).public, "coordinator", "Coordinator north"),
                Recipient(self.key.public, "case-system", "Case system"),
                Recipient(OpeningKey(SuiteId.XWING, bytes([6]) * 32).public, "recovery", "Recovery"),
            ),
            desk_agencies=(slug,),
            escrow=True,
            created=NOON.date(),
        )
        canonical, signature = sign(manifest, admin)
        self.pins.set(slug, Pin(admin.public, 1))

        def turn(tx: Any) -> None:
            agencies.add(tx, slug, name="North", zone="Europe/Lisbon", case_pattern="")
            agencies.publish_desk(tx, manifest, canonical, signature)

        self.store.run_now(turn)

    def keep(
        self,
        *numbers: int,
        at: datetime = NOON,
        amends: int | None = None,
        release: bool = True,
        text: str = WORDS,
        agency: str = "",
        **changes: object,
    ) -> None:
        def turn(tx: Any) -> None:
            for number in numbers:
                notes.keep(
                    tx,
                    self.pins,
                    note_id=note_id(number),
                    agency=agency or self.agency,
                    author_ref=AUTHOR,
                    body={**body(number, at, amends, text), **changes},
                    case_code="C-17",
                    flag_level=2,
                    amends=note_id(amends) if amends is not None else "",
                    at=at,
                    undo=timedelta(minutes=10),
                )
                if release:
                    notes.release(tx, note_id(number))

        self.store.run_now(turn)

    def release(self, number: int) -> None:
        self.store.run_now(lambda tx: notes.release(tx, note_id(number)))

    def withdraw(self, number: int) -> None:
        self.store.run_now(lambda tx: notes.withdraw(tx, note_id(number), AUTHOR))

    def run(self, **changes: Any) -> Report:
        return hand_over(
            self.store,
            [self.keyring.ingest.public],
            changes.pop("key", self.key),
            changes.pop("drop", self.drop),
            at=changes.pop("at", NOON),
            **changes,
        )

    def crash(self, step: str) -> bool:
        """Run until ``step`` and restart; whether it was reached."""
        try:
            self.run(step=raising(step, Crash()))
        except Crash:
            return True
        finally:
            self.restart()
        return False

    def received(self) -> list[dict[str, Any]]:
        return read_drop(self.drop_folder, str(self.identity), signing_key(self.key).public)

    def ids(self) -> list[int]:
        """Numbers of the notes the agency has received, in order."""
        return [int(event["data"]["note_id"][:4], 16) for event in self.received()]

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.drop_folder.iterdir())}

    def states(self) -> dict[int, str]:
        found = self.store.run_now(lambda tx: tx.db.execute(select(rows.c.id, rows.c.state)).all())
        return {int(id_.hex()[:4], 16): state for id_, state in found}

    def batch_rows(self) -> list[Any]:
        return list(self.store.run_now(lambda tx: tx.db.execute(select(batches)).all()))

    def handover_rows(self) -> list[Any]:
        query = select(handovers).order_by(handovers.c.seq)
        return list(self.store.run_now(lambda tx: tx.db.execute(query).all()))


def note_id(number: int) -> str:
    """32 hex digits; its reference grows with the number."""
    return f"{number:04x}" + "0" * 28


def body(number: int, at: datetime, amends: int | None = None, text: str = WORDS) -> dict[str, object]:
    return {
        "schema": 1,
        "note_id": note_id(number),
        "reference": reference(note_id(number)),
        "kind": "recorded" if amends is None else "amended",
        "amends": None if amends is None else note_id(amends),
        "agency": "mentors-north",
        "case_code": "C-17",
        "type": "behaviour",
        "occurred_at": "2026-11-23T11:40:00+00:00",
        "occurred_precision": "minute",
        "recorded_at": at.isoformat(timespec="seconds"),
        "author": {"handle": "mentor-17", "role": "mentor"},
        "urgency": "today",
        "flagged": True,
        "flag_reason": "threat",
        "parts": {"seen": text},
        "lang": "en",
    }


def raising(at_step: str, error: Exception) -> Callable[[str], None]:
    def step(name: str) -> None:
        if name == at_step:
            raise error

    return step


def steps_of(run: Callable[..., object]) -> list[str]:
    names: list[str] = []
    run(step=names.append)
    return names
