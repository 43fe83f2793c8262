"""The same promises, asked of every connector there is, each with a real system behind it."""

import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import get_args

import pytest
from case_systems.stages import request_tracker_stage, roundup_stage, webhook_stage
from conformance import WITHIN_S, WORDS, Open, Stage, delivery, listed
from drop_stage import file_drop

from storage.sync.base import Accepted, Delivery, DeliveryRef, Outcome, Park, Remote, RepeatSafety, Retry, Sent
from storage.sync.registry import CONNECTORS

STAGES: dict[str, Open] = {
    "filedrop": file_drop,
    "request_tracker": request_tracker_stage,
    "roundup": roundup_stage,
    "webhook": webhook_stage,
}
"""By kind of connector; a kind of ``storage.sync.registry.CONNECTORS`` without a stage fails."""


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path) as opened:
        yield opened


def test_every_connector_has_a_stage() -> None:
    assert set(STAGES) == set(CONNECTORS)


async def sent(stage: Stage, *deliveries: Delivery) -> list[Outcome]:
    most, outcomes = stage.connector.caps.max_batch, []
    for start in range(0, len(deliveries), most):
        outcomes += await stage.connector.send(deliveries[start : start + most], within_s=WITHIN_S)
    assert len(outcomes) == len(deliveries)
    return outcomes


async def arrived(stage: Stage, *deliveries: Delivery) -> list[Outcome]:
    """Sent, and as far as the system needs a run of its own, taken."""
    outcomes = await sent(stage, *deliveries)
    await stage.settle()
    assert all(isinstance(one, Accepted | Sent) for one in outcomes), outcomes
    return outcomes


def known(remotes: Sequence[Remote]) -> list[str]:
    return [DeliveryRef(one.note_id, one.version).key for one in remotes]


async def test_it_says_why_a_repeat_is_harmless(stage: Stage) -> None:
    assert stage.connector.caps.repeat_safety in get_args(RepeatSafety)
    assert stage.connector.caps.max_batch >= 1


async def test_a_probe_of_a_healthy_system_finds_no_trouble_and_writes_nothing(stage: Stage) -> None:
    assert (await stage.connector.probe()).trouble is None
    assert await stage.records() == []


async def test_what_is_sent_is_there_once(stage: Stage) -> None:
    await arrived(stage, delivery(1), delivery(2))
    assert sorted(await stage.records()) == [delivery(1).ref.key, delivery(2).ref.key]


async def test_the_same_twice_is_there_once(stage: Stage) -> None:
    await arrived(stage, delivery(1))
    (again,) = await sent(stage, delivery(1))
    await stage.settle()
    assert isinstance(again, Sent) or (isinstance(again, Accepted) and again.already)
    assert await stage.records() == [delivery(1).ref.key]


async def test_it_finds_what_is_there_and_nothing_else(stage: Stage) -> None:
    await arrived(stage, delivery(1))
    (found,) = await stage.connector.find(delivery(1).ref)
    assert (found.note_id, found.version) == (delivery(1).ref.note_id, 1)
    assert found.payload_sha256 in ("", delivery(1).payload_sha256)
    assert await stage.connector.find(delivery(2).ref) == []


async def test_two_lost_answers_leave_one_record(stage: Stage) -> None:
    if stage.lose_answers is None:
        return  # nothing answers there
    await stage.lose_answers(2)
    for _ in range(10):
        (outcome,) = await sent(stage, delivery(1))
        if isinstance(outcome, Accepted):
            break
        assert isinstance(outcome, Retry)
    assert isinstance(outcome, Accepted)
    await stage.settle()
    assert await stage.records() == [delivery(1).ref.key]


async def test_out_of_reach_is_said_and_passes(stage: Stage) -> None:
    await stage.down(True)
    assert (await stage.connector.probe()).trouble is not None
    (outcome,) = await sent(stage, delivery(1))
    assert isinstance(outcome, Retry) or (isinstance(outcome, Park) and outcome.scope == "destination")
    await stage.down(False)
    assert (await stage.connector.probe()).trouble is None
    await arrived(stage, delivery(1))
    assert await stage.records() == [delivery(1).ref.key]


async def test_amendments_and_withdrawals_travel_as_such(stage: Stage) -> None:
    await arrived(stage, delivery(1), delivery(2, kind="amended", amends=1))
    await arrived(stage, delivery(1, kind="withdrawn"))
    for ref in (delivery(1).ref, delivery(2).ref, DeliveryRef(delivery(1).ref.note_id, 2)):
        assert len(await stage.connector.find(ref)) == 1, ref


async def test_all_that_is_ours_is_listed_and_a_cursor_goes_on(stage: Stage) -> None:
    if not stage.connector.caps.lists:
        return
    await arrived(stage, delivery(1))
    first = await listed(stage.connector)
    assert delivery(1).ref.key in known(first)
    await arrived(stage, delivery(2))
    assert {delivery(1).ref.key, delivery(2).ref.key} <= set(known(await listed(stage.connector)))
    assert delivery(2).ref.key in known(await listed(stage.connector, first[-1].cursor))


async def test_no_word_reaches_a_log_or_an_outcome(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    outcomes = await arrived(stage, delivery(1))
    remotes = list(await stage.connector.find(delivery(1).ref))
    said = caplog.text + repr(outcomes) + repr(remotes) + repr(delivery(1)) + repr(stage.connector)
    assert WORDS not in said
    assert "C-17" not in said
