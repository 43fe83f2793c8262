"""Builds the real parts and hands them to each other; nobody else does."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from bot import edition
from bot.access import Access
from bot.app import App
from bot.channels.base import Channel
from bot.channels.registry import PACED
from bot.clock import Clock, system_clock
from bot.finding import AS_SHIPPED, Finding
from bot.installation import Installation
from bot.limits import Limits
from bot.pacing import Paces
from bot.site import sites
from bot.turns import World
from dialogues.model import Voice
from guidance.model import GuideVersion
from storage import agencies, guide_versions
from storage.sealing.known_answers import known_answers
from storage.store import Store
from storage.transaction import Transaction

DRAFT_HOURS = 12


def voices(content: Path | None = None, finding: Finding = AS_SHIPPED) -> Mapping[str, Voice]:
    """Every language's content, read once.

    Args:
        content: a folder in place of the shipped content.
        finding: what helps to find answers in it; here and below.

    Raises:
        guidance.library.ContentError: content that must not reach people.
    """
    return _voices(content, finding)


@cache  # one call and another with a default left out would be two to it
def _voices(content: Path | None, finding: Finding) -> Mapping[str, Voice]:
    return edition.shipped_voices(finding) if content is None else edition.checked_voices(content, finding)


def world(
    installation: Installation,
    *,
    clock: Clock = system_clock,
    entropy: Callable[[int], bytes] = os.urandom,
    witness: Callable[[str], None] | None = None,
    slugs: Collection[str] | None = None,
    content: Path | None = None,
    anew: bool = False,
    mentor_days: int = 90,
    finding: Finding = AS_SHIPPED,
) -> World:
    """What turns need.

    Args:
        slugs: agencies there are, to check the operator's own file against; None: that is not looked at.
        content: a folder in place of the shipped content.
        anew: read the content again, as it is on the disk now, and check all of it.
        mentor_days: how long a mentor who is invited in the chat has access, unless it is renewed.

    Raises:
        ContentError: the content must not reach people.
        SiteError: the operator's own file has problems.
    """
    pins = installation.pins
    spoken = edition.checked_voices(content, finding) if anew else voices(content, finding)
    first = next(iter(spoken.values()))
    places = sites(installation.site, first.content, slugs)
    return World(spoken, pins, Access(pins, places), clock, entropy, witness, mentor_days=mentor_days)


def app(
    installation: Installation,
    store: Store,
    channels: dict[str, Channel],
    *,
    clock: Clock = system_clock,
    entropy: Callable[[int], bytes] = os.urandom,
    witness: Callable[[str], None] | None = None,
    content: Path | None = None,
    draft_hours: int = DRAFT_HOURS,
    limits: Limits | None = None,
    mentor_days: int = 90,
    question_days: int = 90,
    question_people: int = 3,
    page: str = "",
    page_in_chat: bool = False,
    paces: Paces | None = None,
    finding: Finding = AS_SHIPPED,
) -> App:
    """The assistant on these channels.

    Args:
        content: a folder in place of the shipped content.
        draft_hours: how long an idle draft lives.
        limits: how much one chat may send; None where nobody else can reach it.
        question_days, question_people, page, page_in_chat: see ``World``; here and below.
        paces: how fast messages go to those channels that need it; None: as fast as one likes.

    Raises:
        ContentError: the content must not reach people; nothing is started.
        SuiteBroken: the cryptography library does not give the known answers; nothing is started.
        SiteError: the operator's own file has problems; nothing is started.
    """
    known_answers()
    slugs = [row.slug for row in store.run_now(agencies.every)]
    made = world(
        installation,
        clock=clock,
        entropy=entropy,
        witness=witness,
        slugs=slugs,
        content=content,
        mentor_days=mentor_days,
        finding=finding,
    )
    made = replace(
        made, question_days=question_days, question_people=question_people, page=page, page_in_chat=page_in_chat
    )
    paced = dict.fromkeys(PACED.intersection(channels), paces) if paces is not None else {}
    return App(store, _with_older(made, store, draft_hours), channels, limits, paced)


def renewed(
    installation: Installation,
    store: Store,
    content: Path | None = None,
    *,
    draft_hours: int = DRAFT_HOURS,
    mentor_days: int = 90,
    question_days: int = 90,
    question_people: int = 3,
    finding: Finding = AS_SHIPPED,
    page: str = "",
    page_in_chat: bool = False,
) -> World:
    """The world of an assistant that runs, with the content and the operator's own file as they are on the disk now.

    Raises:
        ContentError, SiteError: something must be mended first.
    """
    slugs = [row.slug for row in store.run_now(agencies.every)]
    made = world(installation, slugs=slugs, content=content, anew=True, mentor_days=mentor_days, finding=finding)
    made = replace(
        made, question_days=question_days, question_people=question_people, page=page, page_in_chat=page_in_chat
    )
    return _with_older(made, store, draft_hours)


def _with_older(made: World, store: Store, draft_hours: int) -> World:
    """The same with the older versions of the guide that walks are pinned to; the one in use is written down."""

    def read(tx: Transaction) -> dict[tuple[str, int], GuideVersion]:
        found = {}
        for language, voice in made.voices.items():
            guide_versions.keep(tx, voice.content)
            for number, version in guide_versions.older(tx, voice.content).items():
                found[(language, number)] = version
        return found

    return replace(made, older=store.run_now(read), draft_lives=timedelta(hours=draft_hours))
