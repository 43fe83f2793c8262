"""`integra backup`: everything but the keys it starts from, in one encrypted file."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, operator, out, out_json, progress
from bot.installation import Installation
from bot.settings import Settings
from storage import agencies, audit, copying, epochs
from storage import backup as format_
from storage.backup import Contents
from storage.database import snapshot
from storage.epochs import Turned
from storage.errors import BadInstallation
from storage.sealing import keyfile, publicfile
from storage.sealing.errors import ManifestError
from storage.sealing.newfile import new_file
from storage.sealing.stream import StreamWriter
from storage.sealing.suites import PublicKey
from storage.transaction import Transaction, seconds


def backup(
    data: Data,
    to: Annotated[Path, typer.Option("--to", help="A new file, outside the data folder.")],
    epochs_file: Annotated[
        Path | None,
        typer.Option("--epochs", help=f"File with the keys of the months; else {epochs.FILE} beside the backup."),
    ] = None,
    recovery: Annotated[
        list[Path] | None,
        typer.Option("--recovery", help="FILE.pub of a recovery key, in place of those of the desks; several times."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write database, pins and settings into one encrypted file. The assistant may run meanwhile.

    Only a recovery key opens it, and only until the key of its month is destroyed. Neither master key nor ingest key
    are in it: keep those apart.
    """
    installation = Installation.at(data)
    installation.refuse_inside(to, "a backup")
    kept = epochs_file or to.parent / epochs.FILE
    installation.refuse_inside(kept, "the keys of backups")
    months = Settings.read(data).backup_months
    store = installation.store(operator=operator())  # also holds off a change of the master key
    try:
        now = system_clock()
        keys = [_public(path) for path in recovery] if recovery else store.run_now(lambda tx: _of_desks(tx, data, now))
        signer = installation.keyring().audit
        with new_file(to) as file:
            turned = epochs.turn(kept, now.date(), months, keys, signer)
            store.run_now(
                lambda tx: audit.record(
                    tx,
                    "backup.made",
                    at=now,
                    reason="operation",
                    about=turned.current.key.kid,
                    to=to.name[:120],
                    words=_place(kept),
                )
            )
            contents = Contents(seconds(now), _files(installation))
            engine = installation.whereabouts.open(reads_notes=True)
            try:
                with snapshot(engine) as connection:
                    total = copying.count(connection)
                    summary = format_.write(
                        StreamWriter(file, turned.current.key),
                        contents,
                        connection,
                        signer,
                        progress=lambda rows: progress(rows, total),
                    )
            finally:
                engine.dispose()
    finally:
        store.close()
    _say(to, kept, summary.rows, turned, as_json)


def _say(to: Path, kept: Path, rows: int, turned: Turned, as_json: bool) -> None:
    month = turned.current.month.isoformat()[:7]
    if as_json:
        told = {"file": str(to), "epochs": str(kept), "rows": rows, "bytes": to.stat().st_size, "month": month}
        out_json({**told, "began": turned.began, "ended": list(turned.ended)})
        return
    out(f"Wrote {rows} rows to {to}, {to.stat().st_size:,} bytes. It opens with {kept.name} and a recovery key.")
    if turned.began:
        out(f"A new key for backups of {month} stands in {kept}. Keep that file where it can be overwritten.")
    for ended in turned.ended:
        out(f"The key of {ended} was destroyed: no backup of that month opens any more.")


def _place(kept: Path) -> str:
    """Where `integra doctor` finds the keys again; empty where it is longer than an entry may be."""
    path = str(kept.resolve())
    return path if len(path) <= audit.MOST_WORDS else ""


def _of_desks(tx: Transaction, data: Path, now: datetime) -> list[PublicKey]:
    """The recovery keys of all desks that hold, each once."""
    found: dict[bytes, PublicKey] = {}
    for row in agencies.every(tx):
        try:
            manifest = agencies.checked_desk(tx, row.slug, Installation(data).pins, now.date())
        except (ManifestError, BadInstallation) as refused:
            typer.echo(f"integra: {row.slug}'s desk does not hold ({refused}); its recovery key is left out", err=True)
            continue
        if manifest is not None:
            found |= {one.key.kid: one.key for one in manifest.live(now.date()) if one.role == "recovery"}
    if not found:
        raise Refusal(
            "no desk has a recovery key, and without one nobody could open a backup; name one: --recovery FILE.pub"
        )
    return list(found.values())


def _public(path: Path) -> PublicKey:
    read = publicfile.parse(keyfile.owner_only(path) if path.stat().st_mode & 0o077 == 0 else path.read_text())
    if read.role != "recovery" or not isinstance(read.key, PublicKey):
        raise Refusal(f"{path} is not the public half of a recovery key")
    return read.key


def _files(installation: Installation) -> dict[str, bytes]:
    names = ["keys/keyset.json", "settings.toml", "site.toml"]
    names += [f"desks/{path.name}" for path in sorted((installation.folder / "desks").glob("*.json"))]
    return {name: (installation.folder / name).read_bytes() for name in names if (installation.folder / name).is_file()}
