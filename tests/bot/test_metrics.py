"""What is counted is counted, where it happens; and nothing of it tells who, what, or which agency."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bot_site import Desk, Site, break_dialogue, on_telegram
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from whole_job import CHATS, HIDDEN, drives_a_whole_job

from bot.channels.base import ChannelError, Refused, TryLater
from bot.channels.console import Console
from bot.channels.telegram_updates import read
from bot.health import Health
from bot.limits import Limits
from bot.metrics import CHANNELS, KINDS, OTHER, REASONS, TIMER, Metrics, Timed
from bot.outbox import Outbox
from dialogues.model import Say
from storage import outbox as outbox_rows
from storage.errors import Busy
from storage.totals import FLAG_STATES


def samples(metrics: Metrics) -> dict[str, float]:
    """``name{label=value,…}`` to value, labels in order of name."""
    found = {}
    for family in text_string_to_metric_families(metrics.page().decode()):
        for one in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
            found[f"{one.name}{{{labels}}}" if labels else one.name] = one.value
    return found


def health_of(site: Site, app: Any, ticks: Any = lambda: 0.0) -> Health:
    return Health(app, site.store, site.trial.installation.keyring, ticks=ticks)


class Ticks:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


# ---------------------------------------------------------------- turns


async def test_turns_are_counted_by_channel_kind_and_outcome(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.says("officer", "/menu", "[note.quick]", "He did not come.")
    found = samples(desk.app.metrics)
    assert found["integra_turns_total{channel=console,kind=wrote,outcome=taken}"] == 2
    assert found["integra_turns_total{channel=console,kind=pressed,outcome=taken}"] == 1
    assert found["integra_turn_seconds_count{channel=console,kind=wrote}"] == 2
    assert found["integra_database_wait_seconds_count"] == 3

    break_dialogue(monkeypatch, "note")
    await desk.says("officer", "more")
    assert samples(desk.app.metrics)["integra_turns_total{channel=console,kind=wrote,outcome=failed}"] == 1

    desk.site.store.close()
    with pytest.raises(Busy):
        await desk.app.take(desk.console.inbound("officer", "and more"))
    assert samples(desk.app.metrics)["integra_turns_total{channel=console,kind=wrote,outcome=busy}"] == 1
    desk.site.restart()


async def test_what_is_over_the_limit_is_counted_and_takes_no_turn(desk: Desk) -> None:
    desk.app._limits = Limits()
    for number in range(12):
        await desk.app.take(replace(desk.console.inbound("stranger", "hello"), update_id=f"x{number}"))
    found = samples(desk.app.metrics)
    limited = found["integra_turns_total{channel=console,kind=wrote,outcome=limited}"]
    assert limited >= 1
    assert found["integra_turns_total{channel=console,kind=wrote,outcome=taken}"] == 12 - limited


def test_durations_are_those_of_the_clock_that_was_handed_in() -> None:
    ticks = Ticks()
    metrics = Metrics(ticks)
    timed = Timed(metrics, "telegram", "wrote")
    turn = timed.noting(lambda tx: "done")
    ticks.now += 2.0
    assert turn(None) == "done"  # type: ignore[arg-type]
    ticks.now += 5.0
    turn(None)  # type: ignore[arg-type]  # tried again: the wait is that until the first try
    timed.ended("taken")
    found = samples(metrics)
    assert found["integra_turn_seconds_sum{channel=telegram,kind=wrote}"] == 7.0
    assert found["integra_database_wait_seconds_sum"] == 2.0


def test_a_turn_that_never_began_adds_nothing_to_the_wait() -> None:
    metrics = Metrics()
    Timed(metrics, "telegram", "wrote").ended("busy")
    assert samples(metrics)["integra_database_wait_seconds_count"] == 0


async def test_deadlines_are_turns_too(desk: Desk) -> None:
    """All that is due at one look is one."""
    await desk.logs_note("officer", "He did not come.")
    await desk.later(timedelta(minutes=3))
    key = f"integra_turns_total{{channel=,kind={TIMER},outcome=taken}}"
    assert samples(desk.app.metrics)[key] >= 1


@pytest.mark.parametrize(
    ("update", "age"),
    [
        ({"message": {"date": 1_800_000_000}}, 90.0),
        ({"edited_message": {"date": 1_700_000_000, "edit_date": 1_800_000_060}}, 30.0),
        ({"message": {"date": "soon"}}, None),
        ({"message": {"date": -5}}, None),
        ({"message": {"date": 1 << 70}}, None),
        ({"message": {}}, None),
    ],
)
def test_the_age_of_an_update_is_counted_where_the_channel_knows_it(update: Any, age: float | None) -> None:
    for fields in update.values():
        fields.update(message_id=1, chat={"id": 1001, "type": "private"}, text="x")
    heard = read({"update_id": 1, **update})
    assert heard is not None
    metrics = Metrics()
    metrics.turn(heard, datetime.fromtimestamp(1_800_000_090, UTC))
    assert samples(metrics).get("integra_update_lag_seconds_sum{channel=telegram}") == age


# ---------------------------------------------------------------- sends


class Troubled(Console):
    """A terminal whose next deliveries meet these errors."""

    def __init__(self, *trouble: ChannelError) -> None:
        super().__init__()
        self.trouble = list(trouble)

    async def deliver(self, chat: str, say: Say, question: int) -> str:
        if self.trouble:
            raise self.trouble.pop(0)
        return await super().deliver(chat, say, question)


async def test_sends_are_counted_by_how_they_went(site: Site) -> None:
    async def at_once(_: float) -> None:
        pass

    metrics = Metrics()
    trouble = (TryLater("x", after_s=3), TryLater("x"), Refused("bad"), Refused("a reason of chat 1234"))
    channel = Troubled(*trouble)
    outbox = Outbox(site.store, {"console": channel}, site.clock, at_once, metrics=metrics)
    await outbox.start()
    says = [Say(f"number {number}") for number in range(4)]
    outbox.push(site.within(lambda tx: outbox_rows.put(tx, "console", "officer", says, at=site.clock())))
    await outbox.drained()
    await outbox.stop()
    sends = {name: value for name, value in samples(metrics).items() if name.startswith("integra_sends_total")}
    assert {name: value for name, value in sends.items() if value} == {
        "integra_sends_total{channel=console,outcome=ok,reason=}": 2,
        "integra_sends_total{channel=console,outcome=refused,reason=bad}": 1,
        "integra_sends_total{channel=console,outcome=refused,reason=other}": 1,
        "integra_sends_total{channel=console,outcome=retry,reason=flood}": 1,
        "integra_sends_total{channel=console,outcome=retry,reason=out-of-reach}": 1,
    }
    assert sends["integra_sends_total{channel=telegram,outcome=refused,reason=blocked}"] == 0


def test_what_alerts_look_at_is_there_before_the_first_event() -> None:
    found = samples(Metrics())
    for outcome in ("failed", "busy", "taken"):
        assert found[f"integra_turns_total{{channel=telegram,kind=wrote,outcome={outcome}}}"] == 0
        assert found[f"integra_turns_total{{channel=,kind=timer,outcome={outcome}}}"] == 0
    assert found["integra_sends_total{channel=telegram,outcome=refused,reason=gone}"] == 0


# ---------------------------------------------------------------- how things stand


async def test_totals_are_those_of_the_database(desk: Desk) -> None:
    site = desk.site
    await desk.logs_note("officer", "He did not come.", "today")
    site.invite()
    put = lambda tx: outbox_rows.put(tx, "elsewhere", "7", [Say("a"), Say("b"), Say("c")], at=site.clock())  # noqa: E731
    first = site.within(put)[0]
    site.within(lambda tx: outbox_rows.bury(tx, first.id, "blocked"))
    site.clock.move(timedelta(minutes=10))
    health = health_of(site, desk.app)
    await health.look()
    found = samples(desk.app.metrics)
    assert (found["integra_outbox_waiting"], found["integra_outbox_dead"]) == (2, 1)
    assert found["integra_outbox_oldest_seconds"] == 600
    assert found["integra_timers_due"] == 3, "the note's release, the sweep, and the look at time limits"
    assert found["integra_timers_late_seconds"] == 600
    assert found["integra_notes_waiting"] == 0, "it can still be undone"
    assert {state: found[f"integra_flags{{state={state}}}"] for state in FLAG_STATES} == {
        state: int(state == "notified") for state in FLAG_STATES
    }
    assert found["integra_invites"] == 1
    assert found["integra_media_wanted"] == 0
    (built,) = (name for name in found if name.startswith("integra_build_info"))
    assert built.startswith("integra_build_info{schema=00")
    assert found["integra_check{check=timers}"] == 0

    await desk.later(timedelta(hours=4))
    await health_of(site, desk.app).look()
    found = samples(desk.app.metrics)
    assert (found["integra_flags{state=notified}"], found["integra_flags{state=overdue}"]) == (0, 1)
    assert (found["integra_notes_waiting"], found["integra_notes_oldest_seconds"]) == (1, 15_000)
    assert (found["integra_timers_due"], found["integra_check{check=timers}"]) == (0, 1)

    site.clock.move(timedelta(hours=24))
    await health_of(site, desk.app).look()
    assert samples(desk.app.metrics)["integra_invites"] == 0, "it has run out"


async def test_what_was_not_read_shows_no_old_number(desk: Desk) -> None:
    assert "integra_outbox_waiting" not in samples(desk.app.metrics)
    health = health_of(desk.site, desk.app)
    await health.look()
    assert "integra_outbox_waiting" in samples(desk.app.metrics)
    desk.site.store.close()
    await health_of(desk.site, desk.app).look()
    found = samples(desk.app.metrics)
    assert "integra_outbox_waiting" not in found
    assert found["integra_check{check=database}"] == 0
    desk.site.restart()


def test_the_process_is_counted_and_nothing_lies_in_the_shared_registry() -> None:
    assert samples(Metrics())["process_resident_memory_bytes"] > 1_000_000
    assert not [family.name for family in REGISTRY.collect() if family.name.startswith("integra")]


# ---------------------------------------------------------------- no words, no names


async def test_after_a_whole_job_no_word_no_name_and_no_id_is_in_it(site: Site) -> None:
    async with on_telegram(site) as line:
        await drives_a_whole_job(line)
        await health_of(site, line.app).look()
        page = line.app.metrics.page().decode()
        refs = [ref.hex() for table in ("people", "agencies", "addresses") for (ref,) in site.rows(table, "ref")]
        assert len(refs) > 10
    for hidden in (*HIDDEN, *CHATS, *refs):
        assert hidden.lower() not in page.lower()
    found = samples(line.app.metrics)
    assert found["integra_turns_total{channel=telegram,kind=wrote,outcome=taken}"] == 5
    assert found["integra_sends_total{channel=telegram,outcome=ok,reason=}"] > 10


async def test_every_label_value_stands_on_a_list(site: Site) -> None:
    async with on_telegram(site) as line:
        await drives_a_whole_job(line)
        await health_of(site, line.app).look()
        page = line.app.metrics.page().decode()
    allowed = {
        "channel": {*CHANNELS, OTHER, ""},
        "kind": {*KINDS.values(), TIMER, OTHER},
        "outcome": {"taken", "failed", "busy", "limited", "ok", "retry", "refused"},
        "reason": {*REASONS, OTHER},
        "state": set(FLAG_STATES),
        "check": {"database", "outbox", "content", "keys", "timers", "channel"},
    }
    seen = set()
    for family in text_string_to_metric_families(page):
        for one in family.samples:
            for name, value in one.labels.items():
                seen.add(name)
                if name in ("le", "version", "schema"):
                    continue
                assert value in allowed[name], (one.name, name, value)
    assert seen >= set(allowed)
