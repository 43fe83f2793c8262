"""Invites: once, in time, for what their issuer may give; with a code where a link is not enough (T28 to T30b)."""

import secrets
import threading
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from storage_site import NOON, add_agency

from bot.installation import Installation
from dialogues.permissions import INVITED_IN_CHAT, KEEPS_PEOPLE
from dialogues.reference import token
from guidance.model import ROLES
from storage import invites, people
from storage.errors import Unknown
from storage.invites import MOST_WRONG_CODES, WITH_CODE, AskCode, Entered, Made, Refused
from storage.schema import invites as invite_rows
from storage.schema import memberships, redemptions
from storage.schema import people as rows
from storage.store import Store
from storage.transaction import Transaction


def made(store: Store, agency_ref: bytes, role: str = "mentor", *, issuer: bytes | None = None) -> Made:
    spoken = token(secrets.token_hex(16)) if issuer is not None else ""
    return store.run_now(lambda tx: invites.make(tx, agency_ref, role, at=NOON, issuer_ref=issuer, token=spoken))


def invited(store: Store, agency_ref: bytes, role: str = "mentor") -> str:
    return made(store, agency_ref, role).token


def present(store: Store, token: str, chat: str = "900", *, after: timedelta = timedelta()) -> invites.Outcome:
    return store.run_now(lambda tx: invites.present(tx, token, "telegram", chat, language="en", at=NOON + after))


def redeem(store: Store, token: str, chat: str = "900", *, after: timedelta = timedelta()) -> bytes | None:
    shown = present(store, token, chat, after=after)
    return shown.person_ref if isinstance(shown, Entered) else None


def tell(store: Store, code: str, chat: str = "900", *, after: timedelta = timedelta()) -> invites.Outcome | None:
    return store.run_now(lambda tx: invites.give_code(tx, code, "telegram", chat, language="en", at=NOON + after))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def roles(store: Store, person_ref: bytes) -> dict[bytes, str]:
    query = select(memberships.c.agency_ref, memberships.c.role).where(memberships.c.person_ref == person_ref)
    return {bytes(ref): role for ref, role in store.run_now(lambda tx: tx.db.execute(query).all())}


def size(store: Store) -> int:
    return store.run_now(lambda tx: tx.db.execute(select(func.count()).select_from(rows)).scalar_one())


def test_an_invite_lets_its_holder_in(store: Store, agency_ref: bytes) -> None:
    person = redeem(store, invited(store, agency_ref, "prison"))
    assert person is not None
    assert roles(store, person) == {agency_ref: "prison"}
    assert store.run_now(lambda tx: people.at_address(tx, "telegram", "900")) == person
    assert store.run_now(lambda tx: people.profile(tx, person)) == {"handle": "", "language": "en"}


def test_t28_an_invite_is_redeemed_by_exactly_one_of_sixteen_who_try_at_once(
    installation: Installation, store: Store, agency_ref: bytes
) -> None:
    """T28: Each over a connection of their own, as so many processes would."""
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


def test_t28_a_used_invite_lets_nobody_in(store: Store, agency_ref: bytes) -> None:
    """T28."""
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
def test_t28_an_invite_lives_a_day(store: Store, agency_ref: bytes, after: timedelta, let_in: bool) -> None:
    """T28."""
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
        assert isinstance(invites.present(tx, token, "telegram", "900", language="en", at=NOON), Entered)
        raise Unknown("case")

    with pytest.raises(Unknown):
        store.run_now(failing)
    assert redeem(store, token) is not None


def test_t29_a_token_is_kept_as_a_hash_alone(store: Store, agency_ref: bytes) -> None:
    """T29."""
    token = invited(store, agency_ref)
    assert len(token) == 43
    kept = store.run_now(lambda tx: tx.db.scalars(select(invite_rows.c.token_hash)).all())
    assert kept == [store.run_now(lambda tx: tx.keyring.token_hash(token))]
    assert token.encode() not in kept[0]


