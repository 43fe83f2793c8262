"""The worker: each note once in effect, in order within its case, whatever the case system does."""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from case_system import CaseSystem
from handover_site import AUTHOR, NOON, WORDS, Crash, Site, note_id, raising
from sqlalchemy import case, delete, update

from dialogues.reference import reference
from storage import deliveries
from storage import notes as note_rows
from storage.errors import Busy
from storage.schema import deliveries as rows
from storage.schema import notes, timers
from storage.sealing.opening import Expected
from storage.sealing.rewrap import rewrap
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId
from storage.sync import deciding, destinations, mapping, queue, settling
from storage.sync.base import Accepted, Caps, Delivery, Outcome, Park, Reject, Retry
from storage.sync.worker import Step, run_until_done

REFERENCE = reference(note_id(1))


async def deliver(site: Site, cases: CaseSystem, **changes: Any) -> Step:
    return await run_until_done(site.worker(cases, **changes))


def only(number: int, outcome: Outcome) -> Any:
    """A rule: that note is answered so."""
    return lambda one: outcome if one.ref.note_id == note_id(number) else None


# ---------------------------------------------------------------- what is owed


async def test_what_waits_is_delivered_once_and_the_author_hears(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1, 2)
    step = await run_until_done(worker)
    assert (step.done, step.parked, step.state) == (2, 0, "open")
    assert cases.keys == [f"{note_id(1)}.v1", f"{note_id(2)}.v1"]
    assert set(site.states().values()) == {"handed-over"}
    assert set(site.standing().values()) == {"acked"}
    assert site.told("filed") == [note_id(1), note_id(2)]
    await run_until_done(worker)
    assert cases.sends == 2


async def test_row_07_a_note_and_what_is_owed_of_it_commit_together(site: Site) -> None:
    site.worker(CaseSystem())

    def turn(tx: Any) -> None:
        note_rows.keep(
            tx, site.pins, note_id=note_id(9), agency=site.agency, author_ref=AUTHOR, body={"schema": 1}, case_code="",
            flag_level=0, amends="", at=NOON, undo=timedelta(minutes=2),
        )  # fmt: skip
        raise RuntimeError

    with pytest.raises(RuntimeError):
        site.store.run_now(turn)
    assert (site.states(), site.deliveries()) == ({}, [])
    site.keep(1)
    assert (len(site.states()), len(site.deliveries())) == (1, 1)


async def test_notes_from_before_a_destination_are_owed_to_it_too(site: Site) -> None:
    site.keep(1)
    site.keep(2, release=False)
    cases = CaseSystem()
    await deliver(site, cases)
    assert cases.keys == [f"{note_id(1)}.v1"]
    site.release(2)
    await deliver(site, cases)
    assert len(cases.records) == 2


async def test_a_held_note_stays_and_an_undone_one_never_leaves(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1, 2, release=False)
    assert (await run_until_done(worker)).tried == 0
    site.withdraw(1)
    site.release(2)
    await run_until_done(worker)
    assert cases.keys == [f"{note_id(2)}.v1"]
    assert site.standing() == {1: "withdrawn", 2: "acked"}


async def test_two_destinations_each_get_it_and_the_author_hears_once_of_both(site: Site) -> None:
    one, two = CaseSystem("one"), CaseSystem("two", down=True)
    first, second = site.worker(one), site.worker(two)
    site.keep(1)
    await run_until_done(first)
    await run_until_done(second)
    assert (site.states(), site.told("filed")) == ({1: "waiting"}, [])
    two.down = False
    site.wait(minutes=20)
    await run_until_done(second)
    assert (site.states(), site.told("filed")) == ({1: "handed-over"}, [note_id(1)])
    assert (len(one.records), len(two.records)) == (1, 1)


# ---------------------------------------------------------------- order


async def test_within_a_case_the_order_of_release_holds_while_others_pass(site: Site) -> None:
    cases = CaseSystem(caps=Caps("find_then_create", parallel=4), rule=only(1, Retry("http-503")))
    worker = site.worker(cases)
    site.keep(1, 2)
    site.keep(3, case="D-1")
    await run_until_done(worker)
    assert cases.keys == [f"{note_id(3)}.v1"], "1 is to be tried again, so 2 waits"
    cases.rule = lambda _: None
    site.wait(minutes=30)
    await run_until_done(worker)
    assert cases.keys == [f"{note_id(number)}.v1" for number in (3, 1, 2)]


async def test_row_40_what_amends_a_parked_note_waits_and_others_of_the_case_do_not(site: Site) -> None:
    cases = CaseSystem(rule=only(1, Reject("http-422")))
    worker = site.worker(cases)
    site.keep(1)
    site.keep(2, amends=1)
    site.keep(3)
    await run_until_done(worker)
    assert site.standing() == {1: "parked", 2: "pending", 3: "acked"}
    cases.rule = lambda _: None
    retry(site)
    await run_until_done(worker)
    assert cases.keys == [f"{note_id(number)}.v1" for number in (3, 1, 2)]


