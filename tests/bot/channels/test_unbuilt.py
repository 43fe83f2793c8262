"""Models that are left unbuilt while a library is imported."""

from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel, PydanticUserError

from bot.channels.unbuilt import unbuilt

if TYPE_CHECKING:
    from decimal import Decimal


def test_in_the_block_nothing_is_rebuilt_and_afterwards_all_is_as_before() -> None:
    class Price(BaseModel):
        amount: "Decimal"

    from decimal import Decimal

    before = BaseModel.__dict__["model_rebuild"]
    with unbuilt():
        Price.model_rebuild(_types_namespace={"Decimal": Decimal})
    assert BaseModel.__dict__["model_rebuild"] is before
    assert "defer_build" not in BaseModel.model_config
    assert not Price.__pydantic_complete__
    Price.model_rebuild(_types_namespace={"Decimal": Decimal})
    assert Price.__pydantic_complete__
    assert Price(amount=Decimal(1)).amount == 1


def test_a_model_made_in_the_block_is_built_when_it_is_first_used() -> None:
    with unbuilt():

        class Place(BaseModel):
            street: str

        class House(Place):
            number: int

    assert not Place.__pydantic_complete__
    assert not House.__pydantic_complete__
    assert House(street="Elm Street", number=7).number == 7
    assert House.__pydantic_complete__
    assert "defer_build" not in BaseModel.model_config


def test_what_names_a_type_that_is_not_there_refuses_until_it_is_given() -> None:
    with unbuilt():

        class Price(BaseModel):
            amount: "Decimal"

    with pytest.raises(PydanticUserError):
        Price(amount=1)


def test_it_is_put_back_when_the_import_fails() -> None:
    before = BaseModel.__dict__["model_rebuild"]
    with pytest.raises(ImportError), unbuilt():
        raise ImportError
    assert BaseModel.__dict__["model_rebuild"] is before
    assert "defer_build" not in BaseModel.model_config
