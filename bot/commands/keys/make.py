"""`integra keys make`: a key, made on its holder's machine."""

from pathlib import Path
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands import guided
from bot.commands.common import AsJson, PassphraseFile, Refusal, out, out_json
from bot.installation import refuse_in_any
from storage.sealing import keyfile, passphrase, publicfile
from storage.sealing.fingerprint import words_for
from storage.sealing.keyfile import PROCESS_ROLES, ROLES, SIGNING_ROLES, KeyFile
from storage.sealing.newfile import write_new
from storage.sealing.signing import SigningKey
from storage.sealing.suites import SuiteId, generate

MADE_FOR = {
    "coordinator": "opens the notes of the agency",
    "supervisor": "opens them too",
    "recovery": "opens them when all others are lost; goes on paper, in three parts",
    "case-system": "hands notes over by itself; no passphrase, for nobody is there to type",
    "admin": "opens nothing: signs who may",
}
SUGGESTED = {
    "coordinator": "Duty desk",
    "supervisor": "Supervisor",
    "recovery": "Recovery",
    "case-system": "Case system",
    "admin": "Admin key",
}


def make(
    role: Annotated[str | None, typer.Option(help="coordinator, supervisor, case-system, recovery or admin.")] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Where the private key goes; FILE.pub beside it.")] = None,
    label: Annotated[str, typer.Option(help="What people call this key; no full name.")] = "",
    suite: Annotated[str, typer.Option(help="x-wing (default) or x25519.")] = "x-wing",
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a key on the holder's own machine; at a terminal, what is left out is asked for.

    The private file never leaves the machine; FILE.pub is for the admin.
    """
    if (role is None or to is None) and guided.at_terminal():
        role, label, to = _asked(role, label, to)
    if role is None or to is None:
        raise typer.BadParameter("--role and --out are needed")
    if role not in MADE_FOR:
        raise Refusal("a role is one of: coordinator, supervisor, case-system, recovery, admin")
    try:
        key = SigningKey.generate() if role in SIGNING_ROLES else generate(SuiteId.named(suite))
    except ValueError:
        raise Refusal("a suite is x-wing or x25519") from None
    refuse_in_any(to)
    words = None if role in PROCESS_ROLES else new_passphrase(passphrase_file)
    made = KeyFile(key, ROLES[role], label or role, system_clock().date())
    beside = write_pair(to, made, words)
    if as_json:
        fields = {"private": str(to), "public": str(beside), "kid": key.kid.hex(), "words": list(words_for(key.public))}
        out_json(fields)
        return
    out(f"Private key: {to}  (keep it; nobody can make it again)")
    out(f"Public key:  {beside}  (give this to the admin)")
    out(f"Compare aloud: {' '.join(words_for(key.public))}")
    out(_next(role, to, beside))


def new_passphrase(passphrase_file: Path | None) -> str:
    """For a key that is being made: from a file, or by asking.

    Raises:
        Refusal: there is none, or it is too weak.
    """
    if passphrase_file is None:
        if not guided.at_terminal():
            raise Refusal("this key needs a passphrase: give --passphrase-file FILE")
        return guided.new_passphrase()
    given = keyfile.owner_only(passphrase_file).rstrip("\n")
    if problem := passphrase.weakness(given):
        raise Refusal(f"{problem}; nothing was made")
    return given


def write_pair(to: Path, made: KeyFile, words: str | None) -> Path:
    """The private file and FILE.pub beside it: both, or neither.

    Returns:
        The public file.

    Raises:
        KeyFileError: see ``keyfile.write``.
    """
    beside = to.with_name(to.name + ".pub")
    write_new(beside, publicfile.render(publicfile.of(made)).encode(), mode=0o644)
    try:
        keyfile.write(to, made, passphrase=words)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _asked(role: str | None, label: str, to: Path | None) -> tuple[str, str, Path]:
    out("A key is made here, on the machine of whoever will hold it. Only FILE.pub travels.\n")
    role = role or guided.choose("What is the key for?", MADE_FOR)
    if role in MADE_FOR and not label:
        label = guided.ask("What do people call it? No full name", suggested=SUGGESTED[role], wrong=_label_wrong)
    if to is None:
        to = Path(guided.ask("Where does the private key go", suggested=f"{role}.key", wrong=place_wrong))
    return role, label, to


def _label_wrong(label: str) -> str:
    return "" if keyfile.is_label(label) else f"a name is 1 to {keyfile.MOST_LABEL} printable characters"


def place_wrong(name: str) -> str:
    """Why no pair of key files can be made under this name; empty where it can."""
    path = Path(name)
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    for taken in (path, path.with_name(path.name + ".pub")):
        if taken.exists():
            return f"the file {taken} is there already, choose another name"
    return ""


def _next(role: str, private: Path, public: Path) -> str:
    if role == "admin":
        return (
            "Next: keep this key offline. It signs the desk: integra keys add-recipient --admin-key "
            f"{private} --key FILE.pub …"
        )
    if role == "recovery":
        return (
            f"Next: give {public.name} to the admin, then put the key on paper: integra keys split --key {private}\n"
            "and delete it here once two of the three sheets were tried."
        )
    return (
        f"Next: give {public.name} to the admin. When the admin rings, read the eight words aloud.\nIf they have "
        "others, stop: somebody exchanged the file. Keep a copy of the private key on a second medium."
    )
