"""Who gets in, once, and what is left of them when they go."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from storage_site import NOON, add_agency, keep_note, note_id

from bot.trial import AGENCY
from dialogues.model import Say
from storage import (
    attachments,
    conversations,
    flags,
    invites,
    lapses,
    notes,
    outbox,
    people,
    residue,
    timers,
    traces,
    walks,
)
from storage.errors import LastAdmin, Unknown
from storage.invites import Entered
from storage.pins import Pins
from storage.schema import addresses, memberships, metadata
from storage.schema import people as rows
from storage.store import Store
from storage.transaction import Transaction, seconds

DRAFT = "ab" * 16


def redeem(store: Store, agency_ref: bytes, role: str = "mentor", chat: str = "900") -> bytes:
    """Somebody new, or with a further role, by an invite."""

    def turn(tx: Transaction) -> bytes:
        made = invites.make(tx, agency_ref, role, at=NOON)
        entered = invites.present(tx, made.token, "telegram", chat, language="en", at=NOON)
        assert isinstance(entered, Entered)
        return entered.person_ref

    return store.run_now(turn)


def roles(store: Store, person_ref: bytes) -> dict[bytes, str]:
    query = select(memberships.c.agency_ref, memberships.c.role).where(memberships.c.person_ref == person_ref)
    return {bytes(ref): role for ref, role in store.run_now(lambda tx: tx.db.execute(query).all())}


# ---------------------------------------------------------------- who they are


def test_what_a_person_settles_stays_and_the_rest_too(store: Store, officer: bytes) -> None:
    store.run_now(lambda tx: people.settle(tx, officer, at=NOON, language="fr"))
    assert store.run_now(lambda tx: people.profile(tx, officer)) == {"handle": "PO-17", "language": "fr"}
    store.run_now(lambda tx: people.settle(tx, officer, at=NOON, handle="PO-18"))
    assert store.run_now(lambda tx: people.profile(tx, officer)) == {"handle": "PO-18", "language": "fr"}


def test_an_unknown_person_is_unknown(store: Store) -> None:
    with pytest.raises(Unknown):
        store.run_now(lambda tx: people.profile(tx, bytes(16)))
    with pytest.raises(Unknown):
        store.run_now(lambda tx: people.settle(tx, bytes(16), at=NOON, language="fr"))


def test_a_contact_is_known_by_its_ref(store: Store, officer: bytes) -> None:
    (contact,) = store.run_now(lambda tx: people.contacts(tx, officer))
    assert (contact.channel, contact.chat) == ("console", "officer")
    assert store.run_now(lambda tx: people.contact(tx, contact.address_ref)) == contact
    assert store.run_now(lambda tx: people.contact(tx, bytes(16))) is None
    assert "officer" not in repr(contact)


def test_people_in_roles_are_those_of_the_agency_who_have_access(
    store: Store, agency_ref: bytes, coordinator: bytes, supervisor: bytes
) -> None:
    other = store.run_now(add_agency)
    elsewhere = store.run_now(lambda tx: people.add(tx, other, "coordinator", language="en", at=NOON))

    def found(agency: bytes) -> set[bytes]:
        listed = store.run_now(lambda tx: people.in_roles(tx, agency, ("coordinator", "supervisor")))
        return {one.ref for one in listed}

    assert found(agency_ref) == {coordinator, supervisor}
    assert found(other) == {elsewhere}
    store.run_now(lambda tx: people.revoke(tx, supervisor, at=NOON))
    assert found(agency_ref) == {coordinator}


def test_the_admins_list_tells_who_is_invited_active_and_revoked(
    store: Store, agency_ref: bytes, officer: bytes, mentor: bytes
) -> None:
    new = redeem(store, agency_ref)
    store.run_now(lambda tx: people.revoke(tx, mentor, at=NOON))
    listed = {one.ref: (one.accepted, one.revoked, places) for one, places in store.run_now(people.every)}
    assert new is not None
    assert listed[officer] == (True, False, [(agency_ref, "officer")])
    assert listed[new] == (False, False, [(agency_ref, "mentor")])
    assert listed[mentor] == (True, True, [])


def test_a_person_is_named_by_the_start_of_the_ref(store: Store, officer: bytes) -> None:
    for start in (officer.hex(), officer.hex()[:12], officer.hex()[:12].upper()):
        assert store.run_now(lambda tx, start=start: people.by_start(tx, start)) == officer  # type: ignore[misc]  # mypy: lambda defaults


@pytest.mark.parametrize("start", ["", "0", "abc", "%", "____", "zzzz", "0" * 33])
def test_a_start_that_names_nobody_is_unknown(store: Store, start: str) -> None:
    with pytest.raises(Unknown):
        store.run_now(lambda tx: people.by_start(tx, start))


def test_a_start_of_two_refs_or_of_three_digits_is_unknown(store: Store) -> None:
    def twins(tx: Transaction) -> None:
        for last in (1, 2):
            ref = b"\xab\xcd\xef" + bytes([last]) * 13
            tx.db.execute(rows.insert(), {"ref": ref, "sealed_profile": b"", "created_at": seconds(NOON)})

    store.run_now(twins)
    with pytest.raises(Unknown):
        store.run_now(lambda tx: people.by_start(tx, "abcdef"))
    assert store.run_now(lambda tx: people.by_start(tx, "abcdef01"))[3] == 1
    with pytest.raises(Unknown):
        store.run_now(lambda tx: people.by_start(tx, "abc"))


# ---------------------------------------------------------------- going


def busy(tx: Transaction, person_ref: bytes, agency_ref: bytes) -> bytes:
    """A person with something in every place that hangs on an address."""
    (contact,) = people.contacts(tx, person_ref)
    address = contact.address_ref
    talk = conversations.load(tx, address)
    assert talk is not None
    conversations.move_on(tx, talk, state=b"{}", question=1, at=NOON)
    conversations.show(tx, address, 1, "55")
    outbox.put(tx, contact.channel, contact.chat, [Say("Hello"), Say("again")], erase=[DRAFT], at=NOON)
    traces.leave(tx, address, DRAFT, "55", at=NOON)
    timers.arm(tx, "expire", "", NOON + timedelta(hours=12), address_ref=address)
    residue.add(tx, address, 1, at=NOON)
    attachments.want(tx, address, DRAFT, 1, agency=AGENCY, media="photo", handle="AgAD")
    walks.keep(
        tx,
        walk_id="cd" * 16,
        person_ref=person_ref,
        agency_ref=agency_ref,
        guide_version=1,
        progress="{}",
        case_code="",
        at=NOON,
    )
    return address


def holding(store: Store, address_ref: bytes) -> set[str]:
    """Tables with a row of this address."""

    def turn(tx: Transaction) -> set[str]:
        found = {
            table.name
            for table in metadata.tables.values()
            if "address_ref" in table.c
            and tx.db.scalar(select(func.count()).select_from(table).where(table.c.address_ref == address_ref))
        }
        known = tx.db.scalar(select(func.count()).select_from(addresses).where(addresses.c.ref == address_ref))
        return found | ({"addresses"} if known else set())

    return store.run_now(turn)


ALL = {"addresses", "attachments", "conversations", "outbox", "residue", "traces", "timers"}
LEFT_TO_ERASE = {"outbox", "traces"}
"""What the chat is still to delete, and the message that has it deleted."""


def test_every_table_that_hangs_on_an_address_is_among_those_shed() -> None:
    named = {name for name, table in metadata.tables.items() if "address_ref" in table.c}
    assert named | {"addresses"} == ALL | {"redemptions"}


def test_revoking_sheds_all_that_hangs_on_the_address(
    store: Store, officer: bytes, mentor: bytes, agency_ref: bytes
) -> None:
    address = store.run_now(lambda tx: busy(tx, officer, agency_ref))
    beside = store.run_now(lambda tx: people.contacts(tx, mentor))[0].address_ref
    assert holding(store, address) == ALL

    store.run_now(lambda tx: people.revoke(tx, officer, at=NOON))

    assert holding(store, address) == LEFT_TO_ERASE
    assert holding(store, beside) == {"addresses"}
    assert store.run_now(lambda tx: conversations.load(tx, address)) is None
    assert store.run_now(lambda tx: people.at_address(tx, "console", "officer")) is None
    assert store.run_now(lambda tx: walks.of_person(tx, officer)) == []
    assert roles(store, officer) == {}


def test_revoking_leaves_notes_and_the_handle_they_name(store: Store, pins: Pins, officer: bytes) -> None:
    store.run_now(lambda tx: keep_note(tx, pins, 1, officer))
    store.run_now(lambda tx: people.revoke(tx, officer, at=NOON))
    assert store.run_now(lambda tx: notes.author_of(tx, bytes.fromhex(note_id(1)))) == officer
    assert [note.state for note in store.run_now(lambda tx: notes.of_author(tx, officer))] == ["held"]
    assert store.run_now(lambda tx: timers.armed_until(tx, notes.RELEASE, note_id(1))) is not None


def test_a_flag_taken_by_somebody_who_is_revoked_is_open_again_and_due(
    store: Store, pins: Pins, officer: bytes, coordinator: bytes, supervisor: bytes, agency_ref: bytes
) -> None:
    def flagged(tx: Transaction) -> None:
        for number in (1, 2, 3):
            keep_note(tx, pins, number, officer, flag_level=1)
            flags.raise_flag(tx, note_id(number), agency_ref, 1, at=NOON)
        flags.take(tx, note_id(1), coordinator, at=NOON)
        flags.take(tx, note_id(2), supervisor, at=NOON)
        flags.take(tx, note_id(3), coordinator, at=NOON)
        flags.close(tx, note_id(3), coordinator, "known", at=NOON)

    later = NOON + timedelta(hours=1)
    store.run_now(flagged)
    store.run_now(lambda tx: people.revoke(tx, coordinator, at=later))

    seen = {one.note_id: (one.state, one.owner) for one in store.run_now(lambda tx: flags.of_desks(tx, [agency_ref]))}
    assert seen == {note_id(1): ("routed", ""), note_id(2): ("taken", supervisor.hex())}
    due = [timer.about for timer in store.run_now(lambda tx: timers.due(tx, later)) if timer.kind == "flag"]
    assert set(due) == {note_id(1), note_id(2)}, "also those that may have called them are looked at"
    store.run_now(lambda tx: flags.take(tx, note_id(1), supervisor, at=NOON))


def test_somebody_revoked_may_be_invited_anew_as_somebody_else(store: Store, agency_ref: bytes) -> None:
    first = redeem(store, agency_ref)
    assert first is not None
    store.run_now(lambda tx: people.revoke(tx, first, at=NOON))
    second = redeem(store, agency_ref)
    assert second is not None
    assert second != first


def test_a_new_chat_takes_the_place_of_the_old(store: Store, officer: bytes, agency_ref: bytes) -> None:
    old = store.run_now(lambda tx: busy(tx, officer, agency_ref))
    store.run_now(lambda tx: people.replace_chat(tx, officer, "console", "new-phone", at=NOON))

    assert holding(store, old) == LEFT_TO_ERASE
    (contact,) = store.run_now(lambda tx: people.contacts(tx, officer))
    assert (contact.channel, contact.chat) == ("console", "new-phone")
    talk = store.run_now(lambda tx: conversations.load(tx, contact.address_ref))
    assert talk is not None
    assert (talk.version, talk.state, talk.handle) == (0, None, "PO-17")
    assert roles(store, officer) == {agency_ref: "officer"}


def test_a_new_chat_of_one_channel_leaves_that_of_another(store: Store, officer: bytes) -> None:
    store.run_now(lambda tx: people.replace_chat(tx, officer, "telegram", "77", at=NOON))
    store.run_now(lambda tx: people.replace_chat(tx, officer, "telegram", "78", at=NOON))
    reached = {(one.channel, one.chat) for one in store.run_now(lambda tx: people.contacts(tx, officer))}
    assert reached == {("console", "officer"), ("telegram", "78")}


def test_what_a_draft_left_in_the_chat_is_erased_and_nothing_else_is_sent(
    store: Store, officer: bytes, agency_ref: bytes
) -> None:
    address = store.run_now(lambda tx: busy(tx, officer, agency_ref))
    store.run_now(lambda tx: people.revoke(tx, officer, at=NOON))
    (left,) = store.run_now(lambda tx: outbox.of_address(tx, address))
    assert (left.say, left.erase, left.chat) == (None, DRAFT, "officer")
    (timer,) = [one for one in store.run_now(lambda tx: timers.due(tx, NOON)) if one.kind == people.ERASE]
    assert timer.about == address.hex()


def test_somebody_who_leaves_one_agency_keeps_the_other_and_no_old_button_fits(
    store: Store, officer: bytes, agency_ref: bytes
) -> None:
    address = store.run_now(lambda tx: busy(tx, officer, agency_ref))
    other = store.run_now(add_agency)
    store.run_now(lambda tx: people.join(tx, officer, other, "mentor", at=NOON))
    store.run_now(lambda tx: people.leave(tx, officer, agency_ref, at=NOON))
    talk = store.run_now(lambda tx: conversations.load(tx, address))
    assert talk is not None
    assert (talk.state, talk.question) == (None, 2)
    assert roles(store, officer) == {other: "mentor"}
    assert store.run_now(lambda tx: walks.of_person(tx, officer)) == []
    with pytest.raises(Unknown):
        store.run_now(lambda tx: people.leave(tx, officer, agency_ref, at=NOON))


# ---------------------------------------------------------------- the last admin


def an_admin(store: Store, agency_ref: bytes) -> bytes:
    (found,) = store.run_now(lambda tx: people.in_roles(tx, agency_ref, ("admin",)))
    return found.ref


@pytest.mark.parametrize("way", ["revoke", "leave", "role", "by invite"])
def test_the_last_admin_does_not_go_by_accident(store: Store, agency_ref: bytes, way: str) -> None:
    admin = an_admin(store, agency_ref)
    (chat,) = store.run_now(lambda tx: people.contacts(tx, admin))

    def go(tx: Transaction, *, force: bool = False) -> None:
        match way:
            case "revoke":
                people.revoke(tx, admin, at=NOON, force=force)
            case "leave":
                people.leave(tx, admin, agency_ref, at=NOON, force=force)
            case "role":
                people.join(tx, admin, agency_ref, "officer", at=NOON, force=force)
            case _:
                made = invites.make(tx, agency_ref, "mentor", at=NOON)
                shown = invites.present(tx, made.token, chat.channel, chat.chat, language="en", at=NOON)
                if isinstance(shown, invites.Refused):
                    raise LastAdmin("by an invite")

    with pytest.raises(LastAdmin):
        store.run_now(go)
    assert roles(store, admin) == {agency_ref: "admin"}
    second = store.run_now(lambda tx: people.add(tx, agency_ref, "admin", language="en", at=NOON))
    with pytest.raises(LastAdmin):  # invited is not yet there
        store.run_now(go)
    store.run_now(lambda tx: people.settle(tx, second, at=NOON, handle="Admin-2", accepted=True))
    store.run_now(go)
    assert roles(store, admin).get(agency_ref) != "admin"
    with pytest.raises(LastAdmin):
        store.run_now(lambda tx: people.revoke(tx, second, at=NOON))
    store.run_now(lambda tx: people.revoke(tx, second, at=NOON, force=True))


# ---------------------------------------------------------------- roles that end by themselves


def test_a_role_warns_twice_ends_on_time_and_lasts_again_when_it_is_renewed(
    store: Store, mentor: bytes, agency_ref: bytes
) -> None:
    about = mentor.hex() + agency_ref.hex()

    def armed() -> timedelta | None:
        at = store.run_now(lambda tx: timers.armed_until(tx, lapses.ACCESS, about))
        return None if at is None else at - NOON

    def take(days: int) -> bool:
        due = store.run_now(lambda tx: lapses.due(tx, about, at=NOON + timedelta(days=days)))
        assert due is not None
        return due.over

    store.run_now(lambda tx: people.join(tx, mentor, agency_ref, "mentor", at=NOON, days=90))
    assert armed() == timedelta(days=76)
    assert (take(76), armed()) == (False, timedelta(days=87))
    assert (take(87), armed()) == (False, timedelta(days=90))
    assert take(90) is True
    renewed = store.run_now(lambda tx: lapses.renew(tx, mentor, agency_ref, at=NOON + timedelta(days=88)))
    assert renewed == NOON + timedelta(days=178)
    assert armed() == timedelta(days=164)
    store.run_now(lambda tx: people.join(tx, mentor, agency_ref, "officer", at=NOON))
    assert armed() is None
    with pytest.raises(Unknown):
        store.run_now(lambda tx: lapses.renew(tx, mentor, agency_ref, at=NOON))


def test_a_role_that_is_over_counts_for_nothing_though_its_timer_was_not_taken(
    store: Store, mentor: bytes, agency_ref: bytes
) -> None:
    store.run_now(lambda tx: people.join(tx, mentor, agency_ref, "mentor", at=NOON, days=2))
    (chat,) = store.run_now(lambda tx: people.contacts(tx, mentor))

    def there(after: timedelta) -> bool:
        return store.run_now(lambda tx: conversations.load(tx, chat.address_ref, at=NOON + after)) is not None

    assert there(timedelta(days=2) - timedelta(seconds=1))
    assert not there(timedelta(days=2))
