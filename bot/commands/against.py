"""`integra check --against REV`: what a change of the content does to the questions people ask."""

from pathlib import Path
from typing import Any

from bot.commands.common import Refusal, out, out_json
from bot.revision import RevisionError, content_at
from guidance import library
from guidance.comparing import Comparison, Moved, Place, compare, in_words, read_questions
from guidance.model import Content

CHANGES = ("moves", "appears", "vanishes")


def report(revision: str, repo: Path | None, sets: list[Path], lang: str, root: Path | None, *, as_json: bool) -> None:
    """Compare and print.

    Args:
        repo: where the revision is; None: where the content of today lies.
        sets: files with further questions.
        root: a folder in place of the shipped content.
    """
    further = [question for path in sets for question in _read(path)]
    with library.place(root) as here:
        try:
            files = content_at(revision, repo or here)
        except RevisionError as refused:
            raise Refusal(str(refused)) from None
    before = _content(files, lang, f"the content of {revision}")
    texts, unread = library.packaged(lang, root)
    if unread:
        raise Refusal("the content of today has mistakes; see: integra check")
    after = _content(texts, lang, "the content of today")
    found = compare(before, after, further)
    if as_json:
        out_json(_fields(found))
        return
    for change in CHANGES:
        for one in found.moved:
            if one.change == change:
                out(_sentence(one, before, after))
    for label, ids in (("new", found.new), ("gone", found.gone)):
        if ids:
            out(f"{label}: {', '.join(ids)}")
    if found.same_version:
        steps = ", ".join(found.same_version)
        out(f"{steps} changed and the guide's version did not: add 1 to version in {lang}/guide.toml")
    counts = ", ".join(f"{sum(one.change == change for one in found.moved)} {_SAID[change]}" for change in CHANGES)
    danger = sum(one.danger for one in found.moved)
    out(f"{found.asked} questions asked: {counts}; {danger} of these are about danger")


_SAID = {"moves": "lead elsewhere", "appears": "lead somewhere now", "vanishes": "lead nowhere now"}


def _sentence(one: Moved, before: Content, after: Content) -> str:
    mark = "DANGER  " if one.danger else ""
    return (
        f'{mark}{one.change}: "{one.question}" led to {in_words(one.before, before)}, '
        f"now to {in_words(one.after, after)}"
    )


def _read(path: Path) -> tuple[str, ...]:
    try:
        return read_questions(path.read_text(encoding="utf-8"))
    except ValueError:
        raise Refusal(f"{path} is not TOML in UTF-8; it cannot be read as questions") from None


def _content(files: Any, lang: str, what: str) -> Content:
    content, problems = library.from_files(files, lang)
    if content is None:
        errors = [one for one in problems if one.severity == "error"]
        raise Refusal(
            f"{what} in {lang} has {len(errors)} mistakes by the rules of today and cannot be compared; "
            f"the first: {errors[0].file} {errors[0].item} {errors[0].remedy}"
        )
    return content


def _fields(found: Comparison) -> dict[str, Any]:
    def place(one: Place) -> dict[str, Any]:
        return {"decision": one.decision, "ids": list(one.ids)}

    return {
        "asked": found.asked,
        "moved": [
            {
                "question": one.question,
                "change": one.change,
                "danger": one.danger,
                "before": place(one.before),
                "after": place(one.after),
            }
            for one in found.moved
        ],
        "new": list(found.new),
        "gone": list(found.gone),
        "same_version": list(found.same_version),
    }
