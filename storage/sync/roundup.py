"""Roundup 2 as destination, through its REST interface: one item a note, whose key is the note's id.

    create ──201──▶ read back ──▶ Accepted
           └─409──▶ look for the id ──same hash──▶ Accepted, already
                                    ├─ another──▶ parked: a conflict, never overwritten
                                    └─ none ────▶ later

409 alone proves nothing: Roundup also answers so where nothing of this key is there (measured, 2.6.0). Attachments are
withheld; the item says how many.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode, urlsplit

from pydantic import StringConstraints

from storage.sync.base import (
    Accepted,
    Caps,
    Delivery,
    DeliveryRef,
    Finding,
    Health,
    Outcome,
    Park,
    Remote,
    Retry,
    Unsupported,
)
from storage.sync.exchange import ODD, Exchange, Settled, WebDestination, as_of, members, reading
from storage.sync.given import Given
from storage.sync.settings import read_secret
from storage.sync.web import Answer

WITHIN_S: Final = 45.0
A_PAGE: Final = 100
MOST_PAGE_BYTES: Final = 256 * 1024
ZONES: Final = timedelta(hours=15)
"""A tracker reads times of a query in a zone of its own; asked for so much earlier, nothing is missed."""

PROPERTIES: Final = (
    "note_id", "note_version", "payload_sha256", "reference", "amends", "case_ref", "severity", "kind", "author",
    "occurred_at", "recorded_at", "flagged", "flag_reason", "withheld", "withdrawn", "text",
)  # fmt: skip
"""What the class must have, see docs/case-systems.md."""

ABOUT: Final = "note_id,note_version,payload_sha256,withdrawn,creation,activity"


class RoundupDestination(WebDestination):
    """
    Attributes:
        url: of the tracker, ``https://tracker.example/case``.
        username, password_file: of a user of its own.
        class_name: of the items.
        itself: what the tracker calls itself (``web`` in its config.ini), where that is not ``url``.
    """

    kind: Literal["roundup"]
    username: Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f]{1,80}$")]
    password_file: Path
    class_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z_0-9]{0,60}$")] = "incident"
    itself: str = ""


class Roundup:
    """See ``storage.sync.base.Connector``."""

    caps = Caps(repeat_safety="unique_key", max_bytes=1024 * 1024, attachments=False)

    def __init__(self, settings: RoundupDestination, exchange: Exchange) -> None:
        self._to = settings
        self._exchange = exchange
        self._items = f"/rest/data/{settings.class_name}"

    @property
    def name(self) -> str:
        return self._to.name

    async def probe(self, *, made: str = "") -> Health:
        return await self._exchange.health(self._look)

    async def find(self, ref: DeliveryRef, *, remote_id: str = "") -> Sequence[Remote]:
        async with reading():
            found = await self._holding(ref.note_id, _until(WITHIN_S))
            return [as_of(ref, one) for one in map(self._remote, found) if one.version >= ref.version]

    async def send(self, deliveries: Sequence[Delivery], *, within_s: float) -> Sequence[Outcome]:
        until = _until(within_s)
        return [await self._one(delivery, until) for delivery in deliveries]

    async def list_since(self, cursor: str | None) -> AsyncIterator[Remote]:
        # By id, so that an item that changes meanwhile moves no other one; the cursor is good once all were seen.
        newest, page = cursor or "", 1
        since = [("activity", f"from {_at(cursor) - ZONES:%Y-%m-%d.%H:%M:%S}")] if cursor else []
        while True:
            async with reading():
                query = [*since, ("@fields", ABOUT), ("@page_size", str(A_PAGE)), ("@page_index", str(page))]
                items = await self._collection(query, _until(WITHIN_S))
                newest = max((newest, *(str(item["activity"]) for item in items)))
                remotes = [self._remote(item) for item in items if str(item["activity"]) >= (cursor or "")]
            through = len(items) < A_PAGE
            for remote in remotes:
                yield replace(remote, cursor=newest if through else cursor or "")
            if through:
                return
            page += 1

    async def retire_duplicate(self, keep: Remote, extra: Remote) -> None:
        raise Unsupported("the key of the class lets no note be there twice")

    async def close(self) -> None:
        await self._exchange.close()

    async def _one(self, delivery: Delivery, until: float) -> Outcome:
        try:
            answer = await self._write("POST", self._items, _item(delivery), until)
        except Settled as settled:
            return await self._refused(delivery, settled, until) if settled.look else settled.outcome
        number = ""
        try:
            number = str(_data(answer).get("id", ""))
            held, _ = await self._read(number, until)
        except Settled as settled:
            return settled.after_writing(made=number if number.isdigit() else "")
        return Accepted(number, self._url(number), drift=_drift(delivery, held))

    async def _refused(self, delivery: Delivery, refused: Settled, until: float) -> Outcome:
        try:
            found = await self._holding(delivery.ref.note_id, until)
            if not found:
                return refused.outcome
            there = self._remote(found[0])
            if there.version > delivery.ref.version:
                return Accepted(there.remote_id, there.url, already=True)  # what it was sent before is out of date
            if there.version < delivery.ref.version:
                return await self._withdrawn(delivery, there, until)
            if there.payload_sha256 != delivery.payload_sha256:
                return Park("conflict")
            held, _ = await self._read(there.remote_id, until)
        except Settled as settled:
            return settled.after_writing()
        except ODD:
            return Retry("not-json", ambiguous=True)
        return Accepted(there.remote_id, there.url, already=True, drift=_drift(delivery, held))

    async def _withdrawn(self, delivery: Delivery, there: Remote, until: float) -> Outcome:
        _, etag = await self._read(there.remote_id, until)
        change = {
            "note_version": delivery.ref.version,
            "payload_sha256": delivery.payload_sha256,
            "withdrawn": True,
        }
        try:
            await self._write("PUT", f"{self._items}/{there.remote_id}", change, until, {"If-Match": etag})
        except Settled as settled:
            if settled.look:  # somebody changed it since it was read
                raise Settled(Retry("changed-meanwhile")) from None
            raise
        held, _ = await self._read(there.remote_id, until)
        drift = tuple(name for name, value in change.items() if held.get(name) != value)
        return Accepted(there.remote_id, there.url, drift=drift)

    async def _read(self, number: str, until: float) -> tuple[Mapping[str, Any], str]:
        """An item's properties, and its ETag."""
        if not number.isdigit():
            raise Settled(Retry("not-json", ambiguous=True))
        answer = await self._exchange.ask("GET", f"{self._items}/{number}", until=until, most_bytes=MOST_PAGE_BYTES)
        data = _data(answer)
        held = data.get("attributes")
        return (held if isinstance(held, Mapping) else {}), str(data.get("@etag", ""))

    async def _holding(self, note_id: str, until: float) -> list[dict[str, Any]]:
        found = await self._collection([("note_id:", note_id), ("@fields", ABOUT)], until)
        return [item for item in found if item.get("note_id") == note_id]

    async def _collection(self, query: Sequence[tuple[str, str]], until: float) -> list[dict[str, Any]]:
        asked = f"{self._items}?{urlencode(query)}"
        answer = await self._exchange.ask("GET", asked, until=until, most_bytes=MOST_PAGE_BYTES)
        found = _data(answer).get("collection")
        if not isinstance(found, list):
            raise Settled(Retry("not-json", ambiguous=True))
        return found

    async def _write(
        self, method: str, path: str, body: Mapping[str, Any], until: float, headers: Mapping[str, str] | None = None
    ) -> Answer:
        content = json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        return await self._exchange.ask(method, path, until=until, body=content, headers=headers)

    async def _look(self, until: float) -> tuple[Answer, Sequence[Finding]]:
        findings = [Finding("fine", "reachable", "Roundup answers and takes our password")]
        try:
            # Unknown properties of ``@fields`` are refused, so this asks for the whole mapping at once.
            await self._collection([("@fields", ",".join(PROPERTIES)), ("@page_size", "1")], until)
        except Settled as settled:
            if settled.answer is None or settled.answer.status != 400:
                raise
            findings.append(Finding("trouble", "mapping", "the class lacks a property; see docs/case-systems.md"))
        query = urlencode((("@page_size", "1"),))
        answer = await self._exchange.ask("GET", f"{self._items}?{query}", until=until, most_bytes=MOST_PAGE_BYTES)
        try:
            await self._exchange.ask("GET", f"{self._items}/note_id={'0' * 32}", until=until)
        except Settled as settled:
            # 400 says that nothing of this key is there; 404 that there is no key, and of another key it speaks, too.
            missing = settled.answer
            if missing is None or missing.status != 400 or b"not key property" in missing.body:
                findings.append(
                    Finding("trouble", "mapping", "note_id is not the key of the class; see docs/case-systems.md")
                )
        return answer, findings

    def _remote(self, item: Mapping[str, Any]) -> Remote:
        number = str(item["id"])
        return Remote(
            remote_id=number,
            note_id=str(item.get("note_id") or ""),
            version=int(item.get("note_version") or 1),
            payload_sha256=str(item.get("payload_sha256") or ""),
            state="withdrawn" if item.get("withdrawn") else "open",
            url=self._url(number),
            created_at=_at(str(item["creation"])),
        )

    def _url(self, number: str) -> str:
        return f"{(self._to.itself or self._to.url).rstrip('/')}/{self._to.class_name}{number}"


