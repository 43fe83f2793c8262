"""Who comes in: an invite is shown, perhaps its code told, and whoever made it hears that it was used."""

from datetime import datetime
from typing import TYPE_CHECKING

from bot.channels.base import Inbound
from bot.notices import tell
from dialogues.model import Say, Wrote
from storage import agencies, invites, outbox
from storage.invites import AskCode, Entered, Outcome, Refused
from storage.outbox import Outgoing
from storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.turns import World

LONGEST_TOKEN = 128


def shown_invite(tx: Transaction, inbound: Inbound, language: str, at: datetime) -> Outcome | None:
    """What comes of an invite or a code in this update; None: it is neither."""
    if not isinstance(inbound.event, Wrote):
        return None
    text = inbound.event.text
    if token := token_in(text):
        return invites.present(tx, token, inbound.channel, inbound.chat, language=language, at=at)
    if invites.code_in(text):
        return invites.give_code(tx, text, inbound.channel, inbound.chat, language=language, at=at)
    return None


def arrived(
    tx: Transaction, world: "World", inbound: Inbound, outcome: Outcome, at: datetime
) -> tuple[list[Outgoing], bool]:
    """What is said of it, to the person and to whoever made the invite.

    Returns:
        The messages, and whether the person is in (then their conversation goes on with its first words).
    """
    voice = world.voice(inbound.language)
    match outcome:
        case Entered(person_ref, agency_ref, role, issuer_ref):
            opens = f"people.one.{person_ref.hex()}"
            return _tell(tx, world, "invite-used", agency_ref, role, issuer_ref, at, opens=opens), True
        case AskCode(left, wrong):
            said = voice.text("invite-wrong-code", left=left) if wrong else voice.text("invite-ask-code")
            return outbox.put(tx, inbound.channel, inbound.chat, [Say(said)], at=at), False
        case Refused(killed):
            told = outbox.put(tx, inbound.channel, inbound.chat, [Say(voice.text("invite-bad"))], at=at)
            if killed is not None:
                told += _tell(tx, world, "invite-killed", *killed, at)
            return told, False


def token_in(text: str) -> str:
    """The invite in ``/start TOKEN``, the form Telegram gives to a deep link; or nothing."""
    return text.removeprefix("/start ").strip()[:LONGEST_TOKEN] if text.startswith("/start ") else ""


def _tell(
    tx: Transaction,
    world: "World",
    phrase: str,
    agency_ref: bytes,
    role: str,
    issuer_ref: bytes | None,
    at: datetime,
    *,
    opens: str = "people",
) -> list[Outgoing]:
    """To the issuer; an invite of the command line is told to the agency's admins."""
    slug = agencies.by_ref(tx, agency_ref).slug
    whom = issuer_ref if issuer_ref is not None else "admins"
    return tell(tx, world, whom, slug, phrase, {"role": f"role-{role}"}, at, opens=opens, label="button-people-who")
