"""From the text of a content file to checked values, or to a list of what a writer must mend.

Pure, and no text makes it raise. Everything wrong in a file is told at once, each with file, item and remedy.
A value that is wrong is left empty and the rest goes on, so that the references between files can be looked
at in the same go; whoever calls must show nothing to people while there is a problem of severity ``error``.
How files fit each other is not looked at here, see ``guidance.checker``.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from fluent.syntax import ast
from fluent.syntax.visitor import Visitor

from guidance.fields import ID_LIMIT, Fields, did_you_mean, no_doubles, opened, spoken, stem
from guidance.fluent_files import parsed
from guidance.model import (
    AIM_KINDS,
    CONTENT_ROLES,
    DANGER_KINDS,
    END,
    KINDS,
    ROLES,
    Aim,
    Answer,
    Branch,
    Check,
    DangerPhrases,
    Decision,
    Decline,
    Fact,
    Guide,
    Problem,
    Source,
    Step,
)
from guidance.phrases import Phrases
from guidance.share import DANGER, LOG_WORDS, OUTCOME_KINDS, QUESTIONS, Option, Question, Rule, Table
from guidance.site import BODY_USES, EVERYWHERE, NUMBER_USES, Body, Number, OwnSite, Site
from guidance.timeline import Offset, read_offset

STEP_ID = re.compile(r"S[0-9]{2}")
AIM_ID = re.compile(r"[AO][0-9]{1,2}")
KEBAB_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
REGISTER_ID = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
SNAKE_ID = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
BRANCH_KEY = re.compile(r"[a-z0-9-]{1,20}")
COUNTRY = re.compile(r"[A-Z]{2}")
SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
CALLABLE = re.compile(r"\+?[0-9]+( [0-9]+)*")

SINGLE_FILES = ("guide", "declines", "danger")
"""What every language has one of, beside its steps, answers and phrases."""

NO_PHRASES = Phrases("en", ())

DRAFT = "draft"
"""In an answers file: nobody is shown what it holds."""

PHRASING_LIMIT = 160
DANGER_LIMIT = 500
OWNER_LIMIT = 60
NUMBER_DIGITS = range(2, 18)
"""Digits in a number to call: 15 at most after the country's own prefix, https://www.itu.int/rec/T-REC-E.164"""

AUDIENCES = (*CONTENT_ROLES, "family_worker")
CONFIDENCES = ("verified", "unverified")
FLUENT_FUNCTIONS = ("NUMBER", "DATETIME")
SITE_FOLDER = "site/"
"""Country defaults lie below it, in no language's folder."""

_MANY = 1_000_000


def read_sources(text: str, file: str) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    """``sources.toml``: what every fact rests on."""
    problems: list[Problem] = []
    found: list[Source] = []
    if (top := opened(text, file, problems)) is not None:
        for part in top.tables("source", "source"):
            source = Source(
                id=part.id("id", REGISTER_ID, "COE-GL"),
                title=part.text("title", 200),
                publisher=part.text("publisher", 100),
                kind=part.choice("kind", KINDS),
                year=part.whole("year", 1900, 2100, needed=False),
                url=part.text("url", 400, needed=False) or None,
            )
            if source.url is not None and re.fullmatch(r"https?://[^\s/]+\.[^\s]+", source.url) is None:
                part.wrong("url", "must be a public address that starts with http:// or https://")
            part.done()
            found.append(source)
        top.done()
    return tuple(found), tuple(problems)


def read_facts(text: str, file: str) -> tuple[tuple[Fact, ...], tuple[Problem, ...]]:
    """``facts.toml``: what guidance may rest on."""
    problems: list[Problem] = []
    found: list[Fact] = []
    if (top := opened(text, file, problems)) is not None:
        for part in top.tables("fact", "fact"):
            found.append(
                Fact(
                    id=part.id("id", REGISTER_ID, "IS-consent"),
                    topic=part.id("topic", SNAKE_ID, "information_sharing"),
                    kind=part.choice("kind", KINDS),
                    sources=part.ids("sources", REGISTER_ID, "COE-GL", at_least=1),
                    confidence=part.choice("confidence", CONFIDENCES),
                    audience=part.choices("audience", AUDIENCES),
                    stage=part.id("stage", SNAKE_ID, "pre_release"),
                )
            )
            part.done()
        top.done()
    return tuple(found), tuple(problems)


