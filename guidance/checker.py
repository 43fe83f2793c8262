"""What a writer must mend, or should look at, before content reaches people.

One small function a rule, all of them in ``RULES``; ``integra check`` shows what they find. Reading a file
has already checked each item by itself, see ``guidance.reader``.
"""

import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from rapidfuzz.distance import OSA

from guidance import handoff_check
from guidance.model import (
    CONTENT_ROLES,
    END,
    Answer,
    Content,
    ContentRole,
    Decision,
    Decline,
    Problem,
    Severity,
    Step,
)
from guidance.share import Rule, dead_rules
from guidance.site import Body, Number, OwnSite, Site
from guidance.timeline import GapRule, Task

ANSWER_PHRASINGS = 5
DECLINE_PHRASINGS = 8
GRADE_LIMIT = 9.0
GRADE_WORDS = 40
"""Below so many words one long word decides the grade."""

SCREEN_LIMIT = 4096
"""Characters in one message, https://core.telegram.org/bots/api#sendmessage."""

SCREEN_SPARE = 600
"""Characters kept free on a screen for headings, sources and the hint to check the local protocol."""

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a an the of to in on at for from with by and or so as is are was be been am do does did this that
        i me my we us our you your he him his she her they them their it its
        """,
    )
)

Found = Iterator[Problem]


def check(content: Content, today: date, *, others: Iterable[Content] = ()) -> tuple[Problem, ...]:
    """Everything a writer must mend (``error``) or should look at (``warning``), file by file.

    Args:
        content: one language; may come straight from code, then broken references are found here.
        today: the day reviews are measured against.
        others: content of further languages; a phrase key that one of them has and ``content`` lacks is told.
    """
    found = [problem for rule in RULES.values() for problem in rule(content)]
    found += overdue_reviews(content, today)
    found += missing_phrase_keys(content, others)
    return tuple(sorted(found, key=lambda problem: (problem.file, problem.item, problem.severity)))


def broken_references(content: Content) -> tuple[Problem, ...]:
    """The rules that hold content together; with one of them broken nothing may be shown."""
    return tuple(problem for rule in REFERENCE_RULES for problem in rule(content))


# Where things are


def _guide_file(content: Content) -> str:
    return f"{content.language}/guide.toml"


def _step_file(content: Content, step: Step) -> str:
    return f"{content.language}/steps/{step.id}.toml"


def _item_file(content: Content, item: Answer | Decline) -> str:
    name = f"answers/{item.topic}" if isinstance(item, Answer) else "declines"
    return f"{content.language}/{name}.toml"


def _share_file(content: Content) -> str:
    return f"{content.language}/share.toml"


def _share_rules(content: Content) -> tuple[Rule, ...]:
    return content.share.rules if content.share is not None else ()


def _timeline_file(content: Content) -> str:
    return f"{content.language}/timeline.toml"


def _timeline_items(content: Content) -> tuple[Task | GapRule, ...]:
    table = content.timeline
    return () if table is None else (*(task for one in table.milestones for task in one.tasks), *table.gaps)


def _site_file(country: str) -> str:
    return f"site/{country.lower()}.toml"


def _entries(site: Site) -> tuple[tuple[str, Number | Body], ...]:
    """What a site names, each with what it is called in a problem."""
    numbers = ((f"{one.use} {one.number}", one) for one in site.numbers)
    return (*numbers, *((f"{one.use} {one.name}", one) for one in site.bodies))


def _questions(content: Content) -> tuple[Answer | Decline, ...]:
    return (*content.answers.values(), *content.declines.values())


# References


def unknown_steps(content: Content) -> Found:
    """Every step that is named must be there."""

    def unknown(file: str, item: str, named: Iterable[str]) -> Found:
        for step_id in named:
            if step_id not in content.steps:
                yield Problem(file, item, f'there is no step "{step_id}": correct the id or write the step')

    guide = _guide_file(content)
    for name, step_id in content.guide.shortcuts.items():
        yield from unknown(guide, f"shortcuts / {name}", (step_id,))
    for role, path in content.guide.paths.items():
        yield from unknown(guide, f"paths / {role}", path)
    for step in content.steps.values():
        for decision in step.decisions:
            for branch in decision.branches:
                if branch.goto is not None and branch.goto != END:
                    item = f"{decision.id} / {branch.key} / goto"
                    yield from unknown(_step_file(content, step), item, (branch.goto,))
    for question in _questions(content):
        yield from unknown(_item_file(content, question), f"{question.id} / steps", question.steps)
    for danger in content.danger:
        yield from unknown(f"{content.language}/danger.toml", f"{danger.kind} / step", (danger.step,))
    for task in _timeline_items(content):
        if isinstance(task, Task):
            yield from unknown(_timeline_file(content), f"{task.id} / steps", task.steps)
    if content.danger_learnt is not None:
        unsure = content.danger_learnt.bounds.unsure_step
        yield from unknown(f"{content.language}/danger_groups.toml", "unsure_step", (unsure,))


def unknown_facts(content: Content) -> Found:
    """Every fact that is named must be in the register, every source of a fact too."""
    named = [(_step_file(content, step), step.id, step.facts) for step in content.steps.values()]
    named += [(_item_file(content, item), item.id, item.facts) for item in _questions(content)]
    named += [(_share_file(content), rule.id, rule.facts) for rule in _share_rules(content)]
    named += [(_timeline_file(content), one.id, one.facts) for one in _timeline_items(content)]
    for country, site in content.sites.items():
        named += [(_site_file(country), item, entry.facts) for item, entry in _entries(site)]
    for file, item_id, facts in named:
        for fact_id in facts:
            if fact_id not in content.facts:
                yield Problem(file, f"{item_id} / facts", f'there is no fact "{fact_id}" in facts.toml: correct the id')
    for fact in content.facts.values():
        for source_id in fact.sources:
            if source_id not in content.sources:
                remedy = f'there is no source "{source_id}" in sources.toml: correct the id'
                yield Problem("facts.toml", f"{fact.id} / sources", remedy)


def unknown_in_aims(content: Content) -> Found:
    """What an aim names is there, and it names only topics that have facts."""
    topics = {fact.topic for fact in content.facts.values()}
    for aim in content.aims.values():
        for what, named, known in (
            ("topic", aim.topics, topics),
            ("step", aim.steps, content.steps),
            ("fact", aim.facts, content.facts),
        ):
            for one in named:
                if one not in known:
                    yield Problem("aims.toml", f"{aim.id} / {what}s", f'there is no {what} "{one}": correct it')


def unknown_related(content: Content) -> Found:
    for answer in content.answers.values():
        for related in answer.related:
            if related == answer.id or related not in content.answers:
                remedy = f'there is no other answer "{related}": correct the id or take it out'
                yield Problem(_item_file(content, answer), f"{answer.id} / related", remedy)


def unnamed_countries(content: Content) -> Found:
    """Every country has a name to show."""
    for country in content.sites:
        if f"country-{country.lower()}" not in content.phrases.keys():  # noqa: SIM118  (a method, no mapping)
            remedy = f"has no name in {content.language}: add the phrase country-{country.lower()} ="
            yield Problem(_site_file(country), "country", remedy)


def unsure_numbers(content: Content) -> Found:
    """A number to call was read in its source; nobody recalls one."""
    for country, site in content.sites.items():
        for number in site.numbers:
            for fact in (content.facts[fact_id] for fact_id in number.facts if fact_id in content.facts):
                if fact.confidence != "verified":
                    remedy = f'rests on "{fact.id}", which is not verified: read it in its source, or take it out'
                    yield Problem(_site_file(country), f"{number.use} {number.number}", remedy)


def wrong_years(content: Content) -> Found:
    """What is said of a country tells the newest year of its sources, where they have one."""
    for country, site in content.sites.items():
        for item, entry in _entries(site):
            facts = [fact_id for fact_id in entry.facts if fact_id in content.facts]
            named = {source for fact_id in facts for source in content.facts[fact_id].sources}
            found = [content.sources[source].year for source in named if source in content.sources]
            newest = max((year for year in found if year is not None), default=None)
            if entry.as_of != newest:
                remedy = (
                    f"must be {newest}, as its sources say" if newest else "has no year in its sources: take it out"
                )
                yield Problem(_site_file(country), f"{item} / as_of", remedy)


def check_own_site(own: OwnSite, content: Content, file: str = "site.toml") -> tuple[Problem, ...]:
    """What must be mended in the operator's own file: steps, facts and a country that are not there."""
    found: list[Problem] = []
    if own.common.country and own.common.country not in content.sites:
        known = ", ".join(sorted(content.sites))
        found.append(Problem(file, "country", f"nothing is known of it; take it out, or one of {known}"))
    for section, site in (("", own.common), *((f"agency / {slug} / ", one) for slug, one in own.agencies.items())):
        for step_id in site.timings:
            if step_id not in content.steps:
                remedy = f'there is no step "{step_id}": correct the id'
                found.append(Problem(file, f"{section}timings / {step_id}", remedy))
        for milestone in site.release:
            if content.timeline is None or content.timeline.milestone(milestone) is None:
                known = ", ".join(one.id for one in content.timeline.milestones) if content.timeline else "none"
                remedy = f"there is no such milestone; there are: {known}"
                found.append(Problem(file, f"{section}release / {milestone}", remedy))
        for item, entry in _entries(site):
            for fact_id in entry.facts:
                if fact_id not in content.facts:
                    remedy = f'there is no fact "{fact_id}": correct the id, or take it out'
                    found.append(Problem(file, f"{section}{item} / facts", remedy))
    return tuple(found)


