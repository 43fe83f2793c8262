"""Every code that a delivery or a destination can stand with (``why``), apart from ``http-NNN`` and the reasons that an
agency's importer makes up. Whoever puts codes into words has words for each of these.

The sync process writes them; the assistant, which never sees that process, reads them.
"""

from typing import Final

OF_NOTES: Final = (
    "another-agency", "attachment", "body", "changed", "conflict", "drift", "gone", "no-receipt", "refused-there",
    "too-large", "unknown-case", "unknown-person",
    # of ``storage.sealing.errors.NoteUnreadable``
    "commit", "format", "header", "padding", "recipient", "signature", "suite", "tag",
)  # fmt: skip
"""A person looks at this note, or an agency enters its case."""

OF_DESTINATIONS: Final = (
    "ack-refused", "address", "batch-refused", "busy", "certificate", "changed-meanwhile", "conflict",
    "connector-failed", "credentials", "cut-off", "forbidden", "mapping", "moved", "moved-held", "no-folder",
    "no-lookup", "no-receipt", "no-such-address", "not-http", "not-json", "redirect", "refused-connection",
    "rules-changed", "switched-off", "timeout", "tls", "too-long", "unresolved", "upgraded",
    # of a disk under a file drop: names of ``errno``
    "eacces", "edquot", "eio", "enodev", "enoent", "enospc", "enotdir", "eperm", "erofs", "estale",
)  # fmt: skip
"""Nothing gets through."""
