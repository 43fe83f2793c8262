"""all-MiniLM-L6-v2, the sentence encoder, in numpy: six layers of attention over word pieces, then their mean.

    pieces ─▶ embeddings + places ─▶ 6 × (attention, feed forward) ─▶ mean ─▶ length 1

The weights come from an ONNX file with one byte a weight. Only its named numbers are read, not its graph: the file is
known to the byte (its digest is checked before), so that the names and their order are, too. Doing the sums here gives
the same vectors as ONNX Runtime to seven digits, for a third of the memory and without 78 MB of another runtime.

Paper: Wang et al., MiniLM (2020), https://arxiv.org/abs/2002.10957; the sentence model: https://www.sbert.net
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from guidance.wordpieces import WordPieces

Floats: TypeAlias = NDArray[np.float32]

DIGEST: Final = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
"""SHA-256 of the file that is read."""

LAYERS: Final = 6
EARLY: Final = frozenset((2, 3))
"""Behind these layers a text is looked at as well: they still know its words, which the last ones give up for its
sense (docs/decisions/0025)."""
HEADS: Final = 12
WIDTH: Final = 384
AT_MOST_PIECES: Final = 64
"""Some 45 words. What a text says after them does not count; it would take longer than a question may."""
AT_ONCE: Final = 16
"""Texts of one length that are computed together: more is no faster (measured)."""

_QUERY_KEY_VALUE: Final = ("query", "key", "value")


@dataclass(frozen=True, slots=True)
class _Norm:
    scale: Floats
    shift: Floats

    def __call__(self, x: Floats) -> Floats:
        x = x - x.mean(-1, keepdims=True)
        spread: Floats = np.sqrt(np.square(x).mean(-1, keepdims=True) + np.float32(1e-12))
        return x / spread * self.scale + self.shift


@dataclass(frozen=True, slots=True)
class _Linear:
    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        return x @ self.weight + self.bias


@dataclass(frozen=True, slots=True)
class _Layer:
    look: _Linear  # queries, keys and values side by side
    gather: _Linear
    after_gather: _Norm
    widen: _Linear
    narrow: _Linear
    after_narrow: _Norm

    def __call__(self, x: Floats) -> Floats:
        """Texts × pieces × width, and the same shape back."""
        texts, pieces, _ = x.shape
        parts = self.look(x).reshape(texts, pieces, 3, HEADS, WIDTH // HEADS).transpose(2, 0, 3, 1, 4)
        query, key, value = parts
        closeness = query @ key.swapaxes(-1, -2) * np.float32((WIDTH // HEADS) ** -0.5)
        weights = np.exp(closeness - closeness.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        seen = (weights @ value).swapaxes(1, 2).reshape(texts, pieces, WIDTH)
        x = self.after_gather(x + self.gather(seen))
        return self.after_narrow(x + self.narrow(_gelu(self.widen(x))))


class MiniLm:
    """Nothing changes after it is built: any thread may encode.

    Args:
        model: the bytes of the file whose digest is ``DIGEST``.
    """

    name: Final = "all-MiniLM-L6-v2-int8"
    languages: Final = frozenset({"en"})
    size: Final = WIDTH

    def __init__(self, model: bytes, pieces: WordPieces) -> None:
        numbers = dict(_numbers(memoryview(model)))

        def norm(name: str) -> _Norm:
            return _Norm(_copy(numbers[f"inner.{name}.weight"]), _copy(numbers[f"inner.{name}.bias"]))

        def table(name: str) -> Floats:
            return np.asarray(numbers[f"{name}_q"] * numbers[f"{name}_scale"], np.float32)

        self._pieces = pieces
        # Half of all weights: left as bytes, and only the rows of a text made numbers.
        self._embeddings = numbers["inner.embeddings.word_embeddings.weight_q"].copy()
        self._scales = _copy(numbers["inner.embeddings.word_embeddings.weight_scale"])
        self._places = (
            table("inner.embeddings.position_embeddings.weight")[:AT_MOST_PIECES]
            + numbers["inner.embeddings.token_type_embeddings.weight"][0]
        )
        self._first = norm("embeddings.LayerNorm")
        # Matrices have numbers for names, and stand in the order they are used in.
        tables = iter([name.removesuffix("_q") for name in numbers if name.startswith("val_") and name.endswith("_q")])
        self._layers = []
        for number in range(LAYERS):
            layer = f"encoder.layer.{number}"

            def bias(name: str, layer: str = layer) -> Floats:
                return _copy(numbers[f"inner.{layer}.{name}.bias"])

            self._layers.append(
                _Layer(
                    look=_Linear(
                        np.concatenate([table(next(tables)) for _ in _QUERY_KEY_VALUE], axis=1),
                        np.concatenate([bias(f"attention.self.{name}") for name in _QUERY_KEY_VALUE]),
                    ),
                    gather=_Linear(table(next(tables)), bias("attention.output.dense")),
                    after_gather=norm(f"{layer}.attention.output.LayerNorm"),
                    widen=_Linear(table(next(tables)), bias("intermediate.dense")),
                    narrow=_Linear(table(next(tables)), bias("output.dense")),
                    after_narrow=norm(f"{layer}.output.LayerNorm"),
                )
            )

    def encode(self, texts: Sequence[str], early: float = 0.0) -> Floats:
        """One row a text, each of length 1. A text's row is the same in any company, but for the seventh digit."""
        rows = np.empty((len(texts), WIDTH), np.float32)
        by_length: dict[int, list[int]] = defaultdict(list)
        pieces = [self._pieces.of(text, AT_MOST_PIECES) for text in texts]
        for place, found in enumerate(pieces):
            by_length[len(found)].append(place)
        for places in by_length.values():
            for start in range(0, len(places), AT_ONCE):
                some = places[start : start + AT_ONCE]
                rows[some] = self._computed(np.array([pieces[place] for place in some]), early)
        return rows

    def _computed(self, pieces: "NDArray[np.int_]", early: float) -> Floats:
        """Texts × pieces to texts × width."""
        x = self._embeddings[pieces] * self._scales[pieces] + self._places[: pieces.shape[1]]
        x = self._first(x)
        before: Floats = np.zeros((len(pieces), WIDTH), np.float32)
        for number, layer in enumerate(self._layers, 1):
            x = layer(x)
            if early and number in EARLY:
                before += np.float32(early) * _of_length_one(x.mean(1))
        return _of_length_one(_of_length_one(x.mean(1)) + before)


