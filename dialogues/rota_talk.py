"""The rota in the chat: who is on duty this week, and what changes from day to day. The shifts themselves are a file.

    Looking ──found──▶ Shown ──site──▶ AskSite ──▶ Looking
                         ├──swap──▶ AskShift ──▶ AskSwap ──▶ Looking + KeepRota
                         ├──away──▶ AskAbsent ──▶ AskFrom ──▶ AskTo ──▶ AskCover ──▶ Looking + KeepRota
                         ├──back──▶ AskBack ──▶ Looking + KeepRota
                         └──undo──▶ Looking + KeepRota

Each change is made to the rota as it is then, looked up in the same transaction: two who change it lose nothing.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from dialogues.day import read_days
from dialogues.home import menu_choice
from dialogues.model import (
    Call,
    Choice,
    Chose,
    Event,
    Found,
    KeepRota,
    LookUp,
    RotaView,
    Say,
    Scene,
    Turn,
    Wrote,
    column,
)
from dialogues.permissions import KEEPS_ROTA
from dialogues.rota import Absence, Rota, Swap, duties, moment_of, of_site, planned, same_site, shifts_of
from dialogues.rota_file import keep, read_kept
from dialogues.rota_names import Names

ONE_DAY = timedelta(days=1)
WEEK = 7
MOST_SHOWN = 12
FURTHEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Looking:
    """Looking up the rota, then doing ``act`` with what was chosen.

    Attributes:
        agency: slug, or empty: not chosen yet.
        week: how many weeks from now are shown.
        who, cover: names of the rota.
        day, until: ISO dates; ``start``: when the shift begins.
        site: whose shifts; empty: the whole agency's.
    """

    agency: str = ""
    act: str = "show"
    week: int = 0
    who: str = field(default="", repr=False)
    day: str = ""
    until: str = ""
    start: str = ""
    cover: str = field(default="", repr=False)
    site: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AskAgency:
    """Waiting for which of several rotas."""

    slugs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A week is on the screen."""

    agency: str
    week: int
    acts: tuple[str, ...]
    site: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AskSite:
    """Waiting for whose shifts are shown: a site's, or the whole agency's (empty)."""

    agency: str
    sites: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskShift:
    """Waiting for a shift: (day, start, end)."""

    agency: str
    shifts: tuple[tuple[str, str, str], ...]
    site: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AskSwap:
    """Waiting for who takes a shift; ``names`` in the order of the buttons."""

    agency: str
    day: str
    start: str
    end: str
    names: tuple[str, ...] = field(repr=False)
    site: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AskAbsent:
    """Waiting for who is away."""

    agency: str
    names: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskFrom:
    """Waiting for the first day of an absence."""

    agency: str
    who: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskTo:
    """Waiting for its last day."""

    agency: str
    who: str = field(repr=False)
    day: str


@dataclass(frozen=True, slots=True)
class AskCover:
    """Waiting for who stands in."""

    agency: str
    who: str = field(repr=False)
    day: str
    until: str
    names: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskBack:
    """Waiting for whose absence ends: (name, first day, last day)."""

    agency: str
    absences: tuple[tuple[str, str, str], ...] = field(repr=False)


State = Looking | AskAgency | Shown | AskSite | AskShift | AskSwap | AskAbsent | AskFrom | AskTo | AskCover | AskBack
STATES = (Looking, AskAgency, Shown, AskSite, AskShift, AskSwap, AskAbsent, AskFrom, AskTo, AskCover, AskBack)


