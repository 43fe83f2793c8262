"""Whether something may be passed on: the decision table of ``share.toml``, and how it is read out.

A table has questions with options, and rules in order. The first rule whose conditions all hold decides; a rule
without a condition on a question holds whatever the answer. The first rule is danger and nothing else, the last has
no condition, so that danger always wins and every case has exactly one outcome; ``guidance.reader`` sees to that.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Literal

OutcomeKind = Literal["share-now", "share-least", "ask-first", "do-not"]

OUTCOME_KINDS: tuple[OutcomeKind, ...] = ("share-now", "share-least", "ask-first", "do-not")
"""From the least strict to the strictest."""

QUESTIONS = ("danger", "role", "who", "purpose", "info", "told")
"""In the order they are asked. ``role`` is asked only where it is not known."""

DANGER = ("danger", "yes")
"""The question and its option that win over all others."""

LOG_WORDS = ("what", "to", "aim", "info", "basis", "told", "approved", "when")
"""What a log line may hold, each as ``{word}``."""

_LOG_WORD = re.compile(r"\{([a-z]+)\}")


class Undecided(ValueError):
    """A question that matters has no answer yet; the message is its key."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a question.

    Attributes:
        key: ``[a-z0-9-]``, at most 20 characters, never changes.
        label: a button, at most 34 characters.
        said: how it reads in a log line, at most 40 characters.
        sharing: for ``told``: what follows when something is shared, at most 350 characters.
        asking: for ``told``: what follows when somebody is asked first, at most 350 characters.
    """

    key: str
    label: str
    said: str
    sharing: str = ""
    asking: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """``ask`` has at most 200 characters."""

    key: str
    ask: str
    options: tuple[Option, ...]

    def option(self, key: str) -> Option | None:
        return next((one for one in self.options if one.key == key), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table.

    Attributes:
        when: question key to the option keys under which the rule holds; a question left out does not matter.
        do: what exactly to share, whom to ask, or what to do instead; at most 350 characters.
        reason: at most 350 characters.
        words: words one can use, at most 350 characters.
        check: which local rule to look up, at most 200 characters.
        facts: one or more fact ids.
        basis: the ground the outcome stands on, as it reads in a log line; at most 90 characters.
        approved: who decides, by role; at most 60 characters.
        what: what is shared, as it reads in a log line; only and always for the two share outcomes.
        to: who receives it, where the rule itself says so.
        aim: what for, where the rule itself says so.
    """

    id: str
    kind: OutcomeKind
    when: Mapping[str, tuple[str, ...]]
    do: str
    reason: str
    words: str
    check: str
    facts: tuple[str, ...]
    basis: str
    approved: str
    what: str = ""
    to: str = ""
    aim: str = ""

    def holds(self, given: Mapping[str, str]) -> bool | None:
        """Whether it holds for these answers; None while that hangs on a question not answered yet."""
        unknown = False
        for question, keys in self.when.items():
            if question not in given:
                unknown = True
            elif given[question] not in keys:
                return False
        return None if unknown else True

    @property
    def shares(self) -> bool:
        return self.kind in ("share-now", "share-least")


@dataclass(frozen=True, slots=True)
class Table:
    """All of ``share.toml``.

    Attributes:
        orientation: the line that stands on every screen, at most 120 characters.
        log: a log line for each outcome, with ``LOG_WORDS`` in braces.
        unknown: what a log line says for what was not asked.
    """

    owner: str
    reviewed: date
    orientation: str
    questions: tuple[Question, ...]
    rules: tuple[Rule, ...]
    log: Mapping[str, str]
    unknown: str

    def question(self, key: str) -> Question:
        """
        Raises:
            KeyError: no question has this key; a table that was read has all of ``QUESTIONS``.
        """
        for one in self.questions:
            if one.key == key:
                return one
        raise KeyError(key)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the table says about one case.

    Attributes:
        to: who receives it or asked for it, empty while not known; never for ``share-now`` and ``share-least``.
        aim: what for; as ``to``.
        told: what follows from what the person knows and wants; empty where it was not asked or changes nothing.
        log: a line for the disclosure log, still with ``{when}`` in it; holds no names, see ``logged``.
    """

    rule: str
    kind: OutcomeKind
    do: str
    reason: str
    words: str
    check: str
    facts: tuple[str, ...]
    basis: str
    to: str
    aim: str
    told: str
    log: str

    def logged(self, when: str) -> str:
        return self.log.replace("{when}", when)


def next_question(table: Table, given: Mapping[str, str]) -> Question | None:
    """The next question that matters, or None when the case is decided.

    What is already decided asks no further, except before sharing the least: that is never said without knowing who
    receives it, what for, what it is, and what the person knows of it.

    Args:
        given: question key to option key, of the questions answered so far.
    """
    rule = _first(table, given)
    if rule is not None and rule.kind != "share-least":
        return None
    return next((table.question(key) for key in QUESTIONS if key not in given), None)


def decide(table: Table, given: Mapping[str, str]) -> Outcome:
    """What the table says. Pure; the same answers always give the same outcome.

    Args:
        given: question key to option key; at least what ``next_question`` asks for.

    Raises:
        Undecided: a question that matters is not answered.
    """
    missing = next_question(table, given)
    rule = _first(table, given)
    if missing is not None or rule is None:
        raise Undecided(missing.key if missing is not None else "")
    chosen = {key: table.question(key).option(option) for key, option in given.items() if key in QUESTIONS}
    said = {key: option.said for key, option in chosen.items() if option is not None}
    told = chosen.get("told")
    follows = ""
    if told is not None and rule.kind != "do-not":
        follows = told.sharing if rule.shares else told.asking
    to, aim = rule.to or said.get("who", ""), rule.aim or said.get("purpose", "")
    words = {
        "what": rule.what,
        "to": to,
        "aim": aim,
        "info": said.get("info", ""),
        "basis": rule.basis,
        "told": said.get("told", ""),
        "approved": rule.approved,
        "when": "{when}",
    }
    log = _LOG_WORD.sub(lambda match: words[match.group(1)] or table.unknown, table.log[rule.kind])
    return Outcome(
        rule.id,
        rule.kind,
        rule.do,
        rule.reason,
        rule.words,
        rule.check,
        rule.facts,
        rule.basis,
        to,
        aim,
        follows,
        log,
    )


def cases(table: Table) -> Iterator[dict[str, str]]:
    """Every combination of answers there is."""
    options = [[option.key for option in table.question(key).options] for key in QUESTIONS]
    for keys in product(*options):
        yield dict(zip(QUESTIONS, keys, strict=True))


def dead_rules(table: Table) -> tuple[str, ...]:
    """Ids of rules that no combination comes to, because earlier ones take them all."""
    used = {rule.id for case in cases(table) if (rule := _first(table, case)) is not None}
    return tuple(rule.id for rule in table.rules if rule.id not in used)


def _first(table: Table, given: Mapping[str, str]) -> Rule | None:
    """The rule that decides, or None while it hangs on a question not answered yet."""
    for rule in table.rules:
        holds = rule.holds(given)
        if holds is None:
            return None
        if holds:
            return rule
    return None
