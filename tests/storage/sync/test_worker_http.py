"""The worker over connectors that speak HTTP, with real systems at the other end: whole rows of the failure table."""

import json
import sqlite3
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from case_systems.request_tracker import RequestTracker
from case_systems.shared import the_request_tracker
from case_systems.stages import SIGNING, receiving, rt_settings, webhook_settings
from fault_proxy import Asked, Fault, FaultProxy, fault_proxy, lose, passing, status
from handover_site import NOON, SOURCE, WORDS, Site, note_id
from ports import free_port

from dialogues.reference import reference
from storage import attachments, deliveries
from storage.attachments import Wanted
from storage.sync import deciding
from storage.sync.base import Connector, DeliveryRef, Unanswered
from storage.sync.exchange import WebDestination
from storage.sync.given import Given
from storage.sync.ledger import Ledger
from storage.sync.receiver import Receiver
from storage.sync.reconcile import reconcile
from storage.sync.request_tracker import open_request_tracker
from storage.sync.webhook import open_webhook
from storage.sync.worker import Worker, run_until_done

pytestmark = pytest.mark.sqlite  # what the database does is tried in test_worker.py, on both


@dataclass
class Hook:
    site: Site
    worker: Worker
    receiver: Receiver
    proxy: FaultProxy

    async def run(self) -> None:
        await run_until_done(self.worker)

    async def until_done(self, *, step: timedelta = timedelta(minutes=20), most: int = 60) -> int:
        """Steps, with time passing between them, until nothing waits; how many there were."""
        for count in range(most):
            await self.run()
            if not {"pending", "leased", "sent"} & set(self.site.standing().values()):
                return count
            self.site.clock.move(step)
        raise AssertionError(f"still waiting: {self.site.standing()}")

    @property
    def received(self) -> list[int]:
        """Numbers of the notes that came, in order; a withdrawal counts as minus its number."""
        return [int(one[:4], 16) * (1 if one.endswith(".v1") else -1) for one in self.receiver.ids()]


@asynccontextmanager
async def working(site: Site, settings: WebDestination, opened: Any) -> AsyncIterator[Worker]:
    connector: Connector = opened(settings, Given(site.clock, SOURCE, SIGNING, Ledger(site.sync, settings.name)))
    try:
        yield site.worker(connector, settings)
    finally:
        await connector.close()


@pytest.fixture
async def hook(site: Site, tmp_path: Path) -> AsyncIterator[Hook]:
    async with (
        receiving(tmp_path, clock=site.clock) as (receiver, port),
        fault_proxy(port) as proxy,
        working(site, webhook_settings(proxy.port, agency=site.agency), open_webhook) as worker,
    ):
        yield Hook(site, worker, receiver, proxy)


@dataclass
class Tickets(Hook):
    rt: RequestTracker

    @property
    def ids(self) -> list[str]:
        return [ticket["Fields"]["NoteId"] for ticket in self.rt.tickets()]


@pytest.fixture
async def tickets(site: Site) -> AsyncIterator[Tickets]:
    rt = the_request_tracker()
    rt.restore()
    async with (
        fault_proxy(rt.port) as proxy,
        working(site, rt_settings(rt, proxy.port, agency=site.agency), open_request_tracker) as worker,
    ):
        yield Tickets(site, worker, None, proxy, rt)  # type: ignore[arg-type]  # receives nothing


def refusing(number: int, fault: Fault) -> Any:
    """A rule: what is posted of that note is answered so."""

    def rule(asked: Asked) -> Fault | None:
        if asked.method != "POST":
            return None
        return fault if json.loads(asked.body)["data"]["note_id"] == note_id(number) else None

    return rule


async def test_row_01_after_three_days_all_arrive_once_in_order_and_probes_were_few(hook: Hook) -> None:
    await hook.proxy.down(True)
    hook.site.keep(*range(1, 21))
    for _ in range(3 * 24):
        await hook.run()
        hook.site.wait(hours=1)
    assert set(hook.site.standing().values()) == {"pending"}
    await hook.proxy.down(False)
    await hook.until_done()
    assert hook.received == list(range(1, 21))


