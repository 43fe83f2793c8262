"""`integra demo` without a terminal plays the whole job by itself."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from bot.demo import TOUR


def test_the_tour_shows_every_station_and_ends_well_within_a_minute() -> None:
    began = time.monotonic()
    done = subprocess.run(
        [str(Path(sys.executable).with_name("integra")), "demo"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={name: value for name, value in os.environ.items() if not name.startswith("INTEGRA_")},
        check=False,
    )
    assert time.monotonic() - began < 60
    assert (done.returncode, done.stderr) == (0, "")
    for chapter, _ in TOUR:
        assert f"== {chapter} ==" in done.stdout
    stations = dict(re.findall(r"\n== (.*?) ==\n(.*?)(?=\n== |\Z)", done.stdout, re.S))
    for chapter, shown in zip(
        [chapter for chapter, _ in TOUR],
        [
            ("Which step?", "Paused"),
            ("Source:", "Thank you."),
            ("This will be sealed", "Reference "),
            ("A flag waits", "You have ", "you will hear of me on friday", "Closed "),
            ("is in hand", "is closed", "acted on"),
            ("1 delivered", "0 delivered", "importer opens the newest"),
            ("notes: 1 row", "ciphertext"),
        ],
        strict=True,
    ):
        for words in shown:
            assert words in stations[chapter], (chapter, words)
    for wrong in ("Not saved", "earlier question", "I do not know that command", "Traceback"):
        assert wrong not in done.stdout
    assert "you will hear of me" not in stations["What the server holds"]
