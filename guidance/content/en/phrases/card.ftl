# Pocket cards: what is printed on them, and what is said about the code of one.
# Each change of a printed line makes all printed cards out of date.
card-danger = In danger: call 112 first. In prison: raise the alarm.
card-check = Check
card-timing = When
card-handoff = What leaves this step
card-orientation = Orientation only: check your local protocol and your data protection officer. Never a name on this card.
card-version = Version { $code }. Still right? Type this code in the chat.
# Said in the chat:
card-current = Your card { $code } is up to date: { $title }.
card-outdated = Your card is out of date. It is about: { $title }. Print it again; the card of today is { $code }.
# Topics, as titles of cards:
topic-case-lessons = Lessons from real cases
topic-crisis = Danger and crisis
topic-disengagement = Leaving violence behind
topic-ethics-rights = Rights and fair treatment
topic-family = Working with families
topic-information-sharing = Sharing information
topic-mentoring = Mentoring
topic-models-elsewhere = How others do it
topic-multi-agency = Working across agencies
topic-national-bg = Bulgaria
topic-national-fr = France
topic-national-gr = Greece
topic-national-it = Italy
topic-national-nl = The Netherlands
topic-national-pt = Portugal
topic-phenomenon = What radicalisation is
topic-prison-regime = Life and work in prison
topic-red-flags = Signs of concern
topic-release-planning = Planning the release
topic-risk-tools = Assessment tools
topic-staff-wellbeing = Looking after yourself
topic-supervision-review = Supervision and review
