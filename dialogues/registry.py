"""Every dialogue there is: one line each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dialogues import (
    ask,
    case,
    danger,
    enrolment,
    handoff,
    help,
    home,
    inbox,
    language,
    local,
    my_notes,
    note,
    page,
    people,
    residue,
    rota_talk,
    share,
    timeline,
    walk,
)
from dialogues.model import Due, Effect, Event, Say, Scene, Turn


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
        dropped: what has to be done when its state is given up.
        forgets: whether the state holds somebody's words that are no draft: giving it up is said aloud.
        reads: what is typed is for it; where not, typed text is a question, as at home.
    """

    states: tuple[type, ...]
    begin: Callable[[Scene, str], Turn[Any]]
    advance: Callable[[Any, Event, Scene], Turn[Any]]
    resume: Callable[[Any, Scene], tuple[Say, ...]]
    resumes: bool = False
    is_draft: Callable[[Any], bool] = lambda state: False
    dropped: Callable[[Any], tuple[Effect, ...]] = lambda state: ()
    forgets: Callable[[Any], bool] = lambda state: False
    reads: bool = True


DIALOGUES: Mapping[str, Dialogue] = {
    "enrolment": Dialogue(enrolment.STATES, enrolment.begin, enrolment.advance, enrolment.resume, True),
    "ask": Dialogue(ask.STATES, ask.begin, ask.advance, ask.resume, dropped=ask.dropped, forgets=ask.forgets),
    "case": Dialogue(case.STATES, case.begin, case.advance, case.resume, True),
    "danger": Dialogue(danger.STATES, danger.begin, danger.advance, danger.resume),
    "handoff": Dialogue(handoff.STATES, handoff.begin, handoff.advance, handoff.resume, True),
    "help": Dialogue(help.STATES, help.begin, help.advance, help.resume),
    "home": Dialogue(home.STATES, home.begin, home.advance, home.resume),
    "inbox": Dialogue(inbox.STATES, inbox.begin, inbox.advance, inbox.resume, reads=False),
    "language": Dialogue(language.STATES, language.begin, language.advance, language.resume, reads=False),
    "local": Dialogue(local.STATES, local.begin, local.advance, local.resume),
    "my-notes": Dialogue(my_notes.STATES, my_notes.begin, my_notes.advance, my_notes.resume, reads=False),
    "note": Dialogue(
        note.STATES, note.begin, note.advance, note.resume, True, note.is_draft, note.dropped, note.forgets
    ),
    "residue": Dialogue(residue.STATES, residue.begin, residue.advance, residue.resume),
    "page": Dialogue(page.STATES, page.begin, page.advance, page.resume),
    "people": Dialogue(people.STATES, people.begin, people.advance, people.resume, reads=False),
    "rota": Dialogue(rota_talk.STATES, rota_talk.begin, rota_talk.advance, rota_talk.resume),
    "share": Dialogue(share.STATES, share.begin, share.advance, share.resume, True),
    "timeline": Dialogue(timeline.STATES, timeline.begin, timeline.advance, timeline.resume, True),
    "walk": Dialogue(walk.STATES, walk.begin, walk.advance, walk.resume, True),
}

REMINDERS: Mapping[str, Callable[[Due, Scene], Turn[None]]] = {"plan": timeline.remind}
"""Kind of a timer -> what is said when it falls due, whatever dialogue is open."""

STATES: Mapping[str, Mapping[str, type]] = {
    name: {state.__name__: state for state in dialogue.states} for name, dialogue in DIALOGUES.items()
}
