"""All benchmarks, one after the other: ``python tests/bench``. What they gave stands in docs/figures.md."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    failed = 0
    benches = (
        "turns",
        "workers",
        "commits",
        "growth",
        "memory",
        "sealing",
        "content",
        "backup",
        "flags",
        "page",
        "browser",
        "sync",
    )
    for name in benches:
        print(f"---- {name}", flush=True)
        failed += subprocess.run([sys.executable, str(HERE / f"{name}.py")], check=False).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
