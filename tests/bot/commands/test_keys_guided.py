"""The dialogues of `integra keys`, really driven over a terminal by somebody who reads what stands there."""

import json
import re
import shutil
import stat
from pathlib import Path

import pytest
from terminal import Terminal

from bot.cli import main
from bot.commands import guided
from storage.sealing import keyfile
from storage.sealing.passphrase import word_list

OWN = "a lamp beside the harbour wall"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "words").write_text(OWN + "\n")
    (tmp_path / "words").chmod(0o600)
    return tmp_path


def run(*arguments: object) -> None:
    assert main([str(one) for one in arguments]) == 0


def made(folder: Path, role: str, name: str) -> Path:
    path = folder / f"{name}.key"
    words = () if role == "case-system" else ("--passphrase-file", folder / "words")
    run("keys", "make", "--role", role, "--label", name, "--out", path, *words)
    return path


def agency(folder: Path) -> Path:
    data = folder / "data"
    run("init", "--data", data)
    run("agency", "add", "north", "--name", "North", "--data", data)
    return data


def desk_of_two(folder: Path) -> Path:
    data = agency(folder)
    for role, name in (("admin", "admin"), ("recovery", "recovery"), ("coordinator", "ann"), ("coordinator", "ben")):
        made(folder, role, name)
    keys = [part for name in ("recovery", "ann") for part in ("--key", folder / f"{name}.key.pub")]
    admin = ("--admin-key", folder / "admin.key", "--passphrase-file", folder / "words")
    run("keys", "add-recipient", "--agency", "north", *keys, *admin, "--yes", "--data", data)
    return data


