"""`integra content gaps`, `integra content draft`: what people ask that has no answer, and a draft of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import wiring
from bot.clock import system_clock
from bot.commands.common import AsJson, Data, Refusal, out, out_json
from bot.commands.content import Edition
from bot.commands.within import within
from bot.finding import Finding
from bot.installation import Installation
from bot.settings import Settings
from dialogues.model import Voice
from guidance import drafting, library
from guidance.outcome import Outcome
from guidance.themes import in_common, known_words, typical
from storage import agencies, audit
from storage import gaps as kept
from storage.gaps import Theme
from storage.transaction import Transaction

SHORT = 8
"""Digits of a theme's ref that are shown."""
FEWEST_DIGITS = 4
ALL_LANGUAGES = Annotated[str, typer.Option("--language", "--lang", help="Only questions asked in this language.")]
Agency = Annotated[str, typer.Option("--agency", help="Only what people of this agency asked.")]
SAID = {
    "open": "no answer",
    "offered": "offered",
    "answered": "answered",
    "not-helpful": "not helpful",
    "drafted": "draft",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A theme as writers see it.

    Attributes:
        state: a key of ``SAID``: what the content of today does with its question, or that a draft is there.
        answers: ids it leads to today.
        phrasings: the most typical one first, without words that would tell of one person.
    """

    id: str
    agency: str
    language: str
    times: int
    why: dict[str, int]
    last: str
    state: str
    answers: tuple[str, ...]
    phrasings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in ("id", "agency", "language", "times", "why", "last", "state")}
        return {
            **fields,
            "question": self.phrasings[0],
            "answers": list(self.answers),
            "phrasings": list(self.phrasings),
        }


def gaps(data: Data, language: ALL_LANGUAGES = "", agency: Agency = "", edition: Edition = None,
         as_json: AsJson = False) -> None:  # fmt: skip
    """What people asked that was not answered, by theme, once several different people asked. Nobody is named.

    An entry in the audit log.
    """
    settings = Settings.read(data)
    found, fewer = _read(data, settings, language, agency, edition or settings.content)
    people = settings.question_people
    if as_json:
        out_json({"people": people, "days": settings.question_days, "themes": [one.as_json() for one in found],
                  "fewer": fewer})  # fmt: skip
        return
    if not settings.question_days:
        out("No questions are kept here: question_days is 0.")
    if found:
        out(f"{'theme':{SHORT}}  {'agency':16}  times  {'last':10}  {'state':11}  question")
    for one in found:
        last = f"{one.id:{SHORT}}  {one.agency:16}  {one.times:5}  {one.last:10}  {SAID[one.state]:11}"
        out(f"{last}  {one.phrasings[0]}")
    more = "more " if found else ""
    asked = "question was" if fewer == 1 else "questions were"
    out(f"{fewer} {more}{asked} asked by fewer than {people} people; not shown")
    if any(one.state in ("open", "offered") for one in found):
        out("Next: integra content draft THEME --content FOLDER")


def draft(
    theme: Annotated[str, typer.Argument(help="A theme, as integra content gaps names it.")],
    data: Data,
    edition: Edition = None,
    as_json: AsJson = False,
) -> None:
    """Write a draft of an answer into the content folder, from a theme. Nobody is shown it until it is approved.

    An entry in the audit log.
    """
    settings = Settings.read(data)
    folder = edition or settings.content
    if folder is None:
        raise Refusal("name the folder that your writers work in: --content FOLDER")
    shown, _ = _read(data, settings, "", "", folder)
    same = [one for one in shown if len(theme) >= FEWEST_DIGITS and one.id.startswith(theme.lower()[:SHORT])]
    if len(same) != 1:
        raise Refusal("there is no such theme that enough people asked; see: integra content gaps")
    gap = same[0]
    if gap.state == "drafted":
        raise Refusal(f"there is a draft of it already; look for {gap.id} in {gap.language}/answers")
    voice = _voices(data, settings, folder)[gap.language]
    files, _ = library.packaged(gap.language, folder)
    there = {path.rpartition("/")[2].removesuffix(".toml") for path in files if "/answers/" in path}
    taken = {*voice.content.answers, *voice.content.declines}
    taken |= {one.removeprefix("draft_").replace("_", "-") for one in there if one.startswith("draft_")}
    id = drafting.answer_id(gap.phrasings[0], voice.rarity, taken)
    place = Path(gap.language) / "answers" / f"{drafting.topic_of(id)}.toml"
    try:
        with (folder / place).open("x", encoding="utf-8", newline="\n") as file:
            file.write(drafting.draft(gap.id, id, gap.phrasings))
    except OSError as failed:
        raise Refusal(f"cannot write {place}: {failed.strerror}") from failed
    if as_json:
        out_json({"theme": gap.id, "id": id, "file": str(place), "phrasings": len(gap.phrasings)})
    else:
        out(f"{place} is written. Nobody is shown it until it is finished and the line draft = true is gone.")


def _voices(data: Path, settings: Settings, edition: Path | None) -> Mapping[str, Voice]:
    """As the assistant of this folder speaks; what it learnt need not be learnt again."""
    finding = Finding(Installation.found(data).learnt, settings.by_meaning, quiet=True)
    return wiring.voices(edition, finding)


def _read(data: Path, settings: Settings, language: str, agency: str, edition: Path | None) -> tuple[list[Gap], int]:
    """What enough people asked, most often asked first, and how many other questions there are."""
    voices = _voices(data, settings, edition)
    if language and language not in voices:
        raise Refusal(f"there is no content in {language}; there is: {', '.join(voices)}")

    def read(tx: Transaction) -> list[tuple[str, Theme]]:
        rows = [agencies.by_slug(tx, agency)] if agency else agencies.every(tx)
        about = rows[0].ref if agency else b""
        audit.record(tx, "questions.listed", at=system_clock(), reason="operation", agency=about, about=about)
        return [(row.slug, theme) for row in rows for theme in kept.of_agency(tx, row.ref)]

    themes = [(slug, one) for slug, one in within(data, read) if language in ("", one.language)]
    enough = [(slug, one) for slug, one in themes if one.asked_by(settings.question_people) and one.texts]
    fewer = sum(len(one.asked) for _, one in themes) - sum(len(one.asked) for _, one in enough)
    spoken = {one.language for _, one in enough if one.language in voices}
    known = {code: known_words(voices[code].content) for code in spoken}
    drafts = {code: drafting.drafted(library.packaged(code, edition)[0], code) for code in spoken}
    found = [
        _gap(slug, one, voices[one.language], known[one.language], drafts[one.language])
        for slug, one in enough
        if one.language in voices
    ]
    return sorted(found, key=lambda one: (-one.times, one.id)), fewer


def _gap(slug: str, theme: Theme, voice: Voice, known: frozenset[str], drafts: frozenset[str]) -> Gap:
    texts = list(theme.texts)
    first = typical(texts, voice.rarity)
    phrasings = in_common([texts[first], *texts[:first], *texts[first + 1 :]], known, theme.language)
    id, outcome = theme.ref.hex()[:SHORT], voice.asking.decide(texts[first])
    why = dict(theme.why)
    return Gap(
        id, slug, theme.language, len(theme.asked), why, theme.last.date().isoformat(),
        "drafted" if id in drafts else _state(outcome, why), tuple(hit.id for hit in outcome.hits), phrasings,
    )  # fmt: skip


def _state(outcome: Outcome, why: dict[str, int]) -> str:
    match outcome.decision:
        case "refuse":
            return "open"
        case "offer":
            return "offered"
        case _ if why.get("not-helpful", 0) * 2 >= sum(why.values()):
            return "not-helpful"
        case _:
            return "answered"
