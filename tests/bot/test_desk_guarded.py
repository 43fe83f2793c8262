"""A desk that was changed, put back or ran out: nothing is sealed to it, and the admins hear of it (T38)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from bot_site import NOON, Desk, Site, texts
from sqlalchemy import update

from bot import turns
from bot.trial import AGENCY
from storage import agencies, retention, rotas
from storage.pins import Pin
from storage.schema import desks
from storage.sealing import keyfile
from storage.sealing.desk import Manifest, Recipient, next_manifest, sign, signed_part
from storage.sealing.signing import SigningKey
from storage.sealing.suites import generate
from storage.transaction import Transaction

WORDS = "He did not come."
THIEF = Recipient(generate().public, "coordinator", "Coordinator (demo)")


def admin(site: Site) -> SigningKey:
    key = keyfile.read(site.trial.folder / "safe" / "admin.key").key
    assert isinstance(key, SigningKey)
    return key


def in_force(site: Site) -> tuple[Manifest, bytes]:
    def look(tx: Transaction) -> tuple[Manifest, bytes]:
        stored = agencies.stored_desk(tx, AGENCY)
        assert stored is not None
        return Manifest.verified(*stored, admin(site).public, at_least_version=1), stored[1]

    return site.within(look)


def put(site: Site, canonical: bytes, signature: bytes) -> None:
    """As somebody does who can write to the database."""
    site.within(lambda tx: tx.db.execute(update(desks).values(manifest=canonical, signature=signature)))


def unsigned(site: Site) -> None:
    put(site, in_force(site)[0].canonical(), b"")


def signed_by_another(site: Site) -> None:
    put(site, *sign(in_force(site)[0], SigningKey.generate()))


def rolled_back(site: Site) -> None:
    former, signature = in_force(site)
    newer = next_manifest(former, created=date(2026, 11, 23), remove=[former.recipients[1].key.kid])

    def publish(tx: Transaction) -> None:
        agencies.publish_desk(tx, newer, *sign(newer, admin(site)))

    site.within(publish)
    site.trial.installation.pins.set(AGENCY, Pin(admin(site).public, newer.version))
    put(site, former.canonical(), signature)


def key_swapped(site: Site) -> None:
    manifest, signature = in_force(site)
    put(site, replace(manifest, recipients=(THIEF, *manifest.recipients[1:])).canonical(), signature)


def key_added(site: Site) -> None:
    manifest, signature = in_force(site)
    put(site, replace(manifest, recipients=(*manifest.recipients, THIEF)).canonical(), signature)


def recovery_missing(site: Site) -> None:
    """Signed by the admin whose own tool was broken."""
    fields = json.loads(in_force(site)[0].canonical())
    fields["recipients"] = [one for one in fields["recipients"] if one["role"] != "recovery"]
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    put(site, canonical, admin(site).sign(signed_part(canonical)))


def expired(site: Site) -> None:
    manifest, _ = in_force(site)
    yesterday = NOON.date() - timedelta(days=1)
    over = tuple(replace(one, not_after=yesterday) for one in manifest.recipients)
    put(site, *sign(replace(manifest, recipients=over), admin(site)))


def row_gone(site: Site) -> None:
    site.within(lambda tx: tx.db.execute(desks.delete()))


def pin_gone(site: Site) -> None:
    (site.trial.installation.folder / "desks" / f"{AGENCY}.json").unlink()


def pin_damaged(site: Site) -> None:
    (site.trial.installation.folder / "desks" / f"{AGENCY}.json").write_text("{")


DAMAGES: list[tuple[Callable[[Site], None], str]] = [
    (unsigned, "signature"),
    (signed_by_another, "signature"),
    (rolled_back, "version"),
    (key_swapped, "signature"),
    (key_added, "signature"),
    (recovery_missing, "recovery"),
    (expired, "expired"),
    (row_gone, "row"),
    (pin_gone, "pin"),
]


@pytest.mark.parametrize(("damage", "code"), DAMAGES, ids=[damage.__name__ for damage, _ in DAMAGES])
async def test_t38_in_the_middle_of_a_note_sealing_is_refused_and_admins_are_alarmed(
    desk: Desk, site: Site, damage: Callable[[Site], None], code: str
) -> None:
    """The bot believed in the desk when the note was begun."""
    await desk.logs_note("officer", "An earlier one.")
    await desk.says("officer", "/menu", "[note.quick]", WORDS, "[urgent]")
    damage(site)
    said = texts(await desk.says("officer", "[log]"))
    assert "Reference" not in said
    assert "not saved" in said.lower() or "nobody yet who could open" in said
    assert site.rows("notes", "count(*)") == [(1,)]
    assert site.rows("flags", "count(*)") == [(0,)]
    heard = texts(desk.news("admin"))
    assert heard.strip(), "the admins hear of it"
    assert WORDS not in heard


@pytest.mark.parametrize(("damage", "code"), DAMAGES, ids=[damage.__name__ for damage, _ in DAMAGES])
async def test_t38_admins_hear_within_the_hour_although_nobody_writes_a_note(
    desk: Desk, site: Site, damage: Callable[[Site], None], code: str
) -> None:
    await desk.later(timedelta(hours=1))
    assert desk.news("admin") == [], "a desk that holds is not spoken of"
    damage(site)
    await desk.later(timedelta(hours=1))
    heard = texts(desk.news("admin"))
    assert f"does not hold ({code})" in heard
    assert "Northbridge Probation (demo)" in heard
    for other in ("officer", "coordinator", "mentor"):
        assert "does not hold" not in texts(desk.news(other))
    await desk.later(timedelta(hours=1))
    assert f"({code})" in texts(desk.news("admin")), "and again, until it is put right"


async def test_t38_a_damaged_pin_is_said_too_and_other_timers_go_on(desk: Desk, site: Site) -> None:
    await desk.later(timedelta(hours=1))
    pin_damaged(site)
    await desk.later(timedelta(hours=1))
    assert "does not hold (pin)" in texts(desk.news("admin"))
    assert sorted(site.rows("timers", "kind")) == [(retention.LOOK,), (rotas.EVENING,), (turns.SWEEP,)]


async def test_t38_a_pin_that_a_crash_kept_behind_goes_up_within_the_hour(desk: Desk, site: Site) -> None:
    former, signature = in_force(site)
    newer = next_manifest(former, created=date(2026, 11, 23), remove=[former.recipients[1].key.kid])
    site.within(lambda tx: agencies.publish_desk(tx, newer, *sign(newer, admin(site))))
    await desk.later(timedelta(hours=1))
    assert desk.news("admin") == []
    pin = site.trial.installation.pins.of(AGENCY)
    assert pin is not None
    assert pin.version == newer.version
    put(site, former.canonical(), signature)
    await desk.later(timedelta(hours=1))
    assert "does not hold (version)" in texts(desk.news("admin"))


async def test_an_agency_that_never_had_a_desk_is_no_alarm(desk: Desk, site: Site) -> None:
    def add(tx: Transaction) -> None:
        agencies.add(tx, "away", name="Away", zone="Europe/Rome", case_pattern="")

    site.within(add)
    await desk.later(timedelta(hours=1))
    assert desk.news("admin") == []
