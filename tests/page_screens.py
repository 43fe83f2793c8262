"""`make screenshots`: every screen of the page, on a phone and on a desk, light and dark, with synthetic people.

python tests/page_screens.py FOLDER [LOOK …]

Three of them, small, go into docs/screenshots for the README.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot_site import NOON, STAFF, Site
from chromium import DESKTOP, PHONE, Chromium, Tab
from page_stories import Story, link_in, seals, told, writes
from page_tools import PAGE, PROJECT
from PIL import Image, ImageDraw

from bot.trial import Trial

LOOKS = {
    "phone-light": {**PHONE, "colorScheme": "light"},
    "phone-dark": {**PHONE, "colorScheme": "dark"},
    "desktop-light": {**DESKTOP, "colorScheme": "light"},
    "desktop-dark": {**DESKTOP, "colorScheme": "dark"},
}
SAW = (
    "At 13:20 in the day room he gave his radio to another resident and said: “I will not need it any more.”\n"
    "He did not come to the group afterwards."
)
THINK = "He seemed calm, more than on other days. I am not sure what it means."
DANGER = "His cellmate says that he has a knife and will stab somebody tonight."
ADDED = "The night shift reports that he has slept."


def drawn() -> Image.Image:
    """A leaflet on a table, invented."""
    picture = Image.new("RGB", (1200, 900), (176, 152, 124))
    pen = ImageDraw.Draw(picture)
    pen.polygon([(330, 90), (900, 140), (850, 820), (260, 760)], fill=(247, 244, 236), outline=(205, 198, 184))
    pen.polygon([(400, 170), (820, 207), (810, 320), (390, 280)], fill=(29, 91, 112))
    for line in range(7):
        pen.line([(378, 370 + 52 * line), (790 - 60 * (line % 3), 404 + 52 * line)], fill=(120, 126, 128), width=12)
    return picture


async def walk(story: Story, options: dict[str, Any], shot: Callable[[Tab, str], Awaitable[None]]) -> None:
    """By every screen; ``shot`` is called on each, with its name."""
    device = await story.device(**options)
    tab = await device.tab(story.page.origin + "/")
    await tab.titled("Sealed notes")
    await shot(tab, "01-outside")

    tab = await story.author("officer", device)
    await writes(tab, SAW, case="AB-1234-P", urgency="Urgent", flag="self-harm", look_over=False)
    await tab.fill("What I think", THINK)
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        drawn().save(file, "JPEG")
        file.flush()
        await tab.ask("upload", label="Add a photo", path=file.name)
        await tab.ask("sees", css=".attached img")
    await shot(tab, "02-write")
    await tab.fill("What I was told", DANGER)
    await tab.ask("sees", css=".alarm")
    await shot(tab, "02a-danger")
    await tab.click("I have read this")
    await tab.fill("Case code", "Karim")
    await tab.fill("What I was told", "His cousin Ahmed Nasser rang.")
    await tab.click("Look it over")
    await shot(tab, "03-write-mended")
    await tab.fill("Case code", "AB-1234-P")
    await tab.fill("What I was told", "")
    await tab.click("Look it over")
    await tab.titled("This will be sealed")
    await shot(tab, "04-look-over")
    reference = await seals(tab)
    await shot(tab, "05-receipt")
    await tab.click("Your notes")
    await tab.sees(reference)
    await shot(tab, "06-mine")
    await tab.click("Add to it")
    await tab.titled(f"Add to {reference}")
    await tab.fill("What I add or correct", ADDED)
    await tab.click("Look it over")
    await tab.titled("This will be sealed")
    await seals(tab)
    await tab.click("Lock")
    await tab.titled("Sealed notes")
    await story.hears("officer")

    story.site.clock.move(timedelta(minutes=12))
    address = link_in(await story.hears("coordinator"))
    tab = await story.author("officer", device)
    for text, urgency, flag in (("He came late.", "Routine", ""), ("A letter from abroad.", "Today", "travel")):
        await writes(tab, text, urgency=urgency, flag=flag)
        await seals(tab)
        await tab.click("Write another note")

    device = await story.device(**options)
    tab = await story.author("coordinator", device)
    await tab.click("Flags")
    await tab.titled("Read flagged notes")
    await shot(tab, "07-no-key")
    await tab.click("Make a key for this device")
    await tab.titled("Make a key for this device")
    await shot(tab, "08-enrol")
    await tab.click("Next")
    await tab.titled("Your passphrase")
    await shot(tab, "09-passphrase")
    words = await tab.ask("evaluate", script="document.querySelector('.passphrase').textContent")
    await tab.click("I have written them down")
    await tab.fill("The passphrase, from your paper", words)
    await tab.click("Make the key")
    await tab.titled("Your key is made")
    await shot(tab, "10-key-made")
    await tab.click("Done")
    await tab.titled("Unlock your key")
    await shot(tab, "11-unlock")
    await story.unlocked(tab)
    await tab.sees(reference)
    await shot(tab, "12-list")
    await tab.click(f"Open {reference}")
    await tab.sees("The night shift reports", exact=False)
    await shot(tab, "13-note")
    await tab.ask("media", media={"media": "print"})
    await shot(tab, "13a-print")
    await tab.ask("media", media={"media": "screen"})
    await tab.click("Take it")
    await tab.sees("You have it.")
    await tab.click("Close it")
    await shot(tab, "14-close")
    await tab.click("Back")
    await tab.titled("Flags and notes")
    await tab.click("Keys")
    await tab.titled("Keys on this device")
    await shot(tab, "15-device")
    await tab.click("About this page")
    await tab.titled("About this page")
    await tab.ask("sees", css=".digest code")
    await shot(tab, "16-about")
    await tab.click("Lock")
    await tab.titled("Unlock your key")
    await shot(tab, "17-locked")
    tab = await device.tab(address)
    await tab.sees("You came for note", exact=False)
    await shot(tab, "18-from-the-notice")


IN_THE_README = {"04-look-over": "write", "12-list": "list", "13-note": "note"}
COLOURS = 96


async def shoot(folder: Path, look: str, tab: Tab, name: str) -> None:
    await tab.ask("evaluate", script="scrollTo(0, 0)")
    await tab.ask("shot", path=f"{folder}/{name}-{look}.png", full=True)
    if look == "phone-light" and name in IN_THE_README:
        large = f"{folder}/{name}-readme.png"
        await tab.ask("shot", path=large)
        shrink(Path(large), PROJECT / "docs" / "screenshots" / f"{IN_THE_README[name]}.png")


def shrink(large: Path, to: Path) -> None:
    """To the width of a telephone and few colours, some 20 kB."""
    to.parent.mkdir(exist_ok=True)
    with Image.open(large) as picture:
        small = picture.convert("RGB").resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
        small.quantize(COLOURS, dither=Image.Dither.NONE).save(to, optimize=True)


async def run(folder: Path, looks: list[str]) -> None:
    browser = Chromium()
    try:
        for look in looks:
            with tempfile.TemporaryDirectory() as world:
                site = Site(Trial.create(Path(world) / "world", at=NOON, roles=STAFF))
                async with told(site, browser, PAGE / "dist") as story:
                    await walk(story, LOOKS[look], partial(shoot, folder, look))
                site.close()
            print(f"{look}: in {folder}")
    finally:
        browser.close()


if __name__ == "__main__":
    to = Path(sys.argv[1])
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    asyncio.run(run(to, sys.argv[2:] or list(LOOKS)))
