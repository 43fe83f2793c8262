"""`integra content`: what the guidance covers and what it lacks, and pocket cards and forms of it."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.common import AsJson, Refusal, out, out_json
from bot.commands.content import Edition, Language, existing
from bot.commands.gaps import draft, gaps
from bot.commands.learn import learn_danger
from guidance import cards, filling, library
from guidance.cards import Card
from guidance.coverage import as_json as coverage_fields
from guidance.coverage import coverage as covered
from guidance.coverage import page
from guidance.handoff import Sheet
from guidance.model import Content

content = typer.Typer(
    no_args_is_help=True, help="What the guidance covers and what it lacks, and pocket cards and forms of it."
)

content.command("learn-danger")(learn_danger)
content.command("gaps")(gaps)
content.command("draft")(draft)

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
    all_: Annotated[bool, typer.Option("--all", help="The card of every step and topic.")] = False,
    forms: Annotated[bool, typer.Option("--forms", help="Every form of what leaves a step, empty: A4.")] = False,
    lang: Language = "en",
    edition: Edition = None,
    as_json: AsJson = False,
) -> None:
    """Print pocket cards (A6) or empty forms (A4), one PDF each, with a code that tells whether it is still right."""
    from bot.cards_pdf import Unprintable, draw  # loading what draws takes longer than most commands

    if sum((bool(step), bool(topic), all_, forms)) != 1:
        raise Refusal("say which: --step S05, --topic information_sharing, --all, or --forms")
    loaded = _loaded(lang, edition)
    if forms:
        _print_forms(loaded, to, as_json=as_json)
        return
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


def _print_forms(loaded: Content, to: Path, *, as_json: bool) -> None:
    from bot.cards_pdf import Unprintable
    from bot.handoff_pdf import draw

    try:
        drawn = [(sheet, to / f"{sheet.name}.pdf", draw(sheet)) for sheet in filling.every(loaded)]
    except Unprintable as refused:
        raise Refusal(str(refused)) from None
    if not drawn:
        raise Refusal(f"there are no forms in {loaded.language}: write some into {loaded.language}/handoffs")
    to.mkdir(parents=True, exist_ok=True)
    for _, file, pdf in drawn:
        file.write_bytes(pdf)
    if as_json:
        out_json([{**_form_fields(sheet), "file": str(file)} for sheet, file, _ in drawn])
        return
    for sheet, file, _ in drawn:
        out(f"{sheet.code}  {file}")


@content.command("card")
def card(
    code: Annotated[str, typer.Argument(help="The code on a pocket card or form, for example S05-3K7.")],
    edition: Edition = None,
    as_json: AsJson = False,
) -> None:
    """Tell whether a pocket card or form is up to date, and what it is about. Exit code 1 when it is not."""
    if cards.read_code(code) is None:
        raise Refusal("that is not the code of a card; one looks like S05-3K7")
    contents = [_loaded(lang, edition) for lang in library.languages(edition)]
    told, form = cards.look_up(contents, code), filling.look_up(contents, code)
    if told is not None:
        current, fields, kind = told.current, _fields(told.card), "card"
    elif form is not None:
        current, fields, kind = form.current, _form_fields(form.sheet), "form"
    else:
        raise Refusal("there is no card with this id, or no longer; print the cards again")
    if as_json:
        out_json({"current": current, **fields})
    elif current:
        out(f"up to date: {fields['title']}")
    else:
        out(f"out of date: {fields['title']}; the {kind} of today is {fields['code']}")
    if not current:
        raise typer.Exit(1)


def _form_fields(sheet: Sheet) -> dict[str, str]:
    return {
        "code": sheet.code,
        "id": sheet.code.partition("-")[0],
        "about": f"{sheet.form}-{sheet.step}",
        "title": sheet.title,
        "language": sheet.language,
    }


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
