"""What helps an installation to find answers, and that what was learnt is kept, of the content alone."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot import finding, wiring
from bot.finding import AS_SHIPPED, Finding
from guidance import encoder
from guidance.encoder import Encoder, Unavailable
from guidance.finder import Finder
from guidance.learnt import read, shipped
from guidance.library import load
from guidance.model import Content

CANARY = "canary-asked-by-somebody"


@pytest.fixture(scope="module")
def few() -> Content:
    """Ten answers of the shipped content: an encoder takes a second for them."""
    whole = load("en")
    return replace(whole, answers=dict(list(whole.answers.items())[:10]), declines={})


class Counting:
    """The real encoder, and what it was given."""

    def __init__(self, real: Encoder) -> None:
        self.name, self.languages, self.size, self._real = real.name, real.languages, real.size, real
        self.given: list[str] = []

    def encode(self, texts, early=0.0):
        self.given += texts
        return self._real.encode(texts)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    real = encoder.load("en")
    assert not isinstance(real, Unavailable), real
    made = Counting(real)
    monkeypatch.setattr(finding, "load", lambda _: made)
    return made


def test_with_the_encoder_a_second_start_encodes_only_what_is_asked(tmp_path: Path, few: Content, counting: Counting):
    first = Finding(tmp_path / "learnt", by_meaning=True).voice(few)
    assert len(counting.given) > 50
    counting.given.clear()
    again = Finding(tmp_path / "learnt", by_meaning=True).voice(few)
    assert counting.given == []
    question = "may i inform the cops about him"
    assert again.asking.finder.find(question)[0].id == first.asking.finder.find(question)[0].id
    assert np.allclose(
        again.asking.finder.find(question)[0].score, first.asking.finder.find(question)[0].score, atol=0.02
    )
    assert counting.given


def test_only_its_owner_reads_it_and_no_question_is_in_it(tmp_path: Path, few: Content, counting: Counting):
    voice = Finding(tmp_path / "learnt", by_meaning=True).voice(few)
    file = tmp_path / "learnt" / "en.npz"
    before = file.read_bytes()
    voice.asking.decide(CANARY)
    assert any("canary" in one for one in counting.given)
    assert file.read_bytes() == before
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [path.name for path in file.parent.iterdir()] == ["en.npz"]
    with file.open("rb") as opened:
        assert len(read(opened).vectors) == len(voice.asking.finder.learnt.vectors)


def test_it_is_learnt_anew_after_a_change_of_the_content(tmp_path: Path, few: Content, counting: Counting):
    kept = Finding(tmp_path / "learnt", by_meaning=True)
    before = kept.voice(few).asking.finder.learnt.digest
    fewer = replace(few, answers=dict(list(few.answers.items())[:9]))
    assert kept.voice(fewer).asking.finder.learnt.digest != before
    counting.given.clear()
    kept.voice(fewer)
    assert counting.given == []


@pytest.mark.parametrize("damage", [b"", b"canary", None])
def test_a_damaged_file_is_made_anew(tmp_path: Path, few: Content, damage: bytes | None):
    kept = Finding(tmp_path / "learnt")
    digest = kept.voice(few).asking.finder.learnt.digest
    file = tmp_path / "learnt" / "en.npz"
    file.write_bytes(file.read_bytes()[:1000] if damage is None else damage)
    assert kept.voice(few).asking.finder.learnt.digest == digest
    with file.open("rb") as opened:
        assert read(opened).digest == digest


def test_where_it_cannot_be_kept_it_works_all_the_same(tmp_path: Path, few: Content):
    (tmp_path / "learnt").write_text("a file where the folder should be")
    assert Finding(tmp_path / "learnt").voice(few).asking.finder.find("police")


def test_the_shipped_answers_are_not_learnt_and_not_kept_without_the_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delattr(Finder, "_learn")
    ships = shipped("en")
    assert ships is not None
    voice = Finding(tmp_path / "learnt").voice(load("en"))
    assert voice.asking.finder.learnt.digest == ships.digest
    assert not (tmp_path / "learnt").exists()


def test_the_encoder_is_left_alone_unless_wanted(few: Content, counting: Counting):
    AS_SHIPPED.voice(few)
    Finding(None, by_meaning=False).voice(few)
    assert counting.given == []


def test_without_the_extra_the_words_alone_decide(few: Content, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(finding, "load", lambda _: Unavailable("not installed"))
    assert Finding(None, by_meaning=True).voice(few).asking.finder.find("can i tell the police")


def test_an_edition_of_the_operators_own_is_kept_too(tmp_path: Path):
    root = tmp_path / "content"
    shutil.copytree(Path(load.__globals__["__file__"]).parent / "content", root)
    answers = next((root / "en" / "answers").glob("*.toml"))
    answers.write_text(answers.read_text("utf-8").replace('title = "', 'title = "On ', 1), "utf-8")
    wiring.voices(root, Finding(tmp_path / "learnt"))
    with (tmp_path / "learnt" / "en.npz").open("rb") as opened:
        learnt = read(opened)
    again = Finding(tmp_path / "learnt").voice(load("en", root))
    assert again.asking.finder.learnt.digest == learnt.digest
