# Share or not? The questions and outcomes themselves are in share.toml.

button-share = Share or not?
command-share = May I share this? A few taps
share-title = Share or not?
share-share-now = Share now what saves life
share-share-least = Share the least
share-ask-first = Ask first
share-do-not = Do not share
share-you-coordinate = You are the coordinator: take it to your line manager, legal service or data protection officer.
share-why = Why: { $reason }
share-check = Check locally: { $check }
share-log = For the log: { $line }
share-log-shared = For the log, after you shared (correct what differs): { $line }
share-none = There is no table on sharing in this language yet. Please ask your coordinator. In danger call 112.
button-log-line = Keep a log line
button-share-again = Ask about something else
button-close = Done
note-log-dropped = The log line was not kept. Finish this note first, then go through "Share or not?" again.
note-kind-disclosure = Disclosure log line
