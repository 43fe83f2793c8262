"""Tells, once, who wished to be told: new content answers what they had asked."""

from datetime import datetime
from typing import TYPE_CHECKING

from dialogues.model import Choice, Say, Voice, column
from storage import awaited, conversations, outbox, people, timers
from storage.awaited import Wish
from storage.outbox import Outgoing, Priority
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World


def answered(voice: Voice, question: str) -> str:
    """Id of the approved answer that is shown at once for a question, or empty."""
    found = voice.asking.decide(question)
    id = found.hits[0].id if found.decision == "answer" and found.hits else ""
    return id if id in voice.content.answers else ""


def look_again(tx: Transaction, world: "World") -> None:
    """Content may be new: have what people wait for asked again, soon and some at a time."""
    if awaited.are_there(tx):
        timers.arm(tx, awaited.LOOK, "", world.clock())


def tell_answered(tx: Transaction, world: "World", after: str, now: datetime) -> list[Outgoing]:
    """Ask the content some of what is waited for.

    Args:
        after: ref of the wish looked at last, hex, or empty.
    """
    wishes, further = awaited.after(tx, after, at=now)
    said: list[Outgoing] = []
    for wish in wishes:
        said += _tell(tx, world, wish, now)
    if further:
        timers.arm(tx, awaited.LOOK, further, now)
    return said


def _tell(tx: Transaction, world: "World", wish: Wish, now: datetime) -> list[Outgoing]:
    id = answered(world.voice(wish.language), wish.question)
    if not id or id == wish.known:
        return []
    contact, talk = people.contact(tx, wish.address_ref), conversations.load(tx, wish.address_ref, at=now)
    if contact is None or talk is None or not contact.reached or not awaited.take(tx, wish.ref):
        return []
    voice = world.voice(talk.language)
    title = voice.content.answers.get(id, world.voice(wish.language).content.answers[id]).title
    rows = column(Choice(f"ask.id.{id}", title, lasting=True))  # several may come in one message
    say = Say(voice.text("awaited-answered", title=title), rows=rows)
    return outbox.put(
        tx, contact.channel, contact.chat, [say], question=talk.question, at=now, priority=Priority.REMINDER
    )