def _item(delivery: Delivery) -> dict[str, Any]:
    """What is written; what has nothing to say is left out."""
    whole = {
        "note_id": delivery.ref.note_id,
        "note_version": delivery.ref.version,
        "payload_sha256": delivery.payload_sha256,
        "reference": delivery.reference,
        "amends": delivery.amends,
        "case_ref": delivery.case_ref,
        "severity": delivery.urgency,
        "kind": delivery.note_type,
        "author": f"{delivery.author} ({delivery.role})" if delivery.role else delivery.author,
        "occurred_at": delivery.occurred_at,
        "recorded_at": delivery.recorded_at,
        "flagged": delivery.flagged,
        "flag_reason": delivery.flag_reason,
        "withheld": delivery.withheld,
        "withdrawn": delivery.kind == "withdrawn",
        "text": delivery.text,
    }
    return {name: value for name, value in whole.items() if value != ""}


def _drift(delivery: Delivery, held: Mapping[str, Any]) -> tuple[str, ...]:
    """Roundup takes off blanks and line ends around a text, and nothing else (measured): they do not count."""
    return tuple(name for name, value in _item(delivery).items() if _plain(held.get(name)) != _plain(value))


def _plain(value: Any) -> Any:
    return (value.strip() or None) if isinstance(value, str) else value


def _data(answer: Answer) -> dict[str, Any]:
    """
    Raises:
        Settled: half an answer, or the page of a proxy.
    """
    found = members(answer).get("data")
    if not isinstance(found, dict):
        raise Settled(Retry("not-json", ambiguous=True))
    return found


def _at(text: str) -> datetime:
    return datetime.strptime(text[:19], "%Y-%m-%d.%H:%M:%S").replace(tzinfo=UTC)


def _until(within_s: float) -> float:
    return asyncio.get_running_loop().time() + within_s


def open_roundup(settings: RoundupDestination, given: Given) -> Roundup:
    """
    Raises:
        BadInstallation: the password's file, or the certificates', cannot be read.
    """
    itself = (settings.itself or settings.url).rstrip("/")
    parts = urlsplit(itself)
    login = f"{settings.username}:{read_secret(settings.password_file)}"
    web = settings.web(
        {
            "Authorization": "Basic " + b64encode(login.encode()).decode("ascii"),
            "Accept": "application/json",
            "X-Requested-With": "rest",  # without these three it takes a request for a forged one
            "Origin": f"{parts.scheme}://{parts.netloc}",
            "Referer": f"{itself}/",
        }
    )
    return Roundup(settings, Exchange(web, given.clock))
