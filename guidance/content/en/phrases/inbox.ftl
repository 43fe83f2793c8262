inbox-empty = No flags are waiting.
inbox-title = Flags
inbox-pick = Which flag?
inbox-line = { $reference } · { $urgency } · { $age } · { $agency } · { $state } · { $owner }
inbox-more = … and { $more } more.
age-minutes = { $n } min
age-hours = { $n } h
flag-state-raised = on its way
flag-state-routed = on its way
flag-state-notified = waits
flag-state-overdue = OVERDUE
flag-state-taken = taken
flag-state-in-hand = in hand
flag-state-waiting = waits for another agency
flag-state-closed = closed
flag-state-withdrawn = withdrawn by its author
flag-what-now = { $reference }: what now?
flag-taken = You have { $reference }. The author hears that it is in hand. Open it, or tap In hand, within { $hours ->
    [0] { $minutes } minutes
   *[other] { $hours } hours
}; else it opens for the others again.
flag-how-to-open = Open it with your key: integra notes open { $reference } --as { $me } --reason handling --key FILE
flag-untaken = { $reference } waits again, as before you took it. The author and your colleagues hear so.
flag-undo-over = It is too late to undo that. Hand { $reference } on instead.
flag-worked = Noted: { $reference } is in hand. I ask you again on { $date }, unless you close it.
flag-ask-whom = Whose turn is it? You keep { $reference }; I ask you again in time.
flag-awaited = Noted: { $reference } waits for { $whom }. I ask you again on { $date }, unless you close it.
awaited-police = the police
awaited-prison = the prison
awaited-probation = probation
awaited-health = health services
awaited-social = social services
awaited-school = a school
awaited-other = somebody else
flag-ask-declined = Why can you not take { $reference }? Sealed for your desk; nobody else hears it.
declined-off-duty = I am off duty
declined-busy = I am busy with something as urgent
declined-not-mine = I should not be the one to handle it
flag-declined = Noted. { $reference } goes on to the others.
flag-already-taken = { $handle } already has { $reference }.
flag-unknown = I know no such flag on your desk.
flag-ask-outcome = How does it end? The author hears this phrase, nothing else.
outcome-acted = acted on
outcome-passed-on = passed to a partner
outcome-watching = noted, being watched
outcome-no-action = looked at, no action needed
outcome-duplicate = already known
flag-closed = Closed { $reference }: { $outcome }.
flag-no-colleague = There is nobody else on this desk to hand it to.
flag-ask-colleague = To whom?
flag-handed-on = Handed on { $reference } to { $handle }. It counts as open until it is taken.
button-take = Take it
button-undo-take = Undo: not mine after all
button-cannot-take = I cannot
button-work = In hand
button-other-agency = Another agency's turn
button-close-flag = Close it
button-hand-on = Hand it on

# To other people: no content, nothing that identifies.
flag-age = { $hours ->
    [0] { $minutes ->
        [0] new
       *[other] { $minutes } min
    }
   *[other] { $hours } h
}
notice-on-page = Read it on the page: { $link }
notice-flag = A flag waits: { $reference }, { $urgency }, { flag-age }.
notice-flag-again = It still waits: { $reference }, { $urgency }, { flag-age }. Others are called now, too.
notice-worse = WORSE than first written: { $reference }, { $urgency } now, { flag-age }. Nobody has it yet.
notice-worse-owned = WORSE than first written: { $reference }, { $urgency } now. It is yours. There is an amendment.
notice-reopened = It waits again: { $reference }, { $urgency }, { flag-age }. Whoever had it does not have it any more.
notice-warned = You took { $reference } ({ $urgency }) and it does not move. Tap In hand if you are on it; else it soon opens for the others.
notice-not-heard = { $reference } ({ $urgency }) is OVERDUE: you have it, and it is { flag-age } old. How does it stand? Tap In hand if you are on it, or close it.
notice-not-heard-lead = OVERDUE in somebody's hands: { $reference }, { $urgency }, { flag-age }. Please look into it.
notice-find-somebody = You cannot take it yourself: please find somebody who can, by phone.
skipped-case = Whoever works on the case could not be reached.
skipped-site = Nobody at the author's site could be reached.
skipped-duty = Nobody on duty could be reached.
skipped-second = Nobody second on the rota could be reached.
skipped-desk = No coordinator could be reached.
skipped-supervisor = No supervisor could be reached.
skipped-admin = No admin could be reached.
notice-not-handed-over = { $count ->
        [one] One note was logged
       *[other] { $count } notes were logged
    } more than { $days } days ago and { $count ->
        [one] is
       *[other] are
    } not handed over to the case system. Nothing is erased before that. Please look into the hand-over.
notice-read = { $reference } was opened, not by whoever handles it. Reason given: { $why }. The audit log says who.
read-break-glass = it is of a case the reader does not work on
read-supervision = supervision
read-complaint = a complaint
read-request = a request of the person concerned
read-order = an order of a court or authority
read-rehearsal = a rehearsal
notice-overdue = OVERDUE: { $reference }, { $urgency }, { flag-age }. Nobody has taken it. Please take it or call the author.
notice-handed-on = Handed on to you: { $reference }, { $urgency }, { flag-age }. It is yours when you take it.
notice-withdrawn = { $reference } was withdrawn by its author.
author-received = { $reference } is received, { $urgency }. A coordinator has it by { $by }; you hear either way.
author-in-hand = { $reference } is in hand.
author-waits-again = { $reference } waits for a coordinator again. They were told. If it cannot wait, phone.
button-worse = It is worse than I wrote
worse-done = { $reference } is { $urgency } now. The coordinators hear so at once. If it cannot wait, phone.
worse-already = { $reference } is { $urgency } already. The coordinators know. If it cannot wait, phone now.
worse-anew = The flag of { $reference } was over. It is raised again, { $urgency }, with an amendment.
worse-text = It is worse than I wrote.
worse-add = Add what is worse
author-closed = { $reference } is closed: { $outcome }.
author-overdue = { $reference } has not been taken in time; the coordinators were told again. If it cannot wait, phone.
flag-reaches-nobody = I can reach nobody on the desk for { $reference } just now. Please phone your coordinator. The flag stays open, and I try again at its deadline.
desk-reaches-nobody = I can reach nobody on the desk just now. Please phone your coordinator.
notice-see = See it
alarm-turn = A step of the assistant failed and was not saved; the person was told. See the log of the service.
alarm-desk =
    The signed list of who can open the notes of { $agency } does not hold ({ $code }). No note is taken there until it is put right.
    Somebody may have changed it. Ask whoever runs the assistant to look at once: guide for running it, Keys.

# One message in place of several that fell due at once.
summary-title = Several things are due
summary-late = I was not running for a while. This fell due meanwhile:
summary-more =
    { $urgent ->
        [0] … and { $number } more.
       *[other] … and { $number } more, { $urgent } of them urgent.
    }
summary-take = Take { $reference }
summary-see = See { $reference }
