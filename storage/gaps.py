"""Questions that were not answered, by theme, without who asked them.

    asked ─▶ joins the theme it is closest to, or opens one
    theme ─▶ shown to writers once several different people of the agency asked
          ─▶ question_days after a question it is taken out of it; empty, the theme goes

Telling people apart without knowing them: a theme holds a *mark* of each who asked, one byte of a keyed hash of the
theme's random ref and the person. Marks of two themes have nothing in common. A byte tells two people apart in all but
one case of 256, and stands for more than one person where there are many. Once enough have asked, the marks are
dropped. docs/threat-model.md says what that protects from, and from what it does not.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from dialogues.model import Unanswered
from guidance.themes import Rarity, theme_of
from storage.errors import Unreadable
from storage.schema import gaps
from storage.transaction import Transaction, moment, seconds

MOST_THEMES: Final = 200
"""Of an agency; one more lets the oldest go."""
MOST_TEXTS: Final = 6
"""Wordings of a theme that are kept; of others only that they were asked."""
MOST_ASKED: Final = 500
"""Times a theme was asked that are counted."""
DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as screened, or empty where it is only counted. ``day``: midnight UTC, in seconds."""

    day: int
    why: Unanswered
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Theme:
    """Questions that ask the same, as kept.

    Attributes:
        marks: of who asked, each with the day it was last seen; empty once ``enough``.
        enough: the day on which enough different people had asked; None: they have not, or that is too long ago.
    """

    ref: bytes
    agency_ref: bytes
    language: str
    asked: tuple[Asked, ...]
    marks: Mapping[int, int] = field(repr=False)
    enough: int | None

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(one.text for one in self.asked if one.text)

    @property
    def why(self) -> Counter[str]:
        return Counter(one.why for one in self.asked)

    @property
    def last(self) -> datetime:
        return moment(max(one.day for one in self.asked))

    def asked_by(self, people: int) -> bool:
        """Whether at least so many different people asked."""
        return self.enough is not None or len(self.marks) >= people


def keep(
    tx: Transaction,
    agency_ref: bytes,
    person_ref: bytes,
    *,
    language: str,
    question: str,
    why: Unanswered,
    rarity: Rarity,
    people: int,
    at: datetime,
) -> None:
    """Keep a question in the theme it belongs to. Who asked is not kept.

    Args:
        question: screened, not empty.
        people: so many different ones are enough for the theme to be shown.
    """
    tx.hold(hashlib.sha256(b"gaps" + agency_ref).digest())
    day = _midnight(at)
    themes = {one.ref: one for one in of_agency(tx, agency_ref)}
    ref = theme_of(question, {ref: one.texts for ref, one in themes.items() if one.language == language}, rarity)
    new = ref is None
    theme = themes[ref] if ref is not None else Theme(os.urandom(16), agency_ref, language, (), {}, None)
    known = len(theme.texts) >= MOST_TEXTS or question in theme.texts
    asked = (*theme.asked, Asked(day, why, "" if known else question))[:MOST_ASKED]
    marks = dict(theme.marks)
    enough = theme.enough
    if enough is None:
        marks[mark(tx, theme.ref, person_ref)] = day
        if len(marks) >= people:
            enough, marks = day, {}
    if new and len(themes) >= MOST_THEMES:
        oldest = min(themes.values(), key=lambda one: (one.last, one.ref))
        tx.db.execute(delete(gaps).where(gaps.c.ref == oldest.ref))
        tx.purged()
    _write(tx, Theme(theme.ref, agency_ref, language, asked, marks, enough), new=new)


def mark(tx: Transaction, theme_ref: bytes, person_ref: bytes) -> int:
    """0 to 255; see above."""
    return tx.keyring.asker(theme_ref, person_ref)


def of_agency(tx: Transaction, agency_ref: bytes) -> list[Theme]:
    """The agency's themes, those of one agency in no order that tells anything."""
    rows = tx.db.execute(select(gaps).where(gaps.c.agency_ref == agency_ref).order_by(gaps.c.ref)).all()
    return [theme for row in rows if (theme := _opened(tx, row)) is not None]


def purge(tx: Transaction, *, days: int, at: datetime) -> int:
    """Take out what was asked so many days ago; with 0 everything.

    Returns:
        How many questions went.
    """
    limit = _midnight(at) - days * DAY_S
    gone = 0
    for row in tx.db.execute(select(gaps).where(gaps.c.day <= limit)).all():
        theme = _opened(tx, row)
        stays = tuple(one for one in theme.asked if one.day > limit) if theme is not None else ()
        gone += len(theme.asked) - len(stays) if theme is not None else 1
        if theme is None or not any(one.text for one in stays):
            # What is only counted says nothing without a wording.
            gone += len(stays)
            tx.db.execute(delete(gaps).where(gaps.c.ref == row.ref))
            continue
        marks = {one: day for one, day in theme.marks.items() if day > limit}
        enough = theme.enough if theme.enough is not None and theme.enough > limit else None
        _write(tx, Theme(theme.ref, theme.agency_ref, theme.language, stays, marks, enough), new=False)
    if gone:
        tx.purged()
    return gone


def count(tx: Transaction, *, days: int, at: datetime) -> int:
    """How many questions are older than that; those that ``purge`` would take out."""
    limit = _midnight(at) - days * DAY_S
    rows = tx.db.execute(select(gaps).where(gaps.c.day <= limit)).all()
    themes = [theme for row in rows if (theme := _opened(tx, row)) is not None]
    return sum(one.day <= limit for theme in themes for one in theme.asked)


def _write(tx: Transaction, theme: Theme, *, new: bool) -> None:
    value: dict[str, Any] = {
        "language": theme.language,
        "asked": [[one.day, one.why, one.text] for one in theme.asked],
        "marks": {str(number): day for number, day in sorted(theme.marks.items())},
        "enough": theme.enough,
    }
    sealed = tx.seal("question", theme.ref, value)
    values = {"day": min(one.day for one in theme.asked), "sealed_theme": sealed}
    if new:
        tx.db.execute(insert(gaps), {"ref": theme.ref, "agency_ref": theme.agency_ref, **values})
    else:
        tx.db.execute(update(gaps).where(gaps.c.ref == theme.ref).values(**values))


def _opened(tx: Transaction, row: Any) -> Theme | None:
    """None: it does not open; nobody's turn fails for that."""
    try:
        value = tx.open("question", row.ref, row.sealed_theme)
    except Unreadable:
        return None
    asked: Sequence[Sequence[Any]] = value["asked"]
    marks = {int(number): day for number, day in value["marks"].items()}
    return Theme(
        row.ref, row.agency_ref, value["language"], tuple(Asked(*one) for one in asked), marks, value["enough"]
    )


def _midnight(at: datetime) -> int:
    return seconds(at) // DAY_S * DAY_S


def until(at: datetime, days: int) -> datetime:
    """The midnight after so many days, as long as a question of today is kept."""
    return moment(_midnight(at)) + timedelta(days=days)
