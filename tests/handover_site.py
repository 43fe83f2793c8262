"""An installation with one agency, real keys, a signed desk and a real database of either engine; the workers that
deliver from it, and an agency that reads its drop."""

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pyrage
from case_system import CaseSystem
from postgres_server import Cluster
from sqlalchemy import Engine, select
from storage_site import keyset

from bot.clock import MovableClock
from dialogues.reference import reference
from storage import agencies, database, notes, postgres
from storage import deliveries as owed
from storage.keyring import Keyring
from storage.pins import Pin, Pins
from storage.schema import batch_lines, batches, deliveries, delivery_log, timers
from storage.schema import notes as rows
from storage.sealing.desk import Manifest, Recipient, sign
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId
from storage.store import Store
from storage.sync import destinations, queue
from storage.sync.base import Connector
from storage.sync.dropreader import read_drop
from storage.sync.filedrop import FOLDERS, FileDrop, FileDropSettings
from storage.sync.given import Given
from storage.sync.ledger import Ledger
from storage.sync.opening import Opener
from storage.sync.own_keys import public_pem, signing_key
from storage.sync.settings import Destination
from storage.sync.worker import Step, Worker, run_until_done
from storage.transaction import seconds

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
AUTHOR = bytes([7]) * 16
WORDS = "He folded paper cranes by the window"
SOURCE = "urn:integra:integra-north"


class Crash(BaseException):
    """The process ends here; nothing catches it on the way."""


class CaseSettings(Destination):
    """Of ``CaseSystem``."""

    place: str = "here"

    def where(self) -> str:
        return self.place


