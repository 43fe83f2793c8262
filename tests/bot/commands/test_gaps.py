"""`integra content gaps` and `draft`: what enough different people asked, and nothing else."""

import json
import secrets
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_site import Site
from storage_site import add_agency

from bot import wiring
from bot.clock import system_clock
from bot.trial import AGENCY, Trial
from bot.wiring import voices
from guidance import library
from storage import gaps

pytestmark = pytest.mark.one_engine
Integra = Callable[..., Any]
ASKED = ("zzyqx kwqzv vromblq on release", "who gives zzyqx kwqzv", "zzyqx kwqzv at weekends for Trundlebert")
HIDDEN = "quuvle wobnart florpian"


def ask(site: Site, question: str, people: int, *, slug: str = AGENCY, why: Any = "refused", days: int = 0) -> None:
    def turn(tx: Any) -> None:
        ref, rarity = tx.keyring.agency_ref(slug), voices()["en"].rarity
        for _ in range(people):
            gaps.keep(tx, ref, secrets.token_bytes(16), language="en", question=question, why=why, rarity=rarity,
                      people=3, at=system_clock() - timedelta(days=days))  # fmt: skip

    site.within(turn)


@pytest.fixture
def data(trial: Trial) -> tuple[str, object]:
    """Eight people ask one thing, in three wordings; two ask another."""
    site = Site(trial)
    ask(site, ASKED[0], 4)
    ask(site, ASKED[1], 3)
    ask(site, ASKED[2], 1, days=3)
    ask(site, HIDDEN, 2)
    site.close()
    return "--data", trial.installation.folder


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    """A copy of the shipped content, as writers have one."""
    with library.place() as packaged:
        shutil.copytree(packaged, tmp_path / "content")
    return tmp_path / "content"


def themes(integra: Integra, *arguments: object) -> list[dict[str, Any]]:
    done = integra("content", "gaps", "--json", *arguments)
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = json.loads(done.out)["themes"]
    return found


def test_what_several_people_asked_is_shown_by_its_most_typical_question(
    integra: Integra, data: tuple[str, object]
) -> None:
    (theme,) = themes(integra, *data)
    assert (theme["agency"], theme["language"], theme["times"], theme["state"]) == (AGENCY, "en", 8, "open")
    assert theme["why"] == {"refused": 8}
    assert theme["last"] == system_clock().date().isoformat()
    assert theme["question"] == theme["phrasings"][0]
    assert {"zzyqx kwqzv … on release", "who gives zzyqx kwqzv"} <= {*theme["phrasings"]}
    assert len(theme["phrasings"]) == 3
    table = integra("content", "gaps", *data).out
    assert "no answer" in table
    assert theme["question"] in table
    assert "2 more questions were asked by fewer than 3 people" in table


def test_below_the_threshold_nothing_is_shown_but_how_many(integra: Integra, data: tuple[str, object]) -> None:
    for arguments in (("--json",), ()):
        out = integra("content", "gaps", *arguments, *data).out
        for word in HIDDEN.split():
            assert word not in out
    assert json.loads(integra("content", "gaps", "--json", *data).out)["fewer"] == 2


def test_the_threshold_is_a_setting(
    integra: Integra, data: tuple[str, object], monkeypatch: pytest.MonkeyPatch, trial: Trial
) -> None:
    site = Site(trial)
    ask(site, HIDDEN, 2)
    site.close()
    monkeypatch.setenv("INTEGRA_QUESTION_PEOPLE", "2")
    assert len(themes(integra, *data)) == 2
    for wrong in ("1", "11", "x"):
        monkeypatch.setenv("INTEGRA_QUESTION_PEOPLE", wrong)
        assert integra("content", "gaps", *data).code == 1


def test_a_name_that_one_question_holds_is_left_out(integra: Integra, data: tuple[str, object]) -> None:
    assert "Trundlebert" not in integra("content", "gaps", "--json", *data).out


def test_by_language_and_by_agency(integra: Integra, data: tuple[str, object], trial: Trial) -> None:
    assert len(themes(integra, "--language", "en", *data)) == 1
    refused = integra("content", "gaps", "--language", "xx", *data)
    assert (refused.code, "there is no content in xx" in refused.err) == (1, True)
    site = Site(trial)
    site.within(add_agency)
    ask(site, ASKED[0], 8, slug="southgate")
    site.close()
    assert [one["agency"] for one in themes(integra, "--agency", "southgate", *data)] == ["southgate"]
    assert len(themes(integra, *data)) == 2, "those of two agencies are not thrown together"
    assert integra("content", "gaps", "--agency", "nobody", *data).code == 1


