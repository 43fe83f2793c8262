note-no-recipient =
    { $agency } has nobody yet who could open a sealed note, so I cannot take one. Administrators enrolled here have been told.
    Please use your usual way of reporting. In danger call 112.
admin-no-recipient = Somebody in { $agency } wanted to write a note, but the desk has no recipient key. Add one: integra keys add-recipient.
note-ask-resume = You have an unfinished note.
button-resume-note = Resume the unfinished note
button-new-note = Discard it, start a new one
note-ask-leave = Leave this note? Nothing has been kept yet.
button-put-aside = Put it aside ({ $hours } hours)
button-discard = Discard it
draft-discarded-empty = All right. Nothing was kept.
draft-discarded = Discarded. Nothing was kept, and your messages are deleted from the chat.
note-ask-agency = For which agency is this note?
note-ask-case =
    Which case is it about? Type the case code, for example { $example }. Never a name.
    If somebody is in danger, the phone comes first.
note-ask-kind = What kind of note is it?
note-kind-behaviour = Behaviour or talk
note-kind-incident = Incident
note-kind-contact = Contact or visit
note-kind-progress = Progress or support
note-kind-other = Something else
note-ask-when = When did it happen? For example "yesterday 3 pm", "today 14:30", "2 hours ago".
note-when-unclear = I could not read that as a time in the past. Try "yesterday 3 pm" or "20 Nov 14:00".
note-when-heard = Understood: { $when }.
button-just-now = Just now
button-not-known = Not known
note-part-title = Part { $part } of { $parts }
note-ask-seen = What did you see or hear yourself? Own words in quotes. Several messages are fine; then Next.
note-ask-told = What were you told, and by whom (role or code, no name)? Next if nothing.
note-ask-think = What do you think it means? This is marked as your opinion. Next if nothing.
note-ask-else = What else could explain it? Next if nothing.
note-ask-quick = What happened? Type it: what you saw or heard, where, when. A case code, no names.
note-ask-amend = What do you add or correct? The first note stays as it is.
note-count = { $here } in this part; { $length } of { $most } characters in the note.
note-more-or-next = Go on typing, or tap Next.
note-more-or-urgency = Go on typing, or tap how urgent it is.
button-next = Next ▸
button-redo-part = Write this part again
note-part-emptied = This part is empty again.
note-nothing-yet = There is no text yet. Please write what happened.
note-not-taken = That message was not taken. Please tap one of the buttons first.
note-attached = Sealed with the note: { $what } ({ $here } of { $most }).
count-photo = { $count ->
    [one] 1 photo
   *[other] { $count } photos
 }
count-voice = { $count ->
    [one] 1 voice message
   *[other] { $count } voice messages
 }
note-media-full = A note takes { $most } photos and voice messages together. This one was not taken. Log this note, then amend it to add more.
note-media-on-its-way = A photo or voice message is still on its way to me. I say when it is here; then log the note.
note-media-taken-out = All photos and voice messages are out of the note and destroyed.
note-photo-off = Your agency has photos switched off. It was not taken. Please describe what it shows in words.
note-voice-off = Your agency has voice messages switched off. It was not taken. Please type it in a few words.
note-photo-too-large = That photo is larger than 5 MB. It was not taken. Please send it smaller, as a photo and not as a file.
note-voice-too-large = That voice message is larger than 5 MB. It was not taken. Please send a shorter one.
note-photo-unusable = I cannot read that photo. It was not taken. Please take it again, and send it as a photo and not as a file.
note-voice-unusable = I cannot read that voice message. It was not taken. Please record it again.
note-photo-out-of-reach = I could not get that photo. It was not taken. Please send it again.
note-voice-out-of-reach = I could not get that voice message. It was not taken. Please send it again.
note-added-to-text = Added to the text of the note.
note-danger = If this is happening now or could happen soon: phone first, note second. Then ring the duty coordinator.
note-looks-identifying = That looks like a name, number or address. Please use case codes and roles. It is kept as you wrote it; "Write this part again" takes it out.
note-too-long =
    A note holds { $most } characters. I took { $taken } of your message, up to: "{ $last }".
    The other { $rest } are not lost: they wait, and go into an amendment when you log this note.
note-full =
    A note holds { $most } characters, and this one is full. Your message ({ $rest } characters) is not lost: it waits, and goes into an amendment when you log this note.
note-far-too-long = That is too much for one note of { $most } characters. This message was not taken. Log what you have, then add an amendment.
note-rest-waits = The rest ({ $rest } characters) is ready as an amendment. Tap Next to see and log it.
note-ask-urgency = How urgent is it?
urgency-routine = Routine
urgency-today = Today
urgency-urgent = Urgent
quick-routine = Routine, no flag
quick-today = Flag: today
quick-urgent = Flag: urgent, now
note-ask-flag = Should a coordinator look at it? They hear at once, without content.
button-flag = Yes, flag it
button-no-flag = No, just keep it
note-ask-reason = Why the flag?
reason-threat = Threat to others
reason-self-harm = Self-harm
reason-child = Child at risk
reason-staff = Threat to staff
reason-travel = Travel, or contact lost
reason-other = Something else
preview-title = This will be sealed
preview-agency = Agency: { $agency }
preview-case = Case: { $case }
preview-no-case = none
preview-kind = Kind: { $kind }
preview-when = Happened: { $when }
preview-when-unknown = not known
preview-seen = What I saw or heard
preview-told = What I was told
preview-think = What I think
preview-else = What else could explain it
preview-text = Text
preview-attached = Attached, sealed: { $what }
preview-flag = Flag: { $urgency } ({ $reason })
preview-no-flag = Urgency: { $urgency }, no flag
preview-author = Written by: { $handle } (sealed inside)
preview-left-over = Waits for an amendment: { $rest } characters
button-log = ✔ Log it
button-change = Change something
note-ask-change = What do you want to change?
change-case = Case code
change-kind = Kind
change-when = When
change-media = Take photos and voice out
change-urgency = Urgency and flag
note-kept-title = Logged and sealed
note-kept = Reference { $reference }. It is handed over in two minutes; until then you can undo. Your messages are being deleted from the chat.
note-kept-flagged = Reference { $reference }. The coordinators hear that a flag waits, without content. You can undo for two minutes. Your messages are being deleted from the chat.
note-urgent-reminder = A flag is not an emergency call. If it cannot wait, phone now.
button-undo = Undo (2 minutes)
note-not-yours = I have no such note of yours.
note-amending = Amending { $reference }.

my-notes-none = You have logged no notes.
my-notes-title = Your notes
my-notes-small = Texts are sealed; nobody reads them back here, not even you.
my-notes-line = { $reference } · { $day } · { $state } · flag: { $flag }
my-notes-pick = Which note do you want to amend?
button-amend = Amend { $reference }
state-held = can be undone
state-waiting = kept, waits for hand-over
state-handed-over = filed in the case system
state-withdrawn = withdrawn
undo-done = Withdrawn: { $reference }. Its sealed text is destroyed and does not come back.
undo-done-flagged = Withdrawn: { $reference }. Its sealed text is destroyed. The coordinators see the flag as withdrawn by its author.
undo-over = The two minutes for { $reference } are over. You can add an amendment.
undo-already = { $reference } is withdrawn already.