def missing_paths(content: Content) -> Found:
    """Every role has a way through the guide, and there are words for danger."""
    for role in CONTENT_ROLES:
        if not content.guide.paths.get(role):
            yield Problem(_guide_file(content), f"paths / {role}", "is empty: name the steps this role walks")
    if not content.danger:
        yield Problem(f"{content.language}/danger.toml", "", "holds no phrases: danger would not be noticed")


def missing_sources(content: Content) -> Found:
    """What is shown rests on something."""
    for step in content.steps.values():
        if not step.facts:
            yield Problem(_step_file(content, step), f"{step.id} / facts", "is empty: name the facts it rests on")
    for question in _questions(content):
        if not question.facts:
            severity: Severity = "error" if isinstance(question, Answer) else "warning"
            remedy = "is empty: name the facts it rests on"
            yield Problem(_item_file(content, question), f"{question.id} / facts", remedy, severity)


# Ways through the guide


def _ways_out(decision: Decision) -> tuple[bool, set[str]]:
    """Whether a branch goes on in the same step, and where the others lead for good."""
    leaving = [branch for branch in decision.branches if not branch.returns]
    return any(branch.goto is None for branch in leaving), {branch.goto for branch in leaving if branch.goto}


def _exits(step: Step) -> tuple[bool, set[str], tuple[Decision, ...]]:
    """Whether the step's end can be reached, where it jumps to (``END`` too), decisions nobody comes to."""
    jumps: set[str] = set()
    for number, decision in enumerate(step.decisions):
        goes_on, there = _ways_out(decision)
        jumps |= there
        if not goes_on:
            return False, jumps, step.decisions[number + 1 :]
    return True, jumps, ()


