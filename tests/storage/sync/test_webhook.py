"""The connector for signed webhooks, against the receiver that ships, with answers lost, broken and odd."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from case_systems.stages import GIVEN, SIGNING, now, receiving, webhook_settings
from conformance import WORDS, closing, delivery, listed, note_id, sent
from fault_proxy import Fault, FaultProxy, fault_proxy, half, lose, status
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.commands.sync.check import findings_of
from storage.errors import BadInstallation
from storage.sealing.signing import SigningKey
from storage.sync.base import Accepted, Park, Reject, Remote, Retry, Sent, Unanswered, Unsupported
from storage.sync.given import Given
from storage.sync.receiver import Receiver
from storage.sync.signatures import Shared, private_text
from storage.sync.webhook import Webhook, open_webhook


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[tuple[Receiver, FaultProxy]]:
    async with receiving(tmp_path) as (receiver, port), fault_proxy(port) as proxy:
        yield receiver, proxy


@pytest.fixture
def receiver(at: tuple[Receiver, FaultProxy]) -> Receiver:
    return at[0]


@pytest.fixture
def proxy(at: tuple[Receiver, FaultProxy]) -> FaultProxy:
    return at[1]


@pytest.fixture
async def connector(proxy: FaultProxy) -> AsyncIterator[Webhook]:
    async with opened(proxy.port) as made:
        yield made


def opened(port: int, given_: Given = GIVEN, **changes: object) -> AbstractAsyncContextManager[Webhook]:
    return closing(open_webhook(webhook_settings(port, **changes), given_))


@pytest.mark.parametrize("lookup", [True, False])
async def test_row_02_ten_notes_with_two_answers_lost_each_are_there_once(
    lookup: bool, receiver: Receiver, proxy: FaultProxy
) -> None:
    async with opened(proxy.port, lookup=lookup) as connector:
        for number in range(1, 11):
            proxy.faults = [lose, lose]
            first, second, third = [await sent(connector, delivery(number)) for _ in range(3)]
            assert first == second == Retry("cut-off", ambiguous=True)
            assert isinstance(third, Accepted)
            assert third.already
    assert receiver.ids() == [delivery(number).ref.key for number in range(1, 11)]


@pytest.mark.parametrize("fault", [status(500), status(502), half])
async def test_row_03_an_answer_turned_into_an_error_is_ambiguous(
    fault: Fault, receiver: Receiver, proxy: FaultProxy, connector: Webhook
) -> None:
    proxy.faults = [fault]
    first = await sent(connector, delivery(1))
    assert isinstance(first, Retry)
    assert first.ambiguous
    assert isinstance(await sent(connector, delivery(1)), Accepted)
    assert receiver.ids() == [delivery(1).ref.key]


async def test_what_leaves_is_the_event_signed_with_an_id_that_stays(proxy: FaultProxy, connector: Webhook) -> None:
    for _ in range(2):
        await sent(connector, delivery(1))
    first, second = proxy.asked
    assert first.body == second.body == delivery(1).event
    for asked in proxy.asked:
        head = asked.head.decode().lower()
        assert f"webhook-id: msg_{note_id(1)}_v1" in head
        assert f'idempotency-key: "{note_id(1)}.v1"' in head
        assert "content-type: application/cloudevents+json" in head


async def test_row_11_a_repeat_with_the_same_hash_is_accepted_as_already_there(connector: Webhook) -> None:
    assert await sent(connector, delivery(1)) == Accepted("1")
    assert await sent(connector, delivery(1)) == Accepted("1", already=True)


async def test_row_12_another_hash_under_the_same_id_is_a_conflict(receiver: Receiver, connector: Webhook) -> None:
    await sent(connector, delivery(1))
    assert await sent(connector, delivery(1, text="Other synthetic words")) == Park("conflict")
    assert receiver.event(delivery(1).ref.key) == delivery(1).event


@pytest.mark.parametrize("lookup", [True, False])
async def test_row_12_409_without_a_hash_is_looked_into_or_tried_again(
    lookup: bool, receiver: Receiver, proxy: FaultProxy
) -> None:
    async with opened(proxy.port, lookup=lookup) as connector:
        proxy.faults = [status(409)]
        outcome = await sent(connector, delivery(1))
    assert outcome == (Accepted("", already=True) if lookup else Retry("http-409", ambiguous=True))


async def test_row_15_a_body_that_is_too_large_is_the_notes_trouble(proxy: FaultProxy, connector: Webhook) -> None:
    proxy.faults = [status(413)]
    assert await sent(connector, delivery(1)) == Reject("too-large")


async def test_row_18_an_unknown_case_parks_the_note_for_a_day_and_is_delivered_later(tmp_path: Path) -> None:
    known: set[str] = set()
    async with receiving(tmp_path, knows=known.__contains__) as (receiver, port), opened(port) as connector:
        assert await sent(connector, delivery(1)) == Park("unknown-case", "note", 86_400)
        assert receiver.ids() == []
        known.add("C-17")
        assert isinstance(await sent(connector, delivery(1)), Accepted)
        assert receiver.ids() == [delivery(1).ref.key]


async def test_row_18_an_address_that_is_not_there_stops_the_destination(proxy: FaultProxy) -> None:
    async with opened(proxy.port, url=f"http://127.0.0.1:{proxy.port}/elsewhere") as connector:
        assert await sent(connector, delivery(1)) == Park("no-such-address", "destination")


async def test_row_19_an_event_that_is_none_is_the_notes_trouble(receiver: Receiver, connector: Webhook) -> None:
    broken = replace(delivery(1), event=delivery(1).event.replace(b"C-17", b"C-18"))
    assert await sent(connector, broken) == Reject("http-400")
    assert isinstance(await sent(connector, delivery(2)), Accepted)
    assert receiver.ids() == [delivery(2).ref.key]


@pytest.mark.parametrize(
    ("header", "after_s"), [("Retry-After: 7", 7), ("Retry-After: soon", None), ("Retry-After: 315360000", 21_600)]
)
async def test_row_21_retry_after_reaches_the_worker(
    header: str, after_s: float | None, proxy: FaultProxy, connector: Webhook
) -> None:
    proxy.faults = [status(429, header)]
    assert await sent(connector, delivery(1)) == Retry("http-429", after_s)


@pytest.mark.parametrize("code", [301, 307, 308])
async def test_row_23_a_redirect_stops_the_destination(code: int, proxy: FaultProxy, connector: Webhook) -> None:
    async with fault_proxy(1) as trap:
        proxy.faults = [status(code, f"Location: http://127.0.0.1:{trap.port}/notes")]
        assert await sent(connector, delivery(1)) == Park("redirect", "destination")
        assert trap.asked == []


async def test_410_stops_the_destination(proxy: FaultProxy, connector: Webhook) -> None:
    proxy.faults = [status(410)]
    assert await sent(connector, delivery(1)) == Park("switched-off", "destination")


async def test_2xx_without_a_receipt_is_no_proof(proxy: FaultProxy, connector: Webhook) -> None:
    for body in (b'{"id": "other"}', json.dumps({"id": f"{note_id(1)}.v1"}).encode()):
        proxy.faults = [status(200, body=body)]
        assert await sent(connector, delivery(1)) == Reject("no-receipt", ambiguous=True)
    for body in (b"", b"ok", b"<html>log in</html>"):
        proxy.faults = [status(200, body=body)]
        assert await sent(connector, delivery(1)) == Park("no-receipt", "destination", ambiguous=True)
    proxy.faults = [status(202)]
    assert await sent(connector, delivery(1)) == Sent()


async def test_2xx_is_proof_where_the_operator_says_so(proxy: FaultProxy) -> None:
    async with opened(proxy.port, receipt="status", lookup=False) as connector:
        for code in (200, 202, 204):
            proxy.faults = [status(code)]
            assert await sent(connector, delivery(1)) == Accepted("")
        proxy.faults = [status(500)]
        assert await sent(connector, delivery(1)) == Retry("http-500", ambiguous=True)


@pytest.mark.parametrize("lookup", [True, False])
@pytest.mark.parametrize("minutes", [10, -10])
async def test_row_36_a_probe_tells_of_clocks_that_are_apart(lookup: bool, minutes: int, proxy: FaultProxy) -> None:
    off = Given(lambda: now() + timedelta(minutes=minutes), GIVEN.source, SIGNING, GIVEN.ledger)
    async with opened(proxy.port, off, lookup=lookup) as connector:
        health = await connector.probe()
        assert await sent(connector, delivery(1)) == Park("credentials", "destination")
    assert ("trouble", "clock") in [(one.level, one.code) for one in findings_of(health, now())]
    assert health.clock_skew_s is not None
    assert abs(health.clock_skew_s + 60 * minutes) < 10


async def test_row_36_a_probe_warns_while_notes_still_pass(proxy: FaultProxy) -> None:
    off = Given(lambda: now() + timedelta(minutes=3), GIVEN.source, SIGNING, GIVEN.ledger)
    async with opened(proxy.port, off) as connector:
        health = await connector.probe()
        assert isinstance(await sent(connector, delivery(1)), Accepted)
    assert health.trouble is None
    assert ("trouble", "clock") in [(one.level, one.code) for one in findings_of(health, now())]


async def test_row_39_keys_change_without_a_pause(tmp_path: Path) -> None:
    old, new = SigningKey(bytes([1]) * 32), SigningKey(bytes([2]) * 32)
    files = []
    for name, key in (("old", old), ("new", new)):
        files.append(tmp_path / name)
        files[-1].touch(0o600)
        files[-1].write_text(private_text(key))
    async with receiving(tmp_path) as (receiver, port):
        receiver.keys = (old.public,)
        async with opened(port, secret_files=[files[0]]) as connector:
            assert isinstance(await sent(connector, delivery(1)), Accepted)
        async with opened(port, secret_files=files) as connector:  # both sign
            assert isinstance(await sent(connector, delivery(2)), Accepted)
            receiver.keys = (new.public,)  # whenever the receiver changes
            assert isinstance(await sent(connector, delivery(3)), Accepted)
        async with opened(port, secret_files=[files[1]]) as connector:
            assert isinstance(await sent(connector, delivery(4)), Accepted)
        async with opened(port, secret_files=[files[0]]) as connector:
            assert await sent(connector, delivery(5)) == Park("credentials", "destination")


async def test_a_shared_secret_signs_too(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text(private_text(Shared(bytes(32))))
    async with receiving(tmp_path) as (receiver, port), opened(port, secret_files=[secret]) as connector:
        assert await sent(connector, delivery(1)) == Park("credentials", "destination")
        receiver.keys = (Shared(bytes(32)),)
        assert isinstance(await sent(connector, delivery(1)), Accepted)


def test_a_file_that_holds_no_key_is_refused_without_repeating_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("synthetic-password")
    with pytest.raises(BadInstallation) as caught:
        open_webhook(webhook_settings(9, secret_files=[secret]), GIVEN)
    assert "synthetic-password" not in str(caught.value)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=400).map(
    lambda text: text.replace("\r\n", "\n").replace("\r", "\n")
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(text=TEXTS)
async def test_row_43_what_was_written_is_what_is_there(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    async with receiving(tmp_path_factory.mktemp("received")) as (receiver, port), opened(port) as connector:
        assert isinstance(await sent(connector, delivery(1, text=text)), Accepted)
        event = receiver.event(delivery(1).ref.key)
    assert event is not None
    assert json.loads(event)["data"]["parts"]["seen"] == text


async def test_the_list_goes_on_over_pages_and_from_a_cursor(connector: Webhook) -> None:
    for number in range(1, 104):
        await sent(connector, delivery(number))
    found = await listed(connector)
    assert [one.note_id for one in found] == [note_id(number) for number in range(1, 104)]
    assert await listed(connector, found[-1].cursor) == []
    await sent(connector, delivery(1, kind="withdrawn"))
    (later,) = await listed(connector, found[-1].cursor)
    assert (later.note_id, later.version, later.state) == (note_id(1), 2, "withdrawn")


async def test_without_lookup_nothing_is_asked(proxy: FaultProxy) -> None:
    async with opened(proxy.port, lookup=False) as connector:
        assert not connector.caps.lists
        assert await listed(connector) == []
        assert not connector.caps.finds
        with pytest.raises(Unanswered, match="no-lookup"):
            await connector.find(delivery(1).ref)
    assert proxy.asked == []


@pytest.mark.parametrize("code", [404, 405, 501])
async def test_a_receiver_that_knows_no_probe_is_not_in_trouble(code: int, proxy: FaultProxy) -> None:
    proxy.reading = [status(code)]
    async with opened(proxy.port, lookup=False) as connector:
        health = await connector.probe()
    assert health.trouble is None
    assert "no-probe" in [one.code for one in health.findings]


async def test_nothing_is_retired(connector: Webhook) -> None:
    one = Remote("1", note_id(1), 1)
    with pytest.raises(Unsupported):
        await connector.retire_duplicate(one, one)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"items": 1}', b'{"items": [1]}', b'{"items": [{"id": 1}]}', b'{"items": [{"id": "x"}]}'],
)
async def test_an_odd_answer_to_a_look_is_trouble_and_no_crash(
    body: bytes, proxy: FaultProxy, connector: Webhook
) -> None:
    proxy.reading = [status(200, body=body)] * 2
    with pytest.raises(Unanswered):
        await listed(connector)
    with pytest.raises(Unanswered):
        await connector.find(delivery(1).ref)


async def test_row_51_no_word_and_no_key_stands_in_an_outcome_or_a_log(
    proxy: FaultProxy, connector: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""
    echo = json.dumps({"id": f"{note_id(2)}.v1", "remote_id": WORDS + "\n", "url": f"javascript:{WORDS}"}).encode()
    for fault in (lose, half, status(400, body=WORDS.encode()), status(409, body=echo)):
        proxy.faults = [fault]
        said += repr(await sent(connector, delivery(2)))
    said += repr(await sent(connector, delivery(1))) + repr(await listed(connector)) + repr(connector.__dict__)
    said += caplog.text
    for secret in (WORDS, "C-17", "mentor-17", private_text(SIGNING)):
        assert secret not in said
