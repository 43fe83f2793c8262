"""Entries are only ever added, together with their act or not at all, and no word in them lies open."""

import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError
from storage_site import NOON, outside

from bot.installation import Installation
from storage import audit
from storage.actor import Actor
from storage.audit_chain import START, AuditBroken, Verifier
from storage.database import open_database
from storage.keyring import Keyring
from storage.store import Store
from storage.transaction import Transaction, seconds


def one(tx: Transaction, words: str = "") -> None:
    audit.record(tx, "notes.listed", at=NOON, reason="operation", words=words)


def hits(folder: Path, words: dict[str, str]) -> set[str]:
    """Which of these words lie in the database's files."""
    files = b"\0".join(path.read_bytes() for path in folder.glob("integra.db*"))
    return {
        name
        for name, word in words.items()
        if any(form in files for form in (word.encode(), word.encode("utf-16le"), word.encode().hex().encode()))
    }


def verified(store: Store, keyring: Keyring) -> int:
    verifier = Verifier(keyring.audit.public)
    for line in audit.lines(store):
        verifier.take(line)
    return verifier.seq


def test_an_entry_tells_who_did_what_when_to_which_record_and_why(store: Store, agency_ref: bytes) -> None:
    def turn(tx: Transaction) -> list[audit.Listed]:
        acting = tx.acting(Actor("operator", tx.keyring.operator_ref("anna"), "anna"))
        audit.record(
            acting, "note.opened", at=NOON, reason="complaint", agency=agency_ref, about=bytes(range(16)),
            words="Letter of 3 May", to="ab", key="cd", outcome="refused",
        )  # fmt: skip
        return audit.listed(tx, at_most=1)

    (found,) = store.run_now(turn)
    entry = found.entry
    assert (entry.action, entry.at, entry.outcome) == ("note.opened", seconds(NOON), "refused")
    assert (entry.actor_kind, entry.agency, entry.about) == ("operator", agency_ref, bytes(range(16)))
    assert (found.operator, found.reason, found.words, found.to, found.key) == (
        "anna", "complaint", "Letter of 3 May", "ab", "cd",
    )  # fmt: skip
    for word in ("anna", "Letter"):
        assert word not in repr(found)


def test_what_an_author_does_is_told_to_the_hour(store: Store) -> None:
    late = NOON + timedelta(minutes=59, seconds=59)

    def turn(tx: Transaction) -> list[int]:
        for action in ("note.kept", "note.amended", "note.withdrawn", "note.opened"):
            audit.record(tx, action, at=late, reason="authorship")  # type: ignore[arg-type]  # one of them each
        return [found.entry.at for found in audit.listed(tx, at_most=4)]

    assert store.run_now(turn) == [seconds(NOON)] * 3 + [seconds(late)]


def test_an_act_that_is_undone_leaves_no_entry_and_no_gap(store: Store, keyring: Keyring) -> None:
    def fails(tx: Transaction) -> None:
        one(tx)
        raise RuntimeError

    before, _ = store.run_now(audit.head)
    with pytest.raises(RuntimeError):
        store.run_now(fails)
    store.run_now(one)
    assert store.run_now(audit.head)[0] == before + 1
    assert verified(store, keyring) == before + 1


def test_an_empty_log_starts_at_nothing(tmp_path: Path) -> None:
    made = Installation.create(tmp_path / "new").store()
    assert made.run_now(audit.head) == (0, START)
    assert list(audit.lines(made)) == []
    made.run_now(one)
    assert made.run_now(audit.head)[0] == 1
    made.close()


def test_long_logs_are_read_page_by_page(store: Store, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "AT_ONCE", 3)
    monkeypatch.setattr(audit, "_after", audit._after.limit(3))
    for _ in range(10):
        store.run_now(one)
    last, _ = store.run_now(audit.head)
    assert verified(store, keyring) == last
    assert len(list(audit.lines(store, upto=7))) == 7


def test_too_many_words_are_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="words"):
        store.run_now(lambda tx: one(tx, "x" * (audit.MOST_WORDS + 1)))


def test_t43_neither_reason_nor_operator_nor_destination_lies_open(installation: Installation, store: Store) -> None:
    words = {name: secrets.token_hex(10) for name in ("words", "operator", "destination")}

    def turn(tx: Transaction) -> None:
        acting = tx.acting(Actor("operator", tx.keyring.operator_ref(words["operator"]), words["operator"]))
        audit.record(acting, "note.handed-over", at=NOON, reason="hand-over", words=words["words"],
                     to=words["destination"])  # fmt: skip

    store.run_now(turn)
    assert hits(installation.folder, words) == set()
    (found,) = store.run_now(lambda tx: audit.listed(tx, at_most=1))
    assert {found.words, found.operator, found.to} == set(words.values())
    exported = b"\n".join(audit.lines(store))
    for word in (*words.values(), "hand-over"):
        assert word.encode() not in exported.replace(b"note.handed-over", b"")
    store.close()
    assert hits(installation.folder, words) == set()


