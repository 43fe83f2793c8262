"""What can be read off the source: where randomness comes from, and that sealing cannot open."""

import ast
from pathlib import Path

import storage.sealing

FOLDER = Path(next(iter(storage.sealing.__path__)))
MODULES = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.py")}


def imported_by(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def reached_from(stem: str) -> set[str]:
    """Modules of this package that a module imports, directly or through others."""
    reached: set[str] = set()
    waiting = [stem]
    while waiting:
        stem = waiting.pop()
        if stem not in reached:
            reached.add(stem)
            found = {name.removeprefix("storage.sealing.").split(".")[0] for name in imported_by(MODULES[stem])}
            waiting += found & set(MODULES)
    return reached


def test_t19b_no_module_imports_random_numbers_that_can_be_guessed() -> None:
    assert len(MODULES) > 15
    for stem, tree in MODULES.items():
        assert not imported_by(tree) & {"random", "numpy", "uuid", "pickle"}, stem


def test_what_seals_and_signs_does_not_reach_what_opens() -> None:
    """T08: the contract that keeps `opening` from the bot holds within the package already."""
    for stem in ("seal", "record", "envelope", "desk", "stanzas", "suites", "known_answers"):
        assert not reached_from(stem) & {"opening", "rewrap"}, stem
    assert "opening" in reached_from("rewrap")


def test_t65_only_one_module_calls_hpke_and_none_its_private_parts() -> None:
    callers = {stem for stem, tree in MODULES.items() if any("hpke" in name for name in imported_by(tree))}
    attributes = {node.attr for tree in MODULES.values() for node in ast.walk(tree) if isinstance(node, ast.Attribute)}

    assert callers == {"suites"}
    assert not attributes & {"_encrypt_with_aad", "_decrypt_with_aad"}


def test_t19b_no_module_keeps_anything_random_or_changing() -> None:
    """Calls at the top of a module run once and for all; none of them may be to the random source."""
    for stem, tree in MODULES.items():
        for statement in tree.body:
            if isinstance(statement, (ast.Assign, ast.AnnAssign)):
                called = {ast.unparse(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call)}
                assert not {name for name in called if "urandom" in name or "generate" in name}, stem