async def test_an_amendment_waits_while_its_note_may_be_undone(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1, release=False)
    site.keep(2, amends=1)
    await run_until_done(worker)
    assert cases.keys == []
    site.release(1)
    await run_until_done(worker)
    assert cases.keys == [f"{note_id(1)}.v1", f"{note_id(2)}.v1"]


def retry(site: Site, name: str = "cases") -> None:
    site.sync.run_now(lambda tx: deciding.retry(tx, name, None, at=site.clock()))


# ---------------------------------------------------------------- outages


async def test_row_01_after_three_days_all_arrive_once_in_order_and_probes_were_few(site: Site) -> None:
    cases = CaseSystem(down=True)
    worker = site.worker(cases)
    site.keep(*range(1, 21))
    until = site.now() + 72 * 3_600
    while site.now() < until:
        step = await worker.step()
        assert step.next_at is not None
        site.wait(seconds=max(1, step.next_at - site.now()))
    assert 250 <= cases.probes <= 330
    assert cases.sends == 0
    assert set(site.standing().values()) == {"pending"}
    cases.down = False
    await run_until_done(worker)
    assert cases.keys == [f"{note_id(number)}.v1" for number in range(1, 21)]
    assert set(site.standing().values()) == {"acked"}


async def test_row_02_lost_answers_make_no_second_record(site: Site) -> None:
    """Where the receiver makes another record each time it is asked: naive repeats make thirty of ten."""
    naive = CaseSystem()
    given: list[Delivery] = []
    naive.rule = lambda one: given.append(one)  # type: ignore[func-returns-value]
    ours = CaseSystem("ours")
    site.keep(*range(1, 11))
    await deliver(site, naive)
    for one in given * 2:
        await naive.send([one], within_s=1)
    assert len(naive.records) == 30

    worker, asked = site.worker(ours), 0
    while set(site.standing("ours").values()) != {"acked"}:
        ours.lose = 1 if asked < 20 else 0
        asked += 1
        await worker.step()
        site.wait(minutes=16)
    assert sorted(ours.keys) == [f"{note_id(number)}.v1" for number in range(1, 11)]


async def test_row_03_an_error_after_the_work_was_done_is_looked_for(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1)

    def answer(one: Delivery) -> Outcome:
        cases.rule = lambda _: None
        cases._take(one)
        return Retry("http-500", ambiguous=True)

    cases.rule = answer
    await run_until_done(worker)
    assert site.standing() == {1: "pending"}
    site.wait(minutes=1)
    await run_until_done(worker)
    assert (site.standing(), len(cases.records), site.logged()[-1]) == ({1: "acked"}, 1, "found")


