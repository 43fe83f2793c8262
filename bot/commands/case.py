"""`integra case`: who works on a case, and so sees its ticks."""

from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, out, out_json
from bot.commands.within import within
from dialogues.case_code import CaseCode, CasePattern
from storage import agencies, audit, cases
from storage import people as rows
from storage.transaction import Transaction

case = typer.Typer(help="Cases and their members.", no_args_is_help=True)

AgencySlug = Annotated[str, typer.Option("--agency", help="Slug of the agency.")]
Code = Annotated[str, typer.Argument(help="The case code; a name is refused.")]
PersonId = Annotated[str, typer.Argument(help="Id as `integra people list` shows it, or its first digits.")]


@case.command("assign")
def assign(code: Code, person: PersonId, agency: AgencySlug, data: Data) -> None:
    """Make a person a member of a case; they are told in the chat, without the code."""

    def turn(tx: Transaction) -> bool:
        agency_ref, known = _known(tx, agency, code)
        member = rows.by_start(tx, person)
        done = cases.assign(tx, agency_ref, known, member, at=system_clock())
        if done:
            _record(tx, "case.assigned", agency_ref, known, to=member.hex())
        return done

    out("Assigned." if within(data, turn) else "Is a member already.")


@case.command("remove")
def remove(code: Code, person: PersonId, agency: AgencySlug, data: Data) -> None:
    """End a person's membership; their walks of the case go, what they ticked stays for the others."""

    def turn(tx: Transaction) -> bool:
        agency_ref, known = _known(tx, agency, code)
        member = rows.by_start(tx, person)
        done = cases.remove(tx, agency_ref, known, member)
        if done:
            _record(tx, "case.removed", agency_ref, known, to=member.hex())
        return done

    if not within(data, turn):
        raise Refusal("that person is no member of it; see: integra case members")
    out("Removed.")


@case.command("members")
def members(code: Code, agency: AgencySlug, data: Data, as_json: AsJson = False) -> None:
    """Who works on a case."""

    def turn(tx: Transaction) -> list[dict[str, str]]:
        agency_ref, known = _known(tx, agency, code)
        found = cases.members(tx, agency_ref, known)
        _record(tx, "case.viewed", agency_ref, known)
        return [{"id": one.person, "handle": one.handle, "role": one.role} for one in found]

    listed = within(data, turn)
    if as_json:
        out_json(listed)
        return
    for one in listed:
        out(f"{one['id'][:8]}  {one['handle'] or '-'}  {one['role']}")
    if not listed:
        out("Nobody. Add somebody: integra case assign CODE PERSON")


@case.command("list")
def list_(agency: AgencySlug, data: Data, as_json: AsJson = False) -> None:
    """List an agency's cases that have, or had, members."""

    def turn(tx: Transaction) -> list[cases.CaseRow]:
        agency_ref = agencies.by_slug(tx, agency).ref
        audit.record(tx, "cases.listed", at=system_clock(), reason="operation", agency=agency_ref)
        return cases.of_agency(tx, agency_ref)

    listed = within(data, turn)
    if as_json:
        out_json([{"code": one.code, "members": one.members, "since": one.opened_at.isoformat()} for one in listed])
        return
    for one in listed:
        out(f"{one.code}  {one.members} members  since {one.opened_at.date().isoformat()}")
    if not listed:
        out("None.")


@case.command("close")
def close(code: Code, agency: AgencySlug, data: Data) -> None:
    """End a case: members, shared ticks and walks are deleted. Notes stay."""

    def turn(tx: Transaction) -> bool:
        agency_ref, known = _known(tx, agency, code)
        done = cases.close(tx, agency_ref, known)
        if done:
            _record(tx, "case.closed", agency_ref, known)
        return done

    if not within(data, turn):
        raise Refusal("there is no such case; see: integra case list")
    out("Closed. Its members, ticks and walks are gone; notes stay.")


def _record(tx: Transaction, action: audit.Action, agency_ref: bytes, code: str, *, to: str = "") -> None:
    reason: audit.Reason = "access" if action in ("case.assigned", "case.removed") else "operation"
    about = tx.keyring.case_tag(agency_ref, code) or b""
    audit.record(tx, action, at=system_clock(), reason=reason, agency=agency_ref, about=about, to=to)


def _known(tx: Transaction, slug: str, code: str) -> tuple[bytes, str]:
    """The agency's ref, and the code as its pattern writes it."""
    row = agencies.by_slug(tx, slug)
    read = CasePattern(row.profile["case_pattern"]).read(code)
    if not isinstance(read, CaseCode):
        raise Refusal(read.say)
    return row.ref, read.text
