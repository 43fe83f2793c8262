"""Sessions: by link and by key, how long they last, what ends them; T53 and T63."""

import asyncio
from datetime import timedelta

import pytest
from bot_site import Site
from page_site import Page, opening_key, publish, ref_of

from bot.trial import AGENCY
from storage import agencies, key_holders, people
from storage.sealing import base64url
from storage.sealing.desk import Recipient
from storage.sealing.errors import DoesNotOpen
from storage.sealing.suites import DEFAULT_SUITE, SuiteId, generate

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


# ---------------------------------------------------------------- links


async def test_a_link_opens_one_session(page: Page, officer: bytes) -> None:
    link = page.link(officer)
    author = await page.browser().by_link(link)
    status, refused = await page.browser().post("/api/sessions/link", {"token": link})

    assert author.session["person"]["handle"] == "PO-17"
    assert [one["slug"] for one in author.session["agencies"] if one["writes"]] == [AGENCY]
    assert (status, refused["code"]) == (401, "link")


async def test_of_many_who_use_a_link_at_once_one_gets_in(page: Page, officer: bytes) -> None:
    link = page.link(officer)
    tries = [page.browser().post("/api/sessions/link", {"token": link}) for _ in range(8)]

    assert sorted(status for status, _ in await asyncio.gather(*tries)) == [201, *[401] * 7]


async def test_a_link_is_good_for_ten_minutes_and_a_new_one_ends_it(page: Page, officer: bytes) -> None:
    late, former = page.link(officer), ""
    page.later(10 * MINUTE)
    assert (await page.browser().post("/api/sessions/link", {"token": late}))[0] == 401
    former, newest = page.link(officer), page.link(officer)
    assert (await page.browser().post("/api/sessions/link", {"token": former}))[0] == 401
    assert (await page.browser().post("/api/sessions/link", {"token": newest}))[0] == 201


async def test_an_author_cannot_read_and_a_reader_cannot_write(page: Page, officer: bytes, coordinator: bytes) -> None:
    author, reader = await page.author(officer), await page.reader(coordinator)
    id, note = author.sealed()

    assert (await author.get("/api/notes"))[1]["code"] == "role"
    assert (await author.post(f"/api/notes/{id}/open"))[1]["code"] == "role"
    assert (await reader.ask("PUT", f"/api/notes/{id}", note))[1]["code"] == "role"


# ---------------------------------------------------------------- how long


async def test_fifteen_idle_minutes_end_a_session_and_asking_what_it_is_keeps_it_not(
    page: Page, officer: bytes
) -> None:
    author = await page.author(officer)
    for _ in range(2):
        page.later(14 * MINUTE)
        assert (await author.get("/api/my/notes"))[0] == 200
    page.later(14 * MINUTE)
    assert (await author.get("/api/session"))[0] == 200
    page.later(2 * MINUTE)
    status, refused = await author.get("/api/session")
    assert (status, refused["code"], author.headers["WWW-Authenticate"]) == (401, "session", "Bearer")


