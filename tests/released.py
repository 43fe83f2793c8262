"""Databases as earlier versions of the program left them: one builder a revision, in that time's own shapes.

    BUILDERS["0003"](old)      writes into the tables and columns that revision 0003 brought

A database at a revision is its schema with the rows of its builder and of all before it. Written in plain SQL, so that
a change of today's code does not change the past. What is sealed to people (notes, attachments, the desk's manifest) is
made by today's code: its formats are fixed by ``tests/vectors``.

Whoever adds a revision adds its builder: rows for every new table, a value for every new column.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, NullPool, create_engine, inspect, text

from bot.trial import AGENCY, Trial
from dialogues.reference import reference
from storage import postgres
from storage.database import newest_revision
from storage.keyring import Keyring, Label
from storage.postgres import Addresses
from storage.sealing import desk
from storage.sealing.attachment import Place as PlaceOfAttachment
from storage.sealing.attachment import seal_attachment
from storage.sealing.desk import Manifest
from storage.sealing.header import Header, hour_of
from storage.sealing.record import accept
from storage.sealing.seal import seal

ROLES = ("officer", "mentor", "coordinator", "admin")
CHANNEL = "console"
CASE = "AB-1234-P"
NOTES = {number: f"{number:04x}" + "0" * 28 for number in range(1, 5)}
"""1 waits to be handed over and is flagged; 2 was handed over; 3 was withdrawn; 4 adds to 1."""
STORY = "Paper cranes by the window."
DRAFT, WALK, PLAN = "d0" * 16, "a1" * 16, "b2" * 16
DRAFTED = "Half a sentence that"
TOLD = "Your note waits to be read."
ASKED = "who feeds the paper cranes"
TOKEN = "an invite that nobody has used yet"


class Place(Protocol):
    """Where a database of some engine lies."""

    def upgrade(self, revision: str) -> None:
        """Bring a new database to a revision."""

    def open(self) -> Any:
        """A context with a connection; what was done is committed at its end."""


@dataclass(frozen=True)
class SqliteFile:
    path: Path

    def upgrade(self, revision: str) -> None:
        config = Config()
        config.set_main_option("script_location", "storage:migrations")
        with self.open() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    @contextmanager
    def open(self) -> Iterator[Connection]:
        engine = create_engine(
            URL.create("sqlite+pysqlite", database=str(self.path)),
            poolclass=NullPool,
            connect_args={"isolation_level": None},
        )
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()
        engine.dispose()


@dataclass(frozen=True)
class PostgresDatabase:
    """As the owner of its tables. Before today's version there are no walls, and the bot may read the version alone."""

    addresses: Addresses

    def upgrade(self, revision: str) -> None:
        with psycopg.connect(self.addresses.owner) as connection:
            connection.execute("DROP OWNED BY integra_owner CASCADE")
            connection.execute("GRANT USAGE, CREATE ON SCHEMA public TO integra_owner")
        config = Config()
        config.set_main_option("script_location", "storage:migrations")
        with self.open() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            if revision == newest_revision():
                for statement in postgres.walls():
                    connection.exec_driver_sql(statement)
            connection.exec_driver_sql("GRANT SELECT ON alembic_version TO integra_bot")

    @contextmanager
    def open(self) -> Iterator[Connection]:
        engine = create_engine(
            postgres.DIALECT, poolclass=NullPool, creator=lambda: psycopg.connect(self.addresses.owner)
        )
        with engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL ROLE integra_owner")
            yield connection
        engine.dispose()


def place_of(trial: Trial) -> Place:
    server = trial.installation.whereabouts.server
    return SqliteFile(trial.installation.database) if server is None else PostgresDatabase(server)


@dataclass(frozen=True)
class Old:
    """An old database that is being filled."""

    db: Connection
    keyring: Keyring
    manifest: Manifest
    signed: tuple[bytes, bytes] = field(repr=False)
    at: datetime

    @property
    def now(self) -> int:
        return int(self.at.timestamp())

    @property
    def agency(self) -> bytes:
        return self.keyring.agency_ref(AGENCY)

    def person(self, role: str) -> bytes:
        return hashlib.sha256(role.encode()).digest()[:16]

    def address(self, role: str) -> bytes:
        return self.keyring.address_ref(CHANNEL, role)

    def seal(self, label: Label, place: bytes, value: object) -> bytes:
        return self.keyring.seal(label, place, json.dumps(value).encode())

    def put(self, table: str, **values: object) -> None:
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        self.db.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)

    def has(self, table: str) -> bool:
        """Whether the revision has it still."""
        return inspect(self.db).has_table(table)

    def change(self, statement: str, **values: object) -> None:
        self.db.execute(text(statement), values)


