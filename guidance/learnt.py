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
NONE: Final[Floats] = np.zeros((0, 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """
    Attributes:
        digest: of all it was made from.
        weights: shape ``(phrasings, entries)``.
        lengths: shape ``(entries,)``, of the entries as wholes.
        vectors: shape ``(texts, size)``, what an encoder made of each text; ``(0, 0)`` without one.
    """

    digest: str
    weights: Floats
    lengths: Floats
    vectors: Floats = field(default_factory=lambda: NONE)

    def write(self, file: IO[bytes]) -> None:
        """Eight bits a weight, stretched by row; sixteen a number of a vector."""
        stretch = np.abs(self.weights).max(1, keepdims=True) / MOST
        rounded = np.round(self.weights / np.maximum(stretch, 1e-12)).astype(np.int8)
        made = np.frombuffer(bytes.fromhex(self.digest), np.uint8)
        np.savez_compressed(
            file,
            digest=made,
            weights=rounded,
            stretch=stretch[:, 0],
            lengths=self.lengths,
            vectors=self.vectors.astype(np.float16),
        )


def read(file: IO[bytes]) -> Learnt:
    """
    Raises:
        ValueError, KeyError, OSError, BadZipFile: it is no such file, or a damaged one.
    """
    with np.load(file, allow_pickle=False) as arrays:
        weights = arrays["weights"].astype(np.float32) * arrays["stretch"][:, None]
        vectors = arrays["vectors"].astype(np.float32)
        return Learnt(arrays["digest"].tobytes().hex(), weights, arrays["lengths"], vectors)


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
