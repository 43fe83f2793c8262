"""The words every dialogue is written in: events, says, effects, look-ups, the scene, the turn.

All values are frozen. Whatever a person wrote is ``repr=False``: no log line, traceback or failing
assert shows it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from guidance.handoff import Sheet
from guidance.model import Content, GuideVersion, Role
from guidance.site import NOWHERE, Site
from guidance.themes import EVEN, Rarity

if TYPE_CHECKING:  # what finds answers takes a quarter of a second to import, and most commands find none
    from guidance.asking import Asking
    from guidance.danger import DangerFinder
    from guidance.encoder import Encoder
    from guidance.learnt import Learnt

S = TypeVar("S")

Urgency = Literal["routine", "today", "urgent"]
Media = Literal["photo", "voice", "video", "sticker", "document", "location", "contact", "forwarded", "other"]
Attachable = Literal["photo", "voice"]
NotBrought = Literal["too-large", "unusable", "out-of-reach"]
Unanswered = Literal["refused", "none-chosen", "not-helpful"]

MOST_MEDIUM_BYTES = 5_000_000
"""Of one photo or voice message."""

# ---------------------------------------------------------------- what happened


@dataclass(frozen=True, slots=True)
class Wrote:
    """The person typed something: cleaned text, 0 to 4,096 UTF-16 units."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Chose:
    """The person pressed a button; ``key`` is the choice's key, never its label."""

    key: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The person pressed a lasting button: ``dialogue`` is to have the floor, opened with ``about``."""

    dialogue: str
    about: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PressedOld:
    """The person pressed a button of a question that is no longer open."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The person sent something that is not text.

    Attributes:
        handle: what the channel fetches a photo or voice message by, or empty: there is none small enough.
        size: bytes, as the channel says; 0: it does not.
        caption: cleaned text under it, 0 to 1,024 UTF-16 units.
    """

    media: Media
    handle: str = field(default="", repr=False)
    size: int = 0
    caption: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A photo or voice message that ``FetchMedium`` asked for is here, cleaned and sealed.

    Attributes:
        size: bytes of what was sealed.
        digest: see docs/formats/sealed-attachment.md; 64 hex digits. Tells nothing of the content without its salt.
    """

    draft: str
    number: int
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class NotFetched:
    """It could not be had; nothing of it is kept."""

    draft: str
    number: int
    why: NotBrought


@dataclass(frozen=True, slots=True)
class Edited:
    """The person changed a message sent earlier; the new text is not read."""


