"""A recovery key on three sheets: any two give it back, one says nothing, a damaged one is named (T48)."""

import itertools
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shares_pdf import draw, sheet
from storage.sealing import shares
from storage.sealing.errors import ShareError
from storage.sealing.shares import LINES, Share, combine, parse, read_line, split, xor
from storage.sealing.suites import OpeningKey, SuiteId, generate

DAY = date(2026, 11, 23)
KEY = OpeningKey(SuiteId.XWING, bytes(range(32)))
THREE = split(KEY, DAY)
PAIRS = list(itertools.combinations(range(3), 2))


def code_of(call: object) -> tuple[str, str]:
    with pytest.raises(ShareError) as refused:
        call()  # type: ignore[operator]
    return refused.value.code, str(refused.value)


def text(share: Share) -> str:
    return "\n".join(share.lines)


@pytest.mark.parametrize("suite", SuiteId)
def test_t48_each_pair_and_all_three_give_the_key_back_from_their_text(suite: SuiteId) -> None:
    key = generate(suite)
    three = [parse(text(share)) for share in split(key, DAY)]
    for pair in (*PAIRS, (1, 0), (2, 1), (0, 1, 2), (2, 0, 1)):
        back = combine([three[number] for number in pair])
        assert (back.seed(), back.suite, back.kid) == (key.seed(), suite, key.kid)
    assert {share.created for share in three} == {DAY}
    assert [share.number for share in three] == [1, 2, 3]


def test_t48_one_share_alone_is_refused() -> None:
    for share in THREE:
        assert code_of(lambda share=share: combine([share]))[0] == "share-few"
        assert code_of(lambda share=share: combine([share, share])) == (
            "share-same",
            f"that is share {share.number} twice; another number is needed",
        )
    assert code_of(lambda: combine([]))[0] == "share-few"


def test_t48_a_share_is_uniformly_random_whatever_the_key() -> None:
    """Chi-square over 256 byte values, 255 degrees of freedom: mean 255, deviation 22.6. The bound is eight of those;
    once in more than 10**12 runs it is passed by chance. The key is all zeros: the worst to hide."""
    key = OpeningKey(SuiteId.X25519, bytes(32))
    counts = {(number, place): [0] * 256 for number in (1, 2, 3) for place in ("first", "second", "both")}
    for _ in range(1_500):
        for share in split(key, DAY):
            for place, piece in (("first", share.first), ("second", share.second)):
                for byte in piece:
                    counts[share.number, place][byte] += 1
            for byte in xor(share.first, share.second):
                counts[share.number, "both"][byte] += 1
    expected = 1_500 * 32 / 256
    for where, count in counts.items():
        assert sum((one - expected) ** 2 / expected for one in count) < 255 + 8 * 22.6, where


def test_t48_the_statistic_above_sees_a_share_that_holds_the_key() -> None:
    count = [0] * 256
    for _ in range(1_500):
        for byte in bytes(16) + generate(SuiteId.X25519).seed()[:16]:
            count[byte] += 1
    expected = 1_500 * 32 / 256
    assert sum((one - expected) ** 2 / expected for one in count) > 255 + 8 * 22.6


@given(st.binary(min_size=32, max_size=32))
def test_t48_the_pieces_of_one_sheet_fit_every_key(other_seed: bytes) -> None:
    """For whatever key there is a second sheet that makes it of the same two pieces: they exclude none."""
    other = OpeningKey(SuiteId.X25519, other_seed)
    held = replace(THREE[0], suite=other.suite, kid=other.kid)
    missing = xor(xor(held.first, held.second), other_seed)
    second = replace(held, number=2, first=held.second, second=missing)
    assert combine([held, second]).seed() == other_seed


def test_t48_a_damaged_share_is_named_by_its_line_and_number() -> None:
    lines = THREE[1].lines
    for number, line in enumerate(lines, start=1):
        for at in range(4, len(line)):
            if line[at] == " ":
                continue
            wrong = line[:at] + ("7" if line[at] != "7" else "8") + line[at + 1 :]
            changed = "\n".join((*lines[: number - 1], wrong, *lines[number:]))
            code, said = code_of(lambda changed=changed: parse(changed))
            assert code in ("share-line", "share-damaged")
            if number > 1:
                assert said.startswith("share 2"), said
            if code == "share-line":
                assert f"line {number} " in said


def test_t48_a_line_of_another_sheet_is_found_by_the_checksum_of_the_whole() -> None:
    for number in range(2, LINES + 1):
        mixed = "\n".join((*THREE[1].lines[: number - 1], THREE[2].lines[number - 1], *THREE[1].lines[number:]))
        if THREE[1].lines[number - 1] == THREE[2].lines[number - 1]:
            continue  # the key id is the same on all sheets
        assert code_of(lambda mixed=mixed: parse(mixed)) == (
            "share-damaged",
            "share 2 is damaged: its checksum is wrong; use another",
        )


def test_t48_a_wrong_pair_is_refused() -> None:
    again, others = split(KEY, DAY), split(generate(), DAY)
    code, said = code_of(lambda: combine([THREE[0], again[1]]))
    assert (code, "different times" in said) == ("share-pair", True)
    code, said = code_of(lambda: combine([THREE[0], others[1]]))
    assert (code, "different keys" in said) == ("share-pair", True)


