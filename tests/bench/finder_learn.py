"""Fits how sure the finder may be, to questions that are nobody's phrasings, and writes guidance/calibrated.

    python tests/bench/finder_learn.py SETS

SETS is a folder as tests/bench/finder_sets.py reads it. Only valid splits, HINT3's training questions (each third asked
of the other two thirds) and the "dev" parts of tests/questions are looked at, never what is kept for reporting.
``en`` is fitted with the table of English word meanings, ``any`` to the same questions as a language without one, and
``guidance-en`` to those in tests/questions alone, with strangers from the other sets.
"""

import random
import sys
import tomllib
from collections.abc import Iterator, Sequence
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
OWN_STRANGERS: Final = "own, strangers"

RIDGE: Final = 5.0
"""How strongly weights are held small."""

OUTSIDE: Final = 10.0
"""How much a group's questions out of scope count, to one for its right ones ..."""

OUTSIDE_ALONE: Final = 3.0
"""... where one group is fitted alone ..."""

WRONG: Final = 0.05
"""... and those in scope that it gets wrong: what is out of scope is what must be told apart best ..."""

WRONG_ALONE: Final = 0.25
"""... where one group is fitted alone."""

ASKED_OF_IT: Final = {"CLINC150": 12.0}
"""How much the one public set counts whose questions out of scope were asked of it: strangers from other sets, as the
others have them, are easily told."""

STRANGERS_ALONE: Final = 140
"""As many questions of other sets does a group meet that is fitted alone."""

WITH_ENCODER: Final = 2
"""Each so manieth question only: an encoder takes ten times as long."""

LEAST: Final = 60
MOST_WRONG: Final = 0.025
MOST_WRONG_ENCODED: Final = 0.015
MOST_OUTSIDE: Final = 0.03
LOST: Final = 0.05
"""Of what is right among three, as much may be taken for out of scope."""

MOST_WRONG_ALONE: Final = 0.015
MOST_OUTSIDE_ALONE: Final = 0.015
LOST_ALONE: Final = 0.04
"""The same where one group is fitted alone: phrasings were written with its questions in view, so that what strangers
ask goes wrong more often."""

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
    own = Asking(load("en"), encoder).finder
    seen += asked(OWN, own, own_questions())
    others = sets.out_of_scope(folder, "CLINC150", "train") + sets.out_of_scope(folder, "CLINC150", "valid")
    others += [(text, frozenset[str]()) for name in sets.FEW_SHOT for text, _ in sets.few_shot(folder, name, "valid")]
    seen += asked(OWN_STRANGERS, own, random.Random(ORDER).sample(others, STRANGERS_ALONE))
    return seen


def own_questions() -> list[sets.Question]:
    older = tomllib.loads((QUESTIONS / "answers_en.toml").read_text("utf-8"))
    fresh = tomllib.loads((QUESTIONS / "fresh_en.toml").read_text("utf-8"))["dev"]
    twins = tomllib.loads((QUESTIONS / "twins_en.toml").read_text("utf-8"))["dev"]["pairs"]
    declines = frozenset(load("en").declines)
    inside = [(text, frozenset(right)) for text, *right in (*older["in_scope"][0::2], *fresh["in_scope"])]
    inside += [(text, frozenset(right)) for pair in twins for text, *right in pair]
    outside = [(text, frozenset[str]()) for text in older["out_of_scope"][0::2]]
    outside += [(text, declines if "decline" in marks else frozenset()) for text, *marks in fresh["out_of_scope"]]
    return [*inside, *sets.slipped(inside), *outside]


def fitted(signs: Matrix, right: NDArray[np.bool_], counts: Matrix, ridge: float = 1.0) -> Matrix:
    """Logistic regression by Newton's method; bias first."""
    middle, spread = signs.mean(0), signs.std(0)
    spread[spread < 1e-6] = np.inf  # the same everywhere: it says nothing
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


