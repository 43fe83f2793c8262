welcome-title = Welcome
enrolment-welcome = You have been invited by { $agency }. It takes three short steps.
rules-title = Rules of use
rules =
    1. In danger call 112 (or raise the alarm) first, by voice. I come second.
    2. Case codes only. Never type names, addresses or numbers of people.
    3. Write what you saw and heard. Mark opinion as opinion.
    4. I show approved guidance. I never decide and never rate a person. Your local rules win.
    5. Telegram can read this chat until messages are deleted. Notes are sealed on arrival and deleted from the chat.
button-accept = I accept
button-decline = Not now
rules-declined = All right. Nothing is possible without the rules; they stay here for when you want them.
handle-ask =
    Last step: under which work handle can a coordinator ring you back? For example "PO-17" or "Mentor 4".
    It is sealed inside your notes. No full name, please.
handle-too-long = At most { $most } characters, please.
handle-looks-like-name = That looks like a real name. It is kept as you wrote it; a handle would be safer.
done-title = You are in
enrolment-done = You are { $handle }. Two buttons are always there: Danger now, and Menu.
