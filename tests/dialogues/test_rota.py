"""Who is on duty: every hour of every day, also where clocks change, people are away, and days are holidays."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogues.rota import (
    NO_ROTA,
    Absence,
    Holiday,
    Quiet,
    Rota,
    Shift,
    Swap,
    due,
    duties,
    gaps,
    loud,
    moment_of,
    of_site,
    on_duty,
    planned,
    quiet_until,
    shift_on,
    stands_in,
)
from dialogues.rota_changes import both, changes_lost

PARIS, AZORES, ATHENS = ZoneInfo("Europe/Paris"), ZoneInfo("Atlantic/Azores"), ZoneInfo("Europe/Athens")
DAILY = tuple(range(7))
DAY = Shift(DAILY, "08:00", "20:00", ("Day",), ("Second",))
NIGHT = Shift(DAILY, "20:00", "08:00", ("Night",))
ROUND = Rota((DAY, NIGHT))
MONDAY = date(2026, 11, 23)
HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)


def who(rota: Rota, day: date, clock: str, zone: ZoneInfo = PARIS) -> tuple[str, ...]:
    return on_duty(rota, zone, moment_of(day, clock, zone)).first


@pytest.mark.parametrize(
    ("clock", "name"), [("00:00", "Night"), ("07:59", "Night"), ("08:00", "Day"), ("19:59", "Day"), ("20:00", "Night")]
)
def test_a_shift_begins_on_the_minute_and_ends_before_the_next(clock: str, name: str) -> None:
    assert who(ROUND, MONDAY, clock) == (name,)


def test_who_is_second_is_told_apart_and_never_named_twice() -> None:
    noon = moment_of(MONDAY, "12:00", PARIS)
    assert on_duty(ROUND, PARIS, noon).second == ("Second",)
    both = Rota((Shift(DAILY, "08:00", "20:00", ("Day",), ("Day", "Other")),))
    assert on_duty(both, PARIS, noon).second == ("Other",)


@pytest.mark.parametrize("zone", [PARIS, AZORES, ATHENS])
@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)])
@pytest.mark.parametrize("meeting", ["00:30", "01:00", "02:00", "02:30", "03:00", "03:30", "08:00"])
def test_where_clocks_change_shifts_that_meet_leave_no_gap_and_share_no_hour(
    zone: ZoneInfo, day: date, meeting: str
) -> None:
    rota = Rota((Shift(DAILY, "20:00", meeting, ("Night",)), Shift(DAILY, meeting, "20:00", ("Day",))))
    start = moment_of(day - ONE_DAY, "00:00", zone)
    found = list(duties(rota, zone, start, start + 4 * ONE_DAY))
    assert [len(one.first) for one in found] == [1] * len(found)
    assert all(one.end == two.start for one, two in pairwise(found))
    assert gaps(rota, zone, start, start + 4 * ONE_DAY) == []


def test_a_night_in_which_clocks_go_back_is_an_hour_longer() -> None:
    spring, autumn = date(2026, 3, 28), date(2026, 10, 24)
    for day, hours in ((spring, 11), (autumn, 13), (MONDAY, 12)):
        start = moment_of(day, "20:00", PARIS)
        length = sum((one.end - one.start for one in duties(ROUND, PARIS, start, start + 20 * HOUR)
                      if one.first == ("Night",)), timedelta())  # fmt: skip
        assert length == hours * HOUR


def test_a_shift_over_midnight_belongs_to_the_day_it_began_on() -> None:
    weekend = Rota((Shift((4,), "20:00", "08:00", ("Friday night",)),))
    saturday = MONDAY + 5 * ONE_DAY
    assert who(weekend, saturday, "03:00") == ("Friday night",)
    assert who(weekend, saturday, "20:00") == ()
    assert shift_on(weekend, PARIS, moment_of(saturday, "03:00", PARIS)) == (saturday - ONE_DAY, weekend.shifts[0])


def test_who_is_away_is_covered_from_their_first_day_to_their_last() -> None:
    rota = Rota((DAY, NIGHT), absences=(Absence("Day", MONDAY, MONDAY + ONE_DAY, "Cover"),))
    assert [who(rota, MONDAY + number * ONE_DAY, "12:00") for number in (-1, 0, 1, 2)] == [
        ("Day",), ("Cover",), ("Cover",), ("Day",),
    ]  # fmt: skip
    assert who(Rota((DAY,), absences=(Absence("Day", MONDAY, MONDAY),)), MONDAY, "12:00") == ()


def test_a_cover_who_is_away_is_covered_and_two_who_cover_each_other_cover_nobody() -> None:
    chain = (Absence("A", MONDAY, MONDAY, "B"), Absence("B", MONDAY, MONDAY, "C"))
    assert stands_in(Rota(absences=chain), MONDAY, "A") == "C"
    circle = (*chain, Absence("C", MONDAY, MONDAY, "A"))
    assert stands_in(Rota(absences=circle), MONDAY, "A") == ""


def test_who_stands_in_twice_is_named_once() -> None:
    rota = Rota((Shift(DAILY, "08:00", "20:00", ("A", "B")),), absences=(Absence("A", MONDAY, MONDAY, "B"),))
    assert who(rota, MONDAY, "12:00") == ("B",)


def test_a_holiday_has_another_weekdays_shifts_or_none() -> None:
    weekday = Rota((Shift((0,), "08:00", "20:00", ("Monday",)), Shift((6,), "10:00", "16:00", ("Sunday",))))
    like = Rota(weekday.shifts, holidays=(Holiday(MONDAY, 6),))
    none = Rota(weekday.shifts, holidays=(Holiday(MONDAY),))
    assert [who(one, MONDAY, "11:00") for one in (weekday, like, none)] == [("Monday",), ("Sunday",), ()]
    assert who(like, MONDAY, "09:00") == ()


def test_a_swap_holds_for_one_shift_and_the_last_one_counts() -> None:
    rota = Rota((DAY, NIGHT), swaps=(Swap(MONDAY, "20:00", ("One",)), Swap(MONDAY, "20:00", ("Two",))))
    assert who(rota, MONDAY, "21:00") == who(rota, MONDAY + ONE_DAY, "03:00") == ("Two",)
    assert who(rota, MONDAY + ONE_DAY, "21:00") == ("Night",)


def test_hours_with_nobody_are_found_and_neighbours_are_one() -> None:
    start = moment_of(MONDAY, "00:00", PARIS)
    found = gaps(Rota((DAY,)), PARIS, start, start + 2 * ONE_DAY)
    edges = [(one.start.astimezone(PARIS).hour, one.end.astimezone(PARIS).hour) for one in found]
    assert edges == [(0, 8), (20, 8), (20, 0)]


QUIET = Rota(quiet=(Quiet("routine", "20:00", "07:00"), Quiet("today", "22:00", "06:00")))


@pytest.mark.parametrize(
    ("clock", "routine", "today"),
    [("19:59", None, None), ("20:00", "07:00", None), ("22:00", "07:00", "06:00"), ("06:30", "07:00", None)],
)
def test_quiet_hours_go_by_urgency_and_urgent_flags_know_none(
    clock: str, routine: str | None, today: str | None
) -> None:
    at = moment_of(MONDAY, clock, PARIS)
    for urgency, wanted in (("routine", routine), ("today", today), ("urgent", None)):
        end = quiet_until(QUIET, PARIS, urgency, at)  # type: ignore[arg-type]  # literals
        assert (f"{end.astimezone(PARIS):%H:%M}" if end is not None else None) == wanted


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["routine", "today"]),
)
def test_a_deadline_is_never_in_quiet_hours_and_never_sooner_than_without(at: datetime, urgency: str) -> None:
    found = due(QUIET, PARIS, urgency, 4 * HOUR, at=at)  # type: ignore[arg-type]  # literals
    assert quiet_until(QUIET, PARIS, urgency, found) is None  # type: ignore[arg-type]  # literals
    assert at + 4 * HOUR <= found <= at + 4 * HOUR + ONE_DAY + HOUR
    assert loud(QUIET, PARIS, "urgent", at) == at


QUARTER = timedelta(minutes=15)
CLOCKS = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45)]
LENGTHS = st.integers(1, 36)


def night(start: int, quarters: int) -> Quiet:
    return Quiet("today", CLOCKS[start], CLOCKS[(start + quarters) % len(CLOCKS)])


@settings(max_examples=60)
@given(
    st.lists(st.builds(night, st.integers(0, 95), LENGTHS), max_size=2),
    st.sampled_from([PARIS, AZORES, ATHENS]),
    st.sampled_from([date(2026, 3, 28), date(2026, 10, 24), MONDAY]),
    st.integers(0, 143),
    st.integers(1, 80),
)
def test_the_time_that_is_not_quiet_until_a_deadline_is_what_it_gives(
    quiet: list[Quiet], zone: ZoneInfo, day: date, quarter: int, quarters: int
) -> None:
    rota, start = Rota(quiet=tuple(quiet)), moment_of(day, "12:00", zone) + quarter * QUARTER
    end = due(rota, zone, "today", quarters * QUARTER, at=start)
    passed = [start + number * QUARTER for number in range((end - start) // QUARTER)]
    assert sum(quiet_until(rota, zone, "today", at) is None for at in passed) == quarters
    assert quiet_until(rota, zone, "today", end) is None
    assert due(rota, zone, "routine", quarters * QUARTER, at=start) == start + quarters * QUARTER
    assert due(rota, zone, "today", 3 * ONE_DAY, at=start) <= start + 5 * ONE_DAY, "days are days"


@given(
    st.lists(
        st.builds(
            Shift,
            st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(tuple),
            st.sampled_from(["00:00", "02:30", "08:00", "20:00"]),
            st.sampled_from(["00:00", "02:30", "08:00", "20:00"]),
            st.just(("A",)),
        ),
        max_size=4,
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
)
def test_a_stretch_of_time_is_cut_without_gaps_and_each_moment_of_it_says_the_same(
    shifts: list[Shift], at: datetime
) -> None:
    rota = Rota(tuple(shifts))
    found = list(duties(rota, PARIS, at, at + 3 * ONE_DAY))
    assert found[0].start == at
    assert found[-1].end >= at + 3 * ONE_DAY
    for one, two in pairwise(found):
        assert one.start < one.end == two.start
    for one in found:
        middle = one.start + (one.end - one.start) / 2
        assert on_duty(rota, PARIS, middle).first == one.first


NORTH = Shift(DAILY, "07:00", "19:00", ("North",), site="North")
SITED = Rota((DAY, NIGHT, NORTH), swaps=(Swap(MONDAY, "07:00", ("Swapped",), "north"),))


def test_a_site_has_its_own_shifts_and_swaps_and_the_agency_keeps_its_own() -> None:
    noon, night = moment_of(MONDAY, "12:00", PARIS), moment_of(MONDAY, "22:00", PARIS)
    assert on_duty(of_site(SITED), PARIS, noon).first == ("Day",)
    assert on_duty(of_site(SITED, " NORTH "), PARIS, noon).first == ("Swapped",)
    assert on_duty(of_site(SITED, "North"), PARIS, noon + ONE_DAY).first == ("North",)
    assert on_duty(of_site(SITED, "North"), PARIS, night).first == ()
    assert of_site(SITED, "South").shifts == ()
    assert SITED.sites == ("North",)


def test_where_all_of_a_shift_are_away_somebody_was_planned_and_between_shifts_nobody() -> None:
    away = Rota((NORTH,), (Absence("North", MONDAY, MONDAY),))
    assert planned(away, PARIS, moment_of(MONDAY, "12:00", PARIS))
    assert on_duty(away, PARIS, moment_of(MONDAY, "12:00", PARIS)).first == ()
    assert not planned(away, PARIS, moment_of(MONDAY, "22:00", PARIS))


def test_what_a_new_rota_would_lose_is_what_is_not_over_and_not_decided_anew() -> None:
    over = Absence("Day", MONDAY - 2 * ONE_DAY, MONDAY - ONE_DAY)
    now, later = Absence("Day", MONDAY, MONDAY), Absence("Night", MONDAY + ONE_DAY, MONDAY + ONE_DAY)
    old, last_night = Swap(MONDAY - 2 * ONE_DAY, "20:00", ("X",)), Swap(MONDAY - ONE_DAY, "20:00", ("X",))
    tonight = Swap(MONDAY, "20:00", ("X",))
    before = Rota((DAY, NIGHT), (over, now, later), swaps=(old, last_night, tonight))
    assert changes_lost(before, ROUND, MONDAY) == Rota(absences=(now, later), swaps=(last_night, tonight))
    after = Rota((DAY, NIGHT), (later,), swaps=(Swap(MONDAY, "20:00", ("Y",)),))
    lost = changes_lost(before, after, MONDAY)
    assert lost == Rota(absences=(now,), swaps=(last_night,))
    assert both(after, lost) == Rota((DAY, NIGHT), (now, later), swaps=(last_night, *after.swaps))
    assert both(Rota((DAY,)), lost).swaps == (), "a swap of a shift that is not there any more"
    assert changes_lost(before, before, MONDAY) == changes_lost(NO_ROTA, ROUND, MONDAY) == NO_ROTA
