# The release plan. Milestones, tasks and gaps themselves are in timeline.toml.

button-timeline = Release plan
command-release = Release plan: what is due when
timeline-none = There is no release plan in this language yet. Please ask your coordinator.
timeline-title = Release plan
timeline-title-case = Release plan · { $case }
timeline-which = Which plan?
timeline-look = What is usually ready when before a release. The officer or the coordinator makes the plan for a case.
button-timeline-new = ＋ New plan
button-timeline-more = More plans ▸
button-timeline-case = { $mark }{ $case } · { $date }
timeline-ask-agency = Which agency's case is it?
timeline-ask-case = A plan from the release date, with reminders. Which case is it about? Type the case code, for example { $example }. Never a name.
timeline-there-already = There is a plan for this case already. Here it is.
timeline-ask-date =
    When is the release? Type the day as you know it, for example "12 March 2027", "in 3 months" or "2027-03-12".
    Not sure? Take the earliest date. You can change it later.
timeline-day-unread = I could not read that as one day.
timeline-day-range = The release must lie between a week ago and ten years from now.
timeline-which-day = Which day do you mean?
button-timeline-other-day = Another day
timeline-heard = Release: { $day }.
timeline-weekend = A { $weekday }: offices may be closed. Ask whether another day is possible.
timeline-later = The release moves from { $old } to { $new }: { $days ->
    [1] 1 day
   *[other] { $days } days
} later. All dates move with it; your ticks stay.
timeline-sooner = The release moves from { $old } to { $new }: { $days ->
    [1] 1 day
   *[other] { $days } days
} sooner. All dates move with it; your ticks stay.
timeline-same = The release stays on { $day }. Nothing has changed.
timeline-now-due = Due now by this change: { $titles }.
timeline-not-due-yet = Not due yet any more: { $titles }.
timeline-left = { $days ->
    [0] Release is today: { $day }.
    [1] Release is tomorrow: { $day }.
   *[other] Release: { $day }, { $days } days to go.
}
timeline-since = { $days ->
    [1] Release was yesterday: { $day }.
   *[other] Release was on { $day }, { $days } days ago.
}
timeline-gap = { $mark } { $what }, { $days ->
    [0] release is today
    [1] 1 day to go
   *[other] { $days } days to go
}.
timeline-more-gaps = and { $number } more
timeline-now = Due now:
timeline-more-now = and { $number } more, see the dates below
timeline-dates = Dates. Tap one below to tick its tasks:
timeline-line = { $mark } { $day } · { $title }
timeline-milestone = { $day }. Tick what is done:
timeline-task = { $text } ({ $who })
timeline-who-prison = prison
timeline-who-officer = probation
timeline-who-mentor = mentor
timeline-who-coordinator = coordinator
timeline-months-before = { $number ->
    [1] 1 month before
   *[other] { $number } months before
}
timeline-months-after = { $number ->
    [1] 1 month after
   *[other] { $number } months after
}
timeline-days-before = { $number ->
    [1] 1 day before
   *[other] { $number } days before
}
timeline-days-after = { $number ->
    [1] 1 day after
   *[other] { $number } days after
}
timeline-on-the-day = Release day
button-timeline-milestone = { $title }: { $done } of { $all }
button-timeline-whole = ◂ The whole plan
button-timeline-date = Change the date
button-timeline-pause = Pause reminders
button-timeline-resume = Turn reminders on
button-timeline-drop = Drop this plan
button-timeline-keep = Keep it
button-timeline-all = All plans
button-timeline-open = Open the plan
timeline-paused = Reminders for this plan are paused, for all who work on the case. The plan stays.
timeline-resumed = Reminders for this plan are on.
timeline-reminders-off = Reminders are paused.
timeline-reminder-next = Next reminder: { $day }.
timeline-reminder-none = No reminder is to come.
timeline-done-with = This plan has done its work. Drop it when you need it no longer.
timeline-ask-drop = Drop this plan for good, for all who work on the case, with its ticks and reminders?
timeline-dropped = The plan is dropped.
timeline-gone = That plan is no longer there.
timeline-reminder = A release plan needs a look. { $left }
timeline-reminder-ahead = { $days ->
    [0] Release is today.
    [1] Release is tomorrow.
   *[other] { $days } days to go.
}
timeline-reminder-behind = { $days ->
    [1] Release was yesterday.
   *[other] Release was { $days } days ago.
}
timeline-reminder-due = ▸ { $title }: { $open } to do
timeline-reminder-many = { $number } release plans have something due.
timeline-reminder-more = and { $number } more
timeline-day = { $weekday } { $day } { $month } { $year }
timeline-short-day = { $day } { $month } { $year }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday
