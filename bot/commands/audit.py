"""`integra audit`: look into the log of who did what, take it elsewhere, and check that nobody changed it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, PassphraseFile, Refusal, operator, out, out_json
from bot.commands.keyfiles import opening_key
from bot.commands.within import within
from bot.commands.words import Words
from bot.installation import Installation
from dialogues.reference import read_reference, reference
from storage import agencies, people
from storage import audit as log
from storage.audit_chain import HEADER, MOST_BYTES, Checkpoint, Verifier, verify_export
from storage.errors import Unknown
from storage.opened import words_of
from storage.sealing import base64url
from storage.sealing.errors import KeyRefused, NoteUnreadable
from storage.sealing.signing import VerifyKey
from storage.sealing.suites import OpeningKey
from storage.transaction import Transaction, moment

audit = typer.Typer(help="Who read, exported, erased or changed what.", no_args_is_help=True)

Checkpoints = Annotated[
    list[Path] | None,
    typer.Option("--checkpoint", help="File of checkpoints kept elsewhere, one a line; may be given several times."),
]


@audit.command("list")
def list_(
    data: Data,
    agency: Annotated[str, typer.Option(help="Only what concerns this agency (slug).")] = "",
    note: Annotated[str, typer.Option(help="Only what concerns the note of this reference.")] = "",
    last: Annotated[int, typer.Option(min=1, max=100_000, help="How many, the newest.")] = 50,
    reasons: Annotated[bool, typer.Option("--reasons", help="Show the sealed reasons too.")] = False,
    key: Annotated[
        Path | None,
        typer.Option("--key", help="With --reasons: a supervisor's key file, opens why notes of others were read."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    words: Words = "",
    as_json: AsJson = False,
) -> None:
    """List the newest entries: number, when, action, who, about what. Itself an entry."""
    installation = Installation.at(data)
    if key is not None:
        installation.refuse_inside(key)
    opener = None if key is None else opening_key(key, passphrase_file)
    ingest = (installation.keyring().ingest.public,)
    short = read_reference(note) if note else None
    if note and short is None:
        raise Refusal("that reference has a slip in it; a right one looks like K7QF-3M2D")

    def read(tx: Transaction) -> list[dict[str, object]]:
        names = _Names.of(tx)
        ref = agencies.by_slug(tx, agency).ref if agency else None
        log.record(tx, "audit.listed", at=system_clock(), reason="oversight", agency=ref or b"", words=words)
        about = log.note_of(tx, short) if short else None
        found = log.listed(tx, agency=ref, about=about, at_most=last)
        return [names.shown(tx, one, words=_words(one, opener, ingest) if reasons else None) for one in found]

    rows = within(data, read)
    if as_json:
        out_json(rows)
        return
    for row in rows:
        line = "  ".join(str(row[name]) for name in ("seq", "at", "action", "actor", "about", "agency", "outcome"))
        why = "  ".join(str(row[name]) for name in ("reason", "words", "to") if row.get(name))
        out(f"{line}  {why}".rstrip())


@audit.command("checkpoint")
def checkpoint(data: Data) -> None:
    """Print where the log stands, signed, on one line. Keep it on another machine."""
    out(within(data, lambda tx: log.checkpoint(tx, at=system_clock())).line().decode())


@audit.command("public-key")
def public_key(data: Data) -> None:
    """Print the key that checkpoints are signed with, for checking elsewhere."""
    out(base64url.encode(Installation.at(data).keyring().audit.public.raw))


@audit.command("export")
def export(
    data: Data,
    to: Annotated[Path, typer.Option("--to", help="A new file, or - to print it.")],
    words: Words = "",
) -> None:
    """Write the whole log, without the reasons, so that it can be checked anywhere. Itself an entry."""
    installation = Installation.at(data)
    with _target(to) as file:
        store = installation.store(operator=operator())

        def closing(tx: Transaction) -> Checkpoint:
            log.record(tx, "audit.exported", at=system_clock(), reason="oversight", words=words)
            return log.checkpoint(tx, at=system_clock())

        try:
            closed = store.run_now(closing)
            file.write(HEADER + b"\n")
            for line in log.lines(store, upto=closed.seq):
                file.write(line + b"\n")
            file.write(closed.line() + b"\n")
        finally:
            store.close()
    if str(to) != "-":
        out(f"Wrote {closed.seq} entries to {to}.")


@audit.command("verify")
def verify(
    data: Annotated[
        Path | None, typer.Option("--data", envvar="INTEGRA_DATA", help="Check the log of this installation.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Check an export instead; no installation is needed.")
    ] = None,
    key: Annotated[
        str,
        typer.Option(
            "--public-key", help="The audit key, as `integra audit public-key` printed it, or a file with it."
        ),
    ] = "",
    checkpoint: Checkpoints = None,
    as_json: AsJson = False,
) -> None:
    """Check that no entry was changed, taken out, put in or moved. Exit code 1 names the first that is not in order."""
    known = [one for path in checkpoint or () for one in _checkpoints(path)]
    if file is not None:
        if not key:
            raise typer.BadParameter("an export needs --public-key, from where nobody could exchange it")
        with file.open("rb") as stream:
            done = verify_export(_lines(stream), _key(key), known)
    elif data is not None:
        done = _verify_here(Installation.at(data), _key(key) if key else None, known)
    else:
        raise typer.BadParameter("give --data DIR, or --file FILE with --public-key")
    outside = max((one.seq for one in known), default=0)
    if as_json:
        out_json({"entries": done.seq, "hash": done.hash.hex(), "vouched": outside})
        return
    out(f"{done.seq} entries, all in order.")
    if not known:
        out("No checkpoint from elsewhere was given: a log written anew, or cut off at its end, would not show.")
    else:
        out(f"Up to entry {outside} as the checkpoints say; what came later rests on this copy alone.")


def _verify_here(installation: Installation, key: VerifyKey | None, known: list[Checkpoint]) -> Verifier:
    store = installation.store()
    try:
        verifier = Verifier(key or installation.keyring().audit.public, known)
        for line in log.lines(store):
            verifier.take(line)
        verifier.end()
    finally:
        store.close()
    return verifier


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines of a file that may be anything: none is read further than it can be right."""
    while line := stream.readline(MOST_BYTES + 2):
        yield line


