ask-invite = Type your question in your own words.
ask-offer = Did you mean one of these?
button-none-of-these = None of these
ask-unknown =
    I do not know that, and I will not guess. I only give approved answers.
    Try other words, open the guide, or ask a coordinator to call you.
ask-ways-on = You can try other words, open the guide, or ask a coordinator to call you.
ask-greeting = Good day. I am an automated guide, not a person. Ask me something about your work, or open the menu.
ask-thanks = You are welcome.
ask-if-note = That reads like something that happened. Make this a note? Your message will be deleted from the chat.
button-make-note = Yes, make it a note
button-is-question = No, it is a question
button-forget-it = Neither, forget it
ask-added = Taken together with what you sent before.
ask-forgotten = Forgotten. The message is deleted from the chat.
button-more = More
button-helpful = 👍 Helpful
button-not-helpful = 👎 Not helpful
feedback-thanks = Thank you.
feedback-sorry = Sorry. Thank you for saying so; the writers see the count, not who said it.
words = Words you can use: { $words }
button-step = { $step } { $title }
button-ask-coordinator = Ask a coordinator to call me
coordinator-asked = I ask the coordinators to call you back.
asked-to-call = { $handle } asks for a call back. No note, no flag: a question the guidance could not answer.
