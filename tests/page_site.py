"""The page's server on a trial installation, over a real socket, and somebody who speaks with it as the page does."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any, Self

from aiohttp import ClientSession, ClientTimeout
from bot_site import NOON, Site
from ports import free_port

from bot import serve_wiring, wiring
from bot.serve.app import Server
from bot.serve.bundle import Bundle
from bot.serve.init_data import Verifier
from bot.status import Address
from bot.trial import AGENCY
from dialogues.reference import reference
from storage import agencies, people, sessions
from storage.challenges import info_of
from storage.pins import Pin
from storage.sealing import base64url, keyfile
from storage.sealing.attachment import Place, parse, seal_attachment
from storage.sealing.desk import Manifest, Recipient, sign
from storage.sealing.header import Header, hour_of
from storage.sealing.opening import Expected, open_note
from storage.sealing.seal import seal
from storage.sealing.signing import SigningKey, VerifyKey
from storage.sealing.suites import OpeningKey, PublicKey
from storage.transaction import Transaction

TOKEN = "43210:an-invented-token-of-a-bot-that-is-not-there"
Answer = tuple[int, Any]


class Browser:
    """The page in one browser: seals and opens by itself, and keeps its session's token."""

    def __init__(self, http: ClientSession, origin: str, clock: Callable[[], datetime]) -> None:
        self.http, self.origin, self.clock = http, origin, clock
        self.token, self.session = "", dict[str, Any]()
        self.headers: Mapping[str, str] = {}

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Status, and what was said: JSON, or bytes."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Origin": self.origin} if method != "GET" else {}
        headers |= more.pop("headers", {})
        how = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        if isinstance(body, bytes):
            headers.setdefault("Content-Type", "application/octet-stream")
        async with self.http.request(method, self.origin + path, headers=headers, **how, **more) as answer:
            self.headers = answer.headers
            raw = await answer.read()
            return answer.status, (await answer.json() if answer.content_type == "application/json" else raw)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.ask("POST", path, {} if body is None else body, **more)

    # ------------------------------------------------------------ sessions

    async def by_link(self, token: str) -> Self:
        status, session = await self.post("/api/sessions/link", {"token": token})
        assert status == 201, session
        return self._began(session)

    async def by_key(self, key: OpeningKey) -> Self:
        status, session = await self.answer(await self.challenge(key), key)
        assert status == 201, session
        return self._began(session) if "token" in session else self

    async def challenge(self, key: OpeningKey) -> dict[str, Any]:
        status, challenge = await self.post("/api/challenges", {"kid": key.kid.hex()})
        assert status == 201, challenge
        found: dict[str, Any] = challenge
        return found

    async def answer(self, challenge: Mapping[str, Any], key: OpeningKey, *, origin: str = "") -> Answer:
        id = bytes.fromhex(challenge["challenge_id"])
        secret = key.decrypt(base64url.decode(challenge["sealed"]), info=info_of(id, key.kid, origin or self.origin))
        return await self.post(f"/api/challenges/{id.hex()}/answer", {"answer": base64url.encode(secret)})

    def _began(self, session: dict[str, Any]) -> Self:
        self.token, self.session = session["token"], session
        return self

    # ------------------------------------------------------------ writing

    def agency(self, slug: str = AGENCY) -> dict[str, Any]:
        return next(one for one in self.session["agencies"] if one["slug"] == slug)

    def manifest(self, slug: str = AGENCY) -> Manifest:
        desk = self.agency(slug)["desk"]
        return Manifest.parse(
            base64url.decode(desk["manifest"]),
            base64url.decode(desk["signature"]),
            VerifyKey(base64url.decode(desk["admin"])),
            at_least_version=desk["at_least_version"],
            now=self.clock().date(),
            agency=slug,
        )

    def sealed(
        self,
        text: str = "Paper cranes by the window.",
        *,
        note_id: bytes | None = None,
        flag_level: int = 0,
        amends: str | None = None,
        case: str | None = None,
        attachments: list[int] | None = None,
        keys: tuple[PublicKey, ...] | None = None,
        desk_version: int | None = None,
        **header: Any,
    ) -> tuple[str, dict[str, Any]]:
        """A note's id in hex, and what is put there."""
        import json

        manifest, id = self.manifest(), note_id or os.urandom(16)
        fields = {
            "agency_ref": manifest.agency_ref,
            "note_id": id,
            "author_ref": bytes.fromhex(self.session["person"]["author_ref"]),
            "flag_level": flag_level,
            "hour": hour_of(self.clock()),
            "schema_version": 1,
            "channel": "page",
            **header,
        }
        body = {
            "schema": 1,
            "note_id": id.hex(),
            "reference": reference(id.hex()),
            "kind": "amended" if amends else "recorded",
            "amends": amends,
            "agency": AGENCY,
            "case_code": None,
            "type": "behaviour",
            "occurred_at": None,
            "occurred_precision": None,
            "recorded_at": self.clock().isoformat(timespec="seconds"),
            "urgency": ("routine", "routine", "today", "urgent")[flag_level],
            "flagged": flag_level > 0,
            "flag_reason": "threat" if flag_level else None,
            "lang": "en",
            "author": {"handle": self.session["person"]["handle"], "role": "officer"},
            "parts": {"seen": text},
        }
        wanted = keys if keys is not None else manifest.sealing_keys(self.clock().date())
        envelope = seal(json.dumps(body).encode(), Header(**fields), wanted, manifest.suite)
        return id.hex(), {
            "envelope": base64url.encode(envelope),
            "desk_version": manifest.version if desk_version is None else desk_version,
            "amends": amends,
            "case": case,
            "attachments": attachments or [],
        }

    def sealed_attachment(self, note_id: str, number: int, content: bytes) -> bytes:
        """An envelope: a record without version, signer and signature."""
        manifest = self.manifest()
        place = Place(manifest.agency_ref, bytes.fromhex(note_id), number)
        keys = manifest.sealing_keys(self.clock().date())
        record, _ = seal_attachment(content, place, keys, manifest.suite, SigningKey.generate())
        assert parse(record).place == place
        return record[1 + 16 + 64 :]

    async def writes(self, text: str = "Paper cranes by the window.", **more: Any) -> str:
        """A note that is kept; its id."""
        id, note = self.sealed(text, **more)
        status, kept = await self.ask("PUT", f"/api/notes/{id}", note)
        assert status == 201, kept
        return id

    # ------------------------------------------------------------ reading

    async def references(self, **query: str) -> list[str]:
        status, found = await self.get("/api/notes", params=query)
        assert status == 200, found
        return [one["reference"] for one in found["notes"]]

    async def texts(self, note_id: str, key: OpeningKey, **why: str) -> list[str]:
        """What a note and its amendments say, opened here."""
        status, given = await self.post(f"/api/notes/{note_id}/open", why)
        assert status == 200, given
        trusted = [VerifyKey(base64url.decode(one)) for one in given["server_keys"]]
        return [opened(one, key, trusted)["parts"]["seen"] for one in given["notes"] if one["record"] is not None]


