"""Writes folders of vectors, and ``index.json``: how many files of which verdict there are.

    python -m vectors.folder [--anew]       (in tests/, with the project's folder on the path)

A file that is there stays as it is, for HPKE rolls dice of its own and a new run would write other bytes that mean the
same; ``--anew`` writes all of them again. Files that no case stands for any more are removed.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
INDEX = HERE / "index.json"


def write(folder: Path, cases: Mapping[str, Mapping[str, Any]], *, anew: bool) -> Counter[str]:
    """
    Args:
        cases: fields of a file by its name without ``.json``.

    Returns:
        How many there are of each ``expect``.
    """
    folder.mkdir(exist_ok=True)
    for stale in set(folder.glob("*.json")) - {folder / f"{name}.json" for name in cases}:
        stale.unlink()
    for name, fields in cases.items():
        path = folder / f"{name}.json"
        if anew or not path.exists():
            path.write_text(json.dumps(fields, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return Counter(str(fields["expect"]) for fields in cases.values())


def main() -> None:
    from vectors import desk_manifests, key_files, sealed_notes

    counted = {}
    for module in (sealed_notes, desk_manifests, key_files):
        fields = {case.name: case.fields() for case in module.cases()}
        counted[module.FOLDER.name] = write(module.FOLDER, fields, anew="--anew" in sys.argv)
    INDEX.write_text(json.dumps(counted, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
