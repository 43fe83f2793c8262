"""A reference can be read aloud: slips are found, look-alikes forgiven."""

from hypothesis import given
from hypothesis import strategies as st

from dialogues.reference import ALPHABET, read_reference, reference

IDS = st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}")


@given(IDS)
def test_a_reference_is_read_back_however_it_is_typed(note_id: str) -> None:
    short = reference(note_id)
    assert read_reference(short) == short
    assert read_reference(f" {short.lower().replace('-', ' ')} ") == short
    assert read_reference(short.replace("0", "O").replace("1", "l")) == short


@given(IDS, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_any_single_wrong_symbol_is_found(note_id: str, place: int, symbol: str) -> None:
    plain = reference(note_id).replace("-", "")
    wrong = plain[:place] + symbol + plain[place + 1 :]
    # 31 and 0 weigh the same modulo 31: Z for 0, or 0 for Z, is the one slip that stays hidden.
    if wrong != plain and {plain[place], symbol} != {"0", "Z"}:
        assert read_reference(wrong) is None


@given(st.text(max_size=40))
def test_anything_else_is_no_reference_or_a_right_one(text: str) -> None:
    read = read_reference(text)
    assert read is None or (len(read) == 9 and read[4] == "-" and read_reference(read) == read)
