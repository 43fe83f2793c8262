"""A key file opens for its owner, who knows the passphrase, and says how to mend what is wrong."""

import json
import os
import stat
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.sealing import base64url
from storage.sealing.errors import KeyFileError
from storage.sealing.keyfile import Hardness, KeyFile, parameters, parse, read, render, stretch, write
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId

DAY = date(2026, 11, 23)
LIGHT = Hardness(t=2, m_kib=19_456, p=1)
WORDS = "tulip kettle orchard pilot walnut raven"
KIT = bytes(range(16))
ANN = KeyFile(OpeningKey(SuiteId.XWING, b"\x01" * 32), "coordinator", "Desk north", DAY)
SYNC = KeyFile(OpeningKey(SuiteId.X25519, b"\x02" * 32), "case-system", "Sync", DAY)
ADMIN = KeyFile(SigningKey(b"\x03" * 32), "admin", "Admin", DAY)
INGEST = KeyFile(SigningKey(b"\x04" * 32), "ingest", "Server", DAY)


def same(one: KeyFile, other: KeyFile) -> bool:
    return one.key.seed() == other.key.seed() and (one.role, one.label, one.created, one.demo) == (
        other.role,
        other.label,
        other.created,
        other.demo,
    )


def code_of(text: str, **secrets: Any) -> str:
    with pytest.raises(KeyFileError) as refused:
        parse(text, **secrets)
    return refused.value.code


def changed(text: str, **fields: Any) -> str:
    return json.dumps({**json.loads(text), **fields})


def with_box(text: str, **fields: Any) -> str:
    return changed(text, protected={**json.loads(text)["protected"], **fields})


PROTECTED = render(ANN, passphrase=WORDS, hardness=LIGHT)
IN_CLEAR = render(SYNC)


@pytest.mark.parametrize("key_file", [ANN, SYNC, ADMIN, INGEST], ids=lambda key_file: key_file.role)
def test_a_protected_key_comes_back_with_its_passphrase(key_file: KeyFile) -> None:
    text = render(key_file, passphrase=WORDS, hardness=LIGHT)

    assert same(parse(text, passphrase=WORDS), key_file)
    assert code_of(text, passphrase="another") == "passphrase"
    assert code_of(text, passphrase="") == "passphrase"
    assert code_of(text) == "passphrase"


def test_the_default_hardness_is_the_documented_one() -> None:
    box = json.loads(render(ANN, passphrase=WORDS))["protected"]

    assert (box["kdf"], box["t"], box["m_kib"], box["p"], box["kit"]) == ("argon2id", 3, 65_536, 1, False)


def test_t37_with_a_kit_code_both_secrets_are_needed() -> None:
    text = render(ANN, passphrase=WORDS, kit_code=KIT, hardness=LIGHT)

    assert same(parse(text, passphrase=WORDS, kit_code=KIT), ANN)
    assert code_of(text, passphrase=WORDS) == "kit-code"
    assert code_of(text, passphrase=WORDS, kit_code=KIT[::-1]) == "passphrase"
    assert code_of(text, passphrase="another", kit_code=KIT) == "passphrase"
    assert code_of(text, passphrase=WORDS, kit_code=KIT[:8]) == "kit-code"
    assert code_of(with_box(text, kit=False), passphrase=WORDS) == "passphrase"
    assert code_of(PROTECTED, passphrase=WORDS, kit_code=KIT) == "kit-code"


@pytest.mark.parametrize("kit_code", [None, KIT], ids=["without-kit", "with-kit"])
def test_a_file_written_by_the_page_of_the_format_opens(kit_code: bytes | None) -> None:
    """Made here from docs/formats/key-file.md, with nothing of ours but the key."""
    salt, nonce, key = b"\x11" * 16, b"\x22" * 12, ANN.key
    stretched = Argon2id(salt=salt, length=32, iterations=2, lanes=1, memory_cost=19_456).derive(WORDS.encode())
    wrapping = HKDF(SHA256(), 32, salt, b"integra/v1/keyfile").derive(stretched + (kit_code or b""))
    kit = b"\0" if kit_code is None else b"\x01"
    aad = key.kid + b"\0\0\0\x02" + b"\0\0\x4c\0" + b"\0\0\0\x01" + kit + salt
    box = {
        "kit": kit_code is not None,
        "salt": "EREREREREREREREREREREQ",
        "nonce": "IiIiIiIiIiIiIiIi",
        "ciphertext": base64url.encode(AESGCM(wrapping).encrypt(nonce, key.seed(), aad)),
    }

    assert same(parse(with_box(PROTECTED, **box), passphrase=WORDS, kit_code=kit_code), ANN)


def test_a_passphrase_typed_with_other_code_points_for_the_same_letters_opens() -> None:
    text = render(ANN, passphrase="\u017c\u00f3\u0142w", hardness=LIGHT)

    assert same(parse(text, passphrase="z\u0307o\u0301\u0142w"), ANN)


