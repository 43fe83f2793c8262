"""People on a fake Telegram who log one note after the other, and what must be true of them afterwards."""

from bot_site import Site, open_notes
from fake_telegram import FakeTelegram, Person

from bot.trial import Trial


def enrolled(trial: Trial, telegram: FakeTelegram, count: int) -> list[Person]:
    site = Site(trial)
    for number in range(count):
        site.enrol("telegram", str(1001 + number), "officer", f"PO-{number:02d}")
    site.close()
    return [telegram.person(1001 + number, started=True) for number in range(count)]


async def logs(person: Person, number: int, notes: int, *, first: int = 0) -> None:
    """Somebody who logs one quick note after the other, whatever happens to the bot: ``first`` to before ``notes``."""
    for note in range(first, notes):
        await previewed(person, number, note)
        await logged(person)


async def previewed(person: Person, number: int, note: int) -> None:
    """Up to where they may log it."""
    person.writes("/menu")
    await person.hears("What do you need?", within=120)
    person.presses("Quick note (3 taps)")
    await person.hears("What happened?", within=120)
    person.writes(words(number, note))
    await person.hears("1 in this part", within=120)
    person.presses("Routine, no flag")
    await person.hears(words(number, note), within=120)


async def logged(person: Person) -> None:
    person.presses("✔ Log it")
    await person.hears("Reference ", within=120)


def words(number: int, note: int) -> str:
    return f"canary {number} note {note} end"


def assert_kept(trial: Trial, people: list[Person], notes: int) -> None:
    """Every acknowledged note, once."""
    wanted = {(f"PO-{number:02d}", words(number, note)): 1 for number in range(len(people)) for note in range(notes)}
    assert open_notes(trial) == wanted


def previews(person: Person) -> list[str]:
    return [text for text in person.heard if "This will be sealed" in text]


def receipts(person: Person) -> list[str]:
    return [text for text in person.heard if "Reference " in text]


def assert_in_order(person: Person) -> None:
    """Each message's first arrival: a preview, its receipt, the next preview … (a repeat may follow a kill)."""
    told = [text for text in dict.fromkeys(person.heard) if "This will be sealed" in text or "Reference " in text]
    kinds = ["preview" if "This will be sealed" in text else "receipt" for text in told]
    assert kinds == ["preview", "receipt"] * (len(kinds) // 2)
    numbers = [int(text.partition(" note ")[2].partition(" end")[0]) for text in told if " note " in text]
    assert numbers == sorted(numbers)
