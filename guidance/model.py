"""What guidance is made of: sources, facts, the guide with its steps, answers, declines, danger phrases.

Plain frozen values. ``guidance.reader`` makes them from text and checks each by itself, ``guidance.library``
checks them against each other; nothing is checked a second time afterwards. Texts are plain, without markup.
The format that writers see is described in ``guidance/content/README.md``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from guidance.handoff import Form
from guidance.roles import CONTENT_ROLES as CONTENT_ROLES
from guidance.roles import ROLES as ROLES
from guidance.roles import ContentRole as ContentRole
from guidance.roles import Role as Role
from guidance.share import Table
from guidance.site import Site
from guidance.timeline import Timeline

if TYPE_CHECKING:  # numpy and Fluent, for whoever reads content
    from guidance.danger_learnt import Learnt
    from guidance.phrases import Phrases

Kind = Literal["law", "research", "practice"]
"""What a source or a fact is. Readers are shown it as what it is."""

DangerKind = Literal["violence", "weapon", "self-harm", "child", "staff-threat", "travel", "attack"]

Severity = Literal["error", "warning"]

AimKind = Literal["aim", "outcome"]

KINDS: tuple[Kind, ...] = ("law", "research", "practice")
AIM_KINDS: tuple[AimKind, ...] = ("aim", "outcome")
DANGER_KINDS: tuple[DangerKind, ...] = (
    "violence",
    "weapon",
    "self-harm",
    "child",
    "staff-threat",
    "travel",
    "attack",
)
END = "END"
"""A branch's ``goto`` that ends the walk."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from. ``url`` is a public http or https page, or None."""

    id: str
    title: str
    publisher: str
    kind: Kind
    year: int | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact's register entry: what it rests on, never its wording.

    Attributes:
        topic: the fact group, for example ``information_sharing``; topics of answers are the same words.
        sources: one or more source ids.
        confidence: ``verified`` (read in its source) or ``unverified`` (recalled, or ordinary practice).
        audience: ``officer``, ``prison``, ``mentor``, ``coordinator``, ``family_worker``.
        stage: the stage of the step it belongs to, or ``all`` or ``wellbeing``.
    """

    id: str
    topic: str
    kind: Kind
    sources: tuple[str, ...]
    confidence: str
    audience: tuple[str, ...] = ()
    stage: str = "all"


@dataclass(frozen=True, slots=True)
class Check:
    """A thing to do or a question to answer, at most 110 characters; its id never changes."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One way out of a decision.

    Attributes:
        key: ``[a-z0-9-]``, at most 20 characters, unique in the decision, never changes.
        label: a button, at most 34 characters.
        say: what to do now, at most 300 characters, shown before going on.
        goto: a step id; ``END``; or None for the next decision, after the last one the end of the step.
        returns: walk ``goto``, then come back to this decision. Only with a step id.
    """

    key: str
    label: str
    say: str
    goto: str | None = None
    returns: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A question with at least two branches, at most 200 characters."""

    id: str
    ask: str
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the guide. ``roles`` holds a view for each role that has something to do here."""

    id: str
    title: str
    stage: str
    reviewed: date
    owner: str
    purpose: str
    lead: str
    timing: str
    inputs: tuple[str, ...]
    handoff: str
    mistakes: tuple[str, ...]
    facts: tuple[str, ...]
    roles: Mapping[ContentRole, str]
    checks: tuple[Check, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """The guide's head. ``version`` grows with every change to the wording of any step.

    Attributes:
        shortcuts: name, for example ``danger_now``, to the step id that it enters from anywhere.
        paths: the step ids each role walks, in order.
    """

    id: str
    title: str
    version: int
    reviewed: date
    owner: str
    shortcuts: Mapping[str, str]
    paths: Mapping[ContentRole, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class GuideVersion:
    """All of the guide that a walk needs, as it was in one version."""

    number: int
    steps: Mapping[str, Step]
    paths: Mapping[ContentRole, tuple[str, ...]]

    def path(self, role: Role) -> tuple[str, ...]:
        """The step ids that this role walks, in order; supervisor and admin walk the coordinator's path."""
        return self.paths["coordinator" if role == "supervisor" or role == "admin" else role]


