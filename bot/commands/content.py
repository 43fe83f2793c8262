"""`integra check`, `integra ask`: the guidance, without any installation."""

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import site, wiring
from bot.clock import system_clock
from bot.commands.against import report
from bot.commands.common import AsJson, Refusal, out, out_json
from guidance import checker, filling, library
from guidance.edition import must_be_mended
from guidance.model import Content, Problem
from guidance.outcome import Found, Outcome
from guidance.phrases import PhraseError

Language = Annotated[str, typer.Option("--lang", help="Language of the content.")]
Edition = Annotated[
    Path | None,
    typer.Option(
        "--content",
        envvar="INTEGRA_CONTENT",
        exists=True,
        file_okay=False,
        help="A folder in place of the shipped content.",
    ),
]


def existing(lang: str, edition: Path | None) -> str:
    """
    Raises:
        Refusal: there is no content in this language.
    """
    there = library.languages(edition)
    if lang not in there:
        raise Refusal(f"there is no content in {lang}; there is: {', '.join(there) or 'none'}")
    return lang


def check(
    lang: Language = "",
    edition: Edition = None,
    against: Annotated[
        str, typer.Option(help="A git revision: tell which questions lead somewhere else than in it.")
    ] = "",
    repo: Annotated[
        Path | None, typer.Option(help="With --against: the repository; left out: where the content lies.")
    ] = None,
    questions: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="With --against: a question set to ask too; may be repeated."),
    ] = None,
    site_file: Annotated[
        Path | None,
        typer.Option("--site", exists=True, dir_okay=False, help="Check an operator's site.toml, and nothing else."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check all content and report what a writer must mend. Exit code 1 when something must."""
    if site_file is not None:
        if against:
            raise Refusal("--site checks one file by itself: leave --against out")
        _, wrong = site.checked(
            site_file, library.load(existing(lang or library.languages(edition)[0], edition), edition)
        )
        _report(wrong, "", as_json=as_json)
        return
    if against:
        report(against, repo, questions or [], existing(lang or "en", edition), edition, as_json=as_json)
        return
    if repo is not None or questions:
        raise Refusal("--repo and --questions go with --against REVISION")
    problems: list[Problem] = []
    counted = ""
    codes = (existing(lang, edition),) if lang else library.languages(edition)
    if not codes:
        raise Refusal(f"{edition} holds no language: name a folder with en/guide.toml in it")
    for code in codes:
        files, unread = library.packaged(code, edition)
        content, found = library.from_files(files, code)
        problems += [*unread, *found, *library.danger_examples(files, code)[1]]
        if content is not None:
            problems += checker.check(content, system_clock().date())
            problems += _pages(content)
            problems += must_be_mended(content, library.load()) if edition is not None else ()
            counted += f"{code}: {len(content.steps)} steps, {len(content.answers)} answers. "
    _report(problems, counted, as_json=as_json)


def _pages(content: Content) -> list[Problem]:
    """Forms that cannot be printed on one page, with everything of their steps ticked."""
    from bot import handoff_pdf  # loading what draws takes longer than most commands
    from bot.cards_pdf import Unprintable

    found = []
    try:
        sheets = filling.widest(content)
    except PhraseError:  # told where phrases are compared
        return []
    for sheet in sheets:
        try:
            handoff_pdf.check(sheet)
        except Unprintable as refused:
            file = f"{content.language}/handoffs/{sheet.form}.toml"
            found.append(Problem(file, f"{sheet.form} / {sheet.step}", str(refused).partition(": ")[2]))
    return found


def _report(problems: Iterable[Problem], counted: str, *, as_json: bool) -> None:
    """
    Raises:
        Exit: with 1, something must be mended.
    """
    unique = list(dict.fromkeys(problems))
    errors = [one for one in unique if one.severity == "error"]
    if as_json:
        out_json([{"severity": p.severity, "file": p.file, "item": p.item, "remedy": p.remedy} for p in unique])
    else:
        for one in unique:
            out(f"{one.severity:7}  {one.file}  {one.item}  {one.remedy}")
        out(f"{counted}{len(errors)} to mend, {len(unique) - len(errors)} to look at")
    if errors:
        raise typer.Exit(1)


def ask(
    question: Annotated[str, typer.Argument(help="The question; - reads one a line from standard input.")],
    role: Annotated[str, typer.Option(help="Who asks; breaks ties only.")] = "",
    lang: Language = "en",
    edition: Edition = None,
    as_json: AsJson = False,
) -> None:
    """Find the approved answer to a question, or say that there is none."""
    voices = wiring.voices(edition)
    if lang not in voices:
        raise Refusal(f"there is no content in {lang}; there is: {', '.join(voices)}")
    voice = voices[lang]
    for text in (line.rstrip("\n") for line in sys.stdin) if question == "-" else [question]:
        outcome = voice.asking.decide(text, role=role or None)
        if as_json:
            out(json.dumps(fields(outcome, voice.content), ensure_ascii=False))
            continue
        out(f"{outcome.decision} ({outcome.confidence:.2f})")
        for hit in outcome.hits:
            out(f"  {hit.score:.2f}  {hit.id}  {hit.title}")
        if outcome.decision == "danger":
            out(f"  {voice.text('danger-first')}")
        elif outcome.decision == "answer" and outcome.hits[0].id in voice.content.answers:
            out(voice.content.answers[outcome.hits[0].id].short)
        elif outcome.decision == "decline":
            decline = voice.content.declines[outcome.hits[0].id]
            out(f"{decline.say}\n{decline.next}")


def fields(outcome: Outcome, content: Content) -> dict[str, Any]:
    """The stable JSON form of an outcome; in danger the hit is the step that is for it."""
    if outcome.decision == "danger" and outcome.step is not None:
        step = content.steps[outcome.step]
        outcome = replace(outcome, hits=(Found(step.id, step.title, 1.0, step.facts, (step.id,), "step"),))
    return {
        "decision": outcome.decision,
        "confidence": round(outcome.confidence, 4),
        "hits": [
            {
                "id": hit.id,
                "title": hit.title,
                "score": round(hit.score, 4),
                "facts": list(hit.facts),
                "steps": list(hit.steps),
            }
            for hit in outcome.hits
        ],
    }
