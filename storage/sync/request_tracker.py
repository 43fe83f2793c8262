"""Request Tracker 5 as destination, through its REST 2 interface: one ticket a note.

    look for the note's id ──none──▶ create ──▶ read back ──same──▶ Accepted
             │                                     ├─ the id is missing: another ticket has it; ours is retired
             └──there──▶ compare ──▶ Accepted      └─ a field is missing: Accepted, and the field is named

Request Tracker makes a second ticket for a repeat, and drops what it does not know, both with 201 (measured, 5.0.3):
so a 201 proves nothing, and what was written is read back. A note that adds to another is a ticket of its own that
refers to the first. A withdrawal marks the ticket and closes it; nothing is ever deleted. No requestor is set, and the
subject names nobody.
"""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from pydantic import AfterValidator

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
    RemoteState,
    Retry,
)
from storage.sync.exchange import ODD, Exchange, Settled, WebDestination, as_of, members, reading
from storage.sync.given import Given
from storage.sync.settings import read_secret
from storage.sync.web import MOST_BYTES, Answer

NOTE_ID: Final = re.compile(r"[0-9a-f]{32}")
WITHIN_S: Final = 45.0
A_PAGE: Final = 100
MOST_PAGE_BYTES: Final = 1024 * 1024
TRIED_AGAIN: Final = timedelta(hours=6)
DUPLICATE: Final = "duplicate"
"""In place of a version, in a ticket that was retired: reconciliation passes over it."""


def _plain(name: str) -> str:
    if not re.fullmatch(r"[^'\"\\{}\x00-\x1f]{1,80}", name):
        raise ValueError("1 to 80 characters without quotes, braces and backslashes")
    return name


Plain = Annotated[str, AfterValidator(_plain)]


class RequestTrackerDestination(WebDestination):
    """
    Attributes:
        url: of the REST 2 interface, ``https://rt.example/REST/2.0``.
        token_file: holds an API token of a user of its own.
        queue: where tickets are made.
        note_id_field … severity_field: names of the queue's custom fields; the last two may be empty: not written.
        severities: what an urgency is called there.
        withdrawn_status, duplicate_status: statuses of the queue's lifecycle.
    """

    kind: Literal["request_tracker"]
    token_file: Path
    queue: Plain
    note_id_field: Plain = "NoteId"
    version_field: Plain = "NoteVersion"
    hash_field: Plain = "PayloadSHA256"
    case_field: Plain | Literal[""] = "CaseRef"
    severity_field: Plain | Literal[""] = "Severity"
    severities: Mapping[str, str] = {
        "routine": "info",
        "today": "concern",
        "urgent": "urgent",
    }
    withdrawn_status: Plain = "rejected"
    duplicate_status: Plain = "rejected"

    def where(self) -> str:
        return f"{self.url} {self.queue}"


