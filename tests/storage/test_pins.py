"""A pin, once set, gives way to a higher version of the same admin and to nothing else."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import BadInstallation
from storage.pins import Pin, Pins
from storage.sealing import base64url
from storage.sealing.signing import SigningKey
from storage.sealing.succession import statement

ADMIN, OTHER = SigningKey(bytes([1]) * 32).public, SigningKey(bytes([2]) * 32).public


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "desks"


def version(folder: Path) -> int:
    pin = Pins(folder).of("northbridge")
    assert pin is not None
    return pin.version


def test_no_file_is_no_pin(folder: Path) -> None:
    assert Pins(folder).of("northbridge") is None


def test_a_pin_comes_back_as_it_was_set(folder: Path) -> None:
    Pins(folder).set("northbridge", Pin(ADMIN, 3))
    pin = Pins(folder).of("northbridge")
    assert pin is not None
    assert (pin.admin.raw, pin.version) == (ADMIN.raw, 3)
    assert Pins(folder).of("southgate") is None


def test_a_pin_set_by_another_process_is_seen(folder: Path) -> None:
    pins = Pins(folder)
    Pins(folder).set("northbridge", Pin(ADMIN, 1))
    assert pins.of("northbridge") is not None
    Pins(folder).set("northbridge", Pin(ADMIN, 2))
    assert version(folder) == 2


def test_a_version_goes_up_and_never_down(folder: Path) -> None:
    pins = Pins(folder)
    for number in (1, 1, 4):
        pins.set("northbridge", Pin(ADMIN, number))
    with pytest.raises(BadInstallation, match="version 4"):
        pins.set("northbridge", Pin(ADMIN, 3))
    assert version(folder) == 4


def test_another_admin_is_refused_whatever_the_version(folder: Path) -> None:
    pins = Pins(folder)
    pins.set("northbridge", Pin(ADMIN, 1))
    with pytest.raises(BadInstallation, match="another admin key"):
        pins.set("northbridge", Pin(OTHER, 9))
    assert version(folder) == 1


def test_a_pin_is_the_owners_alone_and_leaves_no_other_file(folder: Path) -> None:
    Pins(folder).set("northbridge", Pin(ADMIN, 1))
    assert [path.name for path in folder.iterdir()] == ["northbridge.json"]
    assert stat.S_IMODE((folder / "northbridge.json").stat().st_mode) == 0o600


def test_what_a_crash_left_half_written_changes_nothing(folder: Path) -> None:
    pins = Pins(folder)
    pins.set("northbridge", Pin(ADMIN, 1))
    (folder / "northbridge.part").write_text('{"admin": "')
    assert version(folder) == 1
    pins.set("northbridge", Pin(ADMIN, 2))
    assert version(folder) == 2


GOOD = base64url.encode(ADMIN.raw)
DAMAGED = [
    "",
    "{",
    "[]",
    "null",
    "7",
    '"admin"',
    "{}",
    json.dumps({"admin": GOOD}),
    json.dumps({"version": 1}),
    json.dumps({"admin": GOOD, "version": "one"}),
    json.dumps({"admin": GOOD, "version": None}),
    json.dumps({"admin": GOOD, "version": float("inf")}),
    json.dumps({"admin": 5, "version": 1}),
    json.dumps({"admin": None, "version": 1}),
    json.dumps({"admin": GOOD[:-1], "version": 1}),
    json.dumps({"admin": GOOD + "=", "version": 1}),
    json.dumps({"admin": "", "version": 1}),
    "[" * 100_000,
]


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_pin_is_never_taken_for_a_missing_one(folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / "northbridge.json").write_text(content)
    with pytest.raises(BadInstallation, match="northbridge"):
        Pins(folder).of("northbridge")
    with pytest.raises(BadInstallation):
        Pins(folder).set("northbridge", Pin(ADMIN, 9))
    assert (folder / "northbridge.json").read_text() == content


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_no_bytes_are_taken_for_a_missing_pin(folder: Path, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "northbridge.json").write_bytes(content)
    with pytest.raises(BadInstallation):
        Pins(folder).of("northbridge")


FORMER, NEW = SigningKey(bytes([1]) * 32), SigningKey(bytes([2]) * 32)


def both_signed(slug: str, version: int) -> tuple[bytes, bytes]:
    agreed = statement(slug, FORMER.public, NEW.public, version)
    return FORMER.sign(agreed), NEW.sign(agreed)


def test_an_admin_key_gives_way_to_another_that_both_have_signed_for(folder: Path) -> None:
    pins = Pins(folder)
    pins.set("northbridge", Pin(ADMIN, 3))
    pins.hand_over("northbridge", Pin(OTHER, 4), *both_signed("northbridge", 4))
    pin = pins.of("northbridge")
    assert pin is not None
    assert (pin.admin.raw, pin.version) == (OTHER.raw, 4)
    with pytest.raises(BadInstallation, match="another admin key"):
        pins.set("northbridge", Pin(ADMIN, 5))


def test_one_signature_or_one_for_something_else_moves_no_pin(folder: Path) -> None:
    pins = Pins(folder)
    pins.set("northbridge", Pin(ADMIN, 3))
    by_former, by_new = both_signed("northbridge", 4)
    for former, new in (
        (b"", by_new),
        (by_former, b""),
        (by_new, by_new),
        (by_former, by_former),
        both_signed("southgate", 4),
        both_signed("northbridge", 5),
    ):
        with pytest.raises(BadInstallation, match="not signed by both"):
            pins.hand_over("northbridge", Pin(OTHER, 4), former, new)
    with pytest.raises(BadInstallation, match="version 3"):
        pins.hand_over("northbridge", Pin(OTHER, 3), *both_signed("northbridge", 3))
    with pytest.raises(BadInstallation, match="no admin key"):
        pins.hand_over("southgate", Pin(OTHER, 4), *both_signed("southgate", 4))
    pin = pins.of("northbridge")
    assert pin is not None
    assert (pin.admin.raw, pin.version) == (ADMIN.raw, 3)


def test_who_succeeded_whom_is_kept_with_both_signatures_whatever_version_follows(folder: Path) -> None:
    keys = [SigningKey(bytes([number]) * 32) for number in (1, 2, 3)]
    pins = Pins(folder)
    pins.set("northbridge", Pin(keys[0].public, 1))
    assert pins.successions("northbridge") == ()
    for version_, former, new in ((2, keys[0], keys[1]), (5, keys[1], keys[2])):
        agreed = statement("northbridge", former.public, new.public, version_)
        pins.hand_over("northbridge", Pin(new.public, version_), former.sign(agreed), new.sign(agreed))
    pins.set("northbridge", Pin(keys[2].public, 6))

    first, second = pins.successions("northbridge")

    assert [(one.former.raw, one.new.raw, one.version) for one in (first, second)] == [
        (keys[0].public.raw, keys[1].public.raw, 2),
        (keys[1].public.raw, keys[2].public.raw, 5),
    ]
    agreed = statement("northbridge", second.former, second.new, second.version)
    assert second.former.verifies(second.by_former, agreed)
    assert second.new.verifies(second.by_new, agreed)
    assert (version(folder), pins.successions("southgate")) == (6, ())
