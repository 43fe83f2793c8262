"""A walk goes on in the guide it began in, over a restart with a newer guide, and over a reload."""

import re
import shutil
from pathlib import Path

import pytest
from bot_site import Desk, Site, texts

from bot import wiring
from bot.wiring import renewed
from guidance import library

PURPOSE = re.compile(r'^purpose = ".*"$', re.MULTILINE)
VERSION = re.compile(r"^version = \d+$", re.MULTILINE)


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A copy of the shipped content, its guide one version on."""
    with library.place() as packaged:
        shutil.copytree(packaged, tmp_path / "content")
    folder = tmp_path / "content"
    for file, old, new in (
        ("steps/S05.toml", PURPOSE, 'purpose = "Tell each partner what they need today."'),
        ("guide.toml", VERSION, "version = 99"),
    ):
        path = folder / "en" / file
        text, count = old.subn(new, path.read_text())
        assert count == 1
        path.write_text(text)
    return folder


NEW = "Tell each partner what they need today."


@pytest.mark.one_engine
async def test_a_walk_begun_before_goes_on_as_it_was_after_a_restart(site: Site, newer: Path) -> None:
    first = Desk(site)
    await first.app.start()
    await first.says("officer", "/guide S05", "[go]", "[pause]")
    await first.app.stop()
    site.restart()
    second = Desk(site)
    second.console = first.console  # the same phone, whose updates are numbered on
    second.app = wiring.app(
        site.trial.installation, site.store, {"console": second.console}, clock=site.clock, content=newer
    )
    await second.app.start()
    (kept,) = [one.key for say in await second.says("officer", "/guide") for one in say.choices if "kept" in one.key]
    said = texts(await second.says("officer", f"[{kept}]", "[back]"))
    assert "The guide has changed since you began." in said
    assert NEW not in said
    said = texts(await second.says("officer", "[newer]"))
    assert NEW in said
    assert site.rows("walks", "guide_version") == [(99,)]
    await second.app.stop()


@pytest.mark.one_engine
async def test_a_reload_leaves_walks_that_are_under_way_as_they_are(desk: Desk, site: Site, newer: Path) -> None:
    await desk.says("officer", "/guide S05")
    desk.app.renew(renewed(site.trial.installation, site.store, newer))
    said = texts(await desk.says("officer", "[go]", "[back]"))
    assert NEW not in said
    assert NEW in texts(await desk.says("officer", "[newer]"))
    assert NEW in texts(await desk.says("mentor", "/guide S05"))
