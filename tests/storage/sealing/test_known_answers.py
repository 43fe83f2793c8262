"""The cryptography of this machine gives the answers that were written down elsewhere."""

import hashlib

import pytest

from storage.sealing import known_answers as answers
from storage.sealing.errors import SuiteBroken
from storage.sealing.keyfile import Hardness, stretch
from storage.sealing.suites import OpeningKey, SuiteId


def test_t19a_the_known_answers_hold() -> None:
    answers.known_answers()


def test_t19a_the_x_wing_answer_is_the_one_that_other_programs_gave() -> None:
    blob = answers.BLOB[SuiteId.XWING]

    assert len(blob) == 1155
    assert hashlib.sha256(blob).hexdigest() == answers.XWING_BLOB_SHA256


def test_the_x25519_public_key_is_the_known_one() -> None:
    key = OpeningKey(SuiteId.X25519, answers.SEED)

    assert key.public.raw.hex() == "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f"


@pytest.mark.parametrize("suite", SuiteId)
def test_t19a_a_wrong_answer_stops_the_start(suite: SuiteId, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the library sealed differently, or derived another key, from one release to the next."""
    with monkeypatch.context() as changed:
        changed.setitem(answers.BLOB, suite, answers.BLOB[suite][:-1] + b"\0")
        with pytest.raises(SuiteBroken, match=suite.name_in_files):
            answers.known_answers()
    with monkeypatch.context() as changed:
        changed.setitem(answers.PUBLIC_SHA256, suite, "00" * 32)
        with pytest.raises(SuiteBroken, match=suite.name_in_files):
            answers.known_answers()
    answers.known_answers()


def test_t19a_argon2id_gives_the_known_answer() -> None:
    stretched = stretch(b"correct horse", bytes(range(16)), Hardness(t=3, m_kib=65_536, p=1))

    assert stretched.hex() == "e3c889ca40ed01e6b6771fc8a5bf16e35ad60b41c9bd5d7e6d63adf51e50b0fd"