def test_an_invite_of_a_second_agency_adds_a_role_to_the_same_person(store: Store, agency_ref: bytes) -> None:
    first = redeem(store, invited(store, agency_ref, "mentor"))
    second_ref = store.run_now(add_agency)
    second = redeem(store, invited(store, second_ref, "prison"))
    assert first is not None
    assert second == first
    assert roles(store, first) == {agency_ref: "mentor", second_ref: "prison"}


def test_a_second_invite_of_one_agency_changes_the_role(store: Store, agency_ref: bytes) -> None:
    person = redeem(store, invited(store, agency_ref, "mentor"))
    assert redeem(store, invited(store, agency_ref, "officer")) == person
    assert person is not None
    assert roles(store, person) == {agency_ref: "officer"}


# ---------------------------------------------------------------- the second factor


@pytest.mark.parametrize("role", ROLES)
def test_whoever_sees_flags_or_alarms_needs_a_code(store: Store, agency_ref: bytes, role: str) -> None:
    """T30: without the code nobody is in."""
    one, before = made(store, agency_ref, role), size(store)
    shown = present(store, one.token)
    if role not in WITH_CODE:
        assert one.code == ""
        assert isinstance(shown, Entered)
        return
    assert shown == AskCode(MOST_WRONG_CODES)
    assert size(store) == before
    entered = tell(store, f"{one.code[:3]} {one.code[3:]}")
    assert isinstance(entered, Entered)
    assert (entered.role, entered.agency_ref) == (role, agency_ref)
    assert roles(store, entered.person_ref) == {agency_ref: role}
    assert tell(store, one.code) is None


def test_t30_five_wrong_codes_kill_an_invite_wherever_they_are_typed(store: Store, agency_ref: bytes) -> None:
    """T30."""
    one = made(store, agency_ref, "coordinator")
    for number in range(MOST_WRONG_CODES - 1):
        chat = str(900 + number % 2)
        present(store, one.token, chat)
        assert tell(store, wrong(one.code), chat) == AskCode(MOST_WRONG_CODES - 1 - number, wrong=True)
    assert tell(store, wrong(one.code)) == Refused((agency_ref, "coordinator", None))
    for chat in ("900", "901", "902"):
        assert present(store, one.token, chat) == Refused()
        assert tell(store, one.code, chat) is None
    assert store.run_now(lambda tx: tx.db.execute(select(redemptions)).all()) == []


def test_a_code_is_good_for_its_own_invite_in_the_chat_that_showed_it_and_in_time(
    store: Store, agency_ref: bytes
) -> None:
    first, second = made(store, agency_ref, "coordinator"), made(store, agency_ref, "admin")
    while second.code == first.code:
        second = made(store, agency_ref, "admin")
    assert tell(store, first.code) is None, "no invite was shown"
    present(store, first.token)
    assert tell(store, first.code, "901") is None, "shown elsewhere"
    assert tell(store, second.code) == AskCode(MOST_WRONG_CODES - 1, wrong=True)
    assert tell(store, first.code, after=timedelta(hours=24)) == Refused()
    present(store, second.token)
    assert isinstance(tell(store, second.code), Entered)


@pytest.mark.parametrize("typed", ["12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34 56", "", "123456 please"])
def test_what_is_no_code_costs_no_try(store: Store, agency_ref: bytes, typed: str) -> None:
    present(store, made(store, agency_ref, "admin").token)
    assert tell(store, typed) is None
    assert store.run_now(lambda tx: tx.db.scalars(select(invite_rows.c.wrong_codes)).all()) == [0]