def build(place: Place, revision: str, revisions: list[str], trial: Trial, at: datetime) -> None:
    """Make a database at a revision.

    Args:
        revisions: all there are, the first first.
    """
    store = trial.installation.store()
    try:
        row = store.run_now(lambda tx: tx.db.execute(text("SELECT manifest, signature FROM desks")).one())
    finally:
        store.close()
    for path in trial.installation.folder.glob("integra.db*"):
        path.unlink()
    place.upgrade(revision)
    keyring = trial.installation.keyring()
    with place.open() as connection:
        old = Old(connection, keyring, desk.read(row.manifest), (row.manifest, row.signature), at)
        for one in revisions[: revisions.index(revision) + 1]:
            BUILDERS[one](old)


def _first(old: Old) -> None:
    agency = {"slug": AGENCY, "name": "Northbridge Probation (demo)", "zone": "Europe/Paris",
              "case_pattern": "AA-9999-c", "alarm": "", "country": "FR"}  # fmt: skip
    old.put("agencies", ref=old.agency, version=1, sealed_profile=old.seal("agency", old.agency, agency))
    manifest, signature = old.signed
    old.put("desks", agency_ref=old.agency, version=1, manifest=manifest, signature=signature)
    for number, role in enumerate((*ROLES, "gone")):
        ref, address = old.person(role), old.address(role)
        profile = {"handle": f"{role.title()}-{number}", "language": "en"}
        old.put("people", ref=ref, sealed_profile=old.seal("profile", ref, profile), accepted_at=old.now,
                revoked_at=old.now if role == "gone" else None, created_at=old.now)  # fmt: skip
        if role == "gone":
            continue
        old.put("memberships", person_ref=ref, agency_ref=old.agency, role=role, since=old.now)
        contact = {"channel": CHANNEL, "chat": role}
        old.put("addresses", ref=address, person_ref=ref, sealed_contact=old.seal("contact", address, contact))
    token_hash = old.keyring.token_hash(TOKEN)
    old.put("invites", token_hash=token_hash, agency_ref=old.agency, role="mentor", expires_at=old.now + 86_400)
    old.put("invites", token_hash=bytes(32), agency_ref=old.agency, role="officer", expires_at=old.now, used_at=old.now)
    _talks(old)
    _notes(old)
    progress = ["AtStep", {"walk_id": WALK, "version": 1, "step": "S02", "page": "checks", "case_code": "",
                           "ticks": [], "chosen": [], "trail": [["S02", "start"]], "returns": []}]  # fmt: skip
    old.put("walks", id=bytes.fromhex(WALK), person_ref=old.person("officer"), agency_ref=old.agency,
            case_tag=old.keyring.case_tag(old.agency, CASE), guide_version=1,
            sealed_progress=old.seal("walk", bytes.fromhex(WALK), progress), moved_at=old.now)  # fmt: skip
    old.put("feedback", answer="red-flags", helpful=1, times=3)
    old.put("seen", channel=CHANNEL, update_id="1", at=old.now)
    old.put("batches", destination="case-system", number=1, last_seq=1, last_line_sha256=bytes(32),
            manifest_sha256=bytes(32), written_at=old.now)  # fmt: skip
    old.put("batches", destination="archive", number=1, last_seq=1, last_line_sha256=bytes(32),
            manifest_sha256=bytes(32), data=b"age", manifest=b"{}", signature=bytes(64))  # fmt: skip
    if old.has("handovers"):
        old.put("handovers", destination="case-system", note_id=bytes.fromhex(NOTES[2]), batch=1, seq=1)


def _talks(old: Old) -> None:
    """The officer stands in a note's first part; the others are at home. A message waits, and one is dead."""
    draft = {"id": DRAFT, "agency": AGENCY, "form": "full", "case_code": CASE, "kind": "behaviour",
             "occurred_at": old.at.isoformat(), "precision": "minute", "parts": [[DRAFTED], [], [], []],
             "left_over": [], "urgency": "routine", "flag_reason": "", "amends": "", "complete": False,
             "warned": False}  # fmt: skip
    state = {"v": 1, "frames": [["note", "AskPart", {"draft": draft, "part": 0}]], "parked": []}
    here = old.address("officer")
    old.put("conversations", address_ref=here, version=6, question=5, sealed_state=old.seal("state", here, state),
            sealed_shown=old.seal("state", b"shown" + here, [5, "12"]), moved_at=old.now)  # fmt: skip
    old.put("conversations", address_ref=old.address("mentor"), version=1, question=1, moved_at=old.now)
    old.put("timers", kind="idle", address_ref=here, about="", due_at=old.now + 12 * 3_600)
    old.put("timers", kind="sweep", address_ref=b"", about="", due_at=old.now + 3_600)
    old.put("traces", address_ref=here, draft=bytes.fromhex(DRAFT), sealed_message=old.seal("trace", here, "12"),
            at=old.now)  # fmt: skip
    say = {"to": [CHANNEL, "mentor"], "text": TOLD, "title": "", "small": "", "rows": [], "refresh": False,
           "private": "", "standing": False, "question": 1}  # fmt: skip
    there = old.address("mentor")
    for dead in (None, "blocked"):
        old.put("outbox", address_ref=there, sealed_body=old.seal("outbox", there, say), dead=dead, created_at=old.now)


