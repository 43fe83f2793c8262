"""`integra invite`, `integra people`: who may use the assistant."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import duty
from bot.access import Access
from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, out, out_json
from bot.commands.within import within
from bot.installation import Installation
from bot.lost import Lost, lose
from dialogues.permissions import SERVES
from dialogues.rota import same_site
from dialogues.rota_file import MOST_NAME, read_site
from storage import agencies, audit, invites, key_holders, lapses, reach, sites
from storage import people as rows
from storage.transaction import Transaction

people = typer.Typer(help="People who are enrolled.", no_args_is_help=True)

Role = Annotated[str, typer.Option(help="One of: " + ", ".join(rows.ROLES) + ".")]
AgencySlug = Annotated[str, typer.Option("--agency", help="Slug of the agency.")]
Channel = Annotated[str, typer.Option(help="The channel, for example telegram.")]
ChatId = Annotated[str, typer.Option("--chat-id", help="The channel's own id of the private chat.")]
PersonId = Annotated[str, typer.Argument(help="Id as `integra people list` shows it, or its first digits.")]
Days = Annotated[
    int | None,
    typer.Option(
        min=1, max=366, help="Access ends after so many days unless renewed; mentors: 90 (INTEGRA_MENTOR_DAYS)."
    ),
]
Site = Annotated[
    str,
    typer.Option(
        "--site",
        help="Where they work: one of the agency's prisons or offices. Its flags call its shifts of the rota first.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Even if the agency is left without an admin.")]


def invite(
    data: Data,
    agency: AgencySlug,
    role: Role,
    hours: Annotated[int, typer.Option(min=1, max=168, help="How long it can be used.")] = 24,
    days: Days = None,
    bot: Annotated[str, typer.Option(help="The bot's user name, to print a link.")] = "",
    site: Site = "",
    as_json: AsJson = False,
) -> None:
    """Make a one-time invite for one person."""
    known(role)
    lasts = lasting(data, role, days)

    def make(tx: Transaction) -> tuple[invites.Made, str]:
        ref, lives = agencies.by_slug(tx, agency).ref, timedelta(hours=hours)
        where = written(tx, ref, site)
        return invites.make(tx, ref, role, at=system_clock(), lives=lives, days=lasts, site=where), where

    made, where = within(data, make)
    link = f"https://t.me/{bot}?start={made.token}" if bot else ""
    if as_json:
        told = {"token": made.token, "link": link, "role": role, "agency": agency, "hours": hours, "site": where}
        out_json({**told, "days": lasts, "code": made.code})
        return
    out(f"Invite for one {role} of {agency}{', at ' + where if where else ''}, good for {hours} hours, once:")
    out(link or f"/start {made.token}")
    out("Hand it over in person or by a channel you trust. It is not shown again.")
    if lasts is not None:
        out(f"Access lasts {lasts} days, then it ends unless a coordinator renews it.")
    if made.code:
        out("")
        out(f"Code: {made.code[:3]} {made.code[3:]}")
        out(
            "Tell it by another way than the invite: by voice, to the person. The chat asks for it; "
            "five wrong ones end the invite."
        )


@people.command("add")
def add(
    data: Data,
    agency: AgencySlug,
    role: Role,
    channel: Channel,
    chat_id: ChatId,
    days: Days = None,
    site: Site = "",
) -> None:
    """Enrol a known chat directly; the person accepts the rules in the first conversation."""
    known(role)
    lasts = lasting(data, role, days)

    now = system_clock()

    def enrol(tx: Transaction) -> str:
        agency_ref = agencies.by_slug(tx, agency).ref
        found, where = rows.at_address(tx, channel, chat_id), written(tx, agency_ref, site)
        if found is not None:
            rows.join(tx, found, agency_ref, role, at=now, days=lasts, site=where)
            audit.record(tx, "person.joined", at=now, reason="access", agency=agency_ref, about=found)
            return f"Known already; is {role} of {agency} now: {found.hex()[:8]}"
        ref = rows.add(tx, agency_ref, role, language="en", at=now, days=lasts, site=where)
        rows.reach_at(tx, ref, channel, chat_id)
        audit.record(tx, "person.added", at=now, reason="access", agency=agency_ref, about=ref)
        return f"Enrolled {ref.hex()[:8]}"

    out(within(data, enrol))


@people.command("list")
def list_(data: Data, as_json: AsJson = False) -> None:
    """List people: id, handle, roles, until when, state, since when nothing reaches them. Chat ids are not shown."""

    def read(tx: Transaction) -> list[dict[str, Any]]:
        audit.record(tx, "people.listed", at=system_clock(), reason="operation")
        listed: list[dict[str, Any]] = []
        away = reach.since(tx)
        for person, places in rows.every(tx):
            ends = {
                agencies.name_of(tx, ref): at.isoformat()
                for ref, _ in places
                if (at := lapses.until(tx, person.ref, ref)) is not None
            }
            state = "active" if person.accepted else "invited"
            listed.append(
                {
                    "id": person.ref.hex(),
                    "handle": person.handle,
                    "roles": {agencies.name_of(tx, ref): role for ref, role in places},
                    "until": ends,
                    "sites": {agencies.name_of(tx, ref): name for ref, name in sites.of_person(tx, person.ref).items()},
                    "state": "revoked" if person.revoked else state if places else "ended",
                    "unreachable": away[person.ref].isoformat() if person.ref in away else None,
                }
            )
        return listed

    found = within(data, read)
    if as_json:
        out_json(found)
        return
    for one in found:
        at_site = "".join(f"  at {name}" for name in dict(one["sites"]).values())
        until = "".join(f"  until {at[:10]} at {slug}" for slug, at in dict(one["until"]).items())
        away = f"  unreachable since {one['unreachable'][:10]}" if one["unreachable"] else ""
        out(f"{one['id'][:8]}  {one['handle'] or '-'}  {one['roles']}{at_site}  {one['state']}{until}{away}")


@people.command("role")
def role_(
    person: PersonId, agency: AgencySlug, role: Role, data: Data, days: Days = None, force: Force = False
) -> None:
    """Change somebody's role in an agency; what only the old role could do ends."""
    known(role)
    lasts = lasting(data, role, days)

    def change(tx: Transaction) -> None:
        ref, agency_ref = rows.by_start(tx, person), agencies.by_slug(tx, agency).ref
        if not rows.is_of(tx, ref, agency_ref):
            raise Refusal(f"has no role in {agency}; make an invite: integra invite --agency {agency} --role {role}")
        now = system_clock()
        rows.join(tx, ref, agency_ref, role, at=now, days=lasts, force=force)
        audit.record(tx, "person.joined", at=now, reason="access", agency=agency_ref, about=ref)

    within(data, change)
    out(f"Is {role} of {agency} now.")


