"""What must not stand in the code, read off the source (T65). Each rule is proved on a line that breaks it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path for package in ("bot", "dialogues", "guidance", "storage") for path in (ROOT / package).rglob("*.py")
)
UNSAFE_MODULES = {"pickle", "marshal", "shelve", "dill", "random"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "tempfile.mktemp"}
UNSAFE_ARGUMENTS = {("shell", True), ("verify", False), ("ssl", False)}
SQL_CALLS = {"execute", "executemany", "executescript", "exec_driver_sql"}
SQL_TEXT = {"sqlalchemy.text", "sa.text"}
PRIVATE = {"_encrypt_with_aad", "_decrypt_with_aad"}
SECRETS = {
    "challenge",
    "commit",
    "commitment",
    "dek",
    "kit_code",
    "mac",
    "passphrase",
    "password",
    "secret",
    "secret_token",
    "seed",
    "signature",
    "token",
}
ALLOWED = {
    ("bot/vault.py", "SQL put together"): "names of the tables of our own schema",
    ("storage/database.py", "SQL put together"): "our own pragmas; a pragma takes no parameters",
    ("storage/sync/receiver.py", "SQL put together"): "parts of our own queries, chosen by us",
    ("storage/postgres.py", "SQL put together"): "names of our own roles, and of ours and the owner's database, quoted",
}


def faults(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    sql = SQL_TEXT | {"text" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and takes_text(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and modules_of(node) & UNSAFE_MODULES:
            yield "unsafe module"
        elif isinstance(node, ast.Call):
            yield from faults_of_call(node, sql)
        elif isinstance(node, ast.Attribute) and node.attr in PRIVATE:
            yield "private part of HPKE"
        elif isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = [node.left, *node.comparators]
            if any(is_secret(side) for side in sides) and not any(isinstance(side, ast.Constant) for side in sides):
                yield "secret compared"


def modules_of(node: ast.Import | ast.ImportFrom) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    return {(node.module or "").split(".")[0]}


def takes_text(node: ast.ImportFrom) -> bool:
    return node.module == "sqlalchemy" and any(alias.name == "text" for alias in node.names)


def faults_of_call(node: ast.Call, sql: set[str]) -> Iterator[str]:
    called = ast.unparse(node.func)
    if called in UNSAFE_CALLS:
        yield "unsafe call"
    for argument in node.keywords:
        if isinstance(argument.value, ast.Constant) and (argument.arg, argument.value.value) in UNSAFE_ARGUMENTS:
            yield "unsafe argument"
    is_sql = called.split(".")[-1] in SQL_CALLS or called in sql
    if is_sql and node.args and is_put_together(node.args[0]):
        yield "SQL put together"


def is_put_together(sql: ast.expr) -> bool:
    if isinstance(sql, ast.Call):
        return isinstance(sql.func, ast.Attribute) and sql.func.attr in {"format", "join", "replace"}
    return isinstance(sql, ast.JoinedStr | ast.BinOp)


def is_secret(side: ast.expr) -> bool:
    """By its last name: ``secret``, ``settings.secret``, ``fields["secret"]``, or anything that HMAC gave."""
    if isinstance(side, ast.Call):
        return ast.unparse(side.func).startswith("hmac.")
    if isinstance(side, ast.Subscript) and isinstance(side.slice, ast.Constant):
        return side.slice.value in SECRETS
    name = side.attr if isinstance(side, ast.Attribute) else side.id if isinstance(side, ast.Name) else ""
    return name.lstrip("_") in SECRETS


def test_t65_nothing_unsafe_stands_in_the_code() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), fault)
        for path in SOURCES
        for fault in faults(path.read_text(encoding="utf-8"))
    }

    assert len(SOURCES) > 100
    assert found - set(ALLOWED) == set()
    assert set(ALLOWED) - found == set(), "allowed, and not there any more"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("import pickle", "unsafe module"),
        ("from pickle import loads", "unsafe module"),
        ("import random", "unsafe module"),
        ("from random import choice", "unsafe module"),
        ("eval(words)", "unsafe call"),
        ("yaml.load(file)", "unsafe call"),
        ("run(command, shell=True)", "unsafe argument"),
        ("get(address, verify=False)", "unsafe argument"),
        ('db.execute(f"SELECT {column} FROM notes")', "SQL put together"),
        ('db.execute("SELECT * FROM notes WHERE id = " + found)', "SQL put together"),
        ('db.execute("SELECT * FROM notes WHERE id = %s" % found)', "SQL put together"),
        ('db.exec_driver_sql("SELECT {}".format(column))', "SQL put together"),
        ('from sqlalchemy import text\ndb.execute(text(f"SELECT {column}"))', "SQL put together"),
        ("right = given == self._secret", "secret compared"),
        ("right = settings.token != given", "secret compared"),
        ('right = fields["signature"] == given', "secret compared"),
        ("right = hmac.digest(key, message, 'sha256') == given", "secret compared"),
        ("suite._encrypt_with_aad(text, key)", "private part of HPKE"),
    ],
)
def test_t65_each_rule_finds_what_it_is_for(line: str, fault: str) -> None:
    assert list(faults(line)) == [fault]


@pytest.mark.parametrize(
    "line",
    [
        'db.execute("SELECT id FROM notes WHERE id = ?", (found,))',
        "db.execute(select(notes).where(notes.c.id == found))",
        "right = hmac.compare_digest(given, secret)",
        "missing = secret is None",
        'empty = passphrase == ""',
        'say = voice.text(f"command-{name}")',
        'kind = text(f"kind-{name}")',
        "pattern = re.compile(words)",
    ],
)
def test_t65_no_rule_finds_what_is_right(line: str) -> None:
    assert list(faults(line)) == []
