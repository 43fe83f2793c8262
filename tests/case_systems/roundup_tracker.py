"""A real Roundup 2.6 (PyPI: roundup) on the loopback, for tests.

A tracker with the class that the connector asks for, and a user ``notesync`` who may write it.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ports import free_port

from case_systems.kept import kept

MISSING = "Roundup is not installed (PyPI: roundup, waitress); its tests did not run"
USER, PASSWORD = "notesync", "notesync-test-only"
ADMIN = "admin:admin-test-only"
NOWHERE = "http://127.0.0.1:1/case/"
"""In place of the address, in what is kept."""

SCHEMA = """
incident = Class(
    db, "incident", note_id=String(indexme='no'), note_version=Number(), payload_sha256=String(indexme='no'),
    reference=String(), amends=String(indexme='no'), case_ref=String(), severity=String(), kind=String(),
    author=String(), occurred_at=String(indexme='no'), recorded_at=String(indexme='no'), flagged=Boolean(),
    flag_reason=String(), withheld=Number(), withdrawn=Boolean(), text=String())
incident.setkey("note_id")
unready = Class(db, "unready", note_id=String(indexme='no'))
db.security.addRole(name='NoteSync', description='writes incident notes')
for p in ('Create', 'View', 'Edit'):
    db.security.addPermissionToRole('NoteSync', p, 'incident')
    db.security.addPermissionToRole('NoteSync', p, 'unready')
for p in ('Rest Access', 'Web Access'):
    db.security.addPermissionToRole('NoteSync', p)
"""

SERVE = """
import sys
from roundup.cgi.wsgi_handler import RequestDispatcher
from waitress import serve
serve(RequestDispatcher(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), threads=4, url_prefix="/case")
"""


def installed() -> bool:
    return find_spec("roundup") is not None and find_spec("waitress") is not None


class Roundup:
    """
    Attributes:
        base: of the tracker, with a slash at the end.
        password_file: what the connector is given.
    """

    def __init__(self, folder: Path) -> None:
        self._tracker, self._fresh = folder / "tracker", folder / "fresh"
        self._log = folder / "log"
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}/case/"
        self.password_file = folder / "password"
        self._server: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        self.password_file.touch(0o600)
        self.password_file.write_text(PASSWORD)
        about = f"{SCHEMA}{version('roundup')}"
        shutil.copytree(kept("roundup", about, self._fill), self._fresh)
        config = self._fresh / "config.ini"
        config.write_text(config.read_text().replace(NOWHERE, self.base))
        shutil.copytree(self._fresh, self._tracker)

    def _fill(self, folder: Path) -> None:
        self._admin("install", "minimal", "sqlite")
        config = self._tracker / "config.ini"
        lines = config.read_text().splitlines()
        for number, line in enumerate(lines):
            name = line.lstrip("# ").partition("=")[0].strip()
            if "NO DEFAULT" in line and name in ("web", "domain"):
                lines[number] = f"{name} = {NOWHERE if name == 'web' else 'agency.invalid'}"
            elif name == "password_pbkdf2_default_rounds":
                lines[number] = f"{name} = 1000"  # most of what a request costs at its usual number
        config.write_text("\n".join(lines) + "\n")
        with (self._tracker / "schema.py").open("a") as schema:
            schema.write(SCHEMA)
        self._admin("initialise", ADMIN.partition(":")[2])
        self._admin(
            "create", "user", f"username={USER}", f"password={PASSWORD}", "address=n@agency.invalid", "roles=NoteSync"
        )
        shutil.copytree(self._tracker, folder, dirs_exist_ok=True)
        shutil.rmtree(self._tracker)

    def start(self) -> None:
        assert self._server is None
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-c", SERVE, str(self._tracker), str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        for _ in range(300):
            try:
                urllib.request.urlopen(self.base, timeout=10)
            except urllib.error.HTTPError:
                return
            except OSError:
                assert self._server.poll() is None, self._log.read_text()[-2000:]
                time.sleep(0.1)
            else:
                return
        raise AssertionError("Roundup did not start within half a minute")

    def stop(self) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait(20)
            self._server = None

    def restore(self) -> None:
        """All it knows is as it was when it was made."""
        with (
            closing(sqlite3.connect(self._fresh / "db/db")) as one,
            closing(sqlite3.connect(self._tracker / "db/db")) as other,
        ):
            one.backup(other)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """As the administrator; what it answered, read."""
        origin = self.base.removesuffix("/case/")
        request = urllib.request.Request(
            f"{self.base}rest/data{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": "Basic " + b64encode(ADMIN.encode()).decode(),
                "Content-Type": "application/json",
                "X-Requested-With": "rest",
                "Origin": origin,
                "Referer": self.base,
                **headers,
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["data"]

    def incidents(self) -> list[dict[str, Any]]:
        """All that were not retired, by number."""
        return list(self.call("GET", "/incident?@fields=note_id,note_version,text,withdrawn,severity")["collection"])

    def _admin(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "roundup.scripts.roundup_admin", "-i", str(self._tracker), *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def roundup_tracker() -> Iterator[Roundup]:
    with tempfile.TemporaryDirectory(prefix="integra-roundup-") as folder:
        made = Roundup(Path(folder))
        try:
            made.make()
            made.start()
            yield made
        finally:
            made.stop()