async def test_a_touch_keeps_a_session_and_does_not_outlast_its_end(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    for _ in range(34):
        page.later(14 * MINUTE)
        assert (await author.post("/api/session/touch"))[0] == 204
    page.later(14 * MINUTE)
    assert (await author.post("/api/session/touch"))[1]["code"] == "session"


async def test_eight_hours_end_a_session_however_busy(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    for _ in range(47):
        page.later(10 * MINUTE)
        assert (await author.get("/api/my/notes"))[0] == 200
    page.later(10 * MINUTE)
    assert (await author.get("/api/my/notes"))[0] == 401


async def test_logging_out_ends_it(page: Page, officer: bytes) -> None:
    author = await page.author(officer)

    assert (await author.ask("DELETE", "/api/session"))[0] == 204
    assert (await author.get("/api/session"))[0] == 401


async def test_t35_access_that_ends_ends_sessions_and_links_and_bars_the_key(page: Page, coordinator: bytes) -> None:
    author, reader, link = await page.author(coordinator), await page.reader(coordinator), page.link(coordinator)
    page.site.within(lambda tx: people.revoke(tx, coordinator, at=page.site.clock(), force=True))

    assert (await author.get("/api/session"))[0] == 401
    assert (await reader.get("/api/notes"))[0] == 401
    assert (await page.browser().post("/api/sessions/link", {"token": link}))[0] == 401
    assert [holder for _, holder, _ in page.site.rows("key_holders")] == [coordinator]
    status, refused = await login(page)
    assert (status, refused["code"]) == (403, "role"), "the key still stands on the desk"
    stranger = page.site.enrol("console", "stranger", "coordinator", "Coord-9")
    with pytest.raises(AssertionError, match="key-taken"):
        await page.reader(stranger)


async def login(page: Page) -> tuple[int, dict[str, object]]:
    """The coordinator's key, in a fresh browser."""
    browser = page.browser()
    return await browser.answer(await browser.challenge(page.coordinator_key), page.coordinator_key)


async def test_t35_a_key_reads_no_longer_than_the_person_it_is_linked_to_serves_the_desk(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    note = await (await page.author(officer)).writes(flag_level=1)
    reader = await page.reader(coordinator)
    agency_ref = page.site.within(lambda tx: agencies.by_slug(tx, AGENCY).ref)
    page.site.within(lambda tx: people.join(tx, coordinator, agency_ref, "officer", at=page.site.clock()))

    assert (await reader.get("/api/notes"))[0] == 401
    assert (await reader.post(f"/api/notes/{note}/open", {}))[0] == 401
    status, refused = await login(page)
    assert (status, refused["code"]) == (403, "role")
    page.site.within(lambda tx: people.join(tx, coordinator, agency_ref, "supervisor", at=page.site.clock()))
    assert (await login(page))[0] == 201
    page.site.within(lambda tx: key_holders.unlink(tx, page.coordinator_key.kid))
    page.site.within(lambda tx: people.revoke(tx, coordinator, at=page.site.clock(), force=True))
    assert (await login(page))[0] == 201, "released by an admin it is nobody's key of the desk"


async def test_a_key_that_leaves_the_desk_logs_out(page: Page, coordinator: bytes) -> None:
    reader = await page.reader(coordinator)
    other = generate(DEFAULT_SUITE)
    publish(page.site, Recipient(other.public, "coordinator", "Other"), drop=(page.coordinator_key.kid,))

    assert (await reader.get("/api/notes"))[0] == 401
    assert (await page.browser().by_key(other)).session["key"]["linked"] is False


async def test_no_token_lies_in_the_database(page: Page, officer: bytes, coordinator: bytes) -> None:
    link = page.link(officer)
    author, reader = await page.author(officer), await page.reader(coordinator)
    link = page.link(coordinator)
    found = repr([page.site.rows(table) for table in ("page_links", "page_sessions", "page_challenges")])

    for token in (link, author.token, reader.token):
        assert token not in found
        assert repr(base64url.decode(token))[2:-1] not in found


# ---------------------------------------------------------------- challenges


async def test_t53_an_answer_is_good_once(page: Page) -> None:
    browser, key = page.browser(), page.coordinator_key
    challenge = await browser.challenge(key)

    assert (await browser.answer(challenge, key))[0] == 201
    status, refused = await browser.answer(challenge, key)
    assert (status, refused["code"]) == (401, "answer")


async def test_t53_an_answer_after_sixty_seconds_is_refused(page: Page) -> None:
    browser, key = page.browser(), page.coordinator_key
    challenge = await browser.challenge(key)
    page.later(60 * SECOND)

    assert (await browser.answer(challenge, key))[0] == 401


async def test_t53_a_challenge_of_another_key_is_not_opened(page: Page) -> None:
    browser, mine, other = page.browser(), page.coordinator_key, generate(DEFAULT_SUITE)
    publish(page.site, Recipient(other.public, "coordinator", "Other"))
    challenge = await browser.challenge(mine)

    with pytest.raises(DoesNotOpen):
        await browser.answer(challenge, other)
    status, _ = await browser.post(f"/api/challenges/{challenge['challenge_id']}/answer", {"answer": "A" * 43})
    assert status == 401
    assert (await browser.answer(challenge, mine))[0] == 401  # a wrong answer uses it up


async def test_t53_a_challenge_passed_on_by_another_site_is_not_opened(page: Page) -> None:
    browser, key = page.browser(), page.coordinator_key

    with pytest.raises(DoesNotOpen):
        await browser.answer(await browser.challenge(key), key, origin="https://notes.example.net")


@pytest.mark.parametrize("suite", SuiteId)
async def test_a_key_on_no_desk_is_asked_like_any_other_and_never_gets_in(page: Page, suite: SuiteId) -> None:
    stranger = generate(suite)
    browser = page.browser()
    known, unknown = await browser.challenge(page.coordinator_key), await browser.challenge(stranger)

    assert {name: len(value) for name, value in known.items()} == {name: len(value) for name, value in unknown.items()}
    with pytest.raises(DoesNotOpen):
        await browser.answer(unknown, stranger)


async def test_keys_of_case_system_and_recovery_do_not_log_in(page: Page) -> None:
    from storage.sealing import keyfile
    from storage.sealing.suites import OpeningKey

    for path in (page.site.trial.case_system_key, page.site.trial.folder / "safe" / "recovery.key"):
        key = keyfile.read(path).key
        assert isinstance(key, OpeningKey)
        with pytest.raises(DoesNotOpen):
            await page.browser().answer(await page.browser().challenge(key), key)


async def test_t63_wrong_answers_are_slowed_down_and_the_honest_get_in_all_the_same(page: Page) -> None:
    key, here, there = page.coordinator_key, page.browser(), {"X-Forwarded-For": "203.0.113.9"}

    async def wrong() -> tuple[int, str]:
        status, challenge = await here.post("/api/challenges", {"kid": key.kid.hex()}, headers=there)
        if status == 201:
            path = f"/api/challenges/{challenge['challenge_id']}/answer"
            status, challenge = await here.post(path, {"answer": "A" * 43}, headers=there)
        return status, challenge["code"]

    said = []
    for _ in range(100):
        said.append(await wrong())
        page.later(SECOND)
    refused = [one for one in said if one == (401, "answer")]
    assert len(refused) <= 12  # five, then after 2, 4, 8, 16, 32, 64 seconds
    assert set(said) == {(401, "answer"), (429, "slower")}
    assert (await page.browser().by_key(key)).session["kind"] == "reader"


async def test_t63_a_thousand_tries_reach_the_database_a_few_times(page: Page) -> None:
    browser = page.browser()
    tries = [browser.post("/api/challenges", {"kid": "00" * 16}) for _ in range(1_000)]
    said = [status for status, _ in await asyncio.gather(*tries)]

    assert said.count(201) <= 40
    assert said.count(429) == 1_000 - said.count(201)
    assert len(page.site.rows("page_challenges")) == said.count(201)
    page.later(MINUTE)
    assert (await browser.by_key(page.coordinator_key)).session["kind"] == "reader"


# ---------------------------------------------------------------- step-up and linking


async def test_an_answer_of_the_same_key_steps_the_session_up(page: Page, coordinator: bytes) -> None:
    reader = await page.reader(coordinator)
    page.later(6 * MINUTE)
    assert (await reader.get("/api/session"))[1]["stepped_up_until"] is None
    status, session = await reader.answer(await reader.challenge(page.coordinator_key), page.coordinator_key)
    assert (status, "token" in session) == (201, False)
    assert (await reader.get("/api/session"))[1]["stepped_up_until"] is not None


async def test_a_key_without_a_person_lists_and_takes_nothing(page: Page, officer: bytes) -> None:
    note_id = await (await page.author(officer)).writes(flag_level=2)
    reader = await page.browser().by_key(page.coordinator_key)

    assert reader.session["key"]["linked"] is False
    assert [one["acts"] for one in (await reader.get("/api/notes"))[1]["notes"]] == [[]]
    status, refused = await reader.post(f"/api/notes/{note_id}/take")
    assert (status, refused["code"]) == (403, "unlinked")


async def test_a_key_is_linked_once_and_logs_in_as_that_person_from_then_on(page: Page, coordinator: bytes) -> None:
    author = await page.author(coordinator)
    linked = await (await page.author(coordinator)).by_key(page.coordinator_key)
    again = await page.browser().by_key(page.coordinator_key)

    assert linked.session["person"]["handle"] == again.session["person"]["handle"] == "Coord-1"
    assert (await author.get("/api/session"))[0] == 200  # the author's session stays


async def test_nobody_takes_over_a_key_that_is_linked_and_an_officer_links_none(
    page: Page, officer: bytes, coordinator: bytes
) -> None:
    await page.reader(coordinator)
    supervisor = await page.author(ref_of(page.site, "supervisor"))
    status, refused = await supervisor.answer(await supervisor.challenge(page.coordinator_key), page.coordinator_key)
    assert (status, refused["code"]) == (409, "key-taken")
    officers = await page.author(officer)
    status, refused = await officers.answer(await officers.challenge(page.coordinator_key), page.coordinator_key)
    assert (status, refused["code"]) == (403, "role")


async def test_a_session_without_any_form_of_a_token_is_refused(page: Page) -> None:
    for sent in ("", "Bearer", "Bearer ", "Basic YTpi", "Bearer ä", "Bearer " + "x" * 65, "Bearer " + "x" * 43):
        status, refused = await page.browser().get("/api/session", headers={"Authorization": sent})
        assert (status, refused["code"]) == (401, "session"), sent


def test_the_trial_has_one_agency(site: Site) -> None:
    assert len(site.within(agencies.every)) == 1
    assert opening_key(site).kid
