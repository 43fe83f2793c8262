"""What the server holds, shown: no word of any person in it."""

import pytest
from bot_site import Desk, Site

from bot.vault import SHOWN, vault

CANARY = "Zebrafinch quartz"

pytestmark = pytest.mark.sqlite


async def test_it_shows_every_table_and_no_persons_word(desk: Desk, site: Site) -> None:
    reference = await desk.logs_note("officer", f"{CANARY} in the yard", "urgent")
    await desk.says("mentor", "/menu", "[note.quick]", f"{CANARY} unfinished")
    shown = vault(site.trial.installation.database)
    assert [name for name in SHOWN if f"\n{name}: " not in shown] == []
    assert "\nnotes: 1 row\n" in shown
    assert reference in shown
    for word in (CANARY, CANARY.encode().hex(), "PO-17", "Coord-1", "officer", "Northbridge"):
        assert word not in shown.replace("kind=", "")


async def test_a_withdrawn_notes_body_is_shown_to_be_gone(desk: Desk, site: Site) -> None:
    reference = await desk.logs_note("officer", "text")
    assert "body=-" not in vault(site.trial.installation.database)
    await desk.says("officer", f"[my-notes.undo.{reference}]")
    assert "body=-" in vault(site.trial.installation.database)
