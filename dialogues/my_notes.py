"""What I have logged: reference, day and state, never the text. Here one undoes (two minutes) and amends.

Listing ──found──▶ Listed ──amend──▶ (note)
Undoing ──found──▶ (end) + WithdrawNote, or why not
"""

from dataclasses import dataclass

from dialogues.home import menu_choice
from dialogues.model import (
    Call,
    Choice,
    Chose,
    Event,
    Found,
    LookUp,
    NoteView,
    Say,
    Scene,
    Turn,
    WithdrawNote,
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


State = Listing | Listed | Undoing
STATES = (Listing, Listed, Undoing)


def begin(scene: Scene, about: str) -> Turn[State]:
    word, _, short = about.partition(".")
    if word == "undo":
        return Turn(Undoing(), look_up=LookUp("my-note", short))
    return Turn(Listing(), look_up=LookUp("my-notes"))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case Listing(), Found(rows):
            return _list([row for row in rows if isinstance(row, NoteView)][:MOST_SHOWN], scene)
        case Undoing(), Found(rows):
            return _undo(next((row for row in rows if isinstance(row, NoteView)), None), scene)
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
            flag=scene.text(f"flag-state-{note.flag_state}") if note.flag_state else "-",
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
