"""Mixed faults, over every connector that speaks HTTP: each note is there once, and the one that was sent."""

import random
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from case_systems.stages import Proxied, request_tracker_stage, roundup_stage, webhook_stage
from conformance import delivery
from fault_proxy import Fault, drip, endless, fault_proxy, half, lose, passing, reset, silent, status

from storage.sync.base import Accepted, Delivery, Park, Retry

STAGES = {"request_tracker": request_tracker_stage, "roundup": roundup_stage, "webhook": webhook_stage}
FAULTS: dict[str, Fault] = {
    "passing": passing,
    "lose": lose,
    "reset": reset,
    "half": half,
    "500": status(500),
    "502": status(502, body=b"<html>a proxy's page</html>"),
    "503": status(503, "Retry-After: 1"),
    "429": status(429, "Retry-After: 1"),
    "403": status(403),
    "page": status(200, "Content-Type: text/html", body=b"<html>log in</html>"),
    "409": status(409),
}
"""All of them come after the system did its work, so that each answer that is no success is a lie."""

Open = Callable[[Path], AbstractAsyncContextManager[Proxied]]


async def play(stage: Proxied, weather: random.Random, notes: int) -> None:
    deliveries: list[Delivery] = []
    for number in range(1, notes + 1):
        kind = "amended" if number > 1 and weather.random() < 0.3 else "recorded"
        deliveries.append(delivery(number, kind=kind, amends=1) if kind == "amended" else delivery(number))
    for one in deliveries:
        for attempt in range(40):
            calm = attempt > 30
            stage.proxy.faults = [] if calm else [FAULTS[weather.choice(list(FAULTS))] for _ in range(2)]
            stage.proxy.reading = [] if calm else weather.choices([passing, lose, half, status(500)], [7, 1, 1, 1], k=4)
            (outcome,) = await stage.connector.send([one], within_s=20)
            if isinstance(outcome, Accepted):
                break
            assert isinstance(outcome, Retry) or (isinstance(outcome, Park) and outcome.scope == "destination"), outcome
        assert isinstance(outcome, Accepted)
        assert outcome.drift == ()
    stage.proxy.faults, stage.proxy.reading = [], []
    assert sorted(await stage.records()) == [one.ref.key for one in deliveries]
    listed = [remote async for remote in stage.connector.list_since(None)]
    assert sorted(one.payload_sha256 for one in listed) == sorted(one.payload_sha256 for one in deliveries)


@pytest.mark.parametrize("fault", [silent, drip, endless])
@pytest.mark.parametrize("kind", sorted(STAGES))
async def test_row_05_an_answer_without_an_end_is_given_up_and_makes_no_second_record(
    kind: str, fault: Fault, tmp_path: Path
) -> None:
    opened: Open = STAGES[kind]
    async with opened(tmp_path) as stage:
        stage.proxy.faults = [fault]
        before = time.monotonic()
        (first,) = await stage.connector.send([delivery(1)], within_s=2)
        assert time.monotonic() - before < 20, "it would have gone on for ever"
        assert isinstance(first, Retry)
        assert first.ambiguous
        (second,) = await stage.connector.send([delivery(1)], within_s=20)
        assert isinstance(second, Accepted)
        assert await stage.records() == [delivery(1).ref.key]


@pytest.mark.parametrize("kind", sorted(STAGES))
async def test_row_23_a_redirect_takes_nothing_anywhere(kind: str, tmp_path: Path) -> None:
    opened: Open = STAGES[kind]
    async with opened(tmp_path) as stage, fault_proxy(1) as trap:
        stage.proxy.always = status(307, f"Location: http://127.0.0.1:{trap.port}/")
        assert await stage.connector.send([delivery(1)], within_s=20) == [Park("redirect", "destination")]
        assert (await stage.connector.probe()).trouble == Park("redirect", "destination")
        assert trap.asked == []


@pytest.mark.parametrize(("kind", "notes"), [("request_tracker", 3), ("roundup", 6), ("webhook", 10)])
async def test_through_mixed_faults_each_note_is_there_once(kind: str, notes: int, tmp_path: Path) -> None:
    opened: Open = STAGES[kind]
    async with opened(tmp_path) as stage:
        await play(stage, random.Random(2), notes)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 130))
@pytest.mark.parametrize("kind", sorted(STAGES))
async def test_through_long_mixed_faults_each_note_is_there_once(kind: str, seed: int, tmp_path: Path) -> None:
    opened: Open = STAGES[kind]
    async with opened(tmp_path) as stage:
        await play(stage, random.Random(seed), notes=15)
