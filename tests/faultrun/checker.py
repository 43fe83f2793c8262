"""What a chat was shown, against the same dialogue undisturbed. Knows Telegram's record and nothing of the bot.

A message may stand twice for two reasons alone, both because sends have no key for repeats: the answer to the first
was lost, and the second follows at once; or the bot was killed shortly after the first, and the second is among the
first things after its start. Each such event excuses one repeat of a message.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from fake_telegram import Message, Shown

AT_RISK_S = 10.0
"""A message that was shown longer than that before a start was noted as said: it must not come again. Noting takes
milliseconds; the rest is for a busy machine, on which a killed process ends late."""

_REFERENCE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_VARYING = (
    (re.compile(r"\bkept\.[0-9a-f]{16}\b"), "kept.ID"),
    (re.compile(r"--as [0-9a-f]{8}\b"), "--as ID"),
    (re.compile(r"\b\d\d\.\d\d\. (?=\d\d:\d\d)"), ""),  # a deadline of tomorrow, by the hour of the run
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DATE"),
    (re.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d+ [A-Z][a-z]+"), "DAY"),
    (re.compile(r"\b\d{1,2}:\d\d\b"), "TIME"),
    (re.compile(r" · (?:can be undone|kept, waits for hand-over) · "), " · KEPT · "),  # two minutes after it was logged
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was shown, in words that are the same in every run.

    Attributes:
        change_of: place of the line that it changed; None for a new message.
        buttons: rows of (label, data).
    """

    text: str = field(repr=False)
    buttons: tuple[tuple[tuple[str, str], ...], ...] = field(default=(), repr=False)
    file: str = ""
    change_of: int | None = None

    def __str__(self) -> str:
        return repr(self.text[:60])


@dataclass(slots=True)
class Told:
    """A chat's lines in order, excused repeats folded into the line they repeat.

    Attributes:
        places: message id -> place of its line.
        last: place -> id of the last copy.
        after_kill: which of the record were taken for repeats after a kill.
    """

    lines: list[Line] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    repeats: Counter[str] = field(default_factory=Counter)
    places: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    after_kill: list[int] = field(default_factory=list)


def told(record: Sequence[Shown], starts: Sequence[float] = (), new: Collection[int] = ()) -> Told:
    """
    Args:
        record: what one chat was shown, in order.
        starts: when a killed bot was started again; seconds of the monotonic clock.
        new: which of the record are no repeats, though they look like repeats after a kill.
    """
    found, coming = Told(), list(starts)
    at_risk: list[int] = []  # places that a kill may make come again, in order
    for number, shown in enumerate(record):
        while coming and shown.at >= coming[0]:
            start = coming.pop(0)
            # What an earlier kill put at risk is so still, if the next came before it was said again.
            recent = [place for place, former in enumerate(found.shown) if start - former.at <= AT_RISK_S]
            at_risk = sorted({*at_risk, *recent})
        line = _line(shown, found)
        newest = len(found.lines) - 1
        if newest >= 0 and line == found.lines[newest] and found.shown[newest].unheard and shown.what == "sent":
            _repeated(found, newest, shown, "answer lost")
        elif number not in new and line in (of_risk := [found.lines[place] for place in at_risk]):
            which = of_risk.index(line)
            _repeated(found, at_risk[which], shown, "killed")
            found.after_kill.append(number)
            del at_risk[: which + 1]
        else:
            at_risk = []
            found.lines.append(line)
            found.shown.append(shown)
            if shown.what == "sent":
                found.places[shown.message_id] = newest + 1
                found.last[newest + 1] = shown.message_id
    return found


def _line(shown: Shown, so_far: Told) -> Line:
    buttons = tuple(tuple((one.label, one.data or "") for one in row) for row in shown.buttons)
    change_of = so_far.places.get(shown.message_id, -1) if shown.what == "edited" else None
    return Line(shown.text, buttons, shown.file, change_of)


