"""Who has the floor: commands, lasting buttons, drafts put aside, expiry; everything else goes to the top dialogue.

    event ──▶ not enrolled to the end? ──▶ enrolment
          ──▶ timer                    ──▶ drafts idle for too long are dropped, and that is said; a reminder is said
                                           and leaves all else as it is
          ──▶ command, lasting button  ──▶ that dialogue on top of what was going on
          ──▶ old button, file, edit   ──▶ a kind sentence, then the open question again
          ──▶ photo, voice message     ──▶ into the note that is being written, or how to begin one
          ──▶ anything else            ──▶ the dialogue on top; where it does not read, and at home, text is a question

When a dialogue is over, the one below asks its question again.
"""

from dataclasses import replace

from dialogues import danger, home, note, registry
from dialogues.draft import Draft
from dialogues.floor import Floor, Frame
from dialogues.model import (
    Chose,
    DropAttachments,
    Due,
    Edited,
    Effect,
    Event,
    Fetched,
    Found,
    NotFetched,
    Opened,
    PressedOld,
    Remind,
    Say,
    Scene,
    Sent,
    Settle,
    TracePrivate,
    Turn,
    Wrote,
)

IDLE_TIMER = "idle"
DISCARD = "discard-parked."  # before an opening argument: the waiting draft is given up first
DEEPEST = 6  # dialogues on top of one another; the lowest gives way

COMMANDS = {
    "/start": "home",
    "/menu": "home",
    "/home": "home",
    "/help": "help",
    "/danger": "danger",
    "/note": "note",
    "/share": "share",
    "/guide": "walk",
    "/case": "case",
    "/cases": "case",
    "/release": "timeline",
    "/notes": "my-notes",
    "/inbox": "inbox",
    "/people": "people",
    "/page": "page",
    "/rota": "rota",
    "/local": "local",
    "/language": "language",
}


def advance(floor: Floor, event: Event, scene: Scene) -> Turn[Floor]:
    """One turn of a whole conversation. Pure: same floor, event and scene, same turn."""
    turn = _advance(floor, event, scene)
    after = turn.state or Floor()
    if (after.frames or after.parked) and not (floor.frames or floor.parked):
        turn = _also(turn, effects=(Remind(IDLE_TIMER, scene.now + scene.draft_lives),))
    return turn


def _advance(floor: Floor, event: Event, scene: Scene) -> Turn[Floor]:
    if isinstance(event, Due):
        return _expire(floor, scene) if event.kind == IDLE_TIMER else _reminded(floor, event, scene)
    if isinstance(event, Found):
        return _go_on(floor, event, scene)
    if isinstance(event, Fetched | NotFetched):
        return _brought(floor, event, scene)
    if not scene.person.accepted:
        if _is_danger(event, scene):
            first = Say(danger.then(scene), title=danger.first_line(scene), urgent=True)
            if floor.top is None or floor.top.dialogue != "enrolment":
                return _also(_open(floor, "enrolment", "", scene), before=(first,))
            return Turn(floor, (first, *_asked_again(floor, scene)))
        if floor.top is None or floor.top.dialogue != "enrolment":
            return _open(floor, "enrolment", "", scene)
        return _go_on(floor, event, scene)
    match event:
        case Opened(dialogue, about):
            if dialogue not in registry.DIALOGUES:
                return _again(floor, scene, "old-button")
            return _open(floor, dialogue, about, scene)
        case PressedOld():
            return _again(floor, scene, "old-button")
        case Sent("photo" | "voice") if floor.top is not None and note.takes_media(floor.top.state):
            return _go_on(floor, event, scene)
        case Sent():
            return _not_taken(floor, event, scene)
        case Edited():
            return _again(floor, scene, "edited")
        case Wrote(""):
            return _again(floor, scene, "empty")
        case Wrote(text) if (standing := _standing(text, scene)) is not None:
            return _open(floor, standing, "", scene)
        case Wrote(text) if text.startswith("/"):
            return _command(floor, text, scene)
        case Wrote(text) if floor.top is None or not registry.DIALOGUES[floor.top.dialogue].reads:
            return _open(floor, "ask", text, scene)
        case Chose() if floor.top is None:
            return _again(floor, scene, "old-button")
        case _:
            return _go_on(floor, event, scene)


def _command(floor: Floor, text: str, scene: Scene) -> Turn[Floor]:
    word, _, about = text.partition(" ")
    word = word.lower().partition("@")[0]
    if word == "/cancel":
        if floor.top is None:
            return Turn(floor, (Say(scene.text("nothing-to-cancel")), *_home(floor, scene)))
        return _go_on(floor, Chose("leave"), scene)
    if word not in COMMANDS:
        return _again(floor, scene, "unknown-command")
    about = about.strip() if word != "/start" else ""
    if word == "/note" and about and about != "quick":
        about = f"carry.{scene.fresh}.{about}"  # typed behind the command it is the note's text
    return _open(floor, COMMANDS[word], about, scene)


