"""Fits how sure the finder may be, to questions that are nobody's phrasings, and writes guidance/calibrated.

    python tests/bench/finder_learn.py SETS

SETS is a folder as tests/bench/finder_sets.py reads it. Only valid splits, HINT3's training questions (each third asked
of the other two thirds) and the "dev" parts of tests/questions are looked at, never what is kept for reporting.
``en`` is fitted with the table of English word meanings, ``any`` to the same questions as a language without one, and
``guidance-en`` has the thresholds for those in tests/questions alone.
"""

import random
import sys
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import finder_sets as sets
import numpy as np
from numpy.typing import NDArray

from guidance import encoder as encoders
from guidance import finder as finding
from guidance.asking import Asking
from guidance.confidence import SIGNS
from guidance.encoder import Encoder
from guidance.finder import Finder
from guidance.library import load

QUESTIONS: Final = Path(__file__).parents[1] / "questions"
OUT: Final = Path(finding.__file__).parent / "calibrated"
PARTS: Final = 3
ORDER: Final = 3
OWN: Final = "own"

OUTSIDE: Final = 10.0
"""How much a group's questions out of scope count, to one for its right ones ..."""

WRONG: Final = 0.25
"""... and those in scope that it gets wrong: what is out of scope is what must be told apart best."""

WITH_ENCODER: Final = 4
"""Each so manieth question only: an encoder takes ten times as long."""

LEAST: Final = 60
MOST_WRONG: Final = 0.05
MOST_OUTSIDE: Final = 0.06
OFFER_FROM: Final = 0.30

Matrix = NDArray[np.float64]


@dataclass
class Seen:
    group: str
    outside: bool
    signs: tuple[float, ...]
    first: bool
    three: bool


def asked(group: str, finder: Finder, questions: Sequence[sets.Question], every: int = 1) -> Iterator[Seen]:
    for text, right in questions[::every]:
        signs = finder.signs(text)
        if signs is not None:
            found = [hit.id for hit in finder.find(text)]
            yield Seen(group, not right, signs, found[0] in right, bool(right & set(found)))


def all_seen(folder: Path, encoder: Encoder | None = None) -> list[Seen]:
    every = 1 if encoder is None else WITH_ENCODER
    seen: list[Seen] = []
    strangers = [(text, frozenset[str]()) for text, _ in sets.few_shot(folder, "CLINC150", "valid")[::15]]
    for name in sets.FEW_SHOT:
        finder = sets.built(sets.few_shot(folder, name, "train_10"), encoder)
        valid = sets.few_shot(folder, name, "valid")
        outside = strangers
        if name == "CLINC150":
            outside = sets.out_of_scope(folder, name, "valid") + sets.out_of_scope(folder, name, "train")
        seen += asked(name, finder, [*valid, *sets.slipped(valid)], every)
        seen += asked(name, finder, outside)
    for name, questions in sets.wild(folder, "train").items():
        random.Random(ORDER).shuffle(questions)
        for part in range(PARTS):
            kept = [one for place, one in enumerate(questions) if place % PARTS != part]
            seen += asked(name, sets.built(kept, encoder), questions[part::PARTS], every)
    seen += asked(OWN, Asking(load("en"), encoder).finder, own_questions())
    return seen


def own_questions() -> list[sets.Question]:
    older = tomllib.loads((QUESTIONS / "answers_en.toml").read_text("utf-8"))
    fresh = tomllib.loads((QUESTIONS / "fresh_en.toml").read_text("utf-8"))["dev"]
    declines = frozenset(load("en").declines)
    inside = [(text, frozenset(right)) for text, *right in (*older["in_scope"][0::2], *fresh["in_scope"])]
    outside = [(text, frozenset[str]()) for text in older["out_of_scope"][0::2]]
    outside += [(text, declines if "decline" in marks else frozenset()) for text, *marks in fresh["out_of_scope"]]
    return [*inside, *sets.slipped(inside), *outside]


