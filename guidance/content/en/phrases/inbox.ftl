inbox-empty = No flags are waiting.
inbox-title = Flags
inbox-pick = Which flag?
inbox-line = { $reference } · { $urgency } · { $age } · { $agency } · { $state } · { $owner }
inbox-more = … and { $more } more.
age-minutes = { $n } min
age-hours = { $n } h
flag-state-open = open
flag-state-overdue = OVERDUE
flag-state-taken = taken
flag-state-handed-on = handed on
flag-state-closed = closed
flag-state-withdrawn = withdrawn by its author
flag-what-now = { $reference }: what now?
flag-taken = You have { $reference }. The author hears that it is in hand.
flag-how-to-open = Open it with your key: integra notes open { $reference } --reason handling --key FILE
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
button-close-flag = Close it
button-hand-on = Hand it on

# To other people: no content, nothing that identifies.
notice-flag = A flag waits: { $reference }, { $urgency }.
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
notice-overdue = OVERDUE: { $reference }, { $urgency }. Nobody has taken it. Please take it or call the author.
notice-handed-on = Handed on to you: { $reference }, { $urgency }. It is yours when you take it.
notice-withdrawn = { $reference } was withdrawn by its author.
author-in-hand = { $reference } is in hand.
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
