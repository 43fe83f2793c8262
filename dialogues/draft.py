"""A note in the making, and the sealed body it becomes."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from dialogues.clean import units
from dialogues.model import Attachable, Scene, Urgency
from dialogues.reference import reference
from dialogues.when import When

MOST_UNITS = 4_000
"""Characters of one note in all its parts together, as Telegram counts them (UTF-16 units): at most 12,000 bytes of
UTF-8, which with a summary of 1,500 and everything else fits the largest padding bucket of 16,384."""
MOST_LEFT_OVER = 12_000
MOST_SUMMARY = 500
MOST_ATTACHED = 5
MOST_NUMBERED = 255
MEDIA_TYPES: dict[Attachable, str] = {"photo": "image/jpeg", "voice": "audio/ogg"}
"""What an attachment is once it was cleaned."""

PARTS = ("seen", "told", "think", "else")
KINDS = ("behaviour", "incident", "contact", "progress", "disclosure", "other")
REASONS = ("threat", "self-harm", "child", "staff", "travel", "other")
URGENCIES: tuple[Urgency, ...] = ("routine", "today", "urgent")
FLAG_LEVELS = {"routine": 1, "today": 2, "urgent": 3}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo or voice message of a draft.

    Attributes:
        number: 1 to 255.
        size: bytes once cleaned.
        digest: 64 hex digits; empty while it is on its way.
    """

    number: int
    media: Attachable
    size: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """
    Attributes:
        id: becomes the note's id; 32 hex digits.
        form: ``full``, ``quick`` (one text, three taps) or ``amend``.
        occurred_at: aware, or None while unknown; ``precision`` minute, hour, day, or empty for unknown.
        parts: for each of ``PARTS`` the messages written into it.
        left_over: what did not fit, with the part it belongs to; goes into an amendment when the note is kept.
        flag_reason: one of ``REASONS``, or empty: no flag.
        amends: id of the note this adds to, or empty.
        complete: the preview was seen; a change leads back there.
        warned: the danger lines were shown for this draft.
        attachments: at most ``MOST_ATTACHED``, by number.
        summary: what destinations may read that do not get everything; at most ``MOST_SUMMARY`` units.
        numbered: the highest number that an attachment ever had, taken out or not.
    """

    id: str
    agency: str
    form: Literal["full", "quick", "amend"] = "full"
    case_code: str = field(default="", repr=False)
    kind: str = "behaviour"
    occurred_at: datetime | None = None
    precision: str = ""
    parts: tuple[tuple[str, ...], ...] = field(default=((), (), (), ()), repr=False)
    left_over: tuple[tuple[int, str], ...] = field(default=(), repr=False)
    urgency: Urgency = "routine"
    flag_reason: str = ""
    amends: str = ""
    complete: bool = False
    warned: bool = False
    attachments: tuple[Attachment, ...] = ()
    summary: str = field(default="", repr=False)
    numbered: int = 0

    @property
    def length(self) -> int:
        """UTF-16 units written so far in all parts."""
        return sum(units(text) for part in self.parts for text in part)

    @property
    def left_over_length(self) -> int:
        return sum(units(text) for _, text in self.left_over)

    @property
    def empty(self) -> bool:
        """Nobody would miss it."""
        return not (self.length or self.left_over or self.case_code or self.attachments)

    @property
    def waits_for_media(self) -> bool:
        """An attachment is on its way."""
        return any(not one.digest for one in self.attachments)

    @property
    def flag_level(self) -> int:
        return FLAG_LEVELS[self.urgency] if self.flag_reason else 0

    @property
    def when(self) -> When | None:
        if self.occurred_at is None or self.precision not in ("minute", "hour", "day"):
            return None
        return When(self.occurred_at, self.precision)  # type: ignore[arg-type]  # narrowed by the line above

    def room(self, index: int) -> int:
        """UTF-16 units a further message of this part may have; the line end before it counts, it is sealed too."""
        joins = sum(max(len(part) - 1, 0) for part in self.parts) + (1 if self.parts[index] else 0)
        return max(0, MOST_UNITS - self.length - joins)

    def part(self, index: int) -> str:
        return "\n".join(self.parts[index])

    def adding(self, index: int, text: str) -> "Draft":
        parts = tuple((*part, text) if place == index else part for place, part in enumerate(self.parts))
        return replace(self, parts=parts)

    def emptied(self, index: int) -> "Draft":
        return replace(self, parts=tuple(() if place == index else part for place, part in enumerate(self.parts)))


def body(draft: Draft, scene: Scene) -> dict[str, object]:
    """What is sealed, as ``docs/formats/note-body.md`` describes it: JSON-ready, all words inside."""
    membership = scene.person.at(draft.agency) or scene.home
    zone = membership.agency.zone
    attached = [
        {
            "number": one.number,
            "kind": one.media,
            "media_type": MEDIA_TYPES[one.media],
            "size": one.size,
            "digest": one.digest,
        }
        for one in draft.attachments
    ]
    return {
        "schema": 1,
        "note_id": draft.id,
        "reference": reference(draft.id),
        "kind": "amended" if draft.amends else "recorded",
        "amends": draft.amends or None,
        "agency": draft.agency,
        "case_code": draft.case_code or None,
        "type": draft.kind,
        "occurred_at": draft.occurred_at.astimezone(zone).isoformat() if draft.occurred_at else None,
        "occurred_precision": draft.precision or None,
        "recorded_at": scene.now.astimezone(zone).isoformat(timespec="seconds"),
        "author": {"handle": scene.person.handle, "role": membership.role},
        "urgency": draft.urgency,
        "flagged": bool(draft.flag_reason),
        "flag_reason": draft.flag_reason or None,
        "parts": {name: draft.part(index) for index, name in enumerate(PARTS) if draft.parts[index]},
        "lang": scene.person.language,
        **({"attachments": attached} if attached else {}),
        **({"summary": draft.summary} if draft.summary else {}),
    }
