"""Time limits: what was handed over goes when the agency's days are over; what was not never goes by age."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select, update
from storage_site import CASE, NOON, add_agency, add_destination, keep_note, note_id

from bot.installation import Installation
from bot.trial import AGENCY
from storage import agencies, audit, flags, plans, retention
from storage.notes import take_back
from storage.pins import Pins
from storage.retention import Due
from storage.schema import attachments, deliveries, metadata, notes
from storage.store import Store
from storage.transaction import Transaction, seconds

DAYS = 30
LIMIT = timedelta(days=DAYS)
DROP = "drop"


def note(number: int) -> bytes:
    return bytes.fromhex(note_id(number))


@pytest.fixture
def limited(store: Store, pins: Pins, officer: bytes) -> Store:
    """Three notes; one and two handed over at noon, three waits."""

    def turn(tx: Transaction) -> None:
        agencies.change(tx, AGENCY, {"keep_days": DAYS})
        add_destination(tx, DROP)
        for number in (1, 2, 3):
            keep_note(tx, pins, number, officer)
        tx.db.execute(update(notes).values(state="waiting"))
        hand_over(tx, 1, 2)

    store.run_now(turn)
    return store


def hand_over(tx: Transaction, *numbers: int, at: datetime = NOON, to: str = DROP) -> None:
    """Delivered there at that time."""
    its = (deliveries.c.destination == to, deliveries.c.note_id.in_([note(number) for number in numbers]))
    tx.db.execute(update(deliveries).where(*its).values(state="acked", done_at=seconds(at), case_seq=1))
    tx.db.execute(update(notes).where(notes.c.id.in_([note(number) for number in numbers])).values(state="handed-over"))


def due(store: Store, at: datetime, slug: str = AGENCY) -> Due:
    return store.run_now(lambda tx: retention.due(tx, agencies.by_slug(tx, slug), at=at))


def erased(store: Store, at: datetime) -> Due:
    def turn(tx: Transaction) -> Due:
        found = retention.due(tx, agencies.by_slug(tx, AGENCY), at=at)
        retention.erase(tx, found, at=at)
        return found

    return store.run_now(turn)


def test_t45_notes_go_on_the_day_and_not_a_second_before(limited: Store) -> None:
    assert due(limited, NOON + LIMIT - timedelta(seconds=1)).notes == ()
    assert due(limited, NOON + LIMIT).notes == (note(1), note(2))


def test_t45_nothing_goes_where_no_limit_is_set(limited: Store) -> None:
    limited.run_now(lambda tx: agencies.change(tx, AGENCY, {"keep_days": 0}))
    assert due(limited, NOON + timedelta(days=4_000)).count == 0


def test_t45_what_is_not_handed_over_stays_whatever_its_age(limited: Store) -> None:
    late = NOON + timedelta(days=4_000)
    assert erased(limited, late).overdue == 1
    assert limited.run_now(lambda tx: tx.db.scalars(select(notes.c.id)).all()) == [note(3)]


def test_t45_a_note_stays_until_every_destination_has_it(limited: Store, pins: Pins, officer: bytes) -> None:
    def turn(tx: Transaction) -> None:
        add_destination(tx, "elsewhere")
        keep_note(tx, pins, 4, officer)
        hand_over(tx, 4)

    limited.run_now(turn)
    late = NOON + timedelta(days=4_000)
    assert due(limited, late).notes == (note(1), note(2)), "one of two destinations does not have it yet"
    limited.run_now(lambda tx: hand_over(tx, 4, to="elsewhere"))
    assert due(limited, late).notes == (note(1), note(2), note(4))


def test_t45_what_was_taken_back_stays_until_everybody_was_told(limited: Store) -> None:
    limited.run_now(lambda tx: take_back(tx, note_id(1), at=NOON))
    late = NOON + timedelta(days=4_000)
    assert due(limited, late).withdrawn == ()
    limited.run_now(lambda tx: tx.db.execute(update(deliveries).values(state="acked")))
    assert due(limited, late).withdrawn == (note(1),)


def test_t45_an_open_flag_holds_its_note_and_a_closed_one_goes_with_it(
    limited: Store, agency_ref: bytes, coordinator: bytes
) -> None:
    limited.run_now(lambda tx: flags.raise_flag(tx, note_id(1), agency_ref, 3, at=NOON))
    at = NOON + LIMIT + timedelta(days=10)
    assert due(limited, at).notes == (note(2),)
    limited.run_now(lambda tx: flags.take(tx, note_id(1), coordinator, at=NOON))
    assert due(limited, at).notes == (note(2),)
    limited.run_now(lambda tx: flags.close(tx, note_id(1), coordinator, "acted", at=NOON + timedelta(days=15)))
    assert due(limited, at).notes == (note(2),), "the days count from the closing, too"
    assert due(limited, at + timedelta(days=5)).notes == (note(1), note(2))
    erased(limited, at + timedelta(days=5))
    assert limited.run_now(lambda tx: tx.db.execute(select(metadata.tables["flags"])).all()) == []


def test_all_that_hangs_on_a_note_goes_with_it_and_each_has_its_entries(limited: Store, agency_ref: bytes) -> None:
    row = {"agency_ref": agency_ref, "number": 1, "state": "kept", "body": b"sealed"}
    limited.run_now(lambda tx: tx.db.execute(insert(attachments), [{**row, "note_id": note(n)} for n in (1, 3)]))
    erased(limited, NOON + LIMIT)

    def left(tx: Transaction) -> dict[str, list[bytes]]:
        tables = {"notes": "id", "receipts": "note_id", "attachments": "note_id", "deliveries": "note_id"}
        return {name: list(tx.db.scalars(select(metadata.tables[name].c[key]))) for name, key in tables.items()}

    assert limited.run_now(left) == {
        "notes": [note(3)], "receipts": [note(3)], "attachments": [note(3)], "deliveries": [note(3)],
    }  # fmt: skip
    told = limited.run_now(lambda tx: audit.listed(tx, at_most=2))
    assert [(one.entry.action, one.entry.about, one.reason) for one in told] == [
        ("note.erased", note(1), "time-limit"),
        ("note.erased", note(2), "time-limit"),
    ]
    kinds = limited.run_now(lambda tx: tx.db.execute(select(metadata.tables["deletions"].c["kind", "about"])).all())
    assert sorted(kinds) == [("note-erased", note(1)), ("note-erased", note(2))]


def test_other_agencies_keep_what_is_theirs(limited: Store) -> None:
    def turn(tx: Transaction) -> None:
        add_agency(tx)
        agencies.change(tx, "southgate", {"keep_days": 1})

    limited.run_now(turn)
    assert due(limited, NOON + timedelta(days=4_000), "southgate").count == 0


def test_what_is_left_of_withdrawn_notes_goes_too(limited: Store) -> None:
    limited.run_now(lambda tx: take_back(tx, note_id(3), at=NOON))
    assert due(limited, NOON + LIMIT - timedelta(hours=1)).withdrawn == ()
    assert due(limited, NOON + LIMIT).withdrawn == (note(3),)


def test_a_plan_goes_when_no_reminder_is_to_come_and_nobody_touched_it(
    limited: Store, agency_ref: bytes, officer: bytes
) -> None:
    def keep(tx: Transaction, plan_id: str, remind_at: datetime | None) -> None:
        plans.keep(tx, plan_id=plan_id, person_ref=officer, agency_ref=agency_ref, body="[]", case_code=CASE,
                   remind_at=remind_at, at=NOON)  # fmt: skip

    limited.run_now(lambda tx: keep(tx, "aa" * 16, None))
    limited.run_now(lambda tx: keep(tx, "bb" * 16, NOON + timedelta(days=300)))
    assert due(limited, NOON + LIMIT - timedelta(days=1)).plans == ()
    assert erased(limited, NOON + LIMIT).plans == (b"\xaa" * 16,)
    assert limited.run_now(lambda tx: tx.db.scalars(select(metadata.tables["plans"].c.id)).all()) == [b"\xbb" * 16]


@pytest.mark.sqlite  # a server keeps the bytes until it uses the place again: docs/threat-model.md
def test_t44_no_byte_of_an_erased_note_is_left_in_the_files(limited: Store, installation: Installation) -> None:
    reader = installation.store(reads_notes=True)
    query = select(notes.c.id, notes.c.body)
    bodies = dict(reader.run_now(lambda tx: tx.db.execute(query).all()))  # type: ignore[arg-type]
    reader.close()

    def found(number: int) -> bool:
        body = bodies[note(number)]
        files = [path.read_bytes() for path in installation.folder.glob("integra.db*")]
        return any(body[at : at + 64] in file for at in range(0, len(body) - 64, 300) for file in files)

    assert found(1)
    assert found(3)
    erased(limited, NOON + LIMIT)
    assert (found(1), found(2), found(3)) == (False, False, True)


def test_admins_may_be_told_once_a_week(limited: Store) -> None:
    def told(at: datetime) -> bool:
        return limited.run_now(lambda tx: retention.may_tell(tx, agencies.by_slug(tx, AGENCY), at=at))

    assert told(NOON)
    assert not told(NOON + timedelta(days=1))