@dataclass(frozen=True, slots=True)
class Answer:
    """One approved answer.

    Attributes:
        topic: file and group it belongs to.
        title: a button, at most 48 characters.
        asked_as: five or more phrasings, as people type them.
        short: at most 350 characters, useful by itself.
        more: at most 1,200 characters, the rest; empty when there is none.
        words: words one can use, at most 350 characters.
        facts: at least one fact id.
        related: ids of other answers.
    """

    id: str
    topic: str
    title: str
    asked_as: tuple[str, ...]
    short: str
    more: str
    facts: tuple[str, ...]
    steps: tuple[str, ...]
    related: tuple[str, ...]
    roles: tuple[ContentRole, ...]
    owner: str
    reviewed: date
    words: str | None = None
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decline:
    """A question that must not be answered: a kind reason, and what to do instead.

    Attributes:
        asked_as: eight or more phrasings.
        say: at most 350 characters.
        next: at most 250 characters.
    """

    id: str
    title: str
    asked_as: tuple[str, ...]
    say: str
    next: str
    steps: tuple[str, ...]
    facts: tuple[str, ...]
    owner: str
    reviewed: date


@dataclass(frozen=True, slots=True)
class Danger:
    """What kind of danger was heard and the guide step that is for it."""

    kind: str
    step: str


@dataclass(frozen=True, slots=True)
class DangerPhrases:
    """Ways in which people say that somebody is in danger, and the step that is for it."""

    kind: DangerKind
    step: str
    phrases: tuple[str, ...]
    owner: str = ""
    reviewed: date | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    """An aim or an expected outcome of the INTEGRA project, and what of the guidance is for it.

    Attributes:
        id: ``A1`` or ``O1``; never changes.
        kind: ``aim`` or ``outcome``.
        topics: fact groups that are about it.
        steps: guide steps that serve it.
        facts: facts that something must rest on for it to be served, beside those of the topics.
    """

    id: str
    kind: AimKind
    title: str
    topics: tuple[str, ...]
    steps: tuple[str, ...]
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a writer must mend (``error``) or should look at (``warning``).

    Attributes:
        file: path below ``guidance/content``, for example ``en/steps/S01.toml``.
        item: the id and field, for example ``S01-D1 / yes / label``; empty when it is the whole file.
        remedy: what is wrong and what to do, in plain words.
    """

    file: str
    item: str
    remedy: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """All guidance of one language, read once at start. The order of each mapping is the writers' order.

    ``share`` is the table behind "Share or not?", or None where the language has none. ``aims`` is empty where an
    edition names none. ``sites`` is what public sources say of a country, by its two capital letters. ``timeline`` is
    the table behind the release plan, or None where the language has none. ``handoffs`` are the forms of what leaves
    the steps, by id.
    ``danger_learnt`` is what was learnt from examples of danger, or None where nothing was.
    """

    language: str
    guide: Guide
    steps: Mapping[str, Step]
    answers: Mapping[str, Answer]
    declines: Mapping[str, Decline]
    danger: tuple[DangerPhrases, ...]
    facts: Mapping[str, Fact]
    sources: Mapping[str, Source]
    phrases: "Phrases"
    share: Table | None = None
    aims: Mapping[str, Aim] = field(default_factory=lambda: MappingProxyType({}))
    danger_learnt: "Learnt | None" = None
    sites: Mapping[str, Site] = field(default_factory=lambda: MappingProxyType({}))
    timeline: Timeline | None = None
    handoffs: Mapping[str, Form] = field(default_factory=lambda: MappingProxyType({}))

    def kinds(self, fact_ids: Iterable[str]) -> tuple[Kind, ...]:
        """The kinds of these facts, no doubles, always in the order law, research, practice.

        Raises:
            KeyError: an id that is in no register; loaded content holds none.
        """
        found = {self.facts[fact_id].kind for fact_id in fact_ids}
        return tuple(kind for kind in KINDS if kind in found)

    def sources_of(self, fact_ids: Iterable[str]) -> tuple[Source, ...]:
        """The sources of these facts, no doubles, in the order in which they are first named.

        Raises:
            KeyError: an id that is in no register; loaded content holds none.
        """
        named = (source_id for fact_id in fact_ids for source_id in self.facts[fact_id].sources)
        return tuple(self.sources[source_id] for source_id in dict.fromkeys(named))

    def version(self) -> GuideVersion:
        """The guide in use."""
        return GuideVersion(self.guide.version, self.steps, self.guide.paths)

    def path(self, role: Role) -> tuple[str, ...]:
        """The step ids that this role walks, in order; supervisor and admin walk the coordinator's path."""
        return self.version().path(role)