def read_aims(text: str, file: str) -> tuple[tuple[Aim, ...], tuple[Problem, ...]]:
    """``aims.toml``: the aims and expected outcomes that guidance serves."""
    problems: list[Problem] = []
    found: list[Aim] = []
    if (top := opened(text, file, problems)) is not None:
        for part in top.tables("aim", "aim"):
            found.append(
                Aim(
                    id=part.id("id", AIM_ID, "A1"),
                    kind=part.choice("kind", AIM_KINDS),
                    title=part.text("title", 200),
                    topics=part.ids("topics", SNAKE_ID, "information_sharing", at_least=1),
                    steps=part.ids("steps", STEP_ID, "S05", at_least=1),
                    facts=part.ids("facts", REGISTER_ID, "MA-map"),
                )
            )
            part.done()
        top.done()
    return tuple(found), tuple(problems)


def read_guide(text: str, file: str) -> tuple[Guide | None, tuple[Problem, ...]]:
    """``<language>/guide.toml``: the guide's head."""
    problems: list[Problem] = []
    if (top := opened(text, file, problems)) is None:
        return None, tuple(problems)
    shortcuts, paths = top.table("shortcuts"), top.table("paths")
    for name in shortcuts.names():
        if SNAKE_ID.fullmatch(name) is None:
            shortcuts.wrong(name[:ID_LIMIT], 'is not a good name: write it like "danger_now"')
    guide = Guide(
        id=top.id("id", KEBAB_ID, "cooperation"),
        title=top.text("title", 80),
        version=top.whole("version", 1, _MANY) or 1,
        reviewed=top.day("reviewed"),
        owner=top.text("owner", OWNER_LIMIT),
        shortcuts=MappingProxyType({name: shortcuts.id(name, STEP_ID, "S14") for name in shortcuts.names()}),
        paths=MappingProxyType({role: paths.ids(role, STEP_ID, "S01", at_least=1) for role in CONTENT_ROLES}),
    )
    for table in (shortcuts, paths, top):
        table.done()
    return guide, tuple(problems)


def read_step(text: str, file: str) -> tuple[Step | None, tuple[Problem, ...]]:
    """``<language>/steps/<id>.toml``: one step; the file is called after its id."""
    problems: list[Problem] = []
    if (top := opened(text, file, problems)) is None:
        return None, tuple(problems)
    step_id = top.id("id", STEP_ID, "S01")
    if step_id and step_id != stem(file):
        top.wrong("id", f'is "{step_id}", and the file is called {stem(file)}.toml: make them the same')
    views = top.table("roles")
    roles = {role: views.text(role, 300, needed=False) for role in CONTENT_ROLES}
    views.done()
    step = Step(
        id=step_id,
        title=top.text("title", 40),
        stage=top.id("stage", SNAKE_ID, "pre_release"),
        reviewed=top.day("reviewed"),
        owner=top.text("owner", OWNER_LIMIT),
        purpose=top.text("purpose", 250),
        lead=top.text("lead", 200),
        timing=top.text("timing", 160),
        inputs=top.texts("inputs", 90),
        handoff=top.text("handoff", 200),
        mistakes=top.texts("mistakes", 110),
        facts=top.ids("facts", REGISTER_ID, "PH-def"),
        roles=MappingProxyType({role: view for role, view in roles.items() if view}),
        checks=tuple(_checks(top, step_id)),
        decisions=tuple(_decisions(top, step_id)),
    )
    top.done()
    no_doubles(top, [check.id for check in step.checks], "check id")
    no_doubles(top, [decision.id for decision in step.decisions], "decision id")
    return step, tuple(problems)


def _checks(top: Fields, step_id: str) -> Iterator[Check]:
    form = re.compile(re.escape(step_id) + r"-C[0-9]{2}")
    for part in top.tables("check", "check"):
        yield Check(part.id("id", form, f"{step_id}-C01"), part.text("text", 110))
        part.done()


