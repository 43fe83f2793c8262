# People: who may use the assistant. For coordinators and admins.

button-people = People
command-people = People: invite, renew, lost phone
people-title = People
people-pick = { $n ->
    [one] 1 person. Tap for more, or invite somebody.
   *[other] { $n } people. Tap one, or invite somebody.
}
people-not-yours = Only coordinators and admins keep the list of people. Ask yours.
people-gone = That person has no role in your agency any more. If they should, invite them anew.
people-role-at = { $role } at { $agency }
people-at-site = Works at { $site }.
people-ask-where = Where will they work? Flags of that place call its own coordinators first.
people-ask-site = Where does { $who } work? Flags of that place call its own coordinators first.
people-placed = { $who } works at { $site } now.
people-placed-nowhere = { $who } has no site now. Their flags call the whole agency's shifts.
button-people-nowhere = No site: the whole agency
button-people-site = Change where they work
people-until = Access ends on { $date }, unless it is renewed.
people-not-in-yet = Has not finished enrolment yet.
people-yourself = This is you. A colleague or an admin can change it.
people-last-admin = This is the last admin here: nobody else would hear of alarms. Invite another first, then come back.
button-people-who = See who it is
button-people-invite = Invite somebody
button-people-renew = Renew
button-renew-whom = Renew: see who it is
button-people-lost = Phone lost: end access now
button-people-end = End access here
button-people-lost-yes = Yes, end it now
button-people-end-yes = Yes, end access
people-sure-lost =
    Phone of { $who } lost or stolen?
    All access ends at once, everywhere. What was being written is deleted. Flags they had taken are open again. Notes stay.
people-sure-end =
    End access of { $who } at { $agency }?
    Their cases and walks there end. What was being written is deleted. Notes stay.
people-lost-done = Access of { $who } has ended. What it means follows.
people-end-done = Access of { $who } here has ended. Notes stay.
people-renewed = Renewed: { $who } until { $date }.
people-ask-agency = Invited to which agency?
people-ask-role = Invited as what? Coordinators and admins are invited by the command line only.
invite-title = Invitation
invite-role-officer = Probation officer
invite-role-prison = Prison staff
invite-role-mentor = Mentor

invite-made =
    For one person, role: { $role }{ $sited ->
        [0] {""}
       *[other] , at { $site }
    }. Good once, for 24 hours.
    Read it out or show it, in person. They open this bot and type:
    /start { $token }
    You hear when it is used.

# To whoever was invited.
invite-ask-code =
    One more thing: the code of six digits that goes with this invitation. Ask the person who invited you, by voice.
    Type it here. If somebody is in danger, call 112.
invite-wrong-code = { $left ->
    [one] That is not the code. One try is left, then the invitation ends.
   *[other] That is not the code. { $left } tries are left.
}

# To whoever invited, coordinators and admins: nothing that identifies.
invite-used = An invitation was used; role: { $role }. Not the person you meant? Open People and end access.
invite-killed = Five wrong codes were typed for an invitation; role: { $role }. It is good for nothing now. Find out who tried.
access-ends-keeper = Somebody's access ends on { $date }; role: { $role }. Renew it if they go on.
access-over-keeper = Somebody's access has ended today; role: { $role }. If they go on, invite them anew.
unreachable-keeper = { $n ->
    [one] Nothing I write reaches { $who } any more: this bot was blocked, or the chat is gone. Please ask them, by another way, to open this chat and press Start. Until then no reminder goes there.
   *[other] Nothing I write reaches { $n } people any more: { $who }. They blocked this bot, or their chat is gone. Please ask them, by another way, to open this chat and press Start. Until then no reminder goes there.
}
access-ends = Your access at { $agency } ends on { $date }. Your coordinators know, and can renew it.
access-over =
    Your access at { $agency } has ended today. Thank you for your work. What you had not logged is deleted; notes stay.
    If you go on, ask your coordinator for a new invitation. If somebody is in danger, call 112.
lost-report =
    What the lost phone means. No content, references only.
    { $reopened ->
        [0] No flag had been taken.
       *[other] Open again, please take: { $reopened-named }.
    }
    { $draft ->
        [0] Nothing was being written.
       *[other] What was being written: I ask the chat to delete it ({ $draft }).
    }
    Whoever holds the phone could have seen guide pages, questions and answers, and:
    { $recent ->
        [0] • no receipts of the last 48 hours
       *[other] • receipts of the last 48 hours, without text: { $recent-named }
    }
    • older receipts: { $older }
    • case codes: { $cases } as a member, { $walks } in walks, and those of their notes
    { $residue ->
        [0] • no words of a note that I know of
       *[other] • words of notes in { $residue } messages that could not be deleted
    }
    { $seen ->
        [0] • no list of flags
       *[other] • open flags, without text: { $seen-named }
    }
    { $holder ->
        [0] Next: have them delete the chat from another device.
       *[other] Next: have them delete the chat from another device. Was a key that opens notes on it? Tell the admin today.
    }

# Too much at once.
limited =
    That is more than I can take at once. From here on nothing is saved for about a minute; then please send it again.
    If somebody is in danger, call 112.
danger-limited =
    In prison: raise the alarm first. 112 works everywhere in the EU, from any phone.
    I cannot take more messages for about a minute: this one is not saved. Do not wait for me.
