"""Stages for the conformance suite: real systems behind a proxy that can lose their answers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance import Stage, closing
from fault_proxy import FaultProxy, fault_proxy, lose
from ports import free_port

from case_systems.request_tracker import QUEUE, RequestTracker
from case_systems.roundup_tracker import USER, Roundup
from case_systems.shared import the_request_tracker, the_roundup
from storage.sealing.signing import SigningKey
from storage.sync.base import Connector
from storage.sync.given import Given
from storage.sync.ledger import Ledger
from storage.sync.receiver import Receiver, serve
from storage.sync.request_tracker import RequestTrackerDestination, open_request_tracker
from storage.sync.roundup import RoundupDestination, open_roundup
from storage.sync.webhook import WebhookDestination, open_webhook

SIGNING = SigningKey(bytes([9]) * 32)


def now() -> datetime:
    return datetime.now(UTC)


NO_LEDGER = Ledger(None, "none")  # type: ignore[arg-type]  # these keep no batches
GIVEN = Given(now, "urn:integra:test", SIGNING, NO_LEDGER)


def rt_settings(rt: RequestTracker, port: int, **changes: object) -> RequestTrackerDestination:
    base = rt.base.replace(str(rt.port), str(port))
    return RequestTrackerDestination.model_validate(
        {
            "name": "rt",
            "kind": "request_tracker",
            "agency": "north",
            "url": base,
            "token_file": rt.token_file,
            "queue": QUEUE,
            **changes,
        }
    )


def roundup_settings(roundup: Roundup, port: int, **changes: object) -> RoundupDestination:
    return RoundupDestination.model_validate(
        {
            "name": "roundup",
            "kind": "roundup",
            "agency": "north",
            "url": roundup.base.replace(str(roundup.port), str(port)),
            "itself": roundup.base,
            "username": USER,
            "password_file": roundup.password_file,
            **changes,
        }
    )


def webhook_settings(port: int, **changes: object) -> WebhookDestination:
    return WebhookDestination.model_validate(
        {
            "name": "hook",
            "kind": "webhook",
            "agency": "north",
            "url": f"http://127.0.0.1:{port}/notes",
            "lookup": True,
            **changes,
        }
    )


@dataclass(frozen=True)
class Proxied(Stage):
    """A stage whose system is reached through a proxy that can break answers."""

    proxy: FaultProxy = field(kw_only=True)


def staged(connector: Connector, records: Callable[[], Awaitable[Sequence[str]]], proxy: FaultProxy) -> Proxied:
    async def lose_answers(count: int) -> None:
        proxy.faults += [lose] * count

    return Proxied(connector, nothing, records, proxy.down, lose_answers, proxy=proxy)


async def nothing() -> None:
    """The system does all at once."""


@asynccontextmanager
async def request_tracker_stage(folder: Path) -> AsyncIterator[Proxied]:
    rt = the_request_tracker()
    rt.restore()
    async with fault_proxy(rt.port) as proxy:
        connector = open_request_tracker(rt_settings(rt, proxy.port), GIVEN)

        async def records() -> Sequence[str]:
            return [f"{one['Fields']['NoteId']}.v{one['Fields']['NoteVersion']}" for one in rt.tickets()]

        async with closing(connector):
            yield staged(connector, records, proxy)


@asynccontextmanager
async def roundup_stage(folder: Path) -> AsyncIterator[Proxied]:
    roundup = the_roundup()
    roundup.restore()
    async with fault_proxy(roundup.port) as proxy:
        connector = open_roundup(roundup_settings(roundup, proxy.port), GIVEN)

        async def records() -> Sequence[str]:
            return [f"{one['note_id']}.v{one['note_version']:.0f}" for one in roundup.incidents()]

        async with closing(connector):
            yield staged(connector, records, proxy)


@asynccontextmanager
async def webhook_stage(folder: Path) -> AsyncIterator[Proxied]:
    async with receiving(folder) as (receiver, port), fault_proxy(port) as proxy:
        connector = open_webhook(webhook_settings(proxy.port), GIVEN)

        async def records() -> Sequence[str]:
            return receiver.ids()

        async with closing(connector):
            yield staged(connector, records, proxy)


@asynccontextmanager
async def receiving(folder: Path, **options: Any) -> AsyncIterator[tuple[Receiver, int]]:
    """The reference receiver, and its port."""
    port = free_port()
    receiver = Receiver(folder / "received.sqlite3", [SIGNING.public], options.pop("clock", now), **options)
    runner = await serve(receiver, "127.0.0.1", port)
    try:
        yield receiver, port
    finally:
        await runner.cleanup()
        receiver.close()
