"""Messages to other people: what happened, without a word of content and nothing that identifies anybody."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from dialogues.inbox import LABELS
from dialogues.model import Choice, Say, Voice, column
from dialogues.reference import reference
from storage import outbox, people
from storage.outbox import Notice, Outgoing, Priority
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

PHRASE_ARGS = ("urgency", "outcome", "role", "why")
"""Arguments that are themselves keys of phrases, put into each reader's language."""

FLAG_ACTS: Final = ("take", "see", "decline", "hand-on")
"""Buttons of a notice of a flag."""
MOST_WAITING = 5
WAITS_AFTER = timedelta(minutes=1)
"""With so many messages waiting for so long, the chat is out of reach: what it was warned of is not queued again."""


def tell(
    tx: Transaction,
    world: "World",
    whom: str | bytes | Sequence[bytes],
    agency: str,
    phrase: str,
    args: Mapping[str, str | int],
    at: datetime,
    *,
    flag: str = "",
    acts: Sequence[str] = FLAG_ACTS,
    besides: Sequence[str] = (),
    opens: str = "",
    label: str = "notice-see",
    priority: Priority = Priority.REPLY,
    expires_at: datetime | None = None,
    again: bool = False,
) -> list[Outgoing]:
    """Say a phrase to other people, each in their language.

    Args:
        whom: ``desk`` (who serves the agency), ``admins`` of the agency, ``keepers`` (coordinators, else admins: who
            may renew its people; admins, too, where nothing arrives at any coordinator), or refs of people.
        agency: slug; not looked at where ``whom`` is people.
        flag: id of a flag's note, hex: the message carries lasting buttons for ``acts``.
        besides: keys of phrases that follow, each a sentence.
        opens: a dialogue, perhaps with ``.<about>``: the message carries a lasting button that opens it.
        label: key of that button's phrase.
        priority: a reminder is not said where nothing arrives; all else is tried there.
        expires_at: nobody needs it from then on; see ``storage.outbox.put``.
        again: they were told before; who cannot be reached at present is not told once more.

    Returns:
        What was queued. People who cannot be reached (no chat) get nothing; that is for the flag's deadline to notice.
    """
    said: list[Outgoing] = []
    for ref in _refs(tx, world, whom, agency, at):
        contacts = people.contacts(tx, ref)
        if priority is Priority.REMINDER:
            contacts = [contact for contact in contacts if contact.reached]
        if not contacts:
            continue
        voice = world.voice(people.profile(tx, ref)["language"])
        spoken = {name: voice.text(str(value)) if name in PHRASE_ARGS else value for name, value in args.items()}
        rows: tuple[tuple[Choice, ...], ...] = ()
        if flag:
            rows = column(*(flag_choice(reference(flag), act, voice) for act in acts))
        elif opens:
            rows = column(Choice(opens, voice.text(label), lasting=True))
        urgency = str(args.get("urgency", "")).removeprefix("urgency-")
        takes = (flag,) if flag and "take" in acts else ()
        notice = Notice(phrase, urgency, reference(flag) if takes else "", takes)
        for contact in contacts:
            if again and outbox.count_of(tx, contact.address_ref, before=at - WAITS_AFTER) >= MOST_WAITING:
                continue
            text = " ".join((voice.text(phrase, **spoken), *(voice.text(one) for one in besides)))
            if flag and world.page and "see" in acts:
                text += "\n" + voice.text("notice-on-page", link=on_page(world.page, flag))
            say = Say(text, rows=rows)
            said += outbox.put(
                tx,
                contact.channel,
                contact.chat,
                [say],
                notice=notice,
                at=at,
                priority=priority,
                expires_at=expires_at,
            )
    return said


def on_page(page: str, note_id: str) -> str:
    """Where the page shows a note, once a key is unlocked there. The fragment leaves the browser in no request."""
    return f"{page}/#note={reference(note_id)}"


def flag_choice(short: str, act: str, voice: Voice) -> Choice:
    """A lasting button of a flag; ``act``: ``see``, or what ``dialogues.inbox`` is opened with."""
    if act == "see":
        return Choice(f"inbox.{short}", voice.text(LABELS[act]), lasting=True)
    return Choice(f"inbox.{short}.{act}", voice.text(LABELS[act]), lasting=True)


def _refs(
    tx: Transaction, world: "World", whom: str | bytes | Sequence[bytes], agency: str, at: datetime
) -> Sequence[bytes]:
    if isinstance(whom, bytes):
        return [whom]
    if not isinstance(whom, str):
        return whom
    if whom == "desk":
        return [person.ref for person in world.access.servants(tx, agency, at)]
    agency_ref = tx.keyring.agency_ref(agency)
    if whom == "keepers":
        keepers = [person.ref for person in people.in_roles(tx, agency_ref, ("coordinator",))]
        if any(arrives(tx, ref) for ref in keepers):
            return keepers
    return [person.ref for person in people.in_roles(tx, agency_ref, ("admin",))]


def arrives(tx: Transaction, ref: bytes) -> bool:
    """Whether a message arrives at somebody, as far as is known."""
    return any(contact.reached for contact in people.contacts(tx, ref))
