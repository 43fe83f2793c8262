"""Writes guidance/learnt/danger-<language>.npz anew: what danger means, from the shipped examples, with the encoder.

    python tests/make_danger_meaning.py       # from the project's folder, after examples have changed; some minutes

Two small networks, each example read as written and, for half, with slips of a thumb; Adam (Kingma and Ba, 2015,
https://arxiv.org/abs/1412.6980) on the logistic loss. Other builds of numpy may give other last digits.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guidance import encoder, library
from guidance.danger_features import WordGroups, parts
from guidance.danger_learning import SLIPPED_COUNTS, Example
from guidance.danger_meaning import HIDDEN, Network, as_read
from guidance.danger_slips import slipped
from guidance.encoder import Encoder

Floats = NDArray[np.float32]

FOLDER = Path(library.__file__).parent / "learnt"
NETS = 2
ROUNDS = 25
BATCH = 200
STEP = 0.002
DECAY = 0.03
STRETCH = 10.0
"""Vectors of length 1 have numbers too small for Adam's steps."""


def vectors(texts: Sequence[str], by: Encoder, groups: WordGroups, language: str) -> Floats:
    """Of the first part of each; a text without a word is the encoder's nothing."""
    read = [as_read(found[0], groups) if (found := parts(text, groups, language)) else "" for text in texts]
    return np.concatenate([by.encode(read[start : start + 64]) for start in range(0, len(read), 64)])


def fit(seen: Floats, danger: NDArray[np.bool_], counts: Floats, *, encoder: str, digest: str) -> Network:
    """
    Args:
        seen: shape ``(messages, size)``.
        danger: shape ``(messages,)``; so is ``counts``, how much each counts.
    """
    nets = [_fit(seen * STRETCH, danger.astype(np.float32), counts / counts.mean(), seed) for seed in range(NETS)]
    inner, inner_bias, outer, outer_bias = (np.stack(of).astype(np.float32) for of in zip(*nets, strict=True))
    return Network(encoder, digest, inner * np.float32(STRETCH), inner_bias, outer, outer_bias)


def _fit(seen: Floats, wanted: Floats, counts: Floats, seed: int) -> list[Floats]:
    chance = np.random.default_rng(seed)
    size = seen.shape[1]
    bounds = (6 / (size + HIDDEN)) ** 0.5, (6 / (HIDDEN + 1)) ** 0.5
    held = [
        chance.uniform(-bounds[0], bounds[0], (size, HIDDEN)).astype(np.float32),
        np.zeros(HIDDEN, np.float32),
        chance.uniform(-bounds[1], bounds[1], HIDDEN).astype(np.float32),
        np.zeros((), np.float32),
    ]
    first, second = [np.zeros_like(one) for one in held], [np.zeros_like(one) for one in held]
    steps = 0
    for _ in range(ROUNDS):
        order = chance.permutation(len(seen))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            x, count = seen[rows], counts[rows]
            hidden = np.maximum(x @ held[0] + held[1], 0)
            off = count * (1 / (1 + np.exp(-(hidden @ held[2] + held[3]))) - wanted[rows]) / len(rows)
            back = np.outer(off, held[2]) * (hidden > 0)
            share = DECAY / len(rows)
            slopes = [x.T @ back + share * held[0], back.sum(0), hidden.T @ off + share * held[2], off.sum()]
            steps += 1
            for at, slope in enumerate(slopes):
                first[at] = 0.9 * first[at] + 0.1 * slope
                second[at] = 0.999 * second[at] + 0.001 * slope * slope
                way = first[at] / (1 - 0.9**steps) / (np.sqrt(second[at] / (1 - 0.999**steps)) + 1e-8)
                held[at] = (held[at] - STEP * way).astype(np.float32)
    return held


def learnt(examples: Sequence[Example], by: Encoder, groups: WordGroups, language: str, digest: str) -> Network:
    """
    Args:
        digest: of what the examples were read from.
    """
    texts = [one.text for one in examples]
    seen = vectors([*texts, *map(slipped, texts)], by, groups, language)
    danger = np.array([one.kind is not None for one in examples] * 2)
    counts = np.array(
        [*(one.counts for one in examples), *(one.counts * SLIPPED_COUNTS for one in examples)], np.float32
    )
    return fit(seen, danger, counts, encoder=by.name, digest=digest)


if __name__ == "__main__":
    for code in library.languages():
        examples, _ = library.danger_examples(library.packaged(code)[0], code)
        found = encoder.load(code)
        if examples is None or isinstance(found, encoder.Unavailable):
            print(f"{code}: no examples, or no encoder", file=sys.stderr)
            continue
        every = [one for name in sorted(examples.sets) for one in examples.sets[name]]
        network = learnt(every, found, examples.groups, code, examples.digest)
        with (FOLDER / f"danger-{code}.npz").open("wb") as file:
            network.write(file)
        print(f"{code}: {len(every)} messages, {network.encoder}", file=sys.stderr)
