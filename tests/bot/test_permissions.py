"""Who may do what, over the real store: every role, every effect and look-up there is, own agency and another (T31).

What is to be allowed stands here once more, written out, so that a change of the table is a change in two places.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, get_args, get_type_hints

import pytest
from bot_site import NOON, Site
from engines import Mould
from statements import asked
from storage_site import add_destination, keep_note, note_id

from bot.effects import apply
from bot.lookups import find
from bot.trial import AGENCY, Trial
from bot.wiring import voices
from dialogues import model, permissions
from dialogues.model import (
    Agency,
    AssignCase,
    AwaitAnswer,
    AwaitOther,
    ClearResidue,
    CloseCase,
    CloseFlag,
    CountFeedback,
    DeclineFlag,
    DropAttachments,
    DropAwaited,
    DropPlan,
    DropWalk,
    Effect,
    EndAccess,
    EraseTraces,
    FetchMedium,
    HandOnFlag,
    KeepNote,
    KeepPlan,
    KeepQuestion,
    KeepRota,
    KeepWalk,
    LookUp,
    LosePhone,
    MakeInvite,
    MakeLink,
    Membership,
    Person,
    Remind,
    RenewAccess,
    Scene,
    SetSite,
    Settle,
    TakeFlag,
    Tell,
    TickCase,
    TracePrivate,
    UnassignCase,
    UndoTake,
    WithdrawNote,
    WorkOnFlag,
    WorsenFlag,
)
from dialogues.reference import reference as named
from dialogues.rota import NO_ROTA
from dialogues.rota_file import keep
from guidance.model import ROLES
from storage import agencies, cases, conversations, flags, invites, people, plans, walks
from storage.errors import Unknown
from storage.transaction import Transaction

EVERYBODY = "officer prison mentor coordinator supervisor admin"
DESK = "coordinator supervisor"
KEEPERS = "coordinator admin"
NOBODY = ""

ALLOWED = {
    # (in the own agency, in another one)
    "KeepNote": (EVERYBODY, NOBODY),
    "WithdrawNote": (EVERYBODY, NOBODY),
    "FetchMedium": (EVERYBODY, NOBODY),
    "DropAttachments": (EVERYBODY, EVERYBODY),  # of the own chat's draft alone
    "TracePrivate": (EVERYBODY, EVERYBODY),  # about the own chat alone, whatever the agency
    "EraseTraces": (EVERYBODY, EVERYBODY),
    "Remind": (EVERYBODY, EVERYBODY),
    "Settle": (EVERYBODY, EVERYBODY),
    "CountFeedback": (EVERYBODY, EVERYBODY),
    "KeepQuestion": (EVERYBODY, NOBODY),
    "AwaitAnswer": (EVERYBODY, EVERYBODY),  # about the own chat alone
    "DropAwaited": (EVERYBODY, EVERYBODY),  # another chat's stays
    "KeepWalk": (EVERYBODY, NOBODY),
    "DropWalk": (EVERYBODY, EVERYBODY),  # somebody else's stays, see below
    "TickCase": (EVERYBODY, NOBODY),
    "KeepPlan": (EVERYBODY, NOBODY),
    "DropPlan": (EVERYBODY, NOBODY),
    "ClearResidue": (EVERYBODY, EVERYBODY),
    "Tell": (EVERYBODY, NOBODY),
    "TakeFlag": (DESK, NOBODY),
    "UndoTake": (DESK, NOBODY),
    "DeclineFlag": (DESK, NOBODY),
    "WorkOnFlag": (DESK, NOBODY),
    "AwaitOther": (DESK, NOBODY),
    "WorsenFlag": (EVERYBODY, NOBODY),  # of the own note alone
    "HandOnFlag": (DESK, NOBODY),
    "CloseFlag": (DESK, NOBODY),
    "AssignCase": (DESK, NOBODY),
    "UnassignCase": (DESK, NOBODY),
    "CloseCase": (DESK, NOBODY),
    "MakeInvite": (KEEPERS, NOBODY),
    "SetSite": (KEEPERS, NOBODY),
    "MakeLink": (EVERYBODY, EVERYBODY),
    "RenewAccess": (KEEPERS, NOBODY),
    "EndAccess": (KEEPERS, NOBODY),
    "LosePhone": (KEEPERS, NOBODY),
    "KeepRota": (DESK, NOBODY),
    "rota": (DESK, NOBODY),
    "open-flags": (DESK, NOBODY),
    "flag": (DESK, NOBODY),
    "colleagues": (DESK, NOBODY),
    "my-notes": (EVERYBODY, NOBODY),
    "my-note": (EVERYBODY, NOBODY),
    "my-walks": (EVERYBODY, NOBODY),
    "destinations": (EVERYBODY, NOBODY),
    "my-plans": (EVERYBODY, NOBODY),
    "plan": (EVERYBODY, NOBODY),
    "cases": (EVERYBODY, NOBODY),
    "case": (EVERYBODY, NOBODY),
    "staff": (DESK, NOBODY),
    "people": (KEEPERS, NOBODY),
}
"""In the own agency it is all about the asking person's own things; in another, the same is about somebody else's."""

EFFECTS = {one.__name__: one for one in get_args(Effect)}
LOOK_UPS = get_args(get_type_hints(LookUp)["what"])
CODE = "AB-1234-P"
WALK = "cd" * 16
PLAN = "ce" * 16
DRAFT = "ab" * 16
TOKEN = "K7QF-3M2D-9XWT-0BRA"


class Undone(Exception):
    """Raised to have a transaction taken back."""


@dataclass
class Stage:
    """An agency with an officer, a case, a walk, a note and its flag; and the person who asks."""

    site: Site
    talk: Any
    scene: Scene
    world: Any
    officer: str
    mine: bytes

    def effect(self, name: str) -> Effect:
        """One of the kind, about the agency of the stage."""
        found: dict[str, Effect] = {
            "KeepNote": KeepNote("ee" * 16, AGENCY, {"parts": {}}),
            "WithdrawNote": WithdrawNote(note_id(1)),
            "FetchMedium": FetchMedium(DRAFT, 1, AGENCY, "photo", "a handle"),
            "DropAttachments": DropAttachments(DRAFT),
            "TracePrivate": TracePrivate(DRAFT),
            "EraseTraces": EraseTraces(DRAFT),
            "Remind": Remind("idle", NOON),
            "Settle": Settle(language="en"),
            "CountFeedback": CountFeedback("some-answer", True),
            "KeepQuestion": KeepQuestion(AGENCY, "en", "who feeds the cranes", "refused"),
            "AwaitAnswer": AwaitAnswer("ab" * 16, "en", "who feeds the cranes"),
            "DropAwaited": DropAwaited("ab" * 16),
            "KeepWalk": KeepWalk("ef" * 16, AGENCY, 1, "{}"),
            "DropWalk": DropWalk(WALK),
            "KeepPlan": KeepPlan("ee" * 16, AGENCY, "{}", CODE, None),
            "DropPlan": DropPlan(PLAN, AGENCY),
            "ClearResidue": ClearResidue(),
            "TickCase": TickCase(AGENCY, CODE, ("S01-C01",), True),
            "Tell": Tell("admins", AGENCY, "alarm-turn"),
            "TakeFlag": TakeFlag(note_id(2)),
            "UndoTake": UndoTake(note_id(3)),
            "DeclineFlag": DeclineFlag(note_id(2), "busy"),
            "WorkOnFlag": WorkOnFlag(note_id(3)),
            "AwaitOther": AwaitOther(note_id(3), "police"),
            "WorsenFlag": WorsenFlag(note_id(2), "urgent"),
            "KeepRota": KeepRota(AGENCY, 0, keep(NO_ROTA)),
            "HandOnFlag": HandOnFlag(note_id(3), self.colleague()),
            "CloseFlag": CloseFlag(note_id(3), "acted"),
            "AssignCase": AssignCase(AGENCY, CODE, self.colleague()),
            "UnassignCase": UnassignCase(AGENCY, CODE, self.officer),
            "CloseCase": CloseCase(AGENCY, CODE),
            "MakeInvite": MakeInvite(AGENCY, "mentor", TOKEN),
            "SetSite": SetSite(AGENCY, self.officer, "North"),
            "MakeLink": MakeLink(TOKEN),
            "RenewAccess": RenewAccess(AGENCY, self.officer),
            "EndAccess": EndAccess(AGENCY, self.officer),
            "LosePhone": LosePhone(AGENCY, self.officer),
        }
        return found[name]

    def look_up(self, what: str) -> LookUp:
        about = {
            "case": f"{AGENCY} {CODE}",
            "staff": AGENCY,
            "rota": AGENCY,
            "destinations": AGENCY,
            "flag": reference(2),
            "colleagues": reference(2),
        }
        about |= {"my-note": reference(1), "plan": PLAN}
        return LookUp(what, about.get(what, ""))  # type: ignore[arg-type]  # one of the literals, by introspection

    def colleague(self) -> str:
        found = self.site.within(lambda tx: people.at_address(tx, "console", "coordinator"))
        assert found is not None
        return found.hex()

    def does(self, effect: Effect) -> None:
        self.site.within(lambda tx: apply(tx, self.world, self.talk, self.scene, effect))

    def does_and_undoes(self, effect: Effect) -> None:
        """Do it, and leave the world as it was, for the next test."""

        def turn(tx: Transaction) -> None:
            apply(tx, self.world, self.talk, self.scene, effect)
            raise Undone

        with suppress(Undone):
            self.site.within(turn)

    def finds(self, look_up: LookUp) -> tuple[Any, ...]:
        return self.site.within(lambda tx: find(tx, self.world, look_up, self.scene.person, NOON))


def reference(number: int) -> str:
    return named(note_id(number))


def stage(site: Site, role: str, *, own: bool) -> Stage:
    """``own``: the note, walk and case are the asking person's; else they are an officer's of another agency."""
    here = AGENCY if own else "riverside"
    if not own:
        site.within(lambda tx: agencies.add(tx, here, name="Riverside", zone="Europe/Lisbon", case_pattern="A-9"))
    mine = site.enrol("console", "asking", role, "Asks-1", agency=here)
    app = site.app({})

    def prepare(tx: Transaction) -> tuple[bytes, Any]:
        officer = people.at_address(tx, "console", "officer")
        assert officer is not None
        agency_ref = tx.keyring.agency_ref(AGENCY)
        people.join(tx, officer, agency_ref, "officer", at=NOON, days=90)
        author = mine if own else officer
        for number in (1, 2, 3):
            keep_note(tx, app.world.pins, number, author, flag_level=0 if number == 1 else 1, case_code=CODE)
            if number > 1:
                flags.raise_flag(tx, note_id(number), agency_ref, 1, at=NOON)
        add_destination(tx, "cases")
        taker = mine if own else people.at_address(tx, "console", "coordinator")
        assert taker is not None
        flags.take(tx, note_id(3), taker, at=NOON)
        for member in (officer, author):
            cases.assign(tx, agency_ref, CODE, member, at=NOON)
        row = {"walk_id": WALK, "person_ref": author, "agency_ref": agency_ref, "guide_version": 1}
        walks.keep(tx, **row, progress="{}", case_code=CODE, at=NOON)
        plan = {"plan_id": PLAN, "person_ref": author, "agency_ref": agency_ref, "body": "{}", "remind_at": None}
        plans.keep(tx, **plan, case_code=CODE, at=NOON)
        talk = conversations.load(tx, tx.keyring.address_ref("console", "asking"))
        assert talk is not None
        return officer, talk

    officer, talk = site.within(prepare)
    person = site.within(lambda tx: app.world.access.person(tx, talk, NOON))
    return Stage(site, talk, Scene(NOON, NOON, person, voices(), "0f" * 16), app.world, officer.hex(), mine)


Stages = Callable[[str, bool], Stage]


@pytest.fixture(scope="module")
def stages(made: Mould, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    """Role, own agency or not -> a stage that stays as it is: tests take back what they do on it."""
    found: dict[tuple[str, bool], Stage] = {}
    trials: list[Trial] = []

    def of(role: str, own: bool) -> Stage:
        if (role, own) not in found:
            trials.append(made.copy(tmp_path_factory.mktemp("stage") / "world"))
            found[(role, own)] = stage(Site(trials[-1]), role, own=own)
        return found[(role, own)]

    yield of
    for one in found.values():
        one.site.close()
    for trial in trials:
        made.drop(trial)


def test_t31_the_table_has_a_row_for_every_effect_and_look_up_and_no_other() -> None:
    assert set(permissions.PERMISSIONS) == {*EFFECTS, *LOOK_UPS} == set(ALLOWED)
    in_model = {name for name, one in vars(model).items() if isinstance(one, type) and one in get_args(Effect)}
    assert in_model == set(EFFECTS)


@pytest.mark.parametrize("own", [True, False], ids=["own agency", "other agency"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_t31_every_role_every_effect(stages: Stages, name: str, role: str, own: bool) -> None:
    here = stages(role, own)
    before = everything(here.site)
    if role in ALLOWED[name][0 if own else 1].split():
        here.does_and_undoes(here.effect(name))
    else:
        with pytest.raises(Unknown):
            here.does(here.effect(name))
    assert everything(here.site) == before


@pytest.mark.parametrize("own", [True, False], ids=["own agency", "other agency"])
@pytest.mark.parametrize("role", ROLES)
def test_t31_every_role_every_look_up(stages: Stages, role: str, own: bool) -> None:
    here = stages(role, own)
    for what in LOOK_UPS:
        found = here.finds(here.look_up(what))
        if role in ALLOWED[what][0 if own else 1].split():
            assert found, f"{role} finds no {what}"
        else:
            assert all(getattr(one, "agency", "") == "riverside" for one in found), f"{role} finds {what}"


def test_t31_what_is_not_in_the_table_nobody_may(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    here = stage(site, "coordinator", own=True)
    without = {name: roles for name, roles in permissions.PERMISSIONS.items() if name not in ("CloseCase", "staff")}
    monkeypatch.setattr(permissions, "PERMISSIONS", without)
    assert not permissions.allows(here.scene.person, "AnythingElse")
    with pytest.raises(Unknown):
        here.does(here.effect("CloseCase"))
    assert here.finds(here.look_up("staff")) == ()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_counts_in_its_own_agency_alone(role: Any) -> None:
    def at(slug: str) -> Agency:
        return Agency(slug, slug, NOON.tzinfo, "")  # type: ignore[arg-type]  # a zone is not looked at

    person = Person("aa" * 16, "X", "en", True, (Membership(at("one"), role), Membership(at("two"), "officer")))
    for name, roles in permissions.PERMISSIONS.items():
        assert permissions.allows(person, name, "one") is (role in roles)
        assert permissions.allows(person, name, "two") is ("officer" in roles)
        assert not permissions.allows(person, name, "three")


@pytest.mark.parametrize(
    "name", sorted(name for name, one in EFFECTS.items() if "agency" in {f.name for f in fields(one)})
)
def test_t34_an_agency_of_others_answers_as_one_that_is_not_there(stages: Stages, name: str) -> None:
    """T34: the same words by the same statements, and nothing that tells whether it exists."""
    here = stages("coordinator", False)
    effect = here.effect(name)
    said = []
    for slug in ("no-such-agency", AGENCY, "no-such-agency"):
        changed = type(effect)(**{f.name: getattr(effect, f.name) for f in fields(effect)} | {"agency": slug})
        with asked() as statements, pytest.raises(Unknown) as refused:
            here.does(changed)
        said.append((str(refused.value), statements))
    assert said[1] == said[2], "the first may have filled what is remembered of agencies"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (name, "note_id")
        for name in (
            *("TakeFlag", "UndoTake", "DeclineFlag", "WorkOnFlag", "AwaitOther", "CloseFlag", "HandOnFlag"),
            "WorsenFlag",
        )
    ],
)
def test_t34_a_flag_of_others_answers_as_one_that_is_not_there(stages: Stages, name: str, field: str) -> None:
    """T34."""
    here = stages("coordinator", False)
    effect = here.effect(name)
    said = []
    for number in (9, 2, 9):
        values = {f.name: getattr(effect, f.name) for f in fields(effect)} | {field: note_id(number)}
        with asked() as statements, pytest.raises(Unknown) as refused:
            here.does(type(effect)(**values))
        said.append((str(refused.value), statements))
    assert said[1] == said[2], "the first may have filled what is remembered of agencies"


@pytest.mark.parametrize("what", ["flag", "colleagues", "my-note", "case", "staff", "rota"])
def test_t34_looking_for_what_others_have_finds_what_looking_for_nothing_finds(stages: Stages, what: str) -> None:
    """T34, T32: nor can anybody read, list or count the notes of others."""
    here = stages("coordinator", False)
    nothing = {"case": f"{AGENCY} AB-9999-Z", "staff": "no-such-agency", "rota": "no-such-agency"}.get(
        what, reference(9)
    )
    found = []
    none = LookUp(what, nothing)  # type: ignore[arg-type]  # as above
    for look_up in (none, here.look_up(what), none):
        with asked() as statements:
            found.append((here.finds(look_up), statements))
    assert found[1] == found[2], "the first may have filled what is remembered of agencies"
    assert found[1][0] == ()


def test_t32_an_officer_has_receipts_and_no_text_not_even_their_own(site: Site) -> None:
    """T32."""
    here = stage(site, "officer", own=True)
    (receipt,) = here.finds(here.look_up("my-note"))
    assert {f.name for f in fields(receipt)} == {
        "note_id",
        "reference",
        "agency",
        "hour",
        "state",
        "flag_state",
        "undo_until",
        "amends",
        "flag_urgency",
        "flag_overdue",
        "flag_follows",
    }
    other = stage_of_another_officer(site)
    assert other.finds(LookUp("my-notes")) == other.finds(here.look_up("my-note")) == ()
    with pytest.raises(Unknown):
        other.does(WithdrawNote(note_id(1)))


def stage_of_another_officer(site: Site) -> Stage:
    site.enrol("console", "another", "officer", "PO-99")
    app = site.app({})
    talk = site.within(lambda tx: conversations.load(tx, tx.keyring.address_ref("console", "another")))
    assert talk is not None
    person = site.within(lambda tx: app.world.access.person(tx, talk, NOON))
    return Stage(site, talk, Scene(NOON, NOON, person, voices(), "0f" * 16), app.world, "", talk.person_ref)


def test_a_walk_or_plan_of_somebody_else_is_not_dropped(site: Site) -> None:
    here = stage(site, "coordinator", own=False)
    here.does(DropWalk(WALK))
    here.does(DropPlan(PLAN, "riverside"))
    assert (len(site.rows("walks")), len(site.rows("plans"))) == (1, 1)


def test_nobody_ends_or_renews_their_own_role_or_one_above(site: Site) -> None:
    here = stage(site, "coordinator", own=True)
    admin = site.within(lambda tx: people.at_address(tx, "console", "admin"))
    assert admin is not None
    for act in (RenewAccess, EndAccess):
        for who in (here.mine, admin, bytes.fromhex(here.colleague())):
            with pytest.raises(Unknown):
                here.does(act(AGENCY, who.hex()))
    with pytest.raises(Unknown):
        here.does(LosePhone(AGENCY, here.mine.hex()))


@pytest.mark.parametrize("role", ["coordinator", "supervisor", "admin"])
@pytest.mark.parametrize("own", ["coordinator", "admin"])
def test_t30b_nobody_who_sees_flags_or_alarms_is_invited_in_the_chat(stages: Stages, own: str, role: Any) -> None:
    """T30b."""
    here = stages(own, True)
    site = here.site
    with pytest.raises(Unknown):
        here.does(MakeInvite(AGENCY, role, TOKEN))
    with pytest.raises(Unknown):
        site.within(
            partial(
                invites.make,
                agency_ref=site.within(lambda tx: tx.keyring.agency_ref(AGENCY)),
                role=role,
                at=NOON,
                issuer_ref=here.mine,
            )
        )


def everything(site: Site) -> dict[str, list[Any]]:
    tables = (
        "notes",
        "flags",
        "cases",
        "case_members",
        "walks",
        "plans",
        "memberships",
        "people",
        "invites",
        "timers",
        "outbox",
        "flag_steps",
        "rotas",
    )
    return {
        table: site.rows(table, "id, state" if table == "notes" else "number, act" if table == "flag_steps" else "*")
        for table in tables
    }
