"""`integra init`, `integra agency`: make an installation, add agencies to it."""

import re
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from bot import wiring
from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, out, out_json, within
from bot.installation import Installation
from bot.settings import Settings
from dialogues.case_code import DEFAULT_PATTERN, CasePattern, PatternError
from storage import agencies, audit
from storage.transaction import Transaction

agency = typer.Typer(help="Agencies whose people use the assistant.", no_args_is_help=True)


def init(data: Data) -> None:
    """Make a new installation: folder, the bot's own keys, settings, database."""
    Installation.create(data)
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
) -> None:
    """Add an agency."""
    if re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", slug) is None:
        raise Refusal("a slug is 1 to 40 of a-z, 0-9 and hyphens")
    try:
        ZoneInfo(zone)
        CasePattern(case_pattern)
    except (ZoneInfoNotFoundError, ValueError) as wrong:
        kind = "pattern" if isinstance(wrong, PatternError) else "time zone"
        raise Refusal(f"that {kind} is not known; see: integra agency add --help") from None
    if country:
        known = next(iter(wiring.voices(Settings.read(data).content).values())).content.sites
        if country not in known:
            raise Refusal(f"a country is one of {', '.join(sorted(known))}; leave it out for others")

    def added(tx: Transaction) -> None:
        ref = agencies.add(tx, slug, name=name, zone=zone, case_pattern=case_pattern, alarm=alarm, country=country)
        audit.record(tx, "agency.added", at=system_clock(), reason="operation", agency=ref, about=ref)

    within(data, added)
    out(f"Added {slug}. Next, so that notes can be sealed: integra keys add-recipient --agency {slug} --data {data}")


@agency.command("list")
def list_(data: Data, as_json: AsJson = False) -> None:
    """List agencies."""
    rows = within(data, agencies.every)
    if as_json:
        out_json([{"slug": row.slug, **row.profile} for row in rows])
        return
    for row in rows:
        shown = (row.slug, *(row.profile[name] for name in ("name", "zone", "case_pattern")), agencies.country(row))
        out("  ".join(shown).rstrip())
