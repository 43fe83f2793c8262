"""Rotas on a trial installation, and people who cannot be reached."""

from bot_site import NOON, Desk, Site, texts

from bot.trial import AGENCY
from dialogues.rota_file import read
from storage import agencies, people, reach, rotas
from storage.pins import Pin
from storage.sealing.desk import Manifest, Recipient, sign
from storage.sealing.signing import SigningKey
from storage.sealing.suites import generate
from storage.transaction import Transaction

ROTA = """
zone = "Europe/Paris"
[[shift]]
days = "daily"
from = "08:00"
to = "20:00"
first = ["Coord-1"]
second = ["Coord-2"]
[[shift]]
days = "daily"
from = "20:00"
to = "08:00"
first = ["Coord-3"]
"""
CODE = "AB-1234-P"
QUIET = '[quiet]\nroutine = "20:00-07:00"\ntoday = "22:00-07:00"\n'


def put(site: Site, text: str = ROTA, agency: str = AGENCY) -> None:
    site.within(lambda tx: rotas.keep(tx, tx.keyring.agency_ref(agency), read(text), at=site.clock()))


def ref(site: Site, who: str) -> bytes:
    found = site.within(lambda tx: people.at_address(tx, "console", who))
    assert found is not None
    return found


def blocks(site: Site, who: str) -> None:
    site.within(lambda tx: reach.mark(tx, tx.keyring.address_ref("console", who), "blocked", at=site.clock()))


async def case_note(desk: Desk, urgency: str) -> str:
    """A note of a case, flagged whatever its urgency; returns its reference."""
    await desk.says("officer", "/note", CODE, "[behaviour]", "[now]")
    await desk.says("officer", "He did not come.", "[next]", "[next]", "[next]", "[next]", f"[{urgency}]", "[yes]")
    said = texts(await desk.says("officer", "[threat]", "[log]"))
    return said.partition("Reference ")[2][:9]


def served(site: Site, slug: str = "away", *, keys: tuple[str, ...] = ()) -> SigningKey:
    """Another agency whose flags the trial's coordinators take.

    Args:
        keys: labels of the coordinators' keys on its list; empty: the keys of the trial's own.

    Returns:
        Its admin's key.
    """
    admin = SigningKey.generate()
    installation = site.trial.installation

    def turn(tx: Transaction) -> None:
        agencies.add(tx, slug, name="Away Association", zone="Europe/Lisbon", case_pattern="A-9")
        stored = agencies.stored_desk(tx, AGENCY)
        assert stored is not None
        pin = installation.pins.of(AGENCY)
        assert pin is not None
        mine = Manifest.verified(*stored, pin.admin, at_least_version=1)
        readers = tuple(Recipient(generate().public, "coordinator", label) for label in keys)
        recipients = (
            (*readers, *(one for one in mine.recipients if one.role != "coordinator")) if keys else mine.recipients
        )
        other = Manifest(slug, tx.keyring.agency_ref(slug), 1, mine.suites, recipients, (AGENCY,), True, NOON.date())
        installation.pins.set(slug, Pin(admin.public, 1))
        agencies.publish_desk(tx, other, *sign(other, admin))

    site.within(turn)
    return admin
