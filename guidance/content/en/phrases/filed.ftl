# What is said of notes on their way to the case system. No word of a note.

filed = Note { $reference } is in the case system.
delivery-parked = Note { $reference } did not get into { $destination }: { $why }. Whoever runs the assistant can say more.
withdrawal-parked = Note { $reference } was taken back, but { $destination } does not know yet: { $why }. Please do not rely on it there. Whoever runs the assistant can say more.
withdrawal-drifted = Note { $reference } was taken back, and { $destination } was told. Please look whether it is closed there.
delivery-drifted = Note { $reference } is in { $destination }, but some fields came back otherwise than sent. Please look at it there.
delivery-closed = Note { $reference } was closed in { $destination }.
delivery-gone = Note { $reference } is not in { $destination } any more. Somebody deleted or merged it there.
destination-down = Notes do not get into { $destination } until somebody mends it: { $why }. They wait here, and none is lost.
delivery-late = { $count ->
    [one] One note waits to get into { $destination }, for longer than it should. It is not lost. Please ask whoever runs the assistant.
   *[other] { $count } notes wait to get into { $destination }, the oldest for longer than it should. None is lost. Please ask whoever runs the assistant.
}

filed-why-other = the case system did not take it
filed-why-unknown-person = the person or case is not known there yet. It is tried again every day
filed-why-conflict = something else is there under its number
filed-why-attachment = a photo or voice message of it cannot be read
filed-why-key = it cannot be opened with the key of the case system
filed-why-too-large = it is too large
filed-why-access = it does not let us in
filed-why-rules = it refuses everything, so its rules must have changed
filed-why-place = it is not where it was
filed-why-gone = it was there, and somebody deleted or moved it
filed-why-unreadable = it cannot be opened, or is not as it was
filed-why-receipt = it does not confirm what it gets
filed-why-certificate = its certificate is not valid, so nothing is sent
filed-why-mapping = it has no place for all that a note says
filed-why-full = its disk is full
filed-why-disk = its disk cannot be written
filed-why-folder = files of somebody else lie in its folder
filed-why-ack = a confirmation did not come from the agency
filed-why-batch = the agency could not read what it was sent
filed-why-silent = it does not answer as it should

change-others = What others get
others-title = Who gets this note
others-nobody = It goes to no case system yet. It waits, sealed.
others-full = { $destination }: all of it.
others-summary = { $destination }: what you write for others, and when, what kind, which case, how urgent.
others-pointer = { $destination }: that there is a note, and how urgent.
others-ask = Write what they may read, in your own words, up to { $most } characters. Leave out names.
others-too-long = That is { $length } characters, { $most } is the most. Please write it shorter.
preview-others =
    For others:
    { $text }
button-no-words = Nothing in words
