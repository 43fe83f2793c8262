"""`integra content learn-danger`: weights from examples, in an edition of one's own."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from guidance import library

EXAMPLES = """
harmless = [{harmless}]

[danger]
weapon = [{danger}]
"""


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    """The shipped content with a handful of examples by two authors."""
    with library.place() as packaged:
        shutil.copytree(packaged, tmp_path / "content")
    folder = tmp_path / "content" / "en" / "danger_examples"
    for file in folder.glob("*.toml"):
        file.unlink()
    for author, where in (("ann", ("here", "now", "today")), ("ben", ("tonight", "inside", "again"))):
        harmless = [f"he has a {thing} {place}" for thing in ("cold", "job", "car") for place in where]
        danger = [f"he has a {thing} {place}" for thing in ("knife", "gun") for place in where]
        listed = {"harmless": json.dumps(harmless)[1:-1], "danger": json.dumps(danger)[1:-1]}
        (folder / f"{author}.toml").write_text(EXAMPLES.format(**listed))
    return tmp_path / "content"


def test_weights_are_written_and_the_check_is_content(integra: Any, edition: Path) -> None:
    stale = integra("check", "--content", str(edition))
    assert "run integra content learn-danger" in stale.out
    done = integra("content", "learn-danger", "--content", str(edition))
    assert done.code == 0
    assert "30 messages read" in done.out
    assert "learn-danger" not in integra("check", "--content", str(edition)).out
    asked = integra("ask", "today he has a gun", "--content", str(edition), "--json")
    assert json.loads(asked.out)["decision"] == "danger"


def test_json_tells_what_was_written(integra: Any, edition: Path) -> None:
    done = integra("content", "learn-danger", "--content", str(edition), "--json")
    fields = json.loads(done.out)
    assert fields["file"] == "en/danger_weights.toml"
    assert fields["messages"] == 30
    assert fields["weights"] > 10


def test_measuring_writes_nothing_and_tells_of_strangers(integra: Any, edition: Path) -> None:
    before = (edition / "en" / "danger_weights.toml").read_text()
    done = integra("content", "learn-danger", "--measure", "--content", str(edition), "--json")
    assert (edition / "en" / "danger_weights.toml").read_text() == before
    found = json.loads(done.out)
    assert {(one["file"], one["kind"], one["messages"]) for one in found} == {
        ("ann", "harmless", 9), ("ann", "weapon", 6), ("ben", "harmless", 9), ("ben", "weapon", 6),
    }  # fmt: skip
    assert all(one["both"] == 6 for one in found if one["kind"] == "weapon")
    shown = integra("content", "learn-danger", "--measure", "--only", "ben", "--content", str(edition)).out
    assert "ann" not in shown
    assert "100.0%" in shown


def test_mistakes_are_refused(integra: Any, edition: Path) -> None:
    assert integra("content", "learn-danger", "--only", "ann", "--content", str(edition)).code == 1
    unknown = integra("content", "learn-danger", "--measure", "--only", "eve", "--content", str(edition))
    assert unknown.code == 1
    assert "ann, ben" in unknown.err
    (edition / "en" / "danger_examples" / "ann.toml").write_text("harmless = [")
    broken = integra("content", "learn-danger", "--content", str(edition))
    assert broken.code == 1
    assert "integra check" in broken.err
    shutil.rmtree(edition / "en" / "danger_examples")
    none = integra("content", "learn-danger", "--content", str(edition))
    assert none.code == 1
    assert "no examples" in none.err
