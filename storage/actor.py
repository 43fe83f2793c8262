"""Who acts in a transaction, for the audit log."""

from dataclasses import dataclass, field
from typing import Literal, get_args

ActorKind = Literal["person", "operator", "assistant", "key"]
ACTOR_KINDS: tuple[str, ...] = get_args(ActorKind)


@dataclass(frozen=True, slots=True)
class Actor:
    """
    Attributes:
        kind: ``person`` in a chat or the page, ``operator`` at the command line, ``assistant`` by itself (timers),
            ``key``: somebody at the page who proved a key that belongs to no known person.
        ref: 16 bytes: the person's ref, a keyed pseudonym of the operator's name, the key's id, or zeros.
        name: the operator's, as given or as the machine knows the user; empty for the others.
    """

    kind: ActorKind
    ref: bytes
    name: str = field(default="", repr=False)

    @classmethod
    def person(cls, ref: bytes) -> "Actor":
        return cls("person", ref)

    @classmethod
    def key(cls, kid: bytes) -> "Actor":
        return cls("key", kid)


ASSISTANT = Actor("assistant", bytes(16))