def _decisions(top: Fields, step_id: str) -> Iterator[Decision]:
    form = re.compile(re.escape(step_id) + r"-D[0-9]{1,2}")
    for part in top.tables("decision", "decision"):
        decision = Decision(
            id=part.id("id", form, f"{step_id}-D1"),
            ask=part.text("ask", 200),
            branches=tuple(_branches(part)),
        )
        if len(decision.branches) < 2:
            part.wrong("branch", "must be there at least twice: a decision with one way out decides nothing")
        no_doubles(part, [branch.key for branch in decision.branches], "branch key")
        part.done()
        yield decision


def _branches(decision: Fields) -> Iterator[Branch]:
    for part in decision.tables("branch", "decision.branch", name="key"):
        goto = part.text("goto", ID_LIMIT, needed=False)
        if goto and goto != END and STEP_ID.fullmatch(goto) is None:
            part.wrong("goto", f'must be a step id like "S02", or "{END}"')
            goto = ""
        branch = Branch(
            key=part.id("key", BRANCH_KEY, "yes"),
            label=part.text("label", 34),
            say=part.text("say", 300, lines=True),
            goto=goto or None,
            returns=part.yes("returns"),
        )
        if branch.returns and branch.goto in (None, END):
            part.wrong("returns", "needs a goto with a step id: say where to go before coming back")
        part.done()
        yield branch


def read_answers(text: str, file: str) -> tuple[tuple[Answer, ...], tuple[Problem, ...]]:
    """``<language>/answers/<topic>.toml``: the answers of one topic; the file is called after it. Of a draft none."""
    problems: list[Problem] = []
    found: list[Answer] = []
    if (top := opened(text, file, problems)) is not None:
        if top.yes(DRAFT):
            remedy = f"is a draft, and shown to nobody: finish it, then take out the line {DRAFT} = true"
            return (), (Problem(file, "", remedy, "warning"),)
        topic = top.id("topic", SNAKE_ID, "information_sharing")
        if topic and topic != stem(file):
            top.wrong("topic", f'is "{topic}", and the file is called {stem(file)}.toml: make them the same')
        owner, reviewed = top.text("owner", OWNER_LIMIT), top.day("reviewed")
        for part in top.tables("answer", "answer"):
            found.append(
                Answer(
                    id=part.id("id", KEBAB_ID, "share-without-consent"),
                    topic=topic,
                    title=part.text("title", 48),
                    asked_as=part.texts("asked_as", PHRASING_LIMIT, at_least=1),
                    short=part.text("short", 350, lines=True),
                    more=part.text("more", 1200, needed=False, lines=True),
                    facts=part.ids("facts", REGISTER_ID, "IS-consent", at_least=1),
                    steps=part.ids("steps", STEP_ID, "S05"),
                    related=part.ids("related", KEBAB_ID, "share-without-consent"),
                    roles=part.choices("roles", CONTENT_ROLES, at_least=1),
                    owner=owner,
                    reviewed=reviewed,
                    words=part.text("words", 350, needed=False, lines=True) or None,
                    keywords=part.texts("keywords", ID_LIMIT),
                )
            )
            part.done()
        top.done()
    return tuple(found), tuple(problems)


def read_declines(text: str, file: str) -> tuple[tuple[Decline, ...], tuple[Problem, ...]]:
    """``<language>/declines.toml``: questions that must not be answered."""
    problems: list[Problem] = []
    found: list[Decline] = []
    if (top := opened(text, file, problems)) is not None:
        top.text("topic", ID_LIMIT, needed=False)
        owner, reviewed = top.text("owner", OWNER_LIMIT), top.day("reviewed")
        for part in top.tables("decline", "decline"):
            found.append(
                Decline(
                    id=part.id("id", KEBAB_ID, "no-risk-score"),
                    title=part.text("title", 48),
                    asked_as=part.texts("asked_as", PHRASING_LIMIT, at_least=1),
                    say=part.text("say", 350, lines=True),
                    next=part.text("next", 250, lines=True),
                    steps=part.ids("steps", STEP_ID, "S04"),
                    facts=part.ids("facts", REGISTER_ID, "ET-tool-limits"),
                    owner=owner,
                    reviewed=reviewed,
                )
            )
            part.done()
        top.done()
    return tuple(found), tuple(problems)