@people.command("site")
def site_(
    person: PersonId,
    agency: AgencySlug,
    data: Data,
    name: Annotated[str, typer.Argument(help="The site; left out: none.")] = "",
) -> None:
    """Say where somebody works in an agency: flags of that site's authors call its shifts of the rota first."""

    def change(tx: Transaction) -> str:
        ref, agency_ref = rows.by_start(tx, person), agencies.by_slug(tx, agency).ref
        where = written(tx, agency_ref, name)
        now = system_clock()
        sites.put(tx, ref, agency_ref, where, at=now)
        audit.record(tx, "person.placed", at=now, reason="access", agency=agency_ref, about=ref)
        return where

    where = within(data, change)
    out(f"Works at {where} now." if where else "Works at no site now; flags call the whole agency's shifts.")


@people.command("renew")
def renew(person: PersonId, agency: AgencySlug, data: Data, days: Days = None) -> None:
    """Let a role that would end by itself last from today, as long as it was given for or --days."""

    def last(tx: Transaction) -> datetime:
        ref, agency_ref = rows.by_start(tx, person), agencies.by_slug(tx, agency).ref
        if days is not None:
            lasting(data, rows.role_in(tx, ref, agency_ref) or "", days)
        return lapses.renew(tx, ref, agency_ref, at=system_clock(), days=days)

    out(f"Lasts until {within(data, last).date().isoformat()}.")


