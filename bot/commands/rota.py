"""`integra rota`: who is on duty at an agency's desk, as a week to read and as a file to write."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import duty, evening
from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, out, out_json, within
from bot.duty import DesksAlone, Roster
from bot.evening import Warned
from bot.installation import Installation
from dialogues.rota import DAYS, NO_ROTA, Duty, Rota, duties, moment_of
from dialogues.rota_file import MOST_BYTES, Wrong, read, write
from storage import agencies, audit, rotas
from storage.errors import Unknown
from storage.transaction import Transaction

rota = typer.Typer(help="Who is on duty at an agency's desk.", no_args_is_help=True)

AgencySlug = Annotated[str, typer.Option("--agency", help="Slug of the agency.")]
Weeks = Annotated[int, typer.Option(min=1, max=8, help="How many weeks from today.")]
ONE_DAY = timedelta(days=1)


@rota.command("show")
def show(
    agency: AgencySlug,
    data: Data,
    weeks: Weeks = 1,
    file: Annotated[bool, typer.Option("--file", help="Print the file to edit and load again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a week, day by day; or with --file the rota as `integra rota load` reads it."""
    now = system_clock()
    desk, row = _desk(data, agency, now)
    if file:
        out(write(desk.rota).rstrip("\n") if desk.rota != NO_ROTA else _template())
        return
    stretches = _stretches(desk, now, weeks)
    if as_json:
        out_json({"agency": agency, "rota_of": desk.rota_of, "zone": desk.zone.key, "duty": _as_rows(desk, stretches)})
        return
    for line in week(desk, row.profile["name"], stretches, now, weeks):
        out(line)


@rota.command("check")
def check(
    agency: AgencySlug,
    data: Data,
    file: Annotated[Path | None, typer.Argument(help="A file to check instead of the rota in force.")] = None,
    weeks: Weeks = 2,
    as_json: AsJson = False,
) -> None:
    """Find hours with nobody on duty, and people who cannot be reached. Exit code 1 when there are any."""
    now = system_clock()
    proposed = _read(file) if file is not None else None
    desk, found = _warnings(data, agency, now, weeks, proposed)
    if as_json:
        rows = [
            {"why": one.why, "from": one.start.isoformat(), "to": one.end.isoformat(), "who": list(one.who)}
            for one in found
        ]
        out_json({"agency": agency, "zone": desk.zone.key, "problems": rows})
    else:
        for line in problems(found, desk):
            out(line)
        shown = f"{weeks} week" if weeks == 1 else f"{weeks} weeks"
        out(
            f"{len(problems(found, desk))} to mend in the next {shown}."
            if found
            else f"Good for the next {shown}: every hour is covered."
        )
    if found:
        raise typer.Exit(1)


@rota.command("load")
def load(
    file: Annotated[Path, typer.Argument(help="The rota: TOML, see `integra rota show --file`.")],
    agency: AgencySlug,
    data: Data,
    as_json: AsJson = False,
) -> None:
    """Put a rota in force from now on. Nothing of a file with mistakes is taken."""
    now = system_clock()
    proposed = _read(file)
    desks = DesksAlone.of(Installation.at(data).pins)

    def turn(tx: Transaction) -> int:
        ref = agency_row(tx, agency).ref
        version = rotas.keep(tx, ref, proposed, at=now)
        evening.rota_changed(tx, desks, ref, now)
        audit.record(tx, "rota.changed", at=now, reason="operation", agency=ref, about=ref)
        return version

    version = within(data, turn)
    desk, found = _warnings(data, agency, now, 2, None)
    if as_json:
        out_json({"agency": agency, "version": version, "problems": len(found)})
        return
    out(f"In force from now on: version {version}, {len(proposed.shifts)} shifts.")
    for line in problems(found, desk):
        out(line)