@dataclass(frozen=True, slots=True)
class Due:
    """A timer of this conversation fell due. ``found``: the rows it is about, from the same transaction."""

    kind: str
    about: str = ""
    found: tuple["PlanView", ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a look-up, from the same transaction."""

    rows: tuple["Row", ...] = field(repr=False)


Event = Wrote | Chose | Opened | PressedOld | Sent | Fetched | NotFetched | Edited | Due | Found

# ---------------------------------------------------------------- what is said


@dataclass(frozen=True, slots=True)
class Choice:
    """A button.

    Attributes:
        key: 1 to 48 bytes of ``A-Za-z0-9.-``; what comes back when it is pressed.
        label: at most 34 characters read well on a phone.
        lasting: it stays good whatever the conversation has moved on to (a flag's *Take*, *Undo*). Its key is
            ``<dialogue>`` or ``<dialogue>.<about>``; that dialogue makes a second press harmless.
        opens: an https address that the channel shows within itself, where it can; else it is a button like any other.
    """

    key: str
    label: str = field(compare=False, repr=False)
    lasting: bool = False
    opens: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A page to be sent as PDF; it is drawn at delivery, and lies nowhere as a file.

    Attributes:
        instead: what to say where the page cannot be drawn, in the person's language.
    """

    sheet: Sheet = field(repr=False)
    instead: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Say:
    """One message to the person.

    Attributes:
        text: plain text; no markup is ever read in it.
        title: a first line in bold, or empty.
        small: a last line in italics (sources, limits), or empty.
        rows: buttons, a tuple a row.
        refresh: may take the place of the last message that carried this question's buttons.
        private: id of the draft whose words it repeats; erased from the chat with that draft's traces. Or empty.
        standing: carries the buttons that are always there (danger, menu), where the channel has such.
        document: a page that comes with it; the text is then its caption.
        urgent: somebody may be in danger: its turn is said before what waits for others.
    """

    text: str = field(repr=False)
    title: str = field(default="", repr=False)
    small: str = field(default="", repr=False)
    rows: tuple[tuple[Choice, ...], ...] = ()
    refresh: bool = False
    private: str = ""
    standing: bool = False
    document: Document | None = None
    urgent: bool = False

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(choice for row in self.rows for choice in row)


def column(*choices: Choice) -> tuple[tuple[Choice, ...], ...]:
    """Buttons one under another."""
    return tuple((choice,) for choice in choices)


# ---------------------------------------------------------------- what is to be done


@dataclass(frozen=True, slots=True)
class KeepNote:
    """Seal and keep a note.

    Attributes:
        note_id: 16 bytes, hex; from ``Scene.fresh``.
        agency: the agency's slug.
        body: what is sealed: a JSON object as ``docs/formats/sealed-note.md`` describes it.
        case_code: canonical, or empty; becomes a keyed tag.
        flag_level: 0 none, 1 routine, 2 today, 3 urgent.
        amends: id of the note this one adds to, or empty.
        attachments: numbers of the sealed attachments that the body lists.
    """

    note_id: str
    agency: str
    body: Mapping[str, object] = field(repr=False)
    case_code: str = field(default="", repr=False)
    flag_level: int = 0
    amends: str = ""
    attachments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WithdrawNote:
    """Undo: destroy the sealed text; a flag stays visible as withdrawn by its author."""

    note_id: str


@dataclass(frozen=True, slots=True)
class TracePrivate:
    """The message just received carried note text: remember it for erasing with ``draft``."""

    draft: str


@dataclass(frozen=True, slots=True)
class EraseTraces:
    """``draft`` is over: delete from the chat what ``TracePrivate`` and private says left there for it, and destroy its
    attachments but for those of a note that was kept."""

    draft: str


@dataclass(frozen=True, slots=True)
class FetchMedium:
    """Fetch a photo or voice message, clean it and seal it to the agency's desk; ``Fetched`` or ``NotFetched`` follows.

    Attributes:
        draft: id of the draft it belongs to.
        number: 1 to 255, never used before in this draft: one that comes late is not taken for another.
    """

    draft: str
    number: int
    agency: str
    media: Attachable
    handle: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DropAttachments:
    """Destroy the attachments of a draft, those on their way too; or with ``number`` that one."""

    draft: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class TakeFlag:
    note_id: str


@dataclass(frozen=True, slots=True)
class UndoTake:
    """It was taken by accident: nobody has it, as before."""

    note_id: str


@dataclass(frozen=True, slots=True)
class DeclineFlag:
    """The person cannot take it; it goes on to the others. ``why``: one of ``DECLINED``."""

    note_id: str
    why: str


@dataclass(frozen=True, slots=True)
class WorkOnFlag:
    """Its owner works on it, or still does."""

    note_id: str


@dataclass(frozen=True, slots=True)
class AwaitOther:
    """It is another agency's turn; its owner keeps it. ``whom``: one of ``AWAITED``."""

    note_id: str
    whom: str


@dataclass(frozen=True, slots=True)
class HandOnFlag:
    """For a colleague to take: by its owner, or by anybody of the desk while nobody has it."""

    note_id: str
    to_person: str


@dataclass(frozen=True, slots=True)
class WorsenFlag:
    """Its author says that it is worse than they wrote. ``urgency``: what it becomes; harmless where it is that."""

    note_id: str
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class CloseFlag:
    """``outcome``: one of ``OUTCOMES``."""

    note_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Remind:
    """Let a ``Due(kind, about)`` event come to this conversation at ``at``; one row a kind and about."""

    kind: str
    at: datetime
    about: str = ""


@dataclass(frozen=True, slots=True)
class Settle:
    """Write what the person settled about themselves; None leaves it as it was."""

    language: str | None = None
    handle: str | None = field(default=None, repr=False)
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class KeepWalk:
    """Write how far a walk has come.

    Attributes:
        walk_id: 16 bytes, hex.
        progress: the walk's state as the codec writes it; encrypted at rest.
    """

    walk_id: str
    agency: str
    guide_version: int
    progress: str = field(repr=False)
    case_code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DropWalk:
    walk_id: str


@dataclass(frozen=True, slots=True)
class AssignCase:
    """Make a person a member of a case; they are told, without its code."""

    agency: str
    case_code: str = field(repr=False)
    person: str


@dataclass(frozen=True, slots=True)
class UnassignCase:
    """End a person's membership; their walks of the case go."""

    agency: str
    case_code: str = field(repr=False)
    person: str


@dataclass(frozen=True, slots=True)
class CloseCase:
    """End a case: members, shared ticks, walks. Notes stay."""

    agency: str
    case_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TickCase:
    """Set (``done``) or take back ticks that all members of a case share; ``checks`` are ids."""

    agency: str
    case_code: str = field(repr=False)
    checks: tuple[str, ...]
    done: bool


@dataclass(frozen=True, slots=True)
class KeepPlan:
    """Write a release plan, and when somebody is next reminded of it.

    Attributes:
        plan_id: 16 bytes, hex.
        body: the plan as the codec writes it; encrypted at rest.
        remind_at: aware; None: no reminder.
    """

    plan_id: str
    agency: str
    body: str = field(repr=False)
    case_code: str = field(repr=False)
    remind_at: datetime | None


@dataclass(frozen=True, slots=True)
class DropPlan:
    """Delete a release plan, with its reminder."""

    plan_id: str
    agency: str


@dataclass(frozen=True, slots=True)
class ClearResidue:
    """The person cleared from this chat what could not be deleted for them."""


@dataclass(frozen=True, slots=True)
class MakeInvite:
    """Make an invite to a role of an agency.

    Attributes:
        token: what is to be typed, from ``Scene.fresh``; at least 80 random bits.
        site: where they will work, or empty.
    """

    agency: str
    role: Role
    token: str = field(repr=False)
    site: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class MakeLink:
    """Make a one-time link to the page for this person.

    Attributes:
        token: what stands in the link, from ``Scene.fresh``.
    """

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetSite:
    """Somebody works at a site of the agency from now on; empty: at none."""

    agency: str
    person: str
    site: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RenewAccess:
    """Let a role that would end by itself last as long again, from now on."""

    agency: str
    person: str


@dataclass(frozen=True, slots=True)
class EndAccess:
    """End a person's role in an agency; where it is their only one, all access."""

    agency: str
    person: str


@dataclass(frozen=True, slots=True)
class LosePhone:
    """End all access of a person of an agency at once; what their chat could still show is told."""

    agency: str
    person: str


@dataclass(frozen=True, slots=True)
class KeepRota:
    """Write who is on duty at an agency's desk.

    Attributes:
        version: of the rota that this one was made from.
        body: JSON, as ``dialogues.rota_file`` has it; encrypted at rest.
    """

    agency: str
    version: int
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CountFeedback:
    answer: str
    helpful: bool


@dataclass(frozen=True, slots=True)
class KeepQuestion:
    """Keep a question that was not answered for the writers of guidance, without who asked.

    Attributes:
        agency: whose people ask it; it is counted there alone.
        question: as ``dialogues.screening`` left it, never empty.
    """

    agency: str
    language: str
    question: str = field(repr=False)
    why: Unanswered


@dataclass(frozen=True, slots=True)
class AwaitAnswer:
    """Tell this chat once, when a new answer to a question is there.

    Attributes:
        ref: 16 bytes, hex; from ``Scene.fresh``. What ``DropAwaited`` takes it back by.
        question: as in ``KeepQuestion``.
    """

    ref: str
    language: str
    question: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DropAwaited:
    """The person does not want to be told any more; harmless when repeated."""

    ref: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Say a phrase to other people, each in their language.

    Attributes:
        whom: ``desk`` (coordinators who serve the agency) or ``admins`` of the agency.
        phrase: key of a phrase without content of any note.
    """

    whom: Literal["desk", "admins"]
    agency: str
    phrase: str
    args: tuple[tuple[str, str], ...] = field(default=(), repr=False)


Effect = (
    KeepNote
    | WithdrawNote
    | TracePrivate
    | EraseTraces
    | FetchMedium
    | DropAttachments
    | TakeFlag
    | UndoTake
    | DeclineFlag
    | WorkOnFlag
    | AwaitOther
    | HandOnFlag
    | CloseFlag
    | WorsenFlag
    | Remind
    | Settle
    | KeepWalk
    | DropWalk
    | AssignCase
    | UnassignCase
    | CloseCase
    | TickCase
    | KeepPlan
    | DropPlan
    | ClearResidue
    | MakeInvite
    | SetSite
    | MakeLink
    | RenewAccess
    | EndAccess
    | LosePhone
    | KeepRota
    | CountFeedback
    | KeepQuestion
    | AwaitAnswer
    | DropAwaited
    | Tell
)

OUTCOMES = ("acted", "passed-on", "watching", "no-action", "duplicate")
DECLINED = ("off-duty", "busy", "not-mine")
AWAITED = ("police", "prison", "probation", "health", "social", "school", "other")

# ---------------------------------------------------------------- what can be looked up


@dataclass(frozen=True, slots=True)
class LookUp:
    """A question to the store, answered as ``Found`` within the same transaction.

    Attributes:
        what: ``open-flags`` of the desks the person serves; ``flag`` (``about``: reference);
            ``my-notes`` newest first; ``my-note`` (``about``: reference); ``my-walks``;
            ``my-plans``; ``plan`` (``about``: its id);
            ``colleagues`` who could take a flag (``about``: reference); ``cases`` the person may see;
            ``case`` (``about``: agency and code, a blank between them); ``staff`` who could be made a member of a
            case of an agency (``about``: agency); ``people`` of the agencies where the person keeps people;
            ``rota`` of the desks where the person keeps it (``about``: an agency, or empty for all);
            ``destinations`` of an agency's notes (``about``: agency).
    """

    what: Literal[
        "open-flags",
        "flag",
        "my-notes",
        "my-note",
        "my-walks",
        "colleagues",
        "cases",
        "case",
        "staff",
        "my-plans",
        "plan",
        "people",
        "rota",
        "destinations",
    ]
    about: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FlagView:
    """A flag of a desk that the person serves, without a word of its note.

    Attributes:
        state: see ``dialogues.flag_life``.
        due_at: when somebody must have acted; ``overdue``: it is late.
        owner: ref of the named person who has it, or empty; whoever closed it, where it is closed.
        undo_until: until then its owner may undo having taken it; None: that is over, or it is not taken.
    """

    note_id: str
    reference: str
    agency: str
    agency_name: str
    urgency: Urgency
    state: str
    raised_at: datetime
    due_at: datetime
    owner: str
    owner_handle: str = field(repr=False)
    outcome: str
    overdue: bool = False
    undo_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DestinationView:
    """A case system that notes of an agency go to, and how much of them: ``full``, ``summary``, ``pointer``."""

    name: str = field(repr=False)
    disclosure: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """A receipt: nothing of the note's content is in the store's clear columns.

    ``state``: held | waiting | handed-over | withdrawn; ``undo_until`` None once it is over. ``flag_follows``: an
    amendment of it has an open flag; known where one note alone is looked up.
    """

    note_id: str
    reference: str
    agency: str
    hour: datetime
    state: str
    flag_state: str
    undo_until: datetime | None
    amends: str
    flag_urgency: str = ""
    flag_overdue: bool = False
    flag_follows: bool = False


@dataclass(frozen=True, slots=True)
class WalkView:
    walk_id: str
    agency: str
    guide_version: int
    progress: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlanView:
    """A release plan; ``body`` as the codec wrote it. ``shared``: others see it, too, where one plan was asked for."""

    plan_id: str
    agency: str
    body: str = field(repr=False)
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Colleague:
    person: str
    handle: str = field(repr=False)
    role: Role = "coordinator"


@dataclass(frozen=True, slots=True)
class CaseMember:
    person: str
    handle: str = field(repr=False)
    role: Role


@dataclass(frozen=True, slots=True)
class CaseTick:
    """A tick that members share. ``handle``: who set it; empty when they are no member any more."""

    check: str
    handle: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case. ``mine``: the person is a member; ``ticks`` are empty to everybody else."""

    agency: str
    code: str = field(repr=False)
    mine: bool
    members: tuple[CaseMember, ...]
    ticks: tuple[CaseTick, ...] = ()

    @property
    def ticked(self) -> tuple[str, ...]:
        return tuple(tick.check for tick in self.ticks)


@dataclass(frozen=True, slots=True)
class StaffView:
    """Somebody's role in an agency.

    Attributes:
        until: it ends by itself then, unless renewed for ``days``; None: it does not.
        accepted: they have finished enrolment.
        last_admin: without them the agency has no admin.
        site: where they work, or empty; ``sites``: all that the agency has.
    """

    person: str
    handle: str = field(repr=False)
    role: Role
    agency: str
    agency_name: str = field(repr=False)
    accepted: bool
    until: datetime | None = None
    days: int = 0
    last_admin: bool = False
    site: str = field(default="", repr=False)
    sites: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class RotaView:
    """Who is on duty at an agency's desk.

    Attributes:
        version: 0 where none was ever written.
        body: JSON, as ``dialogues.rota_file`` has it; ``before``: the one that a change can be undone to, or empty.
        people: who could be on duty there.
        away: refs of those whom nothing reaches.
    """

    agency: str
    agency_name: str = field(repr=False)
    zone: ZoneInfo
    version: int
    body: str = field(repr=False)
    before: str = field(default="", repr=False)
    people: tuple[Colleague, ...] = ()
    away: tuple[str, ...] = ()


Row = FlagView | NoteView | WalkView | PlanView | Colleague | CaseView | StaffView | RotaView | DestinationView
"""What a look-up may find."""


# ---------------------------------------------------------------- who and where


@dataclass(frozen=True, slots=True)
class Agency:
    """What a dialogue needs to know of an agency.

    Attributes:
        alarm: what comes first in danger, in the agency's own words; empty: 112.
        ready: its desk has somebody to seal notes to.
        site: numbers, names and timings that hold there; nothing where nobody wrote any.
        media: photos and voice messages may go with a note.
        admin_key: id of the key that signs its desk, 32 hex digits; empty where none is pinned.
    """

    slug: str
    name: str
    zone: ZoneInfo
    case_pattern: str
    alarm: str = ""
    ready: bool = False
    site: Site = NOWHERE
    media: bool = True
    admin_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Membership:
    agency: Agency
    role: Role


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody enrolled. ``handle``: the work handle under which a coordinator can ring back."""

    ref: str
    handle: str = field(repr=False)
    language: str
    accepted: bool
    memberships: tuple[Membership, ...]

    def at(self, slug: str) -> Membership | None:
        return next((one for one in self.memberships if one.agency.slug == slug), None)


@dataclass(frozen=True, slots=True)
class Voice:
    """Everything of one language: content, phrases (in ``content.phrases``), and the finders over it."""

    content: Content
    asking: "Asking"
    danger: "DangerFinder"
    rarity: Rarity = EVEN

    @classmethod
    def of(cls, content: Content, encoder: "Encoder | None" = None, learnt: "Collection[Learnt]" = ()) -> "Voice":
        """``encoder`` and ``learnt``: see ``guidance.asking``."""
        from guidance.asking import Asking

        asking = Asking(content, encoder, learnt)
        return cls(content, asking, asking.danger, Rarity.measured(content))

    def text(self, key: str, /, **args: str | int) -> str:
        return self.content.phrases.text(key, **args)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a turn may know besides state and event.

    Attributes:
        now: aware, UTC.
        idle_since: when this conversation last moved, aware, UTC.
        fresh: 16 random bytes, hex; for at most one new id a turn.
        voices: language code -> everything of that language, in the order offered.
        below: name of the dialogue that resumes when this one is over, or empty.
        older: language and version -> the guide as it was, for walks that began in it.
        draft_lives: after so long without a turn a draft, and all else that was open, is dropped.
        question_days: how long a question that was not answered is kept for the writers; 0: none is.
        page: what browsers reach the page as, without a slash at the end; empty: there is none.
        page_in_chat: the channel may show the page within itself.
    """

    now: datetime
    idle_since: datetime
    person: Person
    voices: Mapping[str, Voice] = field(repr=False)
    fresh: str
    below: str = ""
    older: Mapping[tuple[str, int], GuideVersion] = field(default_factory=dict, repr=False)
    draft_lives: timedelta = timedelta(hours=12)
    question_days: int = 90
    page: str = ""
    page_in_chat: bool = False

    @property
    def draft_hours(self) -> int:
        """``draft_lives``, as people are told."""
        return int(self.draft_lives.total_seconds() // 3600)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.voices)

    @property
    def voice(self) -> Voice:
        """In the person's language, or the first offered where theirs is offered no longer."""
        return self.voices.get(self.person.language) or next(iter(self.voices.values()))

    def guide(self, version: int) -> GuideVersion:
        """The guide in this version, or the one in use where it is no longer there."""
        content = self.voice.content
        return self.older.get((content.language, version)) or content.version()

    def speaking(self, language: str) -> "Scene":
        """The same scene in another language."""
        return replace(self, person=replace(self.person, language=language))

    def text(self, key: str, /, **args: str | int) -> str:
        return self.voice.text(key, **args)

    @property
    def home(self) -> Membership:
        """The membership that stands first: role and agency where nothing else was chosen."""
        return self.person.memberships[0]


@dataclass(frozen=True, slots=True)
class Call:
    """Another dialogue is to have the floor on top of this one; ``about`` is its opening argument."""

    dialogue: str
    about: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Turn(Generic[S]):
    """What one event leads to.

    Attributes:
        state: None when the dialogue is over.
        look_up: the same dialogue gets ``Found`` before anything is said further.
        call: another dialogue takes the floor; this one resumes when that is over.
        park: put this dialogue aside as a draft instead of keeping the floor.
        unpark: name of a dialogue whose draft takes the floor again.
    """

    state: S | None
    says: tuple[Say, ...] = ()
    effects: tuple[Effect, ...] = ()
    look_up: LookUp | None = None
    call: Call | None = None
    park: bool = False
    unpark: str = ""
