"""Danger now: who to call, before anything else. Also the first lines every other dialogue shows in danger.

AskNext ──steps──▶ (walk S14)   ──check──▶ (walk S02)   ──note──▶ (note)   ──else──▶ (ask)   ──back──▶ (end)

Where a question was taken for danger, and is none, one press leads to its answer. What is typed next and tells of no
danger is answered, below the first line.
"""

from dataclasses import dataclass

from dialogues.model import Call, Choice, Chose, Event, Membership, Say, Scene, Turn, Voice, Wrote, column
from guidance.model import Danger
from guidance.site import EVERYWHERE, IN_DANGER, Number

ELSE = "else."
UNSURE = "unsure."


@dataclass(frozen=True, slots=True)
class AskNext:
    """The lines have been said; waiting for what the person wants next.

    Attributes:
        ids: of the answers to what was asked, should it be no danger.
        unsure: it may be danger; the first line asks.
    """

    ids: tuple[str, ...] = ()
    unsure: bool = False


STATES = (AskNext,)


def begin(scene: Scene, about: str) -> Turn[AskNext]:
    """``about``: empty, or ``unsure.``, then perhaps ``else.`` and ids of answers with full stops between them."""
    unsure, rest = about.startswith(UNSURE), about.removeprefix(UNSURE)
    ids = tuple(one for one in rest.removeprefix(ELSE).split(".") if one) if rest.startswith(ELSE) else ()
    state = AskNext(ids, unsure)
    return Turn(state, resume(state, scene))


def advance(state: AskNext, event: Event, scene: Scene) -> Turn[AskNext]:
    shortcuts = scene.voice.content.guide.shortcuts
    match event:
        case Chose("steps"):
            return Turn(None, call=Call("walk", f"step.{shortcuts['danger_now']}"))
        case Chose("check"):
            return Turn(None, call=Call("walk", f"step.{shortcuts['not_sure']}"))
        case Chose("write"):
            return Turn(None, call=Call("note", "quick"))
        case Chose("else") if state.ids:
            return Turn(None, call=Call("ask", ".".join(("ids", *state.ids))))
        case Chose("back" | "leave"):
            return Turn(None)
        case Wrote(text) if scene.voice.danger.danger(text) is None:
            first = Say(first_line(scene, unsure=state.unsure), urgent=True)
            return Turn(None, (first,), call=Call("ask", text))
        case _:
            return Turn(state, resume(state, scene))


def resume(state: AskNext, scene: Scene) -> tuple[Say, ...]:
    rows = column(
        Choice("steps", scene.text("button-crisis-steps")),
        Choice("check", scene.text("button-risk-check")),
        Choice("write", scene.text("button-write-down")),
        *([Choice("else", scene.text("button-no-danger"))] if state.ids else []),
        Choice("back", scene.text("button-back")),
    )
    return (Say(then(scene), title=first_line(scene, unsure=state.unsure), rows=rows, urgent=True),)


def is_unsure(danger: Danger, scene: Scene) -> bool:
    """Whether it may be danger, and leads to the immediate-risk check."""
    return danger.step == scene.voice.content.guide.shortcuts.get("not_sure")


def first_line(scene: Scene, *, unsure: bool = False) -> str:
    """What comes first in danger: the agency's own alarm line, or its site's for the role, else 112.

    Args:
        unsure: it may be danger: the same, as an answer to a question.
    """
    own = alarm_of(scene.home, scene.voice)
    return scene.text("danger-unsure", first=own) if unsure else own


def alarm_of(membership: Membership, voice: Voice) -> str:
    """What comes first in danger for somebody in this agency, in this role."""
    agency, role = membership.agency, membership.role
    alarm = agency.site.alarm
    own = agency.alarm or alarm.get(role) or (alarm.get("coordinator") if role in ("supervisor", "admin") else None)
    return own or voice.text("danger-first-prison" if role == "prison" else "danger-first")


def then(scene: Scene) -> str:
    """What follows the first line: the site's other numbers for danger, what to do, and whom to ring after that."""
    site = scene.home.agency.site
    others = [_number(one, scene) for one in site.numbers_for(*IN_DANGER) if one.number != EVERYWHERE]
    duty = [one.number for one in site.numbers_for("duty-coordinator")]
    known = scene.text("danger-duty", number=", ".join(duty)) if duty else scene.text("danger-ask-duty")
    return "\n".join((*others, scene.text("danger-then", duty=known)))


def _number(number: Number, scene: Scene) -> str:
    use = scene.text(f"number-{number.use}")
    if not number.country:
        return scene.text("danger-number", number=number.number, use=use)
    country = scene.text(f"country-{number.country.lower()}")
    return scene.text("danger-number-country", number=number.number, use=use, country=country)