def read_danger(text: str, file: str) -> tuple[tuple[DangerPhrases, ...], tuple[Problem, ...]]:
    """``<language>/danger.toml``: how people say that somebody is in danger."""
    problems: list[Problem] = []
    found: list[DangerPhrases] = []
    if (top := opened(text, file, problems)) is not None:
        top.text("topic", ID_LIMIT, needed=False)
        owner = top.text("owner", OWNER_LIMIT, needed=False)
        reviewed = top.day("reviewed") if "reviewed" in top.names() else None
        for part in top.tables("danger", "danger", name="kind"):
            found.append(
                DangerPhrases(
                    kind=part.choice("kind", DANGER_KINDS),
                    step=part.id("step", STEP_ID, "S14"),
                    phrases=part.texts("phrases", DANGER_LIMIT, at_least=1),
                    owner=owner,
                    reviewed=reviewed,
                )
            )
            part.done()
        top.done()
    return tuple(found), tuple(problems)


def read_share(text: str, file: str) -> tuple[Table | None, tuple[Problem, ...]]:
    """``<language>/share.toml``: what may be passed on, to whom; None where it cannot decide every case."""
    problems: list[Problem] = []
    if (top := opened(text, file, problems)) is None:
        return None, tuple(problems)
    questions = tuple(_share_questions(top))
    asked = tuple(question.key for question in questions)
    for key in QUESTIONS:
        if asked.count(key) != 1:
            top.wrong(key, f"must be asked once: write one [[question]] with the key {key}")
    if DANGER[1] not in [one.key for question in questions if question.key == DANGER[0] for one in question.options]:
        top.wrong(DANGER[0], f'needs an option with the key "{DANGER[1]}"')
    rules = tuple(_share_rules(top, questions))
    no_doubles(top, [rule.id for rule in rules], "rule id")
    if not rules or rules[0].kind != "share-now" or rules[0].when != {DANGER[0]: (DANGER[1],)}:
        top.wrong("rule 1", f'must be the one for danger: danger = ["{DANGER[1]}"], no other condition, share-now')
    if not rules or rules[-1].when or rules[-1].shares:
        top.wrong("the last rule", "must hold for all that is left: no condition, and ask-first or do-not")
    log = top.table("log")
    lines: dict[str, str] = {kind: _log_line(log, kind) for kind in OUTCOME_KINDS}
    log.done()
    table = Table(
        owner=top.text("owner", OWNER_LIMIT),
        reviewed=top.day("reviewed"),
        orientation=top.text("orientation", 120),
        questions=questions,
        rules=rules,
        log=MappingProxyType(lines),
        unknown=top.text("unknown", 40),
    )
    top.done()
    return None if problems else table, tuple(problems)


def _share_questions(top: Fields) -> Iterator[Question]:
    for part in top.tables("question", "question", name="key"):
        key = part.choice("key", QUESTIONS)
        question = Question(key, part.text("ask", 200), tuple(_options(part, about_told=key == "told")))
        if len(question.options) < 2:
            part.wrong("option", "must be there at least twice: a question with one answer asks nothing")
        no_doubles(part, [option.key for option in question.options], "option key")
        for option in question.options:
            if key == "role" and option.key not in CONTENT_ROLES:
                part.wrong(option.key, f"must be one of {spoken(CONTENT_ROLES)}")
        part.done()
        yield question


def _options(question: Fields, *, about_told: bool) -> Iterator[Option]:
    for part in question.tables("option", "question.option", name="key"):
        yield Option(
            key=part.id("key", BRANCH_KEY, "yes"),
            label=part.text("label", 34),
            said=part.text("said", 40),
            sharing=part.text("sharing", 350) if about_told else "",
            asking=part.text("asking", 350) if about_told else "",
        )
        part.done()


