"""What the guidance serves of the project's aims and expected outcomes, what it rests on, and how much there is of it.

A step serves an aim that names it. An answer serves an aim when it rests on a fact of one of the aim's topics, or on
one of the facts that the aim names.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from guidance.model import Aim, Answer, Content, Decline

COUNTRY: Final = "national_"
"""Topics that start so are about one country."""

REMAKE: Final = "integra content coverage --write"


@dataclass(frozen=True, slots=True)
class Served:
    """An aim, and the ids of the steps and answers that serve it, in the writers' order."""

    aim: Aim
    steps: tuple[str, ...]
    answers: tuple[str, ...]
    missing_facts: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether a step, an answer or a named fact is missing, so that the aim is not served."""
        return not self.steps or not self.answers or bool(self.missing_facts)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much there is. ``phrasings`` are those of answers and declines; facts are ids, in the register's order."""

    steps: int
    checks: int
    decisions: int
    branches: int
    answers: int
    phrasings: int
    declines: int
    danger_phrases: int
    share_rules: int
    milestones: int
    release_tasks: int
    gap_rules: int
    countries: tuple[str, ...]
    served: tuple[Served, ...]
    facts_used: tuple[str, ...]
    facts_unused: tuple[str, ...]


def topic_of(answer: Answer) -> str:
    """The topic without the number of the file: ``crisis`` for answers in ``crisis.toml`` and ``crisis_2.toml``."""
    return re.sub(r"_[0-9]+$", "", answer.topic)


def coverage(content: Content) -> Coverage:
    """Count and map one language's content."""
    used = _named_facts(content)
    decisions = [decision for step in content.steps.values() for decision in step.decisions]
    questions: tuple[Answer | Decline, ...] = (*content.answers.values(), *content.declines.values())
    milestones = content.timeline.milestones if content.timeline is not None else ()
    return Coverage(
        steps=len(content.steps),
        checks=sum(len(step.checks) for step in content.steps.values()),
        decisions=len(decisions),
        branches=sum(len(decision.branches) for decision in decisions),
        answers=len(content.answers),
        phrasings=sum(len(question.asked_as) for question in questions),
        declines=len(content.declines),
        danger_phrases=sum(len(danger.phrases) for danger in content.danger),
        share_rules=len(content.share.rules) if content.share is not None else 0,
        milestones=len(milestones),
        release_tasks=sum(len(one.tasks) for one in milestones),
        gap_rules=len(content.timeline.gaps) if content.timeline is not None else 0,
        countries=tuple(sorted({name for answer in content.answers.values() if (name := _country(answer))})),
        served=tuple(_served(aim, content, used) for aim in content.aims.values()),
        facts_used=tuple(fact for fact in content.facts if fact in used),
        facts_unused=tuple(fact for fact in content.facts if fact not in used),
    )


def as_json(found: Coverage) -> dict[str, Any]:
    """Stable keys: numbers, and under ``served`` what serves each aim and outcome."""
    return {
        "steps": found.steps,
        "checks": found.checks,
        "decisions": found.decisions,
        "branches": found.branches,
        "answers": found.answers,
        "phrasings": found.phrasings,
        "declines": found.declines,
        "danger_phrases": found.danger_phrases,
        "share_rules": found.share_rules,
        "milestones": found.milestones,
        "release_tasks": found.release_tasks,
        "gap_rules": found.gap_rules,
        "countries": len(found.countries),
        "aims": sum(one.aim.kind == "aim" for one in found.served),
        "outcomes": sum(one.aim.kind == "outcome" for one in found.served),
        "facts_used": len(found.facts_used),
        "facts_unused": len(found.facts_unused),
        "unused": list(found.facts_unused),
        "served": [
            {
                "id": one.aim.id,
                "kind": one.aim.kind,
                "title": one.aim.title,
                "steps": list(one.steps),
                "answers": list(one.answers),
                "missing_facts": list(one.missing_facts),
            }
            for one in found.served
        ],
    }


def page(content: Content, found: Coverage) -> str:
    """``docs/coverage.md``: for each aim and outcome the steps and answers that serve it."""
    numbers = [
        ("Steps of the guide", found.steps),
        ("Things to check in them", found.checks),
        ("Decisions, with branches", f"{found.decisions}, {found.branches}"),
        ("Answers", found.answers),
        ("Questions that are declined, with a reason", found.declines),
        ("Phrasings that lead to them", found.phrasings),
        ("Phrases that tell of danger", found.danger_phrases),
        ("Rules on sharing", found.share_rules),
        ("Milestones before and after a release, with tasks", f"{found.milestones}, {found.release_tasks}"),
        ("Gaps that are shown early", found.gap_rules),
        ("Countries with answers of their own", f"{len(found.countries)} ({', '.join(found.countries)})"),
        ("Facts they rest on, of those in the register", f"{len(found.facts_used)} of {len(content.facts)}"),
    ]
    lines = [
        "# What the guidance covers",
        "",
        f"Made by `{REMAKE}`; do not edit. Which steps and answers serve the aims and expected outcomes of the",
        "INTEGRA project (2017-1-FR01-KA204-037446). An answer serves an aim when it rests on a fact of its topics.",
        "",
        "| There are | |",
        "|---|---|",
        *(f"| {what} | {number} |" for what, number in numbers),
        "",
        "| | Aim or outcome | Steps | Answers |",
        "|---|---|---|---|",
        *(f"| {one.aim.id} | {one.aim.title} | {', '.join(one.steps)} | {len(one.answers)} |" for one in found.served),
    ]
    for one in found.served:
        lines += ["", f"## {one.aim.id} {one.aim.title}", "", "Steps:", ""]
        lines += [f"- {step} {content.steps[step].title}" for step in one.steps] or ["- none yet"]
        lines += ["", "Answers, by topic:", ""]
        by_topic: dict[str, list[str]] = {}
        for answer in one.answers:
            by_topic.setdefault(topic_of(content.answers[answer]), []).append(content.answers[answer].title)
        lines += [f"- {topic}: {'; '.join(titles)}" for topic, titles in by_topic.items()] or ["- none yet"]
    if found.facts_unused:
        lines += ["", "## Facts that nothing rests on", "", ", ".join(found.facts_unused)]
    return "\n".join(lines) + "\n"


def _country(answer: Answer) -> str:
    topic = topic_of(answer)
    return topic.removeprefix(COUNTRY).upper() if topic.startswith(COUNTRY) else ""


def _named_facts(content: Content) -> frozenset[str]:
    named = [step.facts for step in content.steps.values()]
    named += [answer.facts for answer in content.answers.values()]
    named += [decline.facts for decline in content.declines.values()]
    named += [rule.facts for rule in (content.share.rules if content.share is not None else ())]
    if content.timeline is not None:
        named += [task.facts for one in content.timeline.milestones for task in one.tasks]
        named += [gap.facts for gap in content.timeline.gaps]
    return frozenset(fact for facts in named for fact in facts)


def _served(aim: Aim, content: Content, used: frozenset[str]) -> Served:
    facts = {fact.id for fact in content.facts.values() if fact.topic in aim.topics} | set(aim.facts)
    return Served(
        aim,
        tuple(step for step in aim.steps if step in content.steps),
        tuple(answer.id for answer in content.answers.values() if facts & set(answer.facts)),
        tuple(fact for fact in aim.facts if fact not in used),
    )
