"""Envelope, manifest and key file are read or refused with their one typed error, whatever comes (T66)."""

import json
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mangled import mangled
from vectors.desk_manifests import ADMIN, canonical
from vectors.key_files import BEN, about, box
from vectors.sealed_notes import ANN_X25519, HEADER, INGEST, honest

from storage.sealing import base64url, keyfile
from storage.sealing import envelope as envelopes
from storage.sealing.desk import Manifest, signed_part
from storage.sealing.errors import KeyFileError, ManifestError, NoteUnreadable
from storage.sealing.opening import Expected, open_note
from storage.sealing.record import accept

PLACE = Expected(HEADER.agency_ref, HEADER.note_id, HEADER.flag_level, HEADER.channel, HEADER.schema_version)
ENVELOPE = honest([ANN_X25519.public], text=b"fuzzed").envelope()
DESK = canonical()
IN_CLEAR = json.dumps(about(BEN, "case-system", seed=base64url.encode(BEN.seed())), ensure_ascii=False).encode()
PROTECTED = json.dumps(about(BEN, "coordinator", protected=box(BEN)), ensure_ascii=False).encode()
RAW = st.binary(max_size=300)


def a_note(data: st.DataObject) -> None:
    """Signed whenever a server would sign it: then only cryptography and padding stand in the way."""
    changed = data.draw(mangled(ENVELOPE) | RAW | RAW.map(lambda raw: b"INE1" + raw))
    try:
        assert envelopes.parse(changed).build() == changed
        note = open_note(accept(changed, INGEST), ANN_X25519, expected=PLACE, ingest_public_keys=[INGEST.public])
    except NoteUnreadable:
        return
    assert (note.plaintext, changed) == (b"fuzzed", ENVELOPE)


def a_desk(data: st.DataObject) -> None:
    """Signed as it is, as if the admin's own tool were broken."""
    changed = data.draw(mangled(DESK) | RAW)
    today = date(2026, 11, 23)
    try:
        desk = Manifest.parse(
            changed, ADMIN.sign(signed_part(changed)), ADMIN.public, at_least_version=1, now=today, agency=None
        )
    except ManifestError:
        return
    assert desk.canonical() == changed


def a_key_file(data: st.DataObject) -> None:
    """No passphrase for the protected one, so that no derivation is waited for."""
    changed = data.draw(mangled(IN_CLEAR) | mangled(PROTECTED) | RAW)
    try:
        found = keyfile.parse(changed.decode("utf-8", "surrogateescape"))
    except KeyFileError:
        return
    assert found.key.seed() == BEN.seed()


FORMATS = pytest.mark.parametrize("format_", [a_note, a_desk, a_key_file], ids=["note", "desk", "key-file"])
Fuzzed = Callable[[st.DataObject], None]


def fuzz(format_: Fuzzed, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def run(data: st.DataObject) -> None:
        format_(data)

    run()


@FORMATS
def test_t66_anything_is_read_or_refused_with_the_typed_error(format_: Fuzzed) -> None:
    fuzz(format_, 400)


@pytest.mark.long
@pytest.mark.timeout(1800)
@FORMATS
def test_t66_anything_is_read_or_refused_with_the_typed_error_for_minutes(format_: Fuzzed) -> None:
    fuzz(format_, 30_000)
