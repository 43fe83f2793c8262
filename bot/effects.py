"""What a turn wants done beyond talking, done within its transaction."""

from typing import TYPE_CHECKING

from bot import evening, flag_acts, flag_routing
from bot.answered import answered
from bot.lost import lose
from bot.notices import tell
from dialogues import permissions
from dialogues.model import (
    AssignCase,
    AwaitAnswer,
    AwaitOther,
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
    HandOnFlag,
    KeepNote,
    KeepPlan,
    KeepQuestion,
    KeepRota,
    KeepWalk,
    LosePhone,
    MakeInvite,
    MakeLink,
    Remind,
    RenewAccess,
    Scene,
    SetSite,
    Settle,
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
from dialogues.note import UNDO
from dialogues.rota_file import read_kept
from storage import (
    attachments,
    awaited,
    cases,
    feedback,
    gaps,
    invites,
    lapses,
    notes,
    people,
    plans,
    residue,
    rotas,
    sessions,
    sites,
    timers,
    walks,
)
from storage.conversations import Talk
from storage.errors import Unknown
from storage.outbox import Outgoing
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World


def apply(tx: Transaction, world: "World", talk: Talk, scene: Scene, effect: Effect) -> list[Outgoing]:
    """Do one effect.

    Returns:
        Messages to other people that follow from it.

    Raises:
        Unknown: this person may not do that, or what it is about is not there; which of these is not told.
        Exception: it could not be done; the whole turn is undone.
    """
    if not permissions.allows(scene.person, type(effect).__name__, getattr(effect, "agency", "")):
        raise Unknown("agency")
    now, me = scene.now, talk.person_ref
    match effect:
        case KeepNote(note_id, agency, body, case_code, flag_level, amends, attached):
            notes.keep(
                tx,
                world.pins,
                note_id=note_id,
                agency=agency,
                author_ref=me,
                body=body,
                case_code=case_code,
                flag_level=flag_level,
                amends=amends,
                at=now,
                undo=UNDO,
            )
            attachments.keep(tx, note_id, attached)
            if flag_level == 0:
                return []
            return flag_routing.raise_flag(tx, world, note_id, tx.keyring.agency_ref(agency), flag_level, now)
        case WithdrawNote(note_id):
            notes.withdraw(tx, note_id, me)
            return flag_acts.withdrawn(tx, world, note_id, now)
        case (
            TakeFlag()
            | UndoTake()
            | DeclineFlag()
            | WorkOnFlag()
            | AwaitOther()
            | HandOnFlag()
            | CloseFlag()
            | WorsenFlag()
        ):
            return flag_acts.done(tx, world, scene.person, effect, now)
        case Remind(kind, at, about):
            timers.arm(tx, kind, about, at, address_ref=talk.address_ref)
        case Settle(language, handle, accepted):
            people.settle(tx, me, at=now, language=language, handle=handle, accepted=accepted)
        case KeepWalk(walk_id, agency, guide_version, progress, case_code):
            walks.keep(
                tx,
                walk_id=walk_id,
                person_ref=me,
                agency_ref=tx.keyring.agency_ref(agency),
                guide_version=guide_version,
                progress=progress,
                case_code=case_code,
                at=now,
            )
        case DropWalk(walk_id):
            walks.drop(tx, walk_id, me)
        case AssignCase(agency, case_code, person):
            cases.assign(tx, tx.keyring.agency_ref(agency), case_code, bytes.fromhex(person), at=now)
        case UnassignCase(agency, case_code, person):
            cases.remove(tx, tx.keyring.agency_ref(agency), case_code, bytes.fromhex(person))
        case CloseCase(agency, case_code):
            cases.close(tx, tx.keyring.agency_ref(agency), case_code)
        case TickCase(agency, case_code, checks, done):
            for check in checks:
                cases.tick(tx, tx.keyring.agency_ref(agency), case_code, check, me, done=done, at=now)
        case KeepPlan(plan_id, agency, body, case_code, remind_at):
            plans.keep(
                tx,
                plan_id=plan_id,
                person_ref=me,
                agency_ref=tx.keyring.agency_ref(agency),
                body=body,
                case_code=case_code,
                remind_at=remind_at,
                at=now,
            )
        case DropPlan(plan_id, _):
            plans.drop(tx, plan_id, me)
        case ClearResidue():
            residue.cleared(tx, talk.address_ref)
        case MakeInvite(agency, role, token, site):
            days = world.mentor_days if role == "mentor" else None
            agency_ref = tx.keyring.agency_ref(agency)
            invites.make(tx, agency_ref, role, at=now, days=days, issuer_ref=me, token=token, site=site)
        case SetSite(agency, person, site):
            sites.put(tx, bytes.fromhex(person), tx.keyring.agency_ref(agency), site, at=now)
        case MakeLink(token):
            sessions.make_link(tx, me, token, at=now)
        case RenewAccess(agency, person):
            lapses.renew(tx, _in_my_hands(tx, scene, agency, person), tx.keyring.agency_ref(agency), at=now)
        case EndAccess(agency, person):
            theirs = _in_my_hands(tx, scene, agency, person)
            if len(people.places(tx, theirs)) == 1:
                people.revoke(tx, theirs, at=now)
            else:
                people.leave(tx, theirs, tx.keyring.agency_ref(agency), at=now)
        case LosePhone(agency, person):
            theirs = bytes.fromhex(person)
            if theirs == me or not people.is_of(tx, theirs, tx.keyring.agency_ref(agency)):
                raise Unknown("person")
            report = lose(tx, world.access, theirs, now)
            return tell(tx, world, me, agency, "lost-report", report.args(), now, opens="people")
        case KeepRota(agency, version, body):
            agency_ref, rota = tx.keyring.agency_ref(agency), read_kept(body)
            rotas.keep(tx, agency_ref, rota, at=now, from_version=version)
            evening.rota_changed(tx, world, agency_ref, now)
        case CountFeedback(answer, helpful):
            feedback.count(tx, answer, helpful=helpful)
        case KeepQuestion(agency, language, question, why) if world.question_days:
            gaps.keep(
                tx,
                tx.keyring.agency_ref(agency),
                me,
                language=language,
                question=question,
                why=why,
                rarity=world.voice(language).rarity,
                people=world.question_people,
                at=now,
            )
        case AwaitAnswer(ref, language, question) if world.question_days:
            until = gaps.until(now, world.question_days)
            known = answered(world.voice(language), question)
            awaited.keep(tx, ref, talk.address_ref, language=language, question=question, known=known, until=until)
        case KeepQuestion() | AwaitAnswer():
            pass  # nothing is kept where that is switched off
        case DropAwaited(ref):
            awaited.drop(tx, ref, talk.address_ref)
        case Tell(whom, agency, phrase, args_):
            told = tell(tx, world, whom, agency, phrase, dict(args_), now)
            if whom == "desk" and not told:
                return tell(tx, world, me, agency, "desk-reaches-nobody", {}, now)
            return told
        case FetchMedium(draft, number, agency, media, handle):
            if scene.person.at(agency) is None:
                raise Unknown("agency")
            attachments.want(tx, talk.address_ref, draft, number, agency=agency, media=media, handle=handle)
        case EraseTraces(draft):
            attachments.drop(tx, draft)
        case DropAttachments(draft, number):
            attachments.drop(tx, draft, number=number)
        case TracePrivate():
            pass  # done with the turn's own messages, whose order it shares; so is what EraseTraces deletes in the chat
    return []


def _in_my_hands(tx: Transaction, scene: Scene, agency: str, person: str) -> bytes:
    """The ref of somebody whose role in this agency may be renewed or ended by this person; nobody ends their own.

    Raises:
        Unknown: it is not, or there is none.
    """
    own, theirs = scene.person.at(agency), bytes.fromhex(person)
    role = people.role_in(tx, theirs, tx.keyring.agency_ref(agency))
    if own is None or role is None or person == scene.person.ref or not permissions.may_end(own.role, role):
        raise Unknown("person")
    return theirs