def _notes(old: Old) -> None:
    for number, (level, state, amends) in {1: (3, "waiting", 0), 2: (0, "handed-over", 0), 3: (1, "withdrawn", 0),
                                           4: (0, "held", 1)}.items():  # fmt: skip
        ref = bytes.fromhex(NOTES[number])
        old.put("notes", id=ref, agency_ref=old.agency, reference=reference(NOTES[number]), flag_level=level,
                hour=old.now // 3_600 * 3_600, state=state, case_tag=old.keyring.case_tag(old.agency, CASE),
                amends=bytes.fromhex(NOTES[amends]) if amends else None,
                body=None if state == "withdrawn" else _sealed(old, number, level))  # fmt: skip
        old.put("receipts", note_id=ref, author_ref=old.person("officer"))
    due = int((old.at + timedelta(minutes=15)).timestamp())
    first, third = bytes.fromhex(NOTES[1]), bytes.fromhex(NOTES[3])
    old.put("flags", note_id=first, agency_ref=old.agency, urgency="urgent", state="open", raised_at=old.now,
            due_at=due)  # fmt: skip
    old.put("flags", note_id=third, agency_ref=old.agency, urgency="routine", state="closed", raised_at=old.now,
            due_at=due, owner_ref=old.person("coordinator"), outcome="handled", closed_at=old.now)  # fmt: skip
    old.put("timers", kind="flag", address_ref=b"", about=NOTES[1], due_at=due)
    old.put("timers", kind="release", address_ref=b"", about=NOTES[4], due_at=old.now + 120)


def _sealed(old: Old, number: int, level: int) -> bytes:
    note_id = NOTES[number]
    body = {"schema": 1, "note_id": note_id, "reference": reference(note_id),
            "kind": "recorded" if number != 4 else "amended", "amends": NOTES[1] if number == 4 else None,
            "agency": AGENCY, "case_code": CASE, "type": "behaviour", "occurred_at": None, "occurred_precision": None,
            "recorded_at": old.at.isoformat(), "author": {"handle": "Officer-0", "role": "officer"},
            "urgency": "urgent", "flagged": level > 0, "flag_reason": "contact" if level else None,
            "parts": {"seen": STORY}, "lang": "en"}  # fmt: skip
    header = Header(old.agency, bytes.fromhex(note_id), old.person("officer"), level, hour_of(old.at), 1, "chat")
    keys = old.manifest.sealing_keys(old.at.date())
    return accept(seal(json.dumps(body).encode(), header, keys, old.manifest.suite), old.keyring.ingest)


def _cases(old: Old) -> None:
    tag = old.keyring.case_tag(old.agency, CASE)
    assert tag is not None
    shared = {"code": CASE, "ticks": {"S02-C01": [old.person("officer").hex(), old.now]}}
    old.put("cases", agency_ref=old.agency, tag=tag, sealed_case=old.seal("case", old.agency + tag, shared),
            opened_at=old.now)  # fmt: skip
    for role in ("officer", "mentor"):
        old.put("case_members", agency_ref=old.agency, tag=tag, person_ref=old.person(role), since=old.now)
    body = {"number": 1, "steps": {}, "paths": {}}
    old.put("guide_versions", language="en", version=1, body=json.dumps(body).encode())


def _plans(old: Old) -> None:
    plan = ["KeptPlan", {"id": PLAN, "agency": AGENCY, "case_code": CASE,
                         "release": (old.at + timedelta(days=20)).date().isoformat(), "told": old.at.date().isoformat(),
                         "ticks": ["address-checked"], "paused": False}]  # fmt: skip
    ref = bytes.fromhex(PLAN)
    old.put("plans", id=ref, person_ref=old.person("officer"), agency_ref=old.agency,
            case_tag=old.keyring.case_tag(old.agency, CASE), sealed_body=old.seal("plan", ref, plan),
            moved_at=old.now)  # fmt: skip
    old.put("timers", kind="plan", address_ref=b"", about=PLAN, due_at=old.now + 86_400)


