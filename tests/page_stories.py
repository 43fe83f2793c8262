"""People with chats at a terminal and the page in their browsers: the real bot, the real server, a real Chromium."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot_site import Site, texts
from chromium import DESKTOP, PHONE, Chromium, Device, Tab
from page_site import Page, served

from bot import wiring
from bot.channels.console import Console
from bot.serve.bundle import Bundle
from bot.serve.init_data import Verifier
from dialogues.model import Say


class Story:
    """
    Attributes:
        page: the server, and a clock that stands still.
    """

    def __init__(self, page: Page, browser: Chromium, console: Console, app: Any) -> None:
        self.page, self.browser, self.site = page, browser, page.site
        self.console, self.app = console, app
        self.devices: list[Device] = []

    async def says(self, who: str, *lines: str) -> str:
        """What somebody types in the chat, and hears."""
        for line in lines:
            await self.app.take(self.console.inbound(who, line))
        return await self.hears(who)

    async def hears(self, who: str) -> str:
        """All that came to somebody's chat since."""
        await self.app.timers.run_due()
        await self.app.outbox.look()
        await self.app.outbox.drained()
        says: Sequence[Say] = [message.say for message in self.console.unread(who) if message.say is not None]
        return texts(says)

    async def link(self, who: str) -> str:
        """The address that ``/page`` gives in the chat."""
        heard = await self.says(who, "/page")
        found = re.search(rf"{re.escape(self.page.origin)}\S*#link=\S*", heard)
        assert found, heard
        return found[0]

    async def device(self, **options: Any) -> Device:
        device = await self.browser.device(**{**PHONE, **options})
        self.devices.append(device)
        return device

    async def desktop(self, **options: Any) -> Device:
        device = await self.browser.device(**{**DESKTOP, **options})
        self.devices.append(device)
        return device

    async def author(self, who: str = "officer", device: Device | None = None) -> Tab:
        """The page as it opens from somebody's chat."""
        return await (device or await self.device()).tab(await self.link(who))

    async def unlocked(self, tab: Tab) -> None:
        """With the demo key of the coordinator, from its file."""
        await tab.ask("click", css="summary")
        await tab.ask("upload", label="Key file", path=str(self.site.trial.coordinator_key))
        await tab.ask("click", css="details .main")
        await tab.titled("Flags and notes")

    async def unlocked_again(self, tab: Tab) -> None:
        """From outside: nothing is kept of a demo key."""
        await tab.click("I have a key file")
        await tab.titled("Read flagged notes")
        await self.unlocked(tab)

    async def reader(self, who: str = "coordinator", device: Device | None = None) -> Tab:
        """A coordinator who came from the chat and unlocked the key, which is linked by that."""
        tab = await self.author(who, device)
        await tab.click("Flags")
        await self.unlocked(tab)
        return tab


async def writes(
    tab: Tab, text: str, *, case: str = "", urgency: str = "Routine", flag: str = "", look_over: bool = True
) -> None:
    """Fill the form; ``flag``: the reason, or empty for none."""
    await tab.titled("Write a note")
    if case:
        await tab.fill("Case code", case)
    await tab.fill("What I saw or heard", text)
    await tab.pick(urgency)
    if flag:
        await tab.pick("Yes, flag it. They hear at once, without content.")
        await tab.select("Why the flag?", flag)
    if look_over:
        await tab.click("Look it over")
        await tab.titled("This will be sealed")


async def seals(tab: Tab) -> str:
    """Seal and send what is looked over; its reference."""
    await tab.click("Seal and send")
    await tab.titled("Logged and sealed")
    return reference_in(await tab.text())


def reference_in(text: str) -> str:
    found = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", text)
    assert found, text
    return found[0]


def link_in(notice: str) -> str:
    found = re.search(r"https?://\S+#note=\S+", notice)
    assert found, notice
    return found[0]


@asynccontextmanager
async def told(
    site: Site, browser: Chromium, dist: Path, *, telegram: Verifier | None = None, framed: bool = False
) -> AsyncIterator[Story]:
    async with served(site, bundle=Bundle.read(dist), telegram=telegram, framed=framed) as page:
        console = Console("0")
        app = wiring.app(site.trial.installation, site.store, {"console": console}, clock=site.clock, page=page.origin)
        await app.start()
        story = Story(page, browser, console, app)
        try:
            yield story
        finally:
            for device in story.devices:
                await device.close()
            await app.stop()
