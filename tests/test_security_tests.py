"""docs/security-tests.md names the numbered tests that there are, each in the row of its number, and no others."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security-tests.md").read_text(encoding="utf-8")
NUMBERED = re.compile(r"test_(t[0-9]{2}[a-z]?)_")


def names_in(path: Path) -> set[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, functions) and node.name.startswith("test_")}


def rows() -> dict[str, set[str]]:
    """What stands in the second cell of each row, as ``path::name``."""
    found = {}
    for number, tests in re.findall(r"^\| (T[0-9]{2}[a-z]?) \| ([^|]*) \|", PAGE, re.MULTILINE):
        assert number not in found, f"{number} has two rows"
        found[number] = set(re.findall(r"`(tests/[^`]+\.py::test_\w+)`", tests))
        assert found[number], f"{number} names no test"
    return found


@cache
def there() -> frozenset[str]:
    return frozenset(
        f"{path.relative_to(ROOT).as_posix()}::{name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        if "node_modules" not in path.parts
        for name in names_in(path)
    )


def test_every_test_that_is_named_exists() -> None:
    named = set().union(*rows().values())

    assert len(named) > 30
    assert named - there() == set()


def test_every_numbered_test_stands_in_the_row_of_its_number() -> None:
    named = rows()
    number_of = {test: found[1] for test in there() if (found := NUMBERED.match(test.split("::")[1]))}

    assert len(number_of) > 30
    assert [
        test for test, number in sorted(number_of.items()) if test not in named.get(number.capitalize(), set())
    ] == []


def test_a_test_named_in_a_row_that_has_a_number_has_that_number() -> None:
    for number, tests in rows().items():
        for test in tests:
            found = NUMBERED.match(test.split("::")[1])
            assert found is None or found[1] == number.lower(), (number, test)


def test_every_vector_that_is_named_exists() -> None:
    """``tag-body`` or ``header-*``; a name without a folder and a suffix."""
    cells = re.findall(r"^\| T[0-9]{2}[a-z]? \| ([^|]*) \|", PAGE, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`([a-z0-9-]+\*?)`", cell)}

    assert len(named) > 10
    assert [name for name in sorted(named) if not any((ROOT / "tests/vectors").glob(f"*/{name}.json"))] == []
