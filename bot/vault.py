"""What the server really holds: rows as they lie on disk, for the demo."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

SHOWN = (
    *("notes", "attachments", "receipts", "flags", "people", "addresses", "conversations", "outbox", "traces"),
    *("timers", "walks", "audit"),
)
TIMES = ("hour", "raised_at", "due_at", "created_at", "accepted_at", "moved_at", "at")
MOST_ROWS = 3


def vault(database: Path) -> str:
    """A few rows of each table; bytes as their first digits and their length."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    lines = [
        "What this server holds. Every sealed_ and body column is ciphertext; body opens with no key on this server."
    ]
    try:
        for table in SHOWN:
            rows = connection.execute(f"SELECT * FROM {table} ORDER BY rowid DESC").fetchall()  # noqa: S608  own names
            lines.append(f"\n{table}: {len(rows)} row{'s' if len(rows) != 1 else ''}")
            for row in rows[:MOST_ROWS]:
                lines.append("  " + "  ".join(f"{name}={_shown(name, row[name])}" for name in row.keys()))  # noqa: SIM118
    finally:
        connection.close()
    return "\n".join(lines)


def _shown(name: str, value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bytes):
        return value.hex() if len(value) <= 4 else f"{value[:6].hex()}…({len(value)} bytes)"
    if isinstance(value, int) and name in TIMES:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%MZ")
    return str(value)
