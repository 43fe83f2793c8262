"""A folder as destination: encrypted, signed, chained batches that need no network. See docs/formats/file-drop.md.

    FOLDER/outgoing/notes-<stream>-0000000042.jsonl.age        one line a note, encrypted to the agency's age recipient
    FOLDER/outgoing/notes-<stream>-0000000042.manifest.sig     Ed25519 over the manifest's bytes
    FOLDER/outgoing/notes-<stream>-0000000042.manifest.json    last: it is there, so the batch is whole
    FOLDER/acks/ack-<stream>-0000000042.json, .sig             what the agency's importer made of it
    FOLDER/quarantine/                                         what was not written by that importer

A batch is fixed in the database before it is written, and its bytes are kept there until it is acknowledged.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Final, Literal

import pyrage
from pydantic import Field, field_validator

from storage.errors import BadInstallation, Busy, Stale
from storage.sealing.signing import VerifyKey
from storage.sync import drop_files
from storage.sync.acks import Ack, Result, named, read_ack
from storage.sync.base import (
    Accepted,
    Caps,
    Delivery,
    DeliveryRef,
    Finding,
    Health,
    Outcome,
    Park,
    Remote,
    Retry,
    Sent,
    Unanswered,
    Unsupported,
)
from storage.sync.batch import NOWHERE, Batch, DropConflict, DropRefused, DropUnwritable, Head, Step
from storage.sync.canonical import canonical
from storage.sync.drop_files import DATA, MANIFEST, SIGNATURE, file_name
from storage.sync.given import Given
from storage.sync.ledger import Line
from storage.sync.own_keys import read_public_pem
from storage.sync.settings import Destination
from storage.transaction import seconds

FORMAT: Final = "integra-drop-1"
NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
"""Of a stream and of a sender."""
SALT_BYTES: Final = 16
MOST_IN_BATCH: Final = 1_000
OUTGOING, ACKS, QUARANTINE = FOLDERS = "outgoing", "acks", "quarantine"


class FileDropSettings(Destination):
    """
    Attributes:
        folder: holds ``outgoing``, ``acks`` and ``quarantine``, on one file system with hard links.
        age_recipient: the agency's age public key, ``age1…``.
        ack_key_files: the agency's public signing keys (PEM), the current and earlier ones. Without any, what was
            written counts as taken: nothing proves that it was read.
        sender, stream: in the files' names; the stream is the destination's name where it is left out.
        most_in_batch: notes.
    """

    kind: Literal["filedrop"] = "filedrop"
    folder: Path
    age_recipient: str
    ack_key_files: tuple[Path, ...] = ()
    sender: str = Field(default="integra", pattern=f"^{NAME.pattern}$")
    stream: str = Field(default="", pattern=f"^({NAME.pattern})?$")
    most_in_batch: int = Field(default=MOST_IN_BATCH, ge=1, le=10_000)

    @field_validator("age_recipient")
    @classmethod
    def _is_recipient(cls, value: str) -> str:
        try:
            pyrage.x25519.Recipient.from_str(value)
        except pyrage.RecipientError:
            raise ValueError("an age public key, age1…") from None
        return value

    @property
    def line(self) -> str:
        """Name of the stream."""
        return self.stream or self.name

    def where(self) -> str:
        return f"{self.folder.absolute()} {self.age_recipient} {self.line}"


class FileDrop:
    """``step`` is told each stage of writing; tests stop the run there."""

    def __init__(self, settings: FileDropSettings, given: Given, believed: Sequence[VerifyKey] = ()) -> None:
        self._settings, self._given, self._believed = settings, given, tuple(believed)
        self._recipient = pyrage.x25519.Recipient.from_str(settings.age_recipient)
        self._ledger = given.ledger
        self.step: Step = NOWHERE
        self._writing = asyncio.Lock()
        self._read: dict[str, tuple[Mark, Ack]] = {}
        self.caps = Caps("file_ack", max_batch=settings.most_in_batch, lists=bool(believed))

    def __repr__(self) -> str:
        return f"FileDrop({self.name!r})"

    @classmethod
    def open(cls, settings: FileDropSettings, given: Given) -> "FileDrop":
        """
        Raises:
            BadInstallation: a key of the agency cannot be read.
        """
        believed = []
        for path in settings.ack_key_files:
            try:
                believed.append(read_public_pem(path.read_bytes(), path.name))
            except OSError:
                raise BadInstallation(f"{path} cannot be read; it should hold the agency's public key") from None
        return cls(settings, given, believed)

    @property
    def name(self) -> str:
        return self._settings.name

    async def probe(self, *, made: str = "") -> Health:
        findings: list[Finding] = []
        trouble: Retry | Park | None = None
        if not self._believed:
            findings.append(
                Finding(
                    "warning",
                    "no-acks",
                    "no ack_key_files: what is written counts as taken, and nothing proves that it was read",
                )
            )
        for folder in FOLDERS:
            path = self._settings.folder / folder
            if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
                trouble = Retry("no-folder")
                findings.append(Finding("trouble", "no-folder", f"{path} is not there or not to be written: mkdir -p"))
        if trouble is None:
            try:
                await self._catch_up(adopts=False)
                findings.append(Finding("fine", "folder", f"{self._settings.folder} can be written"))
            except DropConflict as conflict:
                trouble = Park("conflict", "destination")
                findings.append(Finding("trouble", "conflict", str(conflict)))
            except DropUnwritable as away:
                trouble = Retry(away.why.lower())
        return Health(tuple(findings), trouble)

    async def send(self, deliveries: Sequence[Delivery], *, within_s: float) -> Sequence[Outcome]:
        try:
            await self._write_left()
            await self._catch_up()
            await self._ledger.sweep(now=seconds(self._given.clock()))
            refused = {(ack.batch, one.ref.key) for ack in self._acks()[0] for one in ack.results if not one.accepted}
            lines = {
                key: one
                for key, one in (await self._lines(deliveries)).items()
                if one.outstanding and (one.batch, key) not in refused
            }
            new = [one for one in deliveries if one.ref.key not in lines]
            if new:
                after = await self._ledger.head()
                batch = self.pack(new, after)
                self.step("packed")
                await self._ledger.fix(batch, [one.ref for one in new], after)
                self.step("fixed")
                await self._write_left()
            lines = await self._lines(deliveries)
        except DropConflict:
            left = await self._fixed(deliveries)
            return [Park("conflict", "destination", ambiguous=one) for one in left]
        except (DropUnwritable, Busy, Stale) as away:
            left = await self._fixed(deliveries)
            return [Retry(getattr(away, "why", "busy").lower(), ambiguous=one) for one in left]
        return [
            Sent(lines[one.ref.key].remote_id) if self._believed else Accepted(lines[one.ref.key].remote_id)
            for one in deliveries
        ]

    async def _fixed(self, deliveries: Sequence[Delivery]) -> list[bool]:
        """Of each, whether it stands in a batch that is not acknowledged: that leaves as it is, sooner or later."""
        try:
            lines = await self._lines(deliveries)
        except Busy:
            return [True] * len(deliveries)
        return [one.ref.key in lines and lines[one.ref.key].outstanding for one in deliveries]

    async def find(self, ref: DeliveryRef, *, remote_id: str = "") -> Sequence[Remote]:
        try:
            await self._write_left()
        except DropConflict:
            raise Unanswered(Park("conflict", "destination")) from None
        except (DropUnwritable, Busy) as away:
            raise Unanswered(Retry(getattr(away, "why", "busy").lower())) from None
        line = (await self._ledger.lines([ref])).get(ref.key)
        for ack in reversed(self._acks()[0]):
            for result in ack.results:
                if result.ref == ref and (line is None or line.batch == ack.batch):
                    return [_remote(ack.batch, result, line.remote_id if line else "")]
        if line is None or not line.outstanding:
            return []
        state: Literal["handed-in", "open"] = "handed-in" if self._believed else "open"
        return [Remote(line.remote_id, ref.note_id, ref.version, state=state)]

    async def list_since(self, cursor: str | None) -> AsyncIterator[Remote]:
        outstanding = dict(await self._ledger.outstanding())
        acks, refused = self._acks()
        awaited = min(outstanding, default=0)
        why = "ack-refused"
        for ack in acks:
            name = f"ack-{self._settings.line}-{ack.batch:010d}.json"
            known = await self._ledger.hash_of(ack.batch)
            if ack.status == "missing":
                if known is not None and ack.batch not in outstanding:  # they lost it, and our bytes are dropped
                    async for remote in self._lost(ack.batch):
                        yield remote
                continue
            if known is None and ack.batch > (await self._ledger.head()).batch:
                continue
            if known != ack.manifest_sha256:
                refused[name] = self._read[name][0]
                continue
            if cursor is not None and ack.batch not in outstanding:
                continue
            seqs = await self._ledger.refs_in(ack.batch)
            if ack.status == "rejected":
                refused[name] = self._read[name][0]
                why = "batch-refused"
                continue
            for result in ack.results:
                at = f"{ack.batch}:{seqs[result.ref.key]}" if result.ref.key in seqs else ""
                yield _remote(ack.batch, result, at)
        await self._ledger.sweep(now=seconds(self._given.clock()))
        await self._fill_gap(acks, awaited)
        if refused:
            self._set_aside(refused)
            raise Unanswered(Park(why, "destination"))

    async def _lost(self, batch: int) -> AsyncIterator[Remote]:
        """What was in that batch, and in none since: the file that asks for it stays, as its number never comes."""
        seqs = await self._ledger.refs_in(batch)
        refs = [DeliveryRef(note_id, int(version)) for note_id, _, version in (key.partition(".v") for key in seqs)]
        last = await self._ledger.lines(refs)
        for ref in refs:
            if last[ref.key].batch == batch:
                yield Remote(f"{batch}:{seqs[ref.key]}", ref.note_id, ref.version, state="missing", cursor="read")

    async def retire_duplicate(self, keep: Remote, extra: Remote) -> None:
        raise Unsupported("an importer keeps a note once")

    async def close(self) -> None:
        pass

    # ------------------------------------------------------------ batches

    def pack(self, deliveries: Sequence[Delivery], after: Head) -> Batch:
        """The batch that follows ``after``; computes only. ``deliveries`` is not empty."""
        seq, line_sha256, lines = after.seq, after.line_sha256, []
        for one in deliveries:
            seq += 1
            # the chain's head stands in clear; without salt it would confirm a guess at the last note's text
            salt = os.urandom(SALT_BYTES).hex()
            line = b'{"event":%b,"prev":"%b","salt":"%b","seq":%d}' % (
                one.event,
                line_sha256.hex().encode(),
                salt.encode(),
                seq,
            )
            line_sha256 = hashlib.sha256(line).digest()
            lines.append(line + b"\n")
        data = pyrage.encrypt(b"".join(lines), [self._recipient])
        signing = self._given.signing
        manifest = canonical(
            {
                "format": FORMAT,
                "sender": self._settings.sender,
                "stream": self._settings.line,
                "batch": after.batch + 1,
                "first_seq": after.seq + 1,
                "last_seq": seq,
                "count": len(deliveries),
                "data_sha256": hashlib.sha256(data).hexdigest(),
                "prev_manifest_sha256": after.manifest_sha256.hex(),
                "head": line_sha256.hex(),
                "key_id": signing.kid.hex(),
                "created_at": self._given.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
        head = Head(after.batch + 1, seq, line_sha256, hashlib.sha256(manifest).digest())
        return Batch(head, data, manifest, signing.sign(manifest))

    async def resend(self, number: int) -> bool:
        """Write a batch again, byte for byte. False: its bytes are dropped, as it was acknowledged."""
        batch = await self._ledger.again(number)
        if batch is None:
            return False
        await self._write(batch)
        return True

    async def _write_left(self) -> None:
        async with self._writing:
            while (batch := await self._ledger.unwritten()) is not None:
                await self._write(batch)
                await self._ledger.written(batch.head.batch, now=seconds(self._given.clock()))
                self.step("marked")

    async def _write(self, batch: Batch) -> None:
        files = [
            (file_name(self._settings.line, batch.head.batch, kind), content)
            for kind, content in ((DATA, batch.data), (SIGNATURE, batch.signature), (MANIFEST, batch.manifest))
        ]
        outgoing = self._settings.folder / OUTGOING
        await asyncio.to_thread(partial(drop_files.place, outgoing, files, self.step))
        self.step("delivered")

    async def _lines(self, deliveries: Sequence[Delivery]) -> dict[str, Line]:
        return await self._ledger.lines([one.ref for one in deliveries])

    async def _catch_up(self, *, adopts: bool = True) -> None:
        """Batches of ours that the database does not know, as it comes from a backup: numbers go on after them.

        Args:
            adopts: False: it is only looked whether they would.

        Raises:
            DropConflict: a file of our name that we did not write, or that does not follow.
        """
        head = await self._ledger.head()
        stream = self._settings.line
        shape = re.compile(rf"notes-{stream}-([0-9]{{10}})\..+")
        outgoing = self._settings.folder / OUTGOING
        found = {int(name[1]) for name in map(shape.fullmatch, drop_files.there(outgoing)) if name}
        told = {ack.batch: ack for ack in self._acks()[0] if ack.status in ("accepted", "partial")}
        while (last := max((*found, *told), default=0)) > head.batch:
            number = head.batch + 1
            if (adopted := self._adopted(outgoing, number, head, told.get(number))) is None:
                raise DropConflict(f"the folder of {stream} holds batch {last}, {number} would be next")
            if adopts:
                await self._ledger.adopt(adopted, now=seconds(self._given.clock()))
            head = adopted

    def _adopted(self, outgoing: Path, number: int, head: Head, ack: Ack | None) -> Head | None:
        stream = self._settings.line
        raw = drop_files.read(outgoing / file_name(stream, number, MANIFEST))
        signature = drop_files.read(outgoing / file_name(stream, number, SIGNATURE))
        if not self._given.signing.public.verifies(signature, raw):
            return None if ack is None else Head(number, ack.last_seq, ack.line_sha256, ack.manifest_sha256)
        said = json.loads(raw)
        if (said["batch"], said["stream"], said["prev_manifest_sha256"]) != (
            number,
            stream,
            head.manifest_sha256.hex(),
        ):
            return None
        return Head(number, said["last_seq"], bytes.fromhex(said["head"]), hashlib.sha256(raw).digest())

    # ------------------------------------------------------------ acknowledgements

    def _acks(self) -> tuple[list[Ack], dict[str, "Mark"]]:
        """All that can be read, by number; and names of those that the agency did not write, as they were."""
        folder, shape = self._settings.folder / ACKS, named(self._settings.line)
        good: list[Ack] = []
        refused: dict[str, Mark] = {}
        if not self._believed:
            return good, refused
        try:
            names = [name for name in drop_files.there(folder) if shape.fullmatch(name)]
        except DropUnwritable:
            return good, refused
        for name in names:
            with contextlib.suppress(OSError):
                mark = _mark(folder / name)
                if name not in self._read or self._read[name][0] != mark:
                    try:
                        self._read[name] = (mark, read_ack(folder / name, self._settings.line, self._believed))
                    except DropRefused:
                        if _mark(folder / name) == mark:  # or the importer is just writing another
                            refused[name] = mark
                        continue
                good.append(self._read[name][1])
        return good, refused

    def _set_aside(self, refused: Mapping[str, "Mark"]) -> None:
        for name, mark in refused.items():
            try:
                if _mark(self._settings.folder / ACKS / name) != mark:
                    continue  # the importer wrote another one meanwhile
            except OSError:
                continue  # or is about to
            for one in (name, name.removesuffix(".json") + ".sig"):
                with contextlib.suppress(OSError):
                    os.replace(self._settings.folder / ACKS / one, self._settings.folder / QUARANTINE / one)

    async def _fill_gap(self, acks: Sequence[Ack], awaited: int) -> None:
        """The agency has read what came after a batch, or says that it misses it: that batch is written again."""
        later = [ack.batch for ack in acks if ack.status == "missing" or ack.batch > awaited > 0]
        missing = {ack.batch for ack in acks if ack.status == "missing"} | ({awaited} if awaited and later else set())
        for number in sorted(missing):
            outgoing = self._settings.folder / OUTGOING
            if (outgoing / file_name(self._settings.line, number, MANIFEST)).exists():
                continue
            with contextlib.suppress(DropConflict, DropUnwritable, Busy):
                await self.resend(number)


Mark = tuple[tuple[int, int, int], ...]
"""Which file lies there, without reading it: of an acknowledgement, and of its signature."""


def _mark(path: Path) -> Mark:
    """
    Raises:
        OSError: the acknowledgement is not there.
    """
    stats = [one.lstat() for one in (path, path.with_suffix(".sig")) if one == path or one.exists()]
    return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)


def _remote(batch: int, result: Result, at: str) -> Remote:
    return Remote(
        remote_id=result.remote_id or at or f"{batch}:",
        note_id=result.ref.note_id,
        version=result.ref.version,
        state="open" if result.accepted else "refused",
        reason=result.reason,
        cursor="read",
    )