def _next_steps(content: Content, role: ContentRole, step: Step) -> tuple[bool, set[str]]:
    """Whether the walk can end here, and which steps can come next, for one role."""
    to_the_end, jumps, _ = _exits(step)
    following = {goto for goto in jumps if goto in content.steps}
    path = content.guide.paths.get(role, ())
    place = path.index(step.id) if step.id in path else len(path)
    if to_the_end and place + 1 < len(path):
        following.add(path[place + 1])
    return END in jumps or (to_the_end and place + 1 >= len(path)), following


def dead_ends(content: Content) -> Found:
    """From every step at least one role can come to the end of the walk."""
    can_leave: set[str] = set()
    for role in CONTENT_ROLES:
        edges = {step.id: _next_steps(content, role, step) for step in content.steps.values()}
        leaves = {step_id for step_id, (ends, _) in edges.items() if ends}
        grown = True
        while grown:
            more = {step_id for step_id, (_, following) in edges.items() if following & leaves} - leaves
            leaves |= more
            grown = bool(more)
        can_leave |= leaves
    for step in content.steps.values():
        if step.id not in can_leave:
            remedy = "nobody comes out of this step: give a branch without goto, or one that goes to END"
            yield Problem(_step_file(content, step), step.id, remedy)
        for decision in step.decisions:
            if not any(_ways_out(decision)):
                remedy = "every branch comes back here: give one that goes on"
                yield Problem(_step_file(content, step), decision.id, remedy)