@pytest.mark.parametrize(
    "box",
    [
        {"t": 1},
        {"m_kib": 19_455},
        {"p": 0},
        {"t": 17},
        {"m_kib": 2**20 + 1},
        {"p": 9},
        {"t": -1},
        {"t": 2**40},
    ],
    ids=str,
)
def test_t37_hardness_outside_its_bounds_is_refused(box: dict[str, int]) -> None:
    assert code_of(with_box(PROTECTED, **box), passphrase=WORDS) == "floor"
    with pytest.raises(KeyFileError, match="too weak or too costly"):
        render(ANN, passphrase=WORDS, hardness=Hardness(**{"t": 2, "m_kib": 19_456, "p": 1, **box}))


def test_changed_parameters_within_the_bounds_do_not_open() -> None:
    for box in ({"t": 3}, {"m_kib": 19_464}, {"salt": "A" * 22}, {"nonce": "A" * 16}):
        assert code_of(with_box(PROTECTED, **box), passphrase=WORDS) == "passphrase"


def test_t37_the_kit_code_enters_the_key_so_that_the_passphrase_alone_opens_nothing() -> None:
    """Structure, not time: with the right passphrase there are still 2**128 keys to try, all unlike."""
    text = render(ANN, passphrase=WORDS, kit_code=KIT, hardness=LIGHT)
    box = {name: json.loads(text)["protected"][name] for name in ("salt", "nonce", "ciphertext")}
    salt, nonce, ciphertext = (base64url.decode(box[name]) for name in ("salt", "nonce", "ciphertext"))
    stretched = stretch(WORDS.encode(), salt, LIGHT)
    aad = ANN.key.kid + parameters(LIGHT, salt, kit=True)

    def key_for(kit_code: bytes) -> bytes:
        return HKDF(SHA256(), 32, salt, b"integra/v1/keyfile").derive(stretched + kit_code)

    assert AESGCM(key_for(KIT)).decrypt(nonce, ciphertext, aad) == ANN.key.seed()
    near = [KIT[:at] + bytes([KIT[at] ^ 1]) + KIT[at + 1 :] for at in range(16)]
    for guess in (b"", KIT[:15], KIT + b"\0", bytes(16), *near):
        with pytest.raises(InvalidTag):
            AESGCM(key_for(guess)).decrypt(nonce, ciphertext, aad)


def test_a_persons_key_is_never_in_clear_unless_it_is_a_demonstration() -> None:
    for key_file in (ANN, ADMIN):
        with pytest.raises(KeyFileError) as refused:
            render(key_file)
        assert refused.value.code == "unprotected"
        demo = KeyFile(key_file.key, key_file.role, "Demonstration", DAY, demo=True)
        text = render(demo)
        assert same(parse(text), demo)
        without = {name: value for name, value in json.loads(text).items() if name != "demo"}
        assert code_of(json.dumps(without)) == "unprotected"


@pytest.mark.parametrize("key_file", [SYNC, INGEST], ids=lambda key_file: key_file.role)
def test_a_processs_key_may_be_in_clear(key_file: KeyFile) -> None:
    assert same(parse(render(key_file)), key_file)
    assert code_of(render(key_file), passphrase=WORDS) == "passphrase"


def test_a_key_of_the_wrong_kind_for_its_role_is_refused() -> None:
    for key, role in ((ADMIN.key, "coordinator"), (ANN.key, "admin"), (ANN.key, "ingest")):
        with pytest.raises(KeyFileError) as refused:
            render(KeyFile(key, role, "Mixed up", DAY), passphrase=WORDS)  # type: ignore[arg-type]  # three literals
        assert refused.value.code == "key"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "format"),
        ("[]", "format"),
        ("[" * 5_000, "format"),
        ("{}", "format"),
        (IN_CLEAR.replace("{", '{"label": "again",', 1), "format"),
        (changed(IN_CLEAR, format="integra-key-2"), "format"),
        (changed(IN_CLEAR, role="guest"), "format"),
        (changed(IN_CLEAR, role="admin"), "format"),
        (changed(IN_CLEAR, suite="ed25519"), "format"),
        (changed(IN_CLEAR, suite="p-256"), "format"),
        (changed(IN_CLEAR, suite="x-wing"), "key"),
        (changed(IN_CLEAR, kid="00" * 16), "key"),
        (changed(IN_CLEAR, kid="00" * 15), "format"),
        (changed(IN_CLEAR, kid=json.loads(IN_CLEAR)["kid"].upper()), "format"),
        (changed(IN_CLEAR, public="A" * 43), "key"),
        (changed(IN_CLEAR, public="A" * 42 + "B"), "format"),
        (changed(IN_CLEAR, public="+" * 43), "format"),
        (changed(IN_CLEAR, seed="A" * 43), "key"),
        (changed(IN_CLEAR, seed="AAAA"), "format"),
        (changed(IN_CLEAR, seed=7), "format"),
        (changed(IN_CLEAR, created="23.11.2026"), "format"),
        (changed(IN_CLEAR, created="20261123"), "format"),
        (changed(IN_CLEAR, label=""), "format"),
        (changed(IN_CLEAR, label="x" * 81), "format"),
        (changed(IN_CLEAR, label="line\nbreak"), "format"),
        (changed(IN_CLEAR, demo=False), "format"),
        (changed(IN_CLEAR, more=1), "format"),
        (changed(IN_CLEAR, protected={}), "format"),
    ],
)
def test_what_is_no_key_file_is_refused(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize(
    "box",
    [
        {"kdf": "scrypt"},
        {"t": True},
        {"t": "2"},
        {"t": 2.0},
        {"kit": 0},
        {"salt": "AAAA"},
        {"salt": "A" * 21 + "="},
        {"nonce": ""},
        {"ciphertext": None},
        {"ciphertext": "A" * 60},
        {"more": 1},
    ],
    ids=str,
)
def test_a_protected_part_of_another_shape_is_refused(box: dict[str, Any]) -> None:
    assert code_of(with_box(PROTECTED, **box), passphrase=WORDS) == "format"


@given(st.text(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_t66_any_text_is_a_key_file_or_refused_with_the_typed_error(text: str) -> None:
    with pytest.raises(KeyFileError):
        parse(text)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(json.loads(IN_CLEAR))),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
)
def test_t66_any_field_of_any_other_value_is_refused_with_the_typed_error(name: str, value: object) -> None:
    was = json.loads(IN_CLEAR)
    try:
        found = parse(changed(IN_CLEAR, **{name: value}))
    except KeyFileError:
        return
    assert name == "label" or was[name] == value
    assert found.key.seed() == SYNC.key.seed()


def test_a_written_file_is_its_owners_alone_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "ann.key"
    write(path, ANN, passphrase=WORDS, hardness=LIGHT)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert same(read(path, passphrase=WORDS), ANN)


def test_a_loose_umask_does_not_open_the_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write(tmp_path / "sync.key", SYNC)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "sync.key").stat().st_mode) == 0o600


