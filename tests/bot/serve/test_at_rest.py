"""Nothing of a note that was sealed in the browser lies in clear on the server, nor in what it prints."""

import os
import secrets

import pytest
from page_site import Page

from dialogues.reference import reference

pytestmark = pytest.mark.sqlite


async def test_t01_a_note_of_the_page_lies_nowhere_in_clear(
    page: Page, officer: bytes, coordinator: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    words = {secrets.token_hex(10) + letter for letter in "żصa😀"}
    author = await page.author(officer)
    link = page.link(coordinator)
    ids = []
    for number, word in enumerate(words):
        id = os.urandom(16)
        envelope = author.sealed_attachment(id.hex(), 1, word.encode() * 50)
        await author.ask("PUT", f"/api/notes/{id.hex()}/attachments/1", envelope)
        ids.append(await author.writes(word, note_id=id, flag_level=number % 4, attachments=[1]))
    reader = await page.reader(coordinator)
    for id in ids:
        await reader.texts(id, page.coordinator_key, reason="supervision", words=f"because of {secrets.token_hex(9)}")
    files = {path.name: path.read_bytes() for path in page.site.trial.installation.folder.rglob("*") if path.is_file()}
    out = "".join(capfd.readouterr())
    everything = b"".join(files.values()) + out.encode()

    assert reference(ids[0]).encode() in everything, "the look finds what lies there"
    secret = [*words, link, author.token, reader.token]
    for word in secret:
        for spelling in (word.encode(), word.encode("utf-16le"), word.encode().hex().encode()):
            assert spelling not in everything
    assert b"because of" not in everything
