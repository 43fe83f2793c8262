"""Whatever schemathesis thinks of is answered as the OpenAPI file says: by nobody, by an author, by a reader."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest
import schemathesis
from bot_site import NOON, Site
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from page_site import Page, ref_of, served
from requests import Session
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.serve.config import OPENAPI
from bot.serve.limits import Limits
from bot.trial import Trial

pytestmark = pytest.mark.sqlite

SCHEMA = schemathesis.openapi.from_dict(json.loads(OPENAPI.read_text()))
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
LOGOUT = "DELETE /api/session"


class Running(NamedTuple):
    origin: str
    tokens: dict[str, str]
    note_id: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server in a thread of its own, with a session of each kind and a flagged note."""
    trial = Trial.create(tmp_path_factory.mktemp("schema") / "world", at=NOON, roles=("officer", "coordinator"))
    site, ready, done = Site(trial), threading.Event(), threading.Event()
    found: list[Running] = []

    async def serve() -> None:
        async with served(site) as page:
            found.append(await sessions(page))
            ready.set()
            await asyncio.to_thread(done.wait)

    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(Limits, "take", lambda *_: None)  # they have tests of their own
        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        assert ready.wait(30)
        yield found[0]
        done.set()
        thread.join(30)
    site.close()


async def sessions(page: Page) -> Running:
    author = await page.author(ref_of(page.site, "officer"))
    reader = await page.reader(ref_of(page.site, "coordinator"))
    return Running(
        page.origin,
        {"nobody": "", "author": author.token, "reader": reader.token},
        await author.writes(flag_level=2),
    )


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_comes_is_answered_as_written(running: Running, label: str) -> None:
    tried(running, label, 15)


@pytest.mark.long
@pytest.mark.parametrize("label", OPERATIONS)
def test_what_comes_is_answered_as_written_for_minutes(running: Running, label: str) -> None:
    tried(running, label, 400)


def tried(running: Running, label: str, times: int) -> None:
    """So many right requests and so many wrong ones of an operation, by whoever."""
    operation = OPERATIONS[label]
    people = {"nobody": ""} if label == LOGOUT else running.tokens
    session = Session()

    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        mode = data.draw(st.sampled_from(list(GenerationMode)))
        case: Case = data.draw(operation.as_strategy(generation_mode=mode))
        token = people[data.draw(st.sampled_from(sorted(people)))]
        if "note_id" in (case.path_parameters or {}) and data.draw(st.booleans()):
            case.path_parameters["note_id"] = running.note_id
        case.headers = {name: value for name, value in (case.headers or {}).items() if name != "Authorization"}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = case.call(base_url=running.origin, headers=headers, session=session)
        case.validate_response(answer, checks=CHECKS)
        assert answer.headers["cache-control"] == ["no-store"]

    holds()
    session.close()


def test_how_danger_sounds_is_told_as_written(running: Running) -> None:
    """Chance seldom asks for a language that there is."""
    case = SCHEMA["/api/danger/{language}"]["GET"].Case(path_parameters={"language": "en"})
    answer = case.call(base_url=running.origin)
    assert answer.status_code == 200
    case.validate_response(answer, checks=CHECKS)


def test_the_checks_find_what_is_not_as_written(running: Running) -> None:
    """A server that says something else is caught."""
    case = SCHEMA["/api/config"]["GET"].Case()
    answer = case.call(base_url=running.origin)
    case.validate_response(answer, checks=CHECKS)
    answer.status_code = 418
    with pytest.raises(FailureGroup):
        case.validate_response(answer, checks=[status_code_conformance])
