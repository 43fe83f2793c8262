"""The built page: every file of its folder, read once at start and named by one digest."""

import gzip
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web

TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".ftl": "text/plain",
    ".txt": "text/plain",
}
"""What is served, by the end of its name; nothing else of the folder is."""
TEXT: Final = frozenset({".html", ".js", ".mjs", ".css", ".svg", ".json", ".webmanifest", ".ftl", ".txt"})
INDEX: Final = "index.html"
MOST_BYTES: Final = 20_000_000


class BundleError(Exception):
    """The folder holds no page; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Served:
    content: bytes = field(repr=False)
    packed: bytes | None = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """
    Attributes:
        sha256: over one line a file, ``SHA256  PATH`` and a line feed, by path: what ``sha256sum`` prints.
    """

    files: dict[str, Served] = field(repr=False)
    sha256: str

    @classmethod
    def read(cls, folder: Path) -> "Bundle":
        """
        Raises:
            BundleError: it is no folder with an index.html, or far too large for a page.
        """
        if not (folder / INDEX).is_file():
            raise BundleError(f"{folder} holds no {INDEX}; build the page first: make page")
        files, lines, total = {}, [], 0
        for path in sorted(folder.rglob("*"), key=lambda found: found.relative_to(folder).as_posix()):
            if not path.is_file() or path.is_symlink():
                continue
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            total += len(content)
            if total > MOST_BYTES:
                raise BundleError(f"{folder} has more than {MOST_BYTES:,} bytes; is it the folder of the built page?")
            lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
            if path.suffix in TYPES:
                packed = gzip.compress(content, 9, mtime=0) if path.suffix in TEXT else None
                files[name] = Served(content, packed, TYPES[path.suffix])
        return cls(files, hashlib.sha256("".join(lines).encode()).hexdigest())

    def answer(self, path: str, accepts: str) -> web.Response | None:
        """
        Args:
            path: of the address, behind the first slash; empty: the page itself.
            accepts: the request's ``Accept-Encoding``.
        """
        found = self.files.get(path or INDEX)
        if found is None:
            return None
        text = found.media_type.startswith(("text/", "application/", "image/svg"))
        response = web.Response(body=found.content, content_type=found.media_type, charset="utf-8" if text else None)
        if found.packed is not None and "gzip" in accepts:
            response.body = found.packed
            response.headers["Content-Encoding"] = "gzip"
        if found.packed is not None:
            response.headers["Vary"] = "Accept-Encoding"
        return response
