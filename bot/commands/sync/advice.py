"""Codes of the sync process, in words: what is the matter, and what to do. For the terminal: commands stand as they are
to be typed, but for where the data and the file of destinations lie."""

from typing import Final

from storage.sync.exchange import MEANINGS

_RETRY: Final = "then: integra sync retry --dest {dest} {ref}"
_CONFIRM: Final = "then: integra sync confirm --dest {dest}"

NOTE: Final = {
    "recipient": "it is not sealed to the case system's key: integra keys rewrap",
    "attachment": "a photo or voice message of it is missing or does not open: integra notes open {ref}",
    "body": "it does not hold a note of a form that is known here: integra notes open {ref}",
    "another-agency": "it belongs to another agency: look into destinations and desks",
    "changed": "it would not be what was sent before; compare the two by hand",
    "conflict": f"the case system holds something else under its id; compare the two, {_RETRY}",
    "drift": "it arrived, but fields came back otherwise than sent: mend the mapping there",
    "too-large": "it is too large for the case system, even without attachments: enter it there by hand, then: "
    "integra sync give-up --dest {dest} {ref} --reason …",
    "unknown-case": "the case system does not know the case: enter it there; it is tried again every day",
    "no-receipt": "the receiver answered without a receipt for it: see docs/formats/webhook.md",
    "unknown-person": "the case system does not know the person or case: enter it there; it is tried again every day",
    "gone": f"a record of it was made there, and deleted or moved before it could be read: look there, {_RETRY}",
    "refused-there": f"the agency's importer refused it and gave no reason: ask the agency, {_RETRY}",
    **dict.fromkeys(
        ("commit", "format", "header", "padding", "suite", "tag"),
        "it was changed since it was accepted, or is of a form that is not known here: integra notes open {ref}",
    ),
    "signature": "it was not accepted by a server that is believed here: check the ingest key",
}
NOTE_OTHERWISE: Final = f"the case system refused it; mend it there, {_RETRY}"

DESTINATION: Final = {
    "moved": f"it is at another place than before: look whether that is right, {_CONFIRM}",
    "moved-held": f"it was paused, and is at another place than before: look whether that is right, {_CONFIRM}",
    "upgraded": f"it comes from an earlier version of this program: integra sync check --dest {{dest}}, {_CONFIRM}",
    "rules-changed": "it refused five notes in a row for one reason: its fields or rules changed. Mend it there",
    "conflict": "its folder holds files of our name that we did not write: look who else writes there",
    "ack-refused": "an acknowledgement was not the agency's: it lies in quarantine. Ask the agency",
    "batch-refused": "the agency's importer took nothing of a batch: ask the agency, "
    "then: integra sync resend --dest {dest} --batch N",
    "no-folder": "its folder is away: mount it, or make outgoing, acks and quarantine in it",
    "enoent": "its folder is away: mount it, or make outgoing, acks and quarantine in it",
    "enodev": "its disk is away: mount it",
    "enotdir": "its folder is away: mount it, or make outgoing, acks and quarantine in it",
    "enospc": "its disk is full: make room",
    "edquot": "its disk is full for this user: make room, or raise the quota",
    "erofs": "its disk is read-only: mend it",
    "eio": "its disk fails: mend it",
    "estale": "its disk was mounted anew elsewhere: mount it again",
    "eacces": "its folder may not be written: give the user of this program the right",
    "eperm": "its folder may not be written: give the user of this program the right",
    "mapping": "it has no place for something that is sent: integra sync check --dest {dest} says for what",
    "busy": "another process writes to it or to the database: is integra sync run started twice?",
}
DESTINATION_OTHERWISE: Final = (
    "nothing gets through; it is tried again by itself. See: integra sync check --dest {dest}"
)


def of_note(code: str, dest: str, ref: str) -> str:
    return NOTE.get(code, NOTE_OTHERWISE).format(dest=dest, ref=ref)


def of_destination(code: str, dest: str) -> str:
    return (DESTINATION.get(code) or MEANINGS.get(code, DESTINATION_OTHERWISE)).format(dest=dest)
