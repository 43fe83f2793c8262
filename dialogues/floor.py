"""Who has the floor: the dialogues of one conversation, the last one on top, and drafts put aside."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Frame:
    """A dialogue in progress: its registry name and its state."""

    dialogue: str
    state: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class Floor:
    """
    Attributes:
        frames: bottom to top; empty: the person is at home.
        parked: put aside by the person, to be resumed or discarded; one a dialogue.
    """

    frames: tuple[Frame, ...] = ()
    parked: tuple[Frame, ...] = ()

    @property
    def top(self) -> Frame | None:
        return self.frames[-1] if self.frames else None

    def parked_for(self, dialogue: str) -> Frame | None:
        return next((frame for frame in self.parked if frame.dialogue == dialogue), None)

    def without_parked(self, dialogue: str) -> "Floor":
        return Floor(self.frames, tuple(frame for frame in self.parked if frame.dialogue != dialogue))

    def park(self, frame: Frame) -> "Floor":
        kept = tuple(other for other in self.parked if other.dialogue != frame.dialogue)
        return Floor(self.frames, (*kept, frame))
