"""`integra keys release`: a key belongs to no person any more."""

import re
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands.common import Data, Refusal, out
from bot.commands.within import within
from storage import audit, key_holders
from storage.errors import Unknown
from storage.transaction import Transaction

START = re.compile(r"[0-9a-f]{8,32}")


def release(
    kid: Annotated[str, typer.Argument(help="Key id, or the first eight digits or more; see `integra keys list`.")],
    data: Data,
) -> None:
    """Undo the link between a key and a person, made at the page: its sessions end, and it can be linked anew.

    The key stays on its desks and still opens notes; `integra keys revoke` takes it off.
    """
    if not START.fullmatch(kid.lower()):
        raise Refusal("a key id is 32 hexadecimal digits, of which the first eight are enough")
    start = kid.lower()

    def turn(tx: Transaction) -> bytes:
        found = key_holders.by_start(tx, start)
        key_holders.unlink(tx, found)
        audit.record(tx, "key.released", at=system_clock(), reason="access", about=found, key=found.hex())
        return found

    try:
        released = within(data, turn)
    except Unknown:
        raise Refusal(f"no key that begins with {start} belongs to a person, or several do") from None
    out(f"{released.hex()} belongs to nobody now. Whoever opens /page and unlocks it there next has it.")
