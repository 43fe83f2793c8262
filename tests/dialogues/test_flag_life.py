"""The table of a flag's life: an owner where there must be one and nowhere else, and no act that gains time."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues.flag_life import (
    OPEN,
    OVER,
    OWNED,
    STEPS,
    TAKEN_WITHIN,
    UNDO_WITHIN,
    UNOWNED,
    URGENCIES,
    Act,
    FlagState,
    Life,
    NotNow,
    after,
    latest,
    raised,
    warn_at,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ME, OTHER = "aa" * 16, "bb" * 16
ACTS = [act for act in get_args(Act) if act != "raise"]


def test_every_state_is_in_one_row_and_every_act_leads_somewhere() -> None:
    assert sorted((*UNOWNED, *OWNED, *OVER)) == sorted(get_args(FlagState))
    assert set(STEPS) == set(ACTS)
    reached = {to for _, to in STEPS.values() if to is not None} | {"raised"}
    assert reached == set(get_args(FlagState))


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from([ME, OTHER]), st.integers(0, 6_000)), max_size=30))
def test_whatever_happens_there_is_one_owner_or_none_and_a_deadline_in_reach(
    acts: list[tuple[Act, str, int]],
) -> None:
    life, now = raised("today", at=NOON), NOON
    for act, who, minutes in acts:
        now += timedelta(minutes=minutes)
        try:
            life = after(life, act, at=now, who=who)
        except NotNow:
            continue
        assert (life.state in OWNED) == bool(life.owner) or life.state in OVER
        if life.state in OPEN and act not in ("route", "arrive", "skip", "decline", "undo"):
            assert life.due_at <= max(latest(life, at=now), NOON + TAKEN_WITHIN["today"])
        assert life.take_by <= now + TAKEN_WITHIN["routine"]


@pytest.mark.parametrize("state", OPEN)
@pytest.mark.parametrize("act", ACTS)
def test_what_only_an_owner_may_do_nobody_else_does(state: FlagState, act: Act) -> None:
    owner = ME if state in OWNED else ""
    life = Life(state, "today", NOON, NOON, NOON, owner)
    if act in ("undo", "work", "await", "close") or (act == "hand-on" and owner):
        with pytest.raises(NotNow):
            after(life, act, at=NOON, who=OTHER)


@pytest.mark.parametrize("state", OVER)
@pytest.mark.parametrize("act", ACTS)
def test_what_is_over_stays_over(state: FlagState, act: Act) -> None:
    with pytest.raises(NotNow):
        after(Life(state, "today", NOON, NOON, NOON, ME), act, at=NOON, who=ME)


@pytest.mark.parametrize("act", ["undo", "hand-on"])
def test_taking_and_undoing_or_handing_on_again_and_again_gains_no_time(act: Act) -> None:
    life, now = raised("urgent", at=NOON), NOON
    due_at = life.due_at
    for _ in range(20):
        now += timedelta(minutes=1)
        life = after(after(life, "take", at=now, who=ME), act, at=now, who=ME)
    assert life.due_at == due_at


def test_a_take_is_undone_for_a_while_only() -> None:
    life = after(raised("urgent", at=NOON), "take", at=NOON, who=ME)
    assert after(life, "undo", at=NOON + UNDO_WITHIN, who=ME).owner == ""
    with pytest.raises(NotNow):
        after(life, "undo", at=NOON + UNDO_WITHIN + timedelta(seconds=1), who=ME)


@pytest.mark.parametrize("urgency", URGENCIES)
def test_its_owner_is_warned_before_it_opens_for_the_others(urgency: str) -> None:
    life = after(raised(urgency, at=NOON), "take", at=NOON, who=ME)  # type: ignore[arg-type]  # one of the literals
    assert NOON < warn_at(life) < life.due_at
    warned = after(life, "warn", at=life.due_at + timedelta(days=9))
    assert warned.due_at > life.due_at + timedelta(days=9), "however late the warning, there is time to heed it"


@pytest.mark.parametrize(("urgency", "worse"), [("routine", "today"), ("today", "urgent"), ("urgent", "urgent")])
@pytest.mark.parametrize("state", ["notified", "taken", "waiting"])
def test_what_is_worse_is_due_sooner_and_never_later(urgency: str, worse: str, state: str) -> None:
    owner = ME if state in OWNED else ""
    due_at = NOON + timedelta(days=3)
    life = Life(state, urgency, due_at, due_at, NOON, owner)  # type: ignore[arg-type]  # literals
    after_it = after(life, "worsen", at=NOON)
    assert after_it.urgency == worse
    assert after_it.due_at < due_at
    assert (after_it.state, after_it.owner) == (state, owner)


def test_an_owner_without_a_right_or_a_state_without_an_owner_cannot_be_made() -> None:
    for state, owner in (("taken", ""), ("notified", ME)):
        with pytest.raises(ValueError, match="owner"):
            Life(state, "today", NOON, NOON, NOON, owner)  # type: ignore[arg-type]  # literals
