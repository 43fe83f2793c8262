"""A scene on the real content, and a talk: turns as the bot takes them, with a restart between any two."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest

from bot.wiring import voices
from dialogues import codec, desk, registry
from dialogues.floor import Floor
from dialogues.model import (
    Agency,
    Choice,
    Chose,
    Due,
    Effect,
    Event,
    Found,
    KeepNote,
    LookUp,
    Membership,
    Opened,
    Person,
    Say,
    Scene,
    Settle,
    Turn,
    Voice,
    Wrote,
)
from guidance.model import Role
from guidance.phrases import Phrases

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ME = "aa" * 16
NORTH = Agency("north", "Northbridge Probation (demo)", ZoneInfo("Europe/Paris"), "AA-9999-c", ready=True)
SOUTH = Agency("south", "Southgate Mentors (demo)", ZoneInfo("Europe/Athens"), "C-99", ready=True)
MOST_LOOK_UPS = 4

E = TypeVar("E")


@cache
def two_languages() -> Mapping[str, Voice]:
    """The real English, and a second language: the same content, with every phrase in angle quotes."""
    english = voices()["en"]
    keys = english.content.phrases.keys()
    quoted = "\n".join(f"{key} = ‹{key}›" for key in keys)
    content = replace(english.content, phrases=Phrases.of("fr", quoted))
    return {"en": english, "fr": replace(english, content=content)}


def build_scene(
    *,
    role: Role = "officer",
    agencies: tuple[Agency, ...] = (NORTH,),
    accepted: bool = True,
    language: str = "en",
    now: datetime = NOON,
    fresh: str = "0f" * 16,
) -> Scene:
    person = Person(ME, "PO-17", language, accepted, tuple(Membership(agency, role) for agency in agencies))
    return Scene(now, now, person, two_languages(), fresh)


class Talk:
    """One conversation.

    Attributes:
        rows: what look-ups find, by what is looked up.
        turn: the last turn, its look-ups answered.
        effects: of all turns.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.floor = Floor()
        self.rows: dict[str, tuple[object, ...]] = {}
        self.looked_up: list[LookUp] = []
        self.turn: Turn[Floor] = Turn(self.floor)
        self.effects: list[Effect] = []
        self._turns = 0

    def hear(self, event: Event) -> Turn[Floor]:
        """One event, in the manner of ``bot.turns``."""
        self._turns += 1
        fresh = f"{self._turns * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
        scene = self.scene = replace(self.scene, fresh=fresh)
        turn = desk.advance(self.floor, event, scene)
        asked = 0
        while turn.look_up is not None:
            assert asked < MOST_LOOK_UPS, "a dialogue that looks up without end"
            asked += 1
            self.looked_up.append(turn.look_up)
            after = desk.advance(turn.state or Floor(), Found(self.rows.get(turn.look_up.what, ())), scene)
            turn = Turn(after.state, turn.says + after.says, turn.effects + after.effects, after.look_up)
        self._restart(turn.state or Floor())
        self._settle(event, turn)
        return turn

    def _restart(self, floor: Floor) -> None:
        stored = codec.encode(floor)
        self.floor = codec.decode(stored, registry.STATES)
        assert (self.floor, codec.encode(self.floor)) == (floor, stored), "a restart changes the state"

    def _settle(self, event: Event, turn: Turn[Floor]) -> None:
        person = self.scene.person
        for effect in turn.effects:
            if isinstance(effect, Settle):
                person = replace(
                    person,
                    language=effect.language or person.language,
                    handle=effect.handle or person.handle,
                    accepted=person.accepted or effect.accepted,
                )
        idle_since = self.scene.idle_since if isinstance(event, Due) else self.scene.now
        self.scene = replace(self.scene, person=person, idle_since=idle_since)
        self.turn = turn
        self.effects += turn.effects

    def write(self, *texts: str) -> Turn[Floor]:
        for text in texts:
            self.hear(Wrote(text))
        return self.turn

    def press(self, *keys: str) -> Turn[Floor]:
        """Buttons that are on the screen, by key."""
        for key in keys:
            assert key in self.keys, f"no button {key} among {self.keys}"
            self.hear(pressed(next(choice for choice in self.choices if choice.key == key)))
        return self.turn

    def open(self, key: str) -> Turn[Floor]:
        """A lasting button of an older message."""
        return self.hear(pressed(Choice(key, "", lasting=True)))

    def wait(self, length: timedelta) -> None:
        self.scene = replace(self.scene, now=self.scene.now + length)

    def phrase(self, key: str, /, **args: str | int) -> str:
        return self.scene.text(key, **args)

    @property
    def says(self) -> tuple[Say, ...]:
        return self.turn.says

    @property
    def said(self) -> str:
        return "\n".join("\n".join((say.title, say.text, say.small)) for say in self.turn.says)

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(choice for say in self.turn.says for choice in say.choices)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(choice.key for choice in self.choices)

    @property
    def state(self) -> object:
        return self.floor.top.state if self.floor.top else None

    def made(self, kind: type[E]) -> list[E]:
        """Effects of the last turn of a kind."""
        return [effect for effect in self.turn.effects if isinstance(effect, kind)]

    @property
    def kept(self) -> list[KeepNote]:
        """Notes kept in the whole talk."""
        return [effect for effect in self.effects if isinstance(effect, KeepNote)]


def pressed(choice: Choice) -> Event:
    if not choice.lasting:
        return Chose(choice.key)
    dialogue, _, about = choice.key.partition(".")
    return Opened(dialogue, about)


@pytest.fixture(scope="session")
def scene() -> Callable[..., Scene]:
    return build_scene


@pytest.fixture(scope="session")
def talk() -> Callable[..., Talk]:
    return lambda **settings: Talk(build_scene(**settings))


@pytest.fixture(scope="session")
def north() -> Agency:
    return NORTH


@pytest.fixture(scope="session")
def south() -> Agency:
    return SOUTH