@people.command("revoke")
def revoke(data: Data, person: PersonId, force: Force = False) -> None:
    """End access at the next update; drafts and pending messages are shed, notes stay."""

    def end(tx: Transaction) -> tuple[bool, list[str]]:
        ref = rows.by_start(tx, person)
        may_hold = any(role in (*SERVES, "admin") for _, role in rows.places(tx, ref))
        linked = [kid.hex() for kid in key_holders.keys_of(tx, ref)]
        rows.revoke(tx, ref, at=system_clock(), force=force)
        return may_hold, linked

    may_hold, linked = within(data, end)
    out("Access ended. Notes stay. Flags they had taken are open again, and the desk is told.")
    if linked:
        out(
            f"Their key logs in no more, but still opens notes that were kept: {', '.join(linked)}."
            " Take it off the desk: integra keys revoke, then rewrap."
        )
    elif may_hold:
        out("This role often holds a key that opens notes. If they had one: integra keys revoke, then rewrap.")


@people.command("lost")
def lost(data: Data, person: PersonId, force: Force = False, as_json: AsJson = False) -> None:
    """A phone is lost or stolen: end access at once, and tell what its chat could still show."""
    access = Access(Installation.at(data).pins)
    report = within(data, lambda tx: lose(tx, access, rows.by_start(tx, person), system_clock(), force=force))
    if as_json:
        out_json(report.as_json())
        return
    for line in told(report):
        out(line)


@people.command("replace-chat")
def replace_chat(data: Data, person: PersonId, channel: Channel, chat_id: ChatId) -> None:
    """Move somebody to a new phone or account; what was open in the old chat is shed."""

    def move(tx: Transaction) -> None:
        if rows.at_address(tx, channel, chat_id) is not None:
            raise Refusal("that chat belongs to somebody already")
        ref = rows.by_start(tx, person)
        rows.replace_chat(tx, ref, channel, chat_id, at=system_clock())
        audit.record(tx, "person.moved", at=system_clock(), reason="access", about=ref)

    within(data, move)
    out("Moved. The old chat is a stranger now.")


def known(role: str) -> None:
    if role not in rows.ROLES:
        raise Refusal(f"a role is one of: {', '.join(rows.ROLES)}")


def written(tx: Transaction, agency_ref: bytes, site: str) -> str:
    """A site as the agency has it written already, else as it is written here.

    Raises:
        Refusal: not a name.
    """
    found = read_site(site)
    if found is None:
        raise Refusal(f"a site is a short name in at most {MOST_NAME} printable characters, for example North")
    known_ones = {same_site(name): name for name in duty.sites_of(tx, agency_ref)}
    return known_ones.get(same_site(found), found)


def lasting(data: Path, role: str, days: int | None) -> int | None:
    """For how many days a role is given; None: it does not end by itself."""
    if role == "admin" and days is not None:
        raise Refusal("an admin's role does not end by itself: nobody would hear of alarms; leave out --days")
    if role != "mentor" or days is not None:
        return days
    from bot.settings import Settings  # with pydantic, a tenth of a second that most of these commands do without

    return Settings.read(data).mentor_days


def told(report: Lost) -> list[str]:
    """A report in words, for the terminal."""
    lines = ["Access ended at once. Notes stay.", "", "Gone:"]
    if report.draft_messages or report.draft:
        lines.append(f"  what was being written; the chat is asked to delete {report.draft_messages} messages of it")
    lines.append(f"  {report.waiting_messages} messages that waited, {report.invites} unused invites")
    if report.reopened_flags:
        lines.append(f"Open again, and due now: {', '.join(report.reopened_flags)}")
    lines += ["", "Whoever holds the phone could have seen, in the chat:", "  guide pages, questions and answers"]
    if report.recent_notes:
        lines.append(f"  receipts of the last 48 hours (reference and hour, no text): {', '.join(report.recent_notes)}")
    if report.older_notes:
        lines.append(f"  {report.older_notes} older receipts")
    if report.cases or report.recent_notes or report.older_notes or report.walks:
        lines.append(f"  case codes: of {report.cases} cases as a member, {report.walks} walks, and of notes")
    if report.residue:
        lines.append(f"  words of notes in {report.residue} messages that could not be deleted")
    if report.seen_flags:
        lines.append(f"  open flags (reference, urgency, who took them): {', '.join(report.seen_flags)}")
    lines += ["", "Then: delete the chat from another device of the account, or end its sessions in Telegram."]
    if report.may_hold_key:
        lines.append(
            "This role often holds a key that opens notes. If it was on that phone: integra keys revoke, then rewrap."
        )
    return lines
