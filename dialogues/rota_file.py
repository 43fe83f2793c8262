"""A rota as a file that admins write, and as the assistant keeps it. What is wrong is told all at once.

zone = "Europe/Paris"          # left out: the agency's
evening = "18:00"              # when the desk is warned if tonight's people cannot be reached

[[shift]]
days = ["mon", "tue", "wed", "thu", "fri"]    # or "daily"
from = "08:00"
to = "20:00"                   # not later than from: the next day
first = ["Coord-1"]            # work handles; or id:1a2b3c4d, as `integra people list` shows it
second = ["Coord-2"]

[[shift]]
days = "daily"
from = "20:00"
to = "08:00"
first = ["Coord-3"]

# A shift of a site is told first of flags by authors of that site (integra invite --site); the agency's shifts follow.
# [[shift]]
# site = "North"
# days = "daily"
# from = "08:00"
# to = "20:00"
# first = ["Coord-2"]

[[absence]]
who = "Coord-1"
from = 2026-12-24
to = 2026-12-31                # included
cover = "Coord-2"

[[holiday]]
day = 2026-12-25
like = "sun"                   # left out: no shift begins that day

[[swap]]
day = 2026-12-05
from = "20:00"                 # of the shift that begins then; with site = "North": of that site's
first = ["Coord-2"]

[quiet]
routine = "20:00-07:00"
today = "22:00-07:00"
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dialogues.model import Urgency
from dialogues.rota import DAYS, EVENING, NO_ROTA, Absence, Holiday, Quiet, Rota, Shift, Swap, of_site

MOST_BYTES: Final = 100_000
MOST_ENTRIES: Final = 500
MOST_NAME: Final = 64
CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
QUIETED: Final[tuple[Urgency, ...]] = ("routine", "today")


class Wrong(Exception):
    """``problems``: each one line with the entry and what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def read(text: str) -> Rota:
    """
    Raises:
        Wrong: all that must be mended.
    """
    if len(text.encode()) > MOST_BYTES:
        raise Wrong([f"a rota has at most {MOST_BYTES:,} bytes"])
    try:
        fields = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise Wrong([f"this is not TOML: {wrong}"]) from None
    return of_fields(fields)


def of_fields(fields: Mapping[str, Any]) -> Rota:
    """
    Raises:
        Wrong: all that must be mended.
    """
    reader = _Reader()
    reader.known(fields, "the file", ("zone", "evening", "shift", "absence", "holiday", "swap", "quiet"))
    rota = Rota(
        shifts=reader.each(fields, "shift", reader.shift),
        absences=reader.each(fields, "absence", reader.absence),
        holidays=reader.each(fields, "holiday", reader.holiday),
        swaps=reader.each(fields, "swap", reader.swap),
        quiet=reader.quiets(fields.get("quiet", {})),
        zone=reader.zone(fields.get("zone", "")),
        evening=reader.clock(fields.get("evening", EVENING), "evening"),
    )
    for number, swap in enumerate(rota.swaps, 1):
        if swap.start not in {shift.start for shift in of_site(rota, swap.site).shifts}:
            where = " of that site" if swap.site else ""
            reader.problems.append(f"swap {number}: no shift{where} begins at {swap.start}")
    if reader.problems:
        raise Wrong(reader.problems)
    return rota


def fields_of(rota: Rota) -> dict[str, Any]:
    """What ``of_fields`` reads, JSON-ready."""
    return {
        **({"zone": rota.zone} if rota.zone else {}),
        "evening": rota.evening,
        "shift": [
            {
                "days": [DAYS[day] for day in shift.days],
                "from": shift.start,
                "to": shift.end,
                "first": list(shift.first),
                "second": list(shift.second),
                **({"site": shift.site} if shift.site else {}),
            }
            for shift in rota.shifts
        ],
        "absence": [
            {"who": one.who, "from": one.first.isoformat(), "to": one.last.isoformat(), "cover": one.cover}
            for one in rota.absences
        ],
        "holiday": [
            {"day": one.day.isoformat(), **({} if one.like is None else {"like": DAYS[one.like]})}
            for one in rota.holidays
        ],
        "swap": [
            {
                "day": one.day.isoformat(),
                "from": one.start,
                "first": list(one.first),
                **({"site": one.site} if one.site else {}),
            }
            for one in rota.swaps
        ],
        "quiet": {one.urgency: f"{one.start}-{one.end}" for one in rota.quiet},
    }


def keep(rota: Rota) -> str:
    """A rota as one line of JSON."""
    return json.dumps(fields_of(rota), ensure_ascii=False)


def read_kept(body: str) -> Rota:
    """What ``keep`` gave.

    Raises:
        Wrong: it is something else.
    """
    return of_fields(json.loads(body)) if body else NO_ROTA


def write(rota: Rota) -> str:
    """The same as TOML; ``read`` gives the rota back."""
    fields = fields_of(rota)
    lines = [f"{name} = {_toml(fields[name])}" for name in ("zone", "evening") if name in fields]
    for kind in ("shift", "absence", "holiday", "swap"):
        for one in fields[kind]:
            lines += ["", f"[[{kind}]]"]
            dates = ("from", "to", "day") if kind == "absence" else ("day",)
            lines += [
                f"{name} = {value if name in dates else _toml(value)}"
                for name, value in one.items()
                if value not in ("", [])
            ]
    if fields["quiet"]:
        lines += ["", "[quiet]", *(f"{name} = {_toml(value)}" for name, value in fields["quiet"].items())]
    return "\n".join(lines) + "\n"


