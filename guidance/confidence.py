"""How likely it is that the first hit, or one of the first three, is what was meant: a probability, from a few signs.

Scores are no probabilities: how high a good one is depends on how many entries there are and how alike they are. A
logistic model over signs that do not depend on it was fitted to questions that are nobody's phrasings, once for each
language there were questions in. The files of ``guidance/calibrated`` say from what and when, and hold the thresholds.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, TypeAlias

SIGNS: Final = ("learnt", "spread", "whole", "nearest", "share", "heard", "length", "size")
"""In this order: what was learnt says for the first hit; the same of all entries together (logarithm of the sum of
exponentials); how alike the first hit is as a whole, and its nearest phrasing; its share among all; how much of the
question it knows; the logarithms of the number of words and of the number of entries, see ``size``: the more there are,
the less the same share or sum says."""

FEWEST: Final = 20
MOST: Final = 320
"""Entries between which the models were fitted; what has fewer or more is taken for the nearer of the two."""

FALLBACK: Final = "any"

How: TypeAlias = Literal["learnt", "plain", "encoded"]


def size(entries: int) -> float:
    """The logarithm of the number of entries, within what was tried."""
    return math.log(min(MOST, max(FEWEST, entries)))


@dataclass(frozen=True, slots=True)
class Model:
    """
    Attributes:
        bias, weights: of the logistic model; a weight for each of ``SIGNS``.
    """

    bias: float
    weights: tuple[float, ...]

    def of(self, signs: tuple[float, ...]) -> float:
        """The probability, 0 to 1."""
        value = self.bias + sum(weight * sign for weight, sign in zip(self.weights, signs, strict=True))
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


@dataclass(frozen=True, slots=True)
class Confidence:
    """
    Attributes:
        first: that the first hit is right.
        three: that one of the first three is.
        answer_from: ``first`` from which it is answered.
        offer_from: ``three`` from which it is offered; below, nothing fits.
    """

    first: Model
    three: Model
    answer_from: float
    offer_from: float


@cache
def confidence(questions: str, language: str, how: How) -> Confidence:
    """What was fitted to some questions; else to those in the language; else what holds for any.

    Args:
        questions: whose, ``guidance`` for those the shipped answers are asked; may be empty.
        how: ``learnt`` where the finder learnt what tells its entries apart; ``plain`` where it did not, and two signs
            are always 0; ``encoded`` where it learnt with an encoder, which only a language with a file of its own has.
    """
    folder = resources.files("guidance") / "calibrated"
    names = (f"{questions}-{language}", language, FALLBACK)
    read = next(
        tomllib.loads(file.read_text("utf-8"))
        for file in (folder / f"{name}.toml" for name in names if name.replace("-", "").isalpha())
        if file.is_file()
    )
    part = read[how]
    return Confidence(_model(part["first"]), _model(part["three"]), part["answer_from"], part["offer_from"])


def _model(values: Mapping[str, Any]) -> Model:
    return Model(values["bias"], tuple(values[sign] for sign in SIGNS))