def _traced(floor: Floor) -> tuple[Effect, ...]:
    """A picture sent while a note is being written goes from the chat with the note: it may have words under it."""
    draft = getattr(floor.top.state, "draft", None) if floor.top is not None else None
    return (TracePrivate(draft.id),) if isinstance(draft, Draft) else ()


def _not_taken(floor: Floor, event: Sent, scene: Scene) -> Turn[Floor]:
    """A file, or a photo or voice message outside a note; what is written under it is heard for danger all the same."""
    alarm: tuple[Say, ...] = ()
    if scene.voice.danger.danger(event.caption) is not None:
        alarm = (Say(danger.then(scene), title=danger.first_line(scene), urgent=True),)
    told = Say(scene.text(f"sent-{event.media}"))
    if event.media in ("photo", "voice"):
        told = note.how_to_attach(event.media, scene)
    return Turn(floor, (*alarm, told, *_asked_again(floor, scene)), _traced(floor))


def _brought(floor: Floor, event: Fetched | NotFetched, scene: Scene) -> Turn[Floor]:
    """A photo or voice message has come, or cannot come: to its draft, wherever that stands by now."""
    top = floor.top
    if top is not None and note.awaits(top.state, event):
        return _go_on(floor, event, scene)
    says: tuple[Say, ...] = ()

    def told(frame: Frame) -> Frame:
        nonlocal says
        if not note.awaits(frame.state, event):
            return frame
        state, say = note.brought(frame.state, event, scene)
        says = (say,)
        return Frame(frame.dialogue, state)

    after = Floor(tuple(told(frame) for frame in floor.frames), tuple(told(frame) for frame in floor.parked))
    return Turn(after, says, () if says else (DropAttachments(event.draft, event.number),))


def _standing(text: str, scene: Scene) -> str | None:
    """The buttons that are always there arrive as their own label."""
    return {scene.text("button-danger"): "danger", scene.text("button-menu"): "home"}.get(text)


def _open(floor: Floor, dialogue: str, about: str, scene: Scene) -> Turn[Floor]:
    """Give a dialogue the floor, on top of what was going on; home clears the floor and keeps drafts."""
    says: tuple[Say, ...] = ()
    before = floor.frames
    if dialogue == "home":
        floor, says = _put_aside(floor, scene)
        forgotten, effects = _given_up(before, floor, scene)
        return Turn(floor, (*says, *forgotten, *_home(floor, scene)), effects)
    if floor.top is not None and floor.top.dialogue == dialogue and dialogue == "note" and not about:
        return _again(floor, scene, "note-already-open")
    if dialogue == "note":
        floor, says = _put_aside(floor, scene, only="note")
        if floor.parked_for("note") is not None and about != "resume":
            about = f"parked.{about}"
    frames = tuple(
        frame for frame in floor.frames if frame.dialogue != dialogue and registry.DIALOGUES[frame.dialogue].resumes
    )
    turn = registry.DIALOGUES[dialogue].begin(_above(frames, scene), about)
    forgotten, effects = _given_up(before, Floor(frames, floor.parked), scene)
    settled = _settle(Floor(frames, floor.parked), dialogue, turn, scene)
    return _also(settled, before=(*says, *forgotten), effects=effects)


def _go_on(floor: Floor, event: Event, scene: Scene) -> Turn[Floor]:
    top = floor.top
    if top is None:
        return Turn(floor, _home(floor, scene))
    turn = registry.DIALOGUES[top.dialogue].advance(top.state, event, _above(floor.frames[:-1], scene))
    return _settle(Floor(floor.frames[:-1], floor.parked), top.dialogue, turn, scene)


def _settle(below: Floor, dialogue: str, turn: Turn[object], scene: Scene) -> Turn[Floor]:
    """Put a dialogue's turn into the floor it stood on."""
    if turn.look_up is not None:
        floor = Floor((*below.frames, Frame(dialogue, turn.state))[-DEEPEST:], below.parked)
        return Turn(floor, turn.says, turn.effects, turn.look_up)
    if turn.unpark and (draft := below.parked_for(turn.unpark)) is not None:
        floor = below.without_parked(turn.unpark)
        floor = Floor((*floor.frames, draft), floor.parked)
        if turn.call is not None:
            return _also(_go_on(floor, Wrote(turn.call.about), scene), before=turn.says, effects=turn.effects)
        return Turn(floor, turn.says + _asked_again(floor, scene), turn.effects)
    if turn.park:
        return _resumed(below.park(Frame(dialogue, turn.state)), turn, scene)
    floor = below
    effects = turn.effects
    if turn.state is not None:
        floor = Floor((*below.frames, Frame(dialogue, turn.state))[-DEEPEST:], below.parked)
    if turn.call is not None:
        about = turn.call.about
        if turn.call.dialogue == "note" and about.startswith(DISCARD):
            about = about.removeprefix(DISCARD)
            if (old := floor.parked_for("note")) is not None:
                effects += registry.DIALOGUES["note"].dropped(old.state)
                floor = floor.without_parked("note")
        return _also(_open(floor, turn.call.dialogue, about, scene), before=turn.says, effects=effects)
    if turn.state is None:
        return _resumed(floor, turn, scene)
    return Turn(floor, turn.says, effects)