def unreachable(content: Content) -> Found:
    """Every step is on a path, a shortcut or behind a branch; every decision can be come to."""
    start = {step_id for path in content.guide.paths.values() for step_id in path}
    start |= set(content.guide.shortcuts.values())
    seen: set[str] = set()
    waiting = deque(start)
    while waiting:
        step_id = waiting.popleft()
        if step_id in seen or step_id not in content.steps:
            continue
        seen.add(step_id)
        for decision in content.steps[step_id].decisions:
            waiting.extend(branch.goto for branch in decision.branches if branch.goto)
    for step in content.steps.values():
        if step.id not in seen:
            remedy = "nobody comes to this step: put it on a path in guide.toml, or let a branch go to it"
            yield Problem(_step_file(content, step), step.id, remedy)
        for decision in _exits(step)[2]:
            remedy = "nobody comes to this decision: give the one before it a branch without goto"
            yield Problem(_step_file(content, step), decision.id, remedy)


def missing_views(content: Content) -> Found:
    """Who walks a step is told what to do there."""
    for role in CONTENT_ROLES:
        for step_id in content.guide.paths.get(role, ()):
            step = content.steps.get(step_id)
            if step is not None and role not in step.roles:
                remedy = f"is on the path of {role} and tells them nothing: add {role} = under [roles]"
                yield Problem(_step_file(content, step), f"{step.id} / roles", remedy, "warning")


def dead_share_rules(content: Content) -> Found:
    """Every rule on sharing decides at least one case."""
    for rule_id in dead_rules(content.share) if content.share is not None else ():
        remedy = "decides nothing, as earlier rules take all its cases: move it up, change it or take it out"
        yield Problem(_share_file(content), rule_id, remedy)


def gaps_before_their_task(content: Content) -> Found:
    """What is not due yet is not missing."""
    table = content.timeline
    due = {task.id: one for one in table.milestones for task in one.tasks} if table is not None else {}
    for gap in table.gaps if table is not None else ():
        if (milestone := due.get(gap.task)) is not None and -gap.within < math.floor(milestone.offset.rough_days):
            remedy = f"shows before its task is due ({milestone.title}): make within smaller, or move the task up"
            yield Problem(_timeline_file(content), f"{gap.id} / within", remedy, "warning")


# Lengths and phrasings


def too_long_for_a_screen(content: Content) -> Found:
    """What is shown together fits one message."""
    room = SCREEN_LIMIT - SCREEN_SPARE
    for file, item, texts in _shown(content):
        if (length := sum(len(text) + 1 for text in texts)) > room:
            yield Problem(file, item, f"has {length} characters in all: shorten it to {room}")


def too_few_phrasings(content: Content) -> Found:
    for question in _questions(content):
        needed = ANSWER_PHRASINGS if isinstance(question, Answer) else DECLINE_PHRASINGS
        if len(question.asked_as) < needed:
            remedy = f"has {len(question.asked_as)} phrasings: write at least {needed}, as people really type them"
            yield Problem(_item_file(content, question), f"{question.id} / asked_as", remedy)


def _plain(phrasing: str) -> str:
    return " ".join(re.findall(r"\w+", phrasing.casefold().replace("'", "").replace("’", "")))


def _meaning(plain: str) -> frozenset[str]:
    return frozenset(plain.split()) - STOP_WORDS


