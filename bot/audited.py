"""Which acts in a chat leave an entry in the audit log, and which do not, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dialogues.model import (
    AssignCase,
    AwaitAnswer,
    AwaitOther,
    CaseView,
    ClearResidue,
    CloseCase,
    CloseFlag,
    CountFeedback,
    DeclineFlag,
    DropAttachments,
    DropAwaited,
    DropPlan,
    DropWalk,
    Effect,
    EndAccess,
    EraseTraces,
    FetchMedium,
    FlagView,
    HandOnFlag,
    KeepNote,
    KeepPlan,
    KeepQuestion,
    KeepRota,
    KeepWalk,
    LookUp,
    LosePhone,
    MakeInvite,
    MakeLink,
    PlanView,
    Remind,
    RenewAccess,
    SetSite,
    Settle,
    StaffView,
    TakeFlag,
    Tell,
    TickCase,
    TracePrivate,
    UnassignCase,
    UndoTake,
    WithdrawNote,
    WorkOnFlag,
    WorsenFlag,
)
from storage import audit, notes
from storage.audit import Action, Reason
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Recorded:
    action: Action
    reason: Reason


@dataclass(frozen=True, slots=True)
class NotRecorded:
    why: str


EFFECTS: Final[Mapping[type[Effect], Recorded | NotRecorded]] = {
    KeepNote: Recorded("note.kept", "authorship"),
    WithdrawNote: Recorded("note.withdrawn", "authorship"),
    TakeFlag: Recorded("flag.taken", "desk"),
    UndoTake: Recorded("flag.untaken", "desk"),
    DeclineFlag: Recorded("flag.declined", "desk"),
    WorkOnFlag: Recorded("flag.worked", "desk"),
    AwaitOther: Recorded("flag.worked", "desk"),
    HandOnFlag: Recorded("flag.handed-on", "desk"),
    CloseFlag: Recorded("flag.closed", "desk"),
    WorsenFlag: Recorded("flag.worsened", "authorship"),
    KeepRota: Recorded("rota.changed", "desk"),
    AssignCase: Recorded("case.assigned", "access"),
    UnassignCase: Recorded("case.removed", "access"),
    CloseCase: Recorded("case.closed", "casework"),
    TickCase: Recorded("case.ticked", "casework"),
    TracePrivate: NotRecorded("a draft in one's own chat"),
    EraseTraces: NotRecorded("a draft in one's own chat"),
    FetchMedium: NotRecorded("a draft in one's own chat"),
    DropAttachments: NotRecorded("a draft in one's own chat"),
    Remind: NotRecorded("a deadline of one's own"),
    Settle: NotRecorded("one's own language and handle; coming in is an entry of its own"),
    KeepWalk: NotRecorded("one's own progress through the guide"),
    DropWalk: NotRecorded("one's own progress through the guide"),
    KeepPlan: Recorded("plan.kept", "casework"),
    DropPlan: Recorded("plan.dropped", "casework"),
    ClearResidue: NotRecorded("one's own chat"),
    MakeInvite: NotRecorded("its entry is made with the invite, in storage.invites"),
    SetSite: Recorded("person.placed", "access"),
    MakeLink: NotRecorded("its use is an entry: session.begun"),
    RenewAccess: NotRecorded("its entry is made with the new date, in storage.lapses"),
    EndAccess: NotRecorded("its entry is made where access ends, in storage.people"),
    LosePhone: NotRecorded("its entry is made where access ends, in storage.people"),
    CountFeedback: NotRecorded("a count without people"),
    KeepQuestion: NotRecorded("kept without who asked; an entry would say who"),
    AwaitAnswer: NotRecorded("a wish of one's own"),
    DropAwaited: NotRecorded("a wish of one's own"),
    Tell: NotRecorded("a notice without content"),
}
LOOK_UPS: Final[Mapping[str, Recorded | NotRecorded]] = {
    "open-flags": Recorded("flags.listed", "desk"),
    "flag": Recorded("flag.viewed", "desk"),
    "cases": Recorded("cases.listed", "casework"),
    "case": Recorded("case.viewed", "casework"),
    "staff": NotRecorded("handles and roles of one's colleagues"),
    "colleagues": NotRecorded("handles of one's colleagues at the desk"),
    "people": Recorded("people.listed", "access"),
    "rota": NotRecorded("handles of one's colleagues at the desk, and when they are on duty"),
    "my-notes": NotRecorded("one's own receipts, without a word of a note"),
    "my-note": NotRecorded("one's own receipts, without a word of a note"),
    "my-plans": Recorded("plans.listed", "casework"),
    "plan": Recorded("plan.viewed", "casework"),
    "destinations": NotRecorded("names of case systems, and how much goes there"),
    "my-walks": NotRecorded("one's own progress through the guide"),
}


def did(tx: Transaction, effect: Effect, *, at: datetime) -> None:
    """An effect was done in this transaction."""
    kept = EFFECTS[type(effect)]
    if isinstance(kept, NotRecorded):
        return
    match effect:
        case KeepNote(note_id, agency, amends=amends):
            action: Action = "note.amended" if amends else kept.action
            about, agency_ref, to = bytes.fromhex(note_id), tx.keyring.agency_ref(agency), ""
        case HandOnFlag(note_id, to_person):
            action, about, to = kept.action, bytes.fromhex(note_id), to_person
            agency_ref = notes.agency_of(tx, about)
        case (
            WithdrawNote(note_id)
            | TakeFlag(note_id)
            | UndoTake(note_id)
            | DeclineFlag(note_id)
            | WorkOnFlag(note_id)
            | AwaitOther(note_id)
            | CloseFlag(note_id)
            | WorsenFlag(note_id)
        ):
            action, about, to = kept.action, bytes.fromhex(note_id), ""
            agency_ref = notes.agency_of(tx, about)
        case AssignCase(agency, code, person) | UnassignCase(agency, code, person):
            action, agency_ref, to = kept.action, tx.keyring.agency_ref(agency), person
            about = tx.keyring.case_tag(agency_ref, code) or b""
        case KeepPlan(plan_id, agency) | DropPlan(plan_id, agency):
            action, agency_ref, to = kept.action, tx.keyring.agency_ref(agency), ""
            about = bytes.fromhex(plan_id)
        case KeepRota(agency):
            action, agency_ref, to = kept.action, tx.keyring.agency_ref(agency), ""
            about = agency_ref
        case SetSite(agency, person):
            action, agency_ref, to = kept.action, tx.keyring.agency_ref(agency), ""
            about = bytes.fromhex(person)
        case CloseCase(agency, code) | TickCase(agency, code):
            action, agency_ref, to = kept.action, tx.keyring.agency_ref(agency), ""
            about = tx.keyring.case_tag(agency_ref, code) or b""
        case _:
            raise TypeError(f"no entry is made up for {type(effect).__name__}")
    audit.record(tx, action, at=at, reason=kept.reason, agency=agency_ref, about=about, to=to)


def saw(tx: Transaction, look_up: LookUp, rows: tuple[object, ...], *, at: datetime) -> None:
    """A look-up was answered in this transaction. Nothing found, nothing seen; a list is an entry for each agency."""
    kept = LOOK_UPS[look_up.what]
    found = [row for row in rows if isinstance(row, FlagView | CaseView | PlanView | StaffView)]
    if isinstance(kept, NotRecorded) or not found:
        return
    for slug in sorted({row.agency for row in found}):
        agency_ref = tx.keyring.agency_ref(slug)
        about = _about(tx, agency_ref, found[0]) if look_up.what in ("flag", "case", "plan") else b""
        audit.record(tx, kept.action, at=at, reason=kept.reason, agency=agency_ref, about=about)


def _about(tx: Transaction, agency_ref: bytes, row: FlagView | CaseView | PlanView | StaffView) -> bytes:
    if isinstance(row, StaffView):
        return bytes.fromhex(row.person)
    if isinstance(row, FlagView):
        return bytes.fromhex(row.note_id)
    if isinstance(row, PlanView):
        return bytes.fromhex(row.plan_id)
    return tx.keyring.case_tag(agency_ref, row.code) or b""
