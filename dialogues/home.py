"""Home: the menu by role. It has no state of its own; at home, what a person types is a question."""

from dialogues.model import Choice, Event, Say, Scene, Turn, column
from dialogues.permissions import KEEPS_PEOPLE, KEEPS_ROTA, SERVES

STATES: tuple[type, ...] = ()


def begin(scene: Scene, about: str) -> Turn[None]:
    return Turn(None, menu(scene))


def advance(state: None, event: Event, scene: Scene) -> Turn[None]:
    return Turn(None, menu(scene))


def resume(state: None, scene: Scene) -> tuple[Say, ...]:
    return menu(scene)


def menu(scene: Scene, *, draft: bool = False) -> tuple[Say, ...]:
    """The menu; ``draft``: an unfinished note waits and comes first."""
    serves = any(one.role in SERVES for one in scene.person.memberships)
    keeps = any(one.role in KEEPS_PEOPLE for one in scene.person.memberships)
    rota = any(one.role in KEEPS_ROTA for one in scene.person.memberships)
    plans = scene.voice.content.timeline is not None and any(one.role != "admin" for one in scene.person.memberships)
    choices = [
        Choice("danger", scene.text("button-danger"), lasting=True),
        *([Choice("note.resume", scene.text("button-resume-note"), lasting=True)] if draft else []),
        *([Choice("inbox", scene.text("button-inbox"), lasting=True)] if serves else []),
        Choice("note.quick", scene.text("button-quick-note"), lasting=True),
        Choice("note", scene.text("button-note"), lasting=True),
        *([Choice("share", scene.text("button-share"), lasting=True)] if scene.voice.content.share else []),
        Choice("walk", scene.text("button-guide"), lasting=True),
        *([Choice("case", scene.text("button-cases"), lasting=True)] if serves else []),
        *([Choice("rota", scene.text("button-rota"), lasting=True)] if rota else []),
        *([Choice("timeline", scene.text("button-timeline"), lasting=True)] if plans else []),
        *([Choice("people", scene.text("button-people"), lasting=True)] if keeps else []),
        Choice("my-notes", scene.text("button-my-notes"), lasting=True),
        Choice("local", scene.text("button-local"), lasting=True),
        Choice("help", scene.text("button-help"), lasting=True),
    ]
    return (Say(scene.text("menu"), rows=column(*choices)),)


def menu_choice(scene: Scene) -> Choice:
    return Choice("home", scene.text("button-menu"), lasting=True)
