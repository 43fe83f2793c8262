"""Words to compare a key aloud."""

from storage.sealing.fingerprint import WORDS, spoken, words_for
from storage.sealing.signing import SigningKey
from storage.sealing.suites import SuiteId, generate


def test_there_is_a_plain_word_for_every_byte_and_none_twice() -> None:
    assert len(WORDS) == len(set(WORDS)) == 256
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 9 for word in WORDS)


def test_words_differ_early_enough_to_be_told_apart_on_a_bad_line() -> None:
    assert len({word[:4] for word in WORDS}) > 230


def test_every_one_of_the_first_eight_bytes_changes_a_word() -> None:
    kid = bytes(range(16))

    for at in range(8):
        changed = kid[:at] + bytes([kid[at] ^ 1]) + kid[at + 1 :]
        differing = [one != other for one, other in zip(spoken(kid), spoken(changed), strict=True)]
        assert differing == [place == at for place in range(8)]


def test_a_key_has_the_words_of_its_id() -> None:
    for key in (
        generate(SuiteId.X25519).public,
        generate(SuiteId.XWING).public,
        SigningKey.generate().public,
    ):
        assert words_for(key) == tuple(WORDS[byte] for byte in key.kid[:8])
