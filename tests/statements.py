"""What is asked of the database: the words of every statement, without its values.

Two requests that lead to the same statements take the same way through the program; how long each takes then depends on
no row that the person who asks may not see. Where transactions begin and end is left out: whether turns share one
depends on the moment.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
MEANWHILE = "deletions.noted_at IS NULL"
"""Of what a store does by itself, whenever it comes to it."""
BINDS = re.compile(r"\(\s*\?(?:,\s*\?)*\s*\)|%\(\w+\)s(?:::\w+)?")


@contextmanager
def asked() -> Iterator[list[str]]:
    """Within it every statement of every store of this process is added to the list."""
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(CONTROL) and MEANWHILE not in statement:
            found.append(" ".join(BINDS.sub("?", statement).split()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)
