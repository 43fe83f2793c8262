"""Stages for the conformance suite: real systems behind a proxy that can lose their answers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from case_systems.request_tracker import QUEUE, RequestTracker
from conformance import Stage
from fault_proxy import FaultProxy, fault_proxy, lose

from storage.sealing.signing import SigningKey
from storage.sync.registry import Given
from storage.sync.request_tracker import RequestTrackerDestination, open_request_tracker

SIGNING = SigningKey(bytes([9]) * 32)


def now() -> datetime:
    return datetime.now(UTC)


GIVEN = Given(now, "urn:integra:test", SIGNING)


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


def proxied(proxy: FaultProxy) -> dict[str, Callable[..., Awaitable[None]]]:
    async def lose_answers(count: int) -> None:
        proxy.faults += [lose] * count

    return {"down": proxy.down, "lose_answers": lose_answers}


async def nothing() -> None:
    """The system does all at once."""


@asynccontextmanager
async def rt_stage(rt: RequestTracker) -> AsyncIterator[Stage]:
    rt.restore()
    async with fault_proxy(rt.port) as proxy:
        connector = open_request_tracker(rt_settings(rt, proxy.port), GIVEN)

        async def records() -> Sequence[str]:
            return [f"{one['Fields']['NoteId']}.v{one['Fields']['NoteVersion']}" for one in rt.tickets()]

        try:
            yield Stage(connector, nothing, records, **proxied(proxy))
        finally:
            await connector.close()
