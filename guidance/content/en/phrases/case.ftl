# Cases: who works on one together. A case is a code, never a name.

button-cases = Cases
command-case = Cases: who works on which
cases-title = Cases
cases-none = You are not a member of any case. A coordinator can add you.
cases-none-yet = No case has members yet.
cases-star = ★ You are a member.
cases-pick = Which case?
cases-type-one = Tap a case, or type a case code, for example { $example }.
cases-more = … and { $n } more: type the code.
case-label = { $case } · { $n ->
    [one] 1 person
   *[other] { $n } people
}
case-title = Case { $case }
case-members = Who works on it:
case-no-members = • nobody yet
case-person = { $handle } · { $role }
case-yours = You are a member. Members see each other's ticks in the guide.
case-not-yours = You are not a member, so you do not see its ticks. Add yourself if you work on it.
case-not-member = You are not a member of that case. Ask your coordinator.
case-ask-whom = Who is to be added? They hear that they were added, without the code.
case-nobody-to-add = Everybody of this agency is a member already.
case-ask-remove = Who is to be removed?
case-sure-remove = Remove { $who } from this case? Their walks of it end. What they ticked stays for the others.
case-sure-close = Close this case? Its members, ticks and walks are deleted for good. Notes stay.
case-added-now = { $who } is a member now, and is told.
case-removed = { $who } is not a member any more.
case-closed = Closed. Its members, ticks and walks are gone; notes stay.
button-more-people = More people ▸
button-case-walk = Walk the guide for it
button-case-add = Add a member
button-case-remove = Remove a member
button-case-close = Close this case
button-case-remove-yes = Yes, remove
button-case-close-yes = Yes, close it

# To the new member: nothing that identifies.
case-added = You were made a member of a case. Its members share their ticks in the guide.

role-officer = probation
role-prison = prison
role-mentor = mentor
role-coordinator = coordinator
role-supervisor = supervisor
role-admin = admin
