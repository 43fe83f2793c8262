"""What the code on a pocket card or a form says, typed as it stands there: up to date, or print it again."""

from dialogues.model import Choice, Say, Scene, column
from guidance import filling
from guidance.cards import look_up


def told(text: str, scene: Scene, out: Choice) -> Say | None:
    """What to say to a text that is exactly a card's or a form's code; None to every other.

    Args:
        out: the way back, or to the menu.
    """
    own = scene.voice.content
    others = (voice.content for voice in scene.voices.values() if voice.content is not own)
    found = look_up((own, *others), text)
    if found is None:
        return _form(filling.look_up((own, *others), text), scene, out)
    card = found.card
    phrase = "card-current" if found.current else "card-outdated"
    step = own.steps.get(card.id)
    opens = [Choice(f"step.{step.id}", scene.text("button-step", step=step.id, title=step.title))] if step else []
    return Say(scene.text(phrase, code=card.code, title=card.title), rows=column(*opens, out))


def _form(found: filling.ToldForm | None, scene: Scene, out: Choice) -> Say | None:
    if found is None:
        return None
    sheet = found.sheet
    phrase = "form-current" if found.current else "form-outdated"
    step = scene.voice.content.steps.get(sheet.step)
    opens = [Choice(f"step.{step.id}", scene.text("button-step", step=step.id, title=step.title))] if step else []
    return Say(scene.text(phrase, code=sheet.code, title=sheet.title, step=sheet.about), rows=column(*opens, out))
