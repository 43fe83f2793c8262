"""What is not saved yet is told: once an update, a chat once a minute; danger sooner and always."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot import wiring
from bot.channels.base import Inbound, Pressed
from bot.late import TOLD_EVERY_S, Late
from dialogues.model import Say, Wrote


class Told:
    """Hears what is said; holds it up until ``go_on``."""

    def __init__(self) -> None:
        self.says: list[tuple[str, Say]] = []
        self.now = 1000.0
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.late = Late(self.tell, wiring.voices, late_s=0.0, danger_late_s=0.0, steady=lambda: self.now)

    async def tell(self, inbound: Inbound, say: Say) -> None:
        await self.go_on.wait()
        self.says.append((inbound.chat, say))

    async def texts(self) -> list[str]:
        """What was said since, once all that is due was said."""
        for _ in range(20):
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
        said, self.says = self.says, []
        return [f"{say.title} {say.text}".strip() for _, say in said]


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    told = Told()
    yield told
    await told.late.stop()


def wrote(update: int, text: str = "He was calm.", chat: str = "1001", *, private: bool = True) -> Inbound:
    return Inbound("telegram", str(update), chat, Wrote(text), private=private)


async def test_it_is_told_once_however_often_it_is_tried(told: Told) -> None:
    for _ in range(5):
        told.late.begun(wrote(1))
    (text,) = await told.texts()
    assert text.startswith("Not saved yet")
    assert "need not send it again" in text
    told.now += TOLD_EVERY_S
    told.late.begun(wrote(1))
    assert await told.texts() == []


async def test_a_chat_hears_it_once_a_minute(told: Told) -> None:
    for number in range(5):
        told.late.begun(wrote(number))
    assert len(await told.texts()) == 1
    told.late.begun(wrote(10, chat="1002"))
    assert len(await told.texts()) == 1
    told.now += TOLD_EVERY_S - 1
    told.late.begun(wrote(11))
    assert await told.texts() == []
    told.now += 1
    told.late.begun(wrote(12))
    assert len(await told.texts()) == 1


async def test_what_is_settled_in_time_is_not_told(told: Told) -> None:
    told.late.begun(wrote(1))
    await told.late.settled(wrote(1))
    assert await told.texts() == []
    assert not told.late.waits(wrote(1))


async def test_whatever_is_said_when_it_is_settled_comes_after(told: Told) -> None:
    told.go_on.clear()
    told.late.begun(wrote(1))
    assert await told.texts() == []
    settled = asyncio.ensure_future(told.late.settled(wrote(1)))
    await asyncio.sleep(0)
    assert not settled.done()
    told.go_on.set()
    await settled
    assert len(told.says) == 1


async def test_danger_is_told_what_to_do_first_even_within_that_minute(told: Told) -> None:
    told.late.begun(wrote(1))
    assert len(await told.texts()) == 1
    told.late.begun(wrote(2, "he has a knife and is coming at me"))
    (danger,) = await told.texts()
    assert "112" in danger.splitlines()[0]
    assert "not saved yet" in danger


async def test_danger_does_not_wait_as_long(told: Told) -> None:
    told.late.late_s = 1000.0
    told.late.begun(wrote(1))
    told.late.begun(wrote(2, "/danger"))
    (danger,) = await told.texts()
    assert "112" in danger


async def test_a_button_is_to_be_pressed_again_as_telegram_forgets_it(told: Told) -> None:
    told.late.begun(Inbound("telegram", "1", "1001", Pressed(3, "log")))
    (text,) = await told.texts()
    assert "press the button again" in text


async def test_a_group_hears_nothing(told: Told) -> None:
    told.late.begun(wrote(1, private=False))
    assert await told.texts() == []
