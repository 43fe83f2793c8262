"""`integra content learn-danger`: from the writers' examples of danger to the weights the assistant uses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.common import AsJson, Refusal, out, out_json
from bot.commands.content import Edition, Language, existing
from guidance import library
from guidance.danger_learning import as_toml, learn
from guidance.danger_measuring import Found, of_strangers
from guidance.library import DangerExamples


def learn_danger(
    lang: Language = "en",
    edition: Edition = None,
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Write nothing: ask each file what the others teach."),
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="With --measure: a file to leave out and ask; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Learn from the example messages what danger sounds like, and write the weights; takes half a minute."""
    files, unread = library.packaged(existing(lang, edition), edition)
    examples, problems = library.danger_examples(files, lang)
    if unread or (examples is None and problems):
        raise Refusal("the examples have mistakes; see: integra check")
    if examples is None:
        raise Refusal(
            f"there are no examples in {lang}/{library.EXAMPLES}; without them danger is heard by its phrases"
        )
    if measure:
        _measure(examples, files, lang, only or sorted(examples.sets), as_json=as_json)
        return
    if only:
        raise Refusal("--only goes with --measure")
    every = [one for name in sorted(examples.sets) for one in examples.sets[name]]
    weights = learn(every, examples.groups, lang, examples.digest)
    with library.place(edition) as folder:
        target = folder / lang / library.WEIGHTS
        _write(target, as_toml(weights))
    if as_json:
        out_json({"file": f"{lang}/{library.WEIGHTS}", "messages": len(every), "weights": len(weights.danger)})
    else:
        out(f"{len(every)} messages read, {len(weights.danger)} weights written to {lang}/{library.WEIGHTS}")


def _write(target: Path, text: str) -> None:
    """Whole or not at all."""
    beside = target.with_suffix(".new")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(target)
    except OSError as error:
        raise Refusal(f"cannot write {target.name}: {error.strerror}") from error


def _measure(examples: DangerExamples, files: Mapping[str, str], lang: str, names: list[str], *, as_json: bool) -> None:
    unknown = [name for name in names if name not in examples.sets]
    if unknown:
        raise Refusal(f"there is no file {unknown[0]}.toml; there is: {', '.join(sorted(examples.sets))}")
    content, _ = library.from_files(files, lang)
    if content is None:
        raise Refusal("the content has mistakes; see: integra check")
    found = [one for name in names for one in of_strangers(name, examples, content.danger, lang)]
    if as_json:
        out_json([one.__dict__ for one in found])
        return
    out(f"{'file':12}{'kind':14}{'messages':>9}{'phrases':>9}{'learnt':>9}{'both':>9}")
    for one in found:
        out(f"{one.file:12}{one.kind:14}{one.messages:9}{one.phrases:9}{one.learnt:9}{one.both:9}")
    for kind in ("danger", "harmless"):
        out(_total([one for one in found if (one.kind == "harmless") == (kind == "harmless")], kind))


def _total(found: list[Found], kind: str) -> str:
    many = max(1, sum(one.messages for one in found))
    shares = (
        sum(counts) / many for counts in zip(*((one.phrases, one.learnt, one.both) for one in found), strict=True)
    )
    return f"{'all':12}{kind:14}{many:9}" + "".join(f"{share:9.1%}" for share in shares)
