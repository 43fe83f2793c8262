"""The one way in: an update or a due timer becomes one transaction.

    seen before? ─▶ who is it? ─▶ load ─▶ decide (dialogues.desk, pure) ─▶ keep effects, state, messages

All of it commits together or not at all. Nothing is sent here: what was committed is returned, and the outbox says it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from bot import audited, duty, evening, flag_author, flag_routing
from bot.access import Access
from bot.answered import tell_answered
from bot.arrivals import arrived, shown_invite
from bot.channels.base import Inbound, Pressed, Reachable
from bot.clock import Clock
from bot.effects import apply
from bot.filed import tell_filed
from bot.lookups import find
from bot.notices import tell
from bot.renewal import access_due
from bot.says import fitting
from bot.unreachable import heard_of_reach, tell_of_unreachable
from dialogues import codec, desk, registry
from dialogues.clean import clean
from dialogues.floor import Floor
from dialogues.kept_plan import LOOK_AGAIN
from dialogues.model import (
    Choice,
    Chose,
    Due,
    Edited,
    EraseTraces,
    Event,
    Fetched,
    Found,
    NotBrought,
    NotFetched,
    Opened,
    PressedOld,
    Say,
    Scene,
    Sent,
    TracePrivate,
    Turn,
    Voice,
    Wrote,
    column,
)
from dialogues.note import UNDO
from dialogues.reference import reference as named
from guidance.model import GuideVersion
from storage import (
    agencies,
    attachments,
    awaited,
    cases,
    conversations,
    deliveries,
    flags,
    gaps,
    invites,
    lapses,
    leases,
    notes,
    outbox,
    people,
    plans,
    reach,
    residue,
    retention,
    rotas,
    timers,
    traces,
)
from storage.actor import Actor
from storage.attachments import Wanted
from storage.conversations import Talk
from storage.errors import Unknown, Unreadable
from storage.outbox import Outgoing, Priority
from storage.pins import Pins
from storage.schema import seen
from storage.timers import Timer
from storage.transaction import Transaction, seconds

MOST_LOOK_UPS = 4  # a dialogue asks once or twice; more is a loop
REMEMBER_UPDATES = timedelta(hours=48)  # twice as long as Telegram repeats one
SWEEP = "sweep"
SWEEP_EVERY = timedelta(hours=1)
REMINDERS_LIVE = timedelta(days=1)  # of what is due on a day; what came too late is shown by the plan itself
LONGEST = {
    SWEEP: SWEEP_EVERY,
    retention.LOOK: retention.EVERY,
    notes.RELEASE: UNDO,
    notes.READ: timedelta(),
    cases.NEW_MEMBER: timedelta(),
    residue.ASK: timedelta(),
    people.ERASE: timedelta(),
    awaited.LOOK: timedelta(),
    **dict.fromkeys((flags.TELL_AUTHOR, flags.ASK_AUTHOR, flags.TELL_DESK), timedelta(days=1)),
    **dict.fromkeys(deliveries.TOLD_AT_ONCE, timedelta(minutes=1)),
    plans.REMINDER: LOOK_AGAIN + timedelta(days=1),
}
"""How far away a timer can be when it is armed; those of flags and drafts are counted apart."""


@dataclass(frozen=True, slots=True)
class World:
    """What turns need besides the transaction; built once by ``bot.wiring``.

    Attributes:
        entropy: gives that many random bytes; fixed in transcripts.
        witness: hears the name of every effect; for transcripts.
        older: language and version -> the guide as it was, for walks that began in it.
        draft_lives: see ``Scene``.
        mentor_days: how long a mentor who is invited in the chat has access, unless it is renewed.
        question_days: see ``Scene``.
        question_people: writers are shown what so many different people asked.
        page, page_in_chat: see ``Scene``.
    """

    voices: Mapping[str, Voice] = field(repr=False)
    pins: Pins
    access: Access
    clock: Clock
    entropy: Callable[[int], bytes]
    witness: Callable[[str], None] | None = None
    older: Mapping[tuple[str, int], GuideVersion] = field(default_factory=dict, repr=False)
    draft_lives: timedelta = timedelta(hours=12)
    mentor_days: int = 90
    question_days: int = 90
    question_people: int = 3
    page: str = ""
    page_in_chat: bool = False

    def voice(self, language: str) -> Voice:
        """In a language, or the first offered."""
        return self.voices.get(language) or next(iter(self.voices.values()))


def take_turn(tx: Transaction, world: World, inbound: Inbound) -> list[Outgoing]:
    """One update.

    Returns:
        The messages it leads to, as committed.

    Raises:
        Exception: whatever went wrong; nothing of the turn is kept.
    """
    now, address_ref = world.clock(), tx.keyring.address_ref(inbound.channel, inbound.chat)
    if not conversations.first_time(tx, inbound.channel, inbound.update_id, at=now, hold=address_ref):
        return []
    if isinstance(inbound.event, Reachable):
        return heard_of_reach(tx, inbound, inbound.event, now)
    if not inbound.private:
        return _say(tx, inbound, world.voice(inbound.language).text("private-only"), now)
    event = inbound.event
    if isinstance(event, Reachable):
        return []
    told: list[Outgoing] = []
    outcome = shown_invite(tx, inbound, _offered(inbound.language, world), now)
    if outcome is not None:
        told, entered = arrived(tx, world, inbound, outcome, now)
        if not entered:
            return told
        event = Wrote("/start")
    talk = conversations.load(tx, address_ref, at=now, held=True)
    if talk is None:
        voice = world.voice(inbound.language)
        danger = isinstance(event, Wrote) and voice.danger.danger(event.text) is not None
        first = voice.text("danger-first") if danger else ""
        return _say(tx, inbound, voice.text(_outside(tx, inbound, now)), now, title=first)
    if not talk.reached:
        told += reach.unmark(tx, talk.address_ref, at=now)
    return _converse(tx, world, talk, _event(event, talk), inbound.channel, inbound.chat, inbound.message) + told


def take_timer(tx: Transaction, world: World, timer: Timer) -> list[Outgoing]:
    """One due timer, if nobody else took it."""
    if not timers.take(tx, timer):
        return []
    now = world.clock()
    match timer.kind:
        case notes.RELEASE:
            notes.release(tx, timer.about)
        case flags.DEADLINE:
            return flag_routing.look(tx, world, timer.about, now)
        case flags.TELL_AUTHOR:
            return flag_author.quiet_is_over(tx, world, timer.about, now)
        case flags.ASK_AUTHOR:
            return flag_author.asked_in_quiet(tx, world, timer.about, now)
        case flags.TELL_DESK:
            return flag_routing.quiet_is_over(tx, world, timer.about, now)
        case rotas.EVENING:
            return evening.evening_due(tx, world, bytes.fromhex(timer.about), now)
        case notes.READ:
            return _read_otherwise(tx, world, timer.about, now)
        case cases.NEW_MEMBER:
            return tell(tx, world, bytes.fromhex(timer.about), "", "case-added", {}, now, opens="case")
        case plans.REMINDER:
            return _plans_due(tx, world, timer.about, now)
        case reach.TELL:
            return tell_of_unreachable(tx, world, timer, now)
        case residue.ASK:
            return _ask_to_clear(tx, world, timer.address_ref, now)
        case people.ERASE:
            return outbox.of_address(tx, bytes.fromhex(timer.about))
        case lapses.ACCESS:
            return access_due(tx, world, timer.about, now)
        case awaited.LOOK:
            return tell_answered(tx, world, timer.about, now)
        case retention.LOOK:
            return _time_limits(tx, world, now)
        case deliveries.FILED | deliveries.PARKED | deliveries.CLOSED | deliveries.DOWN | deliveries.LATE:
            return tell_filed(tx, world, timer, now)
        case retention.TOLD:
            pass  # from now on admins may be told again
        case "sweep":
            invites.sweep(tx, at=now)
            leases.sweep(tx)
            awaited.sweep(tx, at=now)
            deliveries.alarm_all(tx, at=now)
            tx.db.execute(seen.delete().where(seen.c.at < seconds(now - REMEMBER_UPDATES)))
            timers.arm(tx, SWEEP, "", now + SWEEP_EVERY)
            keep_up(tx, world)
            return _desks_that_fail(tx, world, now)
        case _:
            contact = people.contact(tx, timer.address_ref)
            talk = conversations.load(tx, timer.address_ref, at=now)
            if contact is not None and talk is not None:
                due = Due(timer.kind, timer.about)
                return _converse(tx, world, talk, due, contact.channel, contact.chat, "")
    return []


def arm_looks(tx: Transaction, world: World) -> None:
    """What is done again and again is armed, should it not be."""
    for kind in (SWEEP, retention.LOOK):
        if timers.armed_until(tx, kind, "") is None:
            timers.arm(tx, kind, "", world.clock())
    evening.arm_evenings(tx, world, world.clock())


def keep_up(tx: Transaction, world: World) -> None:
    """At the start, when the clock was set back, and every hour: what a clock that was ahead has put off comes in time
    again, and what lost its timer to a damaged page has one again."""
    now = world.clock()
    arm_looks(tx, world)
    for kind, longest in LONGEST.items():
        timers.pull_in(tx, kind, now + longest)
    desk_of = cache(lambda agency_ref: duty.of_agency(tx, world, agency_ref, now))
    flags.pull_in(tx, at=now, shift=lambda agency_ref, *how: desk_of(agency_ref).after(*how))
    notes.release_all_by(tx, now + UNDO)
    conversations.idle_by(tx, desk.IDLE_TIMER, now + world.draft_lives)
    conversations.pull_in(tx, at=now)


def take_fetched(
    tx: Transaction, world: World, one: Wanted, content: bytes | None, why: NotBrought = "out-of-reach"
) -> list[Outgoing]:
    """A photo or voice message that a draft waits for: sealed at once, if the draft is still there, and told to it.

    Args:
        content: cleaned; None: it cannot be had, and ``why``.

    Raises:
        NoRecipients: the desk has nobody left to seal to; nothing is kept.
    """
    tx.hold(one.address_ref)
    if not attachments.is_wanted(tx, one):
        return []
    contact, talk = people.contact(tx, one.address_ref), conversations.load(tx, one.address_ref)
    if contact is None or talk is None:
        attachments.forget(tx, one)
        return []
    now, draft = world.clock(), one.note_id.hex()
    event: Fetched | NotFetched
    if content is None:
        attachments.forget(tx, one)
        event = NotFetched(draft, one.number, why)
    else:
        digest = attachments.seal(tx, world.pins, one, content, at=now)
        event = Fetched(draft, one.number, len(content), digest)
    return _converse(tx, world, talk, event, contact.channel, contact.chat, "")


def not_saved(tx: Transaction, world: World, inbound: Inbound, *, alarm: bool) -> list[Outgoing]:
    """After a turn failed: count the update as taken, tell the person, and with ``alarm`` the admins of the place."""
    now = world.clock()
    if not conversations.first_time(tx, inbound.channel, inbound.update_id, at=now):
        return []
    if isinstance(inbound.event, Reachable):
        return []  # who blocked or unblocked the bot has not written anything that could have been saved
    try:
        talk = conversations.load(tx, tx.keyring.address_ref(inbound.channel, inbound.chat), at=now)
    except Unreadable:  # it does not open today; the update must not come again for ever
        return _say(tx, inbound, world.voice(inbound.language).text("not-saved"), now)
    if talk is None:
        return []
    says = [Say(world.voice(talk.language).text("not-saved"))]
    told = outbox.put(tx, inbound.channel, inbound.chat, says, question=talk.question, at=now)
    if alarm:
        person = world.access.person(tx, talk, now)
        told += tell(tx, world, "admins", person.memberships[0].agency.slug, "alarm-turn", {}, now)
    return told


def _converse(
    tx: Transaction,
    world: World,
    talk: Talk,
    event: Event,
    channel: str,
    chat: str,
    message: str,
    *,
    expires_at: datetime | None = None,
) -> list[Outgoing]:
    """
    Args:
        expires_at: of a reminder: nobody needs it from then on. It is not said where nothing arrives.
    """
    now = world.clock()
    tx = tx.acting(Actor.person(talk.person_ref))
    if tx.walled:
        world.access.wall(tx, talk, now)
    person = world.access.person(tx, talk, now)
    scene = Scene(
        now,
        talk.moved_at,
        person,
        world.voices,
        world.entropy(16).hex(),
        older=world.older,
        draft_lives=world.draft_lives,
        question_days=world.question_days,
        page=world.page,
        page_in_chat=world.page_in_chat,
    )
    try:
        floor = codec.decode(talk.state, registry.STATES) if talk.state is not None else Floor()
        turn = desk.advance(floor, event, scene)
    except codec.UnreadableState:
        turn = desk.advance(Floor(), event if isinstance(event, Due) else Chose("leave"), scene)
        turn = Turn(turn.state, (Say(scene.text("state-unreadable")), *turn.says), turn.effects)
        attachments.drop_of(tx, talk.address_ref)
    turn = _looked_up(tx, world, turn, scene)
    says = [part for say in turn.says for part in fitting(say)]
    priority = Priority.URGENT if any(say.urgent for say in says) else Priority.REPLY
    if expires_at is not None:
        says, priority = says if talk.reached else [], Priority.REMINDER
    question = talk.question + 1 if _asks_anew(says) else talk.question
    floor = turn.state or Floor()
    state = codec.encode(floor) if floor.frames or floor.parked else None
    was = talk.state.rstrip() if talk.state is not None else None  # the store pads with blanks
    if not isinstance(event, Due) or state != was:
        conversations.move_on(tx, talk, state=state, question=question, at=now)
    drafts = [one.draft for one in turn.effects if isinstance(one, TracePrivate)]
    for draft in drafts if message else ():
        traces.leave(tx, talk.address_ref, draft, message, at=now)
    erase = [one.draft for one in turn.effects if isinstance(one, EraseTraces)]
    said = outbox.put(
        tx, channel, chat, says, question=question, erase=erase, at=now, priority=priority, expires_at=expires_at
    )
    for effect in turn.effects:
        if world.witness is not None:
            world.witness(type(effect).__name__)
        said += apply(tx, world, talk, scene, effect)
        audited.did(tx, effect, at=now)
    return said


def _looked_up(tx: Transaction, world: World, turn: Turn[Floor], scene: Scene) -> Turn[Floor]:
    for _ in range(MOST_LOOK_UPS):
        if turn.look_up is None:
            return turn
        rows = find(tx, world, turn.look_up, scene.person, scene.now)
        audited.saw(tx, turn.look_up, rows, at=scene.now)
        following = desk.advance(turn.state or Floor(), Found(rows), scene)
        turn = Turn(following.state, turn.says + following.says, turn.effects + following.effects, following.look_up)
    raise Unknown("a dialogue that looks up without end")


def _event(event: Wrote | Pressed | Sent | Edited, talk: Talk) -> Event:
    match event:
        case Wrote(text):
            return Wrote(clean(text))
        case Sent(caption=caption):
            return replace(event, caption=clean(caption))
        case Pressed(0, key):
            dialogue, _, about = key.partition(".")
            return Opened(dialogue, about)
        case Pressed(question, key):
            return Chose(key) if question == talk.question else PressedOld()
        case _:
            return event


def _asks_anew(says: list[Say]) -> bool:
    """Whether there are new buttons that answer a question (not a mere refresh of those on the screen)."""
    return any(not say.refresh and any(not choice.lasting for choice in say.choices) for say in says)


def _time_limits(tx: Transaction, world: World, now: datetime) -> list[Outgoing]:
    """The daily look: what agencies' time limits cover is erased; notes that are not handed over are told of instead.

    What is more than a transaction should hold waits for the next second.
    """
    said: list[Outgoing] = []
    more = False
    gaps.purge(tx, days=world.question_days, at=now)
    if not world.question_days:
        awaited.clear(tx)
    for agency in agencies.every(tx):
        due = retention.due(tx, agency, at=now)
        retention.erase(tx, due, at=now)
        more = more or max(len(due.notes), len(due.withdrawn), len(due.plans)) == retention.AT_ONCE
        if due.overdue and retention.may_tell(tx, agency, at=now):
            args = {"count": due.overdue, "days": agencies.keep_days(agency)}
            said += tell(tx, world, "admins", agency.slug, "notice-not-handed-over", args, now)
    timers.arm(tx, retention.LOOK, "", now + (timedelta(seconds=1) if more else retention.EVERY))
    return said


def _read_otherwise(tx: Transaction, world: World, about: str, now: datetime) -> list[Outgoing]:
    """A note was read for another reason than handling it: its agency's supervisors hear of it, else its admins."""
    note_id, _, reason = about.partition(".")
    agency_ref = notes.agency_of(tx, bytes.fromhex(note_id))
    args = {"reference": named(note_id), "why": f"read-{reason}"}
    slug = agencies.by_ref(tx, agency_ref).slug
    supervisors = people.in_roles(tx, agency_ref, ("supervisor",))
    if not supervisors:
        return tell(tx, world, "admins", slug, "notice-read", args, now)
    return [one for person in supervisors for one in tell(tx, world, person.ref, slug, "notice-read", args, now)]


