"""Notes that people were told are logged, against those the database keeps, opened with the coordinator's key."""

from collections import Counter
from collections.abc import Iterable

from bot_site import NOON

from bot.trial import Trial
from storage import opened
from storage.sealing import keyfile
from storage.sealing.suites import OpeningKey
from storage.transaction import Transaction

from .phone import Kept


def notes_in(trial: Trial) -> Counter[Kept]:
    """Every note of the database, also the withdrawn, and how often."""
    key = keyfile.read(trial.coordinator_key).key
    assert isinstance(key, OpeningKey)
    ingest = (trial.installation.keyring().ingest.public,)
    store = trial.installation.store(reads_notes=True)

    def read(tx: Transaction) -> Counter[Kept]:
        found: Counter[Kept] = Counter()
        for one in opened.listed(tx):
            if one.state == "withdrawn":
                found[Kept(one.reference, "", "", withdrawn=True)] += 1
            elif not one.amends:
                for note in opened.open_reference(tx, one.reference, key, ingest, at=NOON, reason="rehearsal"):
                    of = one.reference if note.reference != one.reference else ""
                    text = "\n".join(note.body["parts"].values())
                    author = note.body["author"]["handle"]
                    found[Kept(note.reference, text, author, of, media=len(note.attachments))] += 1
        return found

    try:
        return store.run_now(read)
    finally:
        store.close()


def notes_differ(told: Iterable[Kept], kept: Counter[Kept]) -> dict[str, str]:
    """Reference -> what is wrong with it: lost, kept twice, other words, or nobody was told of it."""
    wanted = {one.reference: one for one in told}
    found: dict[str, str] = {}
    for reference, one in wanted.items():
        if not kept[one]:
            known = any(other.reference == reference for other in kept)
            found[reference] = "kept otherwise than it was told" if known else "lost: it was told that it is logged"
    for one, times in kept.items():
        if one.reference not in wanted:
            found[one.reference] = "nobody was told of it"
        elif times > 1 or sum(other.reference == one.reference for other in kept) > 1:
            found[one.reference] = "kept more than once"
    return found
