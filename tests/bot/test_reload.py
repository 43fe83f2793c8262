"""New content replaces the old while the assistant runs; content with mistakes never does."""

import asyncio
import json
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from bot_process import process
from bot_site import Desk, Site, texts
from fake_telegram import FakeTelegram

from bot import wiring
from bot.edition import checked_voices
from bot.reload import Reload
from bot.settings import Settings, SettingsError
from bot.trial import Trial
from bot.turns import World
from guidance import library
from guidance.library import ContentError

PURPOSE = re.compile(r'^purpose = ".*"$', re.MULTILINE)


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    """A copy of the shipped content with one topic's answers, so that finders are built fast."""
    with library.place() as packaged:
        shutil.copytree(packaged, tmp_path / "content")
    folder = tmp_path / "content"
    keep = folder / "en" / "answers" / "information_sharing.toml"
    for file in keep.parent.glob("*.toml"):
        if file != keep:
            file.unlink()
    keep.write_text(re.sub(r"^related = \[.*?\]", "related = []", keep.read_text(), flags=re.MULTILINE | re.DOTALL))
    return folder


def reword(folder: Path, purpose: str) -> None:
    step = folder / "en" / "steps" / "S05.toml"
    text, count = PURPOSE.subn(f'purpose = "{purpose}"', step.read_text())
    assert count == 1
    step.write_text(text)


def builds(site: Site, content: Path) -> Callable[[], World]:
    return lambda: wiring.world(site.trial.installation, clock=site.clock, content=content, anew=True)


async def test_good_content_replaces_the_old_from_the_next_turn_on(desk: Desk, site: Site, edition: Path) -> None:
    reload = Reload(desk.app, builds(site, edition))
    reword(edition, "Tell each partner what they need today.")
    old = desk.app.world
    with structlog.testing.capture_logs() as logs:
        new = await reload.once()
    assert new is not None
    assert desk.app.world is new is desk.app.timers.world
    assert new.voices["en"].content.steps["S05"].purpose == "Tell each partner what they need today."
    assert old.voices["en"].content.steps["S05"].purpose != "Tell each partner what they need today."
    assert [(one["event"], one["count"]) for one in logs] == [("content.reloaded", 1)]
    said = texts(await desk.says("officer", "S05-000"))
    assert "out of date" in said
    await desk.says("officer", "[step.S05]")
    assert "Tell each partner what they need today." in desk.screen("officer")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("en/guide.toml", "[shortcuts]", "[shortcuts"),
        ("en/guide.toml", "danger_now", "danger_other"),
        ("en/phrases/ask.ftl", "ask-thanks = ", "ask-thanks-not = "),
        ("en/phrases/ask.ftl", "ask-thanks = ", "ask-thanks = { $nobody } "),
        ("en/steps/S05.toml", "Who needs it?", "Call 020 7946 0000. Who needs it?"),
        ("en/steps/S05.toml", 'facts = [\n    "IS-two-regimes"', 'facts = [\n    "IS-unheard-of"'),
    ],
    ids=["no-toml", "no-shortcut", "no-phrase", "unknown-argument", "phone-number", "no-fact"],
)
@pytest.mark.one_engine
async def test_content_with_mistakes_is_refused_and_the_old_stays(
    desk: Desk, site: Site, edition: Path, file: str, old: str, new: str
) -> None:
    text = (edition / file).read_text()
    assert old in text
    (edition / file).write_text(text.replace(old, new))
    before = desk.app.world
    with structlog.testing.capture_logs() as logs:
        assert await Reload(desk.app, builds(site, edition)).once() is None
    assert desk.app.world is before
    assert [one["event"] for one in logs] == ["content.refused"]
    assert logs[0]["count"] >= 1
    assert "020 7946" not in json.dumps(logs)
    assert await desk.says("officer", "do i need consent to share info")


