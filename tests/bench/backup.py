"""A backup and a restore of a database with so many notes: seconds, bytes, and the most memory either took.

python tests/bench/backup.py [NOTES]      100,000 by default; needs some 3 GB in the temporary folder
"""

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from storage import copying
from storage.database import migrate, open_database, snapshot
from storage.restoring import fill
from storage.sealing.stream import StreamReader, StreamWriter
from storage.sealing.suites import OpeningKey, SuiteId

KEY = OpeningKey(SuiteId.XWING, bytes(32))
RECORD_BYTES = 7_804
"""A note of 2 KB, sealed for three."""
PHOTOS, PHOTO_BYTES = 20, 5_000_000


def fill_with(path: Path, notes: int) -> None:
    migrate(path)
    database = sqlite3.connect(path)
    database.execute("INSERT INTO agencies (ref, version, sealed_profile) VALUES (?, 1, x'00')", (bytes(16),))
    for number in range(notes):
        ref = number.to_bytes(16, "big")
        database.execute(
            "INSERT INTO notes (id, agency_ref, reference, flag_level, hour, state, body)"
            " VALUES (?, ?, ?, 0, 0, 'waiting', ?)",
            (ref, bytes(16), f"{number:09}", os.urandom(RECORD_BYTES)),
        )
        database.execute("INSERT INTO receipts (note_id, author_ref) VALUES (?, ?)", (ref, bytes(16)))
    for number in range(min(notes, PHOTOS)):
        database.execute(
            "INSERT INTO attachments (note_id, number, agency_ref, state, body) VALUES (?, 1, ?, 'kept', ?)",
            (number.to_bytes(16, "big"), bytes(16), os.urandom(PHOTO_BYTES)),
        )
    database.commit()
    database.close()


def back_up(folder: Path) -> int:
    engine = open_database(folder / "from.db", reads_notes=True)
    with open(folder / "backup", "wb") as file, snapshot(engine) as connection:
        out = StreamWriter(file, KEY.public)
        summary = copying.dump(connection, out.write)
        out.close()
    engine.dispose()
    return summary.rows


def restore(folder: Path) -> int:
    with open(folder / "backup", "rb") as file:
        return fill(folder / "to.db", StreamReader(file, KEY).read).rows


def measured(what: str, folder: Path) -> dict[str, object]:
    """In a process of its own, for its memory."""
    done = subprocess.run([sys.executable, __file__, what, str(folder)], capture_output=True, text=True, check=True)
    told: dict[str, object] = json.loads(done.stdout)
    return told


def main() -> None:
    if sys.argv[1:2] in (["back_up"], ["restore"]):
        started = time.perf_counter()
        rows = {"back_up": back_up, "restore": restore}[sys.argv[1]](Path(sys.argv[2]))
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"rows": rows, "seconds": round(time.perf_counter() - started, 1), "peak_mb": peak_mb}))
        return
    with tempfile.TemporaryDirectory() as name:
        folder, notes = Path(name), int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
        fill_with(folder / "from.db", notes)
        told = {what: measured(what, folder) for what in ("back_up", "restore")}
        print(json.dumps({"notes": notes, "bytes": (folder / "backup").stat().st_size, **told}))


if __name__ == "__main__":
    main()
