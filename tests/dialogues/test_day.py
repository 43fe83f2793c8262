"""What people type when asked for a day to come, and which days are understood."""

from datetime import date, timedelta
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues.day import LONGEST, read_days

TODAY = date(2026, 11, 25)  # a Wednesday
DAYS = st.dates(date(2026, 11, 25), date(2099, 12, 31))

CLEAR = [
    ("12 March 2027", "2027-03-12"),
    ("12th of march", "2027-03-12"),
    ("March 12, 2027", "2027-03-12"),
    ("march 12", "2027-03-12"),
    ("12 mar 27", "2027-03-12"),
    ("12-mar-2027", "2027-03-12"),
    ("Friday 12 March", "2027-03-12"),
    ("fri 12.03.2027", "2027-03-12"),
    ("febuary 3rd", "2027-02-03"),
    ("25 november", "2026-11-25"),
    ("24 november", "2027-11-24"),
    ("29 feb", "2028-02-29"),
    ("2027-03-12", "2027-03-12"),
    ("2027/3/5", "2027-03-05"),
    ("12.03.2027", "2027-03-12"),
    ("12.3.27", "2027-03-12"),
    ("3.4.", "2027-04-03"),
    ("13/03/2027", "2027-03-13"),
    ("03/13/2027", "2027-03-13"),
    ("04/04", "2027-04-04"),
    ("saturday 03/04", "2027-04-03"),
    ("in 3 months", "2027-02-25"),
    ("In three Months.", "2027-02-25"),
    ("in six weeks", "2027-01-06"),
    ("in 10 days' time", "2026-12-05"),
    ("in a couple of weeks", "2026-12-09"),
    ("in half a year", "2027-05-25"),
    ("a year from now", "2027-11-25"),
    ("a week ago", "2026-11-18"),
    ("today", "2026-11-25"),
    ("Tomorrow", "2026-11-26"),
    ("the day after tomorrow", "2026-11-27"),
    ("yesterday", "2026-11-24"),
    ("friday", "2026-11-27"),
    ("this Friday", "2026-11-27"),
    ("on the 5th", "2026-12-05"),
    ("the 31st", "2026-12-31"),
    ("end of march", "2027-03-31"),
    ("beginning of february 2028", "2028-02-01"),
    ("mid-june", "2027-06-15"),
    ("release is on 12 March 2027", "2027-03-12"),
    ("he gets out on 12 march", "2027-03-12"),
    ("probably 12 march 2027 or so", "2027-03-12"),
]
OPEN = [
    ("03/04", ["2027-03-04", "2027-04-03"]),
    ("03/04/2027", ["2027-03-04", "2027-04-03"]),
    ("12-3-2027", ["2027-03-12", "2027-12-03"]),
    ("next friday", ["2026-11-27", "2026-12-04"]),
    ("wednesday", ["2026-11-25", "2026-12-02"]),
    ("thursday 12 march 2027", ["2027-03-11", "2027-03-12"]),
    ("march 2027", ["2027-03-01", "2027-03-31"]),
    ("03/2027", ["2027-03-01", "2027-03-31"]),
    ("next month", ["2026-12-01", "2026-12-25"]),
    ("next week", ["2026-11-30", "2026-12-02"]),
]
NONE = [
    *("", "?", "soon", "not sure", "AB-1234-P", "he has a knife", "12", "2027", "30 feb 2027", "30.2.2027"),
    *("12 March or 13 March", "in 3 months and 2 days", "2027-13-45", "0000-00-00", "in 9999 years", "day after day"),
    *("the meeting on 12 March was fine", "99/99/9999", "half a month", "1" * 99, "12 March 2027 " * 20),
]


@pytest.mark.parametrize(("text", "day"), CLEAR)
def test_a_day_is_understood(text: str, day: str) -> None:
    assert [one.isoformat() for one in read_days(text, TODAY)] == [day]


@pytest.mark.parametrize(("text", "days"), OPEN)
def test_what_may_mean_several_days_gives_all_of_them(text: str, days: list[str]) -> None:
    assert [one.isoformat() for one in read_days(text, TODAY)] == days


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_days(text, TODAY) == ()


@given(DAYS)
def test_every_day_comes_back_from_the_clear_ways_to_write_it(day: date) -> None:
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y", "%A %d %B %Y", "%d-%b-%Y", "%A, %d.%m.%Y"):
        assert read_days(day.strftime(form), TODAY) == (day,), form


@given(DAYS)
def test_figures_with_slashes_give_the_day_and_perhaps_its_mirror(day: date) -> None:
    found = read_days(day.strftime("%d/%m/%Y"), TODAY)
    assert day in found
    assert len(found) == (2 if day.day <= 12 and day.day != day.month else 1)
    assert read_days(day.strftime("%m/%d/%Y"), TODAY) == found


@given(today=st.dates(date(2000, 1, 1), date(2150, 1, 1)), ahead=st.integers(0, 700))
def test_counted_in_days_weeks_and_without_a_year_it_lies_where_it_should(today: date, ahead: int) -> None:
    assert read_days(f"in {ahead} days", today) == (today + timedelta(days=ahead),)
    assert read_days(f"in {ahead} weeks", today) == (today + timedelta(weeks=ahead),)
    (without_year,) = read_days((today + timedelta(days=ahead)).strftime("%d %B"), today)
    assert today <= without_year <= today + timedelta(days=8 * 366)


@given(text=st.text(max_size=LONGEST) | st.text("0123456789./- marchinweeksoy", max_size=40), today=st.dates())
def test_no_text_and_no_today_make_it_raise(text: str, today: date) -> None:
    found = read_days(text, today)
    assert list(found) == sorted(set(found))
    assert len(found) <= 4


def test_no_text_takes_long() -> None:
    began = perf_counter()
    for text in ("1" * LONGEST, "in a " * 20, "next " * 20, "1/" * 50, "march " * 16):
        read_days(text, TODAY)
    assert perf_counter() - began < 0.5
