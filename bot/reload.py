"""Reload of the content while the assistant runs: what is good replaces the old, what is not is refused and told."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.app import App
from bot.logs import failure
from bot.site import SiteError
from bot.turns import World
from guidance.library import ContentError

log = structlog.get_logger()


class Reload:
    """One reload at a time; a wish that comes during one leads to one more after it.

    Args:
        build: reads and checks everything anew; on a thread of its own.
        done: called after each reload that was taken.
    """

    def __init__(
        self, app: App, build: Callable[[], World], done: Callable[[World], Awaitable[None]] | None = None
    ) -> None:
        self._app, self._build, self._done = app, build, done
        self._wished = asyncio.Event()

    def wish(self) -> None:
        """Ask for a reload; returns at once. For a signal."""
        self._wished.set()

    async def run(self) -> None:
        """Do what is wished for until cancelled."""
        while True:
            await self._wished.wait()
            self._wished.clear()
            world = await self.once()
            if world is not None and self._done is not None:
                try:
                    await self._done(world)
                except Exception as odd:
                    log.error("content.not-announced", **failure(odd))

    async def once(self) -> World | None:
        """Read, check, and replace.

        Returns:
            What is used from now on, or None: it was refused and the old stays.
        """
        try:
            # Some seconds of reading; turns go on meanwhile.
            world = await asyncio.to_thread(self._build)
        except (ContentError, SiteError) as refused:
            first = refused.problems[0]
            log.error("content.refused", count=len(refused.problems), where=first.file, error=type(refused).__name__)
            return None
        except Exception as odd:  # a file that cannot be read, a folder that is gone
            log.error("content.refused", **failure(odd))
            return None
        self._app.renew(world)
        version = max(voice.content.guide.version for voice in world.voices.values())
        log.info("content.reloaded", count=len(world.voices), version=version)
        return world