async def test_row_04_a_slow_answer_keeps_its_lease_and_one_that_never_comes_is_looked_for(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = CaseSystem()
    settings = site.settings(within_s=1)
    worker = site.worker(cases, settings)
    assert queue.LEASE_S > 60 + 90 + 5, "looking for it and sending it take no longer"
    site.keep(1)
    take = cases.send

    async def hang(deliveries: Any, *, within_s: float) -> Any:
        await take(deliveries, within_s=within_s)
        raise TimeoutError  # as the time limit raises it

    monkeypatch.setattr(cases, "send", hang)
    await run_until_done(worker)
    monkeypatch.undo()
    site.wait(minutes=1)
    await run_until_done(worker)
    assert (site.standing(), len(cases.records)) == ({1: "acked"}, 1)


STAGES = ("claimed", "fixed", "sent", "settled")


@pytest.mark.parametrize("stage", STAGES)
async def test_row_06_a_crash_at_any_stage_loses_and_repeats_nothing(site: Site, stage: str) -> None:
    cases = CaseSystem()
    settings = site.settings()
    worker = site.worker(cases, settings)
    site.keep(1, 2)
    worker.reached = raising(stage, Crash())
    with pytest.raises(Crash):
        await run_until_done(worker)
    site.restart()
    site.wait(seconds=queue.LEASE_S + 1)
    await run_until_done(site.bare_worker(cases, settings))
    assert cases.keys == [f"{note_id(1)}.v1", f"{note_id(2)}.v1"]
    assert set(site.standing().values()) == {"acked"}


async def test_row_09_of_two_workers_one_claims_and_a_late_mark_is_refused(site: Site) -> None:
    site.worker(CaseSystem())
    site.keep(1)
    (mine,) = site.sync.run_now(lambda tx: queue.claim(tx, "cases", now=site.now(), most=5))
    assert site.sync.run_now(lambda tx: queue.claim(tx, "cases", now=site.now(), most=5)) == []
    site.wait(seconds=queue.LEASE_S + 1)
    (theirs,) = site.sync.run_now(lambda tx: queue.claim(tx, "cases", now=site.now(), most=5))
    assert theirs.ambiguous
    assert not site.sync.run_now(lambda tx: queue.mark(tx, mine, outcome="accepted", now=site.now(), state="acked"))
    assert site.standing() == {1: "leased"}
    assert site.logged()[-1] == "late"
    assert site.sync.run_now(lambda tx: queue.mark(tx, theirs, outcome="accepted", now=site.now(), state="acked"))


@pytest.mark.postgres
async def test_row_09_many_workers_at_once_claim_each_note_once(site: Site) -> None:
    site.worker(CaseSystem())
    for number in range(1, 41):
        site.keep(number, case=f"C-{number % 8}")
    claims = await asyncio.gather(
        *(site.sync.run(lambda tx: queue.claim(tx, "cases", now=site.now(), most=3)) for _ in range(16))
    )
    ids = [one.id for some in claims for one in some]
    assert len(ids) == len(set(ids)) == 8, "one a case"


async def test_row_10_a_worker_that_slept_beyond_its_lease_changes_nothing(site: Site) -> None:
    """The second finds what the first had sent; the first's mark comes too late."""
    cases, settings = CaseSystem(), site.settings()
    first, second = site.worker(cases, settings), site.bare_worker(cases, settings)
    site.keep(1)
    claimed = await site.sync.run(lambda tx: queue.claim(tx, "cases", now=site.now(), most=1))
    ready = [one async for one in first.opener.opened(site.sync, claimed, settings, cases.caps)]
    sent = await first._outcomes(ready)  # type: ignore[arg-type]
    site.wait(seconds=queue.LEASE_S + 1)
    assert (await second.step()).done == 1
    told = await site.sync.run(lambda tx: first._settle(tx, outcomes=sent, unreadable=[], found={}))
    assert (told, len(cases.records), site.standing()) == (["late"], 1, {1: "acked"})
    assert "found" in site.logged()


# ---------------------------------------------------------------- what a receiver says of a note


async def test_row_12_another_content_under_our_id_is_parked_and_never_overwritten(site: Site) -> None:
    cases = CaseSystem(lose=1)
    worker = site.worker(cases)
    site.keep(1)
    await run_until_done(worker)
    cases.change("1", payload_sha256="0" * 64)
    site.wait(minutes=1)
    step = await run_until_done(worker)
    assert (step.parked, site.deliveries()[0].why, len(cases.records)) == (1, "conflict", 1)
    assert site.told("delivery-parked") == [f"{note_id(1)}.cases"]


async def test_row_13_a_second_record_of_an_id_is_retired(site: Site) -> None:
    cases = CaseSystem(lose=1)
    worker = site.worker(cases)
    site.keep(1)
    await run_until_done(worker)
    cases.records.append(cases.records[0].__class__(**{**_members(cases.records[0]), "remote_id": "2"}))
    site.wait(minutes=1)
    await run_until_done(worker)
    assert (cases.retired, site.standing(), site.deliveries()[0].remote_id) == (["2"], {1: "acked"}, "1")


def _members(remote: Any) -> dict[str, Any]:
    return {name: getattr(remote, name) for name in remote.__slots__}


async def test_row_14_a_field_that_was_dropped_is_told_once(site: Site) -> None:
    cases = CaseSystem(rule=lambda one: Accepted("1", drift=("Severity",)))
    worker = site.worker(cases)
    site.keep(1)
    await run_until_done(worker)
    assert (site.standing(), site.deliveries()[0].why) == ({1: "acked"}, "drift")
    assert site.told("delivery-parked") == [f"{note_id(1)}.cases"]
    assert site.states() == {1: "handed-over"}


async def test_row_17_a_refused_credential_pauses_the_destination_and_blames_no_note(site: Site) -> None:
    cases = CaseSystem(rule=lambda _: Park("http-403", "destination"))
    worker = site.worker(cases)
    site.keep(1, 2, 3)
    step = await run_until_done(worker)
    assert (step.state, site.destination().why) == ("down", "http-403")
    assert set(site.standing().values()) == {"pending"}
    assert site.deliveries()[0].attempts == 0
    assert site.told("destination-down") == ["cases"]
    for _ in range(5):
        site.wait(minutes=16)
        await run_until_done(worker)
    assert cases.sends == 6, "one note is tried each time"
    cases.rule = lambda _: None
    site.wait(minutes=16)
    await run_until_done(worker)
    assert (len(cases.records), site.destination().state) == (3, "open")


async def test_row_18_a_person_unknown_there_parks_the_note_and_it_is_tried_every_day(site: Site) -> None:
    cases = CaseSystem(rule=only(1, Park("unknown-person", again_s=86_400)))
    worker = site.worker(cases)
    site.keep(1, 2)
    await run_until_done(worker)
    assert site.standing() == {1: "parked", 2: "acked"}
    site.wait(hours=23)
    assert (await run_until_done(worker)).tried == 0
    site.wait(hours=2)
    await run_until_done(worker)
    assert site.standing()[1] == "parked"
    assert site.told("delivery-parked") == [f"{note_id(1)}.cases"], "told once"
    cases.rule = lambda _: None
    site.wait(hours=25)
    await run_until_done(worker)
    assert site.standing() == {1: "acked", 2: "acked"}


async def test_row_19_one_bad_note_among_fifty_stops_nobody_else(site: Site) -> None:
    cases = CaseSystem(rule=only(25, Reject("http-422")))
    worker = site.worker(cases)
    site.keep(*range(1, 51))
    await run_until_done(worker)
    assert (len(cases.records), site.standing()[25], site.deliveries()[24].why) == (49, "parked", "http-422")
    assert site.destination().state == "open"
    assert site.told("delivery-parked") == [], "a minute later, for it may be one of five"
    site.wait(minutes=2)
    assert site.told("delivery-parked") == [f"{note_id(25)}.cases"]


async def test_row_20_five_refusals_in_a_row_are_a_change_of_rules(site: Site) -> None:
    cases = CaseSystem(rule=lambda _: Reject("http-422"))
    worker = site.worker(cases)
    site.keep(*range(1, 9))
    await run_until_done(worker)
    assert cases.sends == destinations.SCHEMA_CHANGED_AFTER
    assert set(site.standing().values()) == {"pending"}
    assert (site.destination().state, site.destination().why) == ("down", "rules-changed")
    for _ in range(4):
        site.wait(minutes=16)
        await run_until_done(worker)
    assert cases.sends == destinations.SCHEMA_CHANGED_AFTER + 4, "one at a time"
    assert site.told("destination-down") == ["cases"]
    cases.rule = lambda _: None
    for _ in range(3):
        site.wait(minutes=31)
        await run_until_done(worker)
    assert (len(cases.records), len(set(cases.keys))) == (8, 8)
    assert set(site.standing().values()) == {"acked"}


async def test_row_20_one_note_that_is_refused_again_and_again_is_no_change_of_rules(site: Site) -> None:
    cases = CaseSystem(rule=lambda _: Reject("http-422"))
    worker = site.worker(cases)
    site.keep(1)
    for _ in range(7):
        await run_until_done(worker)
        assert (site.standing(), site.destination().state) == ({1: "parked"}, "open")
        retry(site)
        site.wait(minutes=1)
    site.keep(*range(2, 6))
    await run_until_done(worker)
    assert (site.destination().state, site.destination().why) == ("down", "rules-changed")
    assert set(site.standing().values()) == {"pending"}


@pytest.mark.parametrize(("asked_s", "waits_s"), [(30, 30), (10 * 365 * 86_400, 6 * 3_600), (-5, 1), (float("nan"), 1)])
async def test_row_21_a_receivers_wish_to_wait_is_kept_within_reason(site: Site, asked_s: float, waits_s: int) -> None:
    cases = CaseSystem(rule=lambda _: Retry("http-429", after_s=asked_s))
    worker = site.worker(cases)
    site.keep(1)
    step = await run_until_done(worker)
    assert step.next_at == site.now() + waits_s


async def test_row_15_what_is_too_large_goes_without_its_attachments_and_says_so(site: Site) -> None:
    site.worker(CaseSystem())
    site.keep(1)
    claimed = site.sync.run_now(lambda tx: queue.claim(tx, "cases", now=site.now(), most=1))
    told = site.sync.run_now(
        lambda tx: settling.settle(
            tx, "cases", claimed[0], Reject("too-large"), now=site.now(), has_attached=True, pause=lambda *_: 1.0
        )
    )
    assert (told, site.deliveries()[0].withhold, site.standing()) == ("retry", 1, {1: "pending"})
    (again,) = site.sync.run_now(lambda tx: queue.claim(tx, "cases", now=site.now(), most=1))
    assert again.withhold
    told = site.sync.run_now(
        lambda tx: settling.settle(
            tx, "cases", again, Reject("too-large"), now=site.now(), has_attached=False, pause=lambda *_: 1.0
        )
    )
    assert (told, site.standing()) == ("parked", {1: "parked"})


async def test_a_note_that_alone_breaks_the_receiver_lets_the_others_pass(site: Site) -> None:
    cases = CaseSystem(rule=only(1, Retry("http-500", ambiguous=True)))
    worker = site.worker(cases)
    site.keep(1, case="X-1")
    for number in range(2, 12):
        site.keep(number, case=f"C-{number}")
    for _ in range(30):
        step = await run_until_done(worker)
        site.wait(seconds=max(1, (step.next_at or site.now()) - site.now()))
    assert len(cases.records) == 10
    assert site.standing()[1] == "pending", "and it is never given up"


# ---------------------------------------------------------------- clocks, bytes, keys


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=2), timedelta(days=-400)])
async def test_row_35_a_clock_that_is_set_loses_no_lease_and_sends_nothing_twice(site: Site, jump: timedelta) -> None:
    cases, settings = CaseSystem(), site.settings()
    worker = site.worker(cases, settings)
    site.keep(1, 2, 3)
    await worker.step()
    worker.reached = raising("sent", Crash())
    with pytest.raises(Crash):
        await worker.step()
    site.clock.move(jump)
    worker.reached = lambda _: None
    for _ in range(20):
        step = await run_until_done(worker)
        site.wait(seconds=60)
    assert cases.keys == [f"{note_id(number)}.v1" for number in (1, 2, 3)]
    assert set(site.standing().values()) == {"acked"}, step


