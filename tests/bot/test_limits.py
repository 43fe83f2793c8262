"""How much one chat may send: told once, nothing taken is lost, danger is heard, others go on (T60, T61)."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from bot_site import NOON, Desk, Site, texts
from hypothesis import given
from hypothesis import strategies as st

from bot import wiring
from bot.app import App
from bot.channels.base import Inbound, Pressed, Reachable, Refused, TryLater
from bot.channels.telegram_updates import read
from bot.limits import DANGER_EVERY_S, ENROLLED, INVITE, STRANGER, Bucket, Limits, Rate
from bot.wiring import voices
from dialogues.model import Edited, Say, Sent, Wrote
from storage import invites, people
from storage.invites import Entered

Event = Wrote | Pressed | Sent | Edited | Reachable


def inbound(event: Event | str, chat: str = "1", number: int = 0) -> Inbound:
    return Inbound("console", f"u{chat}-{number}", chat, Wrote(event) if isinstance(event, str) else event)


# ---------------------------------------------------------------- buckets


@given(
    st.integers(1, 20),
    st.floats(0.1, 100),
    st.lists(st.floats(-50, 500, allow_nan=False), min_size=1, max_size=200),
)
def test_over_any_stretch_no_more_than_the_burst_and_what_came_since(
    burst: int, every_s: float, steps: list[float]
) -> None:
    bucket, at, passed, taken = Bucket(Rate(burst, every_s), 0.0), 0.0, 0.0, 0
    for step in steps:
        at += step
        passed += max(0.0, step)
        taken += bucket.take(at)
        assert taken <= burst + passed / every_s + 1e-6


def test_who_blocks_and_unblocks_over_the_limit_is_not_spoken_to() -> None:
    limits = Limits()
    verdicts = [limits.judge(inbound(Reachable(bool(n % 2))), NOON) for n in range(STRANGER.burst + 2)]
    assert verdicts == ["take"] * STRANGER.burst + ["drop"] * 2
    assert limits.judge(inbound("hello"), NOON) == "tell"


def test_a_stranger_has_less_and_is_told_once_until_it_is_calm_again() -> None:
    limits, now = Limits(), NOON
    verdicts = [limits.judge(inbound("hello"), now) for _ in range(50)]
    assert verdicts == ["take"] * STRANGER.burst + ["tell"] + ["drop"] * (49 - STRANGER.burst)
    limits.learn(inbound("x"), enrolled=True)
    verdicts = [limits.judge(inbound("hello"), now) for _ in range(100)]
    assert verdicts == ["take"] * ENROLLED.burst + ["tell"] + ["drop"] * (99 - ENROLLED.burst)
    now += timedelta(seconds=ENROLLED.every_s)
    assert [limits.judge(inbound("hello"), now) for _ in range(2)] == ["take", "drop"]
    now += timedelta(seconds=ENROLLED.every_s * ENROLLED.burst / 2)
    again = [limits.judge(inbound("hello"), now) for _ in range(ENROLLED.burst)]
    assert again.count("take") == ENROLLED.burst / 2
    assert again.count("tell") == 1


def test_a_clock_set_back_fills_nothing_and_blocks_nobody_for_ever() -> None:
    limits = Limits()
    for _ in range(STRANGER.burst):
        assert limits.judge(inbound("hello"), NOON) == "take"
    assert limits.judge(inbound("hello"), NOON - timedelta(days=1)) == "tell"
    later = NOON - timedelta(days=1) + timedelta(seconds=STRANGER.every_s)
    assert limits.judge(inbound("hello"), later) == "take"


def test_memory_is_bounded_and_who_was_heard_least_recently_is_forgotten() -> None:
    limits = Limits(most=100)
    for number in range(5_000):
        one = inbound("gun", str(number))
        limits.judge(one, NOON)
        limits.learn(one, enrolled=True)
        limits.danger(one, voices(), NOON)
    assert len(limits) == 100
    assert limits.knows(inbound("x", "4999"))
    assert not limits.knows(inbound("x", "4899"))


def test_invites_and_codes_are_tried_ten_times_an_hour() -> None:
    """T29: of 100,000 guesses within an hour, at twenty a minute, ten more than can be looked up at once are."""
    limits, taken = Limits(), 0
    limits.learn(inbound("x"), enrolled=True)
    for number in range(100_000):
        taken += limits.judge(inbound(f"/start guess{number}"), NOON + timedelta(seconds=number * 0.036)) == "take"
    assert INVITE.burst <= taken <= 2 * INVITE.burst
    stranger = Limits()
    codes = [stranger.judge(inbound(f"{number:06}"), NOON + timedelta(minutes=number)) for number in range(60)]
    assert codes.count("take") <= 2 * INVITE.burst


@pytest.mark.parametrize(
    "event", ["there is a man with a gun", "/danger", "/danger@bot", Pressed(0, "danger"), "⚠ Danger now"]
)
def test_danger_is_heard_at_most_every_ten_seconds(event: Event | str) -> None:
    limits = Limits()
    said = limits.danger(inbound(event), voices(), NOON)
    assert said is not None
    assert said.title == "Call 112 now."
    soon = NOON + timedelta(seconds=DANGER_EVERY_S - 1)
    assert limits.danger(inbound(event), voices(), soon) is None
    assert limits.danger(inbound(event, "2"), voices(), soon) is not None
    assert limits.danger(inbound(event), voices(), NOON + timedelta(seconds=DANGER_EVERY_S)) is not None


@pytest.mark.parametrize("event", ["hello", "x" * 1_000_000, Pressed(7, "danger"), Sent("photo"), Edited()])
def test_what_is_no_danger_gets_no_first_line(event: Event | str) -> None:
    assert Limits().danger(inbound(event), voices(), NOON) is None


# ---------------------------------------------------------------- the running assistant


@pytest.fixture
async def limited(site: Site) -> AsyncIterator[Desk]:
    """A desk with limits, as `integra run` has them."""
    desk = Desk(site)
    desk.app = wiring.app(
        site.trial.installation, site.store, {"console": desk.console}, clock=site.clock, limits=Limits()
    )
    await desk.app.start()
    yield desk
    await desk.app.stop()


async def settled(app: App) -> None:
    """What is said without a turn goes on beside it."""
    await asyncio.gather(*app._under_way)


async def test_t60_a_thousand_of_one_user_are_limited_and_another_chat_is_not_held_up(
    limited: Desk, site: Site
) -> None:
    """T60."""
    await limited.says("officer", "/help")
    updates = site.rows("seen")

    async def flood() -> None:
        for _ in range(1_000):
            await limited.app.take(limited.console.inbound("officer", "/help"))

    async def timed() -> float:
        took = []
        for _ in range(10):
            began = time.perf_counter()
            await limited.app.take(limited.console.inbound("mentor", "/help"))
            took.append(time.perf_counter() - began)
        return sorted(took)[len(took) // 2]

    alone = await timed()
    flooding = asyncio.create_task(flood())
    beside = await timed()
    await flooding
    await settled(limited.app)
    await limited.app.outbox.drained()
    taken = len(site.rows("seen")) - len(updates) - 20
    assert taken == ENROLLED.burst
    heard = [say.text for say in limited.news("officer")]
    assert sum("more than I can take" in text for text in heard) == 1
    assert beside < max(5 * alone, 0.25), (alone, beside)


async def test_what_is_not_taken_is_not_saved_and_said_so_and_after_a_minute_it_goes_on(
    limited: Desk, site: Site
) -> None:
    await limited.says("officer", "/menu", "[note.quick]")
    for _ in range(ENROLLED.burst):
        await limited.app.take(limited.console.inbound("officer", "Paper cranes."))
    await settled(limited.app)
    await limited.app.outbox.drained()
    assert "From here on nothing is saved" in texts(limited.news("officer"))
    site.clock.move(timedelta(minutes=2))
    said = texts(await limited.says("officer", "He left."))
    assert f"{ENROLLED.burst} in this part" in said, "all that was taken is there, and nothing else"


async def test_danger_is_heard_over_the_limit_without_a_turn(limited: Desk, site: Site) -> None:
    for _ in range(40):
        await limited.app.take(limited.console.inbound("nobody", "hello"))
    await settled(limited.app)
    await limited.app.outbox.drained()
    limited.news("nobody")
    before = site.rows("seen")
    await limited.app.take(limited.console.inbound("nobody", "there is a man with a gun"))
    await settled(limited.app)
    (said,) = limited.news("nobody")
    assert said.title == "Call 112 now."
    assert "not saved" in said.text
    assert site.rows("seen") == before


async def test_a_chat_that_cannot_be_told_holds_up_nothing(limited: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    async def deliver(chat: str, say: Say, question: int) -> str:
        tried.append(say.title)
        raise TryLater("flood", after_s=0.5) if len(tried) == 1 else Refused("blocked")

    for _ in range(STRANGER.burst):
        await limited.app.take(limited.console.inbound("nobody", "hello"))
    await limited.app.outbox.drained()
    monkeypatch.setattr(limited.console, "deliver", deliver)
    await limited.app.take(limited.console.inbound("nobody", "he has a gun"))
    await settled(limited.app)
    assert tried == ["Call 112 now."] * 2


async def test_whoever_redeems_an_invite_has_the_larger_bucket_from_then_on(limited: Desk, site: Site) -> None:
    await limited.says("new", f"/start {site.invite('mentor')}")
    answers = [await limited.says("new", "/danger") for _ in range(STRANGER.burst + 5)]
    assert all("112" in texts(one) for one in answers)
    assert not any("more than I can take" in texts(one) for one in answers)


async def test_t29_guesses_of_one_chat_do_not_reach_the_database(limited: Desk, site: Site) -> None:
    """T29."""
    await limited.says("nobody", "hello")
    for number in range(2_000):
        await limited.app.take(limited.console.inbound("nobody", f"/start guess-{number}"))
    assert len(site.rows("seen")) <= 1 + INVITE.burst
    token = site.invite("mentor")
    entered = site.within(lambda tx: invites.present(tx, token, "console", "other", language="en", at=NOON))
    assert isinstance(entered, Entered)
    assert site.within(lambda tx: people.at_address(tx, "console", "nobody")) is None


# ---------------------------------------------------------------- large things


def message(**content: object) -> dict[str, object]:
    return {"message_id": 9, "date": 1, "chat": {"id": 1001, "type": "private"}, "from": {"id": 1001}, **content}


@pytest.mark.parametrize(
    "content",
    [
        {"text": "a gun " * 170_000},
        {"text": "hello", "entities": [{"type": "bold", "offset": 0, "length": 5}] * 100_000},
        {"text": "\u202e\u0000\ud83d" * 300_000},
        {"photo": [{"file_id": "x", "width": 1, "height": 1}] * 100_000, "caption": "c" * 1_000_000},
    ],
    ids=["1 MB of text", "100,000 entities", "1 MB of control characters", "100,000 photos"],
)
async def test_t61_a_large_update_is_dealt_with_quickly(limited: Desk, content: dict[str, object]) -> None:
    """T61; deep JSON and bodies over 1 MiB: ``channels/test_telegram_webhook.py``."""
    began = time.perf_counter()
    heard = read({"update_id": 7, "message": message(**content)})
    assert heard is not None
    await limited.app.take(replace(heard, channel="console", chat="officer"))
    await limited.app.outbox.drained()
    assert time.perf_counter() - began < 2.0
    assert limited.news("officer")
