"""Codes of the sync process, in words: what is the matter, and what to do. For the terminal."""

from typing import Final

from storage.sync.exchange import MEANINGS

NOTE: Final = {
    "recipient": "it is not sealed to this key: integra keys rewrap",
    "attachment": "a photo or voice message of it is missing or does not open: integra notes open",
    "body": "it does not hold a note of a form that is known here: integra notes open",
    "another-agency": "it belongs to another agency: look into destinations and desks",
    "changed": "it would not be what was sent before; compare the two by hand",
    "conflict": "the case system holds something else under its id; compare the two, then: integra sync retry",
    "drift": "it arrived, but fields came back otherwise than sent: mend the mapping there",
    "too-large": "it is too large for the case system, even without attachments",
    "unknown-case": "the case system does not know the case: enter it there; it is tried again every day",
    "no-receipt": "the receiver answered without a receipt for it: see docs/formats/webhook.md",
    "unknown-person": "the case system does not know the person or case: enter it there; it is tried again every day",
    "signature": "it was not accepted by a server that is believed here: check the ingest key",
}
NOTE_OTHERWISE: Final = "the case system refused it; mend it there, then: integra sync retry"

DESTINATION: Final = {
    "moved": "it is at another place than before: look whether that is right, then: integra sync confirm",
    "upgraded": "it comes from an earlier version of this program: integra sync check, then: integra sync confirm",
    "rules-changed": "it refused five notes in a row for one reason: its fields or rules changed. Mend it there",
    "conflict": "its folder holds files of our name that we did not write: look who else writes there",
    "ack-refused": "an acknowledgement was not the agency's: it lies in quarantine. Ask the agency",
    "batch-refused": "the agency's importer took nothing of a batch: ask the agency, then: integra sync resend",
    "no-folder": "its folder is away: mount it, or make outgoing, acks and quarantine in it",
    "enoent": "its folder is away: mount it, or make outgoing, acks and quarantine in it",
    "enodev": "its disk is away: mount it",
    "enospc": "its disk is full: make room",
    "erofs": "its disk is read-only: mend it",
}
DESTINATION_OTHERWISE: Final = "nothing gets through; it is tried again by itself. See: integra sync check"


def of_note(code: str) -> str:
    return NOTE.get(code, NOTE_OTHERWISE)


def of_destination(code: str) -> str:
    return DESTINATION.get(code) or MEANINGS.get(code, DESTINATION_OTHERWISE)