class Site:
    """
    Args:
        cluster: where its database is; None: in a file.
    """

    def __init__(self, folder: Path, agency: str = "mentors-north", cluster: Cluster | None = None) -> None:
        self.folder, self.agency, self.cluster = folder, agency, cluster
        self.path = folder / "notes.sqlite3"
        self.addresses = postgres.Addresses()
        if cluster is None:
            database.migrate(self.path)
        else:
            self.addresses = cluster.addresses(cluster.new_database(_template(cluster)))
        self._begin()
        self.add_agency(agency)

    def _begin(self) -> None:
        self.keyring = Keyring(keyset(1), SigningKey(bytes([2]) * 32))
        self.pins = Pins(self.folder / "desks")
        self.key = OpeningKey(SuiteId.XWING, bytes([3]) * 32)
        self.clock = MovableClock(NOON)
        self.open()

    @classmethod
    def reopened(cls, folder: Path, addresses: dict[str, str]) -> Self:
        """In another process: what the first one made, as it lies there.

        Args:
            addresses: of the server, as ``dataclasses.asdict`` gives them.
        """
        made = cls.__new__(cls)
        made.folder, made.agency, made.cluster = folder, "mentors-north", None
        made.path, made.addresses = folder / "notes.sqlite3", postgres.Addresses(**addresses)
        made._begin()
        return made

    def _engine(self, **role: bool) -> Engine:
        if self.addresses == postgres.Addresses():
            return database.open_database(self.path, **role)
        return postgres.open_postgres(self.addresses, **role)

    def open(self) -> None:
        """``store``: the assistant's and the commands'; ``sync``: the sync process's own."""
        self.store = Store(self._engine(reads_notes=True), self.keyring)
        self.sync = Store(self._engine(delivers=True), self.keyring)

    def close(self) -> None:
        self.sync.close()
        self.store.close()

    def restart(self) -> None:
        self.close()
        self.open()

    def now(self) -> int:
        return seconds(self.clock())

    def wait(self, **time: float) -> None:
        self.clock.move(timedelta(**time))

    def register(self, settings: Destination) -> str:
        """As the sync process does at its start; notes that were there are owed from now on."""

        def turn(tx: Any) -> str:
            state = destinations.register(tx, settings, now=self.now())
            agency_ref = destinations.agency_of(tx, settings.agency)
            while owed.owe_all(tx, settings.name, agency_ref=agency_ref, at=self.clock()):
                pass
            return state

        return self.sync.run_now(turn)

    def settings(self, name: str = "cases", **changes: Any) -> CaseSettings:
        return CaseSettings(**{"name": name, "kind": "test", "agency": self.agency} | changes)

    def opener(self, key: OpeningKey | None = None, ingest: SigningKey | None = None) -> Opener:
        return Opener(key or self.key, ((ingest or self.keyring.ingest).public,), SOURCE)

    def worker(
        self, connector: Connector, settings: Destination | None = None, *, opener: Opener | None = None
    ) -> Worker:
        """Of a destination, registered."""
        settings = settings or self.settings(connector.name)
        self.register(settings)
        return self.bare_worker(connector, settings, opener=opener)

    def bare_worker(
        self, connector: Connector, settings: Destination, *, opener: Opener | None = None, store: Store | None = None
    ) -> Worker:
        return Worker(
            store or self.sync,
            settings,
            connector,
            opener or self.opener(),
            now=queue.at_seconds(self.clock),
            roll=lambda: 0.5,
        )

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
        case: str = "C-17",
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
                    body={**body(number, at, amends, text), "case_code": case or None, **changes},
                    case_code=case,
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

    def take_back(self, number: int) -> None:
        self.store.run_now(lambda tx: notes.take_back(tx, note_id(number), at=self.clock()))

    def states(self) -> dict[int, str]:
        """Of the notes."""
        found = self.store.run_now(lambda tx: tx.db.execute(select(rows.c.id, rows.c.state)).all())
        return {int(id_.hex()[:4], 16): state for id_, state in found}

    def deliveries(self, name: str = "") -> list[Any]:
        query = select(deliveries).order_by(deliveries.c.id)
        if name:
            query = query.where(deliveries.c.destination == name)
        return list(self.store.run_now(lambda tx: tx.db.execute(query).all()))

    def standing(self, name: str = "") -> dict[int, str]:
        """Number of each note to the state of its delivery; a withdrawal counts as minus its number."""
        return {
            int(row.note_id.hex()[:4], 16) * (1 if row.version == 1 else -1): row.state for row in self.deliveries(name)
        }

    def logged(self) -> list[str]:
        query = select(delivery_log.c.outcome).order_by(delivery_log.c.id)
        return list(self.store.run_now(lambda tx: tx.db.scalars(query).all()))

    def told(self, kind: str) -> list[str]:
        """What the bot is to say: what timers of this kind are about."""
        query = select(timers.c.about).where(timers.c.kind == kind, timers.c.due_at <= self.now())
        return sorted(self.store.run_now(lambda tx: tx.db.scalars(query).all()))

    def destination(self, name: str = "cases") -> destinations.Row:
        return self.store.run_now(lambda tx: destinations.get(tx, name))

    def batch_rows(self) -> list[Any]:
        return list(self.store.run_now(lambda tx: tx.db.execute(select(batches).order_by(batches.c.number)).all()))

    def line_rows(self) -> list[Any]:
        query = select(batch_lines).order_by(batch_lines.c.seq)
        return list(self.store.run_now(lambda tx: tx.db.execute(query).all()))


