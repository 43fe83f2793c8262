"""From a sealed note to the author who hears of it: over a real socket, on both engines."""

from page_site import Page

from storage import conversations, outbox


async def test_an_officer_writes_and_a_coordinator_reads_takes_and_closes(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    author = await page.author(officer)
    note_id = await author.writes("He gave away his radio.", flag_level=3)

    reader = await page.reader(coordinator)
    status, found = await reader.get("/api/notes")
    assert (status, [one["note_id"] for one in found["notes"]]) == (200, [note_id])
    assert found["notes"][0]["acts"] == ["take"]
    assert found["notes"][0]["needs_reason"] is False
    assert await reader.texts(note_id, page.coordinator_key) == ["He gave away his radio."]
    status, taken = await reader.post(f"/api/notes/{note_id}/take")
    assert (status, taken["flag"]["state"], taken["flag"]["mine"]) == (200, "taken", True)
    status, asked = await reader.post(f"/api/notes/{note_id}/ask")
    assert status == 200, asked
    status, closed = await reader.post(f"/api/notes/{note_id}/close", {"outcome": "acted"})
    assert (status, closed["flag"]["state"], closed["acts"]) == (200, "closed", [])

    waiting = page.site.within(lambda tx: [(one.chat, one.say) for one in outbox.waiting(tx)])
    heard = [say.text for chat, say in waiting if chat == "officer" and say is not None]
    assert "Logged and sealed in the browser" in heard[0]
    assert "is received" in heard[1]
    assert any("is in hand" in text or "has it" in text for text in heard[2:])
    assert any("asks about" in text for text in heard)
    assert "is closed" in heard[-1]
    assert any(chat == "coordinator" for chat, _ in waiting)
    assert not any("radio" in repr(say.text) for _, say in waiting if say is not None)
    assert conversations is not None