async def test_row_41_what_comes_while_a_note_is_on_its_way_changes_none_of_its_bytes(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1)
    cases.before_answer = lambda: (setattr(cases, "before_answer", lambda: None), site.keep(2, amends=1))  # type: ignore[assignment]
    await run_until_done(worker)
    assert cases.keys == [f"{note_id(1)}.v1", f"{note_id(2)}.v1"]
    assert b'"kind":"recorded"' in cases.bodies[0]
    assert b'"kind":"amended"' in cases.bodies[1]


async def test_row_42_an_upgrade_between_two_tries_sends_the_same_bytes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    cases = CaseSystem(rule=lambda one: sent.append(one.event) or Retry("http-503"))  # type: ignore[func-returns-value]
    worker = site.worker(cases)
    site.keep(1)
    await run_until_done(worker)

    def upgraded(note: mapping.Note) -> Delivery:
        raise AssertionError("of another version than it was begun with")

    monkeypatch.setitem(mapping.MAPPERS, 2, upgraded)
    monkeypatch.setattr(queue, "NEWEST", 2)
    site.wait(minutes=1)
    await run_until_done(worker)
    assert len(sent) == 2
    assert sent[0] == sent[1]


async def test_bytes_that_would_differ_are_never_sent(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = CaseSystem(rule=lambda _: Retry("http-503", ambiguous=True))
    worker = site.worker(cases)
    site.keep(1)
    await run_until_done(worker)
    first = mapping.MAPPERS[1]
    monkeypatch.setitem(mapping.MAPPERS, 1, lambda note: first(mapping.Note(**{**_members(note), "source": "urn:x"})))
    same = await _again(site, worker)
    assert same == "pending", "the envelope is not what the hash is over"
    monkeypatch.setitem(
        mapping.MAPPERS, 1, lambda note: first(mapping.Note(**{**_members(note), "disclosure": "pointer"}))
    )
    assert await _again(site, worker) == "parked"
    assert site.deliveries()[0].why == "changed"


async def _again(site: Site, worker: Any) -> str:
    site.wait(minutes=20)
    await run_until_done(worker)
    return site.standing()[1]


async def test_row_37_a_note_sealed_to_a_former_key_goes_once_it_is_sealed_anew(site: Site) -> None:
    """The new key opens nothing of before; the old one is not needed once notes were wrapped again."""
    new = OpeningKey(SuiteId.XWING, bytes([13]) * 32)
    cases, settings = CaseSystem(), site.settings()
    site.worker(cases, settings)
    site.keep(1)
    worker = site.bare_worker(cases, settings, opener=site.opener(new))
    await run_until_done(worker)
    assert (site.standing(), site.deliveries()[0].why) == ({1: "parked"}, "recipient")

    def wrap(tx: Any) -> None:
        row = tx.db.execute(notes.select()).one()
        expected = Expected(row.agency_ref, row.id, row.flag_level, "chat")
        believed = [site.keyring.ingest.public]
        anew = rewrap(row.body, site.key, [new.public], expected=expected, ingest_public_keys=believed)
        tx.db.execute(update(notes).values(body=anew))

    site.store.run_now(wrap)
    site.wait(hours=25)
    await run_until_done(worker)
    assert site.standing() == {1: "acked"}


async def test_a_note_of_a_server_that_is_not_believed_is_parked(site: Site) -> None:
    cases, settings = CaseSystem(), site.settings()
    site.worker(cases, settings)
    site.keep(1)
    stranger = SigningKey(bytes([77]) * 32)
    await run_until_done(site.bare_worker(cases, settings, opener=site.opener(ingest=stranger)))
    assert (site.deliveries()[0].why, cases.records) == ("signature", [])


async def test_row_46_while_a_search_lags_no_second_record_is_made(site: Site) -> None:
    cases = CaseSystem(caps=Caps("find_then_create", find_lag_s=30), lose=1)
    worker = site.worker(cases)
    site.keep(1)
    await run_until_done(worker)
    cases.hidden = True
    site.wait(seconds=10)
    await run_until_done(worker)
    assert (len(cases.records), site.standing()) == (1, {1: "pending"})
    cases.hidden = False
    site.wait(seconds=40)
    await run_until_done(worker)
    assert (len(cases.records), site.standing()) == (1, {1: "acked"})


# ---------------------------------------------------------------- withdrawals


async def test_row_38_what_is_destroyed_while_it_waits_never_leaves(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1, 2)
    site.take_back(1)
    await run_until_done(worker)
    assert cases.keys == [f"{note_id(2)}.v1"]
    assert site.standing() == {1: "withdrawn", 2: "acked"}


async def test_row_38_what_was_delivered_is_followed_by_its_withdrawal(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1)
    await run_until_done(worker)
    site.take_back(1)
    await run_until_done(worker)
    assert cases.keys == [f"{note_id(1)}.v1", f"{note_id(1)}.v2"]
    assert b"incidentnote.withdrawn.v1" in cases.bodies[1]
    assert WORDS.encode() not in cases.bodies[1]
    assert site.standing() == {1: "acked", -1: "acked"}
    assert site.states() == {1: "withdrawn"}


async def test_row_38_of_what_may_have_arrived_it_is_asked_first(site: Site) -> None:
    there, not_there = CaseSystem("there", lose=1), CaseSystem("lost", rule=lambda _: Retry("timeout", ambiguous=True))
    workers = [site.worker(there), site.worker(not_there)]
    site.keep(1)
    for worker in workers:
        await run_until_done(worker)
    site.take_back(1)
    not_there.rule = lambda _: None
    site.wait(minutes=20)
    for worker in workers:
        await run_until_done(worker)
    assert there.keys == [f"{note_id(1)}.v1", f"{note_id(1)}.v2"]
    assert not_there.keys == []
    assert site.standing("lost") == {1: "withdrawn", -1: "withdrawn"}


def give_up(site: Site, name: str) -> None:
    site.sync.run_now(lambda tx: deciding.give_up(tx, name, REFERENCE, words="by hand", at=site.clock()))


def made_and_then(cases: CaseSystem, outcome: Outcome) -> Any:
    """A rule: the first note is taken, and that is answered."""

    def rule(one: Delivery) -> Outcome:
        cases.rule = lambda _: None
        cases._take(one)
        return outcome

    return rule


ANSWERED: dict[int, Outcome] = {
    1: Park("forbidden", "destination", ambiguous=True, made="1"),
    2: Park("mapping", "destination"),  # by a connector that does not know better
    3: Park("unknown-case", again_s=86_400),
    4: Park("conflict"),
    5: Reject("no-receipt", ambiguous=True),
    6: Reject("http-422"),
    7: Retry("refused-connection"),
}


async def test_row_38_whatever_was_answered_what_may_have_arrived_is_followed_by_its_withdrawal(site: Site) -> None:
    caps = Caps("find_then_create", lists=False)
    there, not_there = CaseSystem("there", caps), CaseSystem("lost", caps)
    workers = [site.worker(there), site.worker(not_there)]
    for number in ANSWERED:
        site.keep(number, case=f"C-{number}")

    def rule(cases: CaseSystem, takes: bool) -> Any:
        def answer(one: Delivery) -> Outcome:
            cases.rule = lambda _: None
            if takes:
                cases._take(one)
            cases.rule = answer
            return ANSWERED[int(one.ref.note_id[:4], 16)]

        return answer

    for number in ANSWERED:  # one at a time: each is tried once
        for worker, cases in zip(workers, (there, not_there), strict=True):
            cases.rule = rule(cases, cases is there)
            hold_all_but(site, number)
            site.wait(minutes=40)
            await worker.step()
    assert len(there.keys) == 7
    for number in ANSWERED:
        site.take_back(number)
    there.rule = not_there.rule = lambda _: None
    for _ in range(10):
        site.wait(minutes=40)
        for worker in workers:
            await run_until_done(worker)
    assert sorted(there.keys) == sorted(f"{note_id(number)}.v{version}" for number in ANSWERED for version in (1, 2))
    assert set(site.standing("there").values()) == {"acked"}
    assert not_there.keys == [f"{note_id(1)}.v2"], "what was made once is withdrawn, seen or not"


def hold_all_but(site: Site, number: int) -> None:
    """Of those that wait, that one is due alone."""
    note = bytes.fromhex(note_id(number))
    due = case((rows.c.note_id == note, 0), else_=site.now() + 86_400)
    later = update(rows).where(rows.c.state == "pending").values(next_at=due)
    site.sync.run_now(lambda tx: tx.db.execute(later).close())


async def test_row_38_after_an_outage_what_was_taken_back_meanwhile_holds_up_nobody(site: Site) -> None:
    cases = CaseSystem(rule=lambda _: Retry("http-503"))
    worker = site.worker(cases)
    for number in range(1, 5):
        site.keep(number, case=f"C-{number}")
        hold_all_but(site, number)
        await worker.step()
        site.wait(minutes=20)
    for number in range(1, 4):
        site.take_back(number)
    assert cases.sends == 4
    cases.rule = lambda _: None
    site.wait(days=1)
    step = await run_until_done(worker)
    assert (step.state, cases.keys) == ("open", [f"{note_id(4)}.v1"])
    assert {state for number, state in site.standing().items() if abs(number) < 4} == {"withdrawn"}


async def test_a_withdrawal_that_is_refused_is_told_as_one(site: Site) -> None:
    cases = CaseSystem(rule=lambda one: Park("unknown-case") if one.kind == "withdrawn" else None)
    worker = site.worker(cases)
    site.keep(1)
    await run_until_done(worker)
    site.take_back(1)
    await run_until_done(worker)
    (about,) = site.told("delivery-parked")
    told = site.store.run_now(lambda tx: deliveries.told_of(tx, about))
    assert told is not None
    assert (told.reference, told.destination, told.withdrawal) == (REFERENCE, "cases", True)
    assert (told.state, told.why) == ("parked", "unknown-case")


async def test_row_38_what_was_given_up_after_it_may_have_arrived_is_withdrawn_there(site: Site) -> None:
    caps = Caps("find_then_create", lists=False)
    there, not_there = CaseSystem("there", caps), CaseSystem("lost", caps, rule=lambda _: Reject("http-422"))
    there.rule = made_and_then(there, Reject("http-422"))
    workers = [site.worker(there), site.worker(not_there)]
    site.keep(1)
    for worker in workers:
        await run_until_done(worker)
        give_up(site, worker.name)
    site.take_back(1)
    not_there.rule = lambda _: None
    for _ in range(2):
        site.wait(minutes=20)
        for worker in workers:
            await run_until_done(worker)
    assert (there.keys, not_there.keys) == ([f"{note_id(1)}.v1", f"{note_id(1)}.v2"], [])
    assert site.standing("lost") == {1: "withdrawn", -1: "withdrawn"}


@pytest.mark.parametrize("outcome", [Reject("http-422"), Park("forbidden", "destination")], ids=repr)
async def test_row_38_what_is_taken_back_while_it_is_on_its_way_is_withdrawn_whatever_is_answered(
    site: Site, outcome: Outcome
) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1)
    cases.rule = made_and_then(cases, outcome)
    cases.before_answer = lambda: site.take_back(1)
    await run_until_done(worker)
    cases.before_answer = lambda: None
    for _ in range(2):
        site.wait(minutes=20)
        await run_until_done(worker)
    assert cases.keys == [f"{note_id(1)}.v1", f"{note_id(1)}.v2"]
    assert site.standing() == {1: "acked", -1: "acked"}
    assert site.told("delivery-parked") == [], "nobody is to mend what is gone"