def model(seen: Sequence[Seen], right: NDArray[np.bool_], alone: bool) -> Matrix:
    """What tells right from wrong best, weighed towards what is out of scope; then made a probability again."""
    signs = np.array([one.signs for one in seen])
    outside, wrong = (OUTSIDE_ALONE, WRONG_ALONE) if alone else (OUTSIDE, WRONG)
    sizes = {group: sum(one.group == group for one in seen) for group in {one.group for one in seen}}
    even = np.array([1000 / sizes[one.group] for one in seen])
    counts = even * [
        ASKED_OF_IT.get(one.group, 1.0) * (outside if one.outside else 1.0 if yes else wrong)
        for one, yes in zip(seen, right, strict=True)
    ]
    weights = fitted(signs, right, counts, RIDGE)
    line = weights[0] + signs @ weights[1:]
    bias, slope = fitted(line[:, None], right, even)
    return np.array([bias + slope * weights[0], *(slope * weights[1:])])


def threshold(seen: Sequence[Seen], likely: Matrix, most_wrong: float, most_outside: float) -> float:
    """The lowest, in hundredths, from which few are answered wrongly or from out of scope: means over groups."""
    for hundredths in range(LEAST, 100):
        answered = likely >= hundredths / 100
        wrong = [bad for outside, bad in _shares(seen, answered & [not one.first for one in seen]) if not outside]
        strange = [bad for outside, bad in _shares(seen, answered) if outside]
        if np.mean(wrong) <= most_wrong and np.mean(strange) <= most_outside:
            return hundredths / 100
    return 1.0


def offer_threshold(seen: Sequence[Seen], likely: Matrix, lost: float) -> float:
    """The highest, in hundredths, that takes little of what is right among three for out of scope."""
    right = [one.three for one in seen]
    there = np.mean([share for outside, share in _shares(seen, np.array(right)) if not outside])
    for hundredths in range(99, 0, -1):
        kept = [share for outside, share in _shares(seen, (likely >= hundredths / 100) & right) if not outside]
        if np.mean(kept) >= there - lost:
            return hundredths / 100
    return 0.01


def _shares(seen: Sequence[Seen], chosen: NDArray[np.bool_]) -> Iterator[tuple[bool, float]]:
    """Whether out of scope, and which share of it is chosen, for each group."""
    for group, outside in dict.fromkeys((one.group, one.outside) for one in seen):
        mine = np.array([one.group == group and one.outside == outside for one in seen])
        yield outside, float(chosen[mine].mean())


def table(name: str, seen: Sequence[Seen], alone: bool) -> str:
    first = model(seen, np.array([one.first for one in seen]), alone)
    three = model(seen, np.array([one.three for one in seen]), alone)
    signs = np.array([one.signs for one in seen])
    is_first, among_three = (1 / (1 + np.exp(-(weights[0] + signs @ weights[1:]))) for weights in (first, three))
    most_wrong, most_outside, lost = (
        (MOST_WRONG_ALONE, MOST_OUTSIDE_ALONE, LOST_ALONE)
        if alone
        else (MOST_WRONG_ENCODED if name == "encoded" else MOST_WRONG, MOST_OUTSIDE, LOST)
    )
    answer_from = threshold(seen, is_first, most_wrong, most_outside)
    offer_from = offer_threshold(seen, among_three, lost)
    lines = [f"[{name}]", f"answer_from = {answer_from}", f"offer_from = {offer_from}"]
    for part, weights in (("first", first), ("three", three)):
        lines += [f"[{name}.{part}]", f"bias = {weights[0]:.3f}"]
        lines += [f"{sign} = {weight:.3f}" for sign, weight in zip(SIGNS, weights[1:], strict=True)]
    return "\n".join(lines)


def written(name: str, seen: dict[str, list[Seen]], alone: bool = False) -> None:
    one = next(iter(seen.values()))
    every = tuple(dict.fromkeys(it.group for it in one))
    groups = "; ".join(f"{group}: {sum(it.group == group for it in one)}" for group in every)
    (OUT / f"{name}.toml").write_text(
        "# How sure the finder may be: made by tests/bench/finder_learn.py, not to be edited by hand.\n"
        f'from = "questions that are nobody\'s phrasings. {groups}"\n'
        f'on = "{date.today().isoformat()}"\n\n'
        + "\n\n".join(table(how, rows, alone) for how, rows in seen.items())
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
        shared = {how: [one for one in rows if one.group != OWN_STRANGERS] for how, rows in seen.items()}
        written(language, shared)
        if language == "en":
            own = {how: [one for one in rows if one.group in (OWN, OWN_STRANGERS)] for how, rows in seen.items()}
            written(f"guidance-{language}", own, alone=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