class RequestTracker:
    """See ``storage.sync.base.Connector``."""

    caps = Caps(repeat_safety="find_then_create", max_bytes=16 * 1024 * 1024)

    def __init__(self, settings: RequestTrackerDestination, exchange: Exchange, clock: Callable[[], datetime]) -> None:
        self._to = settings
        self._exchange = exchange
        self._clock = clock

    @property
    def name(self) -> str:
        return self._to.name

    async def probe(self, *, made: str = "") -> Health:
        return await self._exchange.health(partial(self._look, made=made))

    async def find(self, ref: DeliveryRef, *, remote_id: str = "") -> Sequence[Remote]:
        async with reading():
            until = _until(WITHIN_S)
            found = await self._holding(ref.note_id, until)
            if not found and remote_id:
                return await self._at(ref, remote_id, until)
            return [as_of(ref, one) for one in map(self._remote, found) if one.version >= ref.version]

    async def send(self, deliveries: Sequence[Delivery], *, within_s: float) -> Sequence[Outcome]:
        until = _until(within_s)
        return [await self._one(delivery, until) for delivery in deliveries]

    async def list_since(self, cursor: str | None) -> AsyncIterator[Remote]:
        # By id, so that a ticket that changes meanwhile moves no other one; the cursor is good once all were seen.
        newest, last = cursor or "", "0"
        while True:
            async with reading():
                items = await self._page(cursor or "", last)
                newest = max((newest, *(item["LastUpdated"] for item in items)))
                kept = [one for one in items if self._fields(one).get(self._to.version_field) != DUPLICATE]
                remotes = [self._remote(one) for one in kept]
                last = str(items[-1]["id"]) if len(items) == A_PAGE else ""
            for remote in remotes:
                yield replace(remote, cursor=cursor or "" if last else newest)
            if not last:
                return

    async def retire_duplicate(self, keep: Remote, extra: Remote) -> None:
        async with reading():
            await self._retire(keep.remote_id, extra.remote_id, _until(WITHIN_S))

    async def close(self) -> None:
        await self._exchange.close()

    # Sending

    async def _one(self, delivery: Delivery, until: float) -> Outcome:
        try:
            found = await self._holding(delivery.ref.note_id, until)
            if found:
                return await self._there(delivery, found[0], until)
            return await self._created(delivery, until)
        except Settled as settled:
            return settled.outcome
        except ODD:
            return Retry("not-json", ambiguous=True)

    async def _there(self, delivery: Delivery, ticket: Mapping[str, Any], until: float) -> Outcome:
        there = self._remote(ticket)
        if there.version > delivery.ref.version:
            return Accepted(there.remote_id, there.url, already=True)  # what it was sent before is out of date
        if there.version < delivery.ref.version:
            return await self._withdrawn(delivery, there, until)
        if there.payload_sha256 not in ("", delivery.payload_sha256):
            return Park("conflict")
        if there.state == "merged":  # what it says now is another's, too
            return Accepted(there.remote_id, there.url, already=True)
        drift = await self._drift(delivery, ticket, until)
        return Accepted(there.remote_id, there.url, already=True, drift=drift)

    async def _created(self, delivery: Delivery, until: float) -> Outcome:
        amended = await self._holding(delivery.amends, until) if delivery.amends else []
        answer = await self._exchange.ask(
            "POST", "/ticket", until=until, body=_json(self._ticket(delivery, amended)), headers=JSON
        )
        number = str(members(answer).get("id", ""))
        if not number.isdigit():
            return Retry("not-json", ambiguous=True)
        try:
            return await self._proven(delivery, number, until)
        except Settled as settled:
            return settled.after_writing(made=number)
        except ODD:
            return Retry("not-json", ambiguous=True, made=number)

    async def _proven(self, delivery: Delivery, number: str, until: float) -> Outcome:
        ticket = members(await self._exchange.ask("GET", f"/ticket/{number}", until=until, most_bytes=MOST_PAGE_BYTES))
        if self._remote(ticket).note_id != delivery.ref.note_id:
            holders = await self._holding(delivery.ref.note_id, until, anywhere=True)
            if not holders:  # the field is gone, or may not be written: what comes now would be lost track of as well
                await self._retire("", number, until)
                return Park("mapping", "destination", ambiguous=True, made=number)
            winner = self._remote(holders[0])
            await self._retire(winner.remote_id, number, until)
            return await self._there(delivery, holders[0], until)
        if delivery.kind == "withdrawn":
            await self._write(number, {"Status": self._to.withdrawn_status}, until)
        drift = await self._drift(delivery, ticket, until)
        return Accepted(number, self._url(number), drift=drift)

    async def _withdrawn(self, delivery: Delivery, there: Remote, until: float) -> Outcome:
        change = {
            "Content": WITHDRAWN,
            "ContentType": "text/plain",
            "Status": self._to.withdrawn_status,
            "CustomFields": {
                self._to.version_field: str(delivery.ref.version),
                self._to.hash_field: delivery.payload_sha256,
            },
        }
        path = f"/ticket/{there.remote_id}"
        await self._exchange.ask("POST", f"{path}/comment", until=until, body=_json(change), headers=JSON)
        try:
            ticket = members(await self._exchange.ask("GET", path, until=until, most_bytes=MOST_PAGE_BYTES))
        except Settled as settled:
            return settled.after_writing()
        if self._remote(ticket).version != delivery.ref.version:
            return Park("mapping", "destination", ambiguous=True)
        drift = () if ticket.get("Status") == self._to.withdrawn_status else ("status",)
        return Accepted(there.remote_id, there.url, drift=drift)

    async def _retire(self, keep: str, extra: str, until: float) -> None:
        change: dict[str, Any] = {
            "Status": self._to.duplicate_status,
            "CustomFields": {self._to.note_id_field: "", self._to.version_field: DUPLICATE},
        }
        if keep:
            change["RefersTo"] = keep
        await self._write(extra, change, until)

    async def _write(self, number: str, change: Mapping[str, Any], until: float) -> None:
        await self._exchange.ask("PUT", f"/ticket/{_number(number)}", until=until, body=_json(change), headers=JSON)

    def _ticket(self, delivery: Delivery, amended: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        title = {"recorded": "Note", "amended": "Addition to a note:", "withdrawn": "Withdrawn note"}[delivery.kind]
        severity = self._to.severities.get(delivery.urgency, delivery.urgency)
        ticket: dict[str, Any] = {
            "Queue": self._to.queue,
            "Subject": f"{title} {delivery.reference} {severity}".strip(),
            "Content": _content(delivery),
            "ContentType": "text/plain",
            "CustomFields": self._mapped(delivery),
        }
        if amended:
            ticket["RefersTo"] = str(amended[0]["id"])
        if delivery.attachments:
            ticket["Attachments"] = [
                {"FileName": one.name, "FileType": one.media_type, "FileContent": _base64(one.content)}
                for one in delivery.attachments
            ]
        return ticket

    def _mapped(self, delivery: Delivery) -> dict[str, str]:
        written = {
            self._to.note_id_field: delivery.ref.note_id,
            self._to.version_field: str(delivery.ref.version),
            self._to.hash_field: delivery.payload_sha256,
            self._to.case_field: delivery.case_ref,
            self._to.severity_field: self._to.severities.get(delivery.urgency, delivery.urgency),
        }
        return {name: value for name, value in written.items() if name and value}

    async def _drift(self, delivery: Delivery, ticket: Mapping[str, Any], until: float) -> tuple[str, ...]:
        """Names of what came back otherwise than it was sent; the words and attachments as the ticket was opened."""
        held = self._fields(ticket)
        drift = [name for name, value in self._mapped(delivery).items() if held.get(name) != value]
        content = _content(delivery)
        answer = await self._exchange.ask(
            "GET",
            f"/ticket/{_number(str(ticket['id']))}/attachments",
            until=until,
            query=(("fields", _PARTS if delivery.attachments else f"{_PARTS},Content"), ("per_page", "20")),
            most_bytes=MOST_BYTES + 8 * len(content.encode()),
        )
        parts = sorted(_items(answer), key=lambda part: int(part["id"]))
        words = next((part for part in parts if part["ContentType"] == "text/plain" and not part["Filename"]), None)
        if words is None or not _same(words, content):
            drift.append("text")
        sizes = {part["Filename"]: part["ContentLength"] for part in parts}
        drift += [one.name for one in delivery.attachments if sizes.get(one.name) != str(len(one.content))]
        return tuple(drift)

    # Reading

    async def _holding(self, note_id: str, until: float, *, anywhere: bool = False) -> list[dict[str, Any]]:
        """Tickets of the queue with this note's id, oldest first, merged ones among them.

        Args:
            anywhere: in all queues: somebody may have moved it.
        """
        if not NOTE_ID.fullmatch(note_id):
            raise ValueError("a note's id has 32 hex digits")
        # ``EffectiveId`` in a query is what makes it show merged tickets.
        query = f"CF.{{{self._to.note_id_field}}} = '{note_id}' AND EffectiveId > 0"
        if not anywhere:  # another queue may be another destination, which has the same note
            query += f" AND Queue = '{self._to.queue}'"
        found = await self._search(query, until, orderby="id", per_page="20")
        return [one for one in found if self._fields(one).get(self._to.note_id_field) == note_id]

    async def _at(self, ref: DeliveryRef, remote_id: str, until: float) -> list[Remote]:
        """No search shows what was deleted there, or moved out of the queue; the ticket's own address does. Moved to
        where we may not look, it counts as gone: for a person, and never made again by itself. Where nothing of ours
        may be read, that says nothing of this one."""
        path = f"/ticket/{_number(remote_id)}"
        try:
            answer = await self._exchange.ask("GET", path, until=until, most_bytes=MOST_PAGE_BYTES)
        except Settled as settled:
            if _status(settled) == 404:
                return []
            if _status(settled) == 403 and await self._reads(until):
                return [Remote(remote_id, ref.note_id, ref.version, state="gone", url=self._url(remote_id))]
            raise
        remote = self._remote(members(answer))
        # A system restored from a backup gives its numbers anew.
        return [as_of(ref, remote)] if remote.note_id == ref.note_id and remote.version >= ref.version else []

    async def _page(self, since: str, after: str) -> list[dict[str, Any]]:
        ours = f"(Creator = '__CurrentUser__' OR CF.{{{self._to.note_id_field}}} IS NOT NULL)"
        query = f"Queue = '{self._to.queue}' AND {ours} AND EffectiveId > 0 AND id > {_number(after)}"
        if since:
            query += f" AND LastUpdated >= '{_at(since):%Y-%m-%d %H:%M:%S} UTC'"
        return await self._search(query, _until(WITHIN_S), orderby="id", per_page=str(A_PAGE))

    async def _search(self, query: str, until: float, **options: str) -> list[dict[str, Any]]:
        answer = await self._exchange.ask(
            "GET",
            "/tickets",
            until=until,
            query=(
                ("query", query),
                ("fields", "Status,CustomFields,Created,LastUpdated,EffectiveId"),
                *options.items(),
            ),
            most_bytes=MOST_PAGE_BYTES,
        )
        return _items(answer)

    async def _look(self, until: float, made: str) -> tuple[Answer, Sequence[Finding]]:
        version = await self._exchange.ask("GET", "/rt", until=until)
        queue = await self._exchange.ask("GET", f"/queue/{quote(self._to.queue, safe='')}", until=until)
        told = members(queue)
        findings = [Finding("fine", "reachable", f"Request Tracker {members(version).get('Version', '')}")]
        if str(told.get("Disabled", "0")) != "0":
            findings.append(Finding("trouble", "forbidden", "the queue is switched off there"))
        elif not any(link.get("ref") == "create" for link in told.get("_hyperlinks", ())):
            findings.append(Finding("trouble", "forbidden", "the user lacks the right CreateTicket on the queue"))
        there = {str(field.get("name")): str(field.get("id")) for field in told.get("TicketCustomFields", ())}
        findings += [
            Finding("trouble", "mapping", f"the queue has no custom field {name}; make it there, or mend the settings")
            for name in self._written()
            if name not in there
        ]
        findings += await self._fields_found({name: there[name] for name in self._written() if name in there}, until)
        if made and not any(one.level == "trouble" for one in findings):
            findings += await self._unread(made, until)
        if not any(one.level == "trouble" for one in findings):
            findings += await self._lost_track(until)
        if not any(one.level == "trouble" for one in findings):
            findings += await self._rights_found(until)
        return queue, findings

    def _written(self) -> list[str]:
        """Names of the fields that a ticket is given."""
        named = (
            self._to.note_id_field,
            self._to.version_field,
            self._to.hash_field,
            self._to.case_field,
            self._to.severity_field,
        )
        return [name for name in named if name]

    async def _fields_found(self, ids: Mapping[str, str], until: float) -> list[Finding]:
        """Whether each field takes what it is given. Request Tracker drops what one does not take, and says nothing."""
        shown = await asyncio.gather(*(self._field_told(_number(id_), until) for id_ in ids.values()))
        told = dict(zip(ids, shown, strict=True))
        findings = []
        for name, field in told.items():
            if field is not None:
                findings += self._field_found(name, field)
        if unseen := [name for name, field in told.items() if field is None]:
            what = (
                f"it shows no kinds and values of {', '.join(unseen)}: give the user SeeCustomField on the fields"
                " themselves, and this check compares them"
            )
            findings.append(Finding("warning", "unseen-fields", what))
        elif not findings:
            findings.append(Finding("fine", "mapping", f"fields take what they are given: {', '.join(told)}"))
        return findings

    async def _field_told(self, number: str, until: float) -> Mapping[str, Any] | None:
        try:
            return members(await self._exchange.ask("GET", f"/customfield/{number}", until=until))
        except Settled as settled:
            if settled.answer is not None and settled.answer.status in (403, 404):
                return None
            raise

    def _field_found(self, name: str, field: Mapping[str, Any]) -> list[Finding]:
        # Without these three a ticket is lost track of; without the others it lacks something, and people are told.
        needed = name in (self._to.note_id_field, self._to.version_field, self._to.hash_field)
        level: Literal["trouble", "warning"] = "trouble" if needed else "warning"
        findings = []

        def say(what: str) -> None:
            findings.append(Finding(level, "mapping", f"the custom field {name} {what}; mend it there"))

        kind, values = field.get("Type"), field.get("Values") or ()
        if str(field.get("Disabled", "0")) != "0":
            say("is switched off")
        if kind == "Select":
            asked = tuple(self._to.severities.values()) if name == self._to.severity_field else None
            if asked is None:
                say("takes chosen values only, and should take any")
            elif lacking := [one for one in asked if one not in values]:
                say(f"has no value {', '.join(lacking)}")
        elif kind not in ("Freeform", "Text"):
            say(f"is of the kind {kind}, and should take plain text")
        if str(field.get("MaxValues")) != "1":
            say("takes several values, and should take one")
        if field.get("Pattern"):
            level = "warning"
            say("takes what fits a pattern only: see that it lets through all that is written there")
        if name == self._to.note_id_field and str(field.get("UniqueValues", "1")) != "1":
            level = "warning"
            say("lets two tickets have the same value; set: values must be unique")
        return findings

    async def _rights_found(self, until: float) -> list[Finding]:
        """What our newest open ticket lets us do; Request Tracker tells of rights in no other way."""
        query = f"Queue = '{self._to.queue}' AND Creator = '__CurrentUser__' AND Status = '__Active__'"
        newest = await self._search(query, until, orderby="id", order="DESC", per_page="1")
        if not newest:
            what = (
                "whether its user may comment on tickets and change them shows with the first ticket: check again then"
            )
            return [Finding("warning", "rights", what)]
        path = f"/ticket/{_number(str(newest[0]['id']))}"
        ticket = members(await self._exchange.ask("GET", path, until=until, most_bytes=MOST_PAGE_BYTES))
        links = ticket.get("_hyperlinks", ())
        lacking = []
        if not any(link.get("ref") == "comment" for link in links):
            lacking.append("CommentOnTicket")
        if not any(link.get("ref") == "lifecycle" and link.get("to") == self._to.withdrawn_status for link in links):
            lacking.append(f"ModifyTicket (or the queue's lifecycle does not lead to {self._to.withdrawn_status})")
        if lacking:
            what = f"withdrawals will not get through: its user lacks {' and '.join(lacking)}"
            return [Finding("warning", "rights", what)]
        return [Finding("fine", "rights", "its user may make tickets, comment on them and change them")]

    async def _unread(self, made: str, until: float) -> list[Finding]:
        """A ticket that was made and could not be read: another one could not be read likewise."""
        try:
            await self._exchange.ask("GET", f"/ticket/{_number(made)}", until=until, most_bytes=MOST_PAGE_BYTES)
        except Settled as settled:
            if _status(settled) != 403:
                if _status(settled) == 404:
                    return []
                raise
            if await self._reads(until):
                return []
            what = f"ticket {made} was made and may not be read: give the user ShowTicket on the queue"
            return [Finding("trouble", "forbidden", what)]
        return []

    async def _reads(self, until: float) -> bool:
        """Whether any ticket of ours is shown to us: no search shows one that may not be read."""
        query = f"Queue = '{self._to.queue}' AND Creator = '__CurrentUser__' AND EffectiveId > 0"
        return bool(await self._search(query, until, orderby="id", per_page="1"))

    async def _lost_track(self, until: float) -> list[Finding]:
        """Tickets of ours that took no id lately: another one would be lost track of likewise."""
        since = self._clock() - TRIED_AGAIN
        empty = [f"CF.{{{name}}} IS NULL" for name in (self._to.note_id_field, self._to.version_field)]
        ours = (
            f"Queue = '{self._to.queue}' AND Creator = '__CurrentUser__' AND Created > '{since:%Y-%m-%d %H:%M:%S} UTC'"
        )
        found = await self._search(" AND ".join((ours, *empty)), until, orderby="id", per_page="1")
        return [
            Finding(
                "trouble",
                "mapping",
                f"ticket {one['id']} took no {self._to.note_id_field}: give the user SetInitialCustomField and"
                " ModifyCustomField on the queue, then delete that ticket; it is tried again six hours after",
            )
            for one in found
        ]

    def _remote(self, ticket: Mapping[str, Any]) -> Remote:
        fields, number = self._fields(ticket), str(ticket["id"])
        version = fields.get(self._to.version_field, "")
        told = int(version) if version.isdigit() else 0
        return Remote(
            remote_id=number,
            note_id=fields.get(self._to.note_id_field, ""),
            version=told or 1,
            payload_sha256=fields.get(self._to.hash_field, ""),
            state=self._state(ticket, told),
            url=self._url(number),
            created_at=_at(ticket["Created"]),
        )

    def _state(self, ticket: Mapping[str, Any], version: int) -> RemoteState:
        effective = ticket.get("EffectiveId", ticket["id"])
        effective = effective.get("id") if isinstance(effective, Mapping) else effective
        if str(effective) != str(ticket["id"]):
            return "merged"
        if ticket["Status"] == "deleted":
            return "gone"
        if version > 1:
            return "withdrawn"
        return "closed" if ticket["Status"] in ("resolved", "rejected") else "open"

    def _fields(self, ticket: Mapping[str, Any]) -> dict[str, str]:
        return {str(field["name"]): str((field["values"] or [""])[0] or "") for field in ticket.get("CustomFields", ())}

    def _url(self, number: str) -> str:
        return f"{self._to.url.rstrip('/').removesuffix('/REST/2.0')}/Ticket/Display.html?id={number}"


JSON: Final = {"Content-Type": "application/json"}
_PARTS: Final = "ContentType,Filename,ContentLength"
WITHDRAWN: Final = "Its author's organisation has withdrawn this note. Do not rely on it."


def _content(delivery: Delivery) -> str:
    """The words, and below them what the queue may have no field for; lines that have nothing to say are left out."""
    flag = f"yes, {delivery.flag_reason}" if delivery.flag_reason else "yes"
    about = (
        ("Note", delivery.reference),
        ("Adds to", f"note {delivery.amends}" if delivery.amends else ""),
        ("Kind", delivery.note_type),
        ("Happened", delivery.occurred_at),
        ("Recorded", delivery.recorded_at),
        ("Author", f"{delivery.author} ({delivery.role})" if delivery.role else delivery.author),
        ("Coordinator called", flag if delivery.flagged else ""),
        ("Attachments left out", str(delivery.withheld) if delivery.withheld else ""),
    )
    text = WITHDRAWN if delivery.kind == "withdrawn" else delivery.text
    return "\n".join((*((text, "") if text else ()), *(f"{name}: {value}" for name, value in about if value)))


def _items(answer: Answer) -> list[dict[str, Any]]:
    """
    Raises:
        Settled: none are told; that is not the same as that there are none.
    """
    found = members(answer).get("items")
    if not isinstance(found, list):
        raise Settled(Retry("not-json", ambiguous=True))
    return found


def _same(part: Mapping[str, Any], content: str) -> bool:
    if "Content" in part:
        return str(part["Content"]).replace("\r\n", "\n") == content
    return str(part["ContentLength"]) == str(len(content.encode()))


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _base64(content: bytes) -> str:
    return b64encode(content).decode("ascii")


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def _number(text: str) -> str:
    if not text.isdigit():
        raise ValueError("a ticket's id is a number")
    return text


def _status(settled: Settled) -> int:
    return 0 if settled.answer is None else settled.answer.status


def _until(within_s: float) -> float:
    return asyncio.get_running_loop().time() + within_s


def open_request_tracker(settings: RequestTrackerDestination, given: Given) -> RequestTracker:
    """
    Raises:
        BadInstallation: the token's file, or the certificates', cannot be read.
    """
    token = read_secret(settings.token_file)
    web = settings.web({"Authorization": f"token {token}", "Accept": "application/json"})
    return RequestTracker(settings, Exchange(web, given.clock), given.clock)
