"""Photos and voice messages of a note: taken, fetched, counted, taken out again.

    Sent ──take──▶ FetchMedium ──▶ Fetched ──brought──▶ "1 photo attached"
                        └────────▶ NotFetched ────────▶ "… please send it again"

The draft knows of each by number, size and digest alone. Its bytes are sealed as they arrive, before anybody decides
here what becomes of the note.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dialogues.draft import MOST_ATTACHED, MOST_NUMBERED, Attachment, Draft
from dialogues.model import (
    MOST_MEDIUM_BYTES,
    Agency,
    DropAttachments,
    Effect,
    Fetched,
    FetchMedium,
    NotFetched,
    Say,
    Scene,
    Sent,
)


@dataclass(frozen=True, slots=True)
class Taken:
    draft: Draft
    fetch: FetchMedium


def take(draft: Draft, event: Sent, agency: Agency, scene: Scene) -> Taken | Say:
    """The draft that waits for it, or why it is not taken."""
    assert event.media in ("photo", "voice")  # noqa: S101  the desk sends no others here
    if not agency.media:
        return Say(scene.text(f"note-{event.media}-off"))
    if len(draft.attachments) >= MOST_ATTACHED or draft.numbered >= MOST_NUMBERED:
        return Say(scene.text("note-media-full", most=MOST_ATTACHED))
    if not event.handle or event.size > MOST_MEDIUM_BYTES:
        return Say(scene.text(f"note-{event.media}-too-large"))
    number = draft.numbered + 1
    waiting = replace(draft, attachments=(*draft.attachments, Attachment(number, event.media)), numbered=number)
    return Taken(waiting, FetchMedium(draft.id, number, draft.agency, event.media, event.handle))


def awaits(draft: Draft, event: Fetched | NotFetched) -> bool:
    return draft.id == event.draft and _of(draft, event.number) is not None


def brought(draft: Draft, event: Fetched | NotFetched, scene: Scene) -> tuple[Draft, Say]:
    """What came is counted; what cannot come is let go, and the person is asked for it again."""
    found = _of(draft, event.number)
    assert found is not None  # noqa: S101  who calls asked ``awaits``
    others = tuple(one for one in draft.attachments if one is not found)
    if isinstance(event, NotFetched):
        return replace(draft, attachments=others), Say(scene.text(f"note-{found.media}-{event.why}"))
    here = replace(found, size=event.size, digest=event.digest)
    attachments = tuple(here if one is found else one for one in draft.attachments)
    arrived = [one for one in attachments if one.digest]
    told = scene.text("note-attached", what=counted(arrived, scene), here=len(arrived), most=MOST_ATTACHED)
    return replace(draft, attachments=attachments), Say(told)


def taken_out(draft: Draft, scene: Scene) -> tuple[Draft, Say, tuple[Effect, ...]]:
    """All of them out of the note again; their bytes are destroyed."""
    emptied = replace(draft, attachments=())
    return emptied, Say(scene.text("note-media-taken-out")), (DropAttachments(draft.id),)


def counted(attachments: Sequence[Attachment], scene: Scene) -> str:
    """``2 photos, 1 voice message``."""
    found = []
    for media in ("photo", "voice"):
        count = sum(one.media == media for one in attachments)
        if count:
            found.append(scene.text(f"count-{media}", count=count))
    return ", ".join(found)


def _of(draft: Draft, number: int) -> Attachment | None:
    return next((one for one in draft.attachments if one.number == number), None)