async def test_row_38_where_nobody_can_be_asked_the_withdrawal_goes_without_asking(site: Site) -> None:
    caps = Caps("unique_key", lists=False, finds=False)
    cases = CaseSystem(caps=caps, unique=True, lose=1)
    worker = site.worker(cases)
    site.keep(1)
    await run_until_done(worker)
    site.take_back(1)
    for _ in range(2):
        site.wait(minutes=20)
        await run_until_done(worker)
    assert cases.keys == [f"{note_id(1)}.v1", f"{note_id(1)}.v2"]
    assert (cases.finds, site.standing()) == (0, {1: "withdrawn", -1: "acked"})


async def test_row_38_after_a_restore_what_could_still_be_undone_then_is_asked_for(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1, release=False)
    site.store.run_now(deliveries.doubt_all)
    site.withdraw(1)
    await run_until_done(worker)
    assert (cases.keys, site.standing()) == ([], {1: "withdrawn", -1: "withdrawn"})


async def test_what_was_made_without_proof_and_deleted_since_is_for_a_person(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1)
    cases.rule = made_and_then(cases, Park("forbidden", "destination", ambiguous=True, made="1"))
    await run_until_done(worker)
    assert site.deliveries()[0].remote_id == "1"
    cases.change("1", state="gone")
    site.wait(minutes=20)
    await run_until_done(worker)
    assert (site.standing(), site.deliveries()[0].why, len(cases.records)) == ({1: "parked"}, "gone", 1)