async def test_row_02_ten_notes_through_lost_answers_are_ten_tickets(tickets: Tickets) -> None:
    tickets.site.keep(*range(1, 11))
    tickets.proxy.faults = [fault for _ in range(10) for fault in (lose, passing)]
    await tickets.until_done()
    assert tickets.ids == [note_id(number) for number in range(1, 11)]
    assert tickets.site.told("filed") == [note_id(number) for number in range(1, 11)]
    report = await reconcile(tickets.worker)
    assert report.clean
    assert (report.read, report.counts["acked"]) == (10, 10)


async def test_row_13_a_second_ticket_is_marked_by_reconciliation(tickets: Tickets) -> None:
    tickets.site.keep(1)
    await tickets.until_done()
    (first,) = tickets.rt.tickets()
    tickets.rt.call("PUT", "/customfield/2", {"UniqueValues": "0"})
    tickets.rt.call("POST", "/ticket", {"Queue": "Incident notes", "Subject": "x", "CustomFields": first["Fields"]})
    report = await reconcile(tickets.worker)
    assert report.found["duplicate_remote"] == ["2"]
    assert not report.clean
    report = await reconcile(tickets.worker, fix=True)
    assert report.mended["duplicate_remote"] == 1
    assert (await reconcile(tickets.worker)).clean
    assert [ticket["Status"] for ticket in tickets.rt.tickets()] == ["new", "rejected"]


async def test_row_14_a_dropped_field_is_told_and_the_note_counts_as_delivered(tickets: Tickets) -> None:
    tickets.rt.call("PUT", "/customfield/6", {"Disabled": "1"})
    tickets.site.keep(1)
    await tickets.until_done()
    (row,) = tickets.site.deliveries()
    assert (row.state, row.why) == ("acked", "drift")
    assert tickets.site.told("delivery-parked") == [f"{note_id(1)}.rt"]


def keep_with_photo(site: Site, number: int, content: bytes) -> None:
    address = bytes([9]) * 16

    def turn(tx: Any) -> dict[str, object]:
        attachments.want(tx, address, note_id(number), 1, agency=site.agency, media="photo", handle="synthetic")
        place = Wanted(bytes.fromhex(note_id(number)), 1, address, "photo", "synthetic")
        digest = attachments.seal(tx, site.pins, place, content, at=NOON)
        return {"number": 1, "kind": "photo", "media_type": "image/jpeg", "size": len(content), "digest": digest}

    site.keep(number, attachments=[site.store.run_now(turn)])
    site.store.run_now(lambda tx: attachments.keep(tx, note_id(number), (1,)))


async def test_row_15_what_is_too_large_arrives_without_its_photo_which_is_counted(hook: Hook) -> None:
    hook.proxy.rule = lambda asked: status(413) if len(asked.body) > 20_000 else None
    keep_with_photo(hook.site, 1, bytes(30_000))
    keep_with_photo(hook.site, 2, bytes(300))
    await hook.until_done()
    assert hook.received == [1, 2]
    large, small = (json.loads(hook.receiver.event(f"{note_id(number)}.v1") or b"")["data"] for number in (1, 2))
    assert large["parts"] == {"seen": WORDS}
    assert [(one["withheld"], "content" in one) for one in large["attachments"]] == [(True, False)]
    assert len(small["attachments"][0]["content"]) == 400


async def test_a_photo_reaches_the_ticket(tickets: Tickets) -> None:
    keep_with_photo(tickets.site, 1, b"synthetic picture")
    await tickets.until_done()
    parts = tickets.rt.call("GET", "/ticket/1/attachments", fields="Filename,Content")["items"]
    assert [part["Content"] for part in parts if part["Filename"]] == ["synthetic picture"]


async def test_row_17_a_disabled_queue_pauses_the_destination_and_parks_no_note(tickets: Tickets) -> None:
    tickets.rt.disable_queue(True)
    tickets.site.keep(1, 2)
    await tickets.run()
    assert tickets.site.standing() == {1: "pending", 2: "pending"}
    assert (tickets.site.destination("rt").state, tickets.site.destination("rt").why) == ("down", "forbidden")
    tickets.rt.disable_queue(False)
    await tickets.until_done()
    assert tickets.ids == [note_id(1), note_id(2)]