def read_code(path: Path) -> str:
    with pytest.raises(KeyFileError) as refused:
        read(path)
    return refused.value.code


def test_nothing_is_overwritten_or_written_through_a_link(tmp_path: Path) -> None:
    there, dangling = tmp_path / "there.key", tmp_path / "dangling.key"
    there.write_text("mine")
    dangling.symlink_to(tmp_path / "elsewhere.key")

    for path in (there, dangling):
        with pytest.raises(KeyFileError) as refused:
            write(path, SYNC)
        assert refused.value.code == "exists"
    assert there.read_text() == "mine"
    assert not (tmp_path / "elsewhere.key").exists()
    with pytest.raises(KeyFileError, match="make the folder"):
        write(tmp_path / "no" / "sync.key", SYNC)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o666])
def test_a_file_open_to_others_is_refused_and_says_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    """T10."""
    path = tmp_path / "sync.key"
    write(path, SYNC)
    path.chmod(mode)

    with pytest.raises(KeyFileError, match=f"chmod 600 {path}") as refused:
        read(path)
    assert refused.value.code == "mode"
    path.chmod(0o600)
    assert same(read(path), SYNC)


def test_a_link_a_pipe_a_folder_and_nothing_are_refused(tmp_path: Path) -> None:
    """T10."""
    write(tmp_path / "sync.key", SYNC)
    (tmp_path / "link.key").symlink_to(tmp_path / "sync.key")
    os.mkfifo(tmp_path / "pipe.key", 0o600)
    (tmp_path / "folder.key").mkdir(0o700)

    assert read_code(tmp_path / "link.key") == "symlink"
    assert read_code(tmp_path / "pipe.key") == "kind"
    assert read_code(tmp_path / "folder.key") == "kind"
    assert read_code(tmp_path / "none.key") == "missing"


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """T10: seen from a process that runs as somebody else."""
    write(tmp_path / "sync.key", SYNC)
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)

    assert read_code(tmp_path / "sync.key") == "owner"


def test_a_file_that_is_too_long_or_no_text_is_refused(tmp_path: Path) -> None:
    long, binary = tmp_path / "long.key", tmp_path / "binary.key"
    long.write_text(" " * 65_537)
    binary.write_bytes(b"\xff\xfe")
    for path in (long, binary):
        path.chmod(0o600)
        assert read_code(path) == "format"


def test_no_error_and_no_repr_shows_a_secret() -> None:
    seed = json.loads(IN_CLEAR)["seed"]
    for text, secrets in (
        (PROTECTED, {"passphrase": "my-secret-guess"}),
        (changed(IN_CLEAR, kid="00" * 16), {}),
    ):
        with pytest.raises(KeyFileError) as refused:
            parse(text, **secrets)  # type: ignore[arg-type]  # one kind of secret
        assert "my-secret-guess" not in str(refused.value)
        assert seed not in str(refused.value)
        assert refused.value.__cause__ is None
    assert seed not in repr(SYNC)
    assert "seed" not in repr(SYNC)


def test_a_public_key_that_is_no_base64url_is_a_matter_of_format_whatever_else_is_wrong() -> None:
    """Every reader says the same: spelling is looked at before it is asked whether the keys belong together."""
    fields = json.loads(render(SYNC))
    fields["public"], fields["kid"] = ":" + fields["public"][1:], "00" * 16
    with pytest.raises(KeyFileError) as refused:
        parse(json.dumps(fields))
    assert refused.value.code == "format"
