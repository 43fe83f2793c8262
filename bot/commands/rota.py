"""`integra rota`: who is on duty at an agency's desk, as a week to read and as a file to write."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import duty, evening
from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, out, out_json
from bot.commands.within import within
from bot.duty import DesksAlone, Roster
from bot.evening import Warned
from bot.installation import Installation
from dialogues.rota import DAYS, NO_ROTA, Duty, Rota, duties, moment_of, of_site, planned, same_site
from dialogues.rota_changes import both, changes_lost
from dialogues.rota_file import MOST_BYTES, Wrong, read, write
from storage import agencies, audit, rotas, sites
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
        out(write(desk.written).rstrip("\n") if desk.written != NO_ROTA else _template())
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
    desk, found, known = _warnings(data, agency, now, weeks, proposed)
    if as_json:
        rows = [
            {
                "why": one.why,
                "from": one.start.isoformat(),
                "to": one.end.isoformat(),
                "who": list(one.who),
                "site": one.site,
            }
            for one in found
        ]
        out_json({"agency": agency, "zone": desk.zone.key, "problems": rows, "remarks": remarks(desk.rota, known)})
    else:
        for line in (*problems(found, desk), *remarks(desk.rota, known)):
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
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep absences and swaps in force that the file does not have.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Drop them: the file is all there is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a rota in force from now on. Nothing of a file with mistakes is taken.

    Coordinators write absences and swaps in the chat. Where the file lacks some that still matter, nothing is changed,
    they are listed, and the exit code is 1; say --keep or --replace.
    """
    if keep and replace:
        raise typer.BadParameter("say --keep or --replace, not both")
    now = system_clock()
    proposed = _read(file)
    desks = DesksAlone.of(Installation.at(data).pins)

    def turn(tx: Transaction) -> tuple[int, Rota, Rota]:
        """Its version, what is in force, and what the file lacks; version 0: nothing was changed."""
        row = agency_row(tx, agency)
        tx.hold(row.ref)  # or a change made in the chat this moment would be lost unseen
        there = duty.roster(tx, desks, row, now)
        before = rotas.in_force(tx, [row.ref]).get(row.ref, NO_ROTA)
        lost = changes_lost(before, proposed, now.astimezone(there.zone).date())
        if lost != NO_ROTA and not keep and not replace:
            return 0, before, lost
        wanted = both(proposed, lost) if keep else proposed
        version = rotas.keep(tx, row.ref, wanted, at=now)
        evening.rota_changed(tx, desks, row.ref, now)
        audit.record(tx, "rota.changed", at=now, reason="operation", agency=row.ref, about=row.ref)
        return version, wanted, lost

    version, wanted, lost = within(data, turn)
    listed = changes(lost)
    if not version:
        if as_json:
            out_json({"agency": agency, "version": None, "would_be_lost": listed})
            raise typer.Exit(1)
        raise Refusal(
            "nothing was changed: the file lacks what was written since, in the chat or by another file:"
            + "".join(f"\n  {one}" for one in listed)
            + "\nSay --keep to keep this beside the file, or --replace to drop it."
        )
    desk, found, known = _warnings(data, agency, now, 2, None)
    if as_json:
        told = {"agency": agency, "version": version, "problems": len(found), "remarks": remarks(wanted, known)}
        out_json({**told, "kept" if keep else "dropped": listed})
        return
    out(f"In force from now on: version {version}, {len(wanted.shifts)} shifts.")
    for line in (*(f"{'Kept' if keep else 'Dropped'}: {one}" for one in listed), *problems(found, desk)):
        out(line)
    for line in remarks(wanted, known):
        out(line)


def week(desk: Roster, name: str, stretches: list[tuple[str, Duty]], now: datetime, weeks: int) -> list[str]:
    """A rota for reading, one line a stretch; those of a site begin with its name."""
    today = now.astimezone(desk.zone).date()
    lines = [
        f"{name}, times of {desk.zone.key}" + ("" if desk.rota.shifts else ": no rota; flags go to all coordinators")
    ]
    if not desk.rota.shifts:
        return lines
    if not desk.whole.shifts:
        lines.append("No shifts of the whole agency: flags from elsewhere go to all coordinators")
    for day in (today + number * ONE_DAY for number in range(7 * weeks)):
        holiday = next((one for one in desk.rota.holidays if one.day == day), None)
        like = (
            "" if holiday is None else f" (holiday{', like ' + DAYS[holiday.like] if holiday.like is not None else ''})"
        )
        lines.append(f"{DAYS[day.weekday()].title()} {day:%Y-%m-%d}{like}")
        start, end = moment_of(day, "00:00", desk.zone), moment_of(day + ONE_DAY, "00:00", desk.zone)
        for site, one in stretches:
            if start <= one.start < end:
                here, there = one.start.astimezone(desk.zone), one.end.astimezone(desk.zone)
                second = f"  then {', '.join(one.second)}" if one.second else ""
                at = f"{site}  " if site else ""
                who = ", ".join(one.first) or _nobody(desk, site, one)
                lines.append(f"  {at}{here:%H:%M}-{there:%H:%M}  {who}{second}")
    lines += [
        f"Away: {one.who}, {one.first} to {one.last}, {'cover: ' + one.cover if one.cover else 'no cover'}"
        for one in desk.rota.absences
        if one.last >= today
    ]
    lines += [f"Quiet: {one.urgency} flags wait from {one.start} to {one.end}" for one in desk.rota.quiet]
    return lines


