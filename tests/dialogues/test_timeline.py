"""A release date gives a plan; ticks stay whatever the date does; reminders say what is new and name no case."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues import codec, note
from dialogues.ask import AskIfNote
from dialogues.danger import AskNext
from dialogues.kept_plan import WRITERS, KeptPlan, keeping, news, next_told, read_all, table_at
from dialogues.model import Agency, Chose, DropPlan, Due, KeepPlan, LookUp, PlanView, Remind, Say
from dialogues.timeline import AskAgency, AskCase, AskDate, AskDrop, AskPlan, AtPlan, WhichDay
from guidance.model import Role
from guidance.site import Site
from guidance.timeline import Offset

PLAN, OTHER = "7" * 32, "8" * 32
TODAY = date(2026, 11, 23)
CASE = "AB-1234-P"


def kept(release: date = date(2027, 3, 12), id: str = PLAN, **parts: Any) -> KeptPlan:
    return KeptPlan(id, "north", CASE, release, **{"told": TODAY, **parts})


def view(plan: KeptPlan) -> PlanView:
    return PlanView(plan.id, plan.agency, codec.state_to_json(plan))


class World:
    """A talk whose plans are kept as the store keeps them."""

    def __init__(self, talk: Any, *plans: KeptPlan, **settings: Any) -> None:
        self.talk = talk(**settings)
        self.plans = {one.id: view(one) for one in plans}
        self._look()

    def _look(self) -> None:
        """What is looked up is what was kept so far; one plan is asked for by id, and these tests have one in use."""
        self.talk.rows["my-plans"] = tuple(self.plans.values())
        self.talk.rows["plan"] = tuple(self.plans.values())[:1]

    def does(self, what: str, *args: Any) -> Any:
        for arg in args:
            getattr(self.talk, what)(arg)
            for effect in self.talk.turn.effects:
                if isinstance(effect, KeepPlan):
                    self.plans[effect.plan_id] = PlanView(effect.plan_id, effect.agency, effect.body)
                if isinstance(effect, DropPlan):
                    self.plans.pop(effect.plan_id, None)
            self._look()
        return self.talk

    def write(self, *texts: str) -> Any:
        return self.does("write", *texts)

    def press(self, *keys: str) -> Any:
        return self.does("press", *keys)

    def open(self, *keys: str) -> Any:
        return self.does("open", *keys)

    def due(self, *plans: str) -> Any:
        return self.does("hear", Due("plan", found=tuple(self.plans[one] for one in plans or self.plans)))

    def plan(self, id: str = "") -> KeptPlan:
        (one,) = read_all([self.plans[id or next(iter(self.plans))]])
        return one


def title_of(says: tuple[Say, ...]) -> str:
    return says[-1].title


# ---------------------------------------------------------------- making a plan


def test_case_and_date_give_a_plan_that_is_kept_and_said_back(talk: Any) -> None:
    one = World(talk)
    one.write("/release")
    assert isinstance(one.talk.state, AskCase)
    one.write("ab 1234 p", "12 march 2027")
    assert one.talk.says[0].text == "Release: Friday 12 March 2027."
    assert title_of(one.talk.says) == one.talk.phrase("timeline-title-case", case=CASE)
    assert "109 days to go" in one.talk.said
    (keep,) = one.talk.made(KeepPlan)
    assert (keep.agency, keep.case_code) == ("north", CASE)
    assert one.plan() == kept(id=keep.plan_id)
    assert keep.remind_at == datetime(2026, 11, 30, 7, tzinfo=UTC), "in a week at the latest, 08:00 in Paris"


def test_a_name_is_no_case_code_and_is_not_kept(talk: Any) -> None:
    one = World(talk)
    one.write("/release", "Mario Rossi")
    assert "never send a name" in one.talk.said
    assert isinstance(one.talk.state, AskCase)
    assert "Mario" not in codec.encode(one.talk.floor).decode()


@pytest.mark.parametrize("text", ["soon", "30 February 2027", "between march and may"])
def test_what_is_no_day_is_asked_again(talk: Any, text: str) -> None:
    one = World(talk)
    one.write("/release", CASE, text)
    assert one.talk.says[0].text == one.talk.phrase("timeline-day-unread")
    assert isinstance(one.talk.state, AskDate)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("16 November 2026", True),
        ("15 November 2026", False),
        ("23 November 2036", True),
        ("25 November 2036", False),
        ("1 May 1999", False),
    ],
)
def test_a_release_lies_between_a_week_ago_and_ten_years_ahead(talk: Any, text: str, taken: bool) -> None:
    one = World(talk)
    one.write("/release", CASE, text)
    assert isinstance(one.talk.state, AtPlan) == taken
    assert (one.talk.says[0].text == one.talk.phrase("timeline-day-range")) == (not taken)


def test_an_unclear_day_is_asked_back_in_words(talk: Any) -> None:
    one = World(talk)
    one.write("/release", CASE, "03/04/2027")
    assert isinstance(one.talk.state, WhichDay)
    assert [choice.label for choice in one.talk.choices[:2]] == ["Thursday 4 March 2027", "Saturday 3 April 2027"]
    one.press("d.2027-04-03")
    assert one.plan().release == date(2027, 4, 3)
    assert "Saturday" in one.talk.says[0].text
    assert "offices may be closed" in one.talk.says[0].text


def test_another_day_can_be_typed_or_asked_for_instead(talk: Any) -> None:
    one = World(talk)
    one.write("/release", CASE, "03/04/2027", "5 may 2027")
    assert one.plan().release == date(2027, 5, 5)
    other = World(talk)
    other.write("/release", CASE, "03/04/2027")
    other.press("other")
    assert isinstance(other.talk.state, AskDate)


@pytest.mark.parametrize("before", [("/release",), ("/release", CASE), ("/release", CASE, "03/04")])
def test_danger_goes_first_while_something_is_typed(talk: Any, before: tuple[str, ...]) -> None:
    one = World(talk)
    one.write(*before)
    state = one.talk.state
    one.write("he has a knife")
    assert isinstance(one.talk.state, AskNext)
    one.press("back")
    assert one.talk.state == state, "and then the question comes again"


def test_danger_behind_the_command_goes_first_too(talk: Any) -> None:
    one = World(talk)
    one.write("/release he has a knife")
    assert isinstance(one.talk.state, AskNext)


def test_several_agencies_are_asked_for_and_each_has_its_codes(talk: Any, north: Agency, south: Agency) -> None:
    one = World(talk, agencies=(north, south))
    one.write("/release")
    assert isinstance(one.talk.state, AskAgency)
    one.press("south")
    one.write("C-17", "12 march 2027")
    assert (one.plan().agency, one.plan().case_code) == ("south", "C-17")


def test_one_case_has_one_plan(talk: Any) -> None:
    one = World(talk, kept())
    for text in (f"/release {CASE}", "/release"):
        one.write(text)
        if text == "/release":
            one.press("new")
            one.write("AB1234P")
        assert one.talk.says[0].text == one.talk.phrase("timeline-there-already")
        assert isinstance(one.talk.state, AtPlan)
        assert len(one.plans) == 1


# ---------------------------------------------------------------- looking


def test_gaps_stand_first_then_what_is_due_then_dates(talk: Any) -> None:
    one = World(talk, kept(TODAY + timedelta(days=14)))
    one.write(f"/release {CASE}")
    said = one.talk.says[-1].text
    assert "! No mentor agreed, 14 days to go." in said
    places = [said.index(text) for text in ("14 days to go.", "‼ ", "! ", "Due now:", "Dates.", "Next reminder")]
    assert places == sorted(places)


def test_every_milestone_can_be_opened_ticked_and_left(talk: Any) -> None:
    one = World(talk, kept())
    table = table_at("north", one.talk.scene)
    assert table is not None
    one.write(f"/release {CASE}")
    for milestone in table.milestones:
        one.press(f"m.{milestone.id}")
        assert all(task.text in one.talk.said for task in milestone.tasks)
        for task in milestone.tasks:
            one.press(f"tick.{task.id}")
            assert one.talk.says[-1].refresh
        one.press("plan")
    assert set(one.plan().ticks) == {task.id for each in table.milestones for task in each.tasks}
    assert "Due now" not in one.talk.said
    assert one.talk.phrase("timeline-reminder-none") in one.talk.said


def test_a_tick_is_set_taken_back_and_harmless_twice(talk: Any) -> None:
    one = World(talk, kept())
    one.write(f"/release {CASE}")
    one.press("m.m3", "tick.mentor-agreed")
    assert one.plan().ticks == ("mentor-agreed",)
    one.does("hear", Chose("tick.mentor-agreed"))
    assert one.plan().ticks == ("mentor-agreed",)
    one.press("untick.mentor-agreed")
    assert one.plan().ticks == ()
    one.does("hear", Chose("untick.mentor-agreed"))
    assert one.plan().ticks == ()


def test_a_tick_goes_onto_what_somebody_else_ticked_meanwhile(talk: Any) -> None:
    one = World(talk, kept())
    one.write(f"/release {CASE}")
    one.press("m.m3")
    one.plans[PLAN] = view(kept(ticks=("housing-applied",)))
    one._look()
    one.press("tick.mentor-agreed")
    assert one.plan().ticks == ("housing-applied", "mentor-agreed")


def test_a_plan_that_is_gone_meanwhile_says_so(talk: Any) -> None:
    one = World(talk, kept())
    one.write(f"/release {CASE}")
    one.plans.clear()
    one._look()
    one.press("m.m3")
    assert one.talk.says[0].text == one.talk.phrase("timeline-gone")
    assert one.talk.state is None


def test_many_plans_come_in_pages_the_next_release_first(talk: Any) -> None:
    plans = [
        KeptPlan(f"{number:032x}", "north", f"AB-{number:04}-X", TODAY + timedelta(days=30 * number), TODAY)
        for number in range(1, 12)
    ]
    one = World(talk, *reversed(plans))
    one.write("/release")
    assert one.talk.keys[:8] == tuple(f"p.{plan.id}" for plan in plans[:8])
    assert one.talk.choices[0].label.startswith("‼ AB-0001-X"), "a gap shows in the list"
    assert all(len(choice.label) <= 34 for choice in one.talk.choices)
    one.press("more")
    assert one.talk.keys[:3] == tuple(f"p.{plan.id}" for plan in plans[8:])
    assert "more" not in one.talk.keys


def test_a_question_in_the_middle_is_answered_and_the_plan_comes_again(talk: Any) -> None:
    one = World(talk, kept())
    one.write(f"/release {CASE}", "what is dynamic security")
    one.press("back")
    assert isinstance(one.talk.state, AtPlan)


# ---------------------------------------------------------------- changing


def test_another_date_lays_the_plan_anew_and_ticks_stay(talk: Any) -> None:
    one = World(talk, kept(ticks=("mentor-agreed",)))
    one.write(f"/release {CASE}")
    one.press("date")
    one.write("15 january 2027")
    assert "from Friday 12 March 2027 to Friday 15 January 2027: 56 days sooner" in one.talk.says[0].text
    assert "Due now by this change: 3 months before." in one.talk.says[0].text
    assert one.plan() == kept(date(2027, 1, 15), ticks=("mentor-agreed",))
    one.press("date")
    one.write("13 march 2027")
    assert "57 days later" in one.talk.says[0].text
    assert "Not due yet any more: 3 months before." in one.talk.says[0].text
    assert "offices may be closed" in one.talk.says[0].text
    one.press("date")
    one.write("2027-03-13")
    assert one.talk.says[0].text == one.talk.phrase("timeline-same", day="Saturday 13 March 2027")


def test_going_back_from_the_date_changes_nothing(talk: Any) -> None:
    one = World(talk, kept())
    one.write(f"/release {CASE}")
    one.press("date", "back")
    assert isinstance(one.talk.state, AtPlan)
    assert one.plan() == kept()


def test_reminders_are_paused_and_turned_on_with_one_tap(talk: Any) -> None:
    one = World(talk, kept())
    one.write(f"/release {CASE}")
    one.press("pause")
    (keep,) = one.talk.made(KeepPlan)
    assert keep.remind_at is None
    assert one.talk.phrase("timeline-reminders-off") in one.talk.said
    one.press("resume")
    (keep,) = one.talk.made(KeepPlan)
    assert keep.remind_at is not None


def test_a_plan_is_dropped_only_after_a_second_look(talk: Any) -> None:
    one = World(talk, kept())
    one.write(f"/release {CASE}")
    one.press("drop")
    assert isinstance(one.talk.state, AskDrop)
    one.press("plan")
    assert isinstance(one.talk.state, AtPlan)
    one.press("drop", "really")
    assert one.talk.made(DropPlan) == [DropPlan(PLAN, "north")]
    assert one.talk.says[0].text == one.talk.phrase("timeline-dropped")


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize("role", get_args(Role))
def test_who_may_not_change_a_plan_may_look(talk: Any, role: Role) -> None:
    one = World(talk, kept(), role=role)
    one.write("/release")
    assert ("new" in one.talk.keys) == (role in WRITERS)
    one.press(f"p.{PLAN}")
    assert bool({"date", "pause", "drop"} & set(one.talk.keys)) == (role in WRITERS)
    one.press("m.m3")
    assert ("tick.mentor-agreed" in one.talk.keys) == (role in WRITERS)


@pytest.mark.parametrize("act", ["tick.mentor-agreed", "pause", "resume", "day.2027-01-01", "really", "drop", "date"])
def test_a_button_that_was_never_shown_changes_nothing(talk: Any, act: str) -> None:
    one = World(talk, kept(), role="mentor")
    one.write("/release")
    one.press(f"p.{PLAN}")
    one.does("hear", Chose(act))
    assert one.talk.turn.effects == ()
    assert isinstance(one.talk.state, AtPlan)


def test_somebody_without_a_plan_who_may_not_make_one_sees_the_table(talk: Any) -> None:
    one = World(talk, role="mentor")
    one.write("/release")
    table = table_at("north", one.talk.scene)
    assert table is not None
    assert all(task.text in one.talk.said for each in table.milestones for task in each.tasks)
    assert one.talk.state is None


def test_a_plan_of_an_agency_one_has_left_is_not_shown(talk: Any) -> None:
    one = World(talk, replace(kept(), agency="gone"))
    one.write("/release")
    assert isinstance(one.talk.state, AskCase)
    one.open(f"timeline.open.{PLAN}")
    assert one.talk.phrase("timeline-gone") in one.talk.said


def test_a_language_without_a_table_says_so(talk: Any) -> None:
    one = World(talk, kept())
    voice = one.talk.scene.voices["en"]
    bare = replace(voice, content=replace(voice.content, timeline=None))
    one.talk.scene = replace(one.talk.scene, voices={"en": bare})
    one.write("/release")
    assert one.talk.says[0].text == one.talk.phrase("timeline-none")
    one.due()
    assert one.talk.turn.effects == ()
    one.write("/menu")
    assert "timeline" not in one.talk.keys


def test_the_place_moves_milestones_and_their_titles_say_so(talk: Any, north: Agency) -> None:
    moves = MappingProxyType({"m12": Offset(months=-10), "w1": Offset(days=-10), "d0": Offset(days=1)})
    one = World(talk, kept(), agencies=(replace(north, site=Site(release=moves)),))
    one.write(f"/release {CASE}")
    labels = [choice.label for choice in one.talk.choices]
    assert labels[0] == "10 months before: 0 of 2"
    assert "10 days before: 0 of 4" in labels
    assert "1 day after: 0 of 3" in labels
    assert "12 May 2026 · 10 months before" in one.talk.said


# ---------------------------------------------------------------- reminders


def test_a_reminder_names_what_is_due_and_no_case(talk: Any) -> None:
    one = World(talk, kept(TODAY + timedelta(days=30), told=TODAY - timedelta(days=1)))
    one.due()
    assert "30 days to go" in one.talk.said
    assert "No mentor agreed, 30 days to go" in one.talk.said
    assert CASE not in one.talk.said
    assert "2026" not in one.talk.said
    assert one.talk.keys == (f"timeline.open.{PLAN}", f"timeline.pause.{PLAN}")
    assert all(choice.lasting for choice in one.talk.choices)
    assert one.plan().told == TODAY, "and the next look tells nothing twice"
    one.due()
    assert one.talk.says == ()


def test_a_reminder_is_quiet_about_what_is_ticked_or_paused(talk: Any) -> None:
    open = kept(TODAY + timedelta(days=60), told=TODAY - timedelta(days=1))  # today a gap begins: no housing
    scene = talk().scene
    table = table_at("north", scene)
    assert table is not None
    assert news(open, table, scene)
    done = World(talk, replace(open, ticks=("housing-applied",)))
    done.due()
    assert done.talk.says == ()
    assert done.talk.made(KeepPlan)[0].remind_at is not None
    paused = World(talk, replace(open, paused=True))
    paused.due()
    assert paused.talk.says == ()
    (keep,) = paused.talk.made(KeepPlan)
    assert keep.remind_at is None


def test_several_plans_are_one_message(talk: Any) -> None:
    before = TODAY - timedelta(days=90)
    one = World(talk, kept(told=before), kept(TODAY + timedelta(days=5), OTHER, told=before))
    one.due()
    assert len(one.talk.says) == 1
    assert one.talk.keys == ("timeline",)
    assert "2 release plans" in one.talk.said
    assert {keep.plan_id for keep in one.talk.made(KeepPlan)} == {PLAN, OTHER}
    one.press("timeline")
    assert isinstance(one.talk.state, AskPlan)


@pytest.mark.parametrize("typed", [(), ("/note quick", "He was calm today"), ("/guide s02",), ("/release", CASE)])
def test_a_reminder_disturbs_nothing_that_is_open(talk: Any, typed: tuple[str, ...]) -> None:
    one = World(talk, kept(TODAY + timedelta(days=30), told=TODAY - timedelta(days=1)))
    if typed:
        one.write(*typed)
    before, since = one.talk.floor, one.talk.scene.idle_since
    one.talk.wait(timedelta(hours=3))
    one.due()
    assert one.talk.says
    assert all(choice.lasting for choice in one.talk.choices), "the open question keeps its buttons"
    assert one.talk.floor == before
    assert one.talk.scene.idle_since == since
    assert one.talk.made(Remind) == [], "nor does the clock of idle drafts start anew"


def test_pausing_from_a_reminder_leaves_an_open_note_open(talk: Any) -> None:
    one = World(talk, kept())
    one.write("/note quick", "He was calm today")
    one.open(f"timeline.pause.{PLAN}")
    assert one.talk.says[0].text == one.talk.phrase("timeline-paused")
    assert one.plan().paused
    assert isinstance(one.talk.state, note.STATES)
    one.open(f"timeline.pause.{PLAN}")
    assert one.plan().paused, "a second press is harmless"
    one.open(f"timeline.resume.{PLAN}")
    assert not one.plan().paused


def test_the_button_of_a_dropped_plan_explains_itself(talk: Any) -> None:
    one = World(talk)
    for word in ("open", "pause", "resume"):
        one.open(f"timeline.{word}.{PLAN}")
        assert one.talk.phrase("timeline-gone") in one.talk.said
        assert one.talk.looked_up[-1] == LookUp("plan", PLAN)


def test_a_timer_nobody_knows_changes_nothing(talk: Any) -> None:
    one = talk()
    one.write("/note quick", "He was calm today")
    before = one.floor
    one.hear(Due("unheard-of"))
    assert (one.floor, one.says, one.turn.effects) == (before, (), ())


def test_an_unfinished_report_still_expires_after_reminders(talk: Any) -> None:
    one = World(talk, kept(TODAY + timedelta(days=30), told=TODAY - timedelta(days=1)))
    one.write("He folded paper cranes in the yard this morning and gave one to a visitor")
    assert isinstance(one.talk.state, AskIfNote)
    one.talk.wait(timedelta(hours=7))
    one.due()
    one.talk.wait(timedelta(hours=5))
    one.talk.hear(Due("idle"))
    assert one.talk.floor.frames == ()


@given(
    days=st.integers(0, 900),
    zone=st.sampled_from(["Europe/Paris", "Europe/Lisbon", "America/New_York", "Pacific/Auckland", "UTC"]),
    hour=st.integers(0, 23),
    start=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
)
def test_reminders_come_at_eight_whatever_the_clocks_do(
    scene: Any, north: Agency, days: int, zone: str, hour: int, start: date
) -> None:
    now = datetime(start.year, start.month, start.day, hour, 30, tzinfo=UTC)
    place = replace(north, zone=ZoneInfo(zone))
    there = scene(agencies=(place,), now=now)
    today = now.astimezone(place.zone).date()
    table = table_at("north", there)
    assert table is not None
    plan = kept(today + timedelta(days=days), told=today)
    at = keeping(plan, table, there).remind_at
    assert at is not None
    local = at.astimezone(place.zone)
    assert (local.hour, local.minute) == (8, 0)
    told = next_told(plan, table, there)
    assert told is not None
    assert local.date() == min(told, today + timedelta(days=7))
    assert now < at