def near_copies(content: Content) -> Found:
    """Phrasings of one answer differ by more than order, small words or one letter."""
    for question in _questions(content):
        plain = [_plain(phrasing) for phrasing in question.asked_as]
        for number, later in enumerate(plain):
            for earlier in range(number):
                same_words = _meaning(later) == _meaning(plain[earlier]) != frozenset()
                if same_words or OSA.distance(later, plain[earlier], score_cutoff=1) <= 1:
                    remedy = f"phrasings {earlier + 1} and {number + 1} are near-copies: say one in other words"
                    yield Problem(_item_file(content, question), f"{question.id} / asked_as", remedy, "warning")


def shared_phrasings(content: Content) -> Found:
    """One phrasing leads to one answer."""
    owner: dict[str, str] = {}
    for question in _questions(content):
        for number, phrasing in enumerate(question.asked_as, 1):
            first = owner.setdefault(_plain(phrasing), question.id)
            if first != question.id:
                remedy = f'phrasing {number} is also one of "{first}": keep it in one of the two'
                yield Problem(_item_file(content, question), f"{question.id} / asked_as", remedy)


# What is shown


def _step_texts(step: Step) -> tuple[str, ...]:
    longest_view = max(step.roles.values(), key=len, default="")
    return (
        step.title,
        step.purpose,
        longest_view,
        step.lead,
        step.timing,
        *step.inputs,
        *(one.text for one in step.checks),
        step.handoff,
    )


def _shown(content: Content) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """File, id and the texts that one item shows together."""
    for step in content.steps.values():
        yield _step_file(content, step), step.id, (*_step_texts(step), *step.mistakes)
        for decision in step.decisions:
            texts = (decision.ask, *(text for one in decision.branches for text in (one.label, one.say)))
            yield _step_file(content, step), decision.id, texts
    for answer in content.answers.values():
        texts = (answer.title, answer.short, answer.more, answer.words or "")
        yield _item_file(content, answer), answer.id, texts
    for decline in content.declines.values():
        yield _item_file(content, decline), decline.id, (decline.title, decline.say, decline.next)
    for rule in _share_rules(content):
        yield _share_file(content), rule.id, (rule.do, rule.reason, rule.words, rule.check)
    for asked in content.share.questions if content.share is not None else ():
        options = (text for one in asked.options for text in (one.label, one.sharing, one.asking))
        yield _share_file(content), asked.key, (asked.ask, *options)
    for one in _timeline_items(content):
        yield _timeline_file(content), one.id, (one.text, one.do) if isinstance(one, GapRule) else (one.text,)
    for form in content.handoffs.values():
        yield handoff_check.file_of(content, form), form.id, form.texts()
    for country, site in content.sites.items():
        for item, entry in _entries(site):
            told = (entry.when,) if isinstance(entry, Number) else (entry.name, entry.what)
            yield _site_file(country), item, told


def _claimed(content: Content) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What guidance says in its own voice. Common mistakes are no claims: they say what not to do."""
    for file, item, texts in _shown(content):
        step = content.steps.get(item)
        yield file, item, texts if step is None else (*_step_texts(step), *step.roles.values())


FAITH = (
    r"(?:pray(?:s|ed|er|ers|ing)?|beards?|headscar(?:f|ves)|hijabs?|niqabs?|veils?|mosques?|church(?:es)?|faith"
    r"|religio(?:n|us)|ramadan|fasting|halal|dress|clothes|clothing|conver(?:t|ts|ted|ting|sion)|ethnic(?:ity)?"
    r"|origin|nationality|skin colou?r|migrants?|muslims?)"
)
SIGN = r"(?:(?:warning )?signs?|indicators?|red flags?|warnings?|suspicious)"
DENIED = re.compile(
    r"\b(?:not(?! (?:only|just|merely))|never|no|nor|neither|nobody|none|without|cannot|instead of)\b"
    r"|\b(?:wrong|myth|mistake)\b|n['’]t\b"
)
DENIED_OR_OPEN = re.compile(DENIED.pattern + r"|\b(?:if|whether|unless|when|might|who)\b")
QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<!\w)'[^']*'(?!\w)|‘[^’]*’(?!\w)")


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that must not be said.

    Attributes:
        pattern: searched in each sentence, in small letters, quotations taken out.
        remedy: for the writer.
        passes: where this is found before the claim's end, the sentence teaches the opposite.
    """

    pattern: re.Pattern[str]
    remedy: str
    passes: re.Pattern[str] = DENIED