@pytest.mark.sqlite
def test_t43_a_reason_opens_in_its_own_entry_alone(installation: Installation, store: Store) -> None:
    store.run_now(one)
    store.close()
    other = outside(installation.database)
    other.execute("DROP TRIGGER audit_is_not_changed")
    other.execute("UPDATE audit SET sealed_reason = (SELECT sealed_reason FROM audit WHERE seq = 1) WHERE seq > 1")
    other.close()
    again = installation.store()
    assert again.run_now(lambda tx: audit.listed(tx, at_most=1))[0].reason == "?"
    with pytest.raises(AuditBroken) as found:
        verified(again, installation.keyring())
    assert (found.value.seq, found.value.why) == (2, "changed")
    again.close()


# ---------------------------------------------------------------- walls

CHANGES = [
    "UPDATE audit SET at = 0",
    "UPDATE AUDIT SET at = 0 WHERE seq = 1",
    "DELETE FROM audit",
    "DELETE FROM main.Audit WHERE seq = 1",
]
AROUND = [
    "DROP TABLE audit",
    "DROP TRIGGER audit_is_not_changed",
    "DROP TRIGGER audit_is_not_deleted",
    "DROP TRIGGER audit_is_in_order",
    "ALTER TABLE audit RENAME TO other",
    "ALTER TABLE audit DROP COLUMN hash",
    "PRAGMA writable_schema = ON",
]
INTO_THE_MIDDLE = [
    "INSERT OR REPLACE INTO audit SELECT 1, 0, actor_kind, actor, action, agency_ref, about, outcome, sealed_reason,"
    " prev, hash FROM audit WHERE seq = 1",
    "INSERT INTO audit SELECT seq + 1000, 0, actor_kind, actor, action, agency_ref, about, outcome, sealed_reason,"
    " prev, hash FROM audit WHERE seq = 1",
    "INSERT INTO audit SELECT NULL, 0, actor_kind, actor, action, agency_ref, about, outcome, sealed_reason,"
    " prev, hash FROM audit WHERE seq = 1",
]


@pytest.mark.sqlite
@pytest.mark.parametrize("reads_notes", [False, True])
@pytest.mark.parametrize("statement", CHANGES + AROUND)
def test_no_connection_of_ours_may_change_the_log(database: Path, statement: str, reads_notes: bool) -> None:
    refused = pytest.raises(DatabaseError, match=r"not authorized|prohibited")
    with open_database(database, reads_notes=reads_notes).connect() as connection, refused:
        connection.exec_driver_sql(statement)


@pytest.mark.sqlite
@pytest.mark.parametrize("statement", CHANGES + INTO_THE_MIDDLE)
def test_other_connections_are_refused_too_while_the_triggers_stand(database: Path, statement: str) -> None:
    other = outside(database)
    before = other.execute("SELECT * FROM audit").fetchall()
    assert before
    with pytest.raises(Exception, match="only ever added to"):
        other.execute(statement)
    assert other.execute("SELECT * FROM audit").fetchall() == before


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("statement", "seq", "why"),
    [
        ("UPDATE audit SET action = 'note.kept' WHERE seq = 2", 2, "changed"),
        ("UPDATE audit SET sealed_reason = x'00' WHERE seq = 2", 2, "changed"),
        ("UPDATE audit SET hash = 'text' WHERE seq = 2", 2, "format"),
        ("UPDATE audit SET sealed_reason = 'text' WHERE seq = 2", 2, "format"),
        ("UPDATE audit SET at = 1.5 WHERE seq = 2", 2, "format"),
        ("DELETE FROM audit WHERE seq = 2", 2, "missing"),
        ("DELETE FROM audit WHERE seq = 1", 1, "missing"),
        ("UPDATE audit SET seq = 100 WHERE seq = 2", 2, "missing"),
    ],
)
def test_t41_who_gets_past_the_triggers_is_found(
    installation: Installation, statement: str, seq: int, why: str
) -> None:
    other = outside(installation.database)
    for trigger in ("audit_is_not_changed", "audit_is_not_deleted"):
        other.execute(f"DROP TRIGGER {trigger}")
    other.execute(statement)
    other.close()
    store = installation.store()
    with pytest.raises(AuditBroken) as found:
        verified(store, installation.keyring())
    assert (found.value.seq, found.value.why) == (seq, why)
    if why == "format":
        with pytest.raises(AuditBroken):
            store.run_now(audit.listed)
    store.close()
