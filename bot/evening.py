"""Every evening, before it matters: can those who are on duty until tomorrow evening be reached, and open what comes?

nobody        no shift, or everybody on it is away without cover
not-enrolled  the rota names somebody who has no access yet, or not any more
blocked       nothing arrives at their chat
key-expired   the desk's list has no key of theirs that a note is sealed to

Whoever serves the desk of several agencies is looked at once for all but the last, which is looked at on each list.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

import structlog

from bot import duty
from bot.duty import Desks, Roster
from bot.notices import tell
from dialogues import rota as rotas_of
from dialogues.rota import Duty, Rota, moment_of
from storage import agencies, flags, rotas, timers
from storage.agencies import AgencyRow
from storage.errors import Unreadable
from storage.outbox import Outgoing, Priority
from storage.people import Servant
from storage.sealing.desk import Manifest
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

Why = Literal["nobody", "not-enrolled", "blocked", "key-expired"]
About = tuple[Why, tuple[str, ...], str]
"""Of a warning: why, who, site."""
MOST_SHOWN: Final = 5
READERS: Final = ("coordinator", "supervisor")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that would leave a flag unheard.

    Attributes:
        who: names of the rota; empty: it is about the whole desk.
        site: whose shift it is about; empty: the agency's.
    """

    why: Why
    start: datetime
    end: datetime
    who: tuple[str, ...] = field(default=(), repr=False)
    site: str = field(default="", repr=False)


def warnings(
    tx: Transaction,
    world: Desks,
    row: AgencyRow,
    start: datetime,
    end: datetime,
    *,
    proposed: Rota | None = None,
) -> list[Warned]:
    """What is wrong with an agency's duty in a stretch of time; neighbours that say the same are one.

    Args:
        proposed: as in ``bot.duty.desk_rota``.
    """
    there = duty.roster(tx, world, row, start, proposed=proposed)
    manifest = agencies.desk(tx, row.slug, world.pins, start)
    found = list(_looked_at(there, manifest, start, end))
    joined: list[Warned] = []
    for (why, who, site), several in groupby(sorted(found, key=_order), key=_about):
        for one in several:
            last = joined[-1] if joined else None
            if last is not None and (*_about(last), last.end) == (why, who, site, one.start):
                joined[-1] = Warned(why, last.start, one.end, who, site)
            else:
                joined.append(one)
    return sorted(joined, key=lambda one: one.start)


def evening_due(tx: Transaction, world: "World", agency_ref: bytes, at: datetime) -> list[Outgoing]:
    """Take an agency's timer: warn its desk, and be back tomorrow."""
    row = agencies.by_ref(tx, agency_ref)
    there = duty.roster(tx, world, row, at)
    following = next_evening(there, at)
    timers.arm(tx, rotas.EVENING, agency_ref.hex(), following)
    told: list[Outgoing] = []
    found = warnings(tx, world, row, at, following)
    heard = hearers(there)
    whom = [one.ref for one in heard]
    for (why, who, site), those in alike(found).items():
        names = ", ".join(who) + (f" ({row.profile['name']})" if who and there.rota_of != row.slug else "")
        args: dict[str, str | int] = {"when": spans(those, there.zone), "who": names or row.profile["name"]}
        args |= {"sited": int(bool(site)), "site": site}
        of_rota = who or site or there.whole.shifts or why == "key-expired"
        phrase = f"rota-warn-{why}" if of_rota else "rota-warn-no-rota"
        told += tell(tx, world, whom, row.slug, phrase, args, at, opens="rota", label="button-rota",
                     priority=Priority.URGENT, expires_at=following)  # fmt: skip
    if found and not any(one.reached for one in heard):
        log.warning("rota.nobody-warned", count=len(found))
    return told


def hearers(there: Roster) -> list[Servant]:
    """Who is warned: of the desk, and its admins."""
    return list({one.ref: one for one in (*there.takers, *there.admins)}.values())


def arm_evenings(tx: Transaction, world: Desks, at: datetime) -> None:
    """Every agency is looked at, every evening."""
    for ref, _ in agencies.versions(tx):
        _arm(tx, world, ref, at)


def rota_changed(tx: Transaction, world: Desks, agency_ref: bytes, at: datetime) -> None:
    """The next look is at the evening that the rota in force says. Flags that called somebody who is not on duty any
    more go on to somebody else."""
    _arm(tx, world, agency_ref, at)
    timers.pull_in(tx, flags.DEADLINE, at)


