"""Case codes as people type them, and what is never taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues.case_code import CaseCode, CasePattern, PatternError, Problem, canonical, check_character

PATTERNS = ["AA-9999-c", "AA-9999", "C-99", "KS/99999", "A999c", "99 99", "AAA.99.c", "O1-99"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_example_is_a_right_code(pattern: str) -> None:
    cases = CasePattern(pattern)

    assert cases.read(cases.example()) == CaseCode(cases.example())


def test_the_check_character_is_that_of_iso_7064() -> None:
    """The standard's best-known user: the Global Release Identifier A1-2425G-ABC1234002-M."""
    assert check_character("A12425GABC1234002") == "M"


@pytest.mark.parametrize(
    "typed",
    [
        "AB-1234-P",
        "ab-1234-p",
        "ab1234p",
        "AB 1234 P",
        " a b 1 2 3 4 p ",
        "AB–1234–P",
        "AB/1234.P",
        "ab_1234_p",
        "ABI234P",  # I for 1
        "abl234p",  # l for 1
        "case AB-1234-P",
        "Case no. AB-1234-P",
        "code: ab1234p",
        "ＡＢ－１２３４－Ｐ",  # full width
        "ΑΒ-1234-Ρ",  # Greek
        "АВ-1234-Р",  # Cyrillic
        "AB-١٢٣٤-P",  # Arabic figures
    ],
)
def test_what_is_meant_counts(typed: str) -> None:
    assert CasePattern().read(typed) == CaseCode("AB-1234-P")


def test_the_place_tells_a_letter_from_a_figure() -> None:
    cases = CasePattern("AA-9999")

    assert cases.read("01-1O2I") == CaseCode("OI-1021")
    assert cases.read("oi1oo1") == CaseCode("OI-1001")


def test_the_check_character_tells_o_from_zero_at_its_own_place() -> None:
    cases = CasePattern("99999c")
    ending_in_o = next(code for n in range(10_000, 10_099) if (code := f"{n}{check_character(str(n))}")[-1] == "O")
    ending_in_0 = next(code for n in range(10_000, 10_099) if (code := f"{n}{check_character(str(n))}")[-1] == "0")

    assert cases.read(ending_in_o[:-1] + "0") == CaseCode(ending_in_o)
    assert cases.read(ending_in_0[:-1] + "o") == CaseCode(ending_in_0)


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("", "empty"),
        (" - ", "empty"),
        ("case", "empty"),
        ("Mario Rossi", "name"),
        ("mario", "name"),
        ("Mario Rossi 12", "name"),
        ("Jürgen", "name"),
        ("Γιώργος Παπαδόπουλος", "name"),
        ("Иван Петров", "name"),
        ("Olio", "name"),
        ("AB-OOII", "name"),
        ("AB-123", "short"),
        ("AB-12345-P", "long"),
        ("AB-1234-P AB-1234-P", "long"),
        ("A8-1234-P", "place"),
        ("AB-12X4-P", "place"),
        ("AB-12?4-P", "character"),
        ("ÄB-1234-P", "character"),
        ("AB-1235-P", "check"),
        ("BA-1234-P", "check"),
        ("AB-1234-Q", "check"),
    ],
)
def test_a_problem_says_what_is_off_and_shows_a_right_code(typed: str, kind: str) -> None:
    problem = CasePattern().read(typed)

    assert isinstance(problem, Problem)
    assert problem.kind == kind
    assert problem.example == "AB-1234-P"
    assert problem.say.endswith("A right one looks like this: AB-1234-P")


def test_a_name_is_refused_where_slips_alone_would_make_it_a_code() -> None:
    assert isinstance(CasePattern("A999").read("Olio"), Problem)
    assert CasePattern("A999").read("O1io") == CaseCode("O110")


def test_neither_a_problem_nor_a_code_shows_what_was_typed_in_its_repr() -> None:
    assert "Rossi" not in repr(CasePattern().read("Mario Rossi"))
    assert "1234" not in repr(CaseCode("AB-1234-P"))


@pytest.mark.parametrize("pattern", ["", "AAAA", "AAAAc", "c", "ab-99", "99c9", "9" * 25, "9*9", "99\n"])
def test_a_pattern_that_cannot_work_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        CasePattern(pattern)


@given(st.integers(0, 9_999), st.sampled_from("ABCXYZ"), st.integers(0, 5), st.sampled_from("0123456789ABCXYZ"))
def test_every_single_slip_is_noticed(number: int, letter: str, place: int, wrong: str) -> None:
    cases = CasePattern("A9999c")
    body = f"{letter}{number:04}"
    right = body + check_character(body)
    slipped = right[:place] + wrong + right[place + 1 :]

    read = cases.read(slipped)

    assert read == CaseCode(right) if slipped == right else read != CaseCode(slipped)


def test_the_same_code_has_one_canonical_form() -> None:
    forms = {canonical(text) for text in ("ab-1234-p", " AB - 1234 - P\n", "ＡＢ-1234-P")}

    assert forms == {"AB-1234-P"}
    assert CaseCode("12 34").canonical == "1234"


@given(st.text(max_size=4096) | st.text(alphabet="AB019-c oOiIl", max_size=40), st.sampled_from(PATTERNS))
def test_any_text_is_a_code_of_the_pattern_or_a_problem(text: str, pattern: str) -> None:
    cases = CasePattern(pattern)

    match cases.read(text):
        case CaseCode() as code:
            assert cases.read(code.text) == code
            assert len(code.text) == len(pattern)
        case Problem() as problem:
            assert problem.say
