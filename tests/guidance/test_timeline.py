"""The release timeline: a dated plan for every day there is, gaps when they are near, and a table that is checked."""

import calendar
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidance.checker import check, check_own_site
from guidance.library import from_files, load, packaged
from guidance.model import Content
from guidance.reader import read_own_site
from guidance.site import OwnSite, Site
from guidance.timeline import GapRule, Milestone, Offset, Task, Timeline, next_reminder, plan, read_offset
from guidance.timeline_reader import read_timeline

ENGLISH = load("en")
TABLE = ENGLISH.timeline
assert TABLE is not None
TASKS = [task.id for one in TABLE.milestones for task in one.tasks]
RELEASES = st.dates(date(2001, 1, 1), date(2200, 12, 31)) | st.builds(
    date, st.sampled_from([2024, 2028, 2100]), st.just(2), st.sampled_from([1, 28])
)
LEFT = st.integers(-30, 800)
DONE = st.frozensets(st.sampled_from([*TASKS, "gone"]))


# ---------------------------------------------------------------- offsets


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("-12 months", Offset(months=-12)),
        ("-1 month", Offset(months=-1)),
        ("-1 week", Offset(days=-7)),
        ("+2 weeks", Offset(days=14)),
        ("0 days", Offset()),
        ("0 day", Offset()),
        ("+72 hours", Offset(days=3)),
        ("-48 hours", Offset(days=-2)),
        ("+1 day", Offset(days=1)),
        ("-60 months", Offset(months=-60)),
    ],
)
def test_an_offset_is_read(text: str, offset: Offset) -> None:
    assert read_offset(text) == offset


@pytest.mark.parametrize(
    "text",
    ["", "6 months", "-6", "months", "-6 moons", "+70 hours", "0 months", "- 6 months", "-6  months", "-61 months",
     "-999 weeks", "-1000 days", "-٦ months", "-6 months "],
)  # fmt: skip
def test_what_is_no_offset_is_none(text: str) -> None:
    assert read_offset(text) is None


@pytest.mark.parametrize(
    ("release", "months", "day"),
    [
        ("2027-03-31", -1, "2027-02-28"),
        ("2028-03-31", -1, "2028-02-29"),
        ("2028-02-29", -12, "2027-02-28"),
        ("2027-01-15", -1, "2026-12-15"),
        ("2027-05-31", -3, "2027-02-28"),
        ("2026-12-31", 2, "2027-02-28"),
    ],
)
def test_months_end_where_the_month_does(release: str, months: int, day: str) -> None:
    assert Offset(months=months).on(date.fromisoformat(release)) == date.fromisoformat(day)


@given(release=RELEASES, months=st.integers(-60, 60), days=st.integers(-400, 400))
def test_an_offset_lands_in_its_month_and_as_late_in_it_as_it_can(release: date, months: int, days: int) -> None:
    day = Offset(months=months).on(release)
    assert (day.year * 12 + day.month) - (release.year * 12 + release.month) == months
    assert day.day == min(release.day, calendar.monthrange(day.year, day.month)[1])
    assert Offset(days=days).on(release) == release + timedelta(days=days)


# ---------------------------------------------------------------- the plan


@given(release=RELEASES, left=LEFT, done=DONE)
def test_a_plan_holds_every_task_once_open_or_done(release: date, left: int, done: frozenset[str]) -> None:
    found = plan(TABLE, release, release - timedelta(days=left), done)
    assert found.days_left == left
    assert sorted(task.id for one in found.milestones for task in (*one.open, *one.done)) == sorted(TASKS)
    assert {task.id for one in found.milestones for task in one.done} == done - {"gone"}
    days = [one.day for one in found.milestones]
    assert days == sorted(days)
    assert [one.milestone.id for one in found.milestones] == ["m12", "m9", "m6", "m3", "m1", "w1", "d0", "h72"]
    assert {task.id for task in found.now} == {task.id for one in found.milestones if one.begun for task in one.open}


