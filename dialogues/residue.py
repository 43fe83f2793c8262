"""The person cleared what could not be deleted from their chat for them. One press, no state of its own."""

from dialogues.home import menu_choice
from dialogues.model import ClearResidue, Event, Say, Scene, Turn, column

STATES: tuple[type, ...] = ()


def begin(scene: Scene, about: str) -> Turn[None]:
    return Turn(None, (Say(scene.text("residue-thanks"), rows=column(menu_choice(scene))),), (ClearResidue(),))


def advance(state: None, event: Event, scene: Scene) -> Turn[None]:
    return Turn(None)


def resume(state: None, scene: Scene) -> tuple[Say, ...]:
    return ()
