"""Rotas on a trial installation, and people who cannot be reached."""

from bot_site import Desk, Site, texts

from bot.trial import AGENCY
from dialogues.rota_file import read
from storage import people, reach, rotas

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
