"""`integra invite`, `integra people`: who may use the assistant."""

from datetime import timedelta
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, out, out_json, within
from storage import agencies, audit
from storage import people as rows
from storage.transaction import Transaction

people = typer.Typer(help="People who are enrolled.", no_args_is_help=True)

Role = Annotated[str, typer.Option(help="One of: " + ", ".join(rows.ROLES) + ".")]
AgencySlug = Annotated[str, typer.Option("--agency", help="Slug of the agency.")]
Channel = Annotated[str, typer.Option(help="The channel, for example telegram.")]
ChatId = Annotated[str, typer.Option("--chat-id", help="The channel's own id of the private chat.")]
PersonId = Annotated[str, typer.Argument(help="Id as `integra people list` shows it, or its first digits.")]


def invite(
    data: Data,
    agency: AgencySlug,
    role: Role,
    hours: Annotated[int, typer.Option(min=1, max=168, help="How long it can be used.")] = 24,
    bot: Annotated[str, typer.Option(help="The bot's user name, to print a link.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a one-time invite for one person."""
    known(role)
    token = within(
        data,
        lambda tx: rows.invite(
            tx, agencies.by_slug(tx, agency).ref, role, at=system_clock(), lives=timedelta(hours=hours)
        ),
    )
    link = f"https://t.me/{bot}?start={token}" if bot else ""
    if as_json:
        out_json({"token": token, "link": link, "role": role, "agency": agency, "hours": hours})
        return
    out(f"Invite for one {role} of {agency}, good for {hours} hours, once:")
    out(link or f"/start {token}")
    out("Hand it over in person or by a channel you trust. It is not shown again.")


@people.command("add")
def add(data: Data, agency: AgencySlug, role: Role, channel: Channel, chat_id: ChatId) -> None:
    """Enrol a known chat directly; the person accepts the rules in the first conversation."""
    known(role)

    now = system_clock()

    def enrol(tx: Transaction) -> str:
        agency_ref = agencies.by_slug(tx, agency).ref
        found = rows.at_address(tx, channel, chat_id)
        if found is not None:
            rows.join(tx, found, agency_ref, role, at=now)
            audit.record(tx, "person.joined", at=now, reason="access", agency=agency_ref, about=found)
            return f"Known already; is {role} of {agency} now: {found.hex()[:8]}"
        ref = rows.add(tx, agency_ref, role, language="en", at=now)
        rows.reach_at(tx, ref, channel, chat_id)
        audit.record(tx, "person.added", at=now, reason="access", agency=agency_ref, about=ref)
        return f"Enrolled {ref.hex()[:8]}"

    out(within(data, enrol))


@people.command("list")
def list_(data: Data, as_json: AsJson = False) -> None:
    """List people: id, handle, roles, state. Chat ids are not shown."""

    def read(tx: Transaction) -> list[dict[str, object]]:
        audit.record(tx, "people.listed", at=system_clock(), reason="operation")
        return [
            {
                "id": person.ref.hex(),
                "handle": person.handle,
                "roles": {agencies.by_ref(tx, ref).slug: role for ref, role in places},
                "state": "revoked" if person.revoked else "active" if person.accepted else "invited",
            }
            for person, places in rows.every(tx)
        ]

    found = within(data, read)
    if as_json:
        out_json(found)
        return
    for one in found:
        out(f"{str(one['id'])[:8]}  {one['handle'] or '-'}  {one['roles']}  {one['state']}")


@people.command("revoke")
def revoke(data: Data, person: PersonId) -> None:
    """End access at the next update; drafts and pending messages are shed, notes stay."""
    within(data, lambda tx: rows.revoke(tx, rows.by_start(tx, person), at=system_clock()))
    out("Access ended. Notes stay. Flags they had taken are open again, and the desk is told.")


@people.command("replace-chat")
def replace_chat(data: Data, person: PersonId, channel: Channel, chat_id: ChatId) -> None:
    """Move somebody to a new phone or account; what was open in the old chat is shed."""

    def move(tx: Transaction) -> None:
        if rows.at_address(tx, channel, chat_id) is not None:
            raise Refusal("that chat belongs to somebody already")
        ref = rows.by_start(tx, person)
        rows.replace_chat(tx, ref, channel, chat_id)
        audit.record(tx, "person.moved", at=system_clock(), reason="access", about=ref)

    within(data, move)
    out("Moved. The old chat is a stranger now.")


def known(role: str) -> None:
    if role not in rows.ROLES:
        raise Refusal(f"a role is one of: {', '.join(rows.ROLES)}")
