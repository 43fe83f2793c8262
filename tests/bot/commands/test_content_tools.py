"""`integra content …` and `integra check --against`: coverage, pocket cards, and what a change does to questions."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.cards_pdf import Unprintable, draw
from bot.wiring import voices
from guidance import cards, library
from guidance.printable import NEAR, printable

CONTENT = voices()["en"].content
VERSION = "Version S05-3K7"


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    """A copy of the shipped content with one topic's answers, so that finders are built fast."""
    with library.place() as packaged:
        shutil.copytree(packaged, tmp_path / "content")
    folder = tmp_path / "content"
    (folder / "aims.toml").unlink()
    keep = folder / "en" / "answers" / "information_sharing.toml"
    for file in keep.parent.glob("*.toml"):
        if file != keep:
            file.unlink()
    keep.write_text(re.sub(r"^related = \[.*?\]", "related = []", keep.read_text(), flags=re.MULTILINE | re.DOTALL))
    return folder


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Writer", "-c", "user.email=writer@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(edition: Path) -> Path:
    """The edition, committed."""
    git(edition, "init", "--quiet")
    git(edition, "add", ".")
    git(edition, "commit", "--quiet", "--message", "first")
    return edition


def rewrite(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) >= 1
    file.write_text(text.replace(old, new))


# ---------------------------------------------------------------- coverage


def test_coverage_prints_every_aim_and_its_numbers_agree(integra: Any) -> None:
    done = integra("content", "coverage")
    fields = json.loads(integra("content", "coverage", "--json").out)
    assert done.code == 0
    assert "NOT SERVED" not in done.out
    assert all(one["title"] in done.out for one in fields["served"])
    assert f"{fields['answers']} answers, {fields['declines']} declines" in done.out


def test_coverage_of_an_edition_without_aims_counts_and_never_writes_the_page(integra: Any, edition: Path) -> None:
    fields = json.loads(integra("content", "coverage", "--json", "--content", edition).out)
    assert (fields["aims"], fields["served"]) == (0, [])
    refused = integra("content", "coverage", "--write", "--content", edition)
    assert (refused.code, "shipped English content" in refused.err) == (1, True)


def test_an_aim_that_is_not_served_fails(integra: Any, edition: Path) -> None:
    (edition / "aims.toml").write_text(
        '[[aim]]\nid = "A3"\nkind = "aim"\ntitle = "Mentors"\ntopics = ["staff_wellbeing"]\nsteps = ["S12"]\n'
    )
    done = integra("content", "coverage", "--content", edition)
    assert (done.code, "NOT SERVED" in done.out) == (1, True)


# ---------------------------------------------------------------- pocket cards


def test_a_card_is_printed_and_its_code_is_current(integra: Any, tmp_path: Path) -> None:
    done = integra("content", "print", "--step", "s05", "--out", tmp_path / "cards")
    code = done.out.split()[0]
    assert done.code == 0
    assert (tmp_path / "cards" / "S05.pdf").read_bytes().startswith(b"%PDF")
    told = integra("content", "card", code.lower())
    assert (told.code, told.out) == (0, f"up to date: {CONTENT.steps['S05'].title}\n")
    assert json.loads(integra("content", "card", code, "--json").out)["current"] is True


def test_a_topic_s_card_and_json(integra: Any, tmp_path: Path) -> None:
    (made,) = json.loads(integra("content", "print", "--topic", "crisis", "--out", tmp_path, "--json").out)
    assert (made["id"], made["about"], made["file"]) == ("CR", "crisis", str(tmp_path / "crisis.pdf"))


