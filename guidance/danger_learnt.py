"""The layer of the danger finder that was learnt from example messages: a weight for each thing seen in a message.

The weights are content as well: ``integra content learn-danger`` makes them from the writers' examples, the same on
every machine. Here is only what it takes to use them: sums of products, no dictionary of any kind, no network.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from guidance.danger_features import (
    APART_WEIGHT,
    GROUPS_APART,
    LETTERS,
    LETTERS_WEIGHT,
    LONGEST_PART,
    Sentence,
    WordGroups,
    features,
    parts,
)
from guidance.danger_meaning import Meaning

SCALE: Final = 100
"""Weights are kept as whole hundredths."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Scores from which something is done. A score is below 0 for what sounds harmless, and mostly from -2 to 2.

    Attributes:
        clear: from here on it is danger, and the step is the one for its kind.
        unsure: from here on it may be danger, and the step is ``unsure_step``.
        unheard: below this, not even a danger phrase counts: everything around it sounds harmless.
    """

    clear: float
    unsure: float
    unheard: float
    unsure_step: str


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What was learnt, in whole hundredths.

    Attributes:
        danger: feature to weight: above 0 it speaks for danger.
        kinds: kind to its features and weights: what tells it from the other kinds.
        digest: of what it was learnt from, see ``digest``.
    """

    danger: Mapping[str, int] = field(repr=False)
    kinds: Mapping[str, Mapping[str, int]] = field(repr=False)
    digest: str


@dataclass(frozen=True, slots=True)
class Heard:
    """How much a message sounds like danger, and what was seen in the part of it that does most."""

    score: float
    seen: Mapping[str, float] = field(repr=False)


ANY_KIND: Final = "violence"
"""Where nothing was learnt about kinds."""

BIAS: Final = "bias:"
"""A feature that every part of a message has. No word holds a colon."""


class Learnt:
    """What was learnt for one language. May be used from any thread."""

    def __init__(self, groups: WordGroups, bounds: Bounds, weights: Weights, language: str) -> None:
        self.bounds = bounds
        self._groups = groups
        self._weights = weights
        self._language = language

    @property
    def groups(self) -> WordGroups:
        return self._groups

    def heard(self, text: str, meaning: Meaning | None = None) -> Heard | None:
        """How the part of a message that sounds most like danger sounds; None where there is no word.

        Args:
            text: as typed; only the first 2,000 characters are read.
            meaning: has a share in the score, where there is one.
        """
        message = parts(text, self._groups, self._language)
        seen = [with_bias(part, self._groups) for part in message]
        scores = [_sum(one, self._weights.danger) for one in seen]
        if meaning is not None:
            scores = meaning.mixed(scores, message)
        return max(map(Heard, scores, seen), key=lambda heard: heard.score, default=None)

    def told(self) -> dict[str, object]:
        """What hearing goes by, for a reader that is no Python; see ``guidance.danger``. Nothing of kinds."""
        return {
            "of": {word: " ".join(names) for word, names in self._groups.of.items()},
            "only": " ".join(sorted(self._groups.only)),
            "never": " ".join(sorted(self._groups.never)),
            "weights": "\n".join(f"{name} {value}" for name, value in self._weights.danger.items()),
            "clear": self.bounds.clear,
            "unsure": self.bounds.unsure,
            "unheard": self.bounds.unheard,
            "scale": SCALE,
            "letters": list(LETTERS),
            "letters_weight": LETTERS_WEIGHT,
            "groups_apart": GROUPS_APART,
            "apart_weight": APART_WEIGHT,
            "longest_part": LONGEST_PART,
        }

    def kind(self, heard: Heard) -> str:
        """The kind of danger that it sounds like most; the first of equals."""
        kinds = self._weights.kinds
        return max(kinds, key=lambda kind: _sum(heard.seen, kinds[kind]), default=ANY_KIND)


def with_bias(part: tuple[Sentence, ...], groups: WordGroups) -> dict[str, float]:
    """The features of a part of a message, with the one that all have."""
    return {**features(part, groups), BIAS: 1.0}


def digest(groups_text: str, examples: Mapping[str, str]) -> str:
    """Tells what weights were learnt from.

    Args:
        groups_text: the text of ``danger_groups.toml``.
        examples: file name to text.
    """
    of = hashlib.sha256()
    for text in (groups_text, *(part for name in sorted(examples) for part in (name, examples[name]))):
        # Git may have put other line ends there; the lengths keep the texts apart.
        raw = text.replace("\r\n", "\n").encode()
        of.update(f"{len(raw)}:".encode() + raw)
    return of.hexdigest()[:16]


def _sum(seen: Mapping[str, float], weights: Mapping[str, int]) -> float:
    get = weights.get
    return sum(value * get(name, 0) for name, value in seen.items()) / SCALE
