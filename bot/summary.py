"""One message in place of several that fell due for one chat at the same look, as after an outage of days.

Nothing is left out of what was done: every flag is overdue and armed again, every role has ended. Only the telling is
shorter: of each kind the most urgent few are said as they would be alone, the others are counted, and a button opens
the list where all of them stand.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from bot.says import fitting
from bot.turns import World
from dialogues.flag_life import URGENCIES
from dialogues.model import Choice, Say, Voice, column
from storage import conversations, outbox
from storage.outbox import Notice, Outgoing, Priority
from storage.transaction import Transaction

MOST_NAMED = 5
LISTS = {
    "case": "button-cases",
    "inbox": "button-inbox",
    "people": "button-people",
    "residue": "button-residue",
    "rota": "button-rota",
    "timeline": "button-timeline",
}
"""Dialogue whose lasting buttons lead to one thing -> the phrase of the button that opens its whole list."""


def summed(tx: Transaction, world: World, said: Sequence[Outgoing], at: datetime, *, late: bool) -> list[Outgoing]:
    """Put one message in the place of those that go to one chat and were queued in this transaction.

    Args:
        late: the assistant did not run when some of them fell due, and that is said.

    Returns:
        What is queued now.
    """
    of_chat: dict[bytes, list[Outgoing]] = {}
    for one in said:
        if _is_told(one):
            of_chat.setdefault(one.address_ref, []).append(one)
    queued = list(said)
    for address_ref, several in of_chat.items():
        talk = conversations.load(tx, address_ref, at=at)
        if len(several) == 1 or talk is None:
            continue
        first, ids = several[0], [one.id for one in several]
        outbox.done(tx, ids)
        queued = [one for one in queued if one.id not in set(ids)]
        says = fitting(_summary(several, world.voice(talk.language), late=late))
        calls = tuple(call for one in several if one.notice is not None for call in one.notice.calls)
        priority = min(Priority.REPLY, *(one.priority for one in several))
        queued += outbox.put(
            tx,
            first.channel,
            first.chat,
            says,
            question=talk.question,
            notice=Notice("summary", calls=calls),
            at=at,
            priority=priority,
        )
    return queued


def _is_told(one: Outgoing) -> bool:
    """Plain telling: nothing that asks, repeats a draft's words or carries a page."""
    say = one.say
    if say is None or say.private or say.refresh or say.document is not None:
        return False
    return all(choice.lasting for choice in say.choices)


def _summary(several: Sequence[Outgoing], voice: Voice, *, late: bool) -> Say:
    alike: dict[str, list[Outgoing]] = {}
    for one in several:
        alike.setdefault(one.notice.phrase if one.notice else f"{one.id}", []).append(one)
    texts, rows = [], dict[str, tuple[Choice, ...]]()
    for group in sorted(alike.values(), key=lambda group: max(map(_urgency, group)), reverse=True):
        group.sort(key=_urgency, reverse=True)
        named, more = group[:MOST_NAMED], group[MOST_NAMED:]
        times = Counter(one.say.text for one in named if one.say is not None)
        lines = [f"• {text}" if number == 1 else f"• {text} (×{number})" for text, number in times.items()]
        if more:
            urgent = sum(one.notice is not None and one.notice.urgency == "urgent" for one in more)
            lines.append(voice.text("summary-more", number=len(more), urgent=urgent))
        texts.append("\n".join(lines))
        for row in _rows(named, voice, whole=not more and len(group) == 1):
            rows.setdefault(row[0].key, row)
    text = "\n\n".join(texts)
    return Say(text, voice.text("summary-late" if late else "summary-title"), rows=tuple(rows.values()))


def _urgency(one: Outgoing) -> int:
    urgency = one.notice.urgency if one.notice else ""
    return next((rank for rank, name in enumerate(URGENCIES) if name == urgency), -1)


def _rows(named: Sequence[Outgoing], voice: Voice, *, whole: bool) -> Sequence[tuple[Choice, ...]]:
    """Of one alone its own buttons; of several, those that take and show a flag, and one for the list."""
    if whole:
        return [row for one in named if one.say is not None for row in one.say.rows]
    flags = [one.notice.flag for one in named if one.notice is not None and one.notice.flag]
    rows = [
        (
            Choice(f"inbox.{flag}.take", voice.text("summary-take", reference=flag), lasting=True),
            Choice(f"inbox.{flag}", voice.text("summary-see", reference=flag), lasting=True),
        )
        for flag in flags
    ]
    keys = [choice.key.partition(".")[0] for one in named if one.say is not None for choice in one.say.choices]
    lists = [Choice(key, voice.text(LISTS[key]), lasting=True) for key in dict.fromkeys(keys) if key in LISTS]
    return [*rows, *column(*lists)]