def _toml(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "[" + ", ".join(map(_toml, value)) + "]"


class _Reader:
    """Reads what it can, and gathers what is wrong."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def known(self, fields: Mapping[str, Any], where: str, names: Sequence[str]) -> None:
        for name in fields:
            if name not in names:
                self.problems.append(f"{where}: {_shown(name)} is not known; there are {', '.join(names)}")

    def each(self, fields: Mapping[str, Any], kind: str, one: Callable[[Mapping[str, Any], str], Any]) -> Any:
        entries = fields.get(kind, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self.problems.append(f"{kind}: write [[{kind}]] before each")
            return ()
        if len(entries) > MOST_ENTRIES:
            self.problems.append(f"{kind}: at most {MOST_ENTRIES} of them")
            return ()
        return tuple(one(entry, f"{kind} {number}") for number, entry in enumerate(entries, 1))

    def shift(self, fields: Mapping[str, Any], where: str) -> Shift:
        self.known(fields, where, ("days", "from", "to", "first", "second", "site"))
        return Shift(
            self.days(fields.get("days", ()), where),
            self.clock(fields.get("from"), f"{where}: from"),
            self.clock(fields.get("to"), f"{where}: to"),
            self.names(fields.get("first", ()), f"{where}: first", at_least=1),
            self.names(fields.get("second", ()), f"{where}: second"),
            self.site(fields.get("site", ""), where),
        )

    def absence(self, fields: Mapping[str, Any], where: str) -> Absence:
        self.known(fields, where, ("who", "from", "to", "cover"))
        first, last = self.day(fields.get("from"), f"{where}: from"), self.day(fields.get("to"), f"{where}: to")
        if last < first:
            self.problems.append(f"{where}: to is before from")
        who, cover = self.name(fields.get("who"), f"{where}: who"), fields.get("cover", "")
        if cover:
            cover = self.name(cover, f"{where}: cover")
            if cover == who:
                self.problems.append(f"{where}: nobody covers for themselves")
        return Absence(who, first, last, cover)

    def holiday(self, fields: Mapping[str, Any], where: str) -> Holiday:
        self.known(fields, where, ("day", "like"))
        like = None
        if "like" in fields:
            (like,) = self.days([fields["like"]], where) or (None,)
        return Holiday(self.day(fields.get("day"), f"{where}: day"), like)

    def swap(self, fields: Mapping[str, Any], where: str) -> Swap:
        self.known(fields, where, ("day", "from", "first", "site"))
        return Swap(
            self.day(fields.get("day"), f"{where}: day"),
            self.clock(fields.get("from"), f"{where}: from"),
            self.names(fields.get("first", ()), f"{where}: first", at_least=1),
            self.site(fields.get("site", ""), where),
        )

    def quiets(self, fields: Any) -> tuple[Quiet, ...]:
        if not isinstance(fields, dict):
            self.problems.append("quiet: write [quiet] before it")
            return ()
        if "urgent" in fields:
            self.problems.append("quiet: urgent flags know no quiet hours; leave it out")
        self.known({name: "" for name in fields if name != "urgent"}, "quiet", QUIETED)
        found = []
        for urgency in QUIETED:
            if urgency not in fields:
                continue
            start, _, end = str(fields[urgency]).partition("-")
            start, end = self.clock(start, f"quiet: {urgency}"), self.clock(end, f"quiet: {urgency}")
            if start == end:
                self.problems.append(f"quiet: {urgency} would be quiet for ever; write 20:00-07:00")
            found.append(Quiet(urgency, start, end))
        return tuple(found)

    def zone(self, value: Any) -> str:
        try:
            if value:
                ZoneInfo(str(value))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.problems.append("zone: that time zone is not known; one is Europe/Lisbon")
            return ""
        return str(value)

    def days(self, value: Any, where: str) -> tuple[int, ...]:
        if value == "daily":
            return tuple(range(len(DAYS)))
        if not isinstance(value, list | tuple) or not value or any(day not in DAYS for day in value):
            self.problems.append(f'{where}: days are "daily" or a list of {", ".join(DAYS)}')
            return ()
        return tuple(sorted({DAYS.index(day) for day in value}))

    def clock(self, value: Any, where: str) -> str:
        if not isinstance(value, str) or not CLOCK.fullmatch(value):
            self.problems.append(f'{where}: a time of day is written "08:00"')
            return "00:00"
        return value

    def day(self, value: Any, where: str) -> date:
        if isinstance(value, str):  # as it is kept
            try:
                return date.fromisoformat(value)
            except ValueError:
                value = None
        if not isinstance(value, date) or isinstance(value, datetime):
            self.problems.append(f"{where}: a day is written 2026-12-24")
            return date(1970, 1, 1)
        return value

    def names(self, value: Any, where: str, *, at_least: int = 0) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or len(value) < at_least:
            self.problems.append(f'{where}: people are a list of work handles, for example ["Coord-1"]')
            return ()
        return tuple(dict.fromkeys(self.name(one, where) for one in value))

    def site(self, value: Any, where: str) -> str:
        found = read_site(value) if isinstance(value, str) else None
        if found is None:
            self.problems.append(f'{where}: a site is a short name, for example "North"; none is the whole agency')
        return found or ""

    def name(self, value: Any, where: str) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > MOST_NAME or not value.isprintable():
            self.problems.append(f"{where}: a person is a work handle, for example Coord-1")
            return ""
        return value.strip()


def read_site(name: str) -> str | None:
    """A site's name as it is kept; empty: none. None: not a name."""
    if not name.isprintable() or len(name) > MOST_NAME:
        return None
    return " ".join(name.split())


def _shown(name: str) -> str:
    return name if name.isprintable() and len(name) <= MOST_NAME else "a name"
