"""Questions at a terminal, for people who do this once a year. Without a terminal nothing is asked."""

import sys
from collections.abc import Callable, Mapping

import typer

from bot.commands.common import Refusal, out, secret
from storage.sealing import passphrase

Wrong = Callable[[str], str]
"""What is wrong with an answer; empty when it will do."""

CLEARED = "\033[2J\033[3J\033[H"
TRIES = 3


def at_terminal() -> bool:
    return sys.stdin.isatty()


def ask(question: str, *, suggested: str = "", wrong: Wrong = lambda _: "") -> str:
    """A line of text, asked for until it is right."""
    while True:
        answer = str(typer.prompt(question, default=suggested or None)).strip()
        problem = wrong(answer) if answer else "nothing was typed"
        if not problem:
            return answer
        out(f"  {problem[0].upper()}{problem[1:]}.")


def choose(question: str, options: Mapping[str, str]) -> str:
    """One of these keys, by its number; values say what each is."""
    out(question)
    widest = max(len(key) for key in options)
    for number, (key, means) in enumerate(options.items(), start=1):
        out(f"  {number}) {key.ljust(widest)}  {means}")
    numbers = {str(number): key for number, key in enumerate(options, start=1)}
    answer = ask("Number", wrong=lambda typed: "" if typed in numbers or typed in options else "that is none of these")
    return numbers.get(answer, answer)


def yes(question: str, *, suggested: bool = False) -> bool:
    return typer.confirm(question, default=suggested)


def or_ask(given: str | None, option: str, question: str, *, suggested: str = "") -> str:
    """What was given as an option, or asked for at a terminal.

    Raises:
        typer.BadParameter: not given, and there is nobody to ask (exit code 2).
    """
    if given is not None:
        return given
    if not at_terminal():
        raise typer.BadParameter(f"{option} is missing")
    return ask(question, suggested=suggested)


def agreed(question: str, yes_given: bool, *, asks: bool = True) -> None:
    """Go on only after somebody said yes.

    Args:
        asks: False for output that machines read.

    Raises:
        Refusal: said no, or there is nobody to ask and ``--yes`` was not given.
    """
    if yes_given:
        return
    if not asks or not at_terminal():
        raise Refusal("nobody is there to say yes; once it was compared, give --yes. Nothing was done")
    if not yes(question):
        raise Refusal("nothing was done")


def new_passphrase() -> str:
    """Six drawn words, shown once and typed back, or one's own twice.

    Raises:
        Refusal: none came about in three tries.
    """
    if yes("Shall I draw a passphrase of six words for you? (better than one you think up)", suggested=True):
        return _drawn()
    out(f"A passphrase of your own, at least {passphrase.SHORTEST} characters; it is not shown while you type.")
    for _ in range(TRIES):
        typed = secret("New passphrase: ")
        if problem := passphrase.weakness(typed):
            out(f"  {problem[0].upper()}{problem[1:]}. Once more.")
        elif secret("Again: ") != typed:
            out("  The two were not the same. Once more.")
        else:
            return typed
    raise Refusal("no passphrase came about; nothing was made")


def _drawn() -> str:
    words = passphrase.drawn()
    for _ in range(TRIES):
        out("\nWrite these six words down, on paper, and keep it apart from the key file:\n")
        out(f"    {words}\n")
        typer.prompt("Press Enter once they are written down; they are then gone", default="", show_default=False)
        typer.echo(CLEARED, nl=False)
        if " ".join(secret("Now type the six words: ").split()) == words:
            return words
        out("That was not the same. Once more.")
    raise Refusal("the words were not typed back; nothing was made")
