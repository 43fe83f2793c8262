"""What a finder learnt from its phrasings, kept, so that the next one made of the same need not learn it again.

What the shipped answers' finder learnt ships with them: learning takes seconds, and every start would pay for it. What
was learnt of an operator's own answers, or with an encoder, the data folder keeps (``bot.finding``). Where a phrasing,
or anything that learning depends on, has changed since, the digest differs and it is learnt anew;
``python tests/make_learnt.py`` writes the shipped file again.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MOST: Final = 127
AT_ONCE: Final = 256
"""Rows of weights that are stretched at a time: the whole table would take four times its place each time."""

NONE: Final[Floats] = np.zeros((0, 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """Eight bits a weight, in memory as in the file: four megabytes less, for a tenth of a millisecond a question.

    Attributes:
        digest: of all it was made from.
        weights: shape ``(phrasings, entries)``, each row to be stretched.
        stretch: shape ``(phrasings,)``.
        lengths: shape ``(entries,)``, of the entries as wholes.
        vectors: shape ``(texts, size)``, what an encoder made of each text; ``(0, 0)`` without one.
    """

    digest: str
    weights: NDArray[np.int8]
    stretch: Floats
    lengths: Floats
    vectors: Floats = field(default_factory=lambda: NONE)

    @classmethod
    def of(cls, digest: str, weights: Floats, lengths: Floats, vectors: Floats = NONE) -> "Learnt":
        """Of weights as they were learnt."""
        stretch = np.abs(weights).max(1, initial=0) / np.float32(MOST)
        rounded = np.round(weights / np.maximum(stretch, np.float32(1e-12))[:, None]).astype(np.int8)
        return cls(digest, rounded, stretch, lengths, vectors)

    def told(self, alike: Floats) -> Floats:
        """What each entry gets, shape ``(entries,)``.

        Args:
            alike: how alike a text is to each phrasing.
        """
        stretched = alike * self.stretch
        told = np.zeros(self.weights.shape[1], np.float32)
        for begin in range(0, len(stretched), AT_ONCE):
            rows = slice(begin, begin + AT_ONCE)
            told += stretched[rows] @ self.weights[rows].astype(np.float32)
        return told

    def write(self, file: IO[bytes]) -> None:
        """Sixteen bits a number of a vector."""
        np.savez_compressed(
            file,
            digest=np.frombuffer(bytes.fromhex(self.digest), np.uint8),
            weights=self.weights,
            stretch=self.stretch,
            lengths=self.lengths,
            vectors=self.vectors.astype(np.float16),
        )


def read(file: IO[bytes]) -> Learnt:
    """
    Raises:
        ValueError, KeyError, OSError, BadZipFile: it is no such file, or a damaged one.
    """
    with np.load(file, allow_pickle=False) as arrays:
        vectors = arrays["vectors"].astype(np.float32)
        made_of = arrays["digest"].tobytes().hex()
        return Learnt(made_of, arrays["weights"], arrays["stretch"], arrays["lengths"], vectors)


def shipped(language: str) -> Learnt | None:
    """For the answers that ship in a language; None where there is no file."""
    file = resources.files("guidance") / "learnt" / f"{language}.npz"
    if not (language.isalpha() and file.is_file()):
        return None
    with file.open("rb") as opened:
        return read(opened)


def digest(said: Iterable[tuple[int, float, Sequence[str]]], *depends: object) -> str:
    """Of what is learnt from: owner, count and words of each text, and what else it depends on."""
    hashed = hashlib.sha256(repr(depends).encode())
    for owner, count, words in said:
        hashed.update(f"{owner} {count} {' '.join(words)}\n".encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()
