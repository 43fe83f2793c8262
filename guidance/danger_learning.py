"""Learns from example messages how danger sounds: weights for ``guidance.danger_learnt``.

A linear support vector machine with squared hinge loss, by dual coordinate descent (Hsieh and others, ICML 2008,
https://doi.org/10.1145/1390156.1390208). Only sums, products and square roots, in a fixed order: the same examples give
the same weights everywhere. Each example is read as written and, for half, with slips of a thumb.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from guidance.danger_features import WordGroups, parts
from guidance.danger_learnt import SCALE, Weights, with_bias
from guidance.danger_slips import slipped

ROUNDS: Final = 12
"""Times that all examples are gone through; later ones changed no figure."""

COST: Final = 1.0
SLIPPED_COUNTS: Final = 0.5
HARMLESS_COUNTS: Final = 2.0
"""Half of the examples are danger, and hardly any message is: so that bounds may stay where dangers are found."""

SEEN_IN_AT_LEAST: Final = 3
"""What stands in fewer examples says nothing about others."""

SMALLEST: Final = 10
"""Hundredths; smaller weights are left out of the file, a third of it; no figure changes by more than one message."""

KIND_FEATURES: Final = 250
"""Most telling features that are kept of a kind."""

UNSORTED: Final = "unsorted"
"""Where writers keep examples of danger whose kind does not matter."""


@dataclass(frozen=True, slots=True)
class Example:
    """A message, and what it is.

    Attributes:
        kind: of the danger, or ``unsorted``; None where there is none.
        counts: how much it counts; 1 is usual.
    """

    text: str = field(repr=False)
    kind: str | None
    counts: float = 1.0


def learn(examples: Sequence[Example], groups: WordGroups, language: str, digest: str) -> Weights:
    """Weights from examples; takes some ten seconds for some thousands.

    Args:
        digest: of what the examples were read from.
    """
    rows = [_seen(one.text, groups, language) for one in examples]
    counted = Counter(name for row in rows for name in row)
    known = {name for name, count in counted.items() if count >= SEEN_IN_AT_LEAST}
    slips = [_seen(slipped(one.text), groups, language) for one in examples]
    counts = [one.counts * (HARMLESS_COUNTS if one.kind is None else 1.0) for one in examples]
    danger = _weights(
        [{name: value for name, value in row.items() if name in known} for row in (*rows, *slips)],
        [one.kind is not None for one in examples] * 2,
        [*counts, *(count * SLIPPED_COUNTS for count in counts)],
    )
    kinds = {}
    sorted_ones = [
        (one.kind, {name: value for name, value in row.items() if name in known and _tells_kind(name)})
        for one, row in zip(examples, rows, strict=True)
        if one.kind not in (None, UNSORTED)
    ]
    for kind in dict.fromkeys(kind for kind, _ in sorted_ones if kind is not None):
        of_kind = _weights([row for _, row in sorted_ones], [one == kind for one, _ in sorted_ones], [1.0] * len(rows))
        telling = sorted(of_kind, key=lambda name: (-abs(of_kind[name]), name))[:KIND_FEATURES]
        kinds[kind] = {name: of_kind[name] for name in sorted(telling)}
    return Weights({name: danger[name] for name in sorted(danger) if abs(danger[name]) >= SMALLEST}, kinds, digest)


def _seen(text: str, groups: WordGroups, language: str) -> Mapping[str, float]:
    """Features of an example; of a long one only the first part, so examples are short."""
    found = parts(text, groups, language)
    return with_bias(found[0], groups) if found else {}


def _tells_kind(name: str) -> bool:
    return " " not in name.strip() and not name.startswith("~")


def _weights(rows: Sequence[Mapping[str, float]], yes: Sequence[bool], counts: Sequence[float]) -> dict[str, int]:
    number: dict[str, int] = {}
    for row in rows:
        for name in row:
            number.setdefault(name, len(number))
    weights = [0.0] * len(number)
    packed = [
        (tuple(number[name] for name in row), tuple(row.values()), 1.0 if is_yes else -1.0, 0.5 / (COST * count))
        for row, is_yes, count in zip(rows, yes, counts, strict=False)
    ]
    alphas = [0.0] * len(packed)
    squares = [sum(value * value for value in values) for _, values, _, _ in packed]
    for round_ in range(ROUNDS):
        for at in _order(len(packed), round_):
            numbers, values, sign, slack = packed[at]
            margin = sum([weights[one] * value for one, value in zip(numbers, values, strict=True)])
            alpha = alphas[at]
            gradient = sign * margin - 1.0 + slack * alpha
            if alpha == 0.0 and gradient >= 0.0:
                continue
            alphas[at] = max(0.0, alpha - gradient / (squares[at] + slack))
            step = (alphas[at] - alpha) * sign
            if step != 0.0:
                for one, value in zip(numbers, values, strict=True):
                    weights[one] += step * value
    return {name: round(SCALE * weights[one]) for name, one in number.items()}


def as_toml(weights: Weights) -> str:
    """The text of ``danger_weights.toml``."""
    head = "# Made by: integra content learn-danger. Not for editing: change the examples or groups, and learn again."
    kinds = "\n".join(f"{kind} = {_lines(of)}" for kind, of in weights.kinds.items())
    return f'{head}\n\ndigest = "{weights.digest}"\n\ndanger = {_lines(weights.danger)}\n\n[kinds]\n{kinds}\n'


def _lines(weights: Mapping[str, int]) -> str:
    return "\n".join(["'''", *(f"{name} {value}" for name, value in weights.items()), "'''"])


def _order(many: int, round_: int) -> Iterable[int]:
    """All numbers below ``many``, each round in another order, the same on every machine (a multiplicative hash)."""
    return sorted(range(many), key=lambda at: ((at + 1) * 2_654_435_761 * (2 * round_ + 1) % (1 << 32), at))