def begin(scene: Scene, about: str) -> Turn[State]:
    """``about``: an agency's slug, or empty."""
    if not any(one.role in KEEPS_ROTA for one in scene.person.memberships):
        return Turn(None, (Say(scene.text("rota-not-yours"), rows=column(menu_choice(scene))),))
    return _look(Looking(about))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case _, Chose("leave"):
            return Turn(None)
        case _, Wrote(text) if scene.voice.danger.danger(text) is not None:
            return Turn(state, call=Call("danger"))
        case Looking(), Found(rows):
            return _found(state, [row for row in rows if isinstance(row, RotaView)], scene)
        case AskAgency(slugs), Chose(key) if (place := _number(key, len(slugs))) is not None:
            return _look(Looking(slugs[place]))
        case Shown(agency, week, _, site), Chose("week"):
            return _look(Looking(agency, week=week + 1, site=site))
        case Shown(agency, _, acts, site), Chose(act) if act in acts:
            return _look(Looking(agency, act, site=site))
        case AskSite(agency, sites), Chose(key) if (place := _number(key, len(sites))) is not None:
            return _look(Looking(agency, site=sites[place]))
        case AskShift(agency, shifts, site), Chose(key) if (place := _number(key, len(shifts))) is not None:
            day, start, end = shifts[place]
            return _look(Looking(agency, "ask-swap", day=day, start=start, until=end, site=site))
        case AskSwap(agency, day, start, _, names, site), Chose(key) if (place := _number(key, len(names))) is not None:
            return _look(Looking(agency, "keep-swap", day=day, start=start, who=names[place], site=site))
        case AskAbsent(agency, names), Chose(key) if (place := _number(key, len(names))) is not None:
            return _ask(AskFrom(agency, names[place]), scene)
        case AskFrom(), Chose("today" | "tomorrow") | Wrote():
            return _first_day(event, scene, state)
        case AskTo(agency, who, first), Chose("same") | Wrote():
            return _last_day(event, scene, state, Looking(agency, "ask-cover", who=who, day=first))
        case AskCover(agency, who, day, until, names), Chose(key) if (
            key == "nobody" or _number(key, len(names)) is not None
        ):
            cover = "" if key == "nobody" else names[_number(key, len(names)) or 0]
            return _look(Looking(agency, "keep-away", who=who, day=day, until=until, cover=cover))
        case AskBack(agency, absences), Chose(key) if (place := _number(key, len(absences))) is not None:
            who, day, until = absences[place]
            return _look(Looking(agency, "keep-back", who=who, day=day, until=until))
        case ((Shown() | AskAgency()), Chose("back")) | (Looking(), _):
            return begin(scene, "")
        case _, Chose("back"):
            return _look(Looking(_agency(state), site=getattr(state, "site", "")))
        case _:
            return Turn(state, resume(state, scene))


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    back = Choice("back", scene.text("button-back"))
    match state:
        case Shown(acts=acts):
            rows = column(
                *(Choice(act, scene.text(f"button-rota-{act}")) for act in (*acts, "week")), menu_choice(scene)
            )
            return (Say(scene.text("button-rota"), rows=rows),)
        case AskAgency(slugs):
            named = [one.agency.name for slug in slugs if (one := scene.person.at(slug)) is not None]
            return (_pick(scene.text("rota-ask-agency"), named, back),)
        case AskSite(_, sites):
            return (_pick(scene.text("rota-ask-site"), [site or scene.text("rota-whole") for site in sites], back),)
        case AskShift(shifts=shifts):
            labels = [f"{_date(day, scene)} {start}–{end}" for day, start, end in shifts]
            return (_pick(scene.text("rota-ask-shift"), labels, back),)
        case AskSwap(_, day, start, end, names, _):
            return (
                _pick(scene.text("rota-ask-swap", day=_date(day, scene), **{"from": start, "to": end}), names, back),
            )
        case AskAbsent(_, names):
            return (_pick(scene.text("rota-ask-absent"), names, back),)
        case AskFrom(_, who):
            days = [Choice(one, scene.text(f"button-rota-{one}")) for one in ("today", "tomorrow")]
            return (Say(scene.text("rota-ask-from", who=who), rows=column(*days, back)),)
        case AskTo(_, who, day):
            same = Choice("same", _date(day, scene))
            return (Say(scene.text("rota-ask-to", who=who), rows=column(same, back)),)
        case AskCover(_, who, day, until, names):
            text = scene.text("rota-ask-cover", who=who, **{"from": _date(day, scene), "to": _date(until, scene)})
            nobody = Choice("nobody", scene.text("button-rota-nobody"))
            return (_pick(text, names, nobody, back),)
        case AskBack(_, absences):
            labels = [f"{who} {_date(day, scene)} – {_date(until, scene)}" for who, day, until in absences]
            return (_pick(scene.text("rota-ask-back"), labels, back),)
        case _:
            return ()


