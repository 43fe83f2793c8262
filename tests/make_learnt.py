"""Writes guidance/learnt/<language>.npz anew: what the finder of the shipped answers learns from their phrasings.

    python tests/make_learnt.py       # from the project's folder, after phrasings have changed

An older file does no harm: what it was made of is compared, and a start takes some seconds longer. A test says so.
"""

import sys
from pathlib import Path

from guidance import library
from guidance.asking import Asking

FOLDER = Path(library.__file__).parent / "learnt"

if __name__ == "__main__":
    for language in library.languages():
        found = Asking(library.load(language)).finder.learnt
        with (FOLDER / f"{language}.npz").open("wb") as file:
            found.write(file)
        print(f"{language}: {found.weights.shape[0]} phrasings, {found.weights.shape[1]} entries", file=sys.stderr)
