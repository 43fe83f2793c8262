"""Who gets in, once, and what is left of them when they go."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from storage_site import NOON, add_agency, keep_note, note_id

from bot.installation import Installation
from bot.trial import AGENCY
from dialogues.model import Say
from storage import attachments, conversations, flags, notes, outbox, people, residue, timers, traces, walks
from storage.errors import Unknown
from storage.pins import Pins
from storage.schema import addresses, invites, memberships, metadata
from storage.schema import people as rows
from storage.store import Store
from storage.transaction import Transaction, seconds

DRAFT = "ab" * 16


def invited(store: Store, agency_ref: bytes, role: str = "mentor") -> str:
    return store.run_now(lambda tx: people.invite(tx, agency_ref, role, at=NOON))


def redeem(store: Store, token: str, chat: str = "900", *, after: timedelta = timedelta()) -> bytes | None:
    return store.run_now(lambda tx: people.redeem(tx, token, "telegram", chat, language="en", at=NOON + after))


def roles(store: Store, person_ref: bytes) -> dict[bytes, str]:
    query = select(memberships.c.agency_ref, memberships.c.role).where(memberships.c.person_ref == person_ref)
    return {bytes(ref): role for ref, role in store.run_now(lambda tx: tx.db.execute(query).all())}


def size(store: Store) -> int:
    return store.run_now(lambda tx: tx.db.execute(select(func.count()).select_from(rows)).scalar_one())


# ---------------------------------------------------------------- invites


def test_an_invite_lets_its_holder_in(store: Store, agency_ref: bytes) -> None:
    person = redeem(store, invited(store, agency_ref, "prison"))
    assert person is not None
    assert roles(store, person) == {agency_ref: "prison"}
    assert store.run_now(lambda tx: people.at_address(tx, "telegram", "900")) == person
    assert store.run_now(lambda tx: people.profile(tx, person)) == {"handle": "", "language": "en"}


def test_an_invite_is_redeemed_by_exactly_one_of_sixteen_who_try_at_once(
    installation: Installation, store: Store, agency_ref: bytes
) -> None:
    """Each over a connection of their own, as so many processes would."""
    before, token = size(store), invited(store, agency_ref)
    ready, let_in = threading.Barrier(16), list[bytes | None]()

    def attempt(number: int) -> None:
        own = installation.store()
        try:
            ready.wait(20)
            let_in.append(redeem(own, token, str(1000 + number)))
        finally:
            own.close()

    tries = [threading.Thread(target=attempt, args=(number,), daemon=True) for number in range(16)]
    for one in tries:
        one.start()
    for one in tries:
        one.join(30)

    assert len(let_in) == 16
    assert sum(person is not None for person in let_in) == 1
    assert size(store) == before + 1


def test_a_used_invite_lets_nobody_in(store: Store, agency_ref: bytes) -> None:
    token = invited(store, agency_ref)
    assert redeem(store, token) is not None
    before = size(store)
    assert redeem(store, token, "901") is None
    assert redeem(store, token, "900") is None
    assert size(store) == before


@pytest.mark.parametrize(
    ("after", "let_in"),
    [
        (timedelta(hours=24) - timedelta(seconds=1), True),
        (timedelta(hours=24), False),
        (timedelta(days=9), False),
    ],
)
def test_an_invite_lives_a_day(store: Store, agency_ref: bytes, after: timedelta, let_in: bool) -> None:
    assert (redeem(store, invited(store, agency_ref), after=after) is not None) is let_in


@pytest.mark.parametrize(
    "change", [str.lower, str.upper, str.strip, lambda token: token[:-1], lambda _: "", "x".__add__]
)
def test_no_other_token_lets_anybody_in(store: Store, agency_ref: bytes, change: object) -> None:
    token = invited(store, agency_ref)
    wrong = change(token)  # type: ignore[operator]  # str methods of several shapes
    assert (redeem(store, wrong) is None) is (wrong != token)


def test_an_invite_that_was_refused_changes_nothing(store: Store, agency_ref: bytes) -> None:
    before = size(store)
    assert redeem(store, "wrong") is None
    assert size(store) == before
    assert store.run_now(lambda tx: people.at_address(tx, "telegram", "900")) is None


def test_an_invite_whose_turn_fails_can_be_used_again(store: Store, agency_ref: bytes) -> None:
    token = invited(store, agency_ref)

    def failing(tx: Transaction) -> None:
        assert people.redeem(tx, token, "telegram", "900", language="en", at=NOON) is not None
        raise Unknown("case")

    with pytest.raises(Unknown):
        store.run_now(failing)
    assert redeem(store, token) is not None


def test_a_token_is_kept_as_a_hash_alone(store: Store, agency_ref: bytes) -> None:
    token = invited(store, agency_ref)
    assert len(token) == 43
    kept = store.run_now(lambda tx: tx.db.scalars(select(invites.c.token_hash)).all())
    assert kept == [store.run_now(lambda tx: tx.keyring.token_hash(token))]
    assert token.encode() not in kept[0]


def test_an_invite_of_a_second_agency_adds_a_role_to_the_same_person(store: Store, agency_ref: bytes) -> None:
    first = redeem(store, invited(store, agency_ref, "mentor"))
    second_ref = store.run_now(add_agency)
    second = redeem(store, invited(store, second_ref, "coordinator"))
    assert first is not None
    assert second == first
    assert roles(store, first) == {agency_ref: "mentor", second_ref: "coordinator"}


def test_a_second_invite_of_one_agency_changes_the_role(store: Store, agency_ref: bytes) -> None:
    person = redeem(store, invited(store, agency_ref, "mentor"))
    assert redeem(store, invited(store, agency_ref, "coordinator")) == person
    assert person is not None
    assert roles(store, person) == {agency_ref: "coordinator"}


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
    new = redeem(store, invited(store, agency_ref))
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


def test_every_table_that_hangs_on_an_address_is_among_those_shed() -> None:
    named = {name for name, table in metadata.tables.items() if "address_ref" in table.c}
    assert named | {"addresses"} == ALL


def test_revoking_sheds_all_that_hangs_on_the_address(
    store: Store, officer: bytes, mentor: bytes, agency_ref: bytes
) -> None:
    address = store.run_now(lambda tx: busy(tx, officer, agency_ref))
    beside = store.run_now(lambda tx: people.contacts(tx, mentor))[0].address_ref
    assert holding(store, address) == ALL

    store.run_now(lambda tx: people.revoke(tx, officer, at=NOON))

    assert holding(store, address) == set()
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
        flags.take(tx, note_id(1), coordinator)
        flags.take(tx, note_id(2), supervisor)
        flags.take(tx, note_id(3), coordinator)
        flags.close(tx, note_id(3), coordinator, "known", at=NOON)

    later = NOON + timedelta(hours=1)
    store.run_now(flagged)
    store.run_now(lambda tx: people.revoke(tx, coordinator, at=later))

    seen = {one.note_id: (one.state, one.owner) for one in store.run_now(lambda tx: flags.of_desks(tx, [agency_ref]))}
    assert seen == {note_id(1): ("handed-on", ""), note_id(2): ("taken", supervisor.hex())}
    assert [timer.about for timer in store.run_now(lambda tx: timers.due(tx, later)) if timer.kind == "flag"] == [
        note_id(1)
    ]
    store.run_now(lambda tx: flags.take(tx, note_id(1), supervisor))


def test_somebody_revoked_may_be_invited_anew_as_somebody_else(store: Store, agency_ref: bytes) -> None:
    first = redeem(store, invited(store, agency_ref))
    assert first is not None
    store.run_now(lambda tx: people.revoke(tx, first, at=NOON))
    second = redeem(store, invited(store, agency_ref))
    assert second is not None
    assert second != first


def test_a_new_chat_takes_the_place_of_the_old(store: Store, officer: bytes, agency_ref: bytes) -> None:
    old = store.run_now(lambda tx: busy(tx, officer, agency_ref))
    store.run_now(lambda tx: people.replace_chat(tx, officer, "console", "new-phone"))

    assert holding(store, old) == set()
    (contact,) = store.run_now(lambda tx: people.contacts(tx, officer))
    assert (contact.channel, contact.chat) == ("console", "new-phone")
    talk = store.run_now(lambda tx: conversations.load(tx, contact.address_ref))
    assert talk is not None
    assert (talk.version, talk.state, talk.handle) == (0, None, "PO-17")
    assert roles(store, officer) == {agency_ref: "officer"}


def test_a_new_chat_of_one_channel_leaves_that_of_another(store: Store, officer: bytes) -> None:
    store.run_now(lambda tx: people.replace_chat(tx, officer, "telegram", "77"))
    store.run_now(lambda tx: people.replace_chat(tx, officer, "telegram", "78"))
    reached = {(one.channel, one.chat) for one in store.run_now(lambda tx: people.contacts(tx, officer))}
    assert reached == {("console", "officer"), ("telegram", "78")}