class DropSite(Site):
    """The same, with a file drop and the agency that reads it. ``acknowledges``: the agency says what it took."""

    def __init__(
        self, folder: Path, cluster: Cluster | None = None, *, acknowledges: bool = True, **changes: Any
    ) -> None:
        super().__init__(folder, cluster=cluster)
        self.identity = pyrage.x25519.Identity.generate()
        self.root = folder / "drop"
        for name in FOLDERS:
            (self.root / name).mkdir(parents=True)
        self.drop_folder, self.acks = self.root / "outgoing", self.root / "acks"
        self.importer = SigningKey(bytes([9]) * 32)
        (folder / "agency.pem").write_text(public_pem(self.importer.public))
        self.drop_settings = FileDropSettings(
            name="north",
            agency=self.agency,
            folder=self.root,
            age_recipient=str(self.identity.to_public()),
            ack_key_files=(folder / "agency.pem",) if acknowledges else (),
            sender="integra-north",
            **changes,
        )
        self.register(self.drop_settings)
        self.imported: dict[str, str] = {}
        self.read_up_to = 0

    @classmethod
    def with_identity(cls, folder: Path, identity: str) -> Self:
        """As ``reopened``; with the agency's identity."""
        made = cls.reopened(folder, {})
        made.identity = pyrage.x25519.Identity.from_str(identity)
        made.root = folder / "drop"
        made.drop_folder, made.acks = made.root / "outgoing", made.root / "acks"
        made.drop_settings = FileDropSettings(
            name="north",
            agency=made.agency,
            folder=made.root,
            age_recipient=str(made.identity.to_public()),
            ack_key_files=(folder / "agency.pem",),
            sender="integra-north",
        )
        return made

    def drop(self, key: OpeningKey | None = None, settings: FileDropSettings | None = None) -> FileDrop:
        settings = settings or self.drop_settings
        signing = signing_key(key or self.key)
        return FileDrop.open(settings, Given(self.clock, SOURCE, signing, Ledger(self.sync, settings.name)))

    async def run(self, step: Callable[[str], None] | None = None, **changes: Any) -> Step:
        """As ``integra sync once`` does; ``step`` is told each stage."""
        drop = self.drop(changes.get("key"))
        settings = self.drop_settings
        worker = self.bare_worker(drop, settings, opener=self.opener(changes.get("key"), changes.get("ingest")))
        if step is not None:
            drop.step = worker.reached = step
        return await run_until_done(worker)

    async def crash(self, at: str) -> bool:
        """Run until that step and restart; whether it was reached."""
        try:
            await self.run(step=raising(at, Crash()))
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

    def acknowledge(
        self, *, refuse: dict[str, str] | None = None, by: SigningKey | None = None, **changes: Any
    ) -> None:
        """The agency's importer reads what is new, keeps each note once, and says so of every batch.

        Args:
            refuse: id of an event to the reason for which it is not taken.
            changes: members of the file that are otherwise than they should be.
        """
        events = {event["id"]: event for event in self.received()}
        lines = {f"{row.note_id.hex()}.v{row.version}": row.batch for row in self.line_rows()}
        for path in sorted(self.drop_folder.glob("*.manifest.json")):
            manifest = json.loads(path.read_bytes())
            results = []
            for key in [key for key in events if lines.get(key) == manifest["batch"]]:
                reason = (refuse or {}).get(key, "")
                if not reason:
                    self.imported.setdefault(key, f"R{len(self.imported) + 1}")
                results.append(
                    {
                        "note_id": key.partition(".v")[0],
                        "note_version": int(key.partition(".v")[2]),
                        "status": "refused" if reason else "accepted",
                        "remote_id": "" if reason else self.imported[key],
                        "reason": reason,
                    }
                )
            self.write_ack(
                manifest["batch"],
                {
                    "format": "integra-ack-1",
                    "stream": manifest["stream"],
                    "batch": manifest["batch"],
                    "status": "partial" if refuse else "accepted",
                    "manifest_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                    "last_seq": manifest["last_seq"],
                    "head": manifest["head"],
                    "results": results,
                }
                | changes,
                by=by,
            )

    def write_ack(self, batch: int, fields: dict[str, Any], *, by: SigningKey | None = None) -> None:
        name = self.acks / f"ack-north-{batch:010d}.json"
        raw = json.dumps(fields).encode()
        name.with_suffix(".sig").write_bytes((by or self.importer).sign(raw))
        part = name.with_suffix(".part")
        part.write_bytes(raw)
        os.replace(part, name)


_TEMPLATES: dict[int, str] = {}


def _template(cluster: Cluster) -> str:
    """A database with the schema and nothing in it, made once."""
    if id(cluster) not in _TEMPLATES:
        _TEMPLATES[id(cluster)] = cluster.new_database()
        postgres.migrate_postgres(cluster.addresses(_TEMPLATES[id(cluster)]))
    return _TEMPLATES[id(cluster)]


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


def raising(at_step: str, error: BaseException) -> Callable[[str], None]:
    def step(name: str) -> None:
        if name == at_step:
            raise error

    return step


__all__ = ["AUTHOR", "NOON", "WORDS", "CaseSystem", "Crash", "DropSite", "Site", "note_id", "raising"]
