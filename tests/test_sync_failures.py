"""Every row of the failure table has tests."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/sync-failures.md").read_text()
ROWS = {int(number): tests for number, tests in re.findall(r"^\| (\d+) \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE)}
NAMED = {
    path.relative_to(ROOT).as_posix(): re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    for path in (ROOT / "tests").rglob("test_*.py")
}


def test_the_table_has_every_row_once() -> None:
    assert list(ROWS) == list(range(1, 52))


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_its_tests(row: int) -> None:
    said = ROWS[row]
    cited = re.findall(r"`([^`]+)`", said)
    assert cited
    for one in cited:
        path, _, name = one.partition(": ")
        mine = [found for found in NAMED[path] if found.startswith(f"test_row_{row:02d}_")]
        assert (name in NAMED[path]) if name else mine, one


def test_a_test_with_a_rows_number_stands_in_that_row() -> None:
    """A connector that brings tests for a row names their file there."""
    for path, names in NAMED.items():
        for number in {int(found[1]) for name in names if (found := re.match(r"test_row_(\d\d)_", name))}:
            assert path in ROWS[number], f"{path} tests row {number}"