def test_t48_a_forged_share_gives_no_key() -> None:
    """Whoever makes up a share with the right names and a right checksum is found out by the key, or by the third."""
    one, two, three = THREE
    forged = Share(2, two.suite, two.created, two.kid, two.split, two.first, bytes(32))
    assert forged.build()[:-10] != two.build()[:-10]
    assert code_of(lambda: combine([parse(text(forged)), three]))[0] in ("share-pair", "share-key")
    assert code_of(lambda: combine([one, parse(text(forged))]))[0] in ("share-pair", "share-key")
    both = (
        Share(1, one.suite, one.created, one.kid, one.split, bytes(32), one.second),
        Share(3, one.suite, one.created, one.kid, one.split, one.second, bytes(32)),
    )
    assert code_of(lambda: combine(both))[0] in ("share-pair", "share-key")


def test_slips_that_people_make_are_no_slips() -> None:
    written = text(THREE[0]).lower().replace("0", "o").replace("1", "l").replace(" ", "-")
    numbered = "\n".join(
        f"{number}) {line[4:].replace('-', '  ')}" for number, line in enumerate(written.splitlines(), start=1)
    )
    assert parse(numbered) == THREE[0]


def test_the_whole_sheet_reads_as_the_lines_alone_do() -> None:
    for share in THREE:
        whole = sheet(share, "Recovery north")
        assert parse(whole) == share
        assert parse(whole.replace("\n", "\r\n")) == share
        assert parse("\n".join(reversed(whole.splitlines()))) == share
        assert share.kid.hex() in whole
        assert f"share {share.number} of 3" in whole


def test_a_pdf_is_one_page_and_the_same_each_time() -> None:
    drawn = draw(THREE[0], "Recovery \u2013 P\u00f3\u0142noc")
    assert drawn.startswith(b"%PDF-")
    assert drawn.count(b"/Type /Page\n") == 1
    assert drawn == draw(THREE[0], "Recovery \u2013 P\u00f3\u0142noc")
    assert drawn != draw(THREE[1], "Recovery \u2013 P\u00f3\u0142noc")


def test_a_share_made_from_the_page_of_the_format_reads(tmp_path: Path) -> None:
    """Made here from docs/formats/recovery-share.md, with nothing of ours but the key."""
    import hashlib

    r1, r2 = b"\x11" * 32, b"\x22" * 32
    r3 = bytes(a ^ b ^ c for a, b, c in zip(r1, r2, KEY.seed(), strict=True))
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

    def written(number: int, first: bytes, second: bytes) -> str:
        days = (DAY - date(1970, 1, 1)).days
        content = b"\x01" + bytes([number]) + b"\x02" + days.to_bytes(2, "big") + KEY.kid + b"split" + first + second
        whole = content + hashlib.sha256(b"integra/v1/share" + content).digest()[:10]
        lines = []
        for line in range(1, 11):
            part = whole[(line - 1) * 10 : line * 10]
            bits = int.from_bytes(part, "big")
            digest = hashlib.sha256(b"integra/v1/share-line" + bytes([line]) + part).digest()
            check = int.from_bytes(digest[:2], "big") >> 6
            plain = "".join(alphabet[bits >> (75 - 5 * place) & 31] for place in range(16))
            lines.append(f"{line}: {plain} {alphabet[check >> 5]}{alphabet[check & 31]}")
        return "\n".join(lines)

    made = [parse(written(1, r2, r3)), parse(written(2, r3, r1)), parse(written(3, r1, r2))]
    for a, b in PAIRS:
        assert combine([made[a], made[b]]).seed() == KEY.seed()


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "share-format"),
        ("a letter of 2 pages", "share-format"),
        ("\n".join(THREE[0].lines[:9]), "share-line"),
        ("\n".join((*THREE[0].lines, THREE[0].lines[0])), "share-format"),
        ("11: 0000 0000 0000 0000 00", "share-format"),
        ("00: 0000 0000 0000 0000 00", "share-format"),
        ("01: ", "share-line"),
        ("01: \u0661\u0661\u0661\u0661", "share-line"),
    ],
)
def test_what_is_no_share_is_refused(written: str, code: str) -> None:
    assert code_of(lambda: parse(written))[0] == code


@given(st.text(max_size=400))
def test_any_text_is_refused_with_the_typed_error(written: str) -> None:
    with pytest.raises(ShareError):
        parse(written)


@given(st.lists(st.tuples(st.integers(0, 99), st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ -", max_size=24)), max_size=12))
def test_any_numbered_lines_are_refused_with_the_typed_error(lines: list[tuple[int, str]]) -> None:
    with pytest.raises(ShareError):
        parse("\n".join(f"{number}: {line}" for number, line in lines))


@given(st.binary(min_size=90, max_size=90))
def test_any_content_with_a_right_checksum_is_taken_back_the_same_or_refused(content: bytes) -> None:
    whole = content + shares.checksum(content)
    try:
        share = shares.unbuilt(whole)
    except ShareError:
        return
    assert share.build() == whole


@given(
    st.builds(
        Share,
        number=st.integers(1, 3),
        suite=st.sampled_from(SuiteId),
        created=st.dates(date(1970, 1, 1), date(2149, 6, 6)),
        kid=st.binary(min_size=16, max_size=16),
        split=st.binary(min_size=5, max_size=5),
        first=st.binary(min_size=32, max_size=32),
        second=st.binary(min_size=32, max_size=32),
    )
)
def test_every_share_comes_back_from_its_text(share: Share) -> None:
    assert parse(text(share)) == share
    for number, line in enumerate(share.lines, start=1):
        assert len(read_line(number, line[4:])) == 10


def test_nothing_secret_shows_in_a_repr() -> None:
    shown = repr(THREE[0])
    assert THREE[0].first.hex() not in shown
    assert repr(THREE[0].first) not in shown


def test_a_day_that_no_sheet_can_carry_is_refused() -> None:
    assert code_of(lambda: split(KEY, date(1969, 12, 31)))[0] == "share-format"
    assert code_of(lambda: split(KEY, date(2149, 6, 7)))[0] == "share-format"