def _found(looking: Looking, found: list[RotaView], scene: Scene) -> Turn[State]:
    if not found:
        return Turn(None, (Say(scene.text("rota-not-yours"), rows=column(menu_choice(scene))),))
    if len(found) > 1:
        return _ask(AskAgency(tuple(one.agency for one in found)), scene)
    view = found[0]
    looking = replace(looking, agency=view.agency)
    rota, today = read_kept(view.body), scene.now.astimezone(view.zone).date()
    names, site = _names(view), _site(rota, looking.site)
    match looking.act:
        case "site":
            return _ask(AskSite(view.agency, _shown(rota)[:MOST_SHOWN]), scene)
        case "swap":
            coming = [
                (day.isoformat(), shift.start, shift.end)
                for day in (today + number * ONE_DAY for number in range(-1, 2 * WEEK))
                for shift in sorted(shifts_of(of_site(rota, site), day), key=lambda one: one.start)
                if _ends(day, shift.start, shift.end, view) > scene.now
            ]
            return _ask(AskShift(view.agency, tuple(coming[:MOST_SHOWN]), site), scene)
        case "ask-swap":
            return _ask(AskSwap(view.agency, looking.day, looking.start, looking.until, names, looking.site), scene)
        case "keep-swap":
            day, here = date.fromisoformat(looking.day), same_site(looking.site)
            if not any(shift.start == looking.start for shift in shifts_of(of_site(rota, looking.site), day)):
                return _gone(view, scene)
            this = (day, looking.start, here)
            others = tuple(one for one in rota.swaps if (one.day, one.start, same_site(one.site)) != this)
            kept = tuple(one for one in others if one.day >= today - ONE_DAY)
            swap = Swap(day, looking.start, (looking.who,), looking.site)
            return _changed(view, replace(rota, swaps=(*kept, swap)), scene, site=looking.site)
        case "away":
            return _ask(AskAbsent(view.agency, names), scene)
        case "ask-cover":
            cover = tuple(name for name in names if name != looking.who)
            return _ask(AskCover(view.agency, looking.who, looking.day, looking.until, cover), scene)
        case "keep-away":
            absence = Absence(
                looking.who, date.fromisoformat(looking.day), date.fromisoformat(looking.until), looking.cover
            )
            kept_absences = tuple(one for one in rota.absences if one.last >= today)
            return _changed(view, replace(rota, absences=(*kept_absences, absence)), scene, site=site)
        case "back":
            still = [one for one in rota.absences if one.last >= today]
            listed = tuple(
                (_called(one.who, view), one.first.isoformat(), one.last.isoformat()) for one in still[:MOST_SHOWN]
            )
            return _ask(AskBack(view.agency, listed), scene)
        case "keep-back":
            gone = (looking.who, looking.day, looking.until)
            left = tuple(
                one
                for one in rota.absences
                if (_called(one.who, view), one.first.isoformat(), one.last.isoformat()) != gone
            )
            if left == rota.absences:
                return _gone(view, scene)
            return _changed(view, replace(rota, absences=left), scene, site=site)
        case "undo" if view.before:
            return _changed(view, read_kept(view.before), scene, "rota-undone", site=site)
        case _:
            return _week(view, rota, looking.week, scene, site=site)


def _week(
    view: RotaView, rota: Rota, week: int, scene: Scene, before: tuple[Say, ...] = (), *, site: str = ""
) -> Turn[State]:
    """Seven days, each with who is on duty when: of one site, or of the whole agency."""
    site = _site(rota, site)
    title = scene.text("rota-title-site" if site else "rota-title", agency=view.agency_name, site=site)
    if not rota.shifts:
        said = Say(scene.text("rota-none"), title=title, rows=column(menu_choice(scene)))
        return Turn(None, (*before, said))
    known = _known(view)
    rota = known.spelled(rota)
    away = {name for name in rota.names if (ref := known.whose(name)) in view.away or not ref}
    today = scene.now.astimezone(view.zone).date()
    first = today + week * WEEK * ONE_DAY
    lines = []
    for day in (first + number * ONE_DAY for number in range(WEEK)):
        weekday = scene.text(f"rota-day-{day.weekday() + 1}")
        holiday = int(any(one.day == day for one in rota.holidays))
        lines.append(scene.text("rota-day", day=weekday, date=f"{day:%d.%m.}", holiday=holiday))
        lines += [f"  {line}" for line in _duty_lines(view, rota, site, day, away, scene)]
    for one in rota.absences:
        if first <= one.last and one.first < first + WEEK * ONE_DAY:
            span = {"from": _date(one.first.isoformat(), scene), "to": _date(one.last.isoformat(), scene)}
            lines.append(scene.text("rota-absent", who=one.who, cover=int(bool(one.cover)), by=one.cover, **span))
    for quiet in rota.quiet:
        urgency = scene.text(f"urgency-{quiet.urgency}")
        lines.append(scene.text("rota-quiet", urgency=urgency, **{"from": quiet.start, "to": quiet.end}))
    is_away = any(one.last >= today for one in rota.absences)
    elsewhere = len(_shown(rota)) > 1
    acts = (
        "swap",
        "away",
        *(("back",) if is_away else ()),
        *(("undo",) if view.before else ()),
        *(("site",) if elsewhere else ()),
    )
    shown = Shown(view.agency, week, acts, site)
    said = Say(
        "\n".join(lines),
        title=title,
        small=scene.text("rota-small", zone=view.zone.key),
        rows=resume(shown, scene)[0].rows,
    )
    return Turn(shown, (*before, said))


