"""`integra notes`: read sealed notes with a recipient's key, on the same machine as the data folder."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, PassphraseFile, Refusal, Words, out, out_json, read_key, within
from bot.installation import Installation
from dialogues.reference import read_reference
from storage import audit, opened
from storage import notes as rows_of_notes
from storage.audit import ReadingReason
from storage.sealing.errors import NoteUnreadable
from storage.sealing.suites import OpeningKey
from storage.transaction import Transaction

notes = typer.Typer(help="Sealed notes.", no_args_is_help=True)


@notes.command("list")
def list_(data: Data, as_json: AsJson = False) -> None:
    """List notes without content. An entry in the audit log."""

    def read(tx: Transaction) -> list[opened.Listed]:
        audit.record(tx, "notes.listed", at=system_clock(), reason="operation")
        return opened.listed(tx)

    rows = within(data, read)
    if as_json:
        out_json([{**_fields(row), "hour": row.hour.isoformat()} for row in rows])
        return
    for row in rows:
        out(f"{row.reference}  {row.agency}  {row.hour:%Y-%m-%d %H}h  {row.state}  flag: {row.flag or '-'}")


@notes.command("withdraw")
def withdraw(
    data: Data,
    reference: Annotated[str, typer.Argument(help="Reference of the note, such as K7QF-3M2D.")],
    words: Words = "",
) -> None:
    """Destroy a note's sealed text here, and have every case system told that it is withdrawn. It cannot be undone."""
    short = read_reference(reference)
    if short is None or not words.strip():
        raise Refusal("name one note by its reference, such as K7QF-3M2D, and say why with --words")
    within(data, lambda tx: _withdraw(tx, short, words))
    out(f"{short} is withdrawn.")


def _withdraw(tx: Transaction, short: str, words: str) -> None:
    """Its flag stays: the desk closes it, having looked."""
    now = system_clock()
    note_id, agency_ref = rows_of_notes.by_reference(tx, short)
    rows_of_notes.take_back(tx, note_id.hex(), at=now)
    audit.record(tx, "note.withdrawn", at=now, reason="operation", agency=agency_ref, about=note_id, words=words)


@notes.command("open")
def open_(
    reference: Annotated[str, typer.Argument(help="The note's reference, for example K7QF-3M2D.")],
    data: Data,
    key: Annotated[Path, typer.Option("--key", help="Your private key file, kept outside the data folder.")],
    reason: Annotated[ReadingReason, typer.Option(help="Why you read it; kept sealed in the audit log.")],
    words: Words = "",
    passphrase_file: PassphraseFile = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="Folder for its photos and voice messages; owner-only, made if need be."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Open a note and its amendments with your key. Each is an entry in the audit log.

    Photos and voice messages are listed, and saved when asked for. Exit code 1 when one of them cannot be read.
    """
    short = read_reference(reference)
    if short is None:
        raise Refusal("that reference has a slip in it; a right one looks like K7QF-3M2D")
    installation = Installation.at(data)
    installation.refuse_inside(key)
    opener = read_key(key, passphrase_file).key
    if not isinstance(opener, OpeningKey):
        raise Refusal("that key signs; it does not open notes")
    ingest = (installation.keyring(reads_notes=True).ingest.public,)
    if save is not None:
        installation.refuse_inside(save, "photos and voice messages in clear")
    now = system_clock()
    try:
        found = within(
            data,
            lambda tx: opened.open_reference(tx, short, opener, ingest, at=now, reason=reason, words=words),
            reads_notes=True,
        )
    except NoteUnreadable as refused:
        about, kid = bytes.fromhex(refused.note_id_hex), opener.kid.hex()

        def tried(tx: Transaction) -> None:
            agency_ref = rows_of_notes.agency_of(tx, about)
            audit.record(
                tx, "note.opened", at=now, reason=reason, agency=agency_ref, about=about, words=words, key=kid,
                outcome="refused",
            )  # fmt: skip

        within(data, tried)
        raise
    saved = saved_into(save, found) if save is not None else {}
    if as_json:
        out_json([_opened(one, saved) for one in found])
    else:
        out("\n\n".join(opened.as_text(one) for one in found))
        for path in saved.values():
            out(f"Saved {path}")
    if any(thing.problem for one in found for thing in one.attachments):
        raise typer.Exit(1)


def saved_into(folder: Path, found: Sequence[opened.Opened]) -> dict[tuple[str, int], Path]:
    """Write every photo and voice message that can be read as REFERENCE-NUMBER.ending, for its owner's eyes only.

    Returns:
        (reference, number) -> where.

    Raises:
        Refusal: a file of that name is there already; nothing is overwritten.
        OSError: the folder cannot be made or written to.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    saved = {}
    for one in found:
        for thing in one.attachments:
            if thing.problem:
                continue
            path = folder / f"{one.reference}-{thing.number}.{thing.ending}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            try:
                with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                    file.write(thing.content)
            except FileExistsError:
                raise Refusal(f"{path} is there already; name another folder") from None
            saved[(one.reference, thing.number)] = path
    return saved


def _opened(one: opened.Opened, saved: Mapping[tuple[str, int], Path]) -> dict[str, object]:
    things = [
        {
            "number": thing.number,
            "kind": thing.kind,
            "media_type": thing.media_type,
            "size": thing.size,
            "problem": thing.problem or None,
            "saved": str(saved[(one.reference, thing.number)]) if (one.reference, thing.number) in saved else None,
        }
        for thing in one.attachments
    ]
    return {"reference": one.reference, "state": one.state, "note": one.body, "attachments": things}


def _fields(row: opened.Listed) -> dict[str, object]:
    return {"reference": row.reference, "agency": row.agency, "state": row.state, "flag": row.flag}
