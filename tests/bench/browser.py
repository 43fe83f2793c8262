"""The page in Chromium: bytes of the first load, and how long a person waits.

    python tests/bench/browser.py [--times 5]

Once as the machine is, once with the browser slowed down four times, which is about a telephone of the lower middle.
Needs
Node, Chromium and `make page`.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot_site import STAFF, Site
from chromium import Chromium
from page_stories import seals, told, writes
from page_tools import PAGE

from bot.serve.bundle import Bundle
from bot.trial import Trial

MAKES_A_KEY = ("I have written them down", "Make the key")


async def measured(times: int, slower: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"link to form": [], "seal and send": [], "make a key (Argon2id, 64 MiB)": []}
    browser = Chromium()
    try:
        with tempfile.TemporaryDirectory() as folder:
            site = Site(Trial.create(Path(folder) / "world", at=datetime.now(UTC), roles=STAFF))
            async with told(site, browser, PAGE / "dist") as story:
                for _ in range(times):
                    tab = await (await story.device()).tab()
                    await tab.ask("slower", times=slower)
                    link = await story.link("coordinator")
                    began = time.perf_counter()
                    await tab.goto(link)
                    await tab.sees("Look it over")
                    found["link to form"].append(time.perf_counter() - began)
                    await writes(tab, "He came ten minutes late and did not want tea. " * 20)
                    began = time.perf_counter()
                    await seals(tab)
                    found["seal and send"].append(time.perf_counter() - began)
                    await tab.click("Flags")
                    await tab.click("Make a key for this device")
                    await tab.click("Next")
                    await tab.titled("Your passphrase")
                    words = await tab.ask("evaluate", script="document.querySelector('.passphrase').textContent")
                    await tab.click(MAKES_A_KEY[0])
                    await tab.fill("The passphrase, from your paper", words)
                    began = time.perf_counter()
                    await tab.click(MAKES_A_KEY[1])
                    await tab.titled("Your key is made")
                    found["make a key (Argon2id, 64 MiB)"].append(time.perf_counter() - began)
            site.close()
    finally:
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    files = Bundle.read(PAGE / "dist").files
    print(f"first load: {sum(len(one.packed or one.content) for one in files.values()):,} bytes compressed")
    for slower in (1, 4):
        print(f"browser slowed down {slower} times:")
        for what, seconds in asyncio.run(measured(times, slower)).items():
            print(f"  {what:32} median {statistics.median(seconds):6.2f} s   worst {max(seconds):6.2f} s")


if __name__ == "__main__":
    main()