def opened(one: Mapping[str, Any], key: OpeningKey, trusted: list[VerifyKey]) -> dict[str, Any]:
    import json

    expected = Expected(
        bytes.fromhex(one["agency_ref"]),
        bytes.fromhex(one["note_id"]),
        one["flag_level"],
        one["channel"],
        one["schema_version"],
    )
    note = open_note(base64url.decode(one["record"]), key, expected=expected, ingest_public_keys=trusted)
    body: dict[str, Any] = json.loads(note.plaintext)
    return body


class Page:
    """The server on a site, and browsers that reach it. Its clock is the site's."""

    def __init__(self, site: Site, server: Server, origin: str, http: ClientSession) -> None:
        self.site, self.server, self.origin, self._http = site, server, origin, http

    @property
    def coordinator_key(self) -> OpeningKey:
        return opening_key(self.site)

    def browser(self) -> Browser:
        return Browser(self._http, self.origin, self.site.clock)

    def link(self, person_ref: bytes) -> str:
        """What `/page` would have put into a link."""
        token = os.urandom(16).hex()
        self.site.within(lambda tx: sessions.make_link(tx, person_ref, token, at=self.site.clock()))
        return token

    async def author(self, person_ref: bytes) -> Browser:
        return await self.browser().by_link(self.link(person_ref))

    async def reader(self, person_ref: bytes | None = None, key: OpeningKey | None = None) -> Browser:
        """By a key; linked to a person first, where one is named."""
        found = key or self.coordinator_key
        if person_ref is not None:
            await (await self.author(person_ref)).by_key(found)
        return await self.browser().by_key(found)

    def later(self, by: timedelta) -> None:
        self.site.clock.move(by)


@asynccontextmanager
async def served(
    site: Site, *, bundle: Bundle | None = None, telegram: Verifier | None = None, framed: bool = False
) -> AsyncIterator[Page]:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    store = site.trial.installation.store(serves=True)
    world = wiring.world(site.trial.installation, clock=site.clock)
    server = serve_wiring.page_server(
        site.trial.installation,
        store,
        lambda: world,
        Address("127.0.0.1", port),
        origin=origin,
        bundle=bundle,
        telegram=telegram,
        framed=framed,
    )
    await server.start()
    try:
        async with ClientSession(timeout=ClientTimeout(30), trust_env=False) as http:
            yield Page(site, server, origin, http)
    finally:
        await server.stop()
        store.close()


def opening_key(site: Site) -> OpeningKey:
    key = keyfile.read(site.trial.coordinator_key).key
    assert isinstance(key, OpeningKey)
    return key


def publish(site: Site, *recipients: Recipient, drop: tuple[bytes, ...] = (), not_after: date | None = None) -> None:
    """A next version of the trial's desk, with more keys, or fewer."""
    admin = keyfile.read(site.trial.folder / "safe" / "admin.key").key
    assert isinstance(admin, SigningKey)
    pins = site.trial.installation.pins

    def turn(tx: Transaction) -> None:
        from storage.sealing.desk import next_manifest

        before = agencies.desk(tx, AGENCY, pins, NOON)
        assert before is not None
        following = next_manifest(before, created=NOON.date(), add=recipients, remove=drop)
        canonical, signature = sign(following, admin)
        agencies.publish_desk(tx, following, canonical, signature)
        pins.set(AGENCY, Pin(admin.public, following.version))

    site.within(turn)


def ref_of(site: Site, role: str) -> bytes:
    """The ref of the trial's person of a role."""
    ref = site.within(lambda tx: people.at_address(tx, "console", role))
    assert ref is not None
    return ref