def week(desk: Roster, name: str, stretches: list[Duty], now: datetime, weeks: int) -> list[str]:
    """A rota for reading, one line a stretch."""
    today = now.astimezone(desk.zone).date()
    lines = [
        f"{name}, times of {desk.zone.key}" + ("" if desk.rota.shifts else ": no rota; flags go to all coordinators")
    ]
    if not desk.rota.shifts:
        return lines
    for day in (today + number * ONE_DAY for number in range(7 * weeks)):
        holiday = next((one for one in desk.rota.holidays if one.day == day), None)
        like = (
            "" if holiday is None else f" (holiday{', like ' + DAYS[holiday.like] if holiday.like is not None else ''})"
        )
        lines.append(f"{DAYS[day.weekday()].title()} {day:%Y-%m-%d}{like}")
        start, end = moment_of(day, "00:00", desk.zone), moment_of(day + ONE_DAY, "00:00", desk.zone)
        for one in stretches:
            if start <= one.start < end:
                here, there = one.start.astimezone(desk.zone), one.end.astimezone(desk.zone)
                second = f"  then {', '.join(one.second)}" if one.second else ""
                lines.append(f"  {here:%H:%M}-{there:%H:%M}  {', '.join(one.first) or 'NOBODY'}{second}")
    lines += [
        f"Away: {one.who}, {one.first} to {one.last}, {'cover: ' + one.cover if one.cover else 'no cover'}"
        for one in desk.rota.absences
        if one.last >= today
    ]
    lines += [f"Quiet: {one.urgency} flags wait from {one.start} to {one.end}" for one in desk.rota.quiet]
    return lines


def problems(found: list[Warned], desk: Roster) -> list[str]:
    """One line for each thing that is wrong: what, when, and what to do about it."""
    return [f"{_problem(those[0], desk)}: {evening.spans(those, desk.zone)}" for those in evening.alike(found).values()]


def _problem(one: Warned, desk: Roster) -> str:
    who = ", ".join(one.who)
    if not desk.rota.shifts and one.why != "key-expired":
        return "No coordinator of the desk can be reached; invite one, or have one press Start"
    match one.why:
        case "nobody":
            return "NOBODY is on duty; put somebody there"
        case "not-enrolled":
            return f"{who} has no access here (any more); invite them, or name somebody else"
        case "blocked":
            return f"Nothing reaches {who}; have them open the chat and press Start"
        case "key-expired":
            return f"No key of {who or 'any coordinator'} opens new notes; see: integra keys list"


def agency_row(tx: Transaction, slug: str) -> agencies.AgencyRow:
    """
    Raises:
        Refusal: there is no such agency.
    """
    try:
        return agencies.by_slug(tx, slug)
    except Unknown:
        raise Refusal(f"there is no agency {slug}; see: integra agency list") from None


def _desk(data: Path, agency: str, now: datetime) -> tuple[Roster, agencies.AgencyRow]:
    desks = DesksAlone.of(Installation.at(data).pins)

    def turn(tx: Transaction) -> tuple[Roster, agencies.AgencyRow]:
        row = agency_row(tx, agency)
        return duty.roster(tx, desks, row, now), row

    return within(data, turn)


def _warnings(data: Path, agency: str, now: datetime, weeks: int, proposed: Rota | None) -> tuple[Roster, list[Warned]]:
    desks = DesksAlone.of(Installation.at(data).pins)

    def turn(tx: Transaction) -> tuple[Roster, list[Warned]]:
        row = agency_row(tx, agency)
        desk = duty.roster(tx, desks, row, now, proposed=proposed)
        return desk, evening.warnings(tx, desks, row, now, now + timedelta(weeks=weeks), proposed=proposed)

    return within(data, turn)


def _stretches(desk: Roster, now: datetime, weeks: int) -> list[Duty]:
    today = now.astimezone(desk.zone).date()
    start = moment_of(today, "00:00", desk.zone)
    end = moment_of(today + 7 * weeks * ONE_DAY, "00:00", desk.zone)
    return list(duties(desk.rota, desk.zone, start, end))


def _as_rows(desk: Roster, stretches: list[Duty]) -> list[dict[str, Any]]:
    return [
        {
            "from": one.start.astimezone(desk.zone).isoformat(),
            "to": one.end.astimezone(desk.zone).isoformat(),
            "first": list(one.first),
            "second": list(one.second),
        }
        for one in stretches
    ]


def _read(path: Path) -> Rota:
    """
    Raises:
        Refusal: all that must be mended in it.
    """
    if path.stat().st_size > MOST_BYTES:
        raise Refusal(f"{path} is no rota: a rota has at most {MOST_BYTES:,} bytes")
    try:
        return read(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise Refusal(f"{path} is no text in UTF-8") from None
    except Wrong as wrong:
        listed = "".join(f"\n  {one}" for one in wrong.problems)
        raise Refusal(f"{path} has mistakes, and nothing of it was taken:{listed}") from None


def _template() -> str:
    from dialogues import rota_file

    _, _, rest = (rota_file.__doc__ or "").partition("\n\n")
    lines = [line.removeprefix("    ") for line in rest.splitlines()]
    return "\n".join(
        ["# No rota is written yet. An example to begin with; integra rota load FILE puts it in force.", *lines]
    )
