"""A receiver of webhooks, small enough to read: what an agency's own has to do, and a case system to try things with.

    signature ──▶ event ──▶ one transaction: is this id known? ──no──▶ kept    201
                                                  ├─ with the same hash        200  already
                                                  └─ with another              409  and which hash is here

It keeps events in a SQLite file as they came, unsealed: for trying, not for real notes. Behind a proxy that does TLS it
takes as much as that machine can write. See docs/formats/webhook.md.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from storage.sealing.signing import VerifyKey
from storage.sync.mapping import payload_sha256
from storage.sync.reconcile import digest
from storage.sync.signatures import Shared, verified
from storage.sync.webhook import EVENT_ID, PROBLEM

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_ITEMS: Final = 100
MEDIA_TYPE: Final = "application/cloudevents+json"

TABLE: Final = """
CREATE TABLE IF NOT EXISTS events (
  place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, note_id TEXT NOT NULL, version INTEGER NOT NULL,
  kind TEXT NOT NULL, payload_sha256 TEXT NOT NULL, received_at INTEGER NOT NULL, event BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS events_of_a_note ON events (note_id, version);
"""


class _Problem(Exception):
    """An answer of RFC 9457."""

    def __init__(self, status: int, kind: str, title: str, more: Mapping[str, str] | None = None) -> None:
        super().__init__(kind)
        self.status, self.kind, self.title, self.more = status, kind, title, more or {}


class Receiver:
    """
    Args:
        path: of the SQLite file; made where there is none.
        keys: whose signatures are taken; several while keys change.
        clock: now, aware.
        knows: whether a case is known here; events of others are answered with 404.
        heard: told the id of each event that is new here.
    """

    def __init__(
        self,
        path: Path,
        keys: Sequence[VerifyKey | Shared],
        clock: Callable[[], datetime],
        *,
        knows: Callable[[str], bool] = lambda case_ref: True,
        heard: Callable[[str], None] = lambda event_id: None,
    ) -> None:
        self.keys = tuple(keys)
        self._clock, self._knows, self._heard = clock, knows, heard
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + TABLE)

    def application(self, path: str = "/notes") -> web.Application:
        made = web.Application(client_max_size=MOST_BYTES, middlewares=[_problems])
        made.router.add_post(path, self._take)
        made.router.add_get(path, self._list)
        made.router.add_get(path + "/{id}", self._one)
        made.router.add_route("OPTIONS", path, self._probed)
        return made

    def ids(self) -> list[str]:
        """Of all events, in the order in which they came."""
        return [row[0] for row in self._db.execute("SELECT id FROM events ORDER BY place")]

    def event(self, event_id: str) -> bytes | None:
        row = self._db.execute("SELECT event FROM events WHERE id = ?", (event_id,)).fetchone()
        return None if row is None else bytes(row[0])

    def digests(self) -> dict[str, str]:
        """Day (UTC) to a digest of what came of its notes, to be compared with what ``integra sync reconcile`` says."""
        days: dict[str, list[str]] = defaultdict(list)
        for event, note_id, version, sha256 in self._db.execute(
            "SELECT event, note_id, version, payload_sha256 FROM events"
        ):
            days[json.loads(event)["time"][:10]].append(f"{note_id}|{version}|{sha256}\n")
        return {day: digest(days[day]) for day in sorted(days)}

    def close(self) -> None:
        self._db.close()

    async def _take(self, request: web.Request) -> web.Response:
        content = await request.read()
        self._signed(request, content)
        if request.content_type != MEDIA_TYPE:
            raise _Problem(415, "malformed", f"Content-Type is {MEDIA_TYPE}")
        event_id, data = _read(content)
        if "case_ref" in data and not self._knows(str(data["case_ref"])):
            raise _Problem(404, "unknown-case", "this case is not known here")
        row = {"id": event_id, "note_id": data["note_id"], "version": data["note_version"], "kind": data["kind"]}
        row |= {"payload_sha256": data["payload_sha256"], "at": int(self._clock().timestamp()), "event": content}
        new = self._db.execute(
            "INSERT INTO events (id, note_id, version, kind, payload_sha256, received_at, event) VALUES"
            " (:id, :note_id, :version, :kind, :payload_sha256, :at, :event) ON CONFLICT (id) DO NOTHING",
            row,
        ).rowcount
        there = self._item("WHERE id = ?", event_id)[0]
        if there["payload_sha256"] != data["payload_sha256"]:
            known = {"id": event_id, "payload_sha256": str(there["payload_sha256"])}
            raise _Problem(409, "conflict", "another event of this id is here", known)
        if new:
            self._heard(event_id)
        return web.json_response({**there, "already": not new}, status=201 if new else 200)

    async def _list(self, request: web.Request) -> web.Response:
        self._signed(request, _target(request))
        after, limit = request.query.get("after", ""), request.query.get("limit", "")
        place = int(after) if after.isdecimal() else 0
        most = min(max(int(limit), 1), MOST_ITEMS) if limit.isdecimal() else MOST_ITEMS
        return web.json_response({"items": self._item("WHERE place > ? ORDER BY place LIMIT ?", place, most)})

    async def _one(self, request: web.Request) -> web.Response:
        self._signed(request, _target(request))
        found = self._item("WHERE id = ?", request.match_info["id"])
        if not found:
            raise _Problem(404, "unknown-event", "no event of this id is here")
        return web.json_response(found[0])

    async def _probed(self, request: web.Request) -> web.Response:
        self._signed(request, _target(request))
        return web.Response(status=204, headers={"Allow": "GET, POST, OPTIONS"})

    def _signed(self, request: web.Request, content: bytes) -> None:
        """
        Raises:
            _Problem: by nobody we know, or not now.
        """
        headers = {name.lower(): value for name, value in request.headers.items()}
        by_us = verified(headers, content, self.keys, self._clock())
        if by_us is None:
            raise _Problem(401, "late", "the clocks are five minutes or more apart")
        if not by_us:
            raise _Problem(401, "bad-signature", "signed by nobody known here")

    def _item(self, which: str, *values: object) -> list[dict[str, object]]:
        withdrawn = "EXISTS (SELECT 1 FROM events w WHERE w.note_id = e.note_id AND w.kind = 'withdrawn')"
        query = f"SELECT place, id, payload_sha256, {withdrawn} FROM events e {which}"  # noqa: S608  our own texts
        return [
            {
                "id": event_id,
                "payload_sha256": sha256,
                "remote_id": str(place),
                "state": "withdrawn" if gone else "open",
                "cursor": str(place),
            }
            for place, event_id, sha256, gone in self._db.execute(query, values)
        ]


def _read(content: bytes) -> tuple[str, Mapping[str, Any]]:
    """Id and data of an event.

    Raises:
        _Problem: it is none.
    """
    try:
        event = json.loads(content)
        data = event["data"]
        named = EVENT_ID.fullmatch(event["id"])
        right = (
            event["specversion"] == "1.0"
            and named is not None
            and (data["note_id"], data["note_version"]) == (named["note"], int(named["version"]))
            and data["kind"] in ("recorded", "amended", "withdrawn")
            and data["payload_sha256"] == payload_sha256(data)
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        right = False
    if not right:
        raise _Problem(400, "malformed", "not an event of this format")
    return event["id"], data


def _target(request: web.Request) -> bytes:
    return f"{request.method} {request.rel_url.raw_path_qs}".encode("ascii")


@web.middleware
async def _problems(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answered: web.StreamResponse = await handler(request)
        return answered
    except _Problem as problem:
        body = {"type": PROBLEM + problem.kind, "title": problem.title, "status": problem.status}
        return web.json_response(
            body | dict(problem.more), status=problem.status, content_type="application/problem+json"
        )


async def serve(receiver: Receiver, host: str, port: int, path: str = "/notes") -> web.AppRunner:
    """Listening; ``cleanup`` of what is returned ends it. Requests leave no line in any log."""
    runner = web.AppRunner(receiver.application(path), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
