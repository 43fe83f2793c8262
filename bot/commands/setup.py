"""`integra init`, `integra agency`: make an installation, add agencies to it."""

import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, out, out_json
from bot.commands.within import within
from bot.installation import Installation
from dialogues.case_code import DEFAULT_PATTERN, CasePattern, PatternError
from storage import agencies, audit
from storage.postgres import Addresses
from storage.transaction import Transaction

KEEP_DAYS = typer.Option(
    min=0, max=3650, help="Days that a note stays here after it was handed over; 0: until somebody sets it."
)

agency = typer.Typer(help="Agencies whose people use the assistant.", no_args_is_help=True)


def init(
    data: Data,
    database_file: Annotated[
        Path | None,
        typer.Option(
            "--database-file", help="Owner-only file with a PostgreSQL server's addresses, see `integra move`."
        ),
    ] = None,
) -> None:
    """Make a new installation: folder, the bot's own keys, settings, database (a file, or on a server)."""
    Installation.create(data, Addresses.read(database_file) if database_file is not None else None)
    out(f"Made an installation in {data}. Next: integra agency add SLUG --name NAME --data {data}")


@agency.command("add")
def add(
    slug: Annotated[str, typer.Argument(help="Short name: a-z, 0-9 and hyphens.")],
    name: Annotated[str, typer.Option(help="Name as people read it.")],
    data: Data,
    zone: Annotated[str, typer.Option(help="Time zone, for example Europe/Lisbon.")] = "Europe/Brussels",
    case_pattern: Annotated[str, typer.Option(help="A letter, 9 digit, trailing c check character.")] = DEFAULT_PATTERN,
    alarm: Annotated[str, typer.Option(help="What comes first in danger here; empty: call 112.")] = "",
    country: Annotated[str, typer.Option(help="Two letters, for example FR: whose numbers and names are shown.")] = "",
    media: Annotated[bool, typer.Option(help="Photos and voice messages may go with a note.")] = True,
    keep_days: Annotated[int, KEEP_DAYS] = 0,
) -> None:
    """Add an agency."""
    if re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", slug) is None:
        raise Refusal("a slug is 1 to 40 of a-z, 0-9 and hyphens")
    try:
        CasePattern(case_pattern)
    except PatternError:
        raise Refusal("that pattern is not known; see: integra agency add --help") from None
    _refuse_unknown(data, zone=zone, country=country)

    def added(tx: Transaction) -> None:
        ref = agencies.add(
            tx,
            slug,
            name=name,
            zone=zone,
            case_pattern=case_pattern,
            alarm=alarm,
            country=country,
            media=media,
            keep_days=keep_days,
        )
        audit.record(tx, "agency.added", at=system_clock(), reason="operation", agency=ref, about=ref)

    within(data, added)
    out(f"Added {slug}. Next, so that notes can be sealed: integra keys add-recipient --agency {slug} --data {data}")


@agency.command("set")
def set_(
    slug: Annotated[str, typer.Argument(help="Slug of the agency.")],
    data: Data,
    name: Annotated[str | None, typer.Option(help="Name as people read it.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone, for example Europe/Lisbon.")] = None,
    alarm: Annotated[str | None, typer.Option(help="What comes first in danger here; empty: call 112.")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters, for example FR; empty: none.")] = None,
    media: Annotated[bool | None, typer.Option(help="Photos and voice messages may go with a note.")] = None,
    keep_days: Annotated[int | None, KEEP_DAYS] = None,
) -> None:
    """Change an agency; what is left out stays. A running assistant goes by it from the next message on."""
    given = {"name": name, "zone": zone, "alarm": alarm, "country": country, "media": media, "keep_days": keep_days}
    fields = {field: value for field, value in given.items() if value is not None}
    if not fields:
        raise Refusal("say what is to change; see: integra agency set --help")
    _refuse_unknown(data, zone="UTC" if zone is None else zone, country=country or "")
    if name == "":
        raise Refusal("an agency has a name")

    def changed(tx: Transaction) -> None:
        ref = agencies.change(tx, slug, fields)
        audit.record(
            tx, "agency.changed", at=system_clock(), reason="operation", agency=ref, about=ref, words=", ".join(fields)
        )

    within(data, changed)
    out(f"Changed {slug}: {', '.join(fields)}.")


@agency.command("list")
def list_(data: Data, as_json: AsJson = False) -> None:
    """List agencies."""
    rows = within(data, agencies.every)
    if as_json:
        out_json([{"slug": row.slug, **row.profile} for row in rows])
        return
    for row in rows:
        shown = [row.slug, *(row.profile[name] for name in ("name", "zone", "case_pattern")), agencies.country(row)]
        if not agencies.media(row):
            shown.append("no photos, no voice messages")
        if agencies.keep_days(row):
            shown.append(f"{agencies.keep_days(row)} days")
        out("  ".join(filter(None, shown)))


def _refuse_unknown(data: Path, *, zone: str, country: str) -> None:
    """
    Raises:
        Refusal: no such time zone, or no country that guidance knows.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Refusal("that time zone is not known; one is Europe/Lisbon") from None
    if country:
        from bot import wiring  # what reads content takes half a second
        from bot.settings import Settings

        known = next(iter(wiring.voices(Settings.read(data).content).values())).content.sites
        if country not in known:
            raise Refusal(f"a country is one of {', '.join(sorted(known))}; leave it out for others")
