"""Chromium, driven through ``tests/page/browser.js``: a person's hands and eyes on the page."""

import asyncio
import json
import subprocess
import threading
from itertools import count
from pathlib import Path
from typing import Any

from page_tools import PROJECT, TESTS, chromium

PHONE = {"viewport": {"width": 360, "height": 740}, "deviceScaleFactor": 2, "isMobile": True, "hasTouch": True}
NARROW = {"viewport": {"width": 320, "height": 640}}
DESKTOP = {"viewport": {"width": 1200, "height": 860}}


class BrowserFailed(AssertionError):
    """What was to be done or seen in the browser was not; the message says what was on the screen instead."""


class Chromium:
    """One browser process; ``context`` opens a device of its own in it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(TESTS / "browser.js"), str(chromium())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=PROJECT,
        )
        self._lock, self._counted = threading.Lock(), count(1)

    async def ask(self, do: str, **fields: Any) -> Any:
        """
        Raises:
            BrowserFailed: it could not be done, or was not seen in time.
        """
        answer = await asyncio.to_thread(self._asked, {"do": do, **fields})
        if "failed" in answer:
            screen = ""
            if "tab" in fields and do != "text":
                shown = await asyncio.to_thread(self._asked, {"do": "text", "tab": fields["tab"]})
                wrong = await asyncio.to_thread(self._asked, {"do": "recorded", "tab": fields["tab"]})
                said = [*wrong["ok"]["errors"], *wrong["ok"]["console"]]
                screen = f"\n--- errors\n{said}\n--- the screen\n{shown.get('ok', '')}"
            raise BrowserFailed(f"{do} {fields}: {answer['failed']}{screen}")
        return answer["ok"]

    async def device(self, *, profile: Path | None = None, **options: Any) -> "Device":
        name = f"context-{next(self._counted)}"
        more = {"profile": str(profile)} if profile else {}
        await self.ask("context", context=name, options={"locale": "en-GB", "timezoneId": "UTC", **options}, **more)
        return Device(self, name)

    async def tab(self, context: str) -> "Tab":
        name = f"tab-{next(self._counted)}"
        await self.ask("tab", tab=name, context=context)
        return Tab(self, name)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:  # a test that failed left a device open
            self._process.kill()

    def _asked(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        with self._lock:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, f"the browser ended with {self._process.wait()}"
        answer: dict[str, Any] = json.loads(line)
        return answer


class Device:
    """A browser with its own storage."""

    def __init__(self, browser: Chromium, name: str) -> None:
        self._browser, self.name = browser, name

    async def tab(self, url: str = "") -> "Tab":
        tab = await self._browser.tab(self.name)
        if url:
            await tab.goto(url)
        return tab

    async def offline(self, is_so: bool) -> None:
        await self._browser.ask("contextOffline", context=self.name, offline=is_so)

    async def close(self) -> None:
        await self._browser.ask("closeContext", context=self.name)


class Tab:
    """A page that is open. Buttons are named by their text, fields by their label."""

    def __init__(self, browser: Chromium, name: str) -> None:
        self._browser, self.name = browser, name

    async def ask(self, do: str, **fields: Any) -> Any:
        return await self._browser.ask(do, tab=self.name, **fields)

    async def goto(self, url: str) -> dict[str, Any]:
        answer: dict[str, Any] = await self.ask("goto", url=url)
        return answer

    async def click(self, name: str, role: str = "button", **more: Any) -> None:
        await self.ask("click", role=role, name=name, **more)

    async def fill(self, label: str, value: str, **more: Any) -> None:
        await self.ask("fill", label=label, value=value, **more)

    async def pick(self, label: str) -> None:
        """One of several, or a box to tick."""
        await self.ask("check", label=label)

    async def select(self, label: str, value: str) -> None:
        await self.ask("select", label=label, value=value)

    async def sees(self, text: str, *, exact: bool = False) -> None:
        await self.ask("sees", text=text, exact=exact)

    async def titled(self, heading: str) -> None:
        await self.ask("sees", role="heading", name=heading)

    async def text(self) -> str:
        return str(await self.ask("text"))

    async def recorded(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.ask("recorded")
        return found

    async def stored(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.ask("stored")
        return found

    async def axe(self, *rules: str) -> list[str]:
        """``rules``: only these."""
        found: list[str] = await self.ask("axe", **({"rules": list(rules)} if rules else {}))
        return found
