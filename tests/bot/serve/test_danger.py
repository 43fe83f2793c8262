"""How danger sounds is given out as the chat hears it; what comes first is the agency's own."""

import gzip
import json

import pytest
from page_site import Page

from bot.trial import AGENCY
from bot.wiring import voices
from storage import agencies

pytestmark = pytest.mark.sqlite


async def test_a_page_is_told_how_danger_sounds_in_each_language_there_is(page: Page) -> None:
    browser = page.browser()
    status, told = await browser.get("/api/danger/en", headers={"Accept-Encoding": "gzip"})

    assert (status, browser.headers["Content-Encoding"]) == (200, "gzip")
    assert told == json.loads(json.dumps(voices()["en"].danger.told()))
    assert len(gzip.compress(json.dumps(told, ensure_ascii=False).encode())) < 200_000
    plain = await browser.get("/api/danger/en", headers={"Accept-Encoding": "identity"})
    assert (plain, "Content-Encoding" in browser.headers) == ((200, told), False)
    assert (await browser.get("/api/danger/xx"))[0] == 404


async def test_what_comes_first_in_danger_is_the_agencys_own_line_or_the_roles(page: Page, officer: bytes) -> None:
    assert (await page.author(officer)).agency()["first"] == "Call 112 now."
    page.site.within(lambda tx: agencies.change(tx, AGENCY, {"alarm": "Press the red button."}))

    assert (await page.author(officer)).agency()["first"] == "Press the red button."
    assert (await page.reader()).agency()["first"] == "Call 112 now."  # a key of nobody known
