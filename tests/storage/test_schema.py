"""No words of a person are readable in the database's files, in any common spelling."""

import base64
import secrets

import pytest
from postgres_server import Cluster
from sqlalchemy import LargeBinary, String, select
from storage_site import NOON, keep_note, note_id, outside, past_the_walls

from bot.installation import Installation
from dialogues.model import Say
from guidance.themes import EVEN
from storage import (
    awaited,
    cases,
    conversations,
    flags,
    gaps,
    invites,
    notes,
    outbox,
    people,
    plans,
    traces,
    walks,
)
from storage.pins import Pins
from storage.schema import metadata
from storage.schema import walks as walk_rows
from storage.store import Store
from storage.transaction import Transaction

NAME_IN_CLEAR = b"invite.made"
BASE64 = [f"base64 at {start}" for start in range(3)]


def spellings(word: str) -> dict[str, bytes]:
    raw = word.encode()
    found = {
        "utf-8": raw,
        "utf-16le": word.encode("utf-16le"),
        "utf-16be": word.encode("utf-16be"),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
    }
    for start, name in enumerate(BASE64):
        text = base64.b64encode(b"\0" * start + raw)
        found[name] = text[-(-start * 8 // 6) : (start + len(raw)) * 8 // 6]  # what no neighbour changes
    if word.isdigit():
        found["integer"] = int(word).to_bytes(6, "big")
        found["integer, little end first"] = int(word).to_bytes(6, "little")
    return found


def files_of(installation: Installation, cluster: Cluster | None) -> dict[str, bytes]:
    """What the database keeps on the disk, by the end of the file's name; of a server its tables, log and journal."""
    if cluster is None:
        return {path.suffix: path.read_bytes() for path in installation.folder.glob("integra.db*")}
    past_the_walls(installation, "CHECKPOINT")
    files = [cluster.folder / "log", *cluster.data.glob("pg_wal/0*"), *cluster.files_of(installation)]
    return {".log": b"".join(path.read_bytes() for path in files)}


def hits(files: dict[str, bytes], words: dict[str, str]) -> set[tuple[str, str, str]]:
    """(file, whose word, spelling) of every canary found."""
    return {
        (suffix, name, spelling)
        for name, word in words.items()
        for spelling, wanted in spellings(word).items()
        for suffix, content in files.items()
        if wanted in content
    }


def planted(word: str, spelling: str) -> bytes:
    """The word in that spelling as it would lie there, with neighbours."""
    if spelling in BASE64:
        return base64.b64encode(b"xyz"[: BASE64.index(spelling)] + word.encode() + b"zz")
    return spellings(word)[spelling]


@pytest.mark.sqlite
@pytest.mark.parametrize("spelling", spellings("123456789012"))
def test_the_scanner_finds_what_is_planted(installation: Installation, store: Store, spelling: str) -> None:
    word = str(10**13 + secrets.randbelow(10**13))
    assert hits(files_of(installation, None), {"planted": word}) == set()
    other = outside(installation.database)
    other.execute("INSERT INTO feedback VALUES (?, 1, 1)", (planted(word, spelling),))
    assert (".db-wal", "planted", spelling) in hits(files_of(installation, None), {"planted": word})
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert (".db", "planted", spelling) in hits(files_of(installation, None), {"planted": word})


def test_t01_no_word_of_a_person_lies_in_the_files(
    installation: Installation,
    store: Store,
    pins: Pins,
    officer: bytes,
    agency_ref: bytes,
    server_of: Cluster | None,
) -> None:
    names = ("note", "handle", "case code", "progress", "state", "said", "message", "token", "tick", "plan",
             "question", "wish")  # fmt: skip
    words = {name: secrets.token_hex(10) for name in names}
    words["chat"] = str(10**13 + secrets.randbelow(10**13))

    def turn(tx: Transaction) -> None:
        words["token"] = invites.make(tx, agency_ref, "mentor", at=NOON).token
        address = people.reach_at(tx, officer, "telegram", words["chat"])
        people.settle(tx, officer, at=NOON, handle=words["handle"])
        talk = conversations.load(tx, address)
        assert talk is not None
        conversations.move_on(tx, talk, state=f'["{words["state"]}"]'.encode(), question=1, at=NOON)
        conversations.show(tx, address, 1, words["message"])
        traces.leave(tx, address, "ab" * 16, words["message"], at=NOON)
        outbox.put(tx, "telegram", words["chat"], [Say(words["said"])], at=NOON)
        keep_note(tx, pins, 1, officer, case_code=words["case code"], text=words["note"], flag_level=3)
        flags.raise_flag(tx, note_id(1), agency_ref, 3, at=NOON)
        cases.assign(tx, agency_ref, words["case code"], officer, at=NOON)
        cases.tick(tx, agency_ref, words["case code"], words["tick"], officer, done=True, at=NOON)
        walks.keep(tx, walk_id="cd" * 16, person_ref=officer, agency_ref=agency_ref, guide_version=1,
                   progress=f'["{words["progress"]}"]', case_code=words["case code"], at=NOON)  # fmt: skip
        plans.keep(tx, plan_id="ef" * 16, person_ref=officer, agency_ref=agency_ref, body=f'["{words["plan"]}"]',
                   case_code=words["case code"], remind_at=NOON, at=NOON)  # fmt: skip
        gaps.keep(tx, agency_ref, officer, language="en", question=f"who feeds {words['question']}", why="refused",
                  rarity=EVEN, people=3, at=NOON)  # fmt: skip
        awaited.keep(tx, "ae" * 16, address, language="en", question=f"who feeds {words['wish']}", known="",
                     until=NOON)  # fmt: skip

    store.run_now(turn)
    found = files_of(installation, server_of)
    assert set(found) == ({".db", ".db-wal", ".db-shm"} if server_of is None else {".log"})
    assert NAME_IN_CLEAR in b"".join(found.values()), "the look finds what lies there"
    assert hits(found, words) == set()
    store.run_now(lambda tx: notes.withdraw(tx, note_id(1), officer))
    assert store.run_now(lambda tx: tx.db.scalars(select(walk_rows.c.guide_version)).all()) == [1]
    store.close()
    assert hits(files_of(installation, server_of), words) == set()


def test_text_stands_in_clear_in_known_columns_alone() -> None:
    """A new text column must be thought about: is it a person's words?"""
    clear = {f"{table.name}.{column.name}" for table in metadata.tables.values() for column in table.c
             if isinstance(column.type, String)}  # fmt: skip
    assert clear == {
        "memberships.role", "invites.role", "seen.channel", "seen.update_id", "outbox.dead",
        "addresses.unreachable_why", "timers.kind",
        "timers.about", "attachments.state", "notes.reference", "notes.state", "notes.channel",
        "flags.urgency", "flags.state", "flags.outcome", "flag_steps.act",
        "guide_versions.language", "feedback.answer", "batches.destination", "handovers.destination",
        "deletions.kind", "audit.actor_kind", "audit.action", "audit.outcome",
    }  # fmt: skip


def test_sealed_columns_are_bytes() -> None:
    sealed = [column for table in metadata.tables.values() for column in table.c if column.name.startswith("sealed_")]
    assert len(sealed) >= 8
    assert all(isinstance(column.type, LargeBinary) for column in sealed)
