"""One person, one name: by handle in any case, or by their id's first digits."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues.rota import Absence, Rota, Shift, Swap, stands_in
from dialogues.rota_names import Names

DAY = date(2026, 11, 23)
ONE, TWO, SAME, OTHER = "1a2b3c4d00", "1a2bffff00", "77777777aa", "88888888aa"
NAMES = Names([(ONE, "Coord-1"), (TWO, "Coord-2"), (SAME, "Coord-3"), (OTHER, "COORD-3"), ("99999999", "")])


@pytest.mark.parametrize(
    ("name", "ref"),
    [
        ("Coord-1", ONE), ("coord-1", ONE), ("id:1a2b3", ONE), ("id:1A2BF", TWO), ("id:9999", "99999999"),
        ("id:1a2b", ""), ("id:999", ""), ("coord-3", ""), ("Coord-9", ""), ("", ""), ("id:", ""),
    ],
)  # fmt: skip
def test_a_name_is_somebodys_or_nobodys_and_never_one_of_two(name: str, ref: str) -> None:
    assert NAMES.whose(name) == ref


SPELLINGS = st.sampled_from(["Coord-1", "coord-1", "COORD-1", "id:1a2b3c4d", "id:1A2B3"])


@given(SPELLINGS, SPELLINGS, SPELLINGS)
def test_an_absence_holds_however_shift_swap_and_absence_are_spelled(shift: str, swap: str, away: str) -> None:
    rota = Rota(
        (Shift((0,), "08:00", "20:00", (shift, "coord-2"), (swap,)),),
        absences=(Absence(away, DAY, DAY, "id:1a2bf"),),
        swaps=(Swap(DAY, "08:00", (swap, shift)),),
    )
    one = NAMES.spelled(rota)
    assert one.names == ("Coord-1", "Coord-2")
    assert one.swaps[0].first == ("Coord-1",)
    assert stands_in(one, DAY, one.shifts[0].first[0]) == "Coord-2"
    assert NAMES.spelled(one) == one


def test_who_has_left_is_away_all_the_same_and_of_two_with_one_handle_each_has_the_id() -> None:
    rota = Rota((Shift((0,), "08:00", "20:00", ("Gone-1", "coord-3")),), absences=(Absence("gone-1", DAY, DAY),))
    one = NAMES.spelled(rota)
    assert one.shifts[0].first == ("Gone-1", "coord-3")
    assert stands_in(one, DAY, "Gone-1") == ""
    assert (NAMES.name(SAME), NAMES.name(OTHER)) == ("id:77777777", "id:88888888")
