"""Notes are sealed to a desk that the agency's admin signed, in its newest version, to nobody else (T38)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sealing import base64url
from storage.sealing.desk import Manifest, Recipient, next_manifest, sign, signed_part
from storage.sealing.errors import ManifestError
from storage.sealing.signing import SigningKey
from storage.sealing.suites import OpeningKey, SuiteId

TODAY = date(2026, 11, 23)
ADMIN = SigningKey(b"\x0a" * 32)
STRANGER = SigningKey(b"\x0b" * 32)


def key(number: int, suite: SuiteId = SuiteId.XWING) -> OpeningKey:
    return OpeningKey(suite, bytes([number]) * 32)


ANN = Recipient(key(1).public, "coordinator", "Coordinator north", date(2027, 1, 31))
SYNC = Recipient(key(2).public, "case-system", "Case system")
RECOVERY = Recipient(key(3).public, "recovery", "Recovery 2026")
BEN = Recipient(key(4).public, "coordinator", "Koordynator południe", date(2027, 6, 30))
EVE = Recipient(key(5).public, "coordinator", "Eve")
DESK = Manifest(
    agency="mentors-north",
    agency_ref=bytes(range(16)),
    version=7,
    suites=(SuiteId.XWING,),
    recipients=(ANN, SYNC, RECOVERY),
    desk_agencies=("probation-north",),
    escrow=True,
    created=TODAY,
)


def taken(
    canonical: bytes,
    signature: bytes,
    *,
    at_least_version: int = 1,
    now: date = TODAY,
    agency: str | None = "mentors-north",
) -> Manifest:
    return Manifest.parse(canonical, signature, ADMIN.public, at_least_version=at_least_version, now=now, agency=agency)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ManifestError) as refused:
        call()
    return refused.value.code


def code_when_signed(canonical: bytes) -> str:
    """Signed as it is, past every check of ``sign``: what a reader says whose admin's tool was broken."""
    return code_of(lambda: taken(canonical, ADMIN.sign(signed_part(canonical))))


def written(**changes: Any) -> bytes:
    fields = {**json.loads(DESK.canonical()), **changes}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def with_first(**changes: Any) -> bytes:
    recipients = json.loads(DESK.canonical())["recipients"]
    return written(recipients=[{**recipients[0], **changes}, *recipients[1:]])


def test_a_signed_manifest_is_taken_as_it_was_signed() -> None:
    assert taken(*sign(DESK, ADMIN), at_least_version=7) == DESK


def test_the_byte_form_is_canonical_and_what_is_signed() -> None:
    canonical, signature = sign(DESK, ADMIN)

    assert ADMIN.public.verifies(signature, b"integra/v1/desk" + canonical)
    assert canonical == written()
    assert canonical.startswith(b'{"agency":"mentors-north","agency_ref":"000102')
    assert "południe" in next_manifest(DESK, created=TODAY, add=[BEN]).canonical().decode()


def test_a_manifest_unsigned_or_signed_by_another_is_refused() -> None:
    canonical, signature = sign(DESK, ADMIN)
    _, of_stranger = sign(DESK, STRANGER)

    for wrong in (b"", bytes(64), of_stranger, signature[:-1], ADMIN.sign(canonical)):
        assert code_of(lambda wrong=wrong: taken(canonical, wrong)) == "signature"  # type: ignore[misc]


def test_a_key_swapped_in_the_database_is_refused() -> None:
    canonical, signature = sign(DESK, ADMIN)
    swapped = replace(DESK, recipients=(replace(ANN, key=EVE.key), SYNC, RECOVERY)).canonical()

    assert swapped != canonical
    assert code_of(lambda: taken(swapped, signature)) == "signature"


def test_every_changed_byte_is_refused() -> None:
    canonical, signature = sign(replace(DESK, recipients=(ANN, RECOVERY)), ADMIN)

    for at in range(0, len(canonical), 3):
        changed = canonical[:at] + bytes([canonical[at] ^ 1]) + canonical[at + 1 :]
        assert code_of(lambda changed=changed: taken(changed, signature)) == "signature"  # type: ignore[misc]


def test_a_manifest_rolled_back_is_refused() -> None:
    old = sign(DESK, ADMIN)

    assert code_of(lambda: taken(*old, at_least_version=8)) == "version"
    assert taken(*old, at_least_version=7).version == 7


def test_a_manifest_of_another_agency_under_the_same_admin_is_refused() -> None:
    signed = sign(replace(DESK, agency="another-agency"), ADMIN)

    assert code_of(lambda: taken(*signed)) == "agency"
    assert taken(*signed, agency=None).agency == "another-agency"


def test_the_day_a_key_was_made_is_signed_with_it() -> None:
    dated = replace(DESK, recipients=(replace(ANN, created=date(2026, 1, 5)), SYNC, RECOVERY))

    assert taken(*sign(dated, ADMIN)).recipients[0].created == date(2026, 1, 5)
    assert b'"created":"2026-01-05"' in dated.canonical()
    assert code_when_signed(with_first(created="2026-13-05")) == "format"
    assert code_when_signed(with_first(created=None)) == "format"
    assert code_of(lambda: taken(dated.canonical(), sign(DESK, ADMIN)[1])) == "signature"


