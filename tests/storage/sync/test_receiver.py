"""The receiver that ships: what it takes, and what it refuses."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from case_systems.stages import SIGNING, now, receiving
from conformance import delivery

from storage.sync.receiver import MEDIA_TYPE, Receiver
from storage.sync.signatures import signed


class Site:
    def __init__(self, receiver: Receiver, port: int, session: aiohttp.ClientSession) -> None:
        self.receiver, self.url, self._session = receiver, f"http://127.0.0.1:{port}/notes", session

    async def post(self, body: bytes, media_type: str = MEDIA_TYPE, **headers: str) -> tuple[int, dict[str, object]]:
        all_headers = {**signed("msg_1_v1", body, [SIGNING], now()), "Content-Type": media_type, **headers}
        async with self._session.post(self.url, data=body, headers=all_headers) as answer:
            assert answer.content_type == ("application/json" if answer.status < 300 else "application/problem+json")
            return answer.status, json.loads(await answer.read())

    async def get(self, target: str, signed_target: str = "") -> tuple[int, dict[str, object]]:
        headers = signed("ask_1", f"GET /notes{signed_target or target}".encode(), [SIGNING], now())
        async with self._session.get(self.url + target, headers=headers) as answer:
            return answer.status, json.loads(await answer.read())


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with receiving(tmp_path) as (receiver, port), aiohttp.ClientSession() as session:
        yield Site(receiver, port, session)


async def test_an_event_is_kept_once_and_a_repeat_is_told_so(site: Site) -> None:
    status, receipt = await site.post(delivery(1).event)
    assert (status, receipt["already"], receipt["payload_sha256"]) == (201, False, delivery(1).payload_sha256)
    status, receipt = await site.post(delivery(1).event)
    assert (status, receipt["already"]) == (200, True)
    assert site.receiver.ids() == [delivery(1).ref.key]


async def test_another_event_of_the_same_id_is_refused_with_the_hash_that_is_there(site: Site) -> None:
    await site.post(delivery(1).event)
    status, problem = await site.post(delivery(1, text="Other").event)
    assert (status, problem["type"]) == (409, "urn:integra:problem:conflict")
    assert problem["payload_sha256"] == delivery(1).payload_sha256


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"specversion":"1.0","id":"x","data":{}}',
        delivery(1).event.replace(b'"specversion":"1.0"', b'"specversion":"0.3"'),
        delivery(1).event.replace(b"C-17", b"C-18"),
        delivery(1).event.replace(b'.v1"', b'.v2"'),
        b"[" * 100_000,
    ],
    ids=["empty", "object", "list", "null", "id", "version", "hash", "other version", "deep"],
)
async def test_what_is_no_event_is_refused(body: bytes, site: Site) -> None:
    status, problem = await site.post(body)
    assert (status, problem["type"]) == (400, "urn:integra:problem:malformed")
    assert site.receiver.ids() == []


async def test_another_media_type_is_refused(site: Site) -> None:
    assert (await site.post(delivery(1).event, "application/json"))[0] == 415


async def test_who_is_not_known_gets_nothing_and_changes_nothing(site: Site) -> None:
    await site.post(delivery(1).event)
    for headers in ({"webhook-signature": "v1a,AAAA"}, {"webhook-id": "msg_2"}, {"webhook-timestamp": "1"}):
        status, problem = await site.post(delivery(2).event, **headers)
        assert (status, problem["type"]) == (401, "urn:integra:problem:bad-signature")
    status, _ = await site.get(f"/{delivery(1).ref.key}", signed_target="?after=")
    assert status == 401, "a signature is good for one target"
    assert site.receiver.ids() == [delivery(1).ref.key]


async def test_it_tells_what_it_holds(site: Site) -> None:
    for number in (1, 2, 3):
        await site.post(delivery(number).event)
    await site.post(delivery(2, kind="withdrawn").event)
    status, one = await site.get(f"/{delivery(2).ref.key}")
    assert (status, one["state"], one["payload_sha256"]) == (200, "withdrawn", delivery(2).payload_sha256)
    status, problem = await site.get(f"/{delivery(9).ref.key}")
    assert (status, problem["type"]) == (404, "urn:integra:problem:unknown-event")
    _, found = await site.get("?after=1&limit=2")
    assert [item["id"] for item in found["items"]] == [delivery(2).ref.key, delivery(3).ref.key]  # type: ignore[attr-defined]
    assert len((await site.get("?after=x&limit=-1"))[1]["items"]) <= 4  # type: ignore[arg-type]


async def test_what_it_took_is_there_after_a_restart(tmp_path: Path) -> None:
    async with receiving(tmp_path) as (receiver, port), aiohttp.ClientSession() as session:
        await Site(receiver, port, session).post(delivery(1).event)
    again = Receiver(tmp_path / "received.sqlite3", [SIGNING.public], now)
    assert again.ids() == [delivery(1).ref.key]
    again.close()
