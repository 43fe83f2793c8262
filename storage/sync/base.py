"""What the sync process and a connector promise each other.

    Delivery ──send──▶ Outcome      Accepted    it is there, read back          the delivery is done
                                    Sent        handed in, no proof yet         ``list_since`` brings the proof
                                    Retry       not now, nobody's fault         tried again, for ever
                                    Park        a person must look              at this note, or at the destination
                                    Reject      the receiver judged this note   parked, with the reason

A connector is one file: a class with these methods, its settings (``storage.sync.settings``) and one line in
``storage/sync/registry.py``. It computes nothing that a repeat would compute otherwise, keeps no state that matters,
and never logs: reasons are short codes of its own, never a word that a receiver answered.

Order, leases, pauses and repeats are the worker's: a connector says what happened and no more.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

from storage.errors import StorageError

RepeatSafety = Literal["put_by_id", "unique_key", "find_then_create", "file_ack"]
"""Why sending the same twice leaves one record there:

    put_by_id          the receiver stores under the id that we name
    unique_key         it refuses a second record of that id
    find_then_create   it would make a second one; ``send`` looks first and reads back afterwards
    file_ack           batches of fixed bytes; acknowledged by files
"""
Disclosure = Literal["full", "summary", "pointer"]
Kind = Literal["recorded", "amended", "withdrawn"]
MOST_REASON: Final = 32


class Unanswered(StorageError):
    """``probe``, ``find``, ``list_since`` or ``retire_duplicate`` got no answer; ``outcome`` says what that means."""

    code = "sync.unanswered"

    def __init__(self, outcome: "Retry | Park") -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Unsupported(StorageError):
    """The system behind this connector cannot do that; a person has to."""

    code = "sync.unsupported"


@dataclass(frozen=True, slots=True)
class Caps:
    """
    Attributes:
        repeat_safety: see there; a connector without one is refused at the start.
        max_batch: how many deliveries one ``send`` takes.
        parallel: how many ``send`` may run at once.
        max_bytes: longest event, attachments included.
        attachments: whether photos and voice messages can go along; without, they are withheld and counted.
        lists: whether ``list_since`` gives anything; without, reconciliation is by ``find`` alone.
        finds: whether ``find`` can tell what is there; without, it is asked by sending again (so that ``repeat_safety``
            must be of the receiver's own), nothing counts as not there, and nothing can be reconciled.
        find_lag_s: how long after a write ``find`` may still miss it.
    """

    repeat_safety: RepeatSafety
    max_batch: int = 1
    parallel: int = 1
    max_bytes: int = 64 * 1024 * 1024
    attachments: bool = True
    lists: bool = True
    finds: bool = True
    find_lag_s: float = 0.0


@dataclass(frozen=True, slots=True)
class DeliveryRef:
    """What a delivery is known by, there and here, for ever: note id (32 hex digits) and version (1: as recorded;
    2: its withdrawal)."""

    note_id: str
    version: int

    @property
    def key(self) -> str:
        """The id of the event, and what idempotency headers carry."""
        return f"{self.note_id}.v{self.version}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo or voice message; ``name`` is made up here and says nothing of anybody."""

    number: int
    name: str
    media_type: str
    sha256: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One note for one destination. The same ``ref`` has the same bytes, whenever and how often it is sent.

    Attributes:
        event: the CloudEvents 1.0 event, canonical JSON in UTF-8: what systems get that take JSON.
        payload_sha256: hash of its ``data``, 64 hex digits; what a read-back is compared with.
        reference: what people call the note, ``K7QF-3M2D``; may stand in a title.
        kind: ``amended`` names what it adds to in ``amends``; ``withdrawn`` has no text and means: mark as withdrawn
            what version 1 made.
        amends: note id (32 hex digits) or empty.
        case_ref: the agency's code for the case, or empty.
        urgency: ``routine``, ``today``, ``urgent``.
        flag_reason: or empty.
        note_type, author, role, occurred_at, recorded_at: as in the event; times ISO 8601 with zone, or empty.
        text: the words, for systems with one text field; LF line ends; empty for pointers and withdrawals.
        withheld: how many attachments were left out.
    """

    ref: DeliveryRef
    event: bytes = field(repr=False)
    payload_sha256: str
    reference: str
    kind: Kind
    disclosure: Disclosure
    amends: str
    urgency: str
    case_ref: str = field(repr=False)
    flagged: bool = field(repr=False)
    flag_reason: str = field(repr=False)
    note_type: str = field(repr=False)
    author: str = field(repr=False)
    role: str = field(repr=False)
    occurred_at: str = field(repr=False)
    recorded_at: str = field(repr=False)
    text: str = field(repr=False)
    attachments: tuple[Attachment, ...] = field(repr=False, default=())
    withheld: int = 0


RemoteState = Literal["open", "closed", "merged", "gone", "missing", "handed-in", "refused", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Remote:
    """A record that the other system holds.

    Attributes:
        remote_id: its id there.
        note_id: the note id found in it, or empty: a record of ours by its author that names no note.
        version: the version found in it; 0: not told.
        payload_sha256: the hash found in it, or empty.
        state: ``handed-in`` is no proof of acceptance; ``refused`` with ``reason``; ``gone``: somebody deleted it
            there; ``missing``: it is not there, by the system's own word.
        url: where a person sees it, or empty.
        drift: names of mapped fields that differ from what was sent; empty where the connector cannot tell.
        cursor: where ``list_since`` goes on after this one.
        created_at: there; None: not told.
    """

    remote_id: str
    note_id: str
    version: int
    payload_sha256: str = ""
    state: RemoteState = "open"
    url: str = ""
    reason: str = ""
    drift: tuple[str, ...] = ()
    cursor: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is there, and that was read back or promised with our id and hash.

    Attributes:
        already: it was there before this call.
        drift: names of fields that came back otherwise than sent; a person is told once.
    """

    remote_id: str
    url: str = ""
    already: bool = False
    drift: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """Handed in durably; whether it was taken is told later by ``list_since`` or ``find``."""

    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again; counts against the destination, never against the note.

    Attributes:
        reason: a code, a-z and hyphens: ``refused-connection``, ``timeout``, ``http-503`` …
        after_s: the receiver asked for that pause (``Retry-After``); the worker clamps it to 1 s … 6 h.
        ambiguous: it may have arrived; the worker calls ``find`` before it sends again.
        made: id there of a record that this try made and could not prove; ``find`` and ``probe`` are told of it.
    """

    reason: str
    after_s: float | None = None
    ambiguous: bool = False
    made: str = ""


@dataclass(frozen=True, slots=True)
class Park:
    """A person must look. ``destination``: nothing more is sent there until it is mended (401, 403, 410, redirects, bad
    certificates). ``note``: the others go on; with ``again_s`` it is tried again by itself (person unknown there).
    ``ambiguous``, ``made``: as of ``Retry``."""

    reason: str
    scope: Literal["note", "destination"] = "note"
    again_s: float | None = None
    ambiguous: bool = False
    made: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """The receiver judged this note and will judge it so again (400, 413, 415, 422). Five different notes with the same
    ``reason`` in a row count as a change of its schema: nobody is parked, the destination pauses.

    ``reason`` ``too-large``: it is sent again at once without its attachments, if it has any. ``ambiguous``, ``made``:
    as of ``Retry``.
    """

    reason: str
    ambiguous: bool = False
    made: str = ""


Outcome = Accepted | Sent | Retry | Park | Reject


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that ``integra sync check`` says. ``what`` is a sentence for the operator, without secrets."""

    level: Literal["fine", "warning", "trouble"]
    code: str
    what: str


@dataclass(frozen=True, slots=True)
class Health:
    """
    Attributes:
        trouble: why nothing can be delivered now; None: it can.
        clock_skew_s: their clock less ours, from a ``Date`` header; None: not told.
        tls_until: when the certificate ends; None: no TLS, or not told.
    """

    findings: tuple[Finding, ...] = ()
    trouble: Retry | Park | None = None
    clock_skew_s: float | None = None
    tls_until: datetime | None = None


class Connector(Protocol):
    """One destination. Methods are called from one event loop; ``send`` at most ``caps.parallel`` at a time."""

    @property
    def name(self) -> str:
        """The destination's, as in the file of destinations."""

    @property
    def caps(self) -> Caps: ...

    async def probe(self, *, made: str = "") -> Health:
        """Whether a delivery would get through: reachable, credentials, mapping, clock, certificate. Writes nothing
        there, nor here. Raises nothing for what can go wrong there.

        Args:
            made: id of a record that a try made and could not prove: trouble while none of ours can be read.
        """

    async def find(self, ref: DeliveryRef, *, remote_id: str = "") -> Sequence[Remote]:
        """All records there that hold this note id and version, oldest first; one that has gone on to a later version
        counts, without its hash.

        Args:
            remote_id: where it was accepted, or made without proof; what was deleted there may be found by that
                alone, as ``gone``.

        Raises:
            Unanswered: see there.
        """

    async def send(self, deliveries: Sequence[Delivery], *, within_s: float) -> Sequence[Outcome]:
        """Deliver, at most ``caps.max_batch`` at once; one outcome each, in their order.

        Within ``within_s`` seconds all told, whatever the other side does; what was not finished by then is ``Retry``,
        ambiguous. Raises nothing for what can go wrong there.
        """

    def list_since(self, cursor: str | None) -> AsyncIterator[Remote]:
        """Records there that are ours, in the order in which they changed; from the start with None.

        Raises (from the iterator):
            Unanswered: see there.
        """

    async def retire_duplicate(self, keep: Remote, extra: Remote) -> None:
        """Mark ``extra`` there as a duplicate of ``keep``; never deletes.

        Raises:
            Unsupported: it cannot.
            Unanswered: see there.
        """

    async def close(self) -> None:
        """Give back connections."""