@given(release=RELEASES, left=LEFT, done=DONE)
def test_a_gap_shows_exactly_while_it_is_open_and_near(release: date, left: int, done: frozenset[str]) -> None:
    found = plan(TABLE, release, release - timedelta(days=left), done)
    assert {gap.id for gap in found.gaps} == {
        gap.id for gap in TABLE.gaps if gap.task not in done and 0 <= left <= gap.within
    }
    severities = [gap.severity for gap in found.gaps]
    assert severities == sorted(severities, key=["act", "watch"].index)


def test_no_mentor_agreed_14_days_to_go_is_a_gap() -> None:
    release = date(2027, 3, 12)
    found = plan(TABLE, release, release - timedelta(days=14), set(TASKS) - {"mentor-agreed"})
    assert [gap.text for gap in found.gaps] == ["No mentor agreed"]
    assert found.days_left == 14


def test_the_first_72_hours_begin_on_the_day_after_and_end_on_the_third() -> None:
    release = date(2027, 3, 12)
    begun = [plan(TABLE, release, release + timedelta(days=days), ()).milestones[-1].begun for days in range(-1, 4)]
    assert begun == [False, False, True, True, True]
    assert plan(TABLE, release, release, ()).milestones[-1].day == date(2027, 3, 15)


@given(release=RELEASES, left=LEFT, done=DONE)
def test_reminders_come_on_every_day_that_brings_something_new_and_on_no_other(
    release: date, left: int, done: frozenset[str]
) -> None:
    """Followed from one to the next they are all days on which something open falls due or a gap begins."""
    today = release - timedelta(days=left)
    expected = {
        day
        for one in TABLE.milestones
        if any(task.id not in done for task in one.tasks)
        for day in (one.opens_on(release), one.offset.on(release))
    }
    expected |= {release - timedelta(days=gap.within) for gap in TABLE.gaps if gap.task not in done}
    found = []
    while (day := next_reminder(TABLE, release, today, done)) is not None:
        assert day > today
        found.append(day)
        today = day
    assert found == sorted(day for day in expected if day > release - timedelta(days=left))


def test_what_is_all_ticked_reminds_of_nothing() -> None:
    assert next_reminder(TABLE, date(2027, 3, 12), date(2026, 1, 1), TASKS) is None


def test_a_place_moves_milestones_and_they_stay_in_order() -> None:
    moved = TABLE.moved({"m12": Offset(months=-10), "w1": Offset(days=-21), "m1": Offset(days=-10), "none": Offset()})
    assert [one.id for one in moved.milestones] == ["m12", "m9", "m6", "m3", "w1", "m1", "d0", "h72"]
    assert [one.id for one in moved.milestones if one.moved] == ["m12", "w1", "m1"]
    assert moved.milestones[0].offset == Offset(months=-10)
    assert TABLE.moved({}) is TABLE
    assert TABLE.moved({"m12": Offset(months=-12)}) == TABLE


def test_what_opens_early_never_opens_after_its_own_day() -> None:
    moved = TABLE.moved({"h72": Offset(days=0)})
    release = date(2027, 3, 12)
    assert moved.milestone("h72") is not None
    assert all(one.opens_on(release) <= one.offset.on(release) for one in moved.milestones)


# ---------------------------------------------------------------- what is shipped


def test_the_shipped_table_has_the_milestones_of_the_calendar() -> None:
    offsets = [one.offset for one in TABLE.milestones]
    assert offsets == [
        *(Offset(months=-number) for number in (12, 9, 6, 3, 1)),
        Offset(days=-7),
        Offset(),
        Offset(days=3),
    ]
    assert len(TASKS) >= 25
    assert {gap.task for gap in TABLE.gaps} <= set(TASKS)
    assert all(len(one.id) <= 40 for one in TABLE.milestones)


# ---------------------------------------------------------------- the reader