def _nobody(desk: Roster, site: str, one: Duty) -> str:
    if site and desk.whole.shifts and not planned(of_site(desk.rota, site), desk.zone, one.start):
        return "(the agency's shifts)"
    return "NOBODY"


def problems(found: list[Warned], desk: Roster) -> list[str]:
    """One line for each thing that is wrong: what, when, and what to do about it."""
    return [f"{_problem(those[0], desk)}: {evening.spans(those, desk.zone)}" for those in evening.alike(found).values()]


def remarks(there: Rota, known: tuple[str, ...]) -> list[str]:
    """What is no mistake and may be one: sites of the rota at which nobody works, and the other way about.

    Args:
        known: sites at which somebody works.
    """
    lines, worked = [], {same_site(name) for name in known}
    has = {same_site(name) for name in there.sites}
    for name in there.sites:
        if same_site(name) not in worked:
            listed = f"people work at: {', '.join(known)}" if known else "nobody has a site yet"
            lines.append(f"Nobody works at {name}: no flag calls its shifts ({listed}; integra people site)")
    if there.shifts:
        lines += [
            f"{name} has no shifts of its own; its flags call whoever is on duty for the whole agency"
            for name in known
            if same_site(name) not in has
        ]
    return lines


def changes(those: Rota) -> list[str]:
    """Absences and swaps, one line each."""
    absences = [
        f"away: {one.who}, {one.first} to {one.last}, {'cover: ' + one.cover if one.cover else 'no cover'}"
        for one in those.absences
    ]
    swaps = [
        f"swap: {one.day} {one.start}{' at ' + one.site if one.site else ''}, {', '.join(one.first)}"
        for one in those.swaps
    ]
    return absences + swaps


def _problem(one: Warned, desk: Roster) -> str:
    who = ", ".join(one.who)
    if not (who or one.site or desk.whole.shifts) and one.why != "key-expired":
        return "No coordinator of the desk can be reached; invite one, or have one press Start"
    at = f" at {one.site}" if one.site else ""
    match one.why:
        case "nobody":
            return f"NOBODY is on duty{at}; put somebody there"
        case "not-enrolled":
            return f"{who}{at} has no access here (any more); invite them, or name somebody else"
        case "blocked":
            return f"Nothing reaches {who}{at}; have them open the chat and press Start"
        case "key-expired":
            return f"No key of {who or 'any coordinator'}{at} opens new notes; see: integra keys list"


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


def _warnings(
    data: Path, agency: str, now: datetime, weeks: int, proposed: Rota | None
) -> tuple[Roster, list[Warned], tuple[str, ...]]:
    """The desk, what is wrong there, and the sites at which somebody works."""
    desks = DesksAlone.of(Installation.at(data).pins)

    def turn(tx: Transaction) -> tuple[Roster, list[Warned], tuple[str, ...]]:
        row = agency_row(tx, agency)
        desk = duty.roster(tx, desks, row, now, proposed=proposed)
        found = evening.warnings(tx, desks, row, now, now + timedelta(weeks=weeks), proposed=proposed)
        return desk, found, sites.of_agency(tx, row.ref)

    return within(data, turn)


def _stretches(desk: Roster, now: datetime, weeks: int) -> list[tuple[str, Duty]]:
    """Of the whole agency, then of each site, by its name."""
    today = now.astimezone(desk.zone).date()
    start = moment_of(today, "00:00", desk.zone)
    end = moment_of(today + 7 * weeks * ONE_DAY, "00:00", desk.zone)
    shown = (*(("",) if desk.whole.shifts or not desk.rota.shifts else ()), *desk.rota.sites)
    return [(site, one) for site in shown for one in duties(of_site(desk.rota, site), desk.zone, start, end)]


def _as_rows(desk: Roster, stretches: list[tuple[str, Duty]]) -> list[dict[str, Any]]:
    return [
        {
            "from": one.start.astimezone(desk.zone).isoformat(),
            "to": one.end.astimezone(desk.zone).isoformat(),
            "first": list(one.first),
            "second": list(one.second),
            "site": site,
        }
        for site, one in stretches
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