def _residue(old: Old) -> None:
    old.put("residue", address_ref=old.address("officer"), count=2, since=old.now)


def _audit(old: Old) -> None:
    prev = bytes(32)
    for seq, (action, about) in enumerate((("agency.added", old.agency), ("note.kept", bytes.fromhex(NOTES[1]))), 1):
        sealed = old.seal("audit", seq.to_bytes(8, "big"), {"reason": "operation", "operator": "anna"})
        at = old.now // 3_600 * 3_600
        entry = {"about": about.hex(), "action": action, "actor": bytes(16).hex(), "actor_kind": "assistant",
                 "agency": old.agency.hex(), "at": at, "outcome": "done",
                 "reason_sha256": hashlib.sha256(sealed).hexdigest(), "seq": seq}  # fmt: skip
        canonical = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
        hashed = hashlib.sha256(b"integra/v1/" + b"audit" + prev + canonical).digest()
        old.put("audit", seq=seq, at=at, actor_kind="assistant", actor=bytes(16), action=action,
                agency_ref=old.agency, about=about, outcome="done", sealed_reason=sealed, prev=prev,
                hash=hashed)  # fmt: skip
        prev = hashed


def _attachments(old: Old) -> None:
    note_id, drafted = bytes.fromhex(NOTES[1]), bytes.fromhex(DRAFT)
    keys = old.manifest.sealing_keys(old.at.date())
    body, _ = seal_attachment(
        b"\xff\xd8 a photo", PlaceOfAttachment(old.agency, note_id, 1), keys, old.manifest.suite, old.keyring.ingest
    )
    old.put("attachments", note_id=note_id, number=1, agency_ref=old.agency, state="kept", body=body)
    handle = old.seal("medium", drafted + b"\1", ["photo", "a-handle"])
    old.put("attachments", note_id=drafted, number=1, agency_ref=old.agency, address_ref=old.address("officer"),
            state="wanted", sealed_handle=handle)  # fmt: skip


def _second_factor(old: Old) -> None:
    until = old.now + 30 * 86_400
    old.change("UPDATE memberships SET until = :until, days = 90 WHERE role = 'mentor'", until=until)
    about = old.person("mentor").hex() + old.agency.hex()
    old.put("timers", kind="access", address_ref=b"", about=about, due_at=until - 14 * 86_400)
    token_hash = old.keyring.token_hash("one with a code")
    old.put("invites", token_hash=token_hash, agency_ref=old.agency, role="coordinator", expires_at=old.now + 86_400,
            code_hash=old.keyring.code_hash(token_hash, "123456"), wrong_codes=1,
            issuer_ref=old.person("admin"), days=90)  # fmt: skip
    waiting = old.keyring.address_ref(CHANNEL, "newcomer")
    old.put("redemptions", address_ref=waiting, token_hash=token_hash, at=old.now)


def _delivery(old: Old) -> None:
    old.change("UPDATE outbox SET priority = 2, expires_at = :at WHERE dead IS NOT NULL", at=old.now + 86_400)
    old.change(
        "UPDATE addresses SET unreachable_since = :at, unreachable_why = 'blocked' WHERE ref = :here",
        at=old.now,
        here=old.address("admin"),
    )