def without_showing(rt: RequestTracker) -> str:
    """Its user may not read tickets any more; what gives the right back."""
    change = (
        "UPDATE ACL SET RightName = '{}' WHERE RightName = '{}' AND PrincipalId ="
        " (SELECT g.id FROM Groups g JOIN Users u ON g.Instance = u.id"
        " WHERE g.Domain = 'ACLEquivalence' AND u.Name = 'notesync')"
    )
    assert rt.database(change.format("SeeQueueOnly", "ShowTicket")) == 1
    return change.format("ShowTicket", "SeeQueueOnly")


async def test_row_17_without_the_right_to_read_tickets_one_is_made_and_not_one_after_another(
    tickets: Tickets,
) -> None:
    give_back = without_showing(tickets.rt)
    tickets.site.keep(1, 2)
    for _ in range(4):
        await tickets.run()
        tickets.site.wait(minutes=20)
    assert len(tickets.rt.tickets()) == 1
    assert tickets.site.standing() == {1: "pending", 2: "pending"}
    assert (tickets.site.destination("rt").state, tickets.site.destination("rt").why) == ("down", "forbidden")
    health = await tickets.worker.health()
    assert "ticket 1 was made and may not be read: give the user ShowTicket" in health.findings[-1].what
    with pytest.raises(Unanswered, match="forbidden"):
        await tickets.worker.connector.find(DeliveryRef(note_id(1), 1), remote_id="1")
    tickets.rt.database(give_back)
    await tickets.until_done()
    assert tickets.ids == [note_id(1), note_id(2)]


async def test_row_38_what_was_made_and_could_not_be_read_is_withdrawn_once_it_can(tickets: Tickets) -> None:
    give_back = without_showing(tickets.rt)
    tickets.site.keep(1)
    await tickets.run()
    tickets.site.take_back(1)
    for _ in range(2):
        tickets.site.wait(minutes=20)
        await tickets.run()
    tickets.rt.database(give_back)
    await tickets.until_done()
    (ticket,) = tickets.rt.tickets()
    assert (ticket["Status"], ticket["Fields"]["NoteVersion"]) == ("rejected", "2")
    assert tickets.site.standing() == {1: "acked", -1: "acked"}


async def test_row_18_a_note_for_an_unknown_case_is_delivered_once_the_case_is_there(
    site: Site, tmp_path: Path
) -> None:
    known: set[str] = set()
    async with (
        receiving(tmp_path, clock=site.clock, knows=known.__contains__) as (receiver, port),
        working(site, webhook_settings(port, agency=site.agency), open_webhook) as worker,
    ):
        site.keep(1)
        await run_until_done(worker)
        assert site.standing() == {1: "parked"}
        known.add("C-17")
        site.wait(hours=25)
        await run_until_done(worker)
        assert site.standing() == {1: "acked"}
        assert receiver.ids() == [f"{note_id(1)}.v1"]


async def test_row_19_one_bad_note_among_fifty_is_parked_with_its_reason(hook: Hook) -> None:
    hook.proxy.rule = refusing(7, status(422))
    hook.site.keep(*range(1, 51))
    await hook.until_done()
    assert sorted(hook.received) == [number for number in range(1, 51) if number != 7]
    assert [row.why for row in hook.site.deliveries() if row.state == "parked"] == ["http-422"]


async def test_row_20_a_change_of_rules_parks_nobody_and_all_go_once_it_is_mended(hook: Hook) -> None:
    hook.proxy.rule = lambda asked: status(422) if asked.method == "POST" else None
    for number in range(1, 21):
        hook.site.keep(number, case=f"C-{number}")
    for _ in range(5):
        await hook.run()
        hook.site.wait(minutes=20)
    assert "parked" not in hook.site.standing().values()
    assert hook.site.destination("hook").why == "rules-changed"
    hook.proxy.rule = lambda asked: None
    await hook.until_done()
    assert sorted(hook.received) == list(range(1, 21))


async def test_row_21_a_wish_to_wait_is_granted(hook: Hook) -> None:
    hook.proxy.faults = [status(429, "Retry-After: 600")]
    hook.site.keep(1)
    await hook.run()
    hook.site.wait(seconds=599)
    await hook.run()
    assert hook.proxy.writes() == 1
    await hook.until_done()
    assert hook.received == [1]