def test_all_cards_are_printed_on_two_sides_at_most_and_the_same_bytes_again(integra: Any, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        assert integra("content", "print", "--all", "--out", tmp_path / folder).code == 0
    made = sorted((tmp_path / "one").iterdir())
    assert {file.stem for file in made} == {*CONTENT.steps, *cards.topics(CONTENT)}
    for file in made:
        pdf = file.read_bytes()
        assert pdf == (tmp_path / "two" / file.name).read_bytes(), file.name
        assert 1 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 2, file.name


def test_all_empty_forms_are_printed_on_a_page_each_and_the_same_bytes_again(integra: Any, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        assert integra("content", "print", "--forms", "--out", tmp_path / folder).code == 0
    made = sorted((tmp_path / "one").iterdir())
    assert {file.stem for file in made} == {
        f"{one.id}-{step}" for one in CONTENT.handoffs.values() for step in one.steps
    }
    for file in made:
        pdf = file.read_bytes()
        assert pdf == (tmp_path / "two" / file.name).read_bytes(), file.name
        assert len(re.findall(rb"/Type /Page\b", pdf)) == 1, file.name


def test_the_code_of_a_printed_form_is_current_until_the_form_changes(integra: Any, edition: Path) -> None:
    made = json.loads(integra("content", "print", "--forms", "--out", edition.parent / "forms", "--json").out)
    form = next(one for one in made if one["about"] == "referral-note-S03")
    assert integra("content", "card", form["code"].lower()).out == "up to date: Referral note\n"
    assert json.loads(integra("content", "card", form["code"], "--json").out)["id"] == "F01"
    rewrite(edition / "en" / "handoffs" / "referral-note.toml", "What is not known", "What nobody knows")
    done = integra("content", "card", form["code"], "--content", edition)
    assert done.code == 1
    assert done.out.startswith("out of date: Referral note; the form of today is F01-")


def test_the_check_tells_of_a_form_that_is_more_than_a_page(integra: Any, edition: Path) -> None:
    form = edition / "en" / "handoffs" / "review-record.toml"
    more = "".join(f'    {{ label = "More {number}", lines = 8 }},\n' for number in range(6))
    form.write_text(form.read_text() + f'\n[[section]]\nheading = "More"\nblanks = [\n{more}]\n')
    done = integra("check", "--content", edition)
    assert done.code == 1
    assert "review-record / S15  is too long for one page" in done.out


def test_an_edition_without_forms_has_none_to_print(integra: Any, edition: Path) -> None:
    shutil.rmtree(edition / "en" / "handoffs")
    done = integra("content", "print", "--forms", "--out", edition.parent / "forms", "--content", edition)
    assert done.code == 1
    assert "en/handoffs" in done.err
    assert not (edition.parent / "forms").exists()


def test_a_card_out_of_date_is_told_and_fails(integra: Any, edition: Path) -> None:
    code = cards.step_card(CONTENT, "S05").code
    rewrite(edition / "en" / "steps" / "S05.toml", "Who needs it?", "Who needs to know it?")
    done = integra("content", "card", code, "--content", edition)
    assert done.code == 1
    assert done.out.startswith(f"out of date: {CONTENT.steps['S05'].title}")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("print", "--out", "x"), "--step S05"),
        (("print", "--all", "--step", "S05", "--out", "x"), "--step S05"),
        (("print", "--forms", "--all", "--out", "x"), "or --forms"),
        (("card", "F99-3K7"), "no card with this id"),
        (("print", "--step", "S99", "--out", "x"), "there is: S01"),
        (("print", "--topic", "weather", "--out", "x"), "information_sharing"),
        (("print", "--all", "--lang", "xx", "--out", "x"), "there is: en"),
        (("card", "nonsense"), "S05-3K7"),
        (("card", "S99-3K7"), "no card with this id"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_remedy(integra: Any, arguments: tuple[str, ...], says: str) -> None:
    done = integra("content", *arguments)
    assert (done.code, done.out) == (1, "")
    assert says in done.err


def test_no_sign_of_the_shipped_content_is_lost() -> None:
    for card in cards.every(CONTENT):
        lines = [line for part in card.parts for line in (part.heading, *part.lines)]
        assert printable("".join([card.title, card.danger, card.reviewed, *card.foot, *lines]))[1] == ""


def test_signs_come_out_as_themselves_or_as_the_nearest() -> None:
    text = "".join(NEAR) + "binôme, Malmö, café, Łódź, č, ½, \u00a0Ⅳ ﬁ"
    out, lost = printable(text)
    assert lost == ""
    out.encode("latin-1")
    assert printable("“Ça va?” – 3→4…") == ('"Ça va?" - 3->4...', "")


def test_a_sign_without_a_near_one_is_refused_by_name_and_never_dropped() -> None:
    assert printable("Ж a Ж ω") == (" a  ", "Жω")
    card = replace(cards.step_card(CONTENT, "S05"), title="Обмен")
    with pytest.raises(Unprintable, match="О б м е н"):
        draw(card, VERSION)


def test_a_card_that_does_not_fit_both_sides_is_refused() -> None:
    card = cards.step_card(CONTENT, "S05")
    long = replace(card, parts=tuple(cards.Part("More", ("word " * 400,)) for _ in range(8)))
    with pytest.raises(Unprintable, match="shorten"):
        draw(long, VERSION)


# ---------------------------------------------------------------- check --against


def test_nothing_changed_nothing_moves(integra: Any, repository: Path) -> None:
    done = integra("check", "--against", "HEAD", "--content", repository)
    assert done.code == 0
    assert re.fullmatch(
        r"\d+ questions asked: 0 lead elsewhere, 0 lead somewhere now, 0 lead nowhere now; .*\n", done.out
    )


def test_an_answer_that_is_taken_out_moves_its_questions(integra: Any, repository: Path, tmp_path: Path) -> None:
    answers = repository / "en" / "answers" / "information_sharing.toml"
    head, *parts = re.split(r"(?=^\[\[answer\]\])", answers.read_text(), flags=re.MULTILINE)
    gone = next(part for part in parts if '"share-without-consent"' in part or 'id = "' in part)
    id = re.findall(r'^id = "(.*)"', gone, re.MULTILINE)[0]
    answers.write_text(head + "".join(part for part in parts if part != gone))
    rewrite(repository / "en" / "steps" / "S05.toml", "Who needs it?", "Who needs to know it?")
    extra = tmp_path / "questions.toml"
    extra.write_text('[dev]\nin_scope = [["what is the capital of peru", "an-id"]]\nplain = ["is it going to rain"]\n')
    arguments = ("check", "--against", "HEAD", "--content", repository, "--questions", extra)
    done, found = integra(*arguments), json.loads(integra(*arguments, "--json").out)
    assert done.code == 0
    assert (found["gone"], found["new"], found["same_version"]) == ([id], [], ["S05"])
    assert found["moved"]
    assert {one["change"] for one in found["moved"]} <= {"moves", "appears", "vanishes"}
    assert any(one["before"]["ids"] == [id] for one in found["moved"])
    assert f"gone: {id}" in done.out
    assert f"({id})" in done.out
    assert "add 1 to version in en/guide.toml" in done.out
    phrasings = sum(len(one.asked_as) for one in CONTENT.declines.values())
    assert found["asked"] > phrasings + 2


def test_a_danger_phrase_that_is_lost_stands_first(integra: Any, repository: Path, tmp_path: Path) -> None:
    extra = tmp_path / "questions.toml"
    extra.write_text('danger = ["he said he wants to end it all tonight"]\n')
    danger = repository / "en" / "danger.toml"
    kept = danger.read_text().partition("[[danger]]")
    first = '\nkind = "attack"\nstep = "S14"\nphrases = ["place bomb zzz"]\n'
    danger.write_text(f"{kept[0]}[[danger]]{first}")
    (repository / "en" / "danger_weights.toml").unlink()  # what was learnt would hear it without the phrase
    done = integra("check", "--against", "HEAD", "--content", repository, "--questions", extra)
    assert any(line.startswith("DANGER") and "end it all tonight" in line for line in done.out.splitlines())


def test_the_repository_may_be_another_one(integra: Any, edition: Path, repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository, tmp_path / "whole" / "guidance" / "content", ignore=shutil.ignore_patterns(".git"))
    whole = tmp_path / "whole"
    git(whole, "init", "--quiet")
    git(whole, "add", ".")
    git(whole, "commit", "--quiet", "--message", "first")
    done = integra("check", "--against", "HEAD", "--repo", whole, "--content", edition)
    assert (done.code, " 0 lead elsewhere" in done.out) == (0, True)


def test_without_git_repository_or_revision_it_says_what_to_do(
    integra: Any, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "--quiet")
    git(tmp_path / "empty", "commit", "--quiet", "--allow-empty", "--message", "none")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    for arguments, says in (
        (("nonsense", "--content", repository), "no revision nonsense"),
        (("--all", "--content", repository), "no revision --all"),
        (("HEAD", "--repo", tmp_path / "bare"), "not in a git repository"),
        (("HEAD", "--repo", tmp_path / "missing"), "not a folder"),
        (("HEAD", "--repo", tmp_path / "empty"), "holds no content"),
    ):
        done = integra("check", f"--against={arguments[0]}", *arguments[1:])
        assert (done.code, done.out) == (1, ""), arguments
        assert says in done.err, arguments
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed" in integra("check", "--against", "HEAD", "--content", repository).err


def test_content_of_then_or_now_with_mistakes_is_not_compared(integra: Any, repository: Path) -> None:
    rewrite(repository / "en" / "guide.toml", "[shortcuts]", "[shortcuts")
    assert "the content of today" in integra("check", "--against", "HEAD", "--content", repository).err
    git(repository, "commit", "--quiet", "--all", "--message", "broken")
    git(repository, "checkout", "--quiet", "HEAD~1", "--", ".")
    assert "the content of HEAD" in integra("check", "--against", "HEAD", "--content", repository).err


def test_questions_and_repo_go_with_against_alone(integra: Any, tmp_path: Path) -> None:
    done = integra("check", "--repo", tmp_path)
    assert (done.code, "--against" in done.err) == (1, True)


# ---------------------------------------------------------------- an edition of one's own


def test_check_and_ask_use_the_folder_that_is_set(integra: Any, edition: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEGRA_CONTENT", str(edition))
    done = integra("check")
    assert (done.code, "16 steps" in done.out) == (0, True), done.out
    assert integra("ask", "do i need consent to share info").out.startswith("answer")


def test_check_tells_what_an_edition_lacks_for_the_program(integra: Any, edition: Path) -> None:
    ask = edition / "en" / "phrases" / "ask.ftl"
    rewrite(ask, "ask-thanks = You are welcome.", "ask-thanks = You are welcome, { $name }.")
    rewrite(ask, "ask-invite = ", "ask-other = ")
    rewrite(edition / "en" / "guide.toml", "danger_now", "danger_other")
    found = json.loads(integra("check", "--content", edition, "--json").out)
    items = {(one["item"], one["severity"]) for one in found}
    assert {("ask-thanks", "error"), ("ask-invite", "error"), ("shortcuts / danger_now", "error")} <= items


def test_a_folder_without_content_is_refused(integra: Any, tmp_path: Path) -> None:
    assert "holds no language" in integra("check", "--content", tmp_path).err
    assert integra("check", "--content", tmp_path / "missing").code == 2
