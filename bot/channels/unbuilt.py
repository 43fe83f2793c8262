"""Import a library of pydantic models without building each of them.

aiogram builds a validator for every type of the Bot API when it is imported: measured, 107 MB and four seconds, and the
assistant uses none of them (``telegram_updates`` reads and writes what is sent). A model that was left out is built by
pydantic when it is first used, if it finds the types that it names; many of aiogram's name what is imported for type
checkers alone, and refuse with ``PydanticUserError`` until ``model_rebuild`` is given those names.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel


@contextmanager
def unbuilt() -> Iterator[None]:
    """In this block no model is rebuilt, whoever asks; each is left to its first use."""
    really = BaseModel.__dict__["model_rebuild"]

    def later(cls: type[BaseModel], /, **_: Any) -> None:
        """Whoever asks for it again after the block is served."""

    BaseModel.model_rebuild = classmethod(later)  # type: ignore[assignment, method-assign]  # for as long as the block
    BaseModel.model_config["defer_build"] = True  # which every model of the library inherits, and keeps
    try:
        yield
    finally:
        del BaseModel.model_config["defer_build"]
        BaseModel.model_rebuild = really  # type: ignore[method-assign]  # put back
