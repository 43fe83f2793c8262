"""More about a reason, as commands take it."""

from typing import Annotated

import typer

from storage.audit import MOST_WORDS

Words = Annotated[
    str,
    typer.Option(
        "--words",
        help="More about the reason, up to 500 characters, sealed; no name of the person concerned.",
        callback=lambda words: short_enough(words),
    ),
]


def short_enough(words: str) -> str:
    if len(words) > MOST_WORDS:
        raise typer.BadParameter(f"at most {MOST_WORDS} characters")
    return words
