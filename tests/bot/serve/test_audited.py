"""T40: every act of the page leaves exactly one entry: by whom, of which agency, why."""

from typing import Any

import pytest
from bot_site import Site
from page_site import Page, publish, ref_of

from storage import audit
from storage.sealing.desk import Recipient
from storage.sealing.suites import DEFAULT_SUITE, generate
from storage.transaction import Transaction

Seen = tuple[str, str, bool, str, str]

pytestmark = pytest.mark.sqlite


class Log:
    """Reads what is new since it was last asked."""

    def __init__(self, site: Site) -> None:
        self._site, self._last = site, 0
        self.news()

    def news(self) -> list[Seen]:
        """Action, kind of actor, whether an agency is named, reason, outcome."""

        def read(tx: Transaction) -> list[audit.Listed]:
            return [one for one in audit.listed(tx, at_most=1_000) if one.entry.seq > self._last]

        found = self._site.within(read)
        self._last = found[-1].entry.seq if found else self._last
        return [
            (one.entry.action, one.entry.actor_kind, bool(one.entry.agency), one.reason, one.entry.outcome)
            for one in found
        ]


async def test_t40_every_act_of_the_page_leaves_exactly_one_entry(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    other, supervisor = generate(DEFAULT_SUITE), ref_of(page.site, "supervisor")
    publish(page.site, Recipient(other.public, "supervisor", "Lead"))
    log = Log(page.site)

    def left(*expected: Seen) -> None:
        assert log.news() == list(expected)

    def act(action: str, reason: str = "desk") -> Seen:
        return (action, "person", True, reason, "done")

    async def done(answer: Any) -> Any:
        status, told = await answer
        assert status in (200, 201), told
        return told

    author = await page.author(officer)
    left(("session.begun", "person", False, "authorship", "done"))
    id, note = author.sealed(flag_level=2)
    await done(author.ask("PUT", f"/api/notes/{id}", note))
    left(act("note.kept", "authorship"))
    await done(author.ask("PUT", f"/api/notes/{id}", note))
    left()  # nothing was done
    await author.writes("More.", amends=id)
    left(act("note.amended", "authorship"))
    gone = await author.writes("Gone.")
    await done(author.post(f"/api/notes/{gone}/withdraw"))
    left(act("note.kept", "authorship"), act("note.withdrawn", "authorship"))
    await done(author.get("/api/my/notes"))
    left()  # one's own receipts

    stranger = page.browser()
    challenge = await stranger.challenge(page.coordinator_key)
    await stranger.post(f"/api/challenges/{challenge['challenge_id']}/answer", {"answer": "A" * 43})
    left(("session.refused", "key", False, "access", "refused"))
    linking = await page.author(coordinator)
    log.news()
    reader = await linking.by_key(page.coordinator_key)
    left(("key.linked", "person", False, "access", "done"), ("session.begun", "person", False, "desk", "done"))
    await done(reader.answer(await reader.challenge(page.coordinator_key), page.coordinator_key))
    left()  # a step-up: the session has its entry

    await done(reader.get("/api/notes"))
    left(act("notes.listed"))
    await done(reader.post(f"/api/notes/{id}/open"))
    left(act("note.opened", "handling"), act("note.opened", "handling"))  # and its amendment
    await done(reader.post(f"/api/notes/{id}/take"))
    left(act("flag.taken"))
    await done(reader.post(f"/api/notes/{id}/ask"))
    left(act("flag.asked"))
    await done(reader.post(f"/api/notes/{id}/hand-on", {"to": supervisor.hex()}))
    left(act("flag.handed-on"))
    lead = await page.reader(supervisor, other)
    await done(lead.post(f"/api/notes/{id}/take"))
    log.news()
    await done(lead.post(f"/api/notes/{id}/close", {"outcome": "acted"}))
    left(act("flag.closed"))
    await reader.post(f"/api/notes/{id}/take")
    left()  # it was refused
