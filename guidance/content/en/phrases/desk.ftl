# The desk: menu, commands, what is always there.

button-danger = ⚠ Danger now
button-menu = ☰ Menu
button-back = ◂ Back
button-inbox = Flags waiting
button-quick-note = Quick note (3 taps)
button-note = Write a note
button-guide = Guide, step by step
button-my-notes = My notes
button-help = Help
button-language = Language
button-go-on = Go on ▸

menu =
    What do you need?
    Ask me anything in your own words, or tap:

help-title = What I can do
help =
    Ask: type your question. You get an approved answer with its source, or I say that I do not know.
    What I do not know I may keep for the writers: the question without names, not who asked. They see it when several ask.
    /guide: the cooperation guide, step by step.
    /note: write down what happened. It is sealed: this server cannot read it back.
    /share: may I share this? A few taps, with the reason and words for it.
    /release: what is to be ready when before a release, with reminders.
    /notes: what you logged. Undo within two minutes, amend later.
    /danger: who to call, at once. In danger the phone comes first.
    /cancel: leave what you are doing. /menu: back here.
    Use case codes, never names. Telegram can read what is typed in this chat until it is deleted.

nothing-to-cancel = There is nothing to cancel.
unknown-command = I do not know that command. /help lists those I know.
old-button = That button belongs to an earlier question. Nothing was changed.
edited = I cannot follow changes to a message already sent. Nothing was changed; please send it again as a new message.
empty = That message was empty. Please type it again.
sent-photo = A photo can go into a note, sealed with it. This one was not taken. Start a note, then send it again.
sent-voice = A voice message can go into a note, sealed with it. This one was not taken, and nobody has listened to it. Start a note, then send it again.
button-start-note = Start a note
sent-video = I cannot take videos. Please describe what it shows in words.
sent-sticker = Stickers are nice, but I only read text and buttons.
sent-document = I cannot take files. Please type what matters.
sent-location = I cannot take locations. Please type the place in words, without a private address.
sent-contact = I cannot take contacts, and please send no names or numbers of people.
sent-forwarded =
    I cannot take forwarded messages. Please write in your own words what matters, with a case code and no names.
    If somebody is in danger, call 112.
sent-other = I only read text and buttons.
note-already-open = You are already writing a note. Here is the open question again; /cancel leaves it.
draft-put-aside = Your unfinished note is put aside, sealed, for { $hours } hours. Resume it from the menu.
residue-ask = { $n ->
    [one] 1 message with words of a note could not be deleted here by me: Telegram no longer lets me. Please delete it yourself, for both sides.
   *[other] { $n } messages with words of a note could not be deleted here by me: Telegram no longer lets me. Please delete them yourself, for both sides.
}
button-residue = I have deleted them
residue-thanks = Thank you.
draft-expired = Your unfinished note was idle for { $hours } hours and has been deleted. Nothing of it was kept. Write it again with /note.

not-saved =
    Not saved. Something went wrong on our side and the last step was not kept.
    Please try again. If somebody is in danger, do not wait for me: call 112.
not-saved-yet =
    Not saved yet: I cannot save at the moment. I keep trying with what you sent; you need not send it again.
    It is saved once my usual answer comes. If somebody is in danger, do not wait for me: call 112.
not-saved-yet-button =
    Not saved yet: I cannot save at the moment. I keep trying for two minutes; if no answer has come by then, press the button again later.
    If somebody is in danger, do not wait for me: call 112.
danger-not-saved-yet =
    In prison: raise the alarm first. 112 works everywhere in the EU, from any phone.
    I cannot save at the moment: what you sent is not saved yet. Do not wait for me.
state-unreadable = I was updated and could not carry over where we were. What you logged is safe; please start again from the menu.

language-ask = Which language shall I use?
language-settled = Settled: { $language }.

stranger =
    Good day. This assistant is for enrolled staff and mentors only. If you should have access, ask your coordinator for an invitation.
    If somebody is in danger, call 112.
private-only = I only work in a private chat, never in groups.
invite-bad = This invitation cannot be used: it is wrong, used or out of date. Ask your coordinator for a new one.
access-ended =
    Your access has ended. If you go on with this work, ask your coordinator for a new invitation.
    If somebody is in danger, call 112.

kind-law = law
kind-research = research
kind-practice = good practice
sources = Based on: { $kinds }. Source: { $named }.
based-on = Based on: { $kinds }.
reviewed = Reviewed { $date } by { $owner }.

# Telegram's command menu
command-menu = Menu
command-danger = Danger now: who to call
command-note = Write down what happened
command-guide = The guide, step by step
command-notes = My notes
command-inbox = Flags waiting (coordinators)
command-help = What I can do
command-language = Language
command-cancel = Leave what you are doing