def _arm(tx: Transaction, world: Desks, agency_ref: bytes, at: datetime) -> None:
    """One that is due already, is due."""
    armed = timers.armed_until(tx, rotas.EVENING, agency_ref.hex())
    if armed is not None and armed <= at:
        return
    try:
        row = agencies.by_ref(tx, agency_ref)
    except Unreadable:
        return
    timers.arm(tx, rotas.EVENING, agency_ref.hex(), next_evening(duty.roster(tx, world, row, at), at))


def next_evening(there: Roster, at: datetime) -> datetime:
    today = at.astimezone(there.zone).date()
    moments = (moment_of(today + timedelta(days=days), there.rota.evening, there.zone) for days in range(3))
    return next(one for one in moments if one > at)


def spans(those: list[Warned], zone: ZoneInfo) -> str:
    """``26.11. 20:00–08:00, 27.11. 20:00–08:00``."""
    shown = [
        f"{one.start.astimezone(zone):%d.%m. %H:%M}–{one.end.astimezone(zone):%H:%M}" for one in those[:MOST_SHOWN]
    ]
    return ", ".join(shown) + (" …" if len(those) > MOST_SHOWN else "")


def alike(found: list[Warned]) -> dict[About, list[Warned]]:
    """What is wrong, with whom, and where -> when."""
    groups: dict[About, list[Warned]] = {}
    for one in found:
        groups.setdefault(_about(one), []).append(one)
    return groups


def _looked_at(there: Roster, manifest: Manifest | None, start: datetime, end: datetime) -> Iterator[Warned]:
    for stretch in _stretches(there, there.whole, start, end):
        if manifest is not None and not _reads(manifest, "", stretch.start.date()):
            yield Warned("key-expired", stretch.start, stretch.end)
    served = there.rota_of != there.row.slug  # whoever serves its desk is looked at there; with these keys here alone
    if not there.whole.shifts and not served:
        aways = [duty.why_away(one) for one in there.takers]
        if None not in aways:
            yield Warned(aways[0] or "nobody" if aways else "nobody", start, end)
    for site in (*(("",) if there.whole.shifts else ()), *there.rota.sites):
        local, covered = rotas_of.of_site(there.rota, site), bool(site and there.whole.shifts)
        for stretch in _stretches(there, local, start, end):
            lacks = not stretch.first and (not covered or rotas_of.planned(local, there.zone, stretch.start))
            if lacks and not served:
                yield Warned("nobody", stretch.start, stretch.end, site=site)
            for name in stretch.first:
                why = _why(there, name, manifest, stretch.start.date())
                if why is not None and (why == "key-expired" or not served):
                    yield Warned(why, stretch.start, stretch.end, (name,), site)


def _stretches(there: Roster, rota: Rota, start: datetime, end: datetime) -> Iterator[Duty]:
    for one in rotas_of.duties(rota, there.zone, start, end):
        yield from _by_day(Duty(one.start, min(one.end, end), one.first))


def _by_day(one: Duty) -> Iterator[Duty]:
    """Cut at the midnights of UTC: by these a key runs out."""
    start = one.start
    while start < one.end:
        midnight = datetime.combine(start.date() + timedelta(days=1), time(), UTC)
        yield Duty(start, min(midnight, one.end), one.first)
        start = midnight


def _why(there: Roster, name: str, manifest: Manifest | None, day: date) -> Why | None:
    person = there.person(name)
    if person is None:
        return "not-enrolled"
    if (away := duty.why_away(person)) is not None:
        return away
    others = [one.handle for one in there.takers if one != person]
    return None if manifest is None or _reads(manifest, person.handle, day, others) else "key-expired"


def _reads(manifest: Manifest, handle: str, day: date, others: Sequence[str] = ()) -> bool:
    """Whether a note of that day is sealed to a reader's key; with a handle: to theirs, where the labels tell.

    Args:
        others: handles of the rest of the desk; a key whose label names one of them is nobody else's.
    """
    keys = {one: set(one.label.casefold().split()) for one in manifest.recipients if one.role in READERS}
    known = {one.casefold() for one in others if one}
    if handle:
        theirs = [one for one, words in keys.items() if handle.casefold() in words]
        return any(one.live(day) for one in theirs or [one for one, words in keys.items() if not words & known])
    return any(one.live(day) for one in keys)


def _about(one: Warned) -> About:
    return one.why, one.who, one.site


def _order(one: Warned) -> tuple[About, datetime]:
    return _about(one), one.start