def _plans_due(tx: Transaction, world: World, plan_id: str, now: datetime) -> list[Outgoing]:
    """Whoever sees the plan is reminded of it, and of all their others that are due, in one message."""
    said: list[Outgoing] = []
    until = now + REMINDERS_LIVE
    for person_ref, views in plans.take_due(tx, plan_id, now).items():
        due = Due(plans.REMINDER, found=tuple(views))
        for contact in people.contacts(tx, person_ref):
            tx.unwall()
            talk = conversations.load(tx, contact.address_ref, at=now)
            if talk is not None:
                said += _converse(tx, world, talk, due, contact.channel, contact.chat, "", expires_at=until)
    return said


def _ask_to_clear(tx: Transaction, world: World, address_ref: bytes, now: datetime) -> list[Outgoing]:
    contact, talk = people.contact(tx, address_ref), conversations.load(tx, address_ref, at=now)
    count = residue.of(tx, address_ref)
    if contact is None or talk is None or not count or not contact.reached:
        return []
    voice = world.voice(talk.language)
    rows = column(Choice("residue", voice.text("button-residue"), lasting=True))
    say = Say(voice.text("residue-ask", n=count), rows=rows)
    return outbox.put(
        tx, contact.channel, contact.chat, [say], question=talk.question, at=now, priority=Priority.REMINDER
    )