SMALL = """
owner = "Editor"
reviewed = 2026-11-23
orientation = "The local rule decides."
[[milestone]]
id = "m1"
title = "1 month before"
offset = "-1 month"
[[milestone.task]]
id = "one"
text = "Do it."
lead = "officer"
steps = ["S08"]
facts = ["RP-timeline"]
[[milestone]]
id = "h72"
title = "After"
offset = "+72 hours"
opens = "+1 day"
[[milestone.task]]
id = "two"
text = "Ring."
lead = "mentor"
steps = ["S10"]
facts = ["RP-72"]
[[gap]]
id = "g"
task = "one"
within = 14
severity = "act"
text = "Not done"
do = "Do it."
facts = ["RP-timeline"]
"""


def items(text: str) -> list[str]:
    table, problems = read_timeline(text, "en/timeline.toml")
    assert (table is None) == bool(problems)
    assert {one.file for one in problems} <= {"en/timeline.toml"}
    assert all(one.remedy for one in problems)
    return [one.item for one in problems]


def test_a_good_table_is_read_whole() -> None:
    table, problems = read_timeline(SMALL, "en/timeline.toml")
    assert problems == ()
    one = Task("one", "Do it.", "officer", ("S08",), ("RP-timeline",))
    two = Task("two", "Ring.", "mentor", ("S10",), ("RP-72",))
    assert table == Timeline(
        "Editor",
        date(2026, 11, 23),
        "The local rule decides.",
        (
            Milestone("m1", "1 month before", Offset(months=-1), (one,)),
            Milestone("h72", "After", Offset(days=3), (two,), Offset(days=1)),
        ),
        (GapRule("g", "one", 14, "act", "Not done", "Do it.", ("RP-timeline",)),),
    )


