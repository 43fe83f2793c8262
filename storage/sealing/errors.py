"""Everything sealing may raise.

    SealError
    ├── SuiteBroken      this machine's cryptography gives wrong answers; refuse to start
    ├── KeyRefused       these bytes are no usable public or private key
    ├── CannotSeal       the sender asked for something the format does not allow; nothing was sealed
    ├── DoesNotOpen      this key and context do not open these bytes
    ├── NoteUnreadable   a kept note is not what was sealed, or not for this reader; nothing is returned
    ├── KeyFileError     a key file is exposed, malformed, too weak, or the passphrase is wrong
    ├── ShareError       a share of a recovery key is damaged, or shares do not belong together
    ├── BackupRefused    a backup, or the file with the keys of backups, is not to be used with this key
    └── ManifestError    a desk manifest must not be used

``code`` is stable: logs and docs use it. Messages name ids, key ids and what to do, never content.
"""

from typing import Literal

UnreadableCode = Literal["header", "commit", "tag", "signature", "suite", "padding", "recipient", "format"]
UNKNOWN_NOTE = "unknown"


class SealError(Exception):
    """Root of the errors of sealing."""

    code: str = "seal"


class SuiteBroken(SealError):
    code = "suite-broken"


class KeyRefused(SealError):
    code = "key"


class CannotSeal(SealError):
    """``code`` is one of length, recipients, suite."""

    def __init__(self, code: Literal["length", "recipients", "suite"], why: str) -> None:
        super().__init__(why)
        self.code = code


class DoesNotOpen(SealError):
    code = "does-not-open"


class NoteUnreadable(SealError):
    """The note cannot be read; ``code`` says which check refused it.

    header     its place (agency, note id, flag, schema, channel) is not the one it was sealed for
    commit     it would open to another text for somebody else
    tag        the body or a stanza was changed
    signature  no server that we trust accepted it, or it was changed since
    suite      a suite that is unknown, or not the key's
    padding    the text inside is not padded as the format says
    recipient  it was not sealed to this key
    format     the bytes are not a note of this version
    """

    def __init__(self, note_id_hex: str, code: UnreadableCode) -> None:
        super().__init__(f"note {note_id_hex} cannot be read: {code}")
        self.note_id_hex = note_id_hex
        self.code = code


class KeyFileError(SealError):
    """``code`` is one of exists, missing, symlink, kind, owner, mode, io, format, unprotected, floor,
    passphrase, kit-code, key."""

    def __init__(self, code: str, how_to_mend: str) -> None:
        super().__init__(how_to_mend)
        self.code = code


class ShareError(SealError):
    """``code`` is one of share-format, share-line, share-damaged, share-few, share-same, share-pair, share-key."""

    def __init__(self, code: str, how_to_mend: str) -> None:
        super().__init__(how_to_mend)
        self.code = code


class BackupRefused(SealError):
    """``code`` is one of backup-format, backup-key, backup-damaged, backup-epoch, backup-epochs, backup-signature."""

    def __init__(self, code: str, how_to_mend: str) -> None:
        super().__init__(how_to_mend)
        self.code = f"backup-{code}"


class ManifestError(SealError):
    """``code`` is one of signature, agency, version, expired, suite, duplicate, kid, recovery, recipients, format;
    of a desk in its place also row, pin."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