def _share_rules(top: Fields, questions: tuple[Question, ...]) -> Iterator[Rule]:
    for part in top.tables("rule", "rule"):
        kind = part.choice("outcome", OUTCOME_KINDS)
        when = {}
        for question in questions:
            keys = tuple(option.key for option in question.options)
            if question.key in part.names() and (chosen := part.choices(question.key, keys, at_least=1)):
                when[question.key] = chosen
        rule = Rule(
            id=part.id("id", KEBAB_ID, "press-and-media"),
            kind=kind,
            when=MappingProxyType(when),
            do=part.text("do", 350),
            reason=part.text("reason", 350),
            words=part.text("words", 350),
            check=part.text("check", 200),
            facts=part.ids("facts", REGISTER_ID, "IS-consent", at_least=1),
            basis=part.text("basis", 90),
            approved=part.text("approved", 60),
            what=part.text("what", 90, needed=kind in ("share-now", "share-least")),
            to=part.text("to", 60, needed=kind == "share-now"),
            aim=part.text("aim", 60, needed=kind == "share-now"),
        )
        if rule.what and not rule.shares:
            part.wrong("what", "is only for rules that share: take it out")
        if kind == "share-least" and not {"who", "purpose", "info"} <= set(when):
            part.wrong("outcome", "shares without who, purpose and info among its conditions: name all three")
        part.done()
        yield rule


def _log_line(log: Fields, kind: str) -> str:
    line = log.text(kind, 200)
    for word in re.findall(r"\{([^}]*)\}", line):
        if word not in LOG_WORDS:
            log.wrong(kind, f"has a word in braces that is not known; those there are: {spoken(LOG_WORDS)}")
    return line


def read_site(text: str, file: str) -> tuple[Site | None, tuple[Problem, ...]]:
    """``site/<country>.toml``: what public sources say of a country; every entry names its facts."""
    problems: list[Problem] = []
    if (top := opened(text, file, problems)) is None:
        return None, tuple(problems)
    country = top.id("country", COUNTRY, "FR")
    if country and country.lower() != stem(file):
        top.wrong("country", f'is "{country}", and the file is called {stem(file)}.toml: make them the same')
    numbers, bodies = _site_entries(top, country)
    if EVERYWHERE not in [one.number for one in numbers if one.use == "emergency"]:
        top.wrong("number", f'must hold {EVERYWHERE} for = "emergency"')
    top.done()
    return None if problems else Site(country, numbers, bodies), tuple(problems)


def read_own_site(text: str, file: str) -> tuple[OwnSite | None, tuple[Problem, ...]]:
    """``site.toml``, the operator's own: as a country's, facts not needed, with timings and alarm lines, by agency."""
    problems: list[Problem] = []
    if (top := opened(text, file, problems)) is None:
        return None, tuple(problems)
    country = top.id("country", COUNTRY, "FR", needed=False)
    common = _own_site(top, country)
    agencies: dict[str, Site] = {}
    if "agency" in top.names():
        sections = top.table("agency")
        for slug in sections.names():
            if SLUG.fullmatch(slug) is None:
                sections.wrong("a slug", "is not one: write [agency.SLUG] as in: integra agency list")
            section = sections.table(slug)
            agencies[slug] = _own_site(section, "")
            section.done()
        sections.done()
    top.done()
    return None if problems else OwnSite(common, MappingProxyType(agencies)), tuple(problems)


def _own_site(part: Fields, country: str) -> Site:
    numbers, bodies = _site_entries(part, "")
    timings: dict[str, str] = {}
    if "timings" in part.names():
        table = part.table("timings")
        for step_id in table.names():
            if STEP_ID.fullmatch(step_id) is None:
                table.wrong(step_id[:ID_LIMIT], 'is not a step id: write it like S01 = "the same day"')
            timings[step_id] = table.text(step_id, 160)
        table.done()
    alarm: dict[str, str] = {}
    if "alarm" in part.names():
        table = part.table("alarm")
        alarm = {role: line for role in ROLES if (line := table.text(role, 200, needed=False))}
        table.done()
    release: dict[str, Offset] = {}
    if "release" in part.names():
        table = part.table("release")
        for milestone in table.names():
            if KEBAB_ID.fullmatch(milestone) is None or len(milestone) > ID_LIMIT:
                table.wrong("a milestone", 'is not one: write it like m12 = "-10 months"')
            if (moved := read_offset(text := table.text(milestone, 20))) is not None:
                release[milestone] = moved
            elif text:
                table.wrong(milestone[:ID_LIMIT], 'is no time: write it like "-10 months", "-1 week" or "+72 hours"')
        table.done()
    return Site(
        country,
        numbers,
        bodies,
        MappingProxyType(timings),
        MappingProxyType(alarm),
        MappingProxyType(release),
    )


