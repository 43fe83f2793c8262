"""Danger now: who to call, before anything else. Also the first lines every other dialogue shows in danger.

AskNext ──steps──▶ (walk S14)   ──check──▶ (walk S02)   ──note──▶ (note)   ──back──▶ (end)
"""

from dataclasses import dataclass

from dialogues.model import Call, Choice, Chose, Event, Say, Scene, Turn, column


@dataclass(frozen=True, slots=True)
class AskNext:
    """The lines have been said; waiting for what the person wants next."""


STATES = (AskNext,)


def begin(scene: Scene, about: str) -> Turn[AskNext]:
    return Turn(AskNext(), resume(AskNext(), scene))


def advance(state: AskNext, event: Event, scene: Scene) -> Turn[AskNext]:
    shortcuts = scene.voice.content.guide.shortcuts
    match event:
        case Chose("steps"):
            return Turn(None, call=Call("walk", f"step.{shortcuts['danger_now']}"))
        case Chose("check"):
            return Turn(None, call=Call("walk", f"step.{shortcuts['not_sure']}"))
        case Chose("write"):
            return Turn(None, call=Call("note", "quick"))
        case Chose("back" | "leave"):
            return Turn(None)
        case _:
            return Turn(state, resume(state, scene))


def resume(state: AskNext, scene: Scene) -> tuple[Say, ...]:
    rows = column(
        Choice("steps", scene.text("button-crisis-steps")),
        Choice("check", scene.text("button-risk-check")),
        Choice("write", scene.text("button-write-down")),
        Choice("back", scene.text("button-back")),
    )
    return (Say(scene.text("danger-then"), title=first_line(scene), rows=rows),)


def first_line(scene: Scene) -> str:
    """What comes first in danger: the agency's own alarm line where it has one, else 112."""
    return scene.home.agency.alarm or scene.text(
        "danger-first-prison" if scene.home.role == "prison" else "danger-first"
    )
