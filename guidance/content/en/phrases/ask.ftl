ask-invite = Type your question in your own words.
ask-offer = Did you mean one of these?
button-none-of-these = None of these
ask-unknown =
    I do not know that, and I will not guess. I only give approved answers.
    Try other words, open the guide, or ask a coordinator to call you.
ask-ways-on = You can try other words, open the guide, or ask a coordinator to call you.
ask-greeting = Good day. I am an automated guide, not a person. Ask me something about your work, or open the menu.
ask-thanks = You are welcome.
ask-bye = Goodbye. Write whenever you need me. In danger the phone comes first: 112.
ask-ok = Good. Ask on whenever you like.
ask-yes = I asked nothing that can be answered with yes. Ask me in your own words, or open the menu.
ask-how-are-you = I am an automated guide, so always the same. Thank you for asking. What would you like to know?
ask-role = Thank you. I know you as: { $role }. Ask me something about your work, or open the menu.
ask-offer-several = You asked several things. Start with one of these:
ask-also = You asked something else, too:
ask-not-all =
    { $missed ->
        [one] To one of your questions I found no approved answer. Ask it again alone, in other words.
       *[other] To { $missed } of your questions I found no approved answer. Ask them again one by one, in other words.
    }
ask-in-language = You wrote in { $language }, so I answer in { $language }.
button-go-on-in = Go on in { $language }
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
