"""`integra retention`: says what the limits cover, and erases it when told to."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_site import Site, at_desk

from bot.clock import system_clock
from bot.trial import AGENCY, Trial
from guidance.themes import EVEN
from storage import gaps
from storage.transaction import Transaction

Integra = Callable[..., Any]


@pytest.fixture
def data(trial: Trial) -> tuple[str, object]:
    """Two notes handed over long ago, and one that waits."""
    site = Site(trial)

    async def logged() -> None:
        async with at_desk(site) as desk:
            for number in range(3):
                await desk.logs_note("officer", f"Paper cranes {number}.")
            await desk.later(timedelta(minutes=3))

    asyncio.run(logged())
    for statement in (
        "UPDATE flags SET state = 'closed', closed_at = 1",
        "UPDATE notes SET hour = 0",
        "INSERT INTO destinations (name, agency_ref, kind, disclosure, state, why, place_hash, since, failures,"
        " next_at, alarm_s, cursor, rejects, reject_why, rejects_from) SELECT 'drop', ref, 'filedrop', 'full', 'open',"
        " '', ref, 0, 0, 0, 86400, '', 0, '', 0 FROM agencies",
        "INSERT INTO deliveries (destination, agency_ref, note_id, version, disclosure, case_key, state, why, attempts,"
        " ambiguous, withhold, remote_id, remote_url, remote_state, created_at, done_at) SELECT 'drop', agency_ref, id,"
        " 1, 'full', id, 'acked', '', 1, 0, 0, '', '', '', 1, 1 FROM notes ORDER BY id LIMIT 2",
        "UPDATE notes SET state = 'handed-over' WHERE id IN (SELECT note_id FROM deliveries)",
    ):
        site.within(lambda tx, statement=statement: tx.db.exec_driver_sql(statement))
    site.close()
    return "--data", trial.installation.folder


def test_without_a_limit_nothing_is_due_and_how_to_set_one_is_said(integra: Integra, data: tuple[str, object]) -> None:
    assert f"integra agency set {AGENCY} --keep-days" in integra("retention", "show", *data).out
    assert json.loads(integra("retention", "run", "--json", *data).out)["agencies"][0]["notes"] == 0


def test_what_is_due_is_told_and_erased_when_it_is_told_to(integra: Integra, data: tuple[str, object]) -> None:
    integra("agency", "set", AGENCY, "--keep-days", "30", *data)
    assert "30 days" in integra("agency", "list", *data).out
    row = {"agency": AGENCY, "keep_days": 30, "notes": 2, "withdrawn": 0, "plans": 0, "overdue": 1}
    assert json.loads(integra("retention", "show", "--json", *data).out) == [row]
    dry = integra("retention", "run", "--dry-run", *data)
    assert "would be erased: 2 notes" in dry.out
    assert "1 older than that and not handed over, they stay" in dry.out
    assert json.loads(integra("retention", "run", "--json", *data).out) == {
        "erased": True,
        "agencies": [row],
        "questions": 0,
    }
    after = json.loads(integra("retention", "show", "--json", *data).out)
    assert after == [{**row, "notes": 0}]


@pytest.mark.parametrize("days", ["-1", "3651", "x"])
def test_a_limit_is_a_number_of_days(integra: Integra, data: tuple[str, object], days: str) -> None:
    assert integra("agency", "set", AGENCY, "--keep-days", days, *data).code == 2


def test_with_no_agency_it_says_so_and_what_to_do(integra: Integra, tmp_path: Path) -> None:
    data = ("--data", tmp_path / "data")
    integra("init", *data)
    assert "no agency yet: integra agency add" in integra("retention", "show", *data).out
    assert "no agency yet: integra agency add" in integra("retention", "run", *data).out
    assert json.loads(integra("retention", "show", "--json", *data).out) == []


def test_old_questions_are_told_and_go_too(integra: Integra, trial: Trial) -> None:
    site = Site(trial)

    def asked(tx: Transaction) -> None:
        for days in (200, 1):
            gaps.keep(tx, tx.keyring.agency_ref(AGENCY), bytes(16), language="en", question=f"zzyqx {days} kwqzv",
                      why="refused", rarity=EVEN, people=3, at=system_clock() - timedelta(days=days))  # fmt: skip

    site.within(asked)
    site.close()
    data = ("--data", trial.installation.folder)
    assert "out of date  due: 1" in integra("retention", "show", *data).out
    assert "out of date  would be erased: 1" in integra("retention", "run", "--dry-run", *data).out
    assert json.loads(integra("retention", "run", "--json", *data).out)["questions"] == 1
    assert json.loads(integra("retention", "run", "--json", *data).out)["questions"] == 0
    store = trial.installation.store()
    (theme,) = store.run_now(lambda tx: gaps.of_agency(tx, tx.keyring.agency_ref(AGENCY)))
    store.close()
    assert theme.texts == ("zzyqx 1 kwqzv",)