def test_a_manifest_to_build_on_may_have_run_out_and_must_be_right_in_all_else() -> None:
    over = replace(DESK, recipients=(ANN, replace(SYNC, not_after=TODAY), RECOVERY))
    canonical, signature = sign(over, ADMIN)

    def built_on(signature: bytes, at_least: int = 7, agency: str = "mentors-north") -> Manifest:
        return Manifest.verified(canonical, signature, ADMIN.public, at_least_version=at_least, agency=agency)

    assert code_of(lambda: taken(canonical, signature, now=date(2028, 1, 1))) == "expired"
    assert built_on(signature) == over
    assert code_of(lambda: built_on(bytes(64))) == "signature"
    assert code_of(lambda: built_on(signature, at_least=8)) == "version"
    assert code_of(lambda: built_on(signature, agency="another")) == "agency"


@given(
    st.lists(
        st.tuples(
            st.integers(1, 60),
            st.sampled_from(["coordinator", "supervisor", "case-system", "recovery"]),
            st.text(min_size=1, max_size=80).filter(str.isprintable),
            st.none() | st.dates(),
            st.none() | st.dates(),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda one: one[0],
    ),
    st.booleans(),
)
def test_every_manifest_that_is_signed_comes_back_the_same(
    listed: list[tuple[int, Any, str, date | None, date | None]], escrow: bool
) -> None:
    recipients = tuple(
        Recipient(key(number, SuiteId.X25519).public, role, label, not_after, created)
        for number, role, label, not_after, created in listed
    )
    escrow = escrow and any(one.role == "recovery" for one in recipients)
    desk = replace(DESK, suites=(SuiteId.X25519,), recipients=recipients, escrow=escrow)
    canonical, signature = sign(desk, ADMIN)
    assert Manifest.verified(canonical, signature, ADMIN.public, at_least_version=7) == desk


def test_keys_run_out_after_their_last_day() -> None:
    signed = sign(DESK, ADMIN)

    assert taken(*signed, now=date(2027, 1, 31)).sealing_keys(date(2027, 1, 31)) == (
        ANN.key,
        SYNC.key,
        RECOVERY.key,
    )
    assert taken(*signed, now=date(2027, 2, 1)).sealing_keys(date(2027, 2, 1)) == (SYNC.key, RECOVERY.key)


def test_a_manifest_that_nobody_but_recovery_could_read_is_refused() -> None:
    desk = replace(DESK, recipients=(ANN, replace(SYNC, not_after=date(2027, 1, 31)), RECOVERY))
    signed = sign(desk, ADMIN)
    late = date(2027, 2, 1)

    assert code_of(lambda: taken(*signed, now=late)) == "expired"
    good_once = taken(*signed)
    assert code_of(lambda: good_once.sealing_keys(late)) == "expired"


def test_a_missing_recovery_key_is_refused_unless_the_manifest_says_so() -> None:
    without = replace(DESK, recipients=(ANN, SYNC))

    assert code_of(lambda: sign(without, ADMIN)) == "recovery"
    assert code_when_signed(without.canonical()) == "recovery"
    assert taken(*sign(replace(without, escrow=False), ADMIN)).sealing_keys(TODAY) == (ANN.key, SYNC.key)


def test_an_expired_recovery_key_is_refused() -> None:
    desk = replace(DESK, recipients=(SYNC, replace(RECOVERY, not_after=TODAY)))
    signed = sign(desk, ADMIN)

    assert taken(*signed, now=TODAY).version == 7
    assert code_of(lambda: taken(*signed, now=date(2026, 11, 24))) == "recovery"


def test_suites_unknown_mixed_or_not_allowed_are_refused() -> None:
    x25519 = Recipient(key(9, SuiteId.X25519).public, "coordinator", "Old")

    assert code_when_signed(written(suites=["x-wing", "p-256"])) == "suite"
    assert code_when_signed(with_first(suite="p-256")) == "suite"
    assert code_when_signed(written(suites=["x25519"])) == "suite"
    mixed = replace(DESK, suites=tuple(SuiteId), recipients=(*DESK.recipients, x25519))
    assert code_when_signed(mixed.canonical()) == "suite"
    assert code_when_signed(written(suites=[])) == "format"
    assert code_when_signed(written(suites=["x-wing", "x25519"])) == "format"
    assert code_when_signed(written(suites=["x-wing", "x-wing"])) == "format"
    assert taken(*sign(replace(DESK, suites=tuple(SuiteId)), ADMIN)).suite is SuiteId.XWING


def test_a_key_listed_twice_is_refused() -> None:
    twice = replace(DESK, recipients=(ANN, SYNC, RECOVERY, replace(ANN, label="Again")))

    assert code_when_signed(twice.canonical()) == "duplicate"


def test_a_key_id_that_is_not_its_keys_is_refused() -> None:
    assert code_when_signed(with_first(kid=SYNC.key.kid.hex())) == "kid"
    assert code_when_signed(with_first(public=base64url.encode(EVE.key.raw))) == "kid"


def test_no_recipient_and_more_than_32_are_refused() -> None:
    many = tuple(Recipient(key(number).public, "coordinator", "Many") for number in range(1, 34))

    assert code_when_signed(written(recipients=[])) == "recipients"
    assert code_when_signed(replace(DESK, recipients=many, escrow=False).canonical()) == "recipients"
    assert taken(*sign(replace(DESK, recipients=many[:32], escrow=False), ADMIN)).recipients == many[:32]


@pytest.mark.parametrize(
    "canonical",
    [
        b"",
        b"[]",
        b"null",
        b"[" * 5_000,
        b"\xff",
        DESK.canonical() + b"\n",
        b" " + DESK.canonical(),
        DESK.canonical().replace(b'"version":7', b'"version": 7'),
        DESK.canonical().replace(b'"version":7', b'"version":7,"version":7'),
        DESK.canonical().replace(b"north", b"\\u006eorth"),
        DESK.canonical().replace(b"Coordinator north", b"\\ud83d"),
        DESK.canonical().decode().encode("utf-16"),
        b" " * 300_000,
        written(format="integra-desk-2"),
        written(more=1),
        written(version=0),
        written(version=-1),
        written(version=7.0),
        written(version=True),
        written(version=2**31),
        written(version="7"),
        written(escrow=1),
        written(escrow=None),
        written(agency="Mentors North"),
        written(agency="-north"),
        written(agency="a" * 65),
        written(agency="north\n"),
        written(agency_ref="00" * 15),
        written(agency_ref="AB" * 16),
        written(agency_ref=7),
        written(created="2026-11-31"),
        written(created="20261123"),
        written(created=None),
        written(desk_agencies="north"),
        written(desk_agencies=["north", "north"]),
        written(desk_agencies=[7]),
        written(desk_agencies=[f"agency-{number}" for number in range(33)]),
        written(recipients={}),
        written(recipients=["ann"]),
        written(suites="x-wing"),
        written(suites=[2]),
        with_first(role="admin"),
        with_first(role="guest"),
        with_first(label=""),
        with_first(label="x" * 81),
        with_first(label="two\nlines"),
        with_first(label=7),
        with_first(public="AAAA"),
        with_first(public="%"),
        with_first(kid="00"),
        with_first(not_after="tomorrow"),
        with_first(not_after=None),
        with_first(more="1"),
    ],
)
def test_anything_but_the_canonical_form_is_refused_although_it_is_signed(canonical: bytes) -> None:
    assert code_when_signed(canonical) == "format"


@given(st.binary(max_size=300))
def test_t66_any_signed_bytes_are_refused_with_the_typed_error(canonical: bytes) -> None:
    assert code_when_signed(canonical) == "format"


@given(
    st.sampled_from(sorted(json.loads(DESK.canonical()))),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
)
def test_t66_any_field_of_any_other_value_is_taken_back_the_same_or_refused(name: str, value: object) -> None:
    try:
        canonical = written(**{name: value})
    except UnicodeEncodeError:
        return
    try:
        manifest = taken(canonical, ADMIN.sign(signed_part(canonical)), agency=None)
    except ManifestError:
        return
    assert manifest.canonical() == canonical


def test_the_next_manifest_adds_removes_and_counts() -> None:
    later = date(2026, 12, 1)
    following = next_manifest(DESK, created=later, add=[BEN], remove=[ANN.key.kid], desk_agencies=["mentors-north"])

    assert following == replace(
        DESK, version=8, recipients=(SYNC, RECOVERY, BEN), desk_agencies=("mentors-north",), created=later
    )
    assert taken(*sign(following, ADMIN), at_least_version=8) == following


def test_the_next_manifest_renews_an_end_date_and_changes_suites_as_a_whole() -> None:
    renewed = replace(ANN, not_after=date(2028, 1, 31))
    following = next_manifest(DESK, created=TODAY, add=[renewed], remove=[ANN.key.kid])
    old_keys = [Recipient(key(n, SuiteId.X25519).public, "coordinator", "Old") for n in (1, 2)]
    changed = next_manifest(
        DESK,
        created=TODAY,
        add=old_keys,
        remove=[recipient.key.kid for recipient in DESK.recipients],
        suites=[SuiteId.X25519],
        escrow=False,
    )

    assert following.recipients == (SYNC, RECOVERY, renewed)
    assert (changed.suite, changed.escrow) == (SuiteId.X25519, False)


def test_a_next_manifest_that_no_reader_would_take_is_not_made() -> None:
    assert code_of(lambda: next_manifest(DESK, created=TODAY, remove=[EVE.key.kid])) == "kid"
    assert code_of(lambda: next_manifest(DESK, created=TODAY, add=[ANN])) == "duplicate"
    assert code_of(lambda: next_manifest(DESK, created=TODAY, remove=[RECOVERY.key.kid])) == "recovery"
    assert code_of(lambda: next_manifest(DESK, created=TODAY, desk_agencies=["Not a slug"])) == "format"
