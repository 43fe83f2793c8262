"""A stop cuts nothing off: turns under way are kept, said and confirmed, with each library by polling and webhook."""

import asyncio
from contextlib import suppress

import pytest
from bot_site import SECRET, Site, listening
from fake_telegram import TOKEN, FakeTelegram
from ports import free_port

from bot.app import App
from bot.channels.base import Handle, Inbound
from bot.channels.registry import CLIENTS, client


class Held:
    """Holds real turns up before they are taken, and changes nothing in them."""

    def __init__(self, app: App) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self._taken = app._taken
        app._taken = self.taken  # type: ignore[method-assign]

    async def taken(self, inbound: Inbound) -> None:
        self.begun.set()
        await self.go_on.wait()
        await self._taken(inbound)


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
@pytest.mark.parametrize("library", CLIENTS)
async def test_a_turn_under_way_at_a_stop_is_kept_and_said_and_confirmed(
    site: Site, library: str, webhook: bool
) -> None:
    site.enrol("telegram", "1001", "officer", "PO-17")
    async with FakeTelegram(now=site.clock) as telegram:
        channel = client(library).open(TOKEN, telegram.url)
        app = site.app({"telegram": channel})
        held = Held(app)
        port = free_port()

        async def listen(handle: Handle) -> None:
            if webhook:
                url = f"http://127.0.0.1:{port}/telegram"
                await channel.listen_webhook(url, "127.0.0.1", port, "/telegram", SECRET, handle)
            else:
                await channel.listen(handle)

        running = asyncio.create_task(app.run(listen))
        await (telegram.called("setWebhook") if webhook else telegram.polled())
        robin = telegram.person(1001, started=True)
        robin.writes("/help")
        await asyncio.wait_for(held.begun.wait(), 5)
        running.cancel()
        await asyncio.sleep(0.05)
        assert not running.done(), "it waits for the turn"
        assert len(telegram.log) == 1, "and has not confirmed it"
        if webhook:
            assert not channel.ear.hears(), "and takes nothing new"
        held.go_on.set()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(running, 10)
        await robin.hears("What I can do")
        assert site.rows("outbox") == []
        if webhook:  # its post was answered with 200; the fake server is told of that by another task
            await telegram.confirmed()
        assert len(telegram.log) == 0, "nothing is brought again"
        site.restart()
        async with listening(site, telegram, library=library, webhook=webhook) as line:
            robin.writes("/menu")
            await robin.hears("What do you need?")
            await line.settled()
        assert len([text for text in robin.heard if "What I can do" in text]) == 1