def _above(frames: tuple[Frame, ...], scene: Scene) -> Scene:
    return replace(scene, below=frames[-1].dialogue if frames else "")


def _asked_again(floor: Floor, scene: Scene) -> tuple[Say, ...]:
    """The open question of the dialogue on top, or the menu."""
    if floor.top is None:
        return _home(floor, scene)
    return registry.DIALOGUES[floor.top.dialogue].resume(floor.top.state, _above(floor.frames[:-1], scene))


def _resumed(floor: Floor, turn: Turn[object], scene: Scene) -> Turn[Floor]:
    says = turn.says
    for effect in turn.effects:
        if isinstance(effect, Settle) and effect.language is not None:
            scene = scene.speaking(effect.language)
    if floor.top is not None or not says:
        says += _asked_again(floor, scene)
    return Turn(floor, says, turn.effects)


def _is_danger(event: Event, scene: Scene) -> bool:
    match event:
        case Wrote(text):
            command = text.lower().partition("@")[0] == "/danger" or _standing(text, scene) == "danger"
            return command or scene.voice.danger.danger(text) is not None
        case Opened("danger"):
            return True
        case Sent():
            return scene.voice.danger.danger(event.caption) is not None
        case _:
            return False


def _again(floor: Floor, scene: Scene, phrase: str) -> Turn[Floor]:
    """A kind sentence, then the open question, or the menu."""
    return Turn(floor, (Say(scene.text(phrase)), *_asked_again(floor, scene)))


def _home(floor: Floor, scene: Scene) -> tuple[Say, ...]:
    return home.menu(scene, draft=floor.parked_for("note") is not None)


def _put_aside(floor: Floor, scene: Scene, only: str = "") -> tuple[Floor, tuple[Say, ...]]:
    """Park drafts and clear the floor (or take away only one dialogue's frames)."""
    says: tuple[Say, ...] = ()
    frames = []
    parked = Floor((), floor.parked)
    for frame in floor.frames:
        if only and frame.dialogue != only:
            frames.append(frame)
        elif registry.DIALOGUES[frame.dialogue].is_draft(frame.state):
            parked = parked.park(frame)
            says = (Say(scene.text("draft-put-aside", hours=scene.draft_hours)),)
    return Floor(tuple(frames), parked.parked), says


def _given_up(before: tuple[Frame, ...], after: Floor, scene: Scene) -> tuple[tuple[Say, ...], tuple[Effect, ...]]:
    """What is to be said and done for frames that neither stay nor were put aside."""
    gone = [frame for frame in before if frame not in after.frames and frame not in after.parked]
    effects: tuple[Effect, ...] = ()
    for frame in gone:
        effects += registry.DIALOGUES[frame.dialogue].dropped(frame.state)
    forgotten = any(registry.DIALOGUES[frame.dialogue].forgets(frame.state) for frame in gone)
    return (Say(scene.text("ask-forgotten")),) if forgotten else (), effects


def _expire(floor: Floor, scene: Scene) -> Turn[Floor]:
    if not floor.frames and not floor.parked:
        return Turn(floor)
    if scene.now - scene.idle_since < scene.draft_lives:
        return Turn(floor, effects=(Remind(IDLE_TIMER, scene.idle_since + scene.draft_lives),))
    effects: tuple[Effect, ...] = ()
    lost = False
    for frame in (*floor.frames, *floor.parked):
        dialogue = registry.DIALOGUES[frame.dialogue]
        effects += dialogue.dropped(frame.state)
        lost = lost or dialogue.is_draft(frame.state) or dialogue.forgets(frame.state)
    return Turn(Floor(), (Say(scene.text("draft-expired", hours=scene.draft_hours)),) if lost else (), effects)


def _reminded(floor: Floor, event: Due, scene: Scene) -> Turn[Floor]:
    """Said on the side: the floor stays, so the open question keeps its buttons."""
    if event.kind not in registry.REMINDERS or not scene.person.accepted:
        return Turn(floor)
    turn = registry.REMINDERS[event.kind](event, scene)
    return Turn(floor, turn.says, turn.effects)


def _also(turn: Turn[Floor], *, before: tuple[Say, ...] = (), effects: tuple[Effect, ...] = ()) -> Turn[Floor]:
    return Turn(turn.state, before + turn.says, effects + turn.effects, turn.look_up)