# ---------------------------------------------------------------- the destination, and what flows back


async def test_row_48_a_destination_at_another_place_waits_for_a_person(site: Site) -> None:
    cases = CaseSystem()
    await deliver(site, cases)
    site.keep(1)
    moved = site.settings(place="elsewhere")
    step = await deliver(site, cases, settings=moved)
    assert (step.state, cases.sends, site.standing()) == ("unconfirmed", 0, {1: "pending"})
    site.sync.run_now(lambda tx: destinations.confirm(tx, moved))
    await deliver(site, cases, settings=moved)
    assert site.standing() == {1: "acked"}


async def test_row_48_a_destination_that_a_person_paused_stays_so_when_its_new_place_is_confirmed(site: Site) -> None:
    cases = CaseSystem()
    await deliver(site, cases)
    site.keep(1)
    site.sync.run_now(lambda tx: destinations.hold(tx, "cases", held=True))
    moved = site.settings(place="elsewhere")
    for _ in range(2):
        assert (await deliver(site, cases, settings=moved)).state == "unconfirmed"
    assert site.sync.run_now(lambda tx: destinations.confirm(tx, moved)) == "held"
    assert (await deliver(site, cases, settings=moved)).state == "held"
    site.sync.run_now(lambda tx: destinations.hold(tx, "cases", held=False))
    await deliver(site, cases, settings=moved)
    assert site.standing() == {1: "acked"}


