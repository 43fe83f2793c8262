"""`integra content`: what the guidance covers, and pocket cards of it."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.common import AsJson, Refusal, out, out_json
from bot.commands.content import Edition, Language, existing
from guidance import cards, library
from guidance.cards import Card
from guidance.coverage import as_json as coverage_fields
from guidance.coverage import coverage as covered
from guidance.coverage import page
from guidance.model import Content

content = typer.Typer(no_args_is_help=True, help="What the guidance covers, and pocket cards of it.")

PAGE = Path("docs") / "coverage.md"


@content.command("coverage")
def coverage(
    as_json: AsJson = False,
    write: Annotated[bool, typer.Option("--write", help=f"Write {PAGE} of this repository anew.")] = False,
    lang: Language = "en",
    edition: Edition = None,
) -> None:
    """Count the guidance, and tell what serves each aim and expected outcome of the project."""
    loaded = _loaded(lang, edition)
    found = covered(loaded)
    if write:
        with library.place(None) as packaged:
            target = packaged.parent.parent / PAGE
        if edition is not None or lang != "en":
            raise Refusal(f"{PAGE} is about the shipped English content; leave --content and --lang out")
        if not target.parent.is_dir():
            raise Refusal(f"there is no folder {PAGE.parent} beside the program; run it in a copy of the repository")
        target.write_text(page(loaded, found), encoding="utf-8")
    if as_json:
        out_json(coverage_fields(found))
    else:
        for one in found.served:
            state = "NOT SERVED" if one.empty else f"{len(one.steps)} steps, {len(one.answers)} answers"
            out(f"{one.aim.id:4}{state:24}{one.aim.title}")
        out(
            f"{found.steps} steps, {found.decisions} decisions, {found.branches} branches, {found.answers} answers, "
            f"{found.declines} declines, {found.phrasings} phrasings, {found.danger_phrases} danger phrases, "
            f"{len(found.countries)} countries; {len(found.facts_used)} facts used, {len(found.facts_unused)} unused"
        )
        if write:
            out(f"{PAGE} is written")
    if any(one.empty for one in found.served):
        raise typer.Exit(1)


@content.command("print")
def print_(
    to: Annotated[Path, typer.Option("--out", help="Folder for the PDF files; made where it is not there.")],
    step: Annotated[str, typer.Option(help="A step, for example S05.")] = "",
    topic: Annotated[str, typer.Option(help="A topic, for example information_sharing.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Every step and topic.")] = False,
    lang: Language = "en",
    edition: Edition = None,
    as_json: AsJson = False,
) -> None:
    """Print pocket cards: A6, one PDF a card, with a code that tells whether it is still right."""
    from bot.cards_pdf import Unprintable, draw  # loading what draws takes longer than most commands

    if sum((bool(step), bool(topic), all_)) != 1:
        raise Refusal("say which: --step S05, --topic information_sharing, or --all")
    loaded = _loaded(lang, edition)
    wanted = cards.every(loaded) if all_ else (_wanted(loaded, step, topic),)
    try:
        drawn = [(card, draw(card, loaded.phrases.text("card-version", code=card.code))) for card in wanted]
    except Unprintable as refused:
        raise Refusal(str(refused)) from None
    to.mkdir(parents=True, exist_ok=True)
    made = [(card, to / f"{card.about}.pdf") for card in wanted]
    for (_, file), (_, pdf) in zip(made, drawn, strict=True):
        file.write_bytes(pdf)
    if as_json:
        out_json([{**_fields(card), "file": str(file)} for card, file in made])
        return
    for card, file in made:
        out(f"{card.code}  {file}")


@content.command("card")
def card(
    code: Annotated[str, typer.Argument(help="The code on a pocket card, for example S05-3K7.")],
    edition: Edition = None,
    as_json: AsJson = False,
) -> None:
    """Tell whether a pocket card is up to date, and what it is about. Exit code 1 when it is not."""
    if cards.read_code(code) is None:
        raise Refusal("that is not the code of a card; one looks like S05-3K7")
    told = cards.look_up((_loaded(lang, edition) for lang in library.languages(edition)), code)
    if told is None:
        raise Refusal("there is no card with this id, or no longer; print the cards again")
    if as_json:
        out_json({"current": told.current, **_fields(told.card)})
    elif told.current:
        out(f"up to date: {told.card.title}")
    else:
        out(f"out of date: {told.card.title}; the card of today is {told.card.code}")
    if not told.current:
        raise typer.Exit(1)


def _fields(card: Card) -> dict[str, str]:
    return {
        "code": card.code,
        "id": card.id,
        "about": card.about,
        "title": card.title,
        "language": card.language,
    }


def _loaded(lang: str, edition: Path | None) -> Content:
    return library.load(existing(lang, edition), edition)


def _wanted(loaded: Content, step: str, topic: str) -> Card:
    try:
        return cards.step_card(loaded, step.upper()) if step else cards.topic_card(loaded, topic)
    except KeyError:
        known = ", ".join(loaded.steps if step else cards.topic_ids(loaded).values())
        raise Refusal(f"there is no card of {step or topic}; there is: {known}") from None
