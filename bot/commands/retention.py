"""`integra retention`: what the agencies' time limits cover, and old questions; erased now, not at the daily look."""

from typing import Annotated, Any

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, operator, out, out_json, progress
from bot.commands.within import within
from bot.installation import Installation
from bot.settings import Settings
from storage import agencies, awaited, gaps
from storage import retention as limits
from storage.transaction import Transaction

retention = typer.Typer(help="How long notes stay here after they were handed over.", no_args_is_help=True)
ALL = 1_000_000


@retention.command("show")
def show(data: Data, as_json: AsJson = False) -> None:
    """Each agency's limit, and what it covers today."""
    rows, questions = within(data, _rows), _questions(data)
    if as_json:
        out_json(rows)
        return
    _say_all(rows, "due")
    _say_questions(questions, "due")


@retention.command("run")
def run(
    data: Data,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase what is due now. A running assistant does so once a day."""
    rows, questions = within(data, _rows), _questions(data)
    if not dry_run:
        _erase(data, sum(row["notes"] + row["withdrawn"] + row["plans"] for row in rows))
        days = Settings.read(data).question_days
        within(data, lambda tx: gaps.purge(tx, days=days, at=system_clock()))
        if not days:
            within(data, awaited.clear)
    if as_json:
        out_json({"erased": not dry_run, "agencies": rows, "questions": questions})
        return
    what = "would be erased" if dry_run else "erased"
    _say_all(rows, what)
    _say_questions(questions, what)


def _questions(data: Any) -> int:
    """How many questions that were not answered are out of date."""
    days = Settings.read(data).question_days
    return within(data, lambda tx: gaps.count(tx, days=days, at=system_clock()))


def _say_questions(number: int, what: str) -> None:
    if number:
        out(f"questions that were not answered, out of date  {what}: {number}")


def _erase(data: Any, total: int) -> None:
    store = Installation.at(data).store(operator=operator())

    def turn(tx: Transaction) -> int:
        now = system_clock()
        found = [limits.due(tx, row, at=now) for row in agencies.every(tx)]
        for one in found:
            limits.erase(tx, one, at=now)
        return sum(one.count for one in found)

    done = 0
    try:
        while erased := store.run_now(turn):
            done += erased
            progress(done, max(done, total))
    finally:
        store.close()


def _rows(tx: Transaction) -> list[dict[str, Any]]:
    now, rows = system_clock(), []
    for row in agencies.every(tx):
        due = limits.due(tx, row, at=now, at_most=ALL)
        counts = {"notes": len(due.notes), "withdrawn": len(due.withdrawn), "plans": len(due.plans)}
        rows.append({"agency": row.slug, "keep_days": agencies.keep_days(row), **counts, "overdue": due.overdue})
    return rows


def _say_all(rows: list[dict[str, Any]], what: str) -> None:
    if not rows:
        out("There is no agency yet: integra agency add SLUG --name NAME")
    for row in rows:
        _say(row, what)


def _say(row: dict[str, Any], what: str) -> None:
    if row["keep_days"] == 0:
        out(f"{row['agency']}  no limit: nothing is erased; set one: integra agency set {row['agency']} --keep-days N")
        return
    late = f"; {row['overdue']} older than that and not handed over, they stay" if row["overdue"] else ""
    out(
        f"{row['agency']}  {row['keep_days']} days  {what}: {row['notes']} notes, {row['withdrawn']} withdrawn,"
        f" {row['plans']} plans{late}"
    )
