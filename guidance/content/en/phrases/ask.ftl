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
feedback-sorry = Sorry. Thank you for saying so; the writers see how often, not who said it.
button-await = Tell me when this is answered
ask-awaited =
    I will tell you here, once, should an answer be published within { $days } days. Until then your question, without names, and where to tell you are kept encrypted, for this alone.
button-do-not-await = Do not tell me
ask-not-awaited = I keep no wish of yours to be told of that answer.
awaited-answered = You asked something I could not answer. There is an approved answer now: { $title }
words = Words you can use: { $words }
button-step = { $step } { $title }
button-ask-coordinator = Ask a coordinator to call me
coordinator-asked = I ask the coordinators to call you back.
asked-to-call = { $handle } asks for a call back. No note, no flag: a question the guidance could not answer.