def _duty_lines(view: RotaView, whole: Rota, site: str, day: date, away: set[str], scene: Scene) -> list[str]:
    rota, covered = of_site(whole, site), bool(site and of_site(whole).shifts)
    start, end = (moment_of(one, "00:00", view.zone) for one in (day, day + ONE_DAY))
    joined: list[tuple[datetime, datetime, str]] = []
    for duty in duties(rota, view.zone, start, end):
        gap = "rota-agency" if covered and not planned(rota, view.zone, duty.start) else "rota-nobody"
        who = ", ".join(_marked(name, away, scene) for name in duty.first) or scene.text(gap)
        if duty.second:
            who += scene.text("rota-second", who=", ".join(_marked(name, away, scene) for name in duty.second))
        if joined and joined[-1][2] == who:
            joined[-1] = (joined[-1][0], duty.end, who)
        else:
            joined.append((duty.start, duty.end, who))
    return [
        scene.text("rota-line", who=who, **{"from": _clock(one, view), "to": _clock(two, view)})
        for one, two, who in joined
    ]


def _changed(view: RotaView, rota: Rota, scene: Scene, phrase: str = "rota-changed", *, site: str = "") -> Turn[State]:
    body = keep(rota)
    after = replace(view, version=view.version + 1, body=body, before=view.body)
    turn = _week(after, rota, 0, scene, (Say(scene.text(phrase)),), site=site)
    return Turn(turn.state, turn.says, (KeepRota(view.agency, view.version, body),))


def _gone(view: RotaView, scene: Scene) -> Turn[State]:
    return _week(view, read_kept(view.body), 0, scene, (Say(scene.text("rota-gone")),))


def _first_day(event: Event, scene: Scene, state: AskFrom) -> Turn[State]:
    today = _today(state.agency, scene)
    near = {Chose("today"): today, Chose("tomorrow"): today + ONE_DAY}
    days = (near[event],) if isinstance(event, Chose) and event in near else _read(event, today)
    coming = [day for day in days if today <= day <= today + FURTHEST]
    if len(coming) != 1:
        why = "rota-date-past" if days and not coming else "rota-date-unclear"
        return Turn(state, (Say(scene.text(why)), *resume(state, scene)))
    return _ask(AskTo(state.agency, state.who, coming[0].isoformat()), scene)


def _last_day(event: Event, scene: Scene, state: AskTo, following: Looking) -> Turn[State]:
    first = date.fromisoformat(state.day)
    days = (first,) if event == Chose("same") else _read(event, first)
    coming = [day for day in days if first <= day <= first + FURTHEST]
    if len(coming) != 1:
        why = "rota-date-order" if days and not coming else "rota-date-unclear"
        return Turn(state, (Say(scene.text(why)), *resume(state, scene)))
    return _look(replace(following, until=coming[0].isoformat()))


def _read(event: Event, today: date) -> tuple[date, ...]:
    return read_days(event.text, today) if isinstance(event, Wrote) else ()


def _names(view: RotaView) -> tuple[str, ...]:
    """Whom the rota may name."""
    known = _known(view)
    return tuple(known.name(one.person) for one in view.people)


def _known(view: RotaView) -> Names:
    return Names((one.person, one.handle) for one in view.people)


def _called(name: str, view: RotaView) -> str:
    """What somebody whom the rota names is called; a name that is nobody's is left as it is."""
    known = _known(view)
    ref = known.whose(name)
    return known.name(ref) if ref else name


def _ends(day: date, start: str, end: str, view: RotaView) -> datetime:
    return moment_of(day + ONE_DAY if end <= start else day, end, view.zone)


def _marked(name: str, away: set[str], scene: Scene) -> str:
    return scene.text("rota-away", who=name) if name in away else name


def _clock(at: datetime, view: RotaView) -> str:
    return f"{at.astimezone(view.zone):%H:%M}"


def _date(day: str, scene: Scene) -> str:
    found = date.fromisoformat(day)
    return f"{scene.text(f'rota-day-{found.weekday() + 1}')} {found:%d.%m.}"


def _today(agency: str, scene: Scene) -> date:
    own = scene.person.at(agency) or scene.home
    return scene.now.astimezone(own.agency.zone).date()


def _shown(rota: Rota) -> tuple[str, ...]:
    """Whose shifts can be looked at: the whole agency's (empty), where it has any, and each site's."""
    return (*(("",) if of_site(rota).shifts else ()), *rota.sites)


def _site(rota: Rota, site: str) -> str:
    """The site, where it still has shifts, or what is shown first."""
    there = _shown(rota)
    return next((one for one in there if same_site(one) == same_site(site)), there[0] if there else "")


def _agency(state: State) -> str:
    return getattr(state, "agency", "")


def _look(looking: Looking) -> Turn[State]:
    return Turn(looking, look_up=LookUp("rota", looking.agency))


def _ask(state: State, scene: Scene) -> Turn[State]:
    return Turn(state, resume(state, scene))


def _pick(text: str, labels: tuple[str, ...] | list[str], *last: Choice) -> Say:
    return Say(text, rows=column(*(Choice(f"p.{place}", label) for place, label in enumerate(labels)), *last))


def _number(key: str, count: int) -> int | None:
    number = key.removeprefix("p.")
    return int(number) if key.startswith("p.") and number.isdecimal() and int(number) < count else None