def _desks_that_fail(tx: Transaction, world: World, now: datetime) -> list[Outgoing]:
    """Tell the admins of each agency whose desk must not be used, once an hour until it is put right: somebody may have
    changed it in the database."""
    said: list[Outgoing] = []
    for row in agencies.every(tx):
        if code := agencies.desk_fault(tx, row.slug, world.pins, now):
            args = {"agency": row.profile["name"], "code": code}
            until = now + SWEEP_EVERY
            said += tell(tx, world, "admins", row.slug, "alarm-desk", args, now, again=True, expires_at=until)
        else:
            agencies.raise_pin(tx, row.slug, world.pins, now)
    return said


def _say(tx: Transaction, inbound: Inbound, text: str, now: datetime, *, title: str = "") -> list[Outgoing]:
    """``title``: the first line in danger, or empty."""
    priority = Priority.URGENT if title else Priority.REPLY
    return outbox.put(tx, inbound.channel, inbound.chat, [Say(text, title=title)], at=now, priority=priority)


def _outside(tx: Transaction, inbound: Inbound, now: datetime) -> str:
    """The phrase for a chat without access: a code is waited for, access has ended, or a stranger."""
    if invites.waits_for_code(tx, inbound.channel, inbound.chat, at=now):
        return "invite-ask-code"
    return "stranger" if people.at_address(tx, inbound.channel, inbound.chat) is None else "access-ended"


def _offered(language: str, world: World) -> str:
    short = language.lower().partition("-")[0]
    return short if short in world.voices else next(iter(world.voices))
