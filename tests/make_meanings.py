"""Writes guidance/meanings/en.npy anew from the package wordllama. Run by hand, never by the assistant or a test.

    pip install numpy wordllama==0.4.0.post1      # in an environment of its own
    python tests/make_meanings.py                 # from the project's folder

A row for each word of guidance/words/en.txt, in its order: wordllama's direction of the word, the weighted mean of all
taken off, the 64 strongest of its 256 dimensions kept (principal components), each row stretched to -127 ... 127.
"""

import sys
from pathlib import Path

import numpy as np
import wordllama

ROOT = Path(__file__).parents[1]
WIDTH = 64
COMMONNESS = 1e-3
"""As guidance.meaning weighs."""


def directions(words: list[str]) -> np.ndarray:
    package = Path(wordllama.__file__).parent
    loaded = wordllama.WordLlama.load(cache_dir=package, disable_download=True)
    rows = loaded.embed(words, norm=False).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    weight = COMMONNESS / (COMMONNESS + 0.1 / (np.arange(len(words)) + 3))
    rows -= (rows * weight[:, None]).sum(0) / weight.sum()
    _, strongest, axes = np.linalg.svd(rows, full_matrices=False)
    assert strongest[WIDTH - 1] > strongest[WIDTH]
    rows = rows @ axes[:WIDTH].T
    return np.round(rows / np.abs(rows).max(1, keepdims=True) * 127).astype(np.int8)


if __name__ == "__main__":
    file = ROOT / "guidance" / "words" / "en.txt"
    words = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
    np.save(ROOT / "guidance" / "meanings" / "en.npy", directions(words))
    print(f"{len(words)} words", file=sys.stderr)
