"""Change the master key, and with it every key of columns. Whoever had the old one can open nothing written since.

    1  a new generation of box keys; the keyset is wrapped for the old and the new master key
    2  the new master key takes the place of the old
    3  every sealed column is sealed anew
    4  older generations and the old wrap go

Killed anywhere in between, the installation works, and another run finishes. Pseudonyms do not change: they stand in
the headers of sealed notes.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from storage import keyset, lock
from storage.custody import KEY_BYTES, FileKeys
from storage.keyring import MASTER_FILE, Keyring
from storage.reseal import COLUMNS, reseal
from storage.sealing.signing import SigningKey
from storage.store import Store
from storage.transaction import Transaction
from storage.whereabouts import Whereabouts


def rotate(folder: Path, *, progress: Callable[[int], None] = lambda count: None) -> int:
    """
    Args:
        folder: the data folder; its keys are files. Where other machines work on the same database with copies of
            these keys, they have to be stopped, and be given the new ones.
        progress: hears how many columns are done so far.

    Returns:
        How many sealed columns were sealed anew.

    Raises:
        BadInstallation: somebody else uses the installation, or its keys are not as they must be.
        Unreadable: a column opens with no key there is; it is where it was, and so are the old keys of columns.
    """
    with lock.alone(folder):
        keys = folder / "keys"
        files = FileKeys(keys)
        old, new = files.get("master"), os.urandom(KEY_BYTES)
        found = keyset.read(keys, old)
        changed = found if len(found.boxes) > 1 else found.with_new_generation()
        keyset.write(keys, changed, [old, new])
        keyset.replace_file(keys / MASTER_FILE, f"{new.hex()}\n".encode())
        count = _all(folder, Keyring(changed, SigningKey(files.get("ingest"))), progress)
        keyset.write(keys, changed.only_current(), [new])
    return count


def _all(folder: Path, keyring: Keyring, progress: Callable[[int], None]) -> int:
    store, count = Store(Whereabouts(folder).open(alone=True), keyring), 0
    try:
        for column in COLUMNS:
            while changed := store.run_now(partial(reseal, one=column)):
                count += changed
                progress(count)
        store.run_now(Transaction.purged)
    finally:
        store.close()
    return count
