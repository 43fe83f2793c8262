"""A cleaned voice message has the same sound and no words besides; what is no plain voice message is refused."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media import OPUS_HEAD, TAG_CANARY, page, tags, voice

from bot.photo import Unusable
from bot.voice import NO_TAGS, checksum, cleaned_voice

COVER = b"METADATA_BLOCK_PICTURE=" + TAG_CANARY + b"x" * 150_000


def pages_of(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Header and body of each page, by a reader of this test's own; every checksum is looked at."""
    found = []
    while raw:
        segments = raw[26]
        body = 27 + segments
        end = body + sum(raw[27:body])
        whole, raw = bytearray(raw[:end]), raw[end:]
        found.append((bytes(whole[:body]), bytes(whole[body:])))
        said = int.from_bytes(whole[22:26], "little")
        whole[22:26] = bytes(4)
        assert checksum(whole) == said
    return found


def test_the_checksum_is_oggs() -> None:
    """CRC-32/CKSUM is the same with its result inverted; its check value is in every catalogue of CRCs."""
    assert checksum(b"") == 0
    assert checksum(b"123456789") == 0x765E7680 ^ 0xFFFFFFFF


def test_tags_go_and_sound_stays() -> None:
    raw = voice()
    clean = cleaned_voice(raw)
    assert TAG_CANARY not in clean
    assert b"libopus" not in clean
    before, after = pages_of(raw), pages_of(clean)
    assert [body for _, body in after][1].startswith(NO_TAGS)
    assert [after[place] for place in (0, 2, 3)] == [before[place] for place in (0, 2, 3)]
    assert cleaned_voice(clean) == clean


def test_tags_over_several_pages_go_too() -> None:
    raw = voice(comments=(COVER,))
    assert len(pages_of(raw)) > 5
    clean = cleaned_voice(raw)
    assert TAG_CANARY not in clean
    assert len(clean) == len(raw)
    assert b"".join(body for _, body in pages_of(clean)[1:-2]).rstrip(b"\0") == b"OpusTags"


HEAD, TAGS, SOUND = page(OPUS_HEAD, 0, flags=2), page(tags(), 1), page(b"sound" * 9, 2, flags=4)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"OggS",
        b"ID3" + bytes(500),
        HEAD,
        HEAD + TAGS,
        (HEAD + TAGS + SOUND)[:-1],
        HEAD + TAGS + SOUND + b"rest",
        b"rest" + HEAD + TAGS + SOUND,
        page(b"\x01vorbis" + bytes(30), 0, flags=2) + TAGS + SOUND,
        HEAD + page(b"\x03vorbis" + bytes(30), 1) + SOUND,
        HEAD + TAGS + page(b"sound", 2, serial=8),
        HEAD + TAGS + SOUND + HEAD + TAGS + SOUND,
        HEAD + page(tags()[:12], 1) + SOUND,
        page(OPUS_HEAD, 0) + TAGS + SOUND,
        HEAD + page(tags() + b"x" * (510 - len(tags())), 1, goes_on=True) + SOUND[:-45],
    ],
    ids=lambda raw: f"{len(raw)} bytes",
)
def test_what_is_no_plain_voice_message_is_refused(raw: bytes) -> None:
    with pytest.raises(Unusable) as refused:
        cleaned_voice(raw)
    assert str(refused.value) == "voice"


def test_sound_on_the_page_of_the_tags_is_refused() -> None:
    lacing = bytes([len(tags()), 5])
    both = struct.pack("<4sBBqIIIB", b"OggS", 0, 0, 0, 7, 1, 0, 2) + lacing + tags() + b"sound"
    with pytest.raises(Unusable):
        cleaned_voice(HEAD + both + SOUND)


@given(
    comments=st.lists(st.binary(max_size=400), max_size=4),
    sound=st.binary(min_size=1, max_size=2_000),
    cut=st.integers(0, 4_000),
    turned=st.tuples(st.integers(0, 4_000), st.integers(0, 255)),
)
@settings(max_examples=200, deadline=None)
def test_any_file_is_cleaned_or_refused(comments: list[bytes], sound: bytes, cut: int, turned: tuple[int, int]) -> None:
    raw = voice(comments=comments, sound=sound)
    clean = cleaned_voice(raw)
    assert [body for _, body in pages_of(clean)[2:]] == [sound, sound]
    assert len(clean) == len(raw)
    broken = bytearray(raw[: cut % len(raw)] if cut % 2 else raw)
    if broken:
        broken[turned[0] % len(broken)] = turned[1]
    try:
        found = cleaned_voice(bytes(broken))
    except Unusable:
        return
    assert len(found) == len(broken)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_cleaned(raw: bytes) -> None:
    with pytest.raises(Unusable):
        cleaned_voice(raw)
    with pytest.raises(Unusable):
        cleaned_voice(HEAD + raw)
