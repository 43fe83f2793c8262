"""aiogram with all its types, for those who use it as its own users do: the channel imports it without them."""

from typing import Literal, Optional, Union

from aiogram import methods, types
from aiogram.client.default import Default
from pydantic import BaseModel


def build() -> None:
    """As ``aiogram.types`` does when it is imported (``bot.channels.unbuilt`` keeps it from that). Safe to repeat."""
    names = {name: getattr(types, name) for name in types.__all__}
    names |= {"List": list, "Optional": Optional, "Union": Union, "Literal": Literal, "Default": Default}
    for module in (types, methods):
        for name in module.__all__:
            found = getattr(module, name)
            if isinstance(found, type) and issubclass(found, BaseModel):
                found.model_rebuild(_types_namespace=names)
