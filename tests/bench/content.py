"""How long loading all content takes, and how much memory it holds.

    python tests/bench/content.py

Each language in a process of its own: seconds to read and check the files, seconds to build the finders, and the
resident memory they add (after a collection).
"""

import gc
import json
import subprocess
import sys
import time

from dialogues.model import Voice
from guidance import library


def resident_mb() -> float:
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def loaded(language: str) -> dict[str, float]:
    gc.collect()
    before, began = resident_mb(), time.process_time()
    content = library.load(language)
    read = time.process_time()
    voice = Voice.of(content)
    built = time.process_time()
    gc.collect()
    return {
        "answers": len(voice.content.answers),
        "steps": len(voice.content.steps),
        "read_s": read - began,
        "build_s": built - read,
        "memory_mb": resident_mb() - before,
    }


def main() -> None:
    if len(sys.argv) > 1:
        print(json.dumps(loaded(sys.argv[1])))
        return
    print("language  answers  steps   read s  build s  memory MB")
    for language in library.languages():
        out = subprocess.run([sys.executable, __file__, language], capture_output=True, text=True, check=True).stdout
        of = json.loads(out)
        print(
            f"{language:9}{of['answers']:8.0f}{of['steps']:7.0f}"
            f"{of['read_s']:9.2f}{of['build_s']:9.2f}{of['memory_mb']:11.0f}"
        )


if __name__ == "__main__":
    main()