def _of_length_one(rows: Floats) -> Floats:
    length: Floats = np.sqrt(np.square(rows).sum(-1, keepdims=True))
    return rows / length


def _gelu(x: Floats) -> Floats:
    """x times how likely a normal variable is to be smaller: Abramowitz and Stegun 7.1.26, wrong by 1.5e-7 at most."""
    size: Floats = np.abs(x)
    z = size * np.float32(2**-0.5)
    t: Floats = np.reciprocal(1 + np.float32(0.3275911) * z)
    tail: Floats = np.full(t.shape, 1.061405429, np.float32)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail = tail * t + np.float32(factor)
    error: Floats = 1 - tail * t * np.exp(-z * z)
    both: Floats = np.float32(0.5) * (x + size * error)
    return both


def _copy(found: "NDArray[np.float32 | np.int8]") -> Floats:
    """So that the file's bytes need not be kept."""
    return np.array(found, np.float32)


# --- the part of ONNX's format that is needed: protocol buffers, https://protobuf.dev/programming-guides/encoding -----

_Field: TypeAlias = "int | memoryview"


def _numbers(model: memoryview) -> "Iterator[tuple[str, NDArray[np.float32 | np.int8]]]":
    """The named numbers of a file, in its order; those of other kinds than floats and bytes are passed by."""
    for graph in _parts(model, 7):
        for tensor in _parts(graph, 5):
            shape: list[int] = []
            kind, name, content = 0, "", memoryview(b"")
            for field in _fields(tensor):
                match field:
                    case (1, int(size)):
                        shape.append(size)
                    case (2, int(number)):
                        kind = number
                    case (8, memoryview() as given):
                        name = bytes(given).decode()
                    case (9, memoryview() as given):
                        content = given
            if kind == 1:
                yield name, np.frombuffer(content, np.dtype("<f4")).reshape(shape)
            elif kind == 3:
                yield name, np.frombuffer(content, np.int8).reshape(shape)


def _parts(message: memoryview, wanted: int) -> Iterator[memoryview]:
    return (value for field, value in _fields(message) if field == wanted and isinstance(value, memoryview))


def _fields(message: memoryview) -> Iterator[tuple[int, _Field]]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        match tag & 7:
            case 0:
                number, at = _varint(message, at)
                yield tag >> 3, number
            case kind:
                size, at = _varint(message, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
                yield tag >> 3, message[at : at + size]
                at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number, seven bits a byte, and where it ends."""
    number = shift = 0
    while True:
        byte = message[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at
