"""Words that must be found nowhere, and a scan for them in every spelling a program might give them."""

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote


def spellings(word: str) -> list[bytes]:
    """UTF-8 and UTF-16, JSON's and Python's escapes, URL encoding, hexadecimal, base64 at all three alignments."""
    raw = word.encode()
    found = [
        raw,
        word.encode("utf-16le"),
        word.encode("utf-16be"),
        json.dumps(word)[1:-1].encode(),
        word.encode("ascii", "backslashreplace"),
        quote(word).encode(),
        raw.hex().encode(),
        raw.hex().upper().encode(),
    ]
    for shift in range(3):
        # What stands beside it changes the first and the last characters; those between stay.
        whole = base64.b64encode(b"\0" * shift + raw).decode()
        inner = whole[4 if shift else 0 : -4]
        found += [inner.encode(), inner.replace("+", "-").replace("/", "_").encode()]
    return [one for one in dict.fromkeys(found) if len(one) >= 4]


def unpacked(content: bytes) -> list[bytes]:
    """The content, and what is in it where it is gzip or zip."""
    found = [content]
    if content[:2] == b"\x1f\x8b":
        with suppress(OSError, EOFError):
            found.append(gzip.decompress(content))
    if content[:2] == b"PK":
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as packed:
            found += [packed.read(name) for name in packed.namelist()]
    return found


def found_in(content: bytes | str, words: Iterable[str]) -> list[str]:
    """Which of the words stand in it, in whatever spelling."""
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return [word for word in words if any(one in part for part in unpacked(raw) for one in spellings(word))]


def files_with(folder: Path, words: Iterable[str]) -> list[str]:
    """Files below a folder that hold one of the words."""
    listed = list(words)
    return [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and found_in(path.read_bytes(), listed)
    ]