def test_what_did_not_help_says_so(integra: Integra, data: tuple[str, object], trial: Trial) -> None:
    site = Site(trial)
    ask(site, "what is consent", 8, why="not-helpful")
    site.close()
    states = {one["question"]: one["state"] for one in themes(integra, *data)}
    assert states["what is consent"] == "not-helpful"


def test_with_nothing_asked_it_says_so(integra: Integra, trial: Trial) -> None:
    done = integra("content", "gaps", "--data", trial.installation.folder)
    assert (done.code, done.out) == (0, "0 questions were asked by fewer than 3 people; not shown\n")


def test_looking_is_an_entry_in_the_audit_log(integra: Integra, data: tuple[str, object]) -> None:
    integra("content", "gaps", *data)
    listed = json.loads(integra("audit", "list", "--json", *data).out)
    assert "questions.listed" in [one["action"] for one in listed]


# ---------------------------------------------------------------- drafts


def test_a_draft_is_written_where_writers_work_and_shown_to_nobody(
    integra: Integra, data: tuple[str, object], edition: Path
) -> None:
    (theme,) = themes(integra, *data)
    done = integra("content", "draft", theme["id"], "--content", edition, "--json", *data)
    assert done.code == 0, done.err
    told = json.loads(done.out)
    text = (edition / told["file"]).read_text()
    assert "draft = true" in text
    assert theme["question"] in text
    assert "Trundlebert" not in text
    assert library.load("en", edition).answers.keys() == library.load("en").answers.keys()
    checked = integra("check", "--content", edition)
    assert (checked.code, "is a draft" in checked.out) == (0, True)
    (again,) = themes(integra, "--content", edition, *data)
    assert again["state"] == "drafted"
    twice = integra("content", "draft", theme["id"], "--content", edition, *data)
    assert (twice.code, "already" in twice.err) == (1, True)


def test_a_finished_draft_answers_and_the_theme_says_so(
    integra: Integra, data: tuple[str, object], edition: Path
) -> None:
    (theme,) = themes(integra, *data)
    told = json.loads(integra("content", "draft", theme["id"], "--content", edition, "--json", *data).out)
    file = edition / told["file"]
    text = file.read_text().replace(f'draft = true\ntheme = "{theme["id"]}"\n', "")
    text = text.replace('owner = ""\n# reviewed', 'owner = "Content editor"\nreviewed')
    text = text.replace('short = ""\nmore = ""\nfacts = []', 'short = "Ask your coordinator."\nfacts = ["PH-def"]')
    more = '"zzyqx kwqzv please", "where is my zzyqx", "vromblq and kwqzv for me", "kwqzv vromblq zzyqx",\n]\nshort'
    file.write_text(text.replace("]\nshort", more, 1))
    assert integra("check", "--content", edition).code == 0
    wiring._voices.cache_clear()  # every command is a process of its own
    (after,) = themes(integra, "--content", edition, *data)
    assert (after["state"], after["answers"][0]) == ("answered", told["id"])


def test_there_is_no_draft_of_what_is_not_shown(integra: Integra, data: tuple[str, object], edition: Path) -> None:
    for theme in ("", "0", "ffffffff", "../../etc", "not-hex"):
        assert integra("content", "draft", theme, "--content", edition, *data).code == 1, theme


def test_there_is_no_draft_of_what_too_few_asked(
    integra: Integra, data: tuple[str, object], edition: Path, trial: Trial
) -> None:
    site = Site(trial)
    refs = site.within(
        lambda tx: [one.ref.hex() for one in gaps.of_agency(tx, tx.keyring.agency_ref(AGENCY)) if not one.enough]
    )
    site.close()
    (hidden,) = refs
    refused = integra("content", "draft", hidden[:8], "--content", edition, *data)
    assert (refused.code, "no such theme" in refused.err) == (1, True)


def test_without_a_folder_of_ones_own_nothing_is_written(integra: Integra, data: tuple[str, object]) -> None:
    (theme,) = themes(integra, *data)
    refused = integra("content", "draft", theme["id"], *data)
    assert (refused.code, "--content FOLDER" in refused.err) == (1, True)
