"""The dialogues. Each is what one person does, and what must be on the screen before the next act."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import media
from fake_telegram import FakeTelegram

from .phone import WITHIN_S, Eyes, Phone

PHOTO = media.photo(size=(48, 32))
HOME = "What do you need?"


class Coordinator:
    """Takes the flags of all dialogues, on one phone."""

    def __init__(self, telegram: FakeTelegram, chat_id: int, within_s: float = WITHIN_S) -> None:
        self.telegram, self.chat_id = telegram, chat_id
        self.person = telegram.person(chat_id, started=True)
        self._within_s = within_s

    def looks(self) -> Eyes:
        """From now on."""
        return Eyes(self.telegram, self.chat_id, self._within_s)

    async def takes(self, eyes: Eyes, reference: str) -> None:
        """Hear of a flag and take it."""
        notice = await eyes.hears("A flag waits", reference)
        self.person.presses("Take it", on=notice.message_id)
        await eyes.hears("You have", reference)


@dataclass(frozen=True, slots=True)
class Script:
    """
    Attributes:
        enrolled: the person has access before it begins; otherwise ``play`` is given an invite's token by the phone.
        crossing: two things are done at once somewhere, so there are two right transcripts.
    """

    play: Callable[[Phone, Coordinator], Awaitable[None]]
    enrolled: bool = True
    crossing: bool = False


async def enrols(me: Phone, _: Coordinator) -> None:
    me.person.starts(me.token)
    await me.hears("Which language")
    me.presses("English")
    await me.hears("Rules of use")
    me.presses("Not now")
    await me.hears("All right.")
    me.presses("I accept")
    await me.hears("work handle")
    me.writes(me.handle)
    await me.hears("You are in")
    await me.hears(HOME)
    me.writes("/notes")
    await me.hears("You have logged no notes")


async def logs_a_note(me: Phone, _: Coordinator) -> None:
    await _in_parts(me, "Incident", ["shouted at the gate", "kicked the door"], "slept badly", "bad news from home")
    await me.hears("How urgent is it?")
    me.presses("Routine")
    await me.hears("Should a coordinator look")
    me.presses("No, just keep it")
    await _logs(
        me, "\n".join(map(me.words, ("shouted at the gate", "kicked the door", "slept badly", "bad news from home")))
    )
    me.writes("/notes")
    await me.hears("Your notes", me.kept[-1].reference)


async def logs_a_flagged_note(me: Phone, coordinator: Coordinator) -> None:
    await _in_parts(me, "Behaviour or talk", ["talked to two others in the yard"], "", "")
    await me.hears("How urgent is it?")
    me.presses("Urgent")
    await me.hears("Should a coordinator look")
    me.presses("Yes, flag it")
    await me.hears("Why the flag?")
    me.presses("Threat to others")
    eyes = coordinator.looks()
    reference = await _logs(me, me.words("talked to two others in the yard"))
    await coordinator.takes(eyes, reference)
    await me.hears(f"{reference} is in hand")
    me.presses("☰ Menu")
    await me.hears(HOME)


async def undoes(me: Phone, _: Coordinator) -> None:
    await _quick(me, "laughed when the film was shown")
    me.presses("Undo (2 minutes)")
    await me.hears("Withdrawn", me.kept[-1].reference)
    me.withdrawn()
    me.writes("/notes")
    await me.hears("Your notes", "withdrawn")


async def walks(me: Phone, _: Coordinator) -> None:
    me.writes("/guide")
    await me.hears("Which step?")
    me.presses("S01 Notice and record")
    await me.hears("Which case is it about?")
    me.writes(me.case)
    await me.hears("Who leads")
    me.presses("Checklist ▸")
    await me.hears("Tick what is done")
    me.presses("☐ 1")
    await me.hears("☑ 1.")
    me.presses("☐ 9")
    await me.hears("☑ 1.", "☑ 9.")
    me.presses("Go on ▸")
    await me.hears("Could somebody be badly hurt")
    me.writes("what is a red flag")
    await me.hears("What counts as a warning sign?")
    me.presses("◂ Back")
    await me.hears("Could somebody be badly hurt")
    me.presses("No")
    await me.hears("Good. Two more questions")
    await me.hears("Is it only about a lawful opinion")
    me.presses("Pause")
    await me.hears("Paused.")
    me.writes("/guide")
    await me.hears("Which step?")
    me.presses(f"▸ Resume S01 ({me.case})")
    await me.hears("Is it only about a lawful opinion")


async def asks(me: Phone, _: Coordinator) -> None:
    me.writes("do i need consent to share info")
    await me.hears("Often consent is the wrong ground")
    me.presses("More")
    await me.hears("EU data protection law asks")
    me.presses("👍 Helpful")
    await me.hears("Thank you.")
    me.writes("can i tell the police without his consent")
    await me.hears("Did you mean one of these?")
    me.presses("What may I tell the police?")
    await me.hears("go through your coordinator")
    me.writes("what is the capital of peru")
    await me.hears("That is outside what I know")


async def asks_while_it_presses(me: Phone, _: Coordinator) -> None:
    """A text and a press in the same moment."""
    me.writes("do i need consent to share info")
    await me.hears("Often consent is the wrong ground")
    await me.at_once("what is the capital of peru", "👍 Helpful")
    _shown, which = await me.hears_one_of(("Thank you.",), ("That is outside what I know",))
    if which == 1:
        await me.hears("belongs to an earlier question")
        await me.hears("That is outside what I know")
    else:
        await me.hears("That is outside what I know")
    me.writes("/help")
    await me.hears("What I can do")


async def decides_whether_to_share(me: Phone, _: Coordinator) -> None:
    me.writes("/share")
    await me.hears("Could somebody be badly hurt")
    me.presses("No")
    await me.hears("Who asks, or who should know?")
    me.presses("A mentor")
    await me.hears("What is it for?")
    me.presses("To run support")
    await me.hears("What is it about?")
    me.presses("Attendance or progress")
    await me.hears("Does the person know")
    me.presses("The person said no")
    await me.hears("Do not share")
    await me.hears("For the log: Not shared")
    me.presses("Keep a log line")
    await me.hears("Which case is it about?")
    me.writes(me.case)
    preview = await me.hears("This will be sealed", "Not shared. Asked by or meant for: a mentor.")
    text = preview.text.partition("Text\n")[2].partition("\n")[0]  # with the minute in it
    me.presses("✔ Log it")
    me.logged(await me.hears("Reference "), text)


async def amends(me: Phone, _: Coordinator) -> None:
    reference = await _quick(me, "lent his radio to C-22")
    me.writes("/notes")
    await me.hears("Your notes", reference)
    me.presses(f"Amend {reference}")
    await me.hears("What do you add or correct?")
    text = me.words("got it back later")
    me.writes(text)
    await me.hears("1 in this part")
    me.presses("Next ▸")
    await _logs(me, text, amends=reference)


async def adds_a_photo(me: Phone, _: Coordinator) -> None:
    me.writes("/menu")
    await me.hears(HOME)
    me.presses("Quick note (3 taps)")
    await me.hears("What happened?")
    me.person.sends_photo(PHOTO)
    await me.hears("Sealed with the note: 1 photo")
    text = me.words("gave this drawing to two others")
    me.writes(text)
    await me.hears("1 in this part")
    me.presses("Routine, no flag")
    await _logs(me, text, media=1)


async def presses_twice(me: Phone, _: Coordinator) -> None:
    """Somebody impatient: each button twice, also the one that logs."""
    me.writes("/menu")
    await me.hears(HOME)
    me.presses("Quick note (3 taps)")
    await me.hears("What happened?")
    text = me.words("asked for a transfer")
    me.writes(text)
    await me.hears("1 in this part")
    me.presses("Routine, no flag")
    me.presses("Routine, no flag")
    await me.hears("This will be sealed")
    await me.hears("belongs to an earlier question")
    await me.hears("This will be sealed")
    me.presses("✔ Log it")
    me.presses("✔ Log it")
    me.logged(await me.hears("Reference "), text)
    await me.hears("belongs to an earlier question")
    me.writes("/notes")
    await me.hears("Your notes", me.kept[-1].reference)


async def _in_parts(me: Phone, kind: str, seen: list[str], told: str, otherwise: str) -> None:
    me.writes("/note")
    await me.hears("Which case is it about?")
    me.writes(me.case)
    await me.hears("What kind of note")
    me.presses(kind)
    await me.hears("When did it happen?")
    me.writes("yesterday 3 pm")
    await me.hears("Part 1 of 4", "What did you see")
    for count, one in enumerate(seen, start=1):
        me.writes(me.words(one))
        await me.hears("Part 1 of 4", f"{count} in this part")
    me.presses("Next ▸")
    await me.hears("Part 2 of 4", "0 in this part")
    await _part(me, 2, told)
    await me.hears("Part 3 of 4", "0 in this part")
    await _part(me, 3, "")
    await me.hears("Part 4 of 4", "0 in this part")
    await _part(me, 4, otherwise)


async def _part(me: Phone, number: int, text: str) -> None:
    if text:
        me.writes(me.words(text))
        await me.hears(f"Part {number} of 4", "1 in this part")
    me.presses("Next ▸")


async def _quick(me: Phone, what: str) -> str:
    me.writes("/menu")
    await me.hears(HOME)
    me.presses("Quick note (3 taps)")
    await me.hears("What happened?")
    text = me.words(what)
    me.writes(text)
    await me.hears("1 in this part")
    me.presses("Routine, no flag")
    return await _logs(me, text)


async def _logs(me: Phone, text: str, *, amends: str = "", media: int = 0) -> str:
    preview = await me.hears("This will be sealed")
    assert all(line in preview.text for line in text.split("\n")), "the preview shows what was written"
    me.presses("✔ Log it")
    return me.logged(await me.hears("Reference "), text, amends=amends, media=media)


SCRIPTS: Mapping[str, Script] = {
    "enrols": Script(enrols, enrolled=False),
    "logs a note": Script(logs_a_note),
    "logs a flagged note": Script(logs_a_flagged_note),
    "undoes": Script(undoes),
    "walks": Script(walks),
    "asks": Script(asks),
    "asks while it presses": Script(asks_while_it_presses, crossing=True),
    "decides whether to share": Script(decides_whether_to_share),
    "amends": Script(amends),
    "adds a photo": Script(adds_a_photo),
    "presses twice": Script(presses_twice),
}
