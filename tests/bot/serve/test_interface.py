"""The OpenAPI file and the server say the same: every route, every refusal, and whatever schemathesis thinks of."""

import json
import re
from typing import Any

import pytest
from page_site import Page

from bot.serve.app import application
from bot.serve.config import OPENAPI
from bot.serve.refusals import REFUSALS

DOCUMENT: dict[str, Any] = json.loads(OPENAPI.read_text())
PAGE = (OPENAPI.parents[2] / "docs" / "formats" / "page-api.md").read_text()


@pytest.mark.sqlite
async def test_every_route_stands_in_the_openapi_file_and_the_other_way(page: Page) -> None:
    routes = {
        (route.method, route.resource.canonical)
        for route in application(page.server._served).router.routes()
        if route.resource is not None and route.method != "HEAD" and route.resource.canonical.startswith("/api/")
    }
    written = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}

    assert routes - {("GET", "/api/openapi.json")} == written


def test_every_refusal_stands_on_the_page_with_its_status() -> None:
    rows = {code: int(status) for status, code in re.findall(r"^\| (\d{3}) \| `([a-z-]+)` \|", PAGE, re.MULTILINE)}

    assert rows == {code: status for code, (status, _) in REFUSALS.items()}


@pytest.mark.sqlite
async def test_the_server_gives_its_interface_out(page: Page) -> None:
    assert (await page.browser().get("/api/openapi.json"))[1] == DOCUMENT
