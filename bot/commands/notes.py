"""`integra notes`: read sealed notes with a recipient's key; beside the data folder, or from a server without one."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, get_args

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, PassphraseFile, Refusal, out, out_json
from bot.commands.keyfiles import opening_key
from bot.commands.reading_over import Reader, over
from bot.commands.within import within
from bot.commands.words import Words
from bot.duty import DesksAlone
from bot.installation import Installation
from dialogues.reference import read_reference
from storage import audit, flags, key_holders, opened, people, reading
from storage import notes as rows_of_notes
from storage.audit import ReadingReason
from storage.errors import ReasonNeeded, Unreadable
from storage.sealing.errors import NoteUnreadable
from storage.sealing.suites import OpeningKey
from storage.transaction import Transaction

notes = typer.Typer(help="Sealed notes.", no_args_is_help=True)
WHERE = "say where the notes are: --data DIR, or --server URL with --key FILE"


SomeData = Annotated[
    Path | None,
    typer.Option("--data", envvar="INTEGRA_DATA", help="Data folder of the installation.", show_default=False),
]
Server = Annotated[
    str, typer.Option("--server", help="In place of the data folder: a server's address, https://notes.example.org.")
]


@notes.command("list")
def list_(
    data: SomeData = None,
    server: Server = "",
    key: Annotated[Path | None, typer.Option("--key", help="With --server: your private key file.")] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """List notes without content. An entry in the audit log."""
    if server:
        if key is None:
            raise Refusal("a server lists notes for whoever proves a key: --key FILE")
        _list_over(server, opening_key(key, passphrase_file), as_json=as_json)
        return
    if data is None:
        raise Refusal(WHERE)

    def read(tx: Transaction) -> list[opened.Listed]:
        audit.record(tx, "notes.listed", at=system_clock(), reason="operation")
        return opened.listed(tx)

    rows = within(data, read)
    if as_json:
        out_json([{**_fields(row), "hour": row.hour.isoformat()} for row in rows])
        return
    for row in rows:
        out(f"{row.reference}  {row.agency}  {row.hour:%Y-%m-%d %H}h  {row.state}  flag: {row.flag or '-'}")


def _list_over(server: str, key: OpeningKey, *, as_json: bool) -> None:
    rows = over(server, key, lambda reader: reader.listed("all"))
    if as_json:
        out_json(rows)
        return
    for row in rows:
        flag, more = row["flag"], f"  +{row['amendments']} amended" if row["amendments"] else ""
        told = f"{flag['state']} ({flag['urgency']})" if flag else "-"
        out(f"{row['reference']}  {row['agency']}  {row['hour'][:13]}h  {row['state']}  flag: {told}{more}")


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
    key: Annotated[Path, typer.Option("--key", help="Your private key file, kept outside the data folder.")],
    reason: Annotated[ReadingReason, typer.Option(help="Why you read it; kept sealed in the audit log.")],
    data: SomeData = None,
    server: Server = "",
    words: Words = "",
    reader: Annotated[
        str,
        typer.Option(
            "--as",
            help="Who reads, where the key is linked to nobody: your id as `integra people list` shows it.",
        ),
    ] = "",
    passphrase_file: PassphraseFile = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="Folder for its photos and voice messages; owner-only, made if need be."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Open a note and its amendments with your key. Each is an entry in the audit log.

    A note of a case that you do not work on, and whose flag you have not taken, needs another reason than handling; the
    agency's supervisors are told.

    Photos and voice messages are listed, and saved when asked for. Exit code 1 when one of them cannot be read.
    """
    short = read_reference(reference)
    if short is None:
        raise Refusal("that reference has a slip in it; a right one looks like K7QF-3M2D")
    if server:
        opener = opening_key(key, passphrase_file)
        found = over(server, opener, lambda there: _found_over(there, short, reason, words))
    elif data is not None:
        found = _found_here(data, short, key, passphrase_file, save, reason, words, reader)
    else:
        raise Refusal(WHERE)
    saved = saved_into(save, found) if save is not None else {}
    if as_json:
        out_json([_opened(one, saved) for one in found])
    else:
        out("\n\n".join(opened.as_text(one) for one in found))
        for path in saved.values():
            out(f"Saved {path}")
    if any(thing.problem for one in found for thing in one.attachments):
        raise typer.Exit(1)


async def _found_over(reader: Reader, short: str, reason: ReadingReason, words: str) -> list[opened.Opened]:
    named = await reader.named(short) or [row for row in await reader.listed("all") if row["reference"] == short]
    note_id = next((row["note_id"] for row in named), None)
    if note_id is None:
        raise Refusal(f"there is no note {short} for this key")
    found = await reader.opened(note_id, reason, words)
    if not found:
        raise Refusal(f"{short} was withdrawn by its author")
    return found


def _found_here(
    data: Path,
    short: str,
    key: Path,
    passphrase_file: Path | None,
    save: Path | None,
    reason: ReadingReason,
    words: str,
    reader: str,
) -> list[opened.Opened]:
    installation = Installation.at(data)
    installation.refuse_inside(key)
    opener = opening_key(key, passphrase_file)
    ingest = (installation.keyring(reads_notes=True).ingest.public,)
    if save is not None:
        installation.refuse_inside(save, "photos and voice messages in clear")
    now = system_clock()
    desks = DesksAlone.of(installation.pins)

    def turn(tx: Transaction) -> list[opened.Opened]:
        note_id = audit.note_of(tx, short)
        who, theirs = _reader(tx, opener, reader), [rows_of_notes.agency_of(tx, note_id)]
        if who is not None:
            with suppress(Unreadable):  # a copy without the assistant's own keys does not tell whose desk is whose
                person = desks.access.person_of(tx, who, now)
                theirs = desks.access.desks_of(tx, person, now) if person is not None else []
        reading.opening(tx, who, note_id, theirs, at=now, reason=reason, words=words)
        said = "" if who is None else who.hex()
        found = opened.open_reference(
            tx, short, opener, ingest, at=now, reason=reason, words=words, to=said, pins=installation.pins
        )
        if who is not None:
            flags.worked(tx, note_id, who, at=now, pins=installation.pins)
        return found

    try:
        return within(data, turn, reads_notes=True)
    except ReasonNeeded as refused:
        others = ", ".join(one for one in get_args(ReadingReason) if one != "handling")
        raise Refusal(
            f"{refused}. Or say who you are, where you work on that case: --as ID, or link your key on the page."
            f" Reasons: {others};"
            ' break-glass needs --words "…", too'
        ) from None
    except NoteUnreadable as refused:
        about, kid = bytes.fromhex(refused.note_id_hex), opener.kid.hex()

        def tried(tx: Transaction) -> None:
            reading.given_out(
                tx, about, at=now, reason=reason, words=words, key=kid, pins=installation.pins, outcome="refused"
            )

        within(data, tried)
        raise


def _reader(tx: Transaction, key: OpeningKey, said: str) -> bytes | None:
    """Who reads: whom the key is linked to, or who is said with ``--as``; None: nobody knows.

    Raises:
        Refusal: the key is linked to somebody else.
    """
    holder, named = key_holders.holder_of(tx, key.kid), people.by_start(tx, said) if said else None
    if holder is not None and named not in (None, holder):
        raise Refusal(
            f"that key is linked to {holder.hex()[:8]}, not to {said}: leave out --as, or have an admin unlink it"
            " (integra keys release)"
        )
    return holder or named


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
            how = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            try:
                with os.fdopen(os.open(path, how, 0o600), "wb") as file:
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
