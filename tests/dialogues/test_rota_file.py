"""A rota as a file: all that is wrong is told at once; what is written is read back."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues import rota_file
from dialogues.rota import DAYS, Absence, Holiday, Quiet, Rota, Shift, Swap
from dialogues.rota_file import Wrong, keep, read, read_kept, write

SHIFT = '[[shift]]\ndays = "daily"\nfrom = "08:00"\nto = "20:00"\nfirst = ["A"]\n'
EXAMPLE = "\n".join((rota_file.__doc__ or "").partition("\n\n")[2].splitlines())

names = st.text(st.characters(categories=["L", "N", "P"], max_codepoint=0x2FF), min_size=1, max_size=20).map(str.strip)
names = names.filter(bool)
clocks = st.times().map(lambda at: f"{at:%H:%M}")
dates = st.dates(date(2026, 1, 1), date(2030, 1, 1))
several = st.lists(names, min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def rotas(draw: st.DrawFn) -> Rota:
    weekdays = st.lists(st.integers(0, 6), min_size=1, unique=True).map(lambda days: tuple(sorted(days)))
    seconds = st.lists(names, max_size=2, unique=True).map(tuple)
    sites = st.just("") | names.map(lambda name: " ".join(name.split()))
    shifts = draw(st.lists(st.builds(Shift, weekdays, clocks, clocks, several, seconds, sites), min_size=1, max_size=4))
    absences = [
        Absence(who, *sorted((one, two)), cover if cover != who else "")
        for who, one, two, cover in draw(st.lists(st.tuples(names, dates, dates, names), max_size=3))
    ]
    holidays = draw(st.lists(st.builds(Holiday, dates, st.none() | st.integers(0, 6)), max_size=2))
    swapped = draw(st.lists(st.tuples(dates, st.sampled_from(shifts), several), max_size=2))
    swaps = [Swap(day, shift.start, first, shift.site) for day, shift, first in swapped]
    quiet = draw(st.sampled_from([(), (Quiet("routine", "20:00", "07:00"),)]))
    zone = draw(st.sampled_from(["", "Europe/Lisbon"]))
    return Rota(tuple(shifts), tuple(absences), tuple(holidays), tuple(swaps), quiet, zone, draw(clocks))


@given(rotas())
def test_what_is_written_or_kept_is_read_back(rota: Rota) -> None:
    assert read(write(rota)) == rota
    assert read_kept(keep(rota)) == rota


def test_the_example_at_the_head_of_the_file_is_a_rota() -> None:
    rota = read(EXAMPLE)
    assert (len(rota.shifts), rota.zone, rota.evening) == (2, "Europe/Paris", "18:00")
    assert rota.absences == (Absence("Coord-1", date(2026, 12, 24), date(2026, 12, 31), "Coord-2"),)
    assert rota.holidays == (Holiday(date(2026, 12, 25), DAYS.index("sun")),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("shift = 3", "[[shift]]"),
        ("nonsense = 1", "nonsense is not known"),
        ("not toml", "not TOML"),
        ('zone = "Mars/Base"', "time zone"),
        ('evening = "6pm"', '"08:00"'),
        ('[[shift]]\ndays = ["mon"]\nfrom = "8:00"\nto = "20:00"\nfirst = ["A"]', "shift 1: from"),
        ('[[shift]]\ndays = ["monday"]\nfrom = "08:00"\nto = "20:00"\nfirst = ["A"]', "shift 1: days"),
        ('[[shift]]\ndays = "daily"\nfrom = "08:00"\nto = "20:00"', "shift 1: first"),
        ('[[absence]]\nwho = "A"\nfrom = 2026-12-24\nto = 2026-12-23', "to is before from"),
        ('[[absence]]\nwho = "A"\nfrom = 2026-12-24\nto = 2026-12-25\ncover = "A"', "covers for themselves"),
        ('[[holiday]]\nday = "Christmas"', "holiday 1: day"),
        ('[[swap]]\nday = 2026-12-24\nfrom = "09:00"\nfirst = ["A"]', "no shift begins at 09:00"),
        (
            f'{SHIFT}site = "North"\n[[swap]]\nday = 2026-12-24\nfrom = "08:00"\nfirst = ["A"]',
            "no shift begins at 08:00",
        ),
        (f"{SHIFT}site = 3", "a site is a short name"),
        (f'{SHIFT}site = "{"x" * 65}"', "a site is a short name"),
        ('[quiet]\nurgent = "20:00-07:00"', "no quiet hours"),
        ('[quiet]\nroutine = "20:00-20:00"', "for ever"),
    ],
)
def test_what_is_wrong_is_told_with_the_entry_and_what_to_write(text: str, says: str) -> None:
    with pytest.raises(Wrong) as wrong:
        read(text)
    assert says in str(wrong.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Wrong) as wrong:
        read('evening = "x"\nzone = "y"\n[[shift]]\ndays = 1\nfrom = 2\nto = 3\nfirst = 4\n')
    assert len(wrong.value.problems) == 6


@given(st.text(max_size=300))
def test_whatever_is_in_a_file_is_a_rota_or_said_to_be_wrong(text: str) -> None:
    with suppress(Wrong):
        assert isinstance(read(text), Rota)