async def test_row_22_a_certificate_that_ran_out_pauses_the_destination_and_is_told(site: Site, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    receiver = Receiver(tmp_path / "received.sqlite3", [SIGNING.public], site.clock)
    port = free_port()
    settings = webhook_settings(
        port, url=f"https://localhost:{port}/notes", ca_file=tmp_path / "ca.pem", agency=site.agency
    )
    async with working(site, settings, open_webhook) as worker:
        site.keep(1)
        for days, standing in ((-1, "pending"), (90, "acked")):
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            until = datetime.now(UTC) + timedelta(days=days)
            since = datetime.now(UTC) - timedelta(days=9)
            authority.issue_cert("localhost", not_before=since, not_after=until).configure_cert(tls)
            runner = web.AppRunner(receiver.application(), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
            try:
                for _ in range(3):
                    await run_until_done(worker)
                    site.wait(minutes=20)
            finally:
                await runner.cleanup()
            assert site.standing() == {1: standing}
            if days < 0:
                assert (site.destination("hook").state, site.destination("hook").why) == ("down", "certificate")
                assert site.told("destination-down") == ["hook"]
                assert receiver.ids() == []
    assert receiver.ids() == [f"{note_id(1)}.v1"]
    receiver.close()


async def test_row_23_a_redirect_pauses_the_destination_and_nothing_goes_there(hook: Hook) -> None:
    async with fault_proxy(1) as trap:
        hook.proxy.always = status(307, f"Location: http://127.0.0.1:{trap.port}/notes")
        hook.site.keep(1)
        await hook.run()
        assert (hook.site.destination("hook").why, trap.asked) == ("redirect", [])
    hook.proxy.always = None
    await hook.until_done()
    assert hook.received == [1]


async def test_row_36_a_wrong_clock_stops_all_notes_and_blames_none(hook: Hook) -> None:
    hook.receiver._clock = lambda: hook.site.clock() + timedelta(minutes=10)
    hook.site.keep(1, 2)
    await hook.run()
    assert hook.site.standing() == {1: "pending", 2: "pending"}
    hook.receiver._clock = hook.site.clock
    await hook.until_done()
    assert hook.received == [1, 2]


async def test_row_39_keys_change_during_an_outage(hook: Hook) -> None:
    hook.receiver.keys = ()
    hook.site.keep(1)
    await hook.run()
    assert hook.site.destination("hook").why == "credentials"
    hook.receiver.keys = (SIGNING.public,)
    await hook.until_done()
    assert hook.received == [1]


async def test_row_44_a_system_restored_from_an_old_backup_gets_again_what_it_lacks(tickets: Tickets) -> None:
    tickets.site.keep(1)
    await tickets.until_done()
    old = tickets.rt.backup()
    tickets.site.keep(2, 3)
    await tickets.until_done()
    tickets.rt.restore(old)
    report = await reconcile(tickets.worker)
    assert report.found["missing_remote"] == [reference(note_id(2)), reference(note_id(3))]
    await reconcile(tickets.worker, fix=True)
    await tickets.until_done()
    assert tickets.ids == [note_id(1), note_id(2), note_id(3)]
    assert (await reconcile(tickets.worker)).clean


@pytest.mark.parametrize("what", [{"Status": "deleted"}, {"MergeInto": "1"}], ids=["deleted", "merged"])
async def test_row_47_what_somebody_deleted_or_merged_there_is_told_and_not_made_again(
    what: dict[str, str], tickets: Tickets
) -> None:
    tickets.site.keep(1, 2)
    await tickets.until_done()
    tickets.rt.call("PUT", "/ticket/2", what)
    for fix in (False, True):
        report = await reconcile(tickets.worker, fix=fix)
        assert report.found["gone"] == [reference(note_id(2))]
        assert report.found["missing_remote"] == []
    await tickets.run()
    assert len(tickets.rt.tickets("Queue = 'Incident notes' AND EffectiveId > 0")) == (2 if "MergeInto" in what else 1)


async def test_additions_and_withdrawals_reach_the_tickets(tickets: Tickets) -> None:
    tickets.site.keep(1)
    tickets.site.keep(2, amends=1)
    await tickets.until_done()
    tickets.site.take_back(1)
    await tickets.until_done()
    first, second = tickets.rt.tickets()
    assert (first["Status"], first["Fields"]["NoteVersion"]) == ("rejected", "2")
    assert (second["Status"], second["Fields"]["NoteId"]) == ("new", note_id(2))
    assert (await reconcile(tickets.worker)).clean


async def test_what_is_closed_there_is_told(tickets: Tickets) -> None:
    tickets.site.keep(1)
    await tickets.until_done()
    tickets.rt.call("PUT", "/ticket/1", {"Status": "resolved"})
    tickets.site.wait(minutes=10)
    await tickets.run()
    assert tickets.site.told("delivery-closed") == [f"{note_id(1)}.rt"]


async def test_row_51_no_word_reaches_logs_or_tables(
    hook: Hook, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    hook.site.keep(1, 2, 3)
    hook.proxy.faults = [lose, status(500, body=WORDS.encode()), status(422, body=WORDS.encode()), status(302)]
    await hook.until_done()
    shown = capsys.readouterr()
    said = shown.out + shown.err + caplog.text + repr(hook.site.deliveries()) + repr(hook.site.logged())
    for secret in (WORDS, "C-17", "mentor-17"):
        assert secret not in said


async def test_row_16_a_token_that_ran_out_pauses_the_destination_and_is_tried_rarely(tickets: Tickets) -> None:
    """It cannot be refreshed; a new one comes from a person."""
    at: list[int] = []
    tickets.proxy.rule = lambda asked: at.append(tickets.site.now())  # type: ignore[func-returns-value]
    tickets.rt.database("UPDATE AuthTokens SET Token = 'x'")
    tickets.site.keep(1, 2)
    until = tickets.site.now() + 3_600
    while tickets.site.now() < until:
        step = await tickets.worker.step()
        tickets.site.wait(seconds=max(1, (step.next_at or 0) - tickets.site.now()))
    assert max(sum(one <= other < one + 60 for other in at) for one in at) <= 6
    assert tickets.site.standing() == {1: "pending", 2: "pending"}
    assert (tickets.site.destination("rt").state, tickets.site.destination("rt").why) == ("down", "credentials")
    assert {row.attempts for row in tickets.site.deliveries()} == {0}
    assert tickets.site.told("destination-down") == ["rt"]
    tickets.rt.restore()
    await tickets.until_done()
    assert tickets.ids == [note_id(1), note_id(2)]


@pytest.mark.parametrize(("later", "standing"), [("open", "acked"), ("refused", "parked"), ("handed-in", "sent")])
async def test_row_27_what_is_taken_in_for_later_is_filed_once_that_is_proven(
    hook: Hook, later: str, standing: str
) -> None:
    """A receiver that answers 202, and tells in its list what became of it."""
    taken: list[dict[str, Any]] = []

    def rule(asked: Asked) -> Fault | None:
        if asked.method == "POST":
            event = json.loads(asked.body)
            about = {"id": event["id"], "payload_sha256": event["data"]["payload_sha256"], "state": "handed-in"}
            taken.append(about | {"remote_id": "J-1", "cursor": "1"})
            return status(202, "Content-Type: application/json", body=json.dumps(taken[-1]).encode())
        return status(200, "Content-Type: application/json", body=json.dumps({"items": taken}).encode())

    hook.proxy.rule = rule
    hook.site.keep(1)
    await hook.run()
    assert (hook.site.standing(), hook.site.states(), hook.site.told("filed")) == ({1: "sent"}, {1: "waiting"}, [])
    taken[0] |= {"state": later, "cursor": "2"}
    hook.site.wait(minutes=10)
    await hook.run()
    assert hook.site.standing() == {1: standing}
    assert hook.site.told("filed") == ([note_id(1)] if later == "open" else [])
    assert len(taken) == 1


@pytest.mark.parametrize("body", [{"submit_error": "not stored"}, {"error": {"status": 500}}, {"message": "No"}, {}])
async def test_row_28_200_with_an_error_in_it_is_no_proof(hook: Hook, body: dict[str, Any]) -> None:
    answer = status(200, "Content-Type: application/json", body=json.dumps(body).encode())
    hook.proxy.rule = lambda asked: answer if asked.method == "POST" else None
    hook.site.keep(1)
    await hook.run()
    assert (hook.site.standing(), hook.site.states(), hook.received) == ({1: "parked"}, {1: "waiting"}, [])
    assert hook.site.deliveries()[0].why == "no-receipt"
    hook.proxy.rule = lambda asked: None
    hook.site.sync.run_now(lambda tx: deciding.retry(tx, "hook", None, at=hook.site.clock()))
    await hook.run()
    assert (hook.site.standing(), hook.received) == ({1: "acked"}, [1])


async def test_row_28_a_ticket_that_was_made_by_its_status_alone_is_looked_for(tickets: Tickets) -> None:
    answer = status(201, "Content-Type: application/json", body=b'{"message":"Could not create ticket"}')
    tickets.proxy.rule = lambda asked: answer if asked.method == "POST" else None
    tickets.site.keep(1)
    await tickets.run()
    (row,) = tickets.site.deliveries()
    assert (row.state, row.ambiguous, tickets.ids) == ("pending", 1, [])
    tickets.proxy.rule = lambda asked: None
    await tickets.until_done()
    assert (tickets.site.standing(), tickets.ids) == ({1: "acked"}, [note_id(1)])


async def test_row_46_while_a_receiver_does_not_find_what_it_holds_no_second_record_is_made(hook: Hook) -> None:
    unknown = {"type": "urn:integra:problem:unknown-event", "title": "x", "status": 404}
    hidden = status(404, "Content-Type: application/problem+json", body=json.dumps(unknown).encode())
    hook.proxy.rule = lambda asked: hidden if asked.method == "GET" and ".v" in asked.target else None
    hook.proxy.faults = [lose]
    hook.site.keep(1)
    await hook.run()
    assert (hook.site.standing(), hook.received) == ({1: "pending"}, [1])
    hook.site.wait(minutes=1)
    await hook.worker.step()
    assert (hook.site.standing(), hook.received) == ({1: "acked"}, [1])
    assert hook.proxy.writes() == 2, "it was sent again, and known by its id"


def copied(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


async def test_row_44_a_receiver_restored_from_an_old_backup_gets_again_what_it_lacks(
    hook: Hook, tmp_path: Path
) -> None:
    path, backup = tmp_path / "received.sqlite3", tmp_path / "backup.sqlite3"
    hook.site.keep(1)
    await hook.until_done()
    copied(path, backup)
    hook.site.keep(2, 3)
    await hook.until_done()
    copied(backup, path)
    assert hook.received == [1]
    report = await reconcile(hook.worker)
    assert report.found["missing_remote"] == [reference(note_id(2)), reference(note_id(3))]
    await reconcile(hook.worker, fix=True)
    await hook.until_done()
    assert hook.received == [1, 2, 3]
    report = await reconcile(hook.worker)
    assert report.clean
    assert {day: about["digest"] for day, about in report.days.items()} == hook.receiver.digests()


async def test_row_38_a_receiver_that_cannot_be_asked_gets_the_withdrawal_and_is_not_reconciled(
    site: Site, tmp_path: Path
) -> None:
    async with (
        receiving(tmp_path, clock=site.clock) as (receiver, port),
        fault_proxy(port) as proxy,
        working(site, webhook_settings(proxy.port, agency=site.agency, lookup=False), open_webhook) as worker,
    ):
        hook = Hook(site, worker, receiver, proxy)
        proxy.faults = [lose]
        site.keep(1)
        await hook.run()
        site.take_back(1)
        site.wait(minutes=20)
        site.keep(2)
        await hook.until_done()
        assert hook.received == [1, -1, 2]
        for fix in (False, True):
            with pytest.raises(Unanswered, match="no-lookup"):
                await reconcile(worker, fix=fix)
        assert site.standing() == {1: "withdrawn", -1: "acked", 2: "acked"}


async def test_row_45_after_a_restore_of_ours_what_was_delivered_since_is_found_and_nothing_comes_twice(
    hook: Hook,
) -> None:
    site = hook.site
    await hook.run()
    site.keep(1, 2)
    backup = site.path.with_name("backup.sqlite3")
    copied(site.path, backup)
    site.keep(3)
    await hook.until_done()
    site.close()
    copied(backup, site.path)
    site.open()
    site.store.run_now(deliveries.doubt_all)
    hook.worker = site.bare_worker(hook.worker.connector, hook.worker.settings)
    report = await reconcile(hook.worker)
    assert report.found["unsettled"] == [reference(note_id(1)), reference(note_id(2))]
    assert len(report.found["unknown_remote"]) == 1, "note 3, which our backup does not have"
    assert (await reconcile(hook.worker, fix=True)).mended["unsettled"] == 2
    await hook.until_done()
    assert (site.standing(), hook.received) == ({1: "acked", 2: "acked"}, [1, 2, 3])
    assert hook.proxy.writes() == 3
