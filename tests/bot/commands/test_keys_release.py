"""`integra keys release`: a key that was linked to the wrong person is nobody's again, and logged out."""

from bot_site import NOON

from bot.trial import Trial
from storage import audit, key_holders, people, sessions

from .conftest import Integra

KID = bytes(range(16))


def test_a_key_is_released_and_its_sessions_end(integra: Integra, trial: Trial) -> None:
    store = trial.installation.store()
    try:
        coordinator = store.run_now(lambda tx: people.at_address(tx, "console", "coordinator"))
        assert coordinator is not None
        store.run_now(lambda tx: key_holders.link(tx, KID, coordinator, at=NOON))
        store.run_now(lambda tx: sessions.begin(tx, person_ref=coordinator, kid=KID, at=NOON))
        for wrong in ("0001", "ffffffff", "not-hex-digits"):
            assert integra("keys", "release", wrong, "--data", trial.installation.folder).code == 1
        done = integra("keys", "release", KID.hex()[:8].upper(), "--data", trial.installation.folder)
        assert (done.code, done.err) == (0, "")
        assert KID.hex() in done.out
        assert store.run_now(lambda tx: key_holders.holder_of(tx, KID)) is None
        assert store.run_now(lambda tx: tx.db.exec_driver_sql("SELECT count(*) FROM page_sessions").scalar_one()) == 0
        newest = store.run_now(lambda tx: audit.listed(tx, at_most=1))[0]
        assert (newest.entry.action, newest.entry.about, newest.key) == ("key.released", KID, KID.hex())
    finally:
        store.close()
