"""Read sealed notes from a server over its interface, with a key that never leaves this machine; no data folder."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final, TypeVar

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.commands.common import Refusal
from bot.serve.origin import read_origin
from storage.audit import ReadingReason
from storage.challenges import info_of
from storage.opened import Opened
from storage.opened_attachments import open_all
from storage.sealing import base64url
from storage.sealing.errors import DoesNotOpen, KeyRefused
from storage.sealing.opening import Expected, open_note
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import OpeningKey

T = TypeVar("T")
PATIENCE_S: Final = 60.0
AT_ONCE: Final = 100
MOST_LISTED: Final = 10_000
ODD: Final = "the server answers in a way that this program does not know; is its address right, and its version?"


class Reader:
    """Somebody logged in by a key. Made by ``over``."""

    def __init__(self, http: ClientSession, origin: str, key: OpeningKey) -> None:
        self._http, self._origin, self._key = http, origin, key
        self._headers: dict[str, str] = {}

    async def login(self) -> None:
        """
        Raises:
            Refusal: the key stands on no desk there, or the server is known by another address.
        """
        asked = await self._ask("POST", "/api/challenges", {"kid": self._key.kid.hex()})
        id = bytes.fromhex(asked["challenge_id"])
        try:
            info = info_of(id, self._key.kid, self._origin)
            secret = self._key.decrypt(base64url.decode(asked["sealed"]), info=info)
        except DoesNotOpen:
            raise Refusal(
                "that key stands on no desk of this server, or the server is known by another address than"
                f" {self._origin}; ask its admin"
            ) from None
        path = f"/api/challenges/{id.hex()}/answer"
        session = await self._ask("POST", path, {"answer": base64url.encode(secret)})
        self._headers = {"Authorization": f"Bearer {session['token']}"}

    async def listed(self, status: str) -> list[dict[str, Any]]:
        """Every first note of that status, without content."""
        found: list[dict[str, Any]] = []
        after: str | None = "0"
        while after is not None and len(found) < MOST_LISTED:
            path = f"/api/notes?status={status}&order=newest&limit={AT_ONCE}&after={after}"
            part = await self._ask("GET", path)
            found += part["notes"]
            after = part["next"]
        return found

    async def named(self, reference: str) -> list[dict[str, Any]]:
        """The first note of a reference, which may be an amendment's; none for one that was withdrawn."""
        found: list[dict[str, Any]] = (await self._ask("GET", f"/api/notes?reference={reference}"))["notes"]
        return found

    async def opened(self, note_id: str, reason: ReadingReason, words: str) -> list[Opened]:
        """A note and its amendments, opened here.

        Raises:
            Refusal: the server does not give it out; why.
            NoteUnreadable: not for this key, or not as it was sealed.
        """
        told = {"reason": reason, **({"words": words} if words else {})}
        given = await self._ask("POST", f"/api/notes/{note_id}/open", told)
        trusted = [VerifyKey(base64url.decode(one)) for one in given["server_keys"]]
        return [await self._one(one, trusted) for one in given["notes"] if one["record"] is not None]

    async def logout(self) -> None:
        await self._ask("DELETE", "/api/session")

    async def _one(self, given: Mapping[str, Any], trusted: Collection[VerifyKey]) -> Opened:
        id, agency_ref = bytes.fromhex(given["note_id"]), bytes.fromhex(given["agency_ref"])
        expected = Expected(agency_ref, id, given["flag_level"], given["channel"], given["schema_version"])
        note = open_note(base64url.decode(given["record"]), self._key, expected=expected, ingest_public_keys=trusted)
        body = json.loads(note.plaintext)
        records = {
            one["number"]: await self._bytes(f"/api/notes/{id.hex()}/attachments/{one['number']}", one["ticket"])
            for one in given["attachments"]
        }
        return Opened(
            given["reference"], given["state"], body, open_all(records, agency_ref, id, body, self._key, trusted)
        )

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        async with self._http.request(method, self._origin + path, headers=self._headers, json=body) as answer:
            if answer.status == 204:
                return None
            told = await answer.json()
            if answer.status >= 400:
                raise _refusal(told)
            return told

    async def _bytes(self, path: str, ticket: str) -> bytes:
        told = {"ticket": ticket}
        async with self._http.post(self._origin + path, headers=self._headers, json=told) as answer:
            if answer.status >= 400:
                raise _refusal(await answer.json())
            return await answer.read()


def over(server: str, key: OpeningKey, what: Callable[[Reader], Awaitable[T]]) -> T:
    """Log in, do something, log out.

    Args:
        server: its address as browsers reach it.

    Raises:
        Refusal: it is out of reach, does not let this key in, or is no such server.
    """
    origin = read_origin(server)

    async def run() -> T:
        async with ClientSession(timeout=ClientTimeout(PATIENCE_S), trust_env=False) as http:
            reader = Reader(http, origin, key)
            await reader.login()
            try:
                return await what(reader)
            finally:
                await reader.logout()

    try:
        return asyncio.run(run())
    except (ClientError, TimeoutError, OSError):
        raise Refusal(f"{origin} cannot be reached; is its address right, and this machine online?") from None
    except (KeyError, TypeError, ValueError, KeyRefused):
        raise Refusal(ODD) from None


def _refusal(told: Any) -> Refusal:
    code, say = (told.get("code"), told.get("say")) if isinstance(told, dict) else (None, None)
    if code == "reason":
        return Refusal("that note is of a case you do not work on: give another --reason, break-glass with --words")
    return Refusal(say) if isinstance(say, str) and say.isprintable() else Refusal(ODD)
