# Who is on duty at the desk. For coordinators and supervisors.

button-rota = Rota
command-rota = Rota: who is on duty
rota-title = Rota of { $agency }
rota-title-site = Rota of { $site }, { $agency }
rota-whole = The whole agency
rota-ask-site = Whose shifts?
button-rota-site = Another site's shifts
rota-not-yours = Only coordinators and supervisors keep the rota. Ask yours.
rota-none = No rota is written. Flags go to all coordinators at once. An admin writes one: integra rota load.
rota-ask-agency = Which rota?
rota-day = { $day } { $date }{ $holiday ->
    [0] {""}
   *[other] {" "}(holiday)
}
rota-line = { $from }–{ $to } { $who }
rota-nobody = NOBODY
rota-agency = (the whole agency's shifts)
rota-second = , then { $who }
rota-away = { $who } (cannot be reached)
rota-absent = Away: { $who }, { $from } to { $to }{ $cover ->
    [0] , no cover
   *[other] , cover: { $by }
}
rota-quiet = { $urgency } flags wait from { $from } to { $to }.
rota-small = Times of { $zone }. Urgent flags always come at once.
rota-day-1 = Mon
rota-day-2 = Tue
rota-day-3 = Wed
rota-day-4 = Thu
rota-day-5 = Fri
rota-day-6 = Sat
rota-day-7 = Sun
button-rota-week = Next week
button-rota-swap = Somebody else takes a shift
button-rota-away = Somebody is away
button-rota-back = Somebody is back
button-rota-undo = Undo the last change
button-rota-nobody = Nobody covers
button-rota-today = Today
button-rota-tomorrow = Tomorrow
rota-ask-shift = Which shift?
rota-ask-swap = Who takes { $day } { $from }–{ $to }?
rota-ask-absent = Who is away?
rota-ask-from = From which day is { $who } away? Type it, for example "24 Dec", or tap.
rota-ask-to = Until which day, included? Type it, for example "31 Dec", or tap.
rota-ask-cover = Who stands in for { $who }, { $from } to { $to }?
rota-ask-back = Whose absence ends?
rota-date-unclear = I could not read that as a day. Try "24 Dec" or 2026-12-24.
rota-date-past = That day is over. Try "24 Dec" or 2026-12-24.
rota-date-order = That is before the first day. Try a later one.
rota-changed = Changed. It holds from now on.
rota-gone = Somebody changed the rota meanwhile. Look at it again, please.
rota-undone = The rota is as it was before the last change.
rota-warn-nobody = { $sited ->
    [0] Rota: nobody is on duty { $when }. Flags would go to all coordinators at once. Please put somebody there.
   *[other] Rota of { $site }: nobody is on duty there { $when }. Its flags would go to the rest of the desk at once. Please put somebody there.
}
rota-warn-not-enrolled = Rota{ rota-warn-of }: { $who } is on duty { $when }, and has no access here. Please invite them, or put somebody else there.
rota-warn-blocked = Rota{ rota-warn-of }: { $who } is on duty { $when }, and nothing reaches them here. Please ask them by another way to open this chat and press Start, or put somebody else there.
rota-warn-key-expired = Rota{ rota-warn-of }: no key of { $who } opens new notes { $when }: it has run out or does so, or is not on the desk's list. Flags arrive, and their notes do not open. Ask whoever runs the assistant: guide for running it, Keys.
rota-warn-of = { $sited ->
    [0] {""}
   *[other] {" "}of { $site }
}
rota-warn-no-rota = No coordinator of the desk can be reached, { $when }. Flags would be heard by nobody there. Please phone them.