async def test_what_is_closed_there_is_told_once(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1)
    await run_until_done(worker)
    cases.change("1", state="closed")
    for _ in range(3):
        site.wait(minutes=10)
        await run_until_done(worker)
    assert site.deliveries()[0].remote_state == "closed"
    assert site.told("delivery-closed") == [f"{note_id(1)}.cases"]


async def test_row_47_what_somebody_deleted_there_is_told_and_not_made_again(site: Site) -> None:
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1)
    await run_until_done(worker)
    cases.change("1", state="gone")
    for _ in range(3):
        site.wait(minutes=10)
        await run_until_done(worker)
    assert (site.deliveries()[0].remote_state, cases.sends) == ("gone", 1)
    assert site.told("delivery-closed") == [f"{note_id(1)}.cases"]


async def test_the_coordinator_hears_when_the_oldest_waits_too_long(site: Site) -> None:
    cases = CaseSystem(down=True)
    worker = site.worker(cases)
    site.keep(1)
    await worker.step()
    assert site.told("delivery-late") == []
    site.wait(hours=25)
    await worker.step()
    assert site.told("delivery-late") == ["cases"]


async def test_a_destination_that_a_person_paused_raises_the_alarm_too(site: Site) -> None:
    worker = site.worker(CaseSystem())
    site.keep(1)
    site.sync.run_now(lambda tx: destinations.hold(tx, "cases", held=True))
    site.wait(hours=25)
    assert (await worker.step()).state == "held"
    assert site.told("delivery-late") == ["cases"]


