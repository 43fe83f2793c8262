"""Messages to other people: what happened, without a word of content and nothing that identifies anybody."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dialogues.model import Choice, Say, column
from storage import outbox, people
from storage.outbox import Notice, Outgoing
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

PHRASE_ARGS = ("urgency", "outcome", "role", "why")
"""Arguments that are themselves keys of phrases, put into each reader's language."""

MOST_WAITING = 5
WAITS_AFTER = timedelta(minutes=1)
"""With so many messages waiting for so long, the chat is out of reach: what it was warned of is not queued again."""


def tell(
    tx: Transaction,
    world: "World",
    whom: str | bytes,
    agency: str,
    phrase: str,
    args: Mapping[str, str | int],
    at: datetime,
    *,
    flag: str = "",
    opens: str = "",
    label: str = "notice-see",
    again: bool = False,
) -> list[Outgoing]:
    """Say a phrase to other people, each in their language.

    Args:
        whom: ``desk`` (who serves the agency), ``admins`` of the agency, ``keepers`` (coordinators, else admins: who
            may renew its people), or one person's ref.
        agency: slug; not looked at where ``whom`` is a person.
        flag: reference of a flag: the message carries lasting buttons to take and to see it.
        opens: a dialogue, perhaps with ``.<about>``: the message carries a lasting button that opens it.
        label: key of that button's phrase.
        again: they were told before; who cannot be reached at present is not told once more.

    Returns:
        What was queued. People who cannot be reached (no chat) get nothing; that is for the flag's deadline to notice.
    """
    if isinstance(whom, bytes):
        refs = [whom]
    elif whom == "desk":
        refs = [person.ref for person in world.access.servants(tx, agency, at)]
    else:
        agency_ref = tx.keyring.agency_ref(agency)
        refs = [person.ref for person in people.in_roles(tx, agency_ref, ("coordinator",))] if whom == "keepers" else []
        refs = refs or [person.ref for person in people.in_roles(tx, agency_ref, ("admin",))]
    said: list[Outgoing] = []
    for ref in refs:
        contacts = people.contacts(tx, ref)
        if not contacts:
            continue
        voice = world.voice(people.profile(tx, ref)["language"])
        spoken = {name: voice.text(str(value)) if name in PHRASE_ARGS else value for name, value in args.items()}
        rows: tuple[tuple[Choice, ...], ...] = ()
        if flag:
            rows = column(
                Choice(f"inbox.{flag}.take", voice.text("button-take"), lasting=True),
                Choice(f"inbox.{flag}", voice.text("notice-see"), lasting=True),
            )
        elif opens:
            rows = column(Choice(opens, voice.text(label), lasting=True))
        notice = Notice(phrase, str(args.get("urgency", "")).removeprefix("urgency-"), flag)
        for contact in contacts:
            if again and outbox.count_of(tx, contact.address_ref, before=at - WAITS_AFTER) >= MOST_WAITING:
                continue
            say = Say(voice.text(phrase, **spoken), rows=rows)
            said += outbox.put(tx, contact.channel, contact.chat, [say], notice=notice, at=at)
    return said
