"""The life of a flag: which act leads from where to where, and by when somebody must have acted.

    raised ──route──▶ routed ──arrive──▶ notified            nobody has it: overdue when not taken in time
       └─────────────────┴──────┬───────────┘
                               take
                                ▼
    undo · hand-on · reopen ◀── taken ──work──▶ in-hand ◀──work · await──▶ waiting      one named person has it
         (back to routed)                          │
                                                 close ──▶ closed              withdraw, from anywhere: withdrawn

*Overdue* is a mark on an open flag, not a place of its own: what is overdue can still be taken, worked on, closed.
An owner there is in the second row and nowhere else: never two, and never none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from dialogues.model import Urgency

FlagState = Literal["raised", "routed", "notified", "taken", "in-hand", "waiting", "closed", "withdrawn"]
Act = Literal[
    "raise",  # a note calls for a coordinator
    "route",  # somebody is told
    "skip",  # a level of the rota with nobody to be reached
    "arrive",  # a notice reached a phone
    "take",
    "undo",  # an accidental take
    "decline",  # "I cannot": it goes on to the others
    "work",
    "await",  # another agency's turn
    "hand-on",
    "reopen",  # taken, and not worked on
    "warn",  # it is about to be reopened
    "give-up",  # its owner has left
    "overdue",
    "worsen",  # "it is worse than I wrote"
    "close",
    "withdraw",
]

UNOWNED: Final[tuple[FlagState, ...]] = ("raised", "routed", "notified")
OWNED: Final[tuple[FlagState, ...]] = ("taken", "in-hand", "waiting")
OPEN: Final[tuple[FlagState, ...]] = (*UNOWNED, *OWNED)
OVER: Final[tuple[FlagState, ...]] = ("closed", "withdrawn")

UNTOLD: Final = -1
"""Level of a flag that nobody is called for yet."""

URGENCIES: Final[tuple[Urgency, ...]] = get_args(Urgency)

TAKEN_WITHIN: Final[Mapping[Urgency, timedelta]] = {
    "urgent": timedelta(minutes=15),
    "today": timedelta(hours=4),
    "routine": timedelta(days=3),
}
"""From the raising, or from when somebody who worked on it handed it on, until a named person has it; then it is
overdue."""
NEXT_LEVEL_AFTER: Final[Mapping[Urgency, timedelta]] = {
    "urgent": timedelta(minutes=5),
    "today": timedelta(hours=1),
    "routine": timedelta(days=1),
}
"""So long the people of one level have it to themselves."""
WORKED_WITHIN: Final[Mapping[Urgency, timedelta]] = {
    "urgent": timedelta(minutes=30),
    "today": timedelta(hours=4),
    "routine": timedelta(days=3),
}
"""From taking it until it is in hand; then it is open to all again."""
WARNED_BEFORE: Final[Mapping[Urgency, timedelta]] = {
    "urgent": timedelta(minutes=10),
    "today": timedelta(hours=1),
    "routine": timedelta(days=1),
}
"""So long before it is open to all again its owner is warned."""
HEARD_WITHIN: Final[Mapping[Urgency, timedelta]] = {
    "urgent": timedelta(days=1),
    "today": timedelta(days=3),
    "routine": timedelta(days=14),
}
"""How long a flag is in hand, or waits for another agency, until its owner says how it stands."""
UNDO_WITHIN: Final = timedelta(minutes=10)
"""How long a take can be undone, while it was not worked on."""

STEPS: Final[Mapping[Act, tuple[tuple[FlagState, ...], FlagState | None]]] = {
    "route": (UNOWNED, "routed"),
    "skip": (UNOWNED, None),
    "arrive": (("routed",), "notified"),
    "take": (UNOWNED, "taken"),
    "undo": (("taken",), "routed"),
    "decline": (UNOWNED, None),
    "work": (OWNED, "in-hand"),
    "await": (OWNED, "waiting"),
    "hand-on": (OPEN, "routed"),
    "reopen": (OWNED, "routed"),
    "warn": (("taken",), None),
    "give-up": (OWNED, "routed"),
    "overdue": (OPEN, None),
    "worsen": (OPEN, None),
    "close": (OWNED, "closed"),
    "withdraw": (OPEN, "withdrawn"),
}
"""Act -> from where, and to where; None: it stays where it is."""
OWNERS: Final[tuple[Act, ...]] = ("undo", "work", "await", "close")
"""What its owner alone may do."""


class NotNow(Exception):
    """The act does not lead anywhere from here, or is not this person's."""


