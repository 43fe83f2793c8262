"""What we say was delivered is compared with what is there; differences are found, named, and mended where asked."""

from datetime import timedelta

from case_system import CaseSystem
from handover_site import AUTHOR, NOON, DropSite, Site, note_id
from sqlalchemy import delete, select, update

from dialogues.reference import reference
from storage import deliveries, flags
from storage.schema import deliveries as rows
from storage.schema import delivery_log
from storage.sync import deciding
from storage.sync.base import Caps, Reject, Remote
from storage.sync.reconcile import Report, digest, reconcile
from storage.sync.worker import Worker, run_until_done
from storage.transaction import Transaction


async def filed(site: Site, cases: CaseSystem, *numbers: int) -> Worker:
    worker = site.worker(cases)
    site.keep(*numbers)
    await run_until_done(worker)
    return worker


def named(*numbers: int) -> list[str]:
    return [reference(note_id(number)) for number in numbers]


def differences(report: Report) -> dict[str, list[str]]:
    return {name: which for name, which in report.found.items() if which}


async def test_two_sides_that_agree_are_clean_and_everything_adds_up(site: Site) -> None:
    worker = await filed(site, CaseSystem(), 1, 2, 3)
    site.keep(4, release=False)
    report = await reconcile(worker)
    assert (report.clean, report.balanced, differences(report)) == (True, True, {})
    assert (report.counts["logged"], report.counts["acked"], report.counts["pending"]) == (4, 3, 1)


async def test_row_44_a_receiver_from_an_old_backup_gets_again_what_it_lost(site: Site) -> None:
    cases = CaseSystem()
    worker = await filed(site, cases, 1, 2, 3)
    cases.records, cases.changes = cases.records[:1], cases.changes[:1]
    report = await reconcile(worker)
    assert (differences(report), report.clean) == ({"missing_remote": named(2, 3)}, False)
    assert cases.sends == 3, "nothing is mended unless it is asked for"
    assert (await reconcile(worker, fix=True)).clean
    await run_until_done(worker)
    assert sorted(cases.keys) == [f"{note_id(number)}.v1" for number in (1, 2, 3)]
    assert (await reconcile(worker)).clean


async def test_row_45_after_a_restore_of_ours_nothing_is_sent_twice_and_strangers_are_listed(site: Site) -> None:
    cases = CaseSystem()
    worker = await filed(site, cases, 1, 2)

    def restore(tx: Transaction) -> None:
        first = rows.c.note_id == bytes.fromhex(note_id(1))
        tx.db.execute(update(rows).where(first).values(state="pending"))
        deliveries.doubt_all(tx)

    site.store.run_now(restore)
    cases.records.append(Remote("77", note_id(77), 1))
    cases.changes.append(cases.records[-1])
    report = await reconcile(worker)
    assert differences(report) == {"unsettled": named(1), "unknown_remote": ["77"]}
    report = await reconcile(worker, fix=True)
    assert (report.mended["unsettled"], site.standing()) == (1, {1: "acked", 2: "acked"})
    await run_until_done(worker)
    assert cases.sends == 2


async def test_row_13_a_duplicate_is_listed_and_its_later_one_retired(site: Site) -> None:
    cases = CaseSystem()
    worker = await filed(site, cases, 1)
    again = Remote("2", note_id(1), 1, payload_sha256=cases.records[0].payload_sha256)
    cases.records.append(again)
    cases.changes.append(again)
    assert differences(await reconcile(worker)) == {"duplicate_remote": ["2"]}
    report = await reconcile(worker, fix=True)
    assert (report.mended["duplicate_remote"], cases.retired, report.clean) == (1, ["2"], True)


async def test_other_content_drift_deleted_and_nameless_records_are_for_a_person(site: Site) -> None:
    cases = CaseSystem()
    worker = await filed(site, cases, 1, 2, 3)
    cases.change("1", payload_sha256="0" * 64)
    cases.change("2", drift=("Severity",))
    cases.change("3", state="gone")
    cases.changes.append(Remote("9", "", 0))
    report = await reconcile(worker, fix=True)
    assert differences(report) == {
        "hash_mismatch": named(1),
        "field_drift": named(2),
        "gone": named(3),
        "orphan_remote": ["9"],
    }
    assert not report.clean
    await run_until_done(worker)
    assert cases.sends == 3


async def test_a_note_that_nobody_is_owed_is_found_and_owed(site: Site) -> None:
    cases = CaseSystem()
    worker = await filed(site, cases, 1, 2)
    second = bytes.fromhex(note_id(2))

    def lose(tx: Transaction) -> None:
        its = select(rows.c.id).where(rows.c.note_id == second)
        tx.db.execute(delete(delivery_log).where(delivery_log.c.delivery_id.in_(its)))
        tx.db.execute(delete(rows).where(rows.c.note_id == second))

    site.store.run_now(lose)
    report = await reconcile(worker)
    assert (differences(report), report.balanced) == ({"unowed": named(2), "unknown_remote": ["2"]}, False)
    assert (await reconcile(worker, fix=True)).mended["unowed"] == 1
    assert (await reconcile(worker)).balanced


