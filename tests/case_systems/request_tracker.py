"""A real Request Tracker 5 (Debian: request-tracker5, rt5-db-sqlite, rt5-standalone) on the loopback, for tests.

Its files lie in a folder of their own; nothing of an RT that this machine may run is read or written. It has one queue
with the fields the connector asks for, a user ``notesync`` with the rights the docs name, and no mail scrips.
"""

import json
import shutil
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from ports import free_port

from case_systems.kept import kept

PACKAGES = ("request-tracker5", "rt5-db-sqlite", "rt5-standalone", "libdbd-sqlite3-perl")
MISSING = f"Request Tracker is not on this machine (Debian: {' '.join(PACKAGES)}); its tests did not run"
SETUP = shutil.which("rt-setup-database") or "/usr/sbin/rt-setup-database"
SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
MEMORY = Path("/dev/shm")
QUEUE = "Incident notes"
ROOT = "root:password"
"""What a fresh RT is born with; here it stands for the agency's administrator."""

CONFIG = """
Set($rtname, 'case.test');  Set($Organization, 'case.test');
Set($WebDomain, '127.0.0.1');  Set($WebPort, $ENV{RT_TEST_PORT});  Set($WebPath, '');
Set($DatabaseType, 'SQLite');  Set($DatabaseName, "$ENV{RT_TEST_DIR}/rt5.sqlite3");
Set($MailCommand, 'testfile');
Set($LogToSyslog, undef);  Set($LogToSTDERR, 'error');  Set($Timezone, 'UTC');
Set($WebSessionClass, 'Apache::Session::File');
Set($BcryptCost, 5);  # nine tenths of what a request costs at its usual 12
$RT::MasonDataDir = "$ENV{RT_TEST_DIR}/mason";  $RT::MasonSessionDir = "$ENV{RT_TEST_DIR}/session";
1;
"""

DATA = """
our @Queues = ({ Name => 'Incident notes' });
our @Users = ({ Name => 'notesync', Privileged => 1, Password => 'notesync-test-only' });
our @CustomFields = (
  (map { { Name => $_, Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket', Queue => ['Incident notes'],
           UniqueValues => ($_ eq 'NoteId' ? 1 : 0) } } qw(NoteId NoteVersion PayloadSHA256 CaseRef)),
  { Name => 'Severity', Type => 'SelectSingle', LookupType => 'RT::Queue-RT::Ticket', Queue => ['Incident notes'],
    Values => [ map { { Name => $_ } } qw(info concern urgent) ] });
our @Final = (sub {
  my $u = RT::User->new(RT->SystemUser);  $u->Load('notesync');
  my $q = RT::Queue->new(RT->SystemUser); $q->Load('Incident notes');
  $u->PrincipalObj->GrantRight(Right => $_, Object => $q) for qw(SeeQueue CreateTicket ShowTicket ShowTicketComments
      CommentOnTicket ModifyTicket SeeCustomField ModifyCustomField SetInitialCustomField);
  for my $name (qw(NoteId NoteVersion PayloadSHA256 CaseRef Severity)) {
    my $cf = RT::CustomField->new(RT->SystemUser);
    $cf->LoadByName(Name => $name, LookupType => 'RT::Queue-RT::Ticket');
    $u->PrincipalObj->GrantRight(Right => 'SeeCustomField', Object => $cf);
  }
  my $scrips = RT::Scrips->new(RT->SystemUser); $scrips->UnLimit;
  while (my $scrip = $scrips->Next) { $scrip->SetDisabled(1) }
  my ($ok, $msg, $tok) = RT::AuthToken->new(RT->SystemUser)->Create(Owner => $u->Id, Description => 'test');
  open my $fh, '>', "$ENV{RT_TEST_DIR}/token" or die $!;  print $fh $tok;  close $fh;
});
1;
"""


def installed() -> bool:
    return SERVER.exists() and Path(SETUP).exists()


