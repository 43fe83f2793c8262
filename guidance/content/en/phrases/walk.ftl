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
walk-newer = The guide has changed since you paused. You go on in the new version; your ticks are kept.
walk-step-gone = This step is no longer in the guide.
