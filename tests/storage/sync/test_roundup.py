"""The connector for Roundup, against a real one, with answers lost and broken."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from case_systems.roundup_tracker import Roundup
from case_systems.shared import the_roundup
from case_systems.stages import GIVEN, roundup_settings
from conformance import WORDS, closing, delivery, listed, note_id, sent
from fault_proxy import Asked, FaultProxy, fault_proxy, half, lose, passing, silent, status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.sync import roundup as module
from storage.sync.base import Accepted, Park, Reject, Remote, Retry, Unanswered, Unsupported
from storage.sync.roundup import Roundup as Connector
from storage.sync.roundup import open_roundup


@pytest.fixture
async def proxy(roundup: Roundup) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(roundup.port) as made:
        yield made


@pytest.fixture
async def connector(roundup: Roundup, proxy: FaultProxy) -> AsyncIterator[Connector]:
    async with opened(roundup, proxy) as made:
        yield made


def opened(roundup: Roundup, proxy: FaultProxy, **changes: object) -> AbstractAsyncContextManager[Connector]:
    return closing(open_roundup(roundup_settings(roundup, proxy.port, **changes), GIVEN))


def ids(roundup: Roundup) -> list[str]:
    return [str(one["note_id"]) for one in roundup.incidents()]


def item(roundup: Roundup, number: str = "1") -> dict[str, Any]:
    return dict(roundup.call("GET", f"/incident/{number}")["attributes"])


async def test_row_02_ten_notes_with_two_answers_lost_each_make_ten_items(
    roundup: Roundup, proxy: FaultProxy, connector: Connector
) -> None:
    for number in range(1, 11):
        proxy.faults = [lose, lose]
        first, second, third = [await sent(connector, delivery(number)) for _ in range(3)]
        assert isinstance(first, Retry)
        assert first.ambiguous
        assert isinstance(second, Retry)
        assert isinstance(third, Accepted)
        assert third.already
    assert ids(roundup) == [note_id(number) for number in range(1, 11)]


@pytest.mark.parametrize("fault", [status(500), status(504), half])
async def test_row_03_an_answer_turned_into_an_error_makes_no_second_item(
    fault: Any, roundup: Roundup, proxy: FaultProxy, connector: Connector
) -> None:
    proxy.faults = [fault]
    first = await sent(connector, delivery(1))
    assert isinstance(first, Retry)
    assert first.ambiguous
    assert isinstance(await sent(connector, delivery(1)), Accepted)
    assert ids(roundup) == [note_id(1)]


async def test_row_04_an_answer_that_comes_too_late_makes_no_second_item(
    roundup: Roundup, proxy: FaultProxy, connector: Connector
) -> None:
    proxy.faults = [silent]
    assert await sent(connector, delivery(1), within_s=0.5) == Retry("timeout", ambiguous=True)
    assert isinstance(await sent(connector, delivery(1)), Accepted)
    assert ids(roundup) == [note_id(1)]


async def test_row_11_a_repeat_with_the_same_hash_is_accepted_as_already_there(
    roundup: Roundup, connector: Connector
) -> None:
    first = await sent(connector, delivery(1))
    assert isinstance(first, Accepted)
    again = await sent(connector, delivery(1))
    assert again == Accepted(first.remote_id, first.url, already=True)


async def test_row_11_409_where_nothing_is_there_is_no_proof(proxy: FaultProxy, connector: Connector) -> None:
    proxy.always = None
    proxy.faults = [status(409)]
    proxy.before = lambda asked: None
    first = await sent(connector, delivery(1))
    assert isinstance(first, Accepted), "the answer was a lie, the item is there"
    proxy.reading = [status(200, body=b'{"data": {"collection": []}}')]
    proxy.faults = [status(409)]
    assert await sent(connector, delivery(2)) == Retry("http-409", ambiguous=True)


async def test_row_12_an_item_with_another_hash_is_a_conflict_and_stays_as_it_is(
    roundup: Roundup, connector: Connector
) -> None:
    await sent(connector, delivery(1))
    before = item(roundup)
    assert await sent(connector, delivery(1, text="Other synthetic words")) == Park("conflict")
    assert item(roundup) == before


async def test_an_item_says_what_the_note_says(roundup: Roundup, connector: Connector) -> None:
    outcome = await sent(connector, delivery(1))
    assert outcome == Accepted("1", f"{roundup.base}incident1")
    assert {name: value for name, value in item(roundup).items() if value not in (None, "")} == {
        "note_id": note_id(1),
        "note_version": 1,
        "payload_sha256": delivery(1).payload_sha256,
        "reference": delivery(1).reference,
        "case_ref": "C-17",
        "severity": "today",
        "kind": "behaviour",
        "author": "mentor-17 (mentor)",
        "occurred_at": "2026-11-23T11:40:00+00:00",
        "recorded_at": "2026-11-23T12:00:00+00:00",
        "flagged": True,
        "flag_reason": "threat",
        "withheld": 0,
        "withdrawn": False,
        "text": WORDS,
    }


async def test_row_14_a_property_that_came_back_otherwise_is_named(
    roundup: Roundup, proxy: FaultProxy, connector: Connector
) -> None:
    proxy.reading = [status(200, body=b'{"data": {"attributes": {"note_id": "x"}}}')]
    outcome = await sent(connector, delivery(1))
    assert isinstance(outcome, Accepted)
    assert {"note_id", "text", "severity"} <= set(outcome.drift)


async def test_an_item_that_was_made_and_may_not_be_read_is_remembered_and_not_made_again(
    roundup: Roundup, proxy: FaultProxy, connector: Connector
) -> None:
    proxy.reading = [status(403)]
    made = await sent(connector, delivery(1))
    assert isinstance(made, Park)
    assert (made.reason, made.scope, made.ambiguous, made.made.isdigit()) == ("forbidden", "destination", True, True)
    again = await sent(connector, delivery(1))
    assert isinstance(again, Accepted)
    assert (again.remote_id, again.already, len(roundup.incidents())) == (made.made, True, 1)


async def test_row_19_an_item_that_is_refused_is_the_notes_trouble(proxy: FaultProxy, connector: Connector) -> None:
    proxy.faults = [status(400)]
    assert await sent(connector, delivery(1)) == Reject("http-400")


async def test_row_21_a_limit_of_requests_is_honoured(proxy: FaultProxy, connector: Connector) -> None:
    proxy.faults = [status(429, "Retry-After: 30")]
    assert await sent(connector, delivery(1)) == Retry("http-429", 30)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=400).map(
    lambda text: text.replace("\r\n", "\n").replace("\r", "\n")
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(text=TEXTS)
async def test_row_43_what_was_written_is_what_is_there(text: str) -> None:
    tracker = the_roundup()
    tracker.restore()
    connector = open_roundup(roundup_settings(tracker, tracker.port), GIVEN)
    try:
        outcome = await sent(connector, delivery(1, text=text))
    finally:
        await connector.close()
    assert isinstance(outcome, Accepted)
    assert outcome.drift == ()
    assert (item(tracker)["text"] or "") == text.strip(), "blanks around it are taken off"


async def test_row_44_a_system_restored_from_an_old_backup_takes_what_it_lacks_again_once(
    roundup: Roundup, connector: Connector
) -> None:
    await sent(connector, delivery(1))
    roundup.restore()
    assert await listed(connector) == []
    assert isinstance(await sent(connector, delivery(1)), Accepted)
    assert ids(roundup) == [note_id(1)]


@pytest.mark.parametrize("body", [{"error": {"status": 500, "msg": "x"}}, {"data": {"error": "x"}}, {"data": {}}])
async def test_row_28_success_with_an_error_in_it_is_no_proof(
    body: dict[str, Any], roundup: Roundup, proxy: FaultProxy, connector: Connector
) -> None:
    answer = status(201, "Content-Type: application/json", body=json.dumps(body).encode())
    proxy.rule = lambda asked: answer if asked.method == "POST" else None
    assert await sent(connector, delivery(1)) == Retry("not-json", ambiguous=True)
    proxy.rule = lambda asked: None
    assert isinstance(await sent(connector, delivery(1)), Accepted)
    assert ids(roundup) == [note_id(1)]


async def test_row_46_while_a_search_does_not_find_what_is_there_no_second_item_is_made(
    roundup: Roundup, proxy: FaultProxy, connector: Connector
) -> None:
    nothing = status(200, "Content-Type: application/json", body=b'{"data": {"collection": []}}')
    proxy.faults = [lose]
    assert isinstance(await sent(connector, delivery(1)), Retry)
    proxy.rule = lambda asked: nothing if "note_id%3A=" in asked.target else None
    assert await connector.find(delivery(1).ref) == []
    assert await sent(connector, delivery(1)) == Retry("http-409", ambiguous=True)
    proxy.rule = lambda asked: None
    outcome = await sent(connector, delivery(1))
    assert isinstance(outcome, Accepted)
    assert (outcome.already, ids(roundup)) == (True, [note_id(1)])


async def test_an_addition_names_the_note_it_adds_to(roundup: Roundup, connector: Connector) -> None:
    await sent(connector, delivery(1))
    await sent(connector, delivery(2, kind="amended", amends=1))
    assert item(roundup, "2")["amends"] == note_id(1)


async def test_a_withdrawal_marks_the_item_and_is_the_last_word(
    roundup: Roundup, proxy: FaultProxy, connector: Connector
) -> None:
    await sent(connector, delivery(1))
    proxy.faults = [passing, lose, lose]  # the create is refused, the change is lost, and asked again by the client
    first = await sent(connector, delivery(1, kind="withdrawn"))
    assert isinstance(first, Retry)
    assert isinstance(await sent(connector, delivery(1, kind="withdrawn")), Accepted)
    assert isinstance(await sent(connector, delivery(1)), Accepted), "comes late, and changes nothing"
    assert (item(roundup)["withdrawn"], item(roundup)["note_version"]) == (True, 2)
    (found,) = await connector.find(delivery(1, kind="withdrawn").ref)
    assert (found.version, found.state) == (2, "withdrawn")
    (before,) = await connector.find(delivery(1).ref)
    assert (before.version, before.payload_sha256, before.state) == (1, "", "withdrawn")


async def test_a_withdrawal_of_what_somebody_changes_meanwhile_is_tried_again(
    roundup: Roundup, proxy: FaultProxy, connector: Connector
) -> None:
    await sent(connector, delivery(1))

    def meanwhile(asked: Asked) -> None:
        if asked.method == "PUT":
            etag = roundup.call("GET", "/incident/1")["@etag"]
            roundup.call("PUT", "/incident/1", {"severity": "urgent"}, **{"If-Match": etag})

    proxy.before = meanwhile
    assert await sent(connector, delivery(1, kind="withdrawn")) == Retry("changed-meanwhile", ambiguous=True)
    proxy.before = lambda asked: None
    assert isinstance(await sent(connector, delivery(1, kind="withdrawn")), Accepted)


async def test_the_list_goes_on_over_pages_and_from_a_cursor(
    roundup: Roundup, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "A_PAGE", 2)
    for number in range(1, 6):
        await sent(connector, delivery(number))
    found = await listed(connector)
    assert [one.note_id for one in found] == [note_id(number) for number in range(1, 6)]
    later = await listed(connector, found[-1].cursor)
    assert {one.note_id for one in later} <= {one.note_id for one in found}
    assert found[-1].note_id in {one.note_id for one in later}


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"data": 1}', b'{"data": {"collection": [1]}}', b"1"])
async def test_an_odd_answer_is_trouble_and_no_crash(body: bytes, proxy: FaultProxy, connector: Connector) -> None:
    proxy.rule = lambda asked: status(200, body=body) if asked.method == "GET" else status(409, body=body)
    assert await sent(connector, delivery(1)) == Retry("not-json", ambiguous=True)
    assert isinstance((await connector.probe()).findings, tuple)
    for look in (listed(connector), connector.find(delivery(1).ref)):
        with pytest.raises(Unanswered, match="not-json"):
            await look


async def test_a_wrong_password_stops_the_destination(roundup: Roundup, proxy: FaultProxy, tmp_path: Any) -> None:
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text("synthetic")
    async with opened(roundup, proxy, password_file=password) as connector:
        assert await sent(connector, delivery(1)) == Park("credentials", "destination")
        assert (await connector.probe()).trouble == Park("credentials", "destination")


async def test_a_class_without_the_properties_is_found_by_the_probe(roundup: Roundup, proxy: FaultProxy) -> None:
    async with opened(roundup, proxy, class_name="unready") as connector:
        health = await connector.probe()
    assert health.trouble == Park("mapping", "destination")
    assert [one.code for one in health.findings] == ["reachable", "mapping", "mapping"]
    async with opened(roundup, proxy, class_name="user") as connector:
        assert (await connector.probe()).trouble == Park("forbidden", "destination")
    async with opened(roundup, proxy, class_name="nothing") as connector:
        assert (await connector.probe()).trouble == Park("no-such-address", "destination")


async def test_no_item_is_retired(connector: Connector) -> None:
    one = Remote("1", note_id(1), 1)
    with pytest.raises(Unsupported):
        await connector.retire_duplicate(one, one)


async def test_row_51_no_word_and_no_password_stands_in_an_outcome_or_a_log(
    roundup: Roundup, proxy: FaultProxy, connector: Connector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""
    for fault in (lose, half, status(400, body=WORDS.encode()), status(302, "Location: http://127.0.0.1:9/C-17")):
        proxy.faults = [fault]
        said += repr(await sent(connector, delivery(1)))
        roundup.restore()
    said += repr(await sent(connector, delivery(1))) + repr(await listed(connector)) + repr(connector.__dict__)
    said += caplog.text
    for secret in (WORDS, "C-17", "mentor-17", roundup.password_file.read_text()):
        assert secret not in said
