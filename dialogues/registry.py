"""Every dialogue there is: one line each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dialogues import ask, danger, enrolment, help, home, inbox, language, my_notes, note, walk
from dialogues.model import Effect, Event, Say, Scene, Turn


@dataclass(frozen=True, slots=True)
class Dialogue:
    """How the desk talks to a dialogue.

    Attributes:
        states: every state class it may be in; what is stored is one of these.
        begin: takes the floor with an opening argument, often empty.
        advance: one step; raises nothing for what people do.
        resume: asks the open question again, with nothing changed.
        resumes: it comes back when what was opened on top of it is over; others give way.
        is_draft: whether the state holds something the person would miss.
        dropped: what has to be done when a draft is given up.
    """

    states: tuple[type, ...]
    begin: Callable[[Scene, str], Turn[Any]]
    advance: Callable[[Any, Event, Scene], Turn[Any]]
    resume: Callable[[Any, Scene], tuple[Say, ...]]
    resumes: bool = False
    is_draft: Callable[[Any], bool] = lambda state: False
    dropped: Callable[[Any], tuple[Effect, ...]] = lambda state: ()


DIALOGUES: Mapping[str, Dialogue] = {
    "enrolment": Dialogue(enrolment.STATES, enrolment.begin, enrolment.advance, enrolment.resume, True),
    "ask": Dialogue(ask.STATES, ask.begin, ask.advance, ask.resume),
    "danger": Dialogue(danger.STATES, danger.begin, danger.advance, danger.resume),
    "help": Dialogue(help.STATES, help.begin, help.advance, help.resume),
    "home": Dialogue(home.STATES, home.begin, home.advance, home.resume),
    "inbox": Dialogue(inbox.STATES, inbox.begin, inbox.advance, inbox.resume),
    "language": Dialogue(language.STATES, language.begin, language.advance, language.resume),
    "my-notes": Dialogue(my_notes.STATES, my_notes.begin, my_notes.advance, my_notes.resume),
    "note": Dialogue(note.STATES, note.begin, note.advance, note.resume, True, note.is_draft, note.dropped),
    "walk": Dialogue(walk.STATES, walk.begin, walk.advance, walk.resume, True),
}

STATES: Mapping[str, Mapping[str, type]] = {
    name: {state.__name__: state for state in dialogue.states} for name, dialogue in DIALOGUES.items()
}
