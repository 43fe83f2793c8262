"""Keys of backups: one a month, opened by recovery keys alone, gone on schedule."""

from datetime import date
from pathlib import Path

import pytest

from storage import epochs
from storage.sealing import epochs as format_
from storage.sealing.epochs import Epoch
from storage.sealing.errors import BackupRefused
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, PublicKey, generate

SIGNER = SigningKey(bytes(32))
RECOVERY = generate()
OCTOBER, NOVEMBER = date(2026, 10, 31), date(2026, 11, 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / epochs.FILE


def turn(file: Path, day: date, *recovery: PublicKey, months: int = 3, signer: SigningKey = SIGNER) -> epochs.Turned:
    return epochs.turn(file, day, months, recovery or (RECOVERY.public,), signer)


def test_a_month_has_one_key_and_the_next_another(file: Path) -> None:
    first = turn(file, date(2026, 10, 1))
    assert first.began
    again = turn(file, OCTOBER)
    assert (again.began, again.current) == (False, first.current)
    following = turn(file, NOVEMBER)
    assert following.began
    assert following.current.key.kid != first.current.key.kid
    assert epochs.opened(file, first.current.key.kid, RECOVERY).kid == first.current.key.kid
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("months", [1, 3, 12])
def test_t44_a_key_is_gone_once_its_month_is_so_many_months_ago(file: Path, months: int) -> None:
    old = turn(file, date(2026, 1, 31), months=months).current
    last_day = date(2026 + months // 12, 1 + months % 12, 1)
    before = date.fromordinal(last_day.toordinal() - 1)
    assert turn(file, before, months=months).ended == ()
    assert epochs.opened(file, old.key.kid, RECOVERY).kid == old.key.kid
    assert turn(file, last_day, months=months).ended[0] == "2026-01"
    with pytest.raises(BackupRefused) as refused:
        epochs.opened(file, old.key.kid, RECOVERY)
    assert refused.value.code == "backup-epoch"
    assert old.sealed[RECOVERY.kid] not in file.read_bytes()


def test_the_old_file_is_written_over(file: Path) -> None:
    turn(file, OCTOBER)
    with open(file, "rb") as still_open:
        turn(file, NOVEMBER)
        assert set(still_open.read()) == {0}


def test_any_of_the_recovery_keys_opens_it_and_no_other_key_does(file: Path) -> None:
    second, stranger = generate(), generate()
    current = turn(file, OCTOBER, RECOVERY.public, second.public).current
    assert epochs.opened(file, current.key.kid, RECOVERY).kid == epochs.opened(file, current.key.kid, second).kid
    with pytest.raises(BackupRefused) as refused:
        epochs.opened(file, current.key.kid, stranger)
    assert refused.value.code == "backup-key"


def test_a_recovery_key_that_was_changed_begins_a_new_key_the_same_month(file: Path) -> None:
    first = turn(file, OCTOBER).current
    new = generate()
    second = turn(file, OCTOBER, new.public)
    assert second.began
    with pytest.raises(BackupRefused):
        epochs.opened(file, second.current.key.kid, RECOVERY)
    assert epochs.opened(file, first.key.kid, RECOVERY).kid == first.key.kid, "backups made before still open"


def test_a_key_that_somebody_else_put_there_is_not_sealed_to(file: Path) -> None:
    """Whoever can write to the backup disk puts in a key of theirs, with our name on it, or changes ours."""
    theirs = Epoch.make(OCTOBER, [RECOVERY.public], SigningKey(bytes([1]) * 32))
    forged = Epoch(theirs.month, theirs.key, theirs.sealed, SIGNER.kid, theirs.signature)
    ours = Epoch.make(OCTOBER, [RECOVERY.public], SIGNER)
    changed = Epoch(ours.month, theirs.key, ours.sealed, ours.made_by, ours.signature)
    file.write_bytes(format_.render([theirs, forged, changed]))
    file.chmod(0o600)
    found = turn(file, OCTOBER)
    assert found.began
    assert found.current.key.kid not in (theirs.key.kid, ours.key.kid)


def test_two_installations_may_keep_their_backups_in_one_place(file: Path) -> None:
    other = SigningKey(bytes([1]) * 32)
    ours, theirs = turn(file, OCTOBER).current, turn(file, OCTOBER, signer=other).current
    assert turn(file, OCTOBER).current == ours
    assert turn(file, OCTOBER, signer=other).current == theirs


def test_a_private_half_that_is_not_the_public_halfs_is_refused(file: Path) -> None:
    one, two = (Epoch.make(OCTOBER, [RECOVERY.public], SIGNER) for _ in range(2))
    with pytest.raises(BackupRefused):
        Epoch(one.month, one.key, two.sealed, one.made_by).open(RECOVERY)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"[" * 5_000, b'{"format": "integra-epochs-1", "epochs": [{}]}'])
def test_a_damaged_file_is_refused_and_stays_as_it_is(file: Path, raw: bytes) -> None:
    file.write_bytes(raw)
    file.chmod(0o600)
    with pytest.raises(BackupRefused) as refused:
        turn(file, OCTOBER)
    assert refused.value.code == "backup-epochs"
    assert file.read_bytes() == raw


def test_what_is_rendered_is_read_back() -> None:
    made = [Epoch.make(day, [RECOVERY.public, generate().public], SIGNER) for day in (OCTOBER, NOVEMBER)]
    assert format_.parse(format_.render(made)) == made
    assert all(one.verified_by(SIGNER.public) for one in format_.parse(format_.render(made)))
    assert isinstance(made[0].open(RECOVERY), OpeningKey)