async def test_a_folder_that_is_gone_is_refused(desk: Desk, site: Site, edition: Path) -> None:
    shutil.rmtree(edition)
    with structlog.testing.capture_logs() as logs:
        assert await Reload(desk.app, builds(site, edition)).once() is None
    assert [(one["event"], one["error"]) for one in logs] == [("content.refused", "FileNotFoundError")]


async def test_wishes_during_a_reload_lead_to_one_more(desk: Desk, site: Site) -> None:
    done: list[World] = []
    finished = asyncio.Event()

    async def renewed(world: World) -> None:
        done.append(world)
        if len(done) == 1:
            reload.wish()
            reload.wish()
        else:
            finished.set()

    reload = Reload(desk.app, lambda: desk.app.world, renewed)
    running = asyncio.create_task(reload.run())
    reload.wish()
    await asyncio.wait_for(finished.wait(), 10)
    await asyncio.sleep(0)
    running.cancel()
    assert len(done) == 2


async def test_a_reload_that_cannot_be_announced_is_logged_and_the_next_still_works(desk: Desk) -> None:
    calls: list[int] = []
    finished = asyncio.Event()

    async def renewed(_: World) -> None:
        calls.append(1)
        if len(calls) == 1:
            reload.wish()
            raise RuntimeError("canary")
        finished.set()

    reload = Reload(desk.app, lambda: desk.app.world, renewed)
    with structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(reload.run())
        reload.wish()
        await asyncio.wait_for(finished.wait(), 10)
        running.cancel()
    assert [one["event"] for one in logs] == ["content.reloaded", "content.not-announced", "content.reloaded"]
    assert "canary" not in json.dumps(logs)


@pytest.mark.sqlite
async def test_hang_up_makes_the_running_command_read_its_content_again(trial: Trial, edition: Path) -> None:
    with (trial.installation.folder / "settings.toml").open("a") as settings:
        settings.write(f'content = "{edition}"\n')
    async with FakeTelegram() as telegram, process(trial, telegram) as bot:
        await bot.start()
        assert bot.running is not None

        async def told(event: bytes) -> None:
            while event not in bot.printed:  # noqa: ASYNC110  another process sets no event
                await asyncio.sleep(0.05)

        guide = edition / "en" / "guide.toml"
        good = guide.read_text()
        guide.write_text(good.replace("[shortcuts]", "[shortcuts"))
        bot.running.send_signal(signal.SIGHUP)
        await asyncio.wait_for(told(b"content.refused"), 60)
        guide.write_text(good)
        bot.running.send_signal(signal.SIGHUP)
        await asyncio.wait_for(told(b"content.reloaded"), 60)
        assert await bot.end(signal.SIGTERM) == 0
    assert bot.printed.count(b"content.refused") == 1
    assert str(edition).encode() not in bot.printed


def test_an_edition_with_mistakes_stops_the_start_with_all_of_them(edition: Path) -> None:
    guide = edition / "en" / "guide.toml"
    guide.write_text(guide.read_text().replace("danger_now", "danger_other").replace("not_sure", "other_sure"))
    with pytest.raises(ContentError) as refused:
        checked_voices(edition)
    assert {one.item for one in refused.value.problems} == {"shortcuts / danger_now", "shortcuts / not_sure"}


def test_a_folder_without_a_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="holds no language"):
        checked_voices(tmp_path)


def test_the_setting_names_a_folder_that_is_there(
    tmp_path: Path, edition: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings.read(tmp_path).content is None
    monkeypatch.setenv("INTEGRA_CONTENT", str(edition))
    assert Settings.read(tmp_path).content == edition
    monkeypatch.setenv("INTEGRA_CONTENT", "")
    assert Settings.read(tmp_path).content is None
    monkeypatch.setenv("INTEGRA_CONTENT", str(tmp_path / "canary"))
    with pytest.raises(SettingsError) as refused:
        Settings.read(tmp_path)
    assert "content" in str(refused.value)
    assert "canary" not in str(refused.value)


def test_the_shipped_content_keeps_the_rules_for_an_edition() -> None:
    with library.place() as packaged:
        assert checked_voices(packaged).keys() == wiring.voices().keys()
