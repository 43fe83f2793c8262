"""Choose the language the assistant speaks.

AskLanguage ──chose──▶ (end) + Settle
"""

from dataclasses import dataclass

from dialogues.model import Choice, Chose, Event, Say, Scene, Settle, Turn, column

NAMES = {
    "en": "English",
    "fr": "Français",
    "pt": "Português",
    "it": "Italiano",
    "bg": "Български",
    "el": "Ελληνικά",
    "nl": "Nederlands",
}


@dataclass(frozen=True, slots=True)
class AskLanguage:
    """Waiting for the language."""


STATES = (AskLanguage,)


def begin(scene: Scene, about: str) -> Turn[AskLanguage]:
    return Turn(AskLanguage(), resume(AskLanguage(), scene))


def advance(state: AskLanguage, event: Event, scene: Scene) -> Turn[AskLanguage]:
    match event:
        case Chose("leave"):
            return Turn(None)
        case Chose(key) if key in scene.languages:
            said = Say(scene.speaking(key).text("language-settled", language=NAMES.get(key, key)))
            return Turn(None, (said,), (Settle(language=key),))
        case _:
            return Turn(state, resume(state, scene))


def resume(state: AskLanguage, scene: Scene) -> tuple[Say, ...]:
    return (Say(scene.text("language-ask"), rows=column(*choices(scene))),)


def choices(scene: Scene) -> tuple[Choice, ...]:
    return tuple(Choice(code, NAMES.get(code, code)) for code in scene.languages)
