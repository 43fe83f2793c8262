"""Shapes of what is sent, and reading it: bounded, strict, and refused without a word of what it was."""

import asyncio
from typing import Annotated, Final, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.serve.refusals import Refused
from storage.audit import ReadingReason
from storage.sealing import base64url

MOST_JSON: Final = 128 * 1024
PATIENCE_S: Final = 60.0
MOST_ATTACHMENT: Final = 5_400_000
"""The largest bucket of 5 MiB with 32 stanzas has 5,281,210 bytes."""

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
T = TypeVar("T", bound="Body")


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class LinkLogin(Body):
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22,64}$")]


class TelegramLogin(Body):
    init_data: Annotated[str, Field(min_length=1, max_length=4_096)]


class ChallengeAsked(Body):
    kid: Id


class ChallengeAnswer(Body):
    answer: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]


class SealedNote(Body):
    envelope: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=100_000)]
    desk_version: Annotated[int, Field(ge=1, le=2_147_483_647)]
    amends: Id | None
    case: Id | None
    attachments: Annotated[list[Annotated[int, Field(ge=1, le=255)]], Field(max_length=5)]


class Opening(Body):
    reason: ReadingReason = "handling"
    words: Annotated[str, Field(max_length=500)] = ""


class Ticket(Body):
    ticket: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]


class HandOn(Body):
    to: Id


class Take(Body):
    ticket: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")] | None = None


class Await(Body):
    whom: Annotated[str, Field(pattern=r"^[a-z-]{1,16}$")]


class Cannot(Body):
    why: Annotated[str, Field(pattern=r"^[a-z-]{1,16}$")]


class Close(Body):
    outcome: Annotated[str, Field(pattern=r"^[a-z-]{1,16}$")]


class Empty(Body):
    pass


class ListAsked(Body):
    model_config = ConfigDict(strict=False, extra="forbid", frozen=True, hide_input_in_errors=True)

    status: Literal["flagged", "open", "mine", "taken", "closed", "unflagged", "all"] = "flagged"
    urgency: Literal["routine", "today", "urgent"] | None = None
    agency: Annotated[str, Field(max_length=40)] | None = None
    order: Literal["urgency", "newest", "oldest"] = "urgency"
    reference: Annotated[str, Field(pattern=r"^[0-9A-Z]{4}-[0-9A-Z]{4}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    after: Annotated[str, Field(pattern=r"^[0-9]{1,9}$")] = "0"


async def read_json(request: web.Request, shape: type[T]) -> T:
    """
    Raises:
        Refused: ``type``, ``size`` or ``form``.
    """
    if request.content_type != "application/json":
        raise Refused("type")
    raw = await read_bounded(request, MOST_JSON)
    try:
        return shape.model_validate_json(raw)
    except (ValidationError, ValueError):
        raise Refused("form") from None


def read_query(request: web.Request, shape: type[T]) -> T:
    """
    Raises:
        Refused: ``form``; also for a field that comes twice.
    """
    if len(set(request.query)) != len(request.query):
        raise Refused("form")
    try:
        return shape.model_validate(dict(request.query))
    except ValidationError:
        raise Refused("form") from None


async def read_bounded(request: web.Request, most: int) -> bytes:
    """
    Raises:
        Refused: ``size``: no more than that is ever in memory; ``slower``: it takes a minute and is not here yet.
    """
    if (request.content_length or 0) > most:
        raise Refused("size")
    found = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for part in request.content.iter_chunked(65_536):
                found += part
                if len(found) > most:
                    raise Refused("size")
    except TimeoutError:
        raise Refused("slower") from None
    return bytes(found)


def id_of(request: web.Request, name: str) -> bytes:
    """An id of the path.

    Raises:
        Refused: ``form``.
    """
    text = request.match_info[name]
    if len(text) != 32 or not set(text) <= set("0123456789abcdef"):
        raise Refused("form")
    return bytes.fromhex(text)


def number_of(request: web.Request) -> int:
    """
    Raises:
        Refused: ``form``.
    """
    text = request.match_info["number"]
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= 255):
        raise Refused("form")
    return int(text)


def bytes_of(text: str) -> bytes:
    """
    Raises:
        Refused: ``form``.
    """
    try:
        return base64url.decode(text)
    except ValueError:
        raise Refused("form") from None