async def test_the_coordinator_hears_once_a_day_while_it_lasts_and_at_once_when_it_comes_again(site: Site) -> None:
    cases = CaseSystem(down=True)
    worker = site.worker(cases)

    async def told_after(hours: int) -> bool:
        site.store.run_now(lambda tx: tx.db.execute(delete(timers).where(timers.c.kind == "delivery-late")).close())
        site.wait(hours=hours)
        await worker.step()
        return bool(site.told("delivery-late"))

    site.keep(1)
    assert [await told_after(hours) for hours in (25, 1, 22, 2, 1)] == [True, False, False, True, False]
    cases.down = False
    site.wait(hours=1)
    await run_until_done(worker)
    cases.down = True
    site.keep(2, at=site.clock())
    await worker.step()
    assert await told_after(25)
    cases.down = False
    site.wait(hours=1)
    await run_until_done(worker)
    site.wait(minutes=2)
    await worker.step()
    site.keep(3, at=site.clock() - timedelta(hours=30))
    cases.down = True
    assert await told_after(1), "within a day of the last time, but of another outage"


async def test_one_agencys_notes_reach_no_other_agencys_case_system(site: Site) -> None:
    site.add_agency("mentors-south")
    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1)
    site.keep(2, agency="mentors-south", case="D-1")
    await run_until_done(worker)
    assert cases.keys == [f"{note_id(1)}.v1"]
    assert len(site.deliveries()) == 1


async def test_less_may_leave_at_once_and_more_never_of_what_was_written_before(site: Site) -> None:
    cases = CaseSystem(down=True)
    site.worker(cases, site.settings(disclosure="summary"))
    site.keep(1)
    site.worker(cases, site.settings(disclosure="full"))
    site.keep(2)
    cases.down = False
    await deliver(site, cases, settings=site.settings(disclosure="full"))
    assert WORDS.encode() not in cases.bodies[0]
    assert WORDS.encode() in cases.bodies[1]
    cases.down = True
    site.keep(3)
    site.worker(cases, site.settings(disclosure="pointer"))
    cases.down = False
    await deliver(site, cases, settings=site.settings(disclosure="pointer"))
    assert WORDS.encode() not in cases.bodies[2]


async def test_row_51_no_word_reaches_logs_errors_or_the_log_of_deliveries(
    site: Site, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(deliveries: Any, *, within_s: float) -> Any:
        raise RuntimeError(deliveries[0].text)

    cases = CaseSystem()
    worker = site.worker(cases)
    site.keep(1)
    cases.send = broken  # type: ignore[method-assign]
    await run_until_done(worker)
    assert site.deliveries()[0].why == "connector-failed"
    said = caplog.text + "".join(capsys.readouterr()) + repr(worker) + repr(site.deliveries())
    assert WORDS not in said
    assert "C-17" not in said


@pytest.mark.postgres
async def test_row_49_a_server_that_goes_away_in_the_middle_costs_a_look_and_nothing_else(site: Site) -> None:
    """Its connections are cut between the claim and what came of it."""
    cases, settings = CaseSystem(), site.settings()
    worker = site.worker(cases, settings)
    site.keep(1)

    def cut(stage: str) -> None:
        if stage == "sent":
            kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'test_sync'"
            with psycopg.connect(site.addresses.owner, autocommit=True) as connection:
                connection.execute(kill)

    worker.reached = cut
    with contextlib.suppress(Busy):  # or it connects again, and settles after all
        await worker.step()
    worker.reached = lambda _: None
    site.wait(seconds=queue.LEASE_S + 1)
    await run_until_done(worker)
    assert (cases.keys, site.standing()) == ([f"{note_id(1)}.v1"], {1: "acked"})
