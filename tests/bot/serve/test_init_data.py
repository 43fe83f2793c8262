"""T26: what Telegram says of a user is believed once, fresh and unchanged; and then it opens a session."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

import pytest
from bot_site import NOON, Site
from hypothesis import given
from hypothesis import strategies as st
from page_site import TOKEN, served

from bot.serve.init_data import InitDataRefused, Verifier
from storage.sealing.signing import SigningKey

BOT_ID = int(TOKEN.partition(":")[0])
OTHER = "43211:another-invented-token-of-another-bot"
USER = 7_000_123


def fields(at: datetime, user: int = USER) -> dict[str, str]:
    return {
        "auth_date": str(int(at.timestamp())),
        "query_id": "AAH-synthetic",
        "user": json.dumps({"id": user, "first_name": "Robin & Ä", "language_code": "en"}),
    }


def lines(told: dict[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in sorted(told.items()))


def by_token(told: dict[str, str], token: str = TOKEN) -> str:
    """As Telegram signs it for the bot."""
    key = hmac.digest(b"WebAppData", token.encode(), "sha256")
    return urlencode({**told, "hash": hmac.digest(key, lines(told).encode(), "sha256").hex()}, quote_via=quote)


def by_telegram(told: dict[str, str], key: SigningKey, bot_id: int = BOT_ID) -> str:
    """As Telegram signs it for third parties."""
    signature = key.sign(f"{bot_id}:WebAppData\n{lines(told)}".encode())
    text = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    return urlencode({**told, "signature": text, "hash": "00" * 32}, quote_via=quote)


GOOD = by_token(fields(NOON))
CHECK = Verifier(TOKEN)
HASH = GOOD[GOOD.index("&hash=") :]

BAD = {
    "tampered": GOOD.replace("7000123", "7000124"),
    "six minutes old": by_token(fields(NOON - timedelta(minutes=6))),
    "five minutes old": by_token(fields(NOON - timedelta(minutes=5))),
    "from the future": by_token(fields(NOON + timedelta(minutes=1))),
    "hash missing": GOOD.removesuffix(HASH),
    "hash empty": GOOD.removesuffix(HASH) + "&hash=",
    "hash not ASCII": GOOD.removesuffix(HASH) + "&hash=%C3%A4",
    "hash in capitals": GOOD.removesuffix(HASH) + "&hash=" + HASH.removeprefix("&hash=").upper(),
    "a field twice": GOOD + "&auth_date=" + str(int(NOON.timestamp())),
    "a field more": GOOD + "&more=1",
    "another bot's": by_token(fields(NOON), OTHER),
    "no user": by_token({"auth_date": fields(NOON)["auth_date"]}),
    "a user without a number": by_token({**fields(NOON), "user": '{"id": true}'}),
    "a user nested": by_token({**fields(NOON), "user": "[" * 400}),
    "no date": by_token({"user": fields(NOON)["user"]}),
    "a date that is none": by_token({**fields(NOON), "auth_date": "²"}),
    "not a form": "hash",
    "bytes that are no text": "user=%ff&hash=00",
    "too long": GOOD + "&more=" + "x" * 4_096,
    "many fields": "&".join(f"f{n}=1" for n in range(100)),
}


def test_t26_good_init_data_names_its_user() -> None:
    vouched = CHECK.vouched(GOOD, NOON)

    assert (vouched.user, vouched.until) == (USER, NOON + timedelta(minutes=5))


@pytest.mark.parametrize("why", BAD)
def test_t26_all_other_init_data_is_refused(why: str) -> None:
    assert BAD[why] != GOOD
    with pytest.raises(InitDataRefused):
        CHECK.vouched(BAD[why], NOON)


def test_t26_telegrams_own_signature_is_taken_where_there_is_no_token() -> None:
    telegram = SigningKey.generate()
    check = Verifier(bot_id=BOT_ID, telegram=telegram.public)

    assert check.vouched(by_telegram(fields(NOON), telegram), NOON).user == USER
    for bad in (
        by_telegram(fields(NOON), SigningKey.generate()),
        by_telegram(fields(NOON), telegram, BOT_ID + 1),
        by_telegram(fields(NOON), telegram).replace("7000123", "7000124"),
        by_telegram(fields(NOON - timedelta(minutes=6)), telegram),
        by_token(fields(NOON)),
    ):
        with pytest.raises(InitDataRefused):
            check.vouched(bad, NOON)


@given(st.text(max_size=300), st.booleans())
def test_t26_anything_is_refused_with_the_typed_error(text: str, like_a_form: bool) -> None:
    with pytest.raises(InitDataRefused):
        CHECK.vouched(f"user={text}&hash={text}&auth_date={text}" if like_a_form else text, NOON)


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 127))
def test_t26_every_character_matters(place: int, other: int) -> None:
    """One that is changed, and means another thing then."""
    changed = GOOD[:place] + chr(ord(GOOD[place]) ^ other) + GOOD[place + 1 :]
    try:
        vouched = CHECK.vouched(changed, NOON)
    except InitDataRefused:
        return
    assert vouched == CHECK.vouched(GOOD, NOON)  # another spelling of the same: %C3%84 and %c3%84


async def test_t26_it_opens_one_session_and_no_second(site: Site) -> None:
    site.enrol("telegram", str(USER), "officer", "PO-9")
    async with served(site, telegram=CHECK) as page:
        one, two = page.browser(), page.browser()
        status, session = await one.post("/api/sessions/telegram", {"init_data": GOOD})
        assert (status, session["kind"], session["person"]["handle"]) == (201, "author", "PO-9")
        for again in (GOOD, "&".join(reversed(GOOD.split("&"))), GOOD.replace("%", "%25", 0).lower()):
            status, refused = await two.post("/api/sessions/telegram", {"init_data": again})
            assert (status, refused["code"]) == (401, "init-data")


async def test_t26_a_stranger_of_telegram_gets_no_session(site: Site) -> None:
    async with served(site, telegram=CHECK) as page:
        status, refused = await page.browser().post("/api/sessions/telegram", {"init_data": GOOD})

    assert (status, refused["code"]) == (401, "init-data")


async def test_without_a_token_nobody_comes_from_telegram(site: Site) -> None:
    async with served(site) as page:
        status, refused = await page.browser().post("/api/sessions/telegram", {"init_data": GOOD})

    assert (status, refused["code"]) == (404, "unknown")


def test_the_time_of_the_tests_is_the_time_of_the_data() -> None:
    assert datetime.fromtimestamp(int(fields(NOON)["auth_date"]), UTC) == NOON