@dataclass(frozen=True, slots=True)
class Life:
    """Where a flag stands.

    Attributes:
        due_at: when somebody must have acted, by the state it is in.
        take_by: when it must be taken, as it stood before it was.
        moved_at: of the last act that changed anything.
        owner: the named person's ref, hex; empty where nobody has it.
        level: place in the list of levels up to which people were told; -1: nobody was.
        overdue: it was told that it is late.
        warned: its owner was told that it will be open to all again.
    """

    state: FlagState
    urgency: Urgency
    due_at: datetime
    take_by: datetime
    moved_at: datetime
    owner: str = ""
    level: int = UNTOLD
    overdue: bool = False
    warned: bool = False

    def __post_init__(self) -> None:
        if self.state not in OVER and (self.state in OWNED) != bool(self.owner):
            raise ValueError("an owner where there is none, or none where there is one")


def raised(urgency: Urgency, *, at: datetime, due_at: datetime | None = None) -> Life:
    """``due_at``: another deadline than the urgency's."""
    due_at = due_at or at + TAKEN_WITHIN[urgency]
    return Life("raised", urgency, due_at, due_at, at)


def after(life: Life, act: Act, *, at: datetime, who: str = "", due_at: datetime | None = None) -> Life:
    """Where the flag stands after an act.

    Args:
        who: ref of who acts, hex; empty for the assistant.
        due_at: another deadline than the urgency's, as quiet hours shift it.

    Raises:
        NotNow: see there.
    """
    if act not in STEPS:
        raise NotNow(act)
    from_, to = STEPS[act]
    if life.state not in from_ or (act in OWNERS and who != life.owner):
        raise NotNow(act)
    if act == "undo" and at - life.moved_at > UNDO_WITHIN:
        raise NotNow(act)
    if act == "hand-on" and life.owner not in ("", who):
        raise NotNow(act)
    changes = _changes(life, act, at, due_at)
    if to is None:
        return replace(life, **changes)
    owner = who if act == "take" else life.owner
    return replace(life, **changes, state=to, owner="" if to in UNOWNED else owner, moved_at=at)


def _changes(life: Life, act: Act, at: datetime, due_at: datetime | None) -> dict[str, Any]:
    """What an act changes besides state and owner."""
    urgency = life.urgency
    clear: dict[str, Any] = {"overdue": False, "warned": False}
    match act:
        case "take":
            return {**clear, "due_at": due_at or at + WORKED_WITHIN[urgency]}
        case "undo":
            # The clock that ran before the take goes on: taking and undoing again and again gains no time.
            return {**clear, "due_at": life.take_by}
        case "work" | "await":
            return {**clear, "due_at": due_at or at + HEARD_WITHIN[urgency]}
        case "hand-on" if not life.owner:
            return {}
        case "hand-on" | "reopen":
            by = due_at or at + TAKEN_WITHIN[urgency]
            if act == "hand-on" and life.state == "taken":
                by = min(by, life.take_by)  # as in undo: two who take it and hand it on in turn gain no time
            return {**clear, "due_at": by, "take_by": by}
        case "give-up":
            return {**clear, "due_at": at, "take_by": at}
        case "overdue":
            return {"overdue": True, "due_at": due_at or latest(life, at=at)}
        case "warn":
            return {"warned": True, "due_at": max(life.due_at, at + WARNED_BEFORE[urgency])}
        case "worsen":
            worse = worse_than(urgency)
            by = min(life.due_at, due_at or at + acted_within(life.state)[worse])
            return {"urgency": worse, "due_at": by, "take_by": min(life.take_by, by)}
        case _:
            return {}


def worse_than(urgency: Urgency) -> Urgency:
    """The next urgency up; the highest is its own."""
    return URGENCIES[min(URGENCIES.index(urgency) + 1, len(URGENCIES) - 1)]


def acted_within(state: FlagState) -> Mapping[Urgency, timedelta]:
    """How long a flag that becomes worse here has, by the urgency it then has."""
    return TAKEN_WITHIN if state in UNOWNED else WORKED_WITHIN


def longest(life: Life) -> timedelta:
    """How far away a deadline of this flag can be, but for quiet hours."""
    if life.state in UNOWNED:
        return TAKEN_WITHIN[life.urgency]
    return (WORKED_WITHIN if life.state == "taken" else HEARD_WITHIN)[life.urgency]


def latest(life: Life, *, at: datetime) -> datetime:
    """No deadline of this flag is later than that, whatever the clock said when it was set."""
    return at + longest(life)


def warn_at(life: Life) -> datetime:
    """When the owner of a flag that is taken hears that it will be open to all again."""
    return life.due_at - WARNED_BEFORE[life.urgency]
