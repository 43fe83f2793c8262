"""What is shown of answers: an answer itself, offers, refusals with ways on. Texts and buttons, no decisions."""

from dialogues.home import menu_choice
from dialogues.language import NAMES
from dialogues.model import Choice, Say, Scene, column
from guidance.model import Answer, Content, Decline, Step

NO_SOURCE = "PRACTICE"
"""Id of the entry that stands for ordinary professional practice without a publisher."""


def shown(id: str, scene: Scene, *, more: bool = False, rated: bool = False) -> tuple[Say, ...]:
    content = scene.voice.content
    if id in content.declines:
        decline = content.declines[id]
        rows = column(*_steps(decline, scene), _coordinator(scene), out(scene))
        return (Say(f"{decline.say}\n\n{decline.next}", title=decline.title, rows=rows),)
    answer = content.answers.get(id)
    if answer is None:
        return refused(scene)
    text = answer.short if not answer.words else f"{answer.short}\n\n{scene.text('words', words=answer.words)}"
    rows = (
        *([] if more or not answer.more else [(Choice("more", scene.text("button-more")),)]),
        *([] if rated else [_rating(scene)]),
        *column(*_steps(answer, scene), out(scene)),
    )
    said = Say(text, title=answer.title, small=sources_line(answer.facts, scene), rows=rows)
    return (said, more_say(answer, scene)) if more else (said,)


def more_say(answer: Answer, scene: Scene, *, rated: bool = False) -> Say:
    beside = [Choice(id, scene.voice.content.answers[id].title) for id in related(answer.id, scene.voice.content)]
    rows = (
        *([] if rated else [_rating(scene)]),
        *column(*beside, *_steps(answer, scene), out(scene)),
    )
    reviewed = scene.text("reviewed", owner=answer.owner, date=answer.reviewed.isoformat())
    return Say(answer.more, title=answer.title, small=reviewed, rows=rows)


def offer(ids: tuple[str, ...], scene: Scene, *, several: bool = False) -> tuple[Say, ...]:
    content = scene.voice.content
    choices = [Choice(id, _title(id, content)) for id in ids if _title(id, content)]
    return (
        Say(
            scene.text("ask-offer-several" if several else "ask-offer"),
            rows=column(*choices, Choice("none", scene.text("button-none-of-these")), *_back(scene)),
        ),
    )


def refused(scene: Scene, question: str = "") -> tuple[Say, ...]:
    return (Say(scene.text("ask-unknown"), rows=_ways_rows(scene, question)),)


def ways_on(scene: Scene, question: str = "") -> tuple[Say, ...]:
    return (Say(scene.text("ask-ways-on"), rows=_ways_rows(scene, question)),)


def also_asked(ids: tuple[str, ...], scene: Scene) -> tuple[Say, ...]:
    choices = [Choice(id, title) for id in ids if (title := _title(id, scene.voice.content))]
    return (Say(scene.text("ask-also"), rows=column(*choices)),) if choices else ()


def in_other_language(language: str, scene: Scene) -> tuple[Say, ...]:
    if not language:
        return ()
    name = NAMES.get(language, language)
    rows = column(Choice("speak", scene.text("button-go-on-in", language=name)))
    return (Say(scene.text("ask-in-language", language=name), rows=rows),)


def related(id: str, content: Content) -> tuple[str, ...]:
    answer = content.answers.get(id)
    return tuple(other for other in answer.related if other in content.answers)[:3] if answer else ()


def out(scene: Scene) -> Choice:
    """Back to what was interrupted by the question, or to the menu."""
    return _back(scene)[0] if scene.below else menu_choice(scene)


def sources_line(facts: tuple[str, ...], scene: Scene, *, at_most: int = 3) -> str:
    """Where something comes from and what kind of knowledge it is, in one line."""
    content = scene.voice.content
    kinds = ", ".join(scene.text(f"kind-{kind}") for kind in content.kinds(facts))
    published = [source.publisher for source in content.sources_of(facts) if source.id != NO_SOURCE]
    named = tuple(dict.fromkeys(published))[:at_most]
    if not named:
        return scene.text("based-on", kinds=kinds)
    return scene.text("sources", kinds=kinds, named="; ".join(named))


def _ways_rows(scene: Scene, question: str) -> tuple[tuple[Choice, ...], ...]:
    await_ = [Choice("await", scene.text("button-await"))] if question else []
    return column(Choice("guide", scene.text("button-guide")), _coordinator(scene), *await_, out(scene))


def _back(scene: Scene) -> list[Choice]:
    return [Choice("back", scene.text("button-back"))] if scene.below else []


def _coordinator(scene: Scene) -> Choice:
    return Choice("coordinator", scene.text("button-ask-coordinator"))


def _rating(scene: Scene) -> tuple[Choice, ...]:
    return (
        Choice("helpful", scene.text("button-helpful")),
        Choice("not-helpful", scene.text("button-not-helpful")),
    )


def _steps(item: Answer | Decline, scene: Scene) -> tuple[Choice, ...]:
    steps: dict[str, Step] = dict(scene.voice.content.steps)
    return tuple(
        Choice(f"step.{id}", scene.text("button-step", step=id, title=steps[id].title))
        for id in item.steps[:2]
        if id in steps
    )


def _title(id: str, content: Content) -> str:
    if id in content.answers:
        return content.answers[id].title
    if id in content.declines:
        return content.declines[id].title
    return content.steps[id].title if id in content.steps else ""
