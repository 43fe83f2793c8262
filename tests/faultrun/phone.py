"""One person with a phone, who types the next line when the expected message is there, and presses what it shows."""

import asyncio
from dataclasses import dataclass, field

from fake_telegram import FakeTelegram, Person, Shown
from fake_telegram.queues import FIRST_UPDATE_ID

from dialogues import case_code

from .weather import Weather

WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A note that the person was told is logged.

    Attributes:
        text: what must stand in it, one line a part.
        amends: reference of the note it amends, or empty.
    """

    reference: str
    text: str = field(repr=False)
    author: str = ""
    amends: str = ""
    withdrawn: bool = False
    media: int = 0


class Eyes:
    """Read one chat from now on."""

    def __init__(self, telegram: FakeTelegram, chat_id: int, within_s: float = WITHIN_S) -> None:
        self.telegram, self.chat_id = telegram, chat_id
        self._within_s = within_s
        self._at = len(telegram.record)

    async def hears(self, *wanted: str) -> Shown:
        """The next message or change of one that holds all of this.

        Raises:
            AssertionError: it did not come; tells the first words of what came instead.
        """
        return (await self.hears_one_of(wanted))[0]

    async def hears_one_of(self, *choices: tuple[str, ...]) -> tuple[Shown, int]:
        """The next one that holds all of a choice, and which choice."""
        passed: list[str] = []
        loop = asyncio.get_running_loop()
        until = loop.time() + self._within_s
        while True:
            while self._at < len(self.telegram.record):
                shown = self.telegram.record[self._at]
                self._at += 1
                if shown.chat_id != self.chat_id:
                    continue
                for which, wanted in enumerate(choices):
                    if all(part in shown.text for part in wanted):
                        return shown, which
                passed.append(shown.text[:40])
            try:
                await self.telegram.chats[self.chat_id].news(until - loop.time())
            except TimeoutError:
                raise AssertionError(f"{choices} was not heard, but {passed}") from None


class Phone(Eyes):
    """
    Args:
        number: four digits, the person's own; stands in all that is theirs.
        token: of an invite, for somebody who is not enrolled.
        swapped: of two things done at once, the second goes first; for references.
    """

    def __init__(
        self,
        telegram: FakeTelegram,
        number: int,
        *,
        weather: Weather | None = None,
        token: str = "",
        swapped: bool = False,
        within_s: float = WITHIN_S,
    ) -> None:
        self.number, self.token, self.swapped = number, token, swapped
        self.person: Person = telegram.person(chat_of(number), started=not token)
        super().__init__(telegram, chat_of(number), within_s)
        self.handle = f"PO-{number}"
        self.case = code_of(number)
        self.kept: list[Kept] = []
        self._weather = weather

    @property
    def names(self) -> dict[str, str]:
        """What is this person's own, and what stands for it where runs are compared."""
        return {self.case: "CASE", self.handle: "HANDLE", str(self.number): "NUMBER"}

    def words(self, what: str) -> str:
        """Something to write down that nobody else writes."""
        return f"Canary {self.number}: {what}."

    def writes(self, text: str) -> None:
        self.person.writes(text)
        self._around()

    def presses(self, label: str) -> None:
        self.person.presses(label)
        self._around()

    async def at_once(self, text: str, label: str) -> None:
        """Press and write in the same moment: by webhook these are two queues, and either may be first.

        In a reference one goes after the other.
        """
        if self._weather is not None:
            self.presses(label)
            self.writes(text)
            return
        for press in (False, True) if self.swapped else (True, False):
            before = len(self.telegram.record)
            if press:
                self.presses(label)
            else:
                self.writes(text)
            await self.telegram.confirmed(self._within_s)
            while len(self.telegram.record) == before:
                await self.person.chat.news(self._within_s)

    def logged(self, receipt: Shown, text: str, **more: object) -> str:
        """Write down that this was acknowledged; returns the reference."""
        reference = receipt.text.partition("Reference ")[2][:9]
        self.kept.append(Kept(reference, text, self.handle, **more))  # type: ignore[arg-type]
        return reference

    def withdrawn(self) -> None:
        """The note logged last was undone."""
        self.kept[-1] = Kept(self.kept[-1].reference, "", withdrawn=True)

    def _around(self) -> None:
        """What the network does with an update besides bringing it."""
        if self._weather is None:
            return
        match self._weather.act():
            case "redelivery":
                self.telegram.repeat(max(FIRST_UPDATE_ID, self.telegram.log.newest - self._weather.long_ago()))
            case "unreadable update":
                self.telegram.push_raw(self._weather.unreadable(), queue=self.chat_id)


def chat_of(number: int) -> int:
    return 700_000 + number


def code_of(number: int) -> str:
    """A case code with the right check character."""
    return f"AB-{number}-{case_code.check_character(f'AB{number}')}"
