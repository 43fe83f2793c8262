"""The scan for canaries finds what is planted: a scan that finds nothing proves nothing else."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from canaries import files_with, found_in, spellings

WORDS = ["Zażółćquartz", "كناريquartz", "🦓quartz", "Zebrafinch"]


@pytest.mark.parametrize("word", WORDS)
def test_every_spelling_is_found_wherever_it_stands(word: str) -> None:
    for shift in range(4):
        for one in spellings(word):
            assert found_in(b"x" * shift + one + b"y", WORDS) == [word]


def test_files_and_packed_files_are_looked_through(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("Zebrafinch")
    (tmp_path / "packed.gz").write_bytes(gzip.compress(b"... Zebrafinch ..."))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inner", "Zebrafinch")
    (tmp_path / "packed.zip").write_bytes(file.getvalue())
    (tmp_path / "nothing").write_text("sparrow")

    assert sorted(files_with(tmp_path, WORDS)) == ["packed.gz", "packed.zip", "plain"]
