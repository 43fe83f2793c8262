"""Standard Webhooks signatures, against the reference library and against whoever changes something."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from storage.sealing.signing import SigningKey
from storage.sync.signatures import (
    NoKey,
    Shared,
    checking_key,
    private_text,
    public_text,
    signed,
    signing_key,
    verified,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHARED = Shared(bytes(range(32)))
OURS = SigningKey(bytes([7]) * 32)


def test_the_reference_library_takes_what_we_sign() -> None:
    now = datetime.now(UTC)
    body = json.dumps({"synthetic": "words"}).encode()
    headers = signed("msg_1_v1", body, [OURS, SHARED], now)
    checker = standardwebhooks.Webhook(private_text(SHARED))
    assert checker.verify(body.decode(), headers) == {"synthetic": "words"}
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        checker.verify(body.decode() + " ", headers)


def test_we_take_what_the_reference_library_signs() -> None:
    body = b'{"synthetic":1}'
    signature = standardwebhooks.Webhook(private_text(SHARED)).sign("msg_1", NOW, body.decode())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": signature,
    }
    assert verified(headers, body, [SHARED], NOW) is True


def test_the_zone_of_the_clock_does_not_matter() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=3)))
    assert signed("a", b"", [SHARED], east) == signed("a", b"", [SHARED], NOW)
    with pytest.raises(ValueError, match="aware"):
        signed("a", b"", [SHARED], NOW.replace(tzinfo=None))


@given(st.binary(max_size=200), st.sampled_from(["id", "time", "body", "signature", "kind", "key", "nothing"]))
def test_whatever_is_changed_is_found(body: bytes, changed: str) -> None:
    headers = signed("msg_1", body, [OURS], NOW)
    keys = [OURS.public]
    match changed:
        case "id":
            headers["webhook-id"] = "msg_2"
        case "time":
            headers["webhook-timestamp"] = str(int(NOW.timestamp()) + 1)
        case "body":
            body += b"x"
        case "signature":
            headers["webhook-signature"] = "v1a," + base64.b64encode(bytes(64)).decode()
        case "kind":
            headers["webhook-signature"] = headers["webhook-signature"].replace("v1a,", "v1,")
        case "key":
            keys = [SigningKey(bytes([8]) * 32).public]
    assert verified(headers, body, keys, NOW) is (changed == "nothing")


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text(max_size=40)))
def test_no_headers_do_harm(headers: dict[str, str]) -> None:
    assert verified(headers, b"", [OURS.public, SHARED], NOW) is False


@pytest.mark.parametrize(("minutes", "taken"), [(0, True), (4, True), (-4, True), (6, None), (-6, None)])
def test_a_signature_is_good_for_five_minutes(minutes: int, taken: bool | None) -> None:
    headers = signed("msg_1", b"x", [OURS], NOW)
    assert verified(headers, b"x", [OURS.public], NOW + timedelta(minutes=minutes)) is taken


def test_row_39_while_keys_change_both_sign_and_a_receiver_takes_either() -> None:
    new = SigningKey(bytes([9]) * 32)
    headers = signed("msg_1", b"x", [OURS, new], NOW)
    assert len(headers["webhook-signature"].split(" ")) == 2
    for keys in ([OURS.public], [new.public], [SHARED, new.public]):
        assert verified(headers, b"x", keys, NOW) is True
    assert verified(signed("msg_1", b"x", [new], NOW), b"x", [OURS.public], NOW) is False


def test_keys_are_written_and_read() -> None:
    assert signing_key(private_text(SHARED)) == SHARED
    read = signing_key(private_text(OURS))
    assert isinstance(read, SigningKey)
    assert read.public == OURS.public
    assert checking_key(public_text(OURS)) == OURS.public
    assert checking_key(private_text(SHARED)) == SHARED


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_AAAA", "whsk_AAAA", "whpk_AAAA", "hunter2", "whsec_!!!", "whsk"])
def test_what_is_no_key_is_refused_without_repeating_it(text: str) -> None:
    for read in (signing_key, checking_key):
        with pytest.raises(NoKey) as caught:
            read(text)
        assert not text or text not in str(caught.value).replace("whsec_…", "").replace("whsk_…", "")


def test_a_private_key_is_not_taken_for_a_public_one() -> None:
    with pytest.raises(NoKey):
        checking_key(private_text(OURS))
    with pytest.raises(NoKey):
        signing_key(public_text(OURS))


def test_no_key_shows_itself() -> None:
    assert "AAEC" not in repr(SHARED)
    assert repr(bytes(range(32))) not in repr(SHARED)
