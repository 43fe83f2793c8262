"""Keys that commands work with, each with its passphrase."""

import sys
from pathlib import Path

from bot.commands.common import Refusal, secret
from storage.sealing import keyfile
from storage.sealing.errors import KeyFileError
from storage.sealing.keyfile import KeyFile
from storage.sealing.suites import OpeningKey


def read_key(path: Path, passphrase_file: Path | None) -> KeyFile:
    """A private key; its passphrase comes from an owner-only file or is asked for at the terminal.

    Raises:
        KeyFileError: says how to mend it.
    """
    if passphrase_file is not None:
        return keyfile.read(path, passphrase=keyfile.owner_only(passphrase_file).rstrip("\n"))
    try:
        return keyfile.read(path)
    except KeyFileError as refused:
        if refused.code != "passphrase" or not sys.stdin.isatty():
            raise
    return keyfile.read(path, passphrase=secret(f"Passphrase of {path.name}: "))


def opening_key(path: Path, passphrase_file: Path | None) -> OpeningKey:
    key = read_key(path, passphrase_file).key
    if not isinstance(key, OpeningKey):
        raise Refusal("that key signs; it does not open notes")
    return key