class RequestTracker:
    """
    Attributes:
        base: of its REST 2 interface, without a slash at the end.
        token_file: what the connector is given.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}/REST/2.0"
        self.token_file = folder / "token"
        self._database = folder / "rt5.sqlite3"
        self._fresh = folder / "fresh.sqlite3"
        self._server: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        for name in ("empty.d", "mason", "session"):
            (self._folder / name).mkdir()
        (self._folder / "RT_SiteConfig.pm").write_text(CONFIG)
        (self._folder / "data.pl").write_text(DATA)
        about = f"{CONFIG}{DATA}{SERVER.stat().st_mtime_ns}"
        ready = kept("request-tracker", about, self._fill)
        self.token_file.touch(0o600)
        self.token_file.write_bytes((ready / "token").read_bytes())
        _copied(ready / "rt5.sqlite3", self._fresh)
        _copied(self._fresh, self._database)

    def _fill(self, folder: Path) -> None:
        self._setup("--action", "init")
        self._setup("--action", "insert", "--datafile", str(self._folder / "data.pl"))
        _copied(self._database, folder / "rt5.sqlite3")
        shutil.move(self.token_file, folder / "token")

    def start(self) -> None:
        assert self._server is None
        self._server = subprocess.Popen(
            [str(SERVER), "--server", "Standalone", "--host", "127.0.0.1", "--port", str(self.port)],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=(self._folder / "log").open("ab"),
            stderr=subprocess.STDOUT,
        )
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.base}/rt", timeout=10)
            except urllib.error.HTTPError:
                return
            except OSError:
                assert self._server.poll() is None, (self._folder / "log").read_text()[-2000:]
                time.sleep(0.1)
        raise AssertionError("Request Tracker did not start within a minute")

    def stop(self) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait(20)
            self._server = None

    def backup(self) -> Path:
        """Where a copy of all it knows lies now; it goes on meanwhile."""
        kept = self._folder / f"backup-{time.monotonic_ns()}.sqlite3"
        _copied(self._database, kept)
        return kept

    def restore(self, kept: Path | None = None) -> None:
        """All it knows is as it was then; None: as it was when it was made. It goes on meanwhile."""
        _copied(kept or self._fresh, self._database)

    def call(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """As the administrator; what it answered, read; None: nothing."""
        request = urllib.request.Request(
            f"{self.base}{path}" + (f"?{urlencode(query)}" if query else ""),
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": "Basic " + b64encode(ROOT.encode()).decode(),
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def tickets(self, query: str = f"Queue = '{QUEUE}'") -> list[dict[str, Any]]:
        """All of the queue, oldest first; ``Fields`` has its custom fields by name."""
        found = self.call(
            "GET", "/tickets", query=query, fields="Status,CustomFields,Subject,Created", orderby="id", per_page="100"
        )
        for item in found["items"]:
            item["Fields"] = {field["name"]: (field["values"] or [""])[0] or "" for field in item["CustomFields"]}
        return list(found["items"])

    def text(self, ticket: str) -> str:
        """What the ticket was opened with."""
        found = self.call("GET", f"/ticket/{ticket}/attachments", fields="ContentType,Content")
        return str(next(one["Content"] for one in found["items"] if one["ContentType"] == "text/plain"))

    def database(self, statement: str) -> int:
        """What no interface does; how many rows it changed. It knows at once: nothing is kept between requests."""
        with closing(sqlite3.connect(self._database)) as db, db:
            return db.execute(statement).rowcount

    def disable_queue(self, disabled: bool) -> None:
        self.call("PUT", f"/queue/{quote(QUEUE)}", {"Disabled": "1" if disabled else "0"})

    def _setup(self, *arguments: str) -> None:
        done = subprocess.run([SETUP, *arguments], env=self._environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C.UTF-8",
            "HOME": str(self._folder),
            "RT_TEST_DIR": str(self._folder),
            "RT_TEST_PORT": str(self.port),
            "RT_SITE_CONFIG": str(self._folder / "RT_SiteConfig.pm"),
            "RT_SITE_CONFIG_DIR": str(self._folder / "empty.d"),  # or this machine's own would be read over it
        }


def _copied(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


@contextmanager
def request_tracker() -> Iterator[RequestTracker]:
    # In memory: its many small transactions would wait for a disk most of the time.
    with tempfile.TemporaryDirectory(prefix="integra-rt-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        made = RequestTracker(Path(folder))
        try:
            made.make()
            made.start()
            yield made
        finally:
            made.stop()
