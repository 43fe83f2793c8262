"""`integra keys rewrap`: seal kept notes anew for the desk as it is today."""

from pathlib import Path
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, Data, PassphraseFile, Refusal, operator, out, out_json, progress
from bot.commands.keyfiles import read_key
from bot.commands.within import within
from bot.installation import Installation
from storage import agencies, rewrapping
from storage.rewrapping import Report
from storage.sealing.suites import OpeningKey
from storage.transaction import Transaction

AT_ONCE = 50
"""Notes a transaction: the bot waits for none longer than some tens of milliseconds."""


def rewrap(
    data: Data,
    agency: Annotated[str, typer.Option(help="Slug of the agency.")],
    key: Annotated[Path, typer.Option("--key", help="A private key that opens the notes, outside the data folder.")],
    open_only: Annotated[
        bool, typer.Option("--open-only", help="Only notes that were not handed over, or whose flag is not closed.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """After the desk changed: let its present keys, and no others, open the notes that are kept.

    May be stopped at any time and run again. Exit code 1 when it was stopped, or this key could not do all of them.
    """
    installation = Installation.at(data)
    installation.refuse_inside(key)
    opener = read_key(key, passphrase_file).key
    if not isinstance(opener, OpeningKey):
        raise Refusal("that key signs; it does not open notes")
    report, total, stopped = _run(installation, agency, opener, open_only)
    done = report.rewrapped + report.already + len(report.left)
    if as_json:
        left = [{"reference": one.reference, "code": one.code} for one in report.left]
        counts = {"rewrapped": report.rewrapped, "already": report.already, "not_reached": total - done}
        out_json({"agency": agency, **counts, "left": left})
    else:
        out(
            f"{report.rewrapped} sealed anew, {report.already} were right already, "
            f"{len(report.left)} left as they were."
        )
        for one in report.left:
            out(f"left  {one.reference}  {one.code}")
        if report.left:
            out("Those wait for somebody whose key opens them; what the codes mean: docs/operating.md, Error codes.")
        if stopped:
            out(f"Stopped; {total - done} were not reached. Run it again to go on.")
    if report.left or stopped:
        raise typer.Exit(1)


def _run(installation: Installation, agency: str, opener: OpeningKey, open_only: bool) -> tuple[Report, int, bool]:
    """What was done, of how many, and whether it was stopped by hand."""
    ingest, pins, report = (installation.keyring().ingest.public,), installation.pins, Report()

    def listed(tx: Transaction) -> list[bytes]:
        ref = agencies.by_slug(tx, agency).ref
        return rewrapping.kept(tx, ref, open_only=open_only)

    waiting = within(installation.folder, listed)
    store = installation.store(reads_notes=True, operator=operator())
    try:
        for at in range(0, len(waiting), AT_ONCE):
            some = waiting[at : at + AT_ONCE]

            def turn(tx: Transaction, some: list[bytes] = some) -> Report:
                now, part = system_clock(), Report()
                today = now.date()
                manifest = agencies.checked_desk(tx, agency, pins, today)
                if manifest is None:
                    raise Refusal(f"{agency} has no desk yet; see: integra keys add-recipient --help")
                rewrapping.rewrap_some(tx, some, opener, manifest.sealing_keys(today), ingest, part, at=now)
                return part

            part = store.run_now(turn)
            report.rewrapped += part.rewrapped
            report.already += part.already
            report.left += part.left
            progress(min(at + AT_ONCE, len(waiting)), len(waiting))
    except KeyboardInterrupt:
        return report, len(waiting), True
    finally:
        store.close()
    return report, len(waiting), False
