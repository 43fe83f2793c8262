"""The four package names are ours alone, and what is not Python travels with them."""

import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = ("bot", "dialogues", "guidance", "storage")


def test_no_other_distribution_owns_one_of_our_names() -> None:
    """`guidance` is also the import name of another package; the two in one environment overwrite each other."""
    for distribution in metadata.distributions():
        if distribution.metadata["Name"] == "integra-assistant":
            continue
        tops = {str(file).partition("/")[0] for file in distribution.files or ()}
        assert not tops & set(OURS), distribution.metadata["Name"]


def test_the_wheel_holds_content_and_migrations_and_the_command_runs_from_it(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(ROOT)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "guidance/content/en/guide.toml",
        "guidance/content/en/steps/S16.toml",
        "guidance/content/en/phrases/note.ftl",
        "storage/migrations/env.py",
        "storage/sealing/passphrase_words.txt",
    ):
        assert needed in names
    assert any(name.startswith("storage/migrations/versions/0001") for name in names)
    assert not any(name.startswith("tests/") for name in names)
    unpacked = tmp_path / "unpacked"
    zipfile.ZipFile(wheel).extractall(unpacked)
    asked = subprocess.run(
        [sys.executable, "-c", "import sys; from bot.cli import main; sys.exit(main(['ask', 'what is a red flag']))"],
        cwd=unpacked,
        env={"PYTHONPATH": str(unpacked), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr[-500:]
    assert asked.stdout.startswith("answer")


def test_no_registry_host_and_no_machine_path_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    hosts = ("files." + "pythonhosted", "pypi.org/" + "simple", "registry." + "npmjs")
    banned = (*hosts, "/work" + "/main", "/root" + "/")
    for name in listed:
        path = ROOT / name
        if path.is_file() and path.suffix not in (".png",):
            text = path.read_text(errors="replace")
            assert not any(word in text for word in banned), name
