"""`integra restore`: a new data folder from a backup. Nothing stands in its place before all of it is verified."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, PassphraseFile, Refusal, operator, out, out_json, progress
from bot.commands.keyfiles import read_key
from bot.installation import Installation, refuse_in_any
from storage import agencies, custody, deletions, epochs, restoring, settling
from storage.backup import Contents, Reader
from storage.copying import Summary
from storage.custody import FileKeys
from storage.keyring import INGEST_FILE, MASTER_FILE, write_key
from storage.sealing.newfile import write_new
from storage.sealing.stream import StreamReader, parse_header, read_header
from storage.sealing.suites import OpeningKey
from storage.settling import Settled
from storage.transaction import Transaction, moment


def restore(
    backup: Annotated[Path, typer.Argument(help="The backup.")],
    data: Data,
    recovery_key: Annotated[Path, typer.Option("--recovery-key", help="The private recovery key.")],
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys", help=f"Folder with {MASTER_FILE} and {INGEST_FILE} of then; else systemd's credentials."
        ),
    ] = None,
    epochs_file: Annotated[
        Path | None, typer.Option("--epochs", help=f"File with the keys of the months; else {epochs.FILE} beside it.")
    ] = None,
    deleted: Annotated[
        Path | None, typer.Option("--deletions", help="The newest copy of the file `deletions` of the data folder.")
    ] = None,
    no_deletions: Annotated[
        bool, typer.Option("--no-deletions", help="There is no copy: what was erased since the backup is back.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a new data folder from a backup. What was erased or ended since is erased and ended again."""
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Refusal(f"{data} is not empty; name a new folder")
    if (deleted is None) != no_deletions:
        raise Refusal(
            "name the newest copy of the file `deletions`: --deletions FILE. Only where there is none:"
            " --no-deletions; then what was erased since the backup comes back"
        )
    refuse_in_any(recovery_key)
    opener = read_key(recovery_key, passphrase_file).key
    if not isinstance(opener, OpeningKey):
        raise Refusal("that key signs; it opens no backup")
    with _beside(data) as part:
        contents, summary = _unpack(backup, epochs_file or backup.parent / epochs.FILE, opener, keys, part)
        if deleted is not None:
            write_new(part / deletions.FILE, deleted.read_bytes())
        settled = _settle(Installation(part), contents, system_clock())
        os.rename(part, data)  # over nothing, or an empty folder
        folder = os.open(data.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    _say(data, summary, settled, as_json)


@contextlib.contextmanager
def _beside(data: Path) -> Iterator[Path]:
    """A folder that takes ``data``'s place by a single rename; gone where that does not happen."""
    data.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{data.name}.", suffix=".part", dir=data.parent))  # 0700
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _unpack(
    backup: Path, epochs_file: Path, opener: OpeningKey, keys: Path | None, part: Path
) -> tuple[Contents, Summary]:
    with open(backup, "rb") as file:
        _, kid, _ = parse_header(read_header(file))
        key = epochs.opened(epochs_file, kid, opener)
        file.seek(0)
        reader = Reader(StreamReader(file, key))
        for name, raw in reader.contents.files.items():
            path = part / name
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_new(path, raw)
        (part / "desks").mkdir(mode=0o700, exist_ok=True)
        _bring_keys(keys, part / "keys")
        installation = Installation(part)
        keyring = installation.keyring()
        total = os.fstat(file.fileno()).st_size
        summary = restoring.fill(
            installation.database, reader.read, progress=lambda rows: progress(file.tell(), total, "bytes")
        )
        reader.verify(keyring.audit.public)
    return reader.contents, summary


def _bring_keys(keys: Path | None, to: Path) -> None:
    if keys is None:
        if isinstance(custody.provider(to), FileKeys):
            raise Refusal(f"name the folder with {MASTER_FILE} and {INGEST_FILE}: --keys DIR; they are in no backup")
        return
    to.mkdir(mode=0o700, exist_ok=True)
    for name in (MASTER_FILE, INGEST_FILE):
        write_key(to / name, FileKeys(keys).get(name.removesuffix(".key")))


def _settle(installation: Installation, contents: Contents, now: datetime) -> Settled:
    keyring = installation.keyring()
    since = []
    if installation.deletions.exists():
        with open(installation.deletions, "rb") as lines:
            since = list(deletions.read(lines, keyring))

    def turn(tx: Transaction) -> tuple[Settled, dict[bytes, str]]:
        settled = settling.settle(tx, since, made_at=moment(contents.made_at), at=now)
        return settled, {row.ref: row.slug for row in agencies.every(tx)}

    store = installation.store(operator=operator())
    try:
        settled, slugs = store.run_now(turn)
    finally:
        store.close()
    for ref, pin in settled.desks.items():
        installation.pins.move_on(slugs[ref], pin)
    return settled


def _say(data: Path, summary: Summary, settled: Settled, as_json: bool) -> None:
    made = settled.made_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if as_json:
        told = {"data": str(data), "made_at": made, "rows": summary.rows, "audit_entries": settled.entries}
        out_json({**told, "deleted_again": settled.replayed, "unsaid": settled.unsaid, "desks": len(settled.desks)})
        return
    out(f"Restored {summary.rows} rows, as of {made}, to {data}. What was done since then is lost.")
    out(f"Erased or ended again: {settled.replayed}. Messages that waited then and are not said: {settled.unsaid}.")
    out(
        f"The audit log was cut after entry {settled.entries}; the next entry says so. Begin a new file of checkpoints."
    )
    if settled.desks:
        out("A key left a desk since: nothing is sealed there until its admin publishes it anew; see When a desk does"
            " not hold.")  # fmt: skip
    out("Invites not used yet are void. Next: integra keys list, integra keys rewrap; see docs/operating.md, Restore.")