def test_a_code_is_kept_as_a_keyed_hash_alone(store: Store, agency_ref: bytes) -> None:
    """T29: equal codes of two invites leave nothing equal."""
    one = made(store, agency_ref, "admin")
    token_hash, code_hash = store.run_now(
        lambda tx: tx.db.execute(select(invite_rows.c.token_hash, invite_rows.c.code_hash)).one()
    )
    assert len(code_hash) == 32
    assert one.code.encode() not in code_hash
    other = store.run_now(lambda tx: tx.keyring.code_hash(b"\0" * 32, one.code))
    assert other != code_hash == store.run_now(lambda tx: tx.keyring.code_hash(token_hash, one.code))
    assert one.code not in repr(one)
    assert one.token not in repr(one)


def test_chats_that_never_told_a_code_are_forgotten(store: Store, agency_ref: bytes) -> None:
    present(store, made(store, agency_ref, "admin").token)
    for hours, left in ((23, 1), (24, 0)):
        store.run_now(lambda tx, hours=hours: invites.sweep(tx, at=NOON + timedelta(hours=hours)))
        assert len(store.run_now(lambda tx: tx.db.execute(select(redemptions)).all())) == left


def test_sixteen_who_know_the_code_at_once_and_one_is_in(
    installation: Installation, store: Store, agency_ref: bytes
) -> None:
    """T28, with the second factor."""
    one, ready, came = made(store, agency_ref, "coordinator"), threading.Barrier(16), list[object]()

    def attempt(number: int) -> None:
        own = installation.store()
        try:
            present(own, one.token, str(number))
            ready.wait(20)
            came.append(tell(own, one.code, str(number)))
        finally:
            own.close()

    tries = [threading.Thread(target=attempt, args=(number,), daemon=True) for number in range(16)]
    for thread in tries:
        thread.start()
    for thread in tries:
        thread.join(30)
    assert len(came) == 16
    assert sum(isinstance(outcome, Entered) for outcome in came) == 1


# ---------------------------------------------------------------- who may invite


@pytest.mark.parametrize("invited_role", ROLES)
@pytest.mark.parametrize("own", ROLES)
def test_t30b_who_may_invite_to_what_in_the_chat(store: Store, agency_ref: bytes, own: str, invited_role: str) -> None:
    """T28 wrong role, T30b: nobody makes an admin, or anybody who sees flags, in the chat."""
    issuer = store.run_now(lambda tx: people.add(tx, agency_ref, own, language="en", at=NOON))
    if own in KEEPS_PEOPLE and invited_role in INVITED_IN_CHAT:
        assert isinstance(present(store, made(store, agency_ref, invited_role, issuer=issuer).token), Entered)
    else:
        with pytest.raises(Unknown):
            made(store, agency_ref, invited_role, issuer=issuer)


def test_nobody_invites_to_another_agency(store: Store, coordinator: bytes) -> None:
    """T28 wrong agency."""
    other = store.run_now(add_agency)
    with pytest.raises(Unknown):
        made(store, other, "mentor", issuer=coordinator)


def no_more(tx: Transaction, way: str, issuer: bytes, agency_ref: bytes) -> None:
    match way:
        case "revoked":
            people.revoke(tx, issuer, at=NOON)
        case "left":
            people.leave(tx, issuer, agency_ref, at=NOON)
        case _:
            people.join(tx, issuer, agency_ref, "officer", at=NOON)


@pytest.mark.parametrize("way", ["revoked", "left", "another role"])
def test_t28_an_invite_is_worth_what_its_issuer_may_still_do(
    store: Store, coordinator: bytes, agency_ref: bytes, way: str
) -> None:
    """T28 revoked issuer."""
    one = made(store, agency_ref, "mentor", issuer=coordinator)
    store.run_now(partial(no_more, way=way, issuer=coordinator, agency_ref=agency_ref))
    assert present(store, one.token) == Refused()


def test_an_invite_of_the_chat_can_be_read_out(store: Store, coordinator: bytes, agency_ref: bytes) -> None:
    one = made(store, agency_ref, "mentor", issuer=coordinator)
    assert [len(part) for part in one.token.split("-")] == [4, 4, 4, 4]
    heard = one.token.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert isinstance(present(store, heard), Entered)
