"""What danger means, for whoever has the sentence encoder: a small network over what it makes of a message.

Words alone miss how strangers put things ("he says we will not see him on monday"); a sentence encoder hears more of
that, and tells more questions from reports. It is asked where the words alone leave it open, and has a share in the
score. It reads a message as the rest of the layer does: words of faith, origin, dress and lawful opinion are not in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import IO, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from guidance.danger_features import Sentence, WordGroups
from guidance.encoder import Encoder

Floats = NDArray[np.float32]

SHARE: Final = 0.3
"""Of the score; the words have the rest. Chosen on authors g, h, n and o (docs/decisions/0013)."""

LIFT: Final = 0.15
"""Added to the mixed score, so that the bounds chosen for the words alone fit it."""

OPEN_FROM: Final = -1.2
OPEN_TO: Final = 0.4
"""Scores of the words between which the meaning is asked: above they are clear, below there is hardly a danger (none of
761), and asking costs 10 ms."""

LOG_ODDS: Final = 4.0
"""Log-odds that count as one, so that both scores have about the same spread."""

AT_MOST: Final = 3
KEPT: Final = 64

HIDDEN: Final = 128
MOST: Final = 127


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Rectified units between the encoder's numbers and log-odds of danger.

    Attributes:
        encoder: name of the one it was learnt with.
        digest: of the examples it was learnt from.
        inner: shape ``(nets, size, HIDDEN)``; ``inner_bias``: ``(nets, HIDDEN)``.
        outer: shape ``(nets, HIDDEN)``; ``outer_bias``: ``(nets,)``. What the nets say is averaged.
    """

    encoder: str
    digest: str
    inner: Floats
    inner_bias: Floats
    outer: Floats
    outer_bias: Floats

    def log_odds(self, vectors: Floats) -> Floats:
        """
        Args:
            vectors: shape ``(messages, size)``, each of length 1.

        Returns:
            Shape ``(messages,)``, natural logarithm; above 0 it is rather danger than not.
        """
        said: Floats = np.zeros(len(vectors), np.float32)
        for inner, inner_bias, outer, bias in zip(
            self.inner, self.inner_bias, self.outer, self.outer_bias, strict=True
        ):
            said = said + np.maximum(vectors @ inner + inner_bias, 0) @ outer + bias
        return (said / len(self.outer)).astype(np.float32)

    def write(self, file: IO[bytes]) -> None:
        """Eight bits a number of the inner layer, stretched by unit."""
        stretch = np.abs(self.inner).max(1, keepdims=True) / MOST
        np.savez_compressed(
            file,
            encoder=np.frombuffer(self.encoder.encode(), np.uint8),
            digest=np.frombuffer(self.digest.encode(), np.uint8),
            inner=np.round(self.inner / np.maximum(stretch, 1e-12)).astype(np.int8),
            stretch=stretch,
            inner_bias=self.inner_bias,
            outer=self.outer,
            outer_bias=self.outer_bias,
        )


def read(file: IO[bytes]) -> Network:
    """
    Raises:
        ValueError, KeyError, OSError, BadZipFile: it is no such file, or a damaged one.
    """
    with np.load(file, allow_pickle=False) as arrays:
        return Network(
            arrays["encoder"].tobytes().decode(),
            arrays["digest"].tobytes().decode(),
            arrays["inner"].astype(np.float32) * arrays["stretch"],
            arrays["inner_bias"],
            arrays["outer"],
            arrays["outer_bias"],
        )


class Meaning:
    """May be used from any thread. Keeps scores of the last messages, as one is asked about several times; no words."""

    def __init__(self, encoder: Encoder, network: Network, groups: WordGroups) -> None:
        self._encoder = encoder
        self._network = network
        self._groups = groups
        self._kept: dict[int, float] = {}

    def mixed(self, scores: Sequence[float], message: Sequence[Sequence[Sentence]]) -> list[float]:
        """The scores of the parts of a message by their words, with what they mean where that may change something.

        Only the ``AT_MOST`` highest are asked about, so that the time it takes has a bound.
        """
        left_open = [at for at, score in enumerate(scores) if OPEN_FROM <= score <= OPEN_TO]
        mixed = list(scores)
        for at in sorted(left_open, key=lambda at: -scores[at])[:AT_MOST]:
            mixed[at] = (1 - SHARE) * scores[at] + SHARE * self._meant(as_read(message[at], self._groups)) + LIFT
        return mixed

    def _meant(self, text: str) -> float:
        key = hash(text)  # keyed by the interpreter, 64 bits
        if (before := self._kept.get(key)) is not None:
            return before
        meant = float(self._network.log_odds(self._encoder.encode([text]))[0]) / LOG_ODDS
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[key] = meant
        return meant


def as_read(part: Sequence[Sentence], groups: WordGroups) -> str:
    """What the encoder reads of a part: a word that is seen only as its group is the group's name."""
    return " ".join(
        " ".join(groups.of[word][0] if word in groups.only else word for word in sentence.words)
        + ("?" if sentence.asks else ".")
        for sentence in part
    )


def shipped(language: str, encoder: Encoder, groups: WordGroups) -> Meaning | None:
    """For what ships in a language; None where there is nothing, or it was learnt with another encoder."""
    file = resources.files("guidance") / "learnt" / f"danger-{language}.npz"
    if not (language.isalpha() and file.is_file()):
        return None
    try:
        with file.open("rb") as opened:
            network = read(opened)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):  # the words go on alone
        return None
    return Meaning(encoder, network, groups) if network.encoder == encoder.name else None
