"""A message of several sentences: each question in it, or what a long story may be about.

sentences ─▶ small talk is left out ─┬▶ one left, or one question ─▶ alone or with what is said beside it
                                     ├▶ several questions         ─▶ each
                                     └▶ a story without a question ─▶ offers from the whole and its sentences
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from guidance import small_talk
from guidance.follow_up import leans, own_words
from guidance.outcome import Outcome, merged, surer
from guidance.sentences import sentences

AT_MOST_FOUND: Final = 3
"""Questions of one message that something is shown for; what is asked beyond these counts as refused."""

AT_MOST_HITS: Final = 3
STORY_FROM: Final = 0.5
"""Confidence from which a sentence of a story is worth a button."""

LookUp: TypeAlias = Callable[[str], Outcome]


def each(text: str, language: str, look_up: LookUp) -> tuple[Outcome, ...]:
    """What to do with each question of a message, in the order asked; one outcome for a message that asks one thing.

    Args:
        text: as typed, no small talk as a whole.
        look_up: what to do with one question.
    """
    said = [one for one in sentences(text, language) if small_talk.kind(one.text, language) is None]
    if len(said) <= 1:
        return (look_up(small_talk.without(said[0].text if said else text, language)),)
    parts = [small_talk.without(one.text, language) for one in said]
    asked = [one.text for one in said if one.asks]
    whole = look_up(" ".join(parts))
    if not asked:
        return (_story(whole, [look_up(part) for part in parts]),)
    if len(asked) == 1:
        alone = look_up(small_talk.without(asked[0], language))
        return (alone if alone.settled else surer(alone, whole),)
    return _several(whole, _one_after_another(asked, language, look_up))


def _one_after_another(asked: Sequence[str], language: str, look_up: LookUp) -> list[Outcome]:
    """Each question; one that leans on the question before it is also read together with that."""
    found: list[Outcome] = []
    before = ""
    for question in asked:
        outcome = look_up(small_talk.without(question, language))
        if before and not outcome.settled and leans(question, language):
            own = own_words(question, language)
            if not own:
                continue  # "why?": what is found for the question before says it
            # Read together, the question before outweighs this one: only where this one says nothing alone.
            if outcome.decision == "refuse":
                joined = look_up(f"{before} {own}")
                known = {hit.id for one in found for hit in one.hits[:1]}
                if joined.hits and joined.hits[0].id not in known:
                    outcome = replace(joined, decision="offer") if joined.decision == "answer" else joined
        found.append(replace(outcome, asked=question) if outcome.decision == "refuse" else outcome)
        before = question
    return found


def _several(whole: Outcome, outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Distinct ones; what leads to the same answer was asked twice in other words."""
    if not any(one.settled for one in outcomes) and whole.settled:
        outcomes = (whole, *outcomes)
    found = {one.hits[0].id: one for one in reversed(outcomes) if one.hits and one.decision != "refuse"}
    if not found:
        return (whole,)
    kept: list[Outcome] = []
    for one in outcomes:
        if one.decision == "refuse" or not one.hits:
            kept.append(replace(one, hits=()))
        elif found.get(one.hits[0].id) is one:
            shown = sum(other.decision != "refuse" for other in kept)
            kept.append(one if shown < AT_MOST_FOUND else Outcome("refuse", one.confidence))
    return tuple(kept)


def _story(whole: Outcome, parts: Sequence[Outcome]) -> Outcome:
    """A decline is said; two short sentences may be answered; else what there is, is offered."""
    if whole.decision == "decline" or (whole.settled and len(parts) <= 2):
        return whole
    worth = sorted(
        (one for one in parts if one.decision != "refuse" and one.confidence >= STORY_FROM),
        key=lambda one: -one.confidence,
    )
    best = surer(whole, *worth)
    if best.decision == "decline":
        return best
    hits = merged(best, *worth, *([whole] if whole.decision != "refuse" else []), at_most=AT_MOST_HITS)
    return Outcome("offer", best.confidence, hits) if hits and best.decision != "refuse" else whole