async def test_what_is_there_though_it_was_given_up_or_taken_back_or_parked_is_listed(site: Site) -> None:
    cases = CaseSystem(rule=lambda _: Reject("http-422"))
    worker = await filed(site, cases, 1, 2, 3, 4)
    site.sync.run_now(lambda tx: deciding.give_up(tx, "cases", named(1)[0], words="by hand", at=site.clock()))
    site.keep(5, release=False)
    site.withdraw(5)
    third = next(row for row in site.deliveries() if row.note_id.hex() == note_id(3))
    sha256 = worker.opener.hashes.open(third.hash_for_sync, f"{note_id(3)}.v1")
    for number in (1, 2, 3, 5):
        its = sha256 if number == 3 else "0" * 64
        cases.records.append(Remote(str(number), note_id(number), 1, payload_sha256=its))
        cases.changes.append(cases.records[-1])
    report = await reconcile(worker)
    assert differences(report) == {"unexpected_remote": named(1, 2, 5), "unsettled": named(3)}
    assert not report.clean
    report = await reconcile(worker, fix=True)
    assert (report.mended["unsettled"], report.clean) == (1, False)
    assert site.standing() == {1: "dead", 2: "parked", 3: "acked", 4: "parked", 5: "withdrawn"}


async def test_what_was_withdrawn_there_too_is_no_difference(site: Site) -> None:
    cases = CaseSystem(caps=Caps("unique_key", lists=False, finds=False), unique=True, lose=1)
    worker = await filed(site, cases, 1)
    site.take_back(1)
    for _ in range(2):
        site.wait(minutes=20)
        await run_until_done(worker)
    cases.caps = Caps("unique_key")
    assert (site.standing(), len(cases.records)) == ({1: "withdrawn", -1: "acked"}, 2)
    assert differences(await reconcile(worker)) == {}


async def test_a_receiver_that_lists_nothing_is_asked_for_each(site: Site) -> None:
    cases = CaseSystem(caps=Caps("put_by_id", lists=False))
    worker = await filed(site, cases, 1, 2)
    cases.records = cases.records[:1]
    assert differences(await reconcile(worker)) == {"missing_remote": named(2)}


async def test_a_parked_and_a_given_up_note_count(site: Site) -> None:
    cases = CaseSystem(rule=lambda one: Reject("http-422") if one.ref.note_id in (note_id(1), note_id(2)) else None)
    worker = await filed(site, cases, 1, 2, 3)
    site.sync.run_now(lambda tx: deciding.give_up(tx, "cases", named(2)[0], words="by hand", at=site.clock()))
    report = await reconcile(worker)
    assert (report.counts["parked"], report.counts["dead"], report.counts["acked"]) == (1, 1, 1)
    assert report.balanced


async def test_what_was_overtaken_in_its_case_is_listed_as_a_gap_and_a_note_of_another_case_is_not(site: Site) -> None:
    cases = CaseSystem(rule=lambda one: Reject("http-422") if one.ref.note_id in (note_id(1), note_id(2)) else None)
    worker = site.worker(cases)
    site.keep(1, 3)
    site.keep(2, case="D-1")
    await run_until_done(worker)
    report = await reconcile(worker)
    assert (differences(report), report.clean) == ({"gap": named(1)}, True)
    cases.rule = lambda _: None
    site.sync.run_now(lambda tx: deciding.retry(tx, "cases", None, at=site.clock()))
    await run_until_done(worker)
    assert differences(await reconcile(worker)) == {}


async def test_flags_that_nobody_has_taken_are_listed_and_those_that_somebody_has_are_not(site: Site) -> None:
    worker = await filed(site, CaseSystem(), 1, 2)

    def raised(tx: Transaction) -> None:
        for number in (1, 2):
            flags.raise_flag(tx, note_id(number), site.keyring.agency_ref(site.agency), 2, at=NOON)
        flags.take(tx, note_id(2), AUTHOR, at=NOON)

    site.store.run_now(raised)
    report = await reconcile(worker)
    assert (differences(report), report.clean) == ({"unacked_flag": named(1)}, True)


async def test_each_day_adds_up_and_the_oldest_has_its_age(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1)
    site.keep(2, at=NOON + timedelta(days=1))
    await run_until_done(worker)
    site.take_back(1)
    site.wait(days=1, hours=1)
    site.keep(3, at=site.clock())
    report = await reconcile(worker)
    lines = [f"{one.note_id}|{one.version}|{one.payload_sha256}\n" for one in cases.records]
    assert report.days == {
        "2026-11-23": {"logged": 2, "acked": 1, "pending": 1, "digest": digest(lines[:1])},
        "2026-11-24": {"logged": 2, "acked": 1, "pending": 1, "digest": digest(lines[1:])},
    }
    assert (report.balanced, report.standing.state, report.oldest_s) == (True, "open", 25 * 3_600)
    later = await reconcile(worker, since=NOON + timedelta(hours=12))
    assert list(later.days) == ["2026-11-24"]


async def test_late_ones_are_listed_and_do_not_make_it_unclean(site: Site) -> None:
    cases = CaseSystem(down=True)
    worker = site.worker(cases)
    site.keep(1)
    await worker.step()
    site.wait(days=2)
    cases.down = False
    report = await reconcile(worker)
    assert (differences(report), report.clean) == ({"late": named(1)}, True)


async def test_an_agency_that_lost_batches_gets_their_notes_again(drop: DropSite) -> None:
    drop.keep(1, 2)
    await drop.run()
    drop.acknowledge()
    for _ in range(2):
        drop.wait(minutes=10)
        await drop.run()
    assert set(drop.standing().values()) == {"acked"}
    drop.write_ack(1, {"format": "integra-ack-1", "stream": "north", "batch": 1, "status": "missing"})
    worker = drop.bare_worker(drop.drop(), drop.drop_settings)
    report = await reconcile(worker, fix=True)
    assert sorted(report.found["missing_remote"]) == named(1, 2)
    await drop.run()
    assert [row.number for row in drop.batch_rows()] == [1, 2]
    assert set(drop.standing().values()) == {"sent"}


def test_a_digest_is_over_sorted_lines() -> None:
    assert digest(["b\n", "a\n"]) == digest(["a\n", "b\n"]) != digest(["a\n"])