def _checkpoints(path: Path) -> list[Checkpoint]:
    return [Checkpoint.parse(line) for line in path.read_bytes().splitlines() if line.strip()]


def _key(given: str) -> VerifyKey:
    path = Path(given)
    try:
        text = path.read_text(encoding="ascii") if path.is_file() else given
        return VerifyKey(base64url.decode(text.strip()))
    except (OSError, ValueError, KeyRefused):
        raise Refusal("that is no audit key; see: integra audit public-key") from None


@contextmanager
def _target(to: Path) -> Iterator[BinaryIO]:
    if str(to) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _words(one: log.Listed, key: OpeningKey | None, ingest: tuple[VerifyKey, ...]) -> str:
    if not one.sealed_words:
        return one.words
    if key is None:
        return "(words sealed to the supervisors; --key FILE opens them)"
    try:
        return words_of(one, key, ingest)
    except NoteUnreadable:
        return "(words sealed to others than this key)"


@dataclass(frozen=True, slots=True)
class _Names:
    """What refs are called here."""

    agencies: dict[bytes, str]

    @classmethod
    def of(cls, tx: Transaction) -> "_Names":
        return cls({row.ref: row.slug for row in agencies.every(tx)})

    def shown(self, tx: Transaction, one: log.Listed, *, words: str | None) -> dict[str, object]:
        entry = one.entry
        row: dict[str, object] = {
            "seq": entry.seq,
            "at": moment(entry.at).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "action": entry.action,
            "actor": self._actor(tx, one),
            "about": self._about(entry.action, entry.about),
            "agency": self.agencies.get(entry.agency, entry.agency.hex()[:8]) if entry.agency else "all",
            "outcome": entry.outcome,
        }
        if words is not None:
            row |= {"reason": one.reason, "words": words, "to": one.to, "key": one.key}
        return row

    def _actor(self, tx: Transaction, one: log.Listed) -> str:
        kind, ref = one.entry.actor_kind, one.entry.actor
        if kind == "operator":
            return f"operator {one.operator or ref.hex()[:8]}"
        if kind == "person":
            try:
                return f"{ref.hex()[:8]} {people.profile(tx, ref)['handle'] or '-'}"
            except Unknown:
                return ref.hex()[:8]
        return kind

    def _about(self, action: str, about: bytes) -> str:
        if action.startswith(("note.", "flag.")) and about:
            return reference(about.hex())
        return self.agencies.get(about, about.hex()[:8]) or "-"
