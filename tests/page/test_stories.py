"""Whole stories as people live them, on the page and in the chat."""

import pytest
from page_stories import Story, reference_in, seals, writes

pytestmark = pytest.mark.sqlite

SAW = "He gave away his radio and said goodbye to the others."


async def test_from_the_officers_page_to_the_coordinators_phone_and_back(story: Story) -> None:
    author = await story.author("officer")
    await writes(author, SAW, case="ab 1234 p", urgency="Urgent", flag="self-harm")
    assert SAW in await author.text()
    reference = await seals(author)
    assert reference in await story.hears("officer")

    notice = await story.hears("coordinator")
    assert "A flag waits" in notice
    assert reference in notice
    assert "radio" not in notice

    reader = await story.reader("coordinator")
    await reader.click(f"Open {reference}")
    await reader.sees(SAW)
    await reader.sees("AB-1234-P")
    await reader.click("Take it")
    await reader.sees("You have it.")
    assert f"{reference} is in hand" in await story.hears("officer")

    await reader.click("Ask the author to call back")
    await reader.sees("The author hears in the chat")
    assert "asks about" in await story.hears("officer")

    await reader.click("Close it")
    await reader.pick("passed to a partner")
    await reader.click("Close it", nth=1)
    await reader.sees("Closed. The author hears how it ended")
    assert "passed to a partner" in await story.hears("officer")
    assert reference_in(notice) == reference