@pytest.mark.parametrize(
    ("old", "new", "item"),
    [
        ('offset = "-1 month"', 'offset = "1 month"', "m1 / offset"),
        ('offset = "-1 month"', 'offset = "+5 days"', "h72"),
        ('offset = "-1 month"', "", "m1 / offset"),
        ('opens = "+1 day"', 'opens = "+3 days"', "h72 / opens"),
        ('opens = "+1 day"', 'opens = "soon"', "h72 / opens"),
        ('id = "h72"', 'id = "m1"', "m1"),
        ('id = "two"', 'id = "one"', "one"),
        ('id = "g"', 'id = "G 1"', "G 1 / id"),
        ('title = "After"', f'title = "{"x" * 25}"', "h72 / title"),
        ('text = "Do it."', f'text = "{"x" * 111}"', "m1 / one / text"),
        ('lead = "officer"', 'lead = "guard"', "m1 / one / lead"),
        ('steps = ["S08"]', 'steps = ["8"]', "m1 / one / steps 1"),
        ('steps = ["S08"]', "steps = []", "m1 / one / steps"),
        ('task = "one"', 'task = "three"', "g / task"),
        ("within = 14", "within = 0", "g / within"),
        ('severity = "act"', 'severity = "red"', "g / severity"),
        ('text = "Not done"', 'text = "Not done."', "g / text"),
        ('do = "Do it."', f'do = "{"x" * 201}"', "g / do"),
        ("reviewed = 2026-11-23", 'reviewed = "soon"', "reviewed"),
        ('owner = "Editor"', 'owner = "Editor"\ncolour = "red"', "colour"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(old: str, new: str, item: str) -> None:
    assert SMALL.count(old) >= 1
    assert items(SMALL.replace(old, new, 1)) == [item]


def test_all_that_is_wrong_is_told_at_once() -> None:
    bad = SMALL.replace('"-1 month"', '"one month"').replace("within = 14", "within = 9000").replace('"Editor"', '""')
    assert items(bad) == ["m1 / offset", "g / within", "owner"]


def test_nothing_at_all_is_no_table() -> None:
    assert "milestone" in items("")
    assert items("milestone = 3")[0] == "milestone"
    assert items("= 3") == ["line 1, column 1"]


@given(
    st.text(max_size=300)
    | st.tuples(st.integers(0, len(SMALL)), st.text(max_size=6)).map(
        lambda change: SMALL[: change[0]] + change[1] + SMALL[change[0] + len(change[1]) :]
    )
)
def test_no_text_makes_the_reader_raise(text: str) -> None:
    table, problems = read_timeline(text, "en/timeline.toml")
    assert (table is None) == bool(problems)


# ---------------------------------------------------------------- against the rest of the content


def changed(**parts: str) -> list[tuple[str, str]]:
    """Problems of the English content with one piece of the table replaced."""
    files = dict(packaged("en")[0])
    for old, new in parts.items():
        files["en/timeline.toml"] = files["en/timeline.toml"].replace(old.replace("_", "-"), new, 1)
    _, problems = from_files(files)
    return [(one.file, one.item) for one in problems if one.severity == "error"]


def test_steps_and_facts_that_are_not_there_stop_the_content() -> None:
    assert changed(S04="S99") == [("en/timeline.toml", "needs-reviewed / steps")]
    assert changed(RP_own_plan="RP-none") == [("en/timeline.toml", "needs-reviewed / facts")]


def test_a_language_may_have_no_table() -> None:
    files = {path: text for path, text in packaged("en")[0].items() if path != "en/timeline.toml"}
    content, problems = from_files(files)
    assert content is not None
    assert content.timeline is None
    assert problems == ()


def told(timeline: Timeline, today: date = date(2026, 12, 1)) -> set[tuple[str, str]]:
    found = check(replace(ENGLISH, timeline=timeline), today)
    return {(one.item, one.severity) for one in found if one.file == "en/timeline.toml"}


def test_the_check_has_nothing_to_say_of_the_shipped_table() -> None:
    assert told(TABLE) == set()


def test_an_old_review_and_one_to_come_are_told() -> None:
    assert told(TABLE, date(2028, 1, 1)) == {("reviewed", "warning")}
    assert told(replace(TABLE, reviewed=date(2027, 1, 1))) == {("reviewed", "warning")}


def test_a_gap_before_its_task_is_due_is_told() -> None:
    early = replace(TABLE, gaps=(replace(TABLE.gaps[0], within=200), *TABLE.gaps[1:]))
    assert told(early) == {("no-housing / within", "warning")}


def test_numbers_and_claims_in_the_table_are_told_as_elsewhere() -> None:
    (first, *others) = TABLE.gaps
    assert told(replace(TABLE, gaps=(replace(first, do="Ring 01 99 00 12 34."), *others))) == {("no-housing", "error")}


# ---------------------------------------------------------------- the operator's own file


def own(text: str) -> tuple[OwnSite | None, list[str]]:
    site, problems = read_own_site(text, "site.toml")
    return site, [one.item for one in problems]


def test_a_place_and_an_agency_move_milestones() -> None:
    site, problems = own('[release]\nm12 = "-10 months"\n[agency.north.release]\nm12 = "-8 months"\nw1 = "-10 days"\n')
    assert site is not None
    assert problems == []
    assert site.common.release == {"m12": Offset(months=-10)}
    assert site.agencies["north"].release == {"m12": Offset(months=-8), "w1": Offset(days=-10)}
    assert check_own_site(site, ENGLISH) == ()


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ('[release]\nm12 = "10 months"', "release / m12"),
        ("[release]\nm12 = 3", "release / m12"),
        ('[release]\nM12 = "-1 month"', "release / a milestone"),
        ("release = 3", "release"),
        ('[agency.north.release]\nm12 = ""', "agency / north / release / m12"),
    ],
)
def test_what_is_wrong_in_it_is_told_by_its_place(text: str, item: str) -> None:
    assert own(text) == (None, [item])


@pytest.mark.parametrize("content", [ENGLISH, replace(ENGLISH, timeline=None)])
def test_a_milestone_that_is_not_there_is_told(content: Content) -> None:
    site = OwnSite(Site(release={"m13": Offset()}), {"north": Site(release={"m14": Offset()})})
    assert [one.item for one in check_own_site(site, content)] == ["release / m13", "agency / north / release / m14"]
