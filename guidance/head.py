"""Learns from phrasings which entry a question belongs to, beside what it is like.

Multinomial logistic regression on similarities: of phrasing p the entry e has the weight ``weights[p, e]``, and a
question that is like p by k speaks for e by ``k * weights[p, e]``. Ridge penalty; Nesterov's accelerated gradient.

Source: kernel logistic regression, Hastie et al., "The Elements of Statistical Learning", 12.3.3; Nesterov (1983).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Tried on the valid splits of CLINC150, BANKING77 and HWU64: thirty steps of this width reach within 0.1 points what a
# hundred careful ones do. With few entries the slope bends more sharply, and steps must be shorter and more.
STRENGTH: Final = 30.0
STEPS: Final = 30
CURVATURE: Final = 0.1
SHARPEST: Final = 0.5
"""What bounds it for any number of entries (Böhning, 1992)."""

ENTRIES: Final = 40
"""From so many on ``CURVATURE`` is enough."""


def learn(alike: Floats, owners: NDArray[np.intp], entries: int) -> Floats:
    """
    Args:
        alike: shape ``(phrasings, phrasings)``, symmetric, 1 where equal.
        owners: shape ``(phrasings,)``, the entry of each.
        entries: how many there are.

    Returns:
        Weights, shape ``(phrasings, entries)``. ``phrasings**2 * entries`` multiplications at least ``STEPS`` times.
    """
    many = len(owners)
    target = np.zeros((many, entries), np.float32)
    target[np.arange(many), owners] = 1
    curvature = min(SHARPEST, CURVATURE * max(1.0, ENTRIES / entries))
    width = np.float32(1 / (1 + STRENGTH * _largest(alike) * curvature))
    weights: Floats = np.zeros_like(target)
    ahead: Floats = weights
    pace = 1.0
    for _ in range(round(STEPS * curvature / CURVATURE)):
        slope = ahead - np.float32(STRENGTH) * (target - shares(alike @ ahead))
        step: Floats = (ahead - width * slope).astype(np.float32, copy=False)
        faster = (1 + (1 + 4 * pace * pace) ** 0.5) / 2
        ahead = (step + np.float32((pace - 1) / faster) * (step - weights)).astype(np.float32, copy=False)
        weights = step
        pace = faster
    return weights


def shares(scores: Floats) -> Floats:
    """Probabilities from scores, along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    divided: Floats = (raised / raised.sum(axis=-1, keepdims=True)).astype(np.float32, copy=False)
    return divided


def _largest(alike: Floats) -> float:
    """The largest eigenvalue, by the power method from a vector without negative parts, as all parts of ``alike`` are
    near or above zero."""
    vector = np.ones(len(alike), np.float32)
    value = 1.0
    for _ in range(20):
        vector = alike @ vector
        value = float(np.sqrt(vector @ vector))
        vector /= np.float32(value or 1.0)
    return value