def _repeated(found: Told, place: int, shown: Shown, why: str) -> None:
    found.repeats[why] += 1
    found.shown[place] = shown
    if shown.what == "sent":
        found.places[shown.message_id] = place
        found.last[place] = shown.message_id


def plain(lines: Sequence[Line], names: Mapping[str, str], *, numbered: bool = True) -> list[Line]:
    """The same without what differs from one person, day and run to another.

    Args:
        names: what is a dialogue's own -> what stands for it.
        numbered: False for a chat that serves several dialogues: there questions have other numbers each time.
    """
    references: dict[str, str] = {}

    def words(text: str) -> str:
        for own, general in names.items():
            text = text.replace(own, general)
        for found in _REFERENCE.findall(text):
            references.setdefault(found, f"REF{len(references) + 1}")
        text = _REFERENCE.sub(lambda match: references[match[0]], text)
        for pattern, general in _VARYING:
            text = pattern.sub(general, text)
        return text

    def data(text: str) -> str:
        return words(text if numbered else re.sub(r"^\d+\.", "", text))

    return [
        replace(
            line,
            text=words(line.text),
            buttons=tuple(tuple((words(label), data(behind)) for label, behind in row) for row in line.buttons),
            change_of=line.change_of if numbered or line.change_of is None else 0,
        )
        for line in lines
    ]


def tellings(record: Sequence[Shown], starts: Sequence[float]) -> Iterator[Told]:
    """What the record may mean, most likely first: some dialogues say the same words twice, and then what comes after
    a kill may be either the repeat or the second time."""
    likely = told(record, starts)
    yield likely
    doubtful = [number for number in likely.after_kill if _may_be_said_again(record[number])][:6]
    for count in range(1, len(doubtful) + 1):
        for new in combinations(doubtful, count):
            yield told(record, starts, new)


def _may_be_said_again(shown: Shown) -> bool:
    """Not what has buttons of a question: their number tells which time it is."""
    return not any(button.data and not button.data.startswith("0.") for row in shown.buttons for button in row)


def differences(undisturbed: Sequence[Line], run: Sequence[Line]) -> list[str]:
    """What is lost, doubled, new or swapped; empty when the two are the same."""
    if list(undisturbed) == list(run):
        return []
    before, now = Counter(undisturbed), Counter(run)
    found = [f"lost: {line}" for line in before - now]
    found += [f"{'doubled' if line in before else 'new'}: {line}" for line in now - before]
    if not found:
        place = next(place for place, line in enumerate(run) if line != undisturbed[place])
        found = [f"swapped: {run[place]} where {undisturbed[place]} belongs"]
    return found


@dataclass(frozen=True, slots=True)
class Screen:
    """What can still be seen at the end: places of the bot's lines, numbers of the person's own messages."""

    lines: tuple[int, ...]
    typed: tuple[int, ...]


def screen(messages: Sequence[Message], chat: Told) -> Screen:
    """By the last copy of each line; see `stayed`."""
    seen = {message.message_id for message in messages if not message.deleted}
    own = [message.message_id for message in messages if not message.own]
    return Screen(
        tuple(place for place, message_id in sorted(chat.last.items()) if message_id in seen),
        tuple(number for number, message_id in enumerate(own) if message_id in seen),
    )


def stayed(messages: Sequence[Message], chat: Told) -> int:
    """Former copies of lines whose last copy was deleted: the bot never learnt their ids, so they are there still."""
    seen = {message.message_id for message in messages if not message.deleted}
    return sum(
        message_id in seen and message_id != chat.last[place] and chat.last[place] not in seen
        for message_id, place in chat.places.items()
    )


def screens_differ(undisturbed: Screen, run: Screen) -> list[str]:
    if undisturbed == run:
        return []
    return [
        f"left on the screen: lines {sorted(set(run.lines) - set(undisturbed.lines))}, "
        f"own {sorted(set(run.typed) - set(undisturbed.typed))}; "
        f"deleted: lines {sorted(set(undisturbed.lines) - set(run.lines))}, "
        f"own {sorted(set(undisturbed.typed) - set(run.typed))}"
    ]
