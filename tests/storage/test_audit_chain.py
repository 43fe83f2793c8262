"""T41: whoever changes, takes out, puts in, moves or cuts off entries is found, and the first bad one is named."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from storage.audit_chain import (
    HEADER,
    START,
    AuditBroken,
    Checkpoint,
    CheckpointRefused,
    Entry,
    Verifier,
    verify_export,
)
from storage.sealing import base64url
from storage.sealing.signing import SigningKey

KEY = SigningKey(bytes([9]) * 32)
OTHER_KEY = SigningKey(bytes([8]) * 32)
LENGTH = 12
Lines = list[bytes]


def entry(seq: int, prev: bytes, action: str = "note.opened") -> Entry:
    reason = hashlib.sha256(str(seq).encode()).digest()
    bare = Entry(seq, 1_795_000_000 + seq, "person", bytes([7]) * 16, action, b"", bytes(16), "done", reason, prev)
    return replace(bare, hash=bare.digest())


def chain(length: int = LENGTH, action: str = "note.opened") -> list[Entry]:
    made: list[Entry] = []
    for seq in range(1, length + 1):
        made.append(entry(seq, made[-1].hash if made else START, action))
    return made


WHOLE = chain()
LINES = [one.line() for one in WHOLE]


def checkpoint(seq: int, entries: list[Entry] = WHOLE, key: SigningKey = KEY) -> Checkpoint:
    return Checkpoint.sign(key, seq, entries[seq - 1].hash if seq else START, 1_795_100_000)


def check(lines: Lines, *checkpoints: Checkpoint) -> Verifier:
    verifier = Verifier(KEY.public, checkpoints)
    for line in lines:
        verifier.take(line)
    verifier.end()
    return verifier


def broken(lines: Lines, *checkpoints: Checkpoint) -> tuple[int, str]:
    with pytest.raises(AuditBroken) as found:
        check(lines, *checkpoints)
    return found.value.seq, found.value.why


def export(lines: Lines, closing: Checkpoint | None = None) -> Lines:
    return [one + b"\n" for one in (HEADER, *lines, (closing or checkpoint(LENGTH)).line())]


def test_a_log_as_it_was_written_is_in_order() -> None:
    done = check(LINES, checkpoint(0), checkpoint(5), checkpoint(LENGTH), checkpoint(5))
    assert (done.seq, done.hash, done.vouched) == (LENGTH, WHOLE[-1].hash, LENGTH)
    assert check([]).seq == 0


@pytest.mark.parametrize("at", range(1, LENGTH + 1))
def test_t41_delete(at: int) -> None:
    left = LINES[: at - 1] + LINES[at:]
    assert broken(left, checkpoint(LENGTH)) == (at, "missing" if at < LENGTH else "cut-off")


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "note.kept"},
        {"at": 1},
        {"actor": bytes(16)},
        {"actor_kind": "operator"},
        {"agency": bytes(16)},
        {"about": b""},
        {"outcome": "refused"},
        {"reason_sha256": bytes(32)},
        {"prev": bytes(31) + b"\1"},
        {"hash": bytes(32)},
    ],
)
@pytest.mark.parametrize("at", [1, 6, LENGTH])
def test_t41_change(changes: dict[str, object], at: int) -> None:
    changed = replace(WHOLE[at - 1], **changes)  # type: ignore[arg-type]  # each a field of its own
    assert broken([*LINES[: at - 1], changed.line(), *LINES[at:]]) == (at, "changed")


@pytest.mark.parametrize("at", [1, 6, LENGTH - 1])
def test_t41_change_and_hash_anew(at: int) -> None:
    """The entry after it still tells what it was."""
    forged = entry(at, WHOLE[at - 1].prev, "note.kept")
    assert broken([*LINES[: at - 1], forged.line(), *LINES[at:]]) == (at, "changed")


@pytest.mark.parametrize("at", [1, 6, LENGTH])
def test_t41_insert(at: int) -> None:
    forged = entry(at, WHOLE[at - 1].prev, "note.kept")
    assert broken([*LINES[: at - 1], forged.line(), *LINES[at - 1 :]]) == (at, "twice")
    assert broken([*LINES[:at], LINES[0], *LINES[at:]]) == (at + 1 if at > 1 else 1, "order" if at > 1 else "twice")


@pytest.mark.parametrize("at", [1, 6, LENGTH - 1])
def test_t41_reorder(at: int) -> None:
    swapped = [*LINES[: at - 1], LINES[at], LINES[at - 1], *LINES[at + 1 :]]
    assert broken(swapped) == (at, "missing")


@pytest.mark.parametrize("left", [0, 1, 8, LENGTH - 1])
def test_t41_truncate_to_before_an_outside_checkpoint(left: int) -> None:
    assert broken(LINES[:left], checkpoint(LENGTH)) == (left + 1, "cut-off")
    assert broken(LINES[:left], checkpoint(0), checkpoint(left), checkpoint(left + 1)) == (left + 1, "cut-off")
    assert check(LINES[:left], checkpoint(left)).seq == left  # what no checkpoint knows cannot be missed


def test_t41_a_log_written_anew_is_found_by_an_outside_checkpoint_alone() -> None:
    forged = [*WHOLE[:4]]
    for seq in range(5, LENGTH + 1):
        forged.append(entry(seq, forged[-1].hash, "note.kept"))
    lines = [one.line() for one in forged]
    assert check(lines).seq == LENGTH
    assert check(lines, checkpoint(4)).vouched == 4
    with pytest.raises(AuditBroken) as found:
        check(lines, checkpoint(3), checkpoint(9))
    assert (found.value.seq, found.value.until, found.value.why) == (4, 9, "rewritten")
    assert str(found.value) == "audit entry 4 to 9: rewritten"


@pytest.mark.parametrize(
    "changed",
    [checkpoint(5, key=OTHER_KEY), replace(checkpoint(5), seq=4), replace(checkpoint(5), at=1),
     replace(checkpoint(5), hash=bytes(32)), replace(checkpoint(5), kid=bytes(16)),
     replace(checkpoint(5, key=OTHER_KEY), kid=KEY.kid), replace(checkpoint(5), signature=bytes(64))],
)  # fmt: skip
def test_a_checkpoint_that_was_not_signed_so_is_refused(changed: Checkpoint) -> None:
    with pytest.raises(CheckpointRefused):
        check(LINES, changed)
    with pytest.raises(CheckpointRefused):
        verify_export(export(LINES[:5], changed), KEY.public)


def test_a_checkpoint_reads_back_as_it_was_written_and_in_no_other_spelling() -> None:
    line = checkpoint(5).line()
    assert Checkpoint.parse(line) == checkpoint(5)
    assert b"\n" not in line
    seq = b'"seq":5'
    others = [line + b" ", line.upper(), line.replace(seq, b'"seq":5.0'), line.replace(b"checkpoint-1", b"x")]
    others += [line.replace(seq, b'"seq":5,"seq":5'), line.replace(seq, b'"seq":-5'), b"{}", b"[]", b""]
    for other in others:
        with pytest.raises(CheckpointRefused):
            Checkpoint.parse(other)


# ---------------------------------------------------------------- exports


def test_an_export_is_checked_with_the_public_key_alone() -> None:
    assert verify_export(export(LINES), KEY.public, [checkpoint(7)]).seq == LENGTH
    assert verify_export(export([], checkpoint(0)), KEY.public).seq == 0


@pytest.mark.parametrize(
    ("lines", "seq", "why"),
    [
        (lambda whole: [], 0, "format"),
        (lambda whole: whole[1:], 0, "format"),
        (lambda whole: whole[:1], 1, "cut-off"),
        (lambda whole: whole[:-1], LENGTH + 1, "cut-off"),
        (lambda whole: [*whole[:-1], whole[-1][:-1]], LENGTH + 1, "cut-off"),
        (lambda whole: [*whole[:6], whole[6][:50]], 6, "cut-off"),
        (lambda whole: [*whole[:-2], whole[-1]], LENGTH, "cut-off"),
        (lambda whole: [*whole, whole[1]], LENGTH + 1, "format"),
        (lambda whole: [*whole[:3], b"\n", *whole[3:]], 3, "format"),
        (lambda whole: [*whole[:3], b"x" * 1_026, *whole[3:]], 3, "format"),
        (lambda whole: [*whole[:3], b'{"format":1}\n', *whole[3:]], 3, "format"),
        (lambda whole: [*whole[:3], whole[-1], *whole[3:]], 3, "format"),
    ],
)
def test_t41_an_export_cut_or_mended(lines: Callable[[Lines], Lines], seq: int, why: str) -> None:
    with pytest.raises(AuditBroken) as found:
        verify_export(lines(export(LINES)), KEY.public)
    assert (found.value.seq, found.value.why) == (seq, why)


def test_t41_an_older_export_is_found_by_a_later_checkpoint() -> None:
    older = export(LINES[:6], checkpoint(6))
    assert verify_export(older, KEY.public).seq == 6
    with pytest.raises(AuditBroken) as found:
        verify_export(older, KEY.public, [checkpoint(8)])
    assert (found.value.seq, found.value.why) == (7, "cut-off")


# ---------------------------------------------------------------- anything at all

TAMPERING = st.lists(
    st.tuples(
        st.sampled_from(["delete", "repeat", "swap", "flip", "garbage", "forge"]),
        st.integers(0, LENGTH - 1),
        st.integers(0, LENGTH - 1),
        st.integers(0, 4_000),
    ),
    min_size=1,
    max_size=5,
)


@given(TAMPERING)
def test_t41_random_tampering_is_found_and_nothing_before_the_first_difference_is_blamed(
    acts: list[tuple[str, int, int, int]],
) -> None:
    lines = list(LINES)
    for act, one, two, bit in acts:
        if not lines:
            break
        here, there = one % len(lines), two % len(lines)
        if act == "delete":
            del lines[here]
        elif act == "repeat":
            lines.insert(there, lines[here])
        elif act == "swap":
            lines[here], lines[there] = lines[there], lines[here]
        elif act == "flip":
            place = bit // 8 % max(1, len(lines[here]))
            raw = bytearray(lines[here])
            if raw:
                raw[place] ^= 1 << bit % 8
            lines[here] = bytes(raw)
        elif act == "garbage":
            lines[here] = lines[there][: bit % 300]
        else:
            lines[here] = entry(here + 1, bytes([bit % 256]) * 32, "note.kept").line()
    if lines == LINES:
        assert check(lines, checkpoint(LENGTH)).seq == LENGTH
        return
    first = next(
        (i for i, (was, now) in enumerate(zip(LINES, lines, strict=False)) if was != now), min(LENGTH, len(lines))
    )
    seq, _ = broken(lines, checkpoint(LENGTH))
    # A forged entry can put the blame on the one before it, whose hash it tells otherwise; never further back.
    assert first <= seq <= first + 1


@given(st.one_of(st.binary(max_size=1_200), st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace"))))
def test_the_parsers_raise_their_own_errors_alone(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  which is all that may come
        Entry.parse(raw)
    with pytest.raises(CheckpointRefused):
        Checkpoint.parse(raw)
    with pytest.raises(AuditBroken):
        verify_export([HEADER + b"\n", raw], KEY.public)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(json.loads(LINES[3]))), JSON)
def test_an_entry_with_anything_in_one_field_is_refused_or_found_changed(name: str, value: object) -> None:
    fields = json.loads(LINES[3])
    same = fields[name] == value and type(fields[name]) is type(value)
    raw = json.dumps({**fields, name: value}, sort_keys=True, separators=(",", ":")).encode()
    if same:
        return
    seq, why = broken([*LINES[:3], raw, *LINES[4:]])
    assert (seq, why) in {(4, "format"), (4, "changed"), (4, "missing"), (4, "order"), (3, "twice")}


@pytest.mark.parametrize("raw", [b"[" * 1_000, b'{"a":' * 150, b"9" * 1_000, b'{"seq":1e999}', b"NaN", b'"\\ud800"'])
def test_deep_and_large_json_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Entry.parse(raw)


# ---------------------------------------------------------------- a second verifier, from docs/formats/audit-log.md


def second_verifier(text: bytes, public: str) -> int:
    """Reads an export with the standard library and Ed25519, without a line of ours."""
    header, *lines, last = text.splitlines()
    assert json.loads(header) == {"format": "integra-audit-1"}
    before = bytes(32)
    for number, line in enumerate(lines, 1):
        fields = json.loads(line)
        assert fields["seq"] == number
        assert fields.pop("prev") == before.hex()
        told = fields.pop("hash")
        spelled = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
        before = hashlib.sha256(b"integra/v1/audit" + before + spelled).digest()
        assert told == before.hex()
    closing = json.loads(last)
    signature = base64url.decode(closing.pop("signature"))
    raw = base64url.decode(public)
    spelled = json.dumps(closing, sort_keys=True, separators=(",", ":")).encode()
    Ed25519PublicKey.from_public_bytes(raw).verify(signature, b"integra/v1/audit-checkpoint" + spelled)
    assert (closing["seq"], closing["hash"]) == (len(lines), before.hex())
    assert closing["kid"] == hashlib.sha256(b"integra/v1/kid\xed" + raw).digest()[:16].hex()
    return len(lines)


def test_the_page_on_the_format_is_enough_to_check_an_export() -> None:
    assert second_verifier(b"".join(export(LINES)), base64url.encode(KEY.public.raw)) == LENGTH