def _site_entries(part: Fields, country: str) -> tuple[tuple[Number, ...], tuple[Body, ...]]:
    """``country`` is whose default it is, where every entry needs facts; empty in the operator's own file."""
    default = part.file.startswith(SITE_FOLDER)
    numbers, bodies = [], []
    for one in part.tables("number", "number", name="for"):
        number = Number(
            use=one.choice("for", NUMBER_USES),
            number=one.text("number", ID_LIMIT),
            when=one.text("when", 160, needed=default),
            facts=one.ids("facts", REGISTER_ID, "CR-112", at_least=int(default)),
            as_of=one.whole("as_of", 1990, 2100, needed=False),
            country=country,
        )
        digits = sum(sign.isdecimal() for sign in number.number)
        if number.number and (CALLABLE.fullmatch(number.number) is None or digits not in NUMBER_DIGITS):
            one.wrong("number", "must be digits with single blanks between them, like 0 800 005 696")
        one.done()
        numbers.append(number)
    for one in part.tables("body", "body", name="name"):
        bodies.append(
            Body(
                use=one.choice("for", BODY_USES),
                name=one.text("name", 80),
                what=one.text("what", 200, needed=default),
                facts=one.ids("facts", REGISTER_ID, "FR-05", at_least=int(default)),
                as_of=one.whole("as_of", 1990, 2100, needed=False),
                country=country,
            )
        )
        one.done()
    no_doubles(part, [f"{one.use} {one.number}" for one in numbers], "number")
    no_doubles(part, [f"{one.use} {one.name}" for one in bodies], "name")
    return tuple(numbers), tuple(bodies)


class _Mentions(Visitor):
    """What a Fluent entry refers to: other messages, terms (with a dash before), functions."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.functions: set[str] = set()

    def visit_MessageReference(self, node: ast.MessageReference) -> None:
        self.found.add(node.id.name)
        self.generic_visit(node)

    def visit_TermReference(self, node: ast.TermReference) -> None:
        self.found.add(f"-{node.id.name}")
        self.generic_visit(node)

    def visit_FunctionReference(self, node: ast.FunctionReference) -> None:
        self.functions.add(node.id.name)
        self.generic_visit(node)


def read_phrases(lang: str, texts: Mapping[str, str]) -> tuple[Phrases | None, tuple[Problem, ...]]:
    """All ``<language>/phrases/*.ftl`` together, file path to text; None where there are none."""
    problems: list[Problem] = []
    where: dict[str, str] = {}
    mentions: list[tuple[str, str, str]] = []
    resources: list[ast.Resource] = []
    for file, text in texts.items():
        try:
            resources.append(parsed(text))
        except RecursionError:
            problems.append(Problem(file, "", "has braces within braces without end: take them out"))
            continue
        for entry in resources[-1].body:
            if isinstance(entry, ast.Junk):
                start = entry.span.start if entry.span is not None else 0
                line = text.count("\n", 0, start) + 1
                remedy = "cannot be read as a phrase: look for a missing = or a brace { that is not closed"
                problems.append(Problem(file, f"line {line}", remedy))
            if not isinstance(entry, ast.Message | ast.Term):
                continue
            name = f"-{entry.id.name}" if isinstance(entry, ast.Term) else entry.id.name
            if name in where:
                problems.append(Problem(file, name, f"is already in {where[name]}: take one out or rename it"))
            where.setdefault(name, file)
            seen = _Mentions()
            seen.visit(entry)
            mentions.extend((file, name, other) for other in sorted(seen.found))
            for function in sorted(seen.functions - set(FLUENT_FUNCTIONS)):
                problems.append(Problem(file, name, f"uses {function}(), which there is not: take it out"))
    for file, name, other in mentions:
        if other not in where:
            problems.append(Problem(file, name, f"refers to {{ {other} }}, which there is not{_near(other, where)}"))
    if problems or not texts:
        return None, tuple(problems)
    return Phrases(lang, resources), ()


def _near(name: str, known: Mapping[str, str]) -> str:
    return did_you_mean(name, tuple(known)) or ": correct it"