NO_SIGN = "names faith, dress or origin as a sign: take it out, or say that it is none"

BANNED: Mapping[str, tuple[Claim, ...]] = {
    "en": (
        Claim(
            re.compile(
                rf"\b{FAITH}\b.{{0,60}}\b(?:is|are|(?:can|may|could) be|counts? as|as an?)\b"
                rf".{{0,30}}\b{SIGN}\b"
            ),
            NO_SIGN,
        ),
        Claim(
            re.compile(
                rf"\b{SIGN}\b(?! (?:can |may |often )?looks? like).{{0,40}}(?:\b(?:is|are|includes?|such as|like)\b|:)"
                rf".{{0,60}}\b{FAITH}\b"
            ),
            NO_SIGN,
        ),
        Claim(
            re.compile(
                r"\b(?:risk|danger|threat|extremism)[ -]scor(?:e|es|ing)\b"
                r"|\bscore (?:him|her|them|the person)\b"
            ),
            "speaks of a risk score: describe what was seen and what is needed",
        ),
        Claim(
            re.compile(
                r"\b(?:he|she|they|you|person|prisoner|inmate|mentee|client|man|woman)(?:'s|’s| is| are)"
                r"(?: now| clearly| surely| definitely| certainly)?(?: an?)?"
                r" (?:radicali[sz]ed|radical|terrorist|extremist|jihadist|nazi)s?\b"
            ),
            "says for certain what a person is: say what was seen",
            DENIED_OR_OPEN,
        ),
        Claim(
            re.compile(
                r"\bwill (?:definitely|certainly|surely|always)\b.{0,30}\b(?:attack|kill|reoffend|radicali)"
                r"|\b(?:proves?|proof) that\b.{0,40}\bradicali[sz]"
                r"|\b(?:certain|sure|clear|definite) signs? (?:of|that)\b.{0,20}\b(?:radicali|terror|extremi)"
            ),
            "promises certainty that nobody has: say that it may be, and whom to ask",
        ),
        Claim(
            re.compile(r"\b(?:avoid|evade|escape|dodge)(?:s|ing)? (?:being )?(?:detect|notic|monitor|surveill)"),
            "may tell how not to be noticed: take it out",
        ),
    ),
}
"""Curated by language. Questions pass, and what stands in quotation marks: teaching quotes to answer."""

PHONE = re.compile(
    r"(?<![\w/.-])(?:\+|00|0)\d(?:[ ()./-]{0,2}\d){5,}"
    r"|(?<![\w/.-])\d{2,4}(?:[ -]\d{2,4}){2,}(?![\w/])"
    r"|\b(?:call|ring|dial|phone|text|number|hotline)(?: is| on| at|:)? (\d{2,4})\b"
    r"(?! ?(?:hours?|days?|weeks?|months?|minutes?|people|times|am|pm|h|%|:))",
    re.IGNORECASE,
)
DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.!?])\s+|\n+", text) if sentence.strip()]


def banned_claims(content: Content) -> Found:
    """Nothing shown labels people, takes faith for a sign or promises certainty."""
    claims = BANNED.get(content.language, ())
    for file, item, texts in _claimed(content):
        for sentence in (one for text in texts for one in _sentences(QUOTED.sub(" ", text).lower())):
            if sentence.rstrip().endswith("?"):
                continue
            for claim in claims:
                hit = claim.pattern.search(sentence)
                if hit is not None and claim.passes.search(sentence, 0, hit.end()) is None:
                    yield Problem(file, item, claim.remedy)


def phone_numbers(content: Content) -> Found:
    """112 is the only number that is right everywhere; others have a field of their own, or are the coordinator's."""
    shown = (*_shown(content), *_claimed(content))
    for file, item, texts in dict.fromkeys(shown):
        for text in texts:
            for hit in PHONE.finditer(DAY.sub(" ", text)):
                if hit.group(1) != "112":
                    yield Problem(file, item, "shows a phone number other than 112: take it out")


def _syllables(word: str) -> int:
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee", "ye")) and groups > 1
    return max(1, groups - silent)


