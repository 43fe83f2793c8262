# The release plan. Milestones, tasks and gaps themselves are in timeline.toml.

button-timeline = Release plan
command-release = Release plan: what is due when
timeline-none = There is no release plan in this language yet. Please ask your coordinator.
timeline-title = Release plan
timeline-title-case = Release plan · { $case }
timeline-which = Which plan?
button-timeline-new = ＋ New plan
button-timeline-case = { $case } · { $date }
timeline-ask-case = Which case is it about? Type the case code, for example { $example }.
timeline-ask-date =
    When is the release? Type the day as you know it, for example "12 March 2027", "in 3 months" or "2027-03-12".
    Not sure? Take the earliest date. You can change it later.
timeline-day-unread = I could not read that as one day to come.
timeline-day-range = The release must lie between a week ago and ten years from now.
timeline-heard = Release: { $day }.
timeline-weekend = That is a { $weekday }. Offices may be closed: ask whether another day is possible.
timeline-left = { $days ->
    [0] Release is today: { $day }.
    [1] Release is tomorrow: { $day }.
   *[other] Release: { $day }, { $days } days to go.
}
timeline-since = { $days ->
    [1] Release was yesterday: { $day }.
   *[other] Release was on { $day }, { $days } days ago.
}
timeline-gap = ‼ { $what }, { $days ->
    [0] release is today
    [1] 1 day to go
   *[other] { $days } days to go
}. { $do }
timeline-now = Now (should be done by today):
timeline-dates = Tap a line to tick its tasks:
timeline-line = { $mark } { $day } · { $title } ({ $done } of { $all })
timeline-milestone = { $day }. Tick what is done:
timeline-task = { $text } ({ $who })
timeline-who-prison = prison
timeline-who-officer = probation
timeline-who-mentor = mentor
timeline-who-coordinator = coordinator
button-timeline-milestone = { $title }: { $done } of { $all }
button-timeline-date = Change the date
button-timeline-pause = Pause reminders
button-timeline-resume = Turn reminders on
button-timeline-drop = Drop this plan
button-timeline-keep = Keep it
button-timeline-all = All plans
button-timeline-open = Open the plan
timeline-paused = Reminders for this plan are paused. The plan stays.
timeline-resumed = Reminders for this plan are on.
timeline-reminders-off = Reminders are paused.
timeline-reminder-next = Next reminder: { $day }.
timeline-ask-drop = Drop this plan for good, with its ticks and reminders?
timeline-dropped = The plan is dropped.
timeline-gone = That plan is no longer there.
timeline-reminder-due = A release plan has something due this week: { $title }.
timeline-reminder-open = A release plan has something still open: { $title }.
timeline-reminder-gap = A release plan has a gap. { $what }, { $days ->
    [0] release is today
    [1] 1 day to go
   *[other] { $days } days to go
}.
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
timeline-day = { $weekday } { $day } { $month } { $year }
timeline-short-day = { $day } { $month } { $year }
