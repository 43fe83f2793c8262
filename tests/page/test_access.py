"""Every screen, as narrow as a telephone gets and on a desk, light and dark: nothing serious for axe-core, nothing cut
off.
"""

from typing import Any

import pytest
from chromium import DESKTOP, NARROW, Tab
from page_screens import walk
from page_stories import Story, seals, writes

pytestmark = pytest.mark.sqlite

TOO_WIDE = """
[...document.querySelectorAll('main *, footer *')]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(one).position !== 'absolute')
  .map(one => one.tagName + ': ' + one.textContent.slice(0, 40))
"""
SMALL = """
[...document.querySelectorAll('button, summary, input, select')]
  .filter(one => one.offsetParent && !one.matches('.link, [type=checkbox], [type=radio]'))
  .filter(one => one.getBoundingClientRect().height < 36)
  .map(one => one.textContent)
"""


@pytest.mark.parametrize("size", [NARROW, pytest.param(DESKTOP, marks=pytest.mark.long)], ids=["narrow", "desktop"])
async def test_every_screen_is_for_everybody(story: Story, size: dict[str, Any]) -> None:
    seen: list[str] = []
    found: list[tuple[str, str]] = []

    async def look(tab: Tab, name: str) -> None:
        seen.append(name)
        found.extend((name, one) for one in await tab.axe())
        await tab.ask("media", media={"colorScheme": "dark"})
        found.extend((f"{name}, dark", one) for one in await tab.axe("color-contrast"))
        await tab.ask("media", media={"colorScheme": "light"})
        found.extend((name, f"too wide: {one}") for one in await tab.ask("evaluate", script=TOO_WIDE))
        found.extend((name, f"too small to tap: {one}") for one in await tab.ask("evaluate", script=SMALL))
        if await tab.ask("evaluate", script="document.querySelectorAll('h1').length") != 1:
            found.append((name, "not one first heading"))

    await walk(story, size, look)

    assert found == []
    assert len(seen) == 20


async def test_nothing_that_is_typed_goes_to_a_spell_checker_or_translator(story: Story) -> None:
    tab = await story.author("officer")
    await tab.titled("Write a note")
    helped = (
        "[...document.querySelectorAll('input, textarea')].filter(one => one.spellcheck || one.autocomplete !== 'off')"
    )

    assert await tab.ask("evaluate", script=f"{helped}.length") == 0
    assert await tab.ask("evaluate", script="document.documentElement.translate") is False


async def test_a_note_prints_without_what_is_around_it(story: Story) -> None:
    author = await story.author("officer")
    await writes(author, "He gave away his radio.", urgency="Today", flag="threat")
    reference = await seals(author)
    reader = await story.reader("coordinator")
    await reader.click(f"Open {reference}")
    await reader.sees("He gave away his radio.")

    await reader.ask("media", media={"media": "print"})

    shown = await reader.text()
    assert reference in shown
    assert "He gave away his radio." in shown
    assert not [word for word in ("Lock", "Flags", "Take it", "Back", "About this page") if word in shown]


async def test_what_moves_stands_still_where_that_is_wished(story: Story) -> None:
    tab = await (await story.device(reducedMotion="reduce")).tab(story.page.origin + "/")
    await tab.titled("Sealed notes")

    moving = """
    [...document.querySelectorAll('*')].map(one => getComputedStyle(one))
      .filter(one => one.transitionDuration !== '0s' || one.animationName !== 'none').length
    """
    assert await tab.ask("evaluate", script=moving) == 0
