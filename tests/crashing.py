"""The `integra` command, killed at a named point: SIGKILL, as by a loss of power or the system's memory killer.

    python crashing.py ARMED POINT NTH integra-arguments …

ARMED is a file; passes count from the moment it is there. The NTH pass of POINT ends the process. Nothing in the
program knows of this: the function of the real module is wrapped.
"""

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Point:
    """
    Attributes:
        function: ``module:name`` or ``module:Class.name``.
        when: before it is entered, or after it came back.
        words: counts only when this is its first argument after ``self``.
    """

    function: str
    when: Literal["before", "after"]
    words: str = ""


STATEMENT = "sqlalchemy:Connection.exec_driver_sql"
CHANNEL = "bot.channels.telegram_channel:Telegram"  # whatever the library
POINTS = {
    "commit": Point(STATEMENT, "before", "COMMIT"),
    "committed": Point(STATEMENT, "after", "COMMIT"),
    "before-commit": Point("bot.turns:take_turn", "after"),
    "after-commit": Point("bot.outbox:Outbox.push", "before"),
    "before-confirm": Point("bot.app:App._taken", "after"),
    "before-send": Point(f"{CHANNEL}.deliver", "before"),
    "after-send": Point(f"{CHANNEL}.deliver", "after"),
    "before-mark": Point("storage.outbox:done", "before"),
    "before-purge": Point("storage.transaction:Transaction.purged", "before"),
    "before-emptying": Point("storage.store:empty_log", "before"),
    "time-limit": Point("storage.retention:erase", "after"),
    "deletions-told": Point("storage.deletions:_append", "before"),
    "after-erasing": Point(f"{CHANNEL}.erase", "after"),
    "in-migration": Point("alembic.ddl.impl:DefaultImpl._exec", "after"),
    "writing-keys": Point("storage.keyset:replace_file", "before"),
    "keys-written": Point("storage.keyset:replace_file", "after"),
    "sealing-anew": Point("storage.rotation:reseal", "after"),
}


def arm(point: Point, nth: int, armed: Path) -> None:
    module, _, name = point.function.partition(":")
    owner: Any = importlib.import_module(module)
    *classes, name = name.split(".")
    for one in classes:
        owner = getattr(owner, one)
    setattr(owner, name, killing(getattr(owner, name), point, nth, armed))


def killing(real: Callable[..., Any], point: Point, nth: int, armed: Path) -> Callable[..., Any]:
    passes = 0

    def passed(arguments: tuple[Any, ...]) -> None:
        nonlocal passes
        if armed.exists() and (not point.words or point.words in arguments[:2]):
            passes += 1
            if passes == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    if asyncio.iscoroutinefunction(real):

        @wraps(real)
        async def waits(*arguments: Any, **named: Any) -> Any:
            if point.when == "before":
                passed(arguments)
            result = await real(*arguments, **named)
            if point.when == "after":
                passed(arguments)
            return result

        return waits

    @wraps(real)
    def calls(*arguments: Any, **named: Any) -> Any:
        if point.when == "before":
            passed(arguments)
        result = real(*arguments, **named)
        if point.when == "after":
            passed(arguments)
        return result

    return calls


if __name__ == "__main__":
    import quick_leases  # noqa: F401  on a server each kill would cost half a minute

    _, file, wanted, number, *rest = sys.argv
    from bot import cli
    from bot.hardening import harden

    harden()
    arm(POINTS[wanted], int(number), Path(file))
    sys.exit(cli.main(rest))
