"""Vectors of encrypted streams (docs/formats/backup.md), for the test and for other readers.

    python -m vectors.backup_streams        (in tests/, with the project's folder on the path)

All are of suite X25519 and of small chunks' edges; keys are synthetic, ``random`` is counted.
"""

import base64
import hashlib
import io
import json
from pathlib import Path

from storage.sealing.stream import CHUNK_BYTES, FIRST_BYTES, StreamWriter
from storage.sealing.suites import OpeningKey, SuiteId

FOLDER = Path(__file__).parent / "backup-stream"
SEED = bytes(range(32))
SEALED = CHUNK_BYTES + 16


def text(size: int) -> bytes:
    """So many bytes that compress and repeat badly, from a counter."""
    blocks = (hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def sealed(plain: bytes) -> tuple[int, bytes]:
    """Length of the header, and the whole file."""
    out = io.BytesIO()
    writer = StreamWriter(out, OpeningKey(SuiteId.X25519, SEED).public)
    writer.write(plain)
    writer.close()
    return len(writer.header), out.getvalue()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    two = CHUNK_BYTES + 40
    head, good = sealed(text(two))
    chunks = [good[head : head + SEALED], good[head + SEALED :]]
    _, short = sealed(text(100))

    def case(name: str, expect: str, file: bytes, size: int = 0, seed: bytes = SEED) -> None:
        fields: dict[str, object] = {"expect": expect, "suite": "x25519", "seed": seed.hex()}
        fields["file"] = base64.b64encode(file).decode()
        if expect == "open":
            fields["sha256"], fields["bytes"] = hashlib.sha256(text(size)).hexdigest(), size
        (FOLDER / f"{name}.json").write_text(json.dumps(fields, indent=1) + "\n")

    def changed(at: int, file: bytes = short) -> bytes:
        return file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]

    case("open-empty", "open", sealed(b"")[1], 0)
    case("open-short", "open", short, 100)
    case("open-one-whole-chunk", "open", sealed(text(CHUNK_BYTES))[1], CHUNK_BYTES)
    case("open-two-chunks", "open", good, two)
    case("key-of-another", "key", short, seed=bytes(32))
    case("format-magic", "format", changed(0))
    case("format-suite", "format", changed(4))
    case("format-header-cut", "format", short[:40])
    case("damaged-sealed-file-key", "damaged", changed(FIRST_BYTES + 3))
    case("damaged-last-byte", "damaged", changed(len(short) - 1))
    case("damaged-cut", "damaged", short[:-1])
    case("damaged-without-its-chunk", "damaged", short[:head])
    case("damaged-without-the-last-chunk", "damaged", good[:head] + chunks[0])
    case("damaged-without-the-first-chunk", "damaged", good[:head] + chunks[1])
    case("damaged-chunks-exchanged", "damaged", good[:head] + chunks[1] + chunks[0])
    case("damaged-goes-on", "damaged", short + b"\0")


if __name__ == "__main__":
    main()