def listed(data: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    run("keys", "list", "--agency", "north", "--data", data, "--json")
    return sorted(one["label"] for one in json.loads(capsys.readouterr().out)["recipients"])


def words_of(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    run("keys", "show", folder / name, "--json")
    return " ".join(json.loads(capsys.readouterr().out)["words"])


def test_a_key_is_made_by_answering_and_its_words_are_drawn_shown_once_and_typed_back(folder: Path) -> None:
    with Terminal("keys", "make", cwd=folder) as terminal:
        terminal.answers("What is the key for?", "coordinator")
        terminal.answers("What do people call it", "Duty desk north")
        terminal.answers("Where does the private key go [coordinator.key]", "")
        terminal.answers("Shall I draw a passphrase", "")
        terminal.sees("on paper")
        shown = terminal.sees("Press Enter")
        terminal.types()
        terminal.answers("type the six words", "not these words at all")
        terminal.answers("That was not the same", "")
        terminal.answers("type the six words", " ".join(shown.split()[-6:]))
        terminal.sees("Compare aloud:")
        terminal.sees("read the eight words aloud")
        assert terminal.ends() == 0
    words = shown.split()[-6:]
    assert set(words) <= set(word_list())
    assert stat.S_IMODE((folder / "coordinator.key").stat().st_mode) == 0o600
    read = keyfile.read(folder / "coordinator.key", passphrase=" ".join(words))
    assert (read.role, read.label) == ("coordinator", "Duty desk north")
    assert sorted(path.name for path in folder.iterdir()) == ["coordinator.key", "coordinator.key.pub", "words"]


def test_a_weak_passphrase_of_ones_own_makes_nothing(folder: Path) -> None:
    with Terminal("keys", "make", "--role", "admin", "--out", "admin.key", cwd=folder) as terminal:
        terminal.answers("Shall I draw a passphrase", "n")
        terminal.answers("New passphrase:", "aaaaaaaaaaaaaaaa")
        terminal.sees("different signs. Once more.")
        terminal.answers("New passphrase:", "short")
        terminal.sees("at least 12 characters. Once more.")
        terminal.answers("New passphrase:", OWN)
        terminal.answers("Again:", OWN + "s")
        terminal.sees("The two were not the same. Once more.")
        terminal.sees("no passphrase came about; nothing was made")
        assert terminal.ends() == 1
    assert [path.name for path in folder.iterdir()] == ["words"]


def test_answers_that_cannot_be_are_asked_again(folder: Path) -> None:
    (folder / "taken.key").write_text("here already")
    with Terminal("keys", "make", cwd=folder) as terminal:
        terminal.answers("Number:", "9")
        terminal.answers("That is none of these.", "4")
        terminal.answers("What do people call it", "x" * 81)
        terminal.answers("A name is 1 to 80", "")
        terminal.answers("Where does the private key go", "nowhere/case.key")
        terminal.answers("There is no folder nowhere", "taken.key")
        terminal.answers("is there already", "case.key")
        terminal.sees("Compare aloud:")
        assert terminal.ends() == 0
    assert (folder / "taken.key").read_text() == "here already"
    assert keyfile.read(folder / "case.key").role == "case-system"


@pytest.mark.parametrize(
    "stop_at", ["What is the key for?", "Where does the private key go", "Press Enter", "six words:"]
)
def test_t37_whoever_stops_in_the_middle_of_making_a_key_leaves_nothing(folder: Path, stop_at: str) -> None:
    answers = {
        "What is the key for?": "1",
        "What do people call it": "",
        "Where does the private key go": "",
        "Shall I draw": "y",
        "Press Enter": "",
        "six words:": "",
    }
    with Terminal("keys", "make", cwd=folder) as terminal:
        for question, answer in answers.items():
            terminal.sees(question)
            if question == stop_at:
                terminal.interrupts()
                break
            terminal.types(answer)
        assert terminal.ends() == 1
        assert "Stopped." in terminal.seen
        assert "Traceback" not in terminal.seen
    assert [path.name for path in folder.iterdir()] == ["words"]


def test_a_coordinator_is_added_only_after_the_words_were_compared(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = desk_of_two(folder)
    words = words_of(folder, "ben.key.pub", capsys)
    for answer, code, stands in (("n", 1, ["ann", "recovery"]), ("y", 0, ["ann", "ben", "recovery"])):
        with Terminal("keys", "add-recipient", "--data", data, cwd=folder) as terminal:
            terminal.answers("Which agency", "north")
            terminal.answers("Public key file", "ben.key.pub")
            terminal.answers("Another one?", "n")
            terminal.answers("admin's private key", "admin.key")
            terminal.sees(words)
            terminal.sees("let THEM read")
            terminal.answers("Are all eight the same", answer)
            if answer == "y":
                terminal.answers("Passphrase of", OWN)
                terminal.sees("version 2 with 3 keys")
                terminal.sees("integra keys rewrap")
            assert terminal.ends() == code
        assert listed(data, capsys) == stands


def test_whoever_stops_before_the_admin_signed_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = desk_of_two(folder)
    pinned = (data / "desks" / "north.json").read_bytes()
    options = ("--agency", "north", "--key", "ben.key.pub", "--admin-key", "admin.key", "--data", data)
    with Terminal("keys", "add-recipient", *options, cwd=folder) as terminal:
        terminal.answers("Are all eight the same", "y")
        terminal.sees("Passphrase of admin.key:")
        terminal.interrupts()
        assert terminal.ends() == 1
        assert "Traceback" not in terminal.seen
    assert listed(data, capsys) == ["ann", "recovery"]
    assert (data / "desks" / "north.json").read_bytes() == pinned


def test_a_key_is_rotated_and_one_revoked_by_choosing_from_the_list(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = desk_of_two(folder)
    ben = words_of(folder, "ben.key.pub", capsys)
    with Terminal("keys", "rotate", "--agency", "north", "--data", data, cwd=folder) as terminal:
        terminal.sees("Which key goes?")
        number = re.findall(r"(\d)\) [0-9a-f]{8}  coordinator ann", terminal.sees("Number"))
        terminal.types(number[0])
        terminal.answers("FILE.pub of the new key", "ben.key.pub")
        terminal.answers("admin's private key", "admin.key")
        terminal.sees(ben)
        terminal.answers("Are all eight the same", "y")
        terminal.answers("Passphrase of", OWN)
        terminal.sees("version 2 with 2 keys")
        terminal.sees("may have kept it")
        terminal.sees("integra keys rewrap --agency north")
        assert terminal.ends() == 0
    assert listed(data, capsys) == ["ben", "recovery"]
    with Terminal("keys", "revoke", "--agency", "north", "--data", data, cwd=folder) as terminal:
        terminal.sees("Which key is taken off?")
        number = re.findall(r"(\d)\) [0-9a-f]{8}  coordinator ben", terminal.sees("Number"))
        terminal.types(number[0])
        terminal.sees("leave nobody who reads the notes. First add another coordinator")
        assert terminal.ends() == 1
    assert listed(data, capsys) == ["ben", "recovery"]


def test_a_recovery_key_goes_onto_paper_and_comes_back_typed_from_two_sheets_with_slips(folder: Path) -> None:
    key = made(folder, "recovery", "recovery")
    seed = keyfile.read(key, passphrase=OWN).key.seed()
    with Terminal("keys", "split", cwd=folder) as terminal:
        terminal.answers("private recovery key [recovery.key]", "")
        terminal.answers("Folder for the three sheets [sheets]", "")
        terminal.answers("Passphrase of", OWN)
        terminal.sees("Try two of them now")
        assert terminal.ends() == 0
    sheets = {
        number: [line[4:] for line in (folder / "sheets" / f"share-{number}.txt").read_text().splitlines() if
                 re.match(r"\d\d: ", line)]
        for number in (1, 2, 3)
    }  # fmt: skip
    shutil.rmtree(folder / "sheets")
    key.unlink()
    key.with_name("recovery.key.pub").unlink()
    with Terminal("keys", "combine", cwd=folder) as terminal:
        terminal.sees("The first sheet")
        for number, line in enumerate(sheets[3], start=1):
            if number == 4:
                terminal.answers("04", line[:-1] + ("0" if line[-1] != "0" else "1"))
                terminal.sees("Line 4 has a slip in it")
            terminal.answers(f"{number:02}", line.lower().replace(" ", ""))
        terminal.sees("That is share 3 of 3")
        terminal.sees("The second sheet")
        for number, line in enumerate(sheets[3], start=1):
            terminal.answers(f"{number:02}", line)
        terminal.sees("That is share 3 twice")
        for number, line in enumerate(sheets[1], start=1):
            terminal.answers(f"{number:02}", line)
        terminal.sees("That is share 1 of 3")
        (folder / "taken.key.pub").write_text("here already")
        terminal.answers("Where does the key go [recovery.key]", "taken.key")
        terminal.answers("taken.key.pub is there already", "back.key")
        terminal.answers("Shall I draw", "n")
        terminal.answers("New passphrase:", OWN)
        terminal.answers("Again:", OWN)
        terminal.sees("Private key: back.key")
        assert terminal.ends() == 0
    assert keyfile.read(folder / "back.key", passphrase=OWN).key.seed() == seed


def test_ctrl_c_between_two_questions_is_a_stop_like_any_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(guided, "at_terminal", interrupted)
    assert main(["keys", "make"]) == 1
    assert capsys.readouterr().err.strip() == "Stopped."
