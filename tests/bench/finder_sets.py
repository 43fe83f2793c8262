"""Public sets of questions, as their repositories keep them, for the finder's benchmark.

A folder with any of these, and nothing is downloaded:

    <set>/train_10, <set>/valid, <set>/test      seq.in and label, a line each (jianguoz/Few-Shot-Intent-Detection)
    <set>/oos/valid, <set>/oos/test              seq.in: out of the set's scope (CLINC150)
    <any>/train/<name>_train.csv, <any>/test/<name>_test.csv      sentence,label (hellohaptik/HINT3, v1);
                                                 NO_NODES_DETECTED is out of scope
    <any>/training_dataset.csv, test_dataset.csv utterance,intent, French (wikit-ai/nlu-french-benchmark)
    <any>/xSID-0.5/<language>.valid.conll, .test.conll            `# text = `, `# intent = ` (mainlp/xsid); ten of
                                                 `valid` an entry are the phrasings
"""

import csv
import random
from collections.abc import Iterator, Sequence
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


def other_languages(folder: Path) -> Iterator[tuple[str, str, list[Question], list[Question]]]:
    """Name, language, phrasings, questions; English first, to compare with."""
    for found in sorted(folder.rglob("training_dataset.csv")):
        yield "work in a pandemic", "fr", _utterances(found), _utterances(found.with_name("test_dataset.csv"))
    for language in ("en", "it", "nl"):
        for found in sorted(folder.rglob(f"xSID-0.5/{language}.valid.conll")):
            by_label: dict[frozenset[str], list[str]] = {}
            for text, right in _conll(found):
                by_label.setdefault(right, []).append(text)
            phrasings = [(text, right) for right, texts in by_label.items() for text in texts[:10]]
            questions = _conll(found.with_name(f"{language}.test.conll"))
            yield "xSID", language, phrasings, [one for one in questions if one[1] in by_label]


def _utterances(file: Path) -> list[Question]:
    rows = csv.DictReader(file.read_text("utf-8").splitlines())
    return [(row["utterance"].strip(), frozenset((row["intent"],))) for row in rows]


def _conll(file: Path) -> list[Question]:
    told = [line[1:].split("=", 1) for line in file.read_text("utf-8").splitlines() if line.startswith("#")]
    texts, labels = ([one[1].strip() for one in told if one[0].strip() == key] for key in ("text", "intent"))
    return [(text, frozenset((label,))) for text, label in zip(texts, labels, strict=True)]


def built(phrasings: Sequence[Question], encoder: Encoder | None = None, language: str = "en") -> Finder:
    by_label: dict[str, list[str]] = {}
    for text, labels in phrasings:
        for label in labels:
            by_label.setdefault(label, []).append(text)
    entries = (Entry(label, "", tuple(texts), language=language) for label, texts in sorted(by_label.items()))
    return Finder(entries, encoder=encoder)


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
