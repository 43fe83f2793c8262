"""Who acts in a transaction, for the audit log."""

from dataclasses import dataclass, field
from typing import Literal, get_args

ActorKind = Literal["person", "operator", "assistant"]
ACTOR_KINDS: tuple[str, ...] = get_args(ActorKind)


@dataclass(frozen=True, slots=True)
class Actor:
    """
    Attributes:
        kind: ``person`` in a chat, ``operator`` at the command line, ``assistant`` by itself (timers).
        ref: 16 bytes: the person's ref, a keyed pseudonym of the operator's name, or zeros.
        name: the operator's, as given or as the machine knows the user; empty for the others.
    """

    kind: ActorKind
    ref: bytes
    name: str = field(default="", repr=False)

    @classmethod
    def person(cls, ref: bytes) -> "Actor":
        return cls("person", ref)


ASSISTANT = Actor("assistant", bytes(16))
