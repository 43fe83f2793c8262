"""`integra keys split`, `integra keys combine`: a recovery key on three sheets of paper, and back from any two."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands import guided
from bot.commands.common import AsJson, PassphraseFile, Refusal, out, out_json
from bot.commands.keyfiles import read_key
from bot.commands.keys.make import new_passphrase, place_wrong, write_pair
from bot.installation import refuse_in_any
from storage.sealing import keyfile, shares
from storage.sealing.errors import ShareError
from storage.sealing.fingerprint import spoken
from storage.sealing.keyfile import KeyFile
from storage.sealing.newfile import write_new
from storage.sealing.shares import LINES, Share
from storage.sealing.suites import OpeningKey


def split(
    key: Annotated[Path | None, typer.Option("--key", help="The private recovery key.")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="A folder for the sheets; made if it is not there.")] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make three sheets of which any two give the recovery key back, as text and as PDF. Do this offline."""
    key = key or Path(guided.or_ask(None, "--key", "Where is the private recovery key", suggested="recovery.key"))
    to = to or Path(guided.or_ask(None, "--out", "Folder for the three sheets", suggested="sheets"))
    refuse_in_any(to / "share-1.txt")
    read = read_key(key, passphrase_file)
    if not isinstance(read.key, OpeningKey) or read.role != "recovery":
        raise Refusal("only a recovery key is split; that file holds another kind")
    three = shares.split(read.key, read.created)
    _tried(three, read.key)
    to.mkdir(mode=0o700, exist_ok=True)
    written = _write(to, three, read.label)
    words = " ".join(spoken(read.key.kid))
    if as_json:
        out_json({"kid": read.key.kid.hex(), "words": words.split(), "files": [str(path) for path in written]})
        return
    out(f"Three sheets are in {to}: share-1, share-2, share-3, each as .txt and .pdf. On each: {words}")
    out(
        "1. Print each, on a printer that nobody else uses, and close it in an envelope. Three people, three places.\n"
        "2. Try two of them now: integra keys combine. A sheet that was never tried is a hope.\n"
        f"3. Then delete {to} and {key}. Any two sheets open every note sealed to this key; no passphrase guards them."
    )


def combine(
    share: Annotated[
        list[Path] | None, typer.Option("--share", help="A sheet as a text file; given twice. Typed when left out.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Where the recovery key goes; FILE.pub beside it.")] = None,
    label: Annotated[str, typer.Option(help="What people call this key.")] = "Recovery",
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make the recovery key file again from any two of its three sheets. Do this offline."""
    if to is not None and (problem := place_wrong(str(to))):  # before twenty lines were typed
        raise Refusal(f"{problem}; nothing was made")
    if share is not None:
        found = [_from_file(path) for path in share]
    elif guided.at_terminal():
        found = _typed()
    else:
        raise typer.BadParameter("--share is missing; give it twice")
    key = shares.combine(found)
    if to is None and not guided.at_terminal():
        raise typer.BadParameter("--out is missing")
    to = to or Path(guided.ask("Where does the key go", suggested="recovery.key", wrong=place_wrong))
    refuse_in_any(to)
    if not keyfile.is_label(label):
        raise Refusal(f"a label is 1 to {keyfile.MOST_LABEL} printable characters")
    if not as_json and guided.at_terminal() and passphrase_file is None:
        out("The sheets fit. The key file gets a passphrase of its own:")
    beside = write_pair(to, KeyFile(key, "recovery", label, found[0].created), new_passphrase(passphrase_file))
    words = spoken(key.kid)
    if as_json:
        out_json({"private": str(to), "public": str(beside), "kid": key.kid.hex(), "words": list(words)})
        return
    out(f"Private key: {to}\nIts words, as on the sheets: {' '.join(words)}")
    out("Delete the file when you are done with it; the sheets stay as they are.")


def _tried(three: tuple[Share, Share, Share], key: OpeningKey) -> None:
    """Before anything is written: every pair of the sheets, read back from its text, gives the key."""
    read = [shares.parse("\n".join(one.lines)) for one in three]
    for left_out in range(len(read)):
        if shares.combine(read[:left_out] + read[left_out + 1 :]).seed() != key.seed():
            raise ShareError("share-key", "the sheets do not give the key back; nothing was written")


def _write(to: Path, three: tuple[Share, Share, Share], label: str) -> list[Path]:
    """All six files, or none."""
    from bot.shares_pdf import draw, sheet  # loading what draws takes longer than most commands, and 20 MB

    written: list[Path] = []
    try:
        for one in three:
            for ending, content in (("txt", sheet(one, label).encode()), ("pdf", draw(one, label))):
                path = to / f"share-{one.number}.{ending}"
                write_new(path, content)
                written.append(path)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return written


def _from_file(path: Path) -> Share:
    try:
        return shares.parse(keyfile.owner_only(path))
    except ShareError as refused:
        raise ShareError(refused.code, f"{path}: {refused}") from None


def _typed() -> list[Share]:
    """Two sheets, line by line; a slip is said at once."""
    found: list[Share] = []
    out("Two of the three sheets are needed. Blanks, hyphens and small letters do not matter.")
    for which in ("first", "second"):
        out(f"\nThe {which} sheet, lines 1 to {LINES}, without the number:")
        while True:
            lines = [guided.ask(f"{number:02}", wrong=_line_wrong(number)) for number in range(1, LINES + 1)]
            try:
                one = shares.parse("\n".join(f"{number}:{line}" for number, line in enumerate(lines, start=1)))
                if found:
                    shares.combine([*found, one])
            except ShareError as refused:
                said = str(refused)
                out(f"  {said[0].upper()}{said[1:]}. Type this sheet again, or take the third (Ctrl-C to stop).")
                continue
            typer.echo(guided.CLEARED, nl=False)  # or both sheets would stand on one screen
            out(f"That is share {one.number} of {shares.HOLDERS}, and it is whole.")
            found.append(one)
            break
    return found


def _line_wrong(number: int) -> guided.Wrong:
    def wrong(line: str) -> str:
        try:
            shares.read_line(number, line)
        except ShareError as slip:
            return str(slip)
        return ""

    return wrong
