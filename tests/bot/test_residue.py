"""What Telegram no longer deletes is counted, and the person is asked to clear it; nothing of it is in the log."""

from datetime import timedelta

import structlog
from bot_site import Line

from storage import residue


async def test_t22_what_is_too_old_to_delete_is_counted_and_the_person_is_asked_once(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-9")
    robin.writes("/note quick")
    await robin.hears("What happened?")
    robin.writes("He keeps to himself since Monday.")
    await robin.hears("1 in this part")
    await line.settled()
    with structlog.testing.capture_logs() as logs:
        await line.later(timedelta(hours=49))  # the draft expires after an outage
        await robin.hears("has been deleted")
        await line.later(timedelta(0))
    asked = await robin.hears("could not be deleted here by me")
    assert "himself" not in asked.text
    assert [one["count"] for one in logs if one["event"] == "chat.residue"] == [1]
    assert "himself" not in str(logs)
    assert line.site.within(residue.total) == (1, 1)
    robin.presses("I have deleted them")
    await robin.hears("Thank you.")
    await line.settled()
    assert line.site.within(residue.total) == (0, 0)


async def test_t22_what_can_be_deleted_leaves_nothing_to_ask(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-9")
    robin.writes("/note quick")
    await robin.hears("What happened?")
    robin.writes("He keeps to himself since Monday.")
    await robin.hears("1 in this part")
    await line.settled()
    await line.later(timedelta(hours=13))
    await robin.hears("has been deleted")
    await line.later(timedelta(0))
    assert line.site.within(residue.total) == (0, 0)
    assert not [message for message in robin.screen if "himself" in message.text]
