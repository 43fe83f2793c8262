"""`integra keys show`: what a key file is, without opening it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bot.clock import system_clock
from bot.commands.common import AsJson, out, out_json
from bot.commands.within import within
from bot.installation import Installation
from storage import agencies
from storage.sealing import keyfile, publicfile
from storage.sealing.errors import KeyFileError
from storage.sealing.fingerprint import words_for
from storage.sealing.keyfile import Hardness
from storage.sealing.publicfile import PublicFile
from storage.sealing.suites import PublicKey
from storage.transaction import Transaction


def show(
    file: Annotated[Path, typer.Argument(help="A private key file, or FILE.pub.")],
    data: Annotated[
        Path | None,
        typer.Option("--data", envvar="INTEGRA_DATA", help="Also say on which desks of this installation it stands."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show whose key a file holds, its words to compare, and where it stands. No passphrase is needed."""
    private, public, protection = _read(file)
    fields: dict[str, Any] = {
        "file": "private" if private else "public",
        "role": public.role,
        "label": public.label,
        "created": public.created.isoformat() if public.created else None,
        "suite": public.key.suite.name_in_files if isinstance(public.key, PublicKey) else "ed25519",
        "kid": public.key.kid.hex(),
        "words": list(words_for(public.key)),
        "protection": protection,
    }
    if data is not None:
        fields["desks"] = standing(data, public)
    if as_json:
        out_json(fields)
        return
    out(f"{public.role}  {public.label}  made {public.created or '(not known)'}  {fields['suite']}")
    out(f"Key id: {public.key.kid.hex()}")
    out(f"Compare aloud: {' '.join(words_for(public.key))}")
    if private:
        out(f"Private key, {protection}. It stays with its holder.")
    for one in fields.get("desks", ()):
        out(f"{one['agency']}: {one['as']}, version {one['version']}{one['until'] and ', until ' + one['until']}")
    if data is not None and not fields["desks"]:
        out("It stands on no desk of this installation.")


def standing(data: Path, public: PublicFile) -> list[dict[str, Any]]:
    """The desks of an installation that a key stands on, or signs; a desk that does not hold is passed over."""
    pins, now = Installation.at(data).pins, system_clock()

    def look(tx: Transaction) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for row in agencies.every(tx):
            manifest, pin = agencies.desk(tx, row.slug, pins, now), pins.of(row.slug)
            if pin is not None and pin.admin.kid == public.key.kid:
                found.append({"agency": row.slug, "as": "signs the desk", "version": pin.version, "until": ""})
            for one in manifest.recipients if manifest is not None else ():
                if manifest is not None and one.key.kid == public.key.kid:
                    until = one.not_after.isoformat() if one.not_after else ""
                    as_ = f"{one.role} {one.label}"
                    found.append({"agency": row.slug, "as": as_, "version": manifest.version, "until": until})
        return found

    return within(data, look)


def read_public_half(path: Path) -> PublicFile:
    """The public half of a key, from FILE.pub or from the private file.

    Raises:
        KeyFileError: says how to mend it.
    """
    return _read(path)[1]


def _read(path: Path) -> tuple[bool, PublicFile, str]:
    try:
        with path.open("rb") as file:
            text = file.read(keyfile.MOST_FILE_BYTES + 1).decode("utf-8")
    except FileNotFoundError:
        raise KeyFileError("missing", f"there is no {path}") from None
    except UnicodeDecodeError:
        raise KeyFileError("format", f"{path} is no key file") from None
    if f'"{publicfile.FORMAT}"' in text:
        return False, publicfile.parse(text), ""
    fields = keyfile.fields_of(keyfile.owner_only(path))
    public = publicfile.of_private(fields)
    if "seed" in fields:
        return True, public, "in clear"
    box = fields["protected"]
    numbers = [box.get(name) for name in ("t", "m_kib", "p")]
    if box.get("kdf") != "argon2id" or not all(type(one) is int for one in numbers):
        raise KeyFileError("format", "the protected part is not as the format says; the file is damaged")
    if not Hardness(*numbers).within_bounds():
        raise KeyFileError("floor", "its passphrase is protected too weakly (or too costly) to be used; make a new key")
    return True, public, f"protected by a passphrase (Argon2id, {numbers[0]} passes, {numbers[1] // 1024} MiB)"