def fitted(signs: Matrix, right: NDArray[np.bool_], counts: Matrix, ridge: float = 1.0) -> Matrix:
    """Logistic regression by Newton's method; bias first."""
    middle, spread = signs.mean(0), signs.std(0) + 1e-9
    design = np.hstack([np.ones((len(signs), 1)), (signs - middle) / spread])
    penalty = np.diag([0.0, *[ridge] * signs.shape[1]])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (counts * (likely - right)) + penalty @ weights
        bend = (design * (counts * likely * (1 - likely))[:, None]).T @ design + penalty
        weights -= np.linalg.solve(bend, slope)
    plain = weights[1:] / spread
    return np.array([weights[0] - plain @ middle, *plain])


def model(seen: Sequence[Seen], right: NDArray[np.bool_]) -> Matrix:
    """What tells right from wrong best, weighed towards what is out of scope; then made a probability again."""
    signs = np.array([one.signs for one in seen])
    sizes = {group: sum(one.group == group for one in seen) for group in {one.group for one in seen}}
    even = np.array([1000 / sizes[one.group] for one in seen])
    counts = even * [OUTSIDE if one.outside else 1.0 if yes else WRONG for one, yes in zip(seen, right, strict=True)]
    weights = fitted(signs, right, counts)
    line = weights[0] + signs @ weights[1:]
    bias, slope = fitted(line[:, None], right, even)
    return np.array([bias + slope * weights[0], *(slope * weights[1:])])


def threshold(seen: Sequence[Seen], likely: Matrix, groups: Collection[str]) -> float:
    """The lowest, in hundredths, from which in each group few are answered wrongly or from out of scope."""
    for hundredths in range(LEAST, 100):
        fine = True
        for group in groups:
            mine = [(one, p) for one, p in zip(seen, likely, strict=True) if one.group == group]
            for outside, most in ((False, MOST_WRONG), (True, MOST_OUTSIDE)):
                of = [(one, p) for one, p in mine if one.outside == outside]
                bad = sum(p >= hundredths / 100 and not one.first for one, p in of)
                fine = fine and bad <= most * len(of)
        if fine:
            return hundredths / 100
    return 1.0


def table(name: str, seen: Sequence[Seen], groups: Collection[str]) -> str:
    """The models of all groups, and the threshold that is right for some of them."""
    first = model(seen, np.array([one.first for one in seen]))
    three = model(seen, np.array([one.three for one in seen]))
    signs = np.array([one.signs for one in seen])
    likely = 1 / (1 + np.exp(-(first[0] + signs @ first[1:])))
    lines = [f"[{name}]", f"answer_from = {threshold(seen, likely, groups)}", f"offer_from = {OFFER_FROM}"]
    for part, weights in (("first", first), ("three", three)):
        lines += [f"[{name}.{part}]", f"bias = {weights[0]:.3f}"]
        lines += [f"{sign} = {weight:.3f}" for sign, weight in zip(SIGNS, weights[1:], strict=True)]
    return "\n".join(lines)


def written(name: str, seen: dict[str, list[Seen]], decisive: Collection[str] = ()) -> None:
    one = next(iter(seen.values()))
    every = tuple(dict.fromkeys(it.group for it in one))
    groups = ", ".join(f"{group} {sum(it.group == group for it in one)}" for group in every)
    (OUT / f"{name}.toml").write_text(
        "# How sure the finder may be: made by tests/bench/finder_learn.py, not to be edited by hand.\n"
        f'from = "questions that are nobody\'s phrasings: {groups}"\n'
        f'on = "{date.today().isoformat()}"\n'
        f'thresholds = "for {", ".join(decisive or every)}"\n\n'
        + "\n\n".join(table(how, rows, decisive or every) for how, rows in seen.items())
        + "\n",
        "utf-8",
    )
    print(f"{name}: {groups}", flush=True)


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    at_most, tables = finding.LEARNT_AT_MOST, finding.meanings
    for language in ("en", "any"):
        if language == "any":
            finding.meanings = lambda _: tables("none")
        seen = {"learnt": all_seen(folder)}
        finding.LEARNT_AT_MOST = -1
        seen["plain"] = all_seen(folder)
        finding.LEARNT_AT_MOST = at_most
        encoder = encoders.load(language)
        if not isinstance(encoder, encoders.Unavailable):
            seen["encoded"] = all_seen(folder, encoder)
        written(language, seen)
        if language == "en":
            written(f"guidance-{language}", seen, (OWN,))
    return 0


if __name__ == "__main__":
    sys.exit(main())
