"""The whole job over Telegram: invite, enrolment, a step of the guide, a question, a flagged note, and its coordinator.

Over real sockets against a fake Bot API, by long polling and by webhook, through each library.
"""

import pytest
from bot_site import Line, Site, on_telegram
from fake_telegram import Person

from bot.channels.registry import CLIENTS

CANARY = "Zebrafinch quartz"
SAW = f"He said to two others in the yard: {CANARY} on friday."


@pytest.mark.parametrize("library", CLIENTS)
@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_t23_the_whole_job(site: Site, webhook: bool, library: str) -> None:
    async with on_telegram(site, library=library, webhook=webhook) as line:
        telegram = line.telegram
        coordinator = line.staff(2002, "coordinator", "Coord-9")
        robin = telegram.person(1001)
        await enrols(robin, site.invite("officer"))
        await walks_a_step(robin)
        await asks(robin)

        reference = await logs_flagged(robin, line)
        assert_erased(robin)
        notice = await coordinator.hears("A flag waits")
        assert reference in notice.text
        coordinator.presses("Take it")
        await coordinator.hears(f"You have {reference}")
        await robin.hears(f"{reference} is in hand")

        other = await logs_flagged(robin, line)
        await coordinator.hears(other)
        robin.presses("Undo (2 minutes)")
        await robin.hears(f"Withdrawn: {other}")
        await coordinator.hears(f"{other} was withdrawn")
        await line.settled()

        assert [count for (author, text), count in site.notes().items() if author == "PO-77" and CANARY in text] == [1]
        assert not [text for text in coordinator.heard if CANARY in text or "AB-1234-P" in text]
        sent = telegram.calls_of("sendMessage")
        assert len(sent) > 25
        assert {call.parameters.get("protect_content") for call in sent} == {"true"}
        assert not [
            message for message in (*robin.screen, *coordinator.screen) if message.own and not message.protected
        ]
        assert {call.status for call in telegram.calls} <= {0, 200}


async def enrols(robin: Person, token: str) -> None:
    robin.writes("hello")
    await robin.hears("for enrolled staff and mentors only")
    robin.starts(token)
    await robin.hears("invited by Northbridge")
    await robin.hears("Which language")
    robin.presses("English")
    await robin.hears("Rules of use")
    robin.presses("I accept")
    await robin.hears("work handle")
    robin.writes("PO-77")
    await robin.hears("You are in")
    await robin.hears("What do you need?")


async def walks_a_step(robin: Person) -> None:
    robin.presses("☰ Menu")
    await robin.hears("What do you need?")
    robin.presses("Guide, step by step")
    await robin.hears("Which step?")
    robin.presses("S01 Notice and record")
    await robin.hears("Which case")
    robin.writes("AB-1234-P")
    await robin.hears("Who leads")
    robin.presses("Checklist ▸")
    await robin.hears("Tick what is done")
    robin.presses("Pause")
    await robin.hears("Paused")


async def asks(robin: Person) -> None:
    robin.writes("do i need consent to share info")
    await robin.hears("Source:")
    robin.presses("👍 Helpful")
    await robin.hears("Thank you.")


async def logs_flagged(robin: Person, line: Line) -> str:
    """A full note with its flag; returns the reference."""
    robin.writes("/note")
    await robin.hears("Which case is it about?")
    robin.writes("AB-1234-P")
    await robin.hears("What kind of note")
    robin.presses("Incident")
    await robin.hears("When did it happen?")
    robin.writes("10 min ago")
    await robin.hears("What did you see or hear yourself?")
    robin.writes(SAW)
    await robin.hears("1 in this part")
    robin.presses("Next ▸")
    await robin.hears("What were you told")
    robin.presses("Next ▸")
    await robin.hears("What do you think")
    robin.presses("Next ▸")
    await robin.hears("What else could explain")
    robin.presses("Next ▸")
    await robin.hears("How urgent")
    robin.presses("Urgent")
    await robin.hears("Should a coordinator look")
    robin.presses("Yes, flag it")
    await robin.hears("Why the flag?")
    robin.presses("Threat to others")
    preview = await robin.hears("Written by: PO-77")
    assert CANARY in preview.text
    robin.presses("✔ Log it")
    receipt = await robin.hears("Reference ")
    await line.settled()
    return receipt.text.partition("Reference ")[2][:9]


def assert_erased(robin: Person) -> None:
    """Neither what was typed nor what repeated it is in the chat any more."""
    assert [text for text in robin.heard if CANARY in text], "the preview had shown it"
    assert not [message.message_id for message in robin.screen if CANARY in message.text]


@pytest.mark.parametrize("library", CLIENTS)
async def test_a_hand_off_leaves_as_a_protected_page_and_an_empty_form_as_one_to_print(
    site: Site, library: str
) -> None:
    async with on_telegram(site, library=library) as line:
        robin = line.staff(1001, "officer", "PO-77")
        robin.writes("/guide")
        await robin.hears("Which step?")
        robin.presses("S03 Consult and refer")
        await robin.hears("Which case")
        robin.writes("AB-1234-P")
        await robin.hears("Your part")
        robin.presses("Hand-off ▸")
        shown = await robin.hears("Referral note")
        assert shown.protected
        assert "AB-1234-P" in shown.text
        robin.presses("As PDF")
        filled = await robin.hears("Filled from your walk")
        robin.presses("Empty form (PDF)")
        empty = await robin.hears("Empty form")
        robin.presses("◂ Back to S03")
        await robin.hears("Your part")
        await line.settled()

        assert filled.attached is not None
        assert empty.attached is not None
        assert (filled.protected, empty.protected) == (True, False)
        assert (filled.attached.name, empty.attached.name) == ("referral-note-S03-filled.pdf", "referral-note-S03.pdf")
        assert filled.attached.content.startswith(b"%PDF")
        assert filled.attached.content != empty.attached.content
        assert site.rows("outbox") == []
        assert {call.status for call in line.telegram.calls} <= {0, 200}
