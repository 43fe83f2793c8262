"""What the assistant can do, in a few lines. Says so and gives the floor back."""

from dialogues.home import menu_choice
from dialogues.model import Choice, Event, Say, Scene, Turn, column

STATES: tuple[type, ...] = ()


def begin(scene: Scene, about: str) -> Turn[None]:
    rows = column(Choice("language", scene.text("button-language"), lasting=True), menu_choice(scene))
    return Turn(None, (Say(scene.text("help"), title=scene.text("help-title"), rows=rows),))


def advance(state: None, event: Event, scene: Scene) -> Turn[None]:
    return begin(scene, "")


def resume(state: None, scene: Scene) -> tuple[Say, ...]:
    return begin(scene, "").says