def _deletions(old: Old) -> None:
    old.put("deletions", ref=bytes([9]) * 16, kind="note-withdrawn", about=bytes.fromhex(NOTES[3]),
            noted_at=old.now // 3_600 * 3_600)  # fmt: skip


def _leases(old: Old) -> None:
    old.put("leases", name=old.address("officer"), holder=bytes([7]) * 16, until=old.now - 60)


def _questions(old: Old) -> None:
    theme, wish = bytes([3]) * 16, bytes([4]) * 16
    day = old.now // 86_400 * 86_400
    kept = {"language": "en", "asked": [[day, "refused", ASKED]], "marks": {"7": day}, "enough": None}
    old.put("gaps", ref=theme, agency_ref=old.agency, day=day, sealed_theme=old.seal("question", theme, kept))
    fields = {"to": old.address("officer").hex(), "language": "en", "question": ASKED, "known": ""}
    old.put("awaited", ref=wish, until=day + 90 * 86_400,
            sealed_wish=old.seal("question", b"awaited" + wish, fields))  # fmt: skip


def _life_of_flags(old: Old) -> None:
    first = bytes.fromhex(NOTES[1])
    old.change("UPDATE flags SET state = 'notified', level = 3, take_by = due_at, moved_at = raised_at"
               " WHERE state = 'open'")  # fmt: skip
    old.change("UPDATE flags SET overdue_since = closed_at, warned_at = closed_at WHERE state = 'closed'")
    why = old.seal("flag", first + (2).to_bytes(4, "big"), {"why": "off-duty"})
    old.put("flag_steps", note_id=first, number=1, agency_ref=old.agency, at=old.now, act="raise")
    old.put("flag_steps", note_id=first, number=2, agency_ref=old.agency, at=old.now, act="decline",
            who_ref=old.person("supervisor"), sealed_why=why)  # fmt: skip
    old.put("flag_steps", note_id=first, number=3, agency_ref=old.agency, at=old.now, act="route",
            body=_sealed(old, 1, 3))  # fmt: skip
    rota = old.seal("rota", old.agency, {"evening": "18:00", "quiet": {"routine": "20:00-07:00"}})
    old.put("rotas", agency_ref=old.agency, version=2, sealed_rota=rota, sealed_before=rota, changed_at=old.now)


def _page(old: Old) -> None:
    kid = bytes([5]) * 16
    old.put("page_links", person_ref=old.person("officer"), token_hash=old.keyring.page_hash("link", b"one"),
            expires_at=old.now + 600)  # fmt: skip
    old.put("page_sessions", token_hash=old.keyring.page_hash("session", b"one"), person_ref=old.person("officer"),
            kid=kid, started_at=old.now, seen_at=old.now, proved_at=old.now)  # fmt: skip
    old.put("page_challenges", id=bytes([6]) * 16, kid=kid, answer_hash=bytes(32), expires_at=old.now + 60)
    old.put("page_failures", ref=bytes([7]) * 16, times=1, until=old.now)
    old.put("page_used", hash=bytes([8]) * 32, until=old.now + 300)
    old.put("key_holders", kid=kid, person_ref=old.person("coordinator"), since=old.now)
    old.put("page_uploads", note_id=bytes([9]) * 16, person_ref=old.person("officer"), at=old.now)


def _deliveries(old: Old) -> None:
    old.change("UPDATE batches SET acked_at = :at WHERE written_at IS NOT NULL", at=old.now)
    old.put("destinations", name="case-system", agency_ref=old.agency, kind="filedrop", disclosure="full", state="open",
            why="", place_hash=bytes(32), since=old.now, failures=0, failing_since=old.now, next_at=0,
            last_ok_at=old.now, looked_at=old.now, alarm_s=86_400, alarmed_at=old.now, cursor="", rejects=0,
            reject_why="", rejects_from=0)  # fmt: skip
    for number, (note, state) in enumerate(((NOTES[2], "acked"), (NOTES[1], "leased")), 1):
        ref = bytes.fromhex(note)
        old.put("deliveries", destination="case-system", agency_ref=old.agency, note_id=ref, version=1,
                disclosure="full", case_key=ref, case_seq=number, waits_for=ref if number == 2 else None, state=state,
                why="", attempts=1, next_at=0, lease=bytes(16), lease_until=old.now, ambiguous=0, mapper=1, withhold=0,
                hash_for_sync=bytes(60), remote_id="1:1", remote_url="", remote_state="", created_at=old.now,
                sent_at=old.now, done_at=old.now)  # fmt: skip
        old.put("delivery_log", delivery_id=number, at=old.now, outcome="acked", why="", worker=bytes(16))
        old.put("case_counters", agency_ref=old.agency, case_key=ref, last=number)
    old.put("batch_lines", destination="case-system", batch=1, seq=1, note_id=bytes.fromhex(NOTES[2]), version=1)


def _sites(old: Old) -> None:
    person = old.person("officer")
    old.change("UPDATE memberships SET sealed_site = :site WHERE person_ref = :who",
               site=old.seal("profile", person + old.agency, {"site": "North"}), who=person)  # fmt: skip
    for row in old.db.execute(text("SELECT token_hash FROM invites")).all():
        site = old.seal("profile", bytes(row[0]), {"site": "North"})
        old.change("UPDATE invites SET sealed_site = :site WHERE token_hash = :which", site=site, which=row[0])


def _counts(old: Old) -> None:
    old.put("page_counts", ref=old.agency, day=old.now, notes=1)


BUILDERS: Mapping[str, Callable[[Old], None]] = {
    "0001": _first,
    "0002": _cases,
    "0003": _plans,
    "0004": _residue,
    "0005": _audit,
    "0006": _attachments,
    "0007": _second_factor,
    "0008": _delivery,
    "0009": _deletions,
    "0010": _leases,
    "0011": _questions,
    "0012": _life_of_flags,
    "0013": _page,
    "0014": _deliveries,
    "0015": _sites,
    "0016": _counts,
}
