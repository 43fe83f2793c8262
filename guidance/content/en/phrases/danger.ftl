danger-first = Call 112 now.
danger-first-prison = Call 112 now, or raise the alarm as your prison's plan says.
danger-unsure = Somebody in danger, now or soon? { $first }
danger-then =
    112 works everywhere in the EU, from any phone.
    1. Get yourself and others safe. Do not confront, search or follow.
    2. Say where you are, what happens, who is at risk, any weapon.
    3. Then ring your duty coordinator by voice. { $duty }
    4. Write it down afterwards, not now.
button-crisis-steps = Crisis steps (S14)
button-risk-check = Not sure? Two-minute check (S02)
button-no-danger = No danger: answer my question
button-write-down = Write it down
