"""What I have logged: reference, day and state, never the text. Here one undoes (two minutes) and amends.

Listing ──found──▶ Listed ──amend──▶ (note)
Undoing ──found──▶ (end) + WithdrawNote, or why not
Worsening ──found──▶ (end) + an amendment and a higher urgency, or why not
"""

from dataclasses import dataclass

from dialogues.danger import first_line
from dialogues.draft import Draft, body
from dialogues.flag_life import OPEN, URGENCIES
from dialogues.home import menu_choice
from dialogues.model import (
    Call,
    Choice,
    Chose,
    Event,
    Found,
    KeepNote,
    LookUp,
    NoteView,
    Say,
    Scene,
    Turn,
    Urgency,
    WithdrawNote,
    WorsenFlag,
    column,
)

MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Listing:
    """Looking up the notes."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The list is on the screen: references."""

    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undoing:
    """Looking up the note to withdraw."""


@dataclass(frozen=True, slots=True)
class Worsening:
    """Looking up the note that is worse than its author wrote; ``urgency``: what its flag becomes."""

    urgency: Urgency


State = Listing | Listed | Undoing | Worsening
STATES = (Listing, Listed, Undoing, Worsening)


def begin(scene: Scene, about: str) -> Turn[State]:
    word, _, short = about.partition(".")
    if word == "worse":
        short, _, urgency = short.partition(".")
        wanted = next((one for one in URGENCIES if one == urgency), URGENCIES[-1])
        return Turn(Worsening(wanted), look_up=LookUp("my-note", short))
    if word == "undo":
        return Turn(Undoing(), look_up=LookUp("my-note", short))
    return Turn(Listing(), look_up=LookUp("my-notes"))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case Listing(), Found(rows):
            return _list([row for row in rows if isinstance(row, NoteView)][:MOST_SHOWN], scene)
        case Undoing(), Found(rows):
            return _undo(next((row for row in rows if isinstance(row, NoteView)), None), scene)
        case Worsening(urgency), Found(rows):
            return _worsen(next((row for row in rows if isinstance(row, NoteView)), None), urgency, scene)
        case Listed(references), Chose(key) if key in references:
            return Turn(None, call=Call("note", f"amend.{key}"))
        case _, Chose("leave"):
            return Turn(None)
        case _:
            return begin(scene, "")


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    match state:
        case Listed(references):
            rows = column(
                *(Choice(one, scene.text("button-amend", reference=one)) for one in references),
                menu_choice(scene),
            )
            return (Say(scene.text("my-notes-pick"), rows=rows),)
        case _:
            return ()


def _list(notes: list[NoteView], scene: Scene) -> Turn[State]:
    if not notes:
        return Turn(None, (Say(scene.text("my-notes-none"), rows=column(menu_choice(scene))),))
    zone = scene.home.agency.zone
    lines = [
        scene.text(
            "my-notes-line",
            reference=note.reference,
            day=note.hour.astimezone(zone).strftime("%Y-%m-%d"),
            state=scene.text(f"state-{note.state}"),
            flag=_flag(note, scene),
        )
        for note in notes
    ]
    open_ones = [note for note in notes if note.state != "withdrawn"]
    rows = column(
        *(Choice(one.reference, scene.text("button-amend", reference=one.reference)) for one in open_ones),
        menu_choice(scene),
    )
    said = Say("\n".join(lines), title=scene.text("my-notes-title"), small=scene.text("my-notes-small"), rows=rows)
    return Turn(Listed(tuple(one.reference for one in open_ones)), (said,))


def _undo(note: NoteView | None, scene: Scene) -> Turn[State]:
    if note is None:
        return Turn(None, (Say(scene.text("note-not-yours")),))
    if note.state == "withdrawn":
        return Turn(None, (Say(scene.text("undo-already", reference=note.reference)),))
    if note.undo_until is None or scene.now >= note.undo_until:
        rows = column(
            Choice(
                f"note.amend.{note.reference}",
                scene.text("button-amend", reference=note.reference),
                lasting=True,
            ),
            menu_choice(scene),
        )
        return Turn(None, (Say(scene.text("undo-over", reference=note.reference), rows=rows),))
    phrase = "undo-done-flagged" if note.flag_state else "undo-done"
    return Turn(
        None,
        (Say(scene.text(phrase, reference=note.reference), rows=column(menu_choice(scene))),),
        (WithdrawNote(note.note_id),),
    )


def _flag(note: NoteView, scene: Scene) -> str:
    if not note.flag_state:
        return "-"
    return scene.text("flag-state-overdue" if note.flag_overdue else f"flag-state-{note.flag_state}")


def _worsen(note: NoteView | None, urgency: Urgency, scene: Scene) -> Turn[State]:
    """One tap: an amendment says that it is worse, and the flag's urgency goes up; one that was over is raised anew."""
    if note is None or note.state == "withdrawn":
        return Turn(None, (Say(scene.text("note-not-yours")),))
    first = Say(scene.text("note-urgent-reminder"), title=first_line(scene), urgent=True)
    add = Choice(f"note.amend.{note.reference}", scene.text("worse-add"), lasting=True)
    named = {"reference": note.reference, "urgency": scene.text(f"urgency-{urgency}")}
    rows = column(add, menu_choice(scene))
    is_open = note.flag_state in OPEN
    known = is_open and URGENCIES.index(urgency) <= URGENCIES.index(note.flag_urgency or URGENCIES[0])
    if known or note.flag_follows:
        return Turn(None, (first, Say(scene.text("worse-already", **named), rows=rows)))
    draft = Draft(
        scene.fresh,
        note.agency,
        form="amend",
        amends=note.amends or note.note_id,
        parts=((scene.text("worse-text"),), (), (), ()),
        urgency=urgency,
        flag_reason="" if is_open else "other",
    )
    keep = KeepNote(draft.id, draft.agency, body(draft, scene), "", draft.flag_level, draft.amends)
    said = Say(scene.text("worse-done" if is_open else "worse-anew", **named), rows=rows)
    raised = (WorsenFlag(note.note_id, urgency),) if is_open else ()
    return Turn(None, (first, said), (keep, *raised))
