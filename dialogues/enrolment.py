"""Becoming a user: language, rules of use, work handle.

    AskLanguage ──chose──▶ AskRules ──accept──▶ AskHandle ──wrote──▶ (end) + Settle
                              │
                              └──decline──▶ (nothing is kept; it can be read again)

The invite was redeemed before this begins; until the rules are accepted nothing else is possible.
"""

from dataclasses import dataclass

from dialogues.clean import shown
from dialogues.home import menu, menu_choice
from dialogues.identifying import identifying
from dialogues.language import choices as language_choices
from dialogues.model import Choice, Chose, Event, Say, Scene, Settle, Turn, Wrote, column

LONGEST_HANDLE = 24


@dataclass(frozen=True, slots=True)
class AskLanguage:
    """Waiting for the language."""


@dataclass(frozen=True, slots=True)
class AskRules:
    """The rules have been shown; waiting for acceptance."""


@dataclass(frozen=True, slots=True)
class AskHandle:
    """Waiting for the work handle under which a coordinator can ring back."""


State = AskLanguage | AskRules | AskHandle
STATES = (AskLanguage, AskRules, AskHandle)


def begin(scene: Scene, about: str) -> Turn[State]:
    welcome = Say(scene.text("enrolment-welcome", agency=scene.home.agency.name), title=scene.text("welcome-title"))
    return Turn(AskLanguage(), (welcome, *resume(AskLanguage(), scene)))


def advance(state: State, event: Event, scene: Scene) -> Turn[State]:
    match state, event:
        case AskLanguage(), Chose(key) if key in scene.languages:
            return Turn(AskRules(), resume(AskRules(), scene.speaking(key)), (Settle(language=key),))
        case AskRules(), Chose("accept"):
            return Turn(AskHandle(), resume(AskHandle(), scene))
        case AskRules(), Chose("decline"):
            return Turn(AskRules(), (Say(scene.text("rules-declined"), rows=_rules_rows(scene)),))
        case AskHandle(), Wrote(text) if (handle := " ".join(shown(text).split())) and not text.startswith("/"):
            if len(handle) > LONGEST_HANDLE:
                return Turn(state, (Say(scene.text("handle-too-long", most=LONGEST_HANDLE)),))
            warned = (Say(scene.text("handle-looks-like-name")),) if _looks_like_name(handle) else ()
            always = (Choice("danger", scene.text("button-danger"), lasting=True), menu_choice(scene))
            text = scene.text("enrolment-done", handle=handle)
            done = Say(text, title=scene.text("done-title"), rows=(always,), standing=True)
            return Turn(None, (*warned, done, *menu(scene)), (Settle(handle=handle, accepted=True),))
        case _:
            return Turn(state, resume(state, scene))


def resume(state: State, scene: Scene) -> tuple[Say, ...]:
    match state:
        case AskLanguage():
            return (Say(scene.text("language-ask"), rows=column(*language_choices(scene))),)
        case AskRules():
            return (Say(scene.text("rules"), title=scene.text("rules-title"), rows=_rules_rows(scene)),)
        case AskHandle():
            return (Say(scene.text("handle-ask")),)


def _rules_rows(scene: Scene) -> tuple[tuple[Choice, ...], ...]:
    return column(Choice("accept", scene.text("button-accept")), Choice("decline", scene.text("button-decline")))


def _looks_like_name(handle: str) -> bool:
    return any(finding.kind == "name" for finding in identifying(f"I met {handle} there."))