def reading_grade(texts: Iterable[str]) -> float:
    """The Flesch-Kincaid grade of English text: years of school in the USA that are enough to read it.

    Kincaid, Fishburne, Rogers and Chissom (1975), Research Branch Report 8-75, US Naval Technical Training
    Command. Syllables are counted by groups of vowels, so that a grade is good to about one year.

    Returns:
        0.39 words a sentence + 11.8 syllables a word - 15.59; 0.0 for a text without words.
    """
    sentences = [sentence for text in texts for sentence in _sentences(text) if re.search(r"[A-Za-z]", sentence)]
    words = [word for sentence in sentences for word in re.findall(r"[a-z]+", sentence.lower().replace("'", ""))]
    if not words:
        return 0.0
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(_syllables, words)) / len(words) - 15.59


def hard_to_read(content: Content) -> Found:
    """English is no harder than nine years of school."""
    if content.language != "en":
        return
    for file, item, texts in _shown(content):
        words = sum(len(text.split()) for text in texts)
        if words >= GRADE_WORDS and (grade := reading_grade(texts)) > GRADE_LIMIT:
            remedy = f"reads like grade {grade:.0f} (Flesch-Kincaid): shorter sentences, everyday words"
            yield Problem(file, item, remedy, "warning")


# What needs more than the content itself


def _a_year_after(day: date) -> date:
    return date(day.year + 1, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)


def overdue_reviews(content: Content, today: date) -> Found:
    """Everything was reviewed within the last 12 months, and not in the future."""
    dated = {_guide_file(content): content.guide.reviewed}
    dated |= {_step_file(content, step): step.reviewed for step in content.steps.values()}
    dated |= {_item_file(content, question): question.reviewed for question in _questions(content)}
    dated |= {handoff_check.file_of(content, form): form.reviewed for form in content.handoffs.values()}
    if content.share is not None:
        dated[_share_file(content)] = content.share.reviewed
    if content.timeline is not None:
        dated[_timeline_file(content)] = content.timeline.reviewed
    for danger in content.danger:
        if danger.reviewed is not None:
            dated[f"{content.language}/danger.toml"] = danger.reviewed
    for file, reviewed in dated.items():
        if _a_year_after(reviewed) < today:
            yield Problem(file, "reviewed", f"{reviewed}, more than 12 months ago: review it", "warning")
        elif reviewed > today:
            yield Problem(file, "reviewed", f"{reviewed} is still to come: correct the day", "warning")


def missing_phrase_keys(content: Content, others: Iterable[Content]) -> Found:
    """Every language has the same phrases."""
    have = set(content.phrases.keys())
    folder = f"{content.language}/phrases"
    if not have:
        yield Problem(folder, "", "holds no phrases: the assistant has nothing to say", "warning")
    for other in others:
        for key in other.phrases.keys():  # noqa: SIM118  (a method of Phrases, which is no mapping)
            if key not in have:
                yield Problem(folder, key, f"is in {other.language} and missing here: translate it")
                have.add(key)


REFERENCE_RULES: tuple[Callable[[Content], Found], ...] = (
    unknown_steps,
    unknown_facts,
    unknown_in_aims,
    unknown_related,
    unnamed_countries,
    missing_paths,
    handoff_check.unknown_in_handoffs,
)

RULES: Mapping[str, Callable[[Content], Found]] = {
    rule.__name__.replace("_", "-"): rule
    for rule in (
        *REFERENCE_RULES,
        missing_sources,
        unsure_numbers,
        wrong_years,
        dead_ends,
        unreachable,
        missing_views,
        dead_share_rules,
        gaps_before_their_task,
        too_long_for_a_screen,
        too_few_phrasings,
        near_copies,
        shared_phrasings,
        banned_claims,
        phone_numbers,
        hard_to_read,
        handoff_check.steps_without_handoff,
        handoff_check.same_form_numbers,
        handoff_check.forms_that_ask_for_a_name,
        handoff_check.forms_without_orientation,
        handoff_check.forms_too_long_for_a_chat,
    )
}
"""Every rule that needs nothing but the content, by name."""
