"""Public sets of questions, as their repositories keep them, for the finder's benchmark.

A folder with any of these, and nothing is downloaded:

    <set>/train_10, <set>/valid, <set>/test      seq.in and label, a line each (jianguoz/Few-Shot-Intent-Detection)
    <set>/oos/valid, <set>/oos/test              seq.in: out of the set's scope (CLINC150)
    <any>/train/<name>_train.csv, <any>/test/<name>_test.csv      sentence,label (hellohaptik/HINT3, v1);
                                                 NO_NODES_DETECTED is out of scope
"""

import csv
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from guidance.encoder import Encoder
from guidance.finder import Entry, Finder
from guidance.keyboards import beside, one_slip

Question = tuple[str, frozenset[str]]
"""A text, and every id that is right; none where nothing is."""

FEW_SHOT: Final = ("CLINC150", "BANKING77", "HWU64")
NOWHERE: Final = "NO_NODES_DETECTED"


def few_shot(folder: Path, name: str, split: str) -> list[Question]:
    found = next(folder.rglob(f"{name}/{split}/seq.in"))
    lines = zip(
        found.read_text("utf-8").splitlines(), (found.parent / "label").read_text("utf-8").splitlines(), strict=True
    )
    return [(text.strip(), frozenset((label.strip(),))) for text, label in lines if text.strip()]


def out_of_scope(folder: Path, name: str, split: str) -> list[Question]:
    found = next(folder.rglob(f"{name}/oos/{split}/seq.in"))
    return [(text.strip(), frozenset()) for text in found.read_text("utf-8").splitlines() if text.strip()]


def wild(folder: Path, split: str) -> dict[str, list[Question]]:
    """By name; the smaller training sets ("subset") are left out."""
    return {
        file.name.removesuffix(f"_{split}.csv"): [
            (row["sentence"], frozenset((row["label"],)) - {NOWHERE})
            for row in csv.DictReader(file.read_text("utf-8").splitlines())
        ]
        for file in sorted(folder.rglob(f"v1/{split}/*_{split}.csv"))
        if "subset" not in file.name
    }


def built(phrasings: Sequence[Question], encoder: Encoder | None = None) -> Finder:
    by_label: dict[str, list[str]] = {}
    for text, labels in phrasings:
        for label in labels:
            by_label.setdefault(label, []).append(text)
    return Finder((Entry(label, "", tuple(texts)) for label, texts in sorted(by_label.items())), encoder=encoder)


def slipped(questions: Sequence[Question], seed: int = 1) -> list[Question]:
    """One slip of a thumb in one or two words of each."""
    dice = random.Random(seed)
    return [(_slipped(text, dice), right) for text, right in questions]


def _slipped(text: str, dice: random.Random) -> str:
    words = text.split()
    long = [place for place, word in enumerate(words) if len(word) >= 4] or list(range(len(words)))
    for place in dice.sample(long, min(len(long), dice.choice((1, 2)))):
        words[place] = _slip(words[place], dice)
    return " ".join(words)


def _slip(word: str, dice: random.Random) -> str:
    at = dice.randrange(len(word))
    kind = dice.random()
    near = beside(word[at].lower()) or "e"
    if kind < 0.4:
        return one_slip(word, at, "beside", dice.choice(near))
    if kind < 0.6:
        return one_slip(word, at, "left out")
    if kind < 0.8 and len(word) > 1:
        return one_slip(word, min(at, len(word) - 2), "swapped")
    return one_slip(word, at, "added", dice.choice(near))
