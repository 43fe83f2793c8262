walk-ask-step = Which step? A step is never a lock: start where you are.
walk-ask-case = Which case is it about? Type the case code, for example { $example }, or go without.
button-no-case = No case code
button-resume-walk = ▸ Resume { $step } ({ $case })
walk-title = { $step } · { $title }
walk-start =
    { $purpose }

    Who leads: { $lead }
    When: { $timing }

    Your part: { $role }

    You need:
    { $inputs }
walk-no-role = usually no part of your own here; know what the others do.
walk-local = Timings are proposals. Your local rule decides.
button-checklist = Checklist ▸
button-why = Why?
button-pause = Pause
button-steps = All steps
walk-checks = Tick what is done or known:
walk-close =
    What leaves this step: { $handoff }

    Common mistakes:
    { $mistakes }
button-return = ◂ Return to { $step }
button-finish-walk = Finish
walk-paused = Paused. It is kept; resume it from the guide.
walk-done = Done. Nothing more is kept of this walk.
walk-why = Why { $step }?
walk-newer = The guide has changed since you began. You go on in the new version; your ticks are kept.
walk-pinned = The guide has changed since you began. You go on in the version you know; “Newer guide” takes you to the new one.
walk-now-newer = You are in the newer guide. Your ticks stay. Points that are new: { $new }. Points that are gone: { $gone }.
button-newer = Newer guide ▸
walk-ticks-shared = All members of this case see and set these ticks.
walk-ticks-own = Only you see these ticks. A coordinator can make you a member of the case, then members share them.
walk-shared-now = You are a member of this case. What you had ticked is shared with the other members now.
walk-not-member = You are not a member of this case any more. This walk has ended; the other members still have their ticks. Ask your coordinator if that is a mistake.
walk-progress = How far it is · { $case }
walk-progress-step = { $step }: { $done } of { $all } ticked
walk-progress-none = Nothing is ticked yet.
button-other-walk = Another walk
walk-step-gone = This step is no longer in the guide.
