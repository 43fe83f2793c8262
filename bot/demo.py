"""The demo: commands that show what is normally apart, and a scripted tour of the whole job."""

from collections.abc import Callable
from pathlib import Path

from bot.app import App
from bot.chat import Chat, Extra
from bot.clock import MovableClock
from bot.trial import Trial
from bot.vault import vault
from dialogues.reference import read_reference
from storage.errors import Unknown
from storage.opened import as_text, open_reference
from storage.sealing import keyfile
from storage.sealing.errors import NoteUnreadable
from storage.sealing.suites import OpeningKey
from storage.store import Store

PEOPLE = ("officer", "mentor", "coordinator")

WELCOME = """\
INTEGRA Assistant, demo. Nothing leaves this machine; the folder is thrown away at the end.
Type as on the phone; a number or [key] presses a button. You are a probation officer. Try:
  can i tell the police without his consent     a question, answered from approved guidance
  /guide                                        the cooperation guide, step by step
  /note                                         write down what happened; flag it
  /photo FILE, /voice FILE                      send a photo (JPEG), a voice message (Ogg Opus) with a note
  /as coordinator                               become the coordinator (also: /as mentor, /as officer)
  /open REFERENCE                               open a note with the coordinator's key, as on their machine
  /wait 3m                                      let time pass (notes are handed over after two minutes)
  /sync                                         hand over to the case system, and look into its folder
  /vault                                        what the server really holds
  /quit                                         leave
"""


class Demo:
    """Commands of the demo's terminal. Server, coordinator and case system are folders side by side here."""

    def __init__(self, trial: Trial, store: Store, app: App, clock: MovableClock) -> None:
        self._trial, self._store, self._app, self._clock = trial, store, app, clock
        self.extras: dict[str, Extra] = {"/vault": self._vault, "/open": self._open, "/sync": self._sync}

    async def _vault(self, _: str) -> str:
        return vault(self._trial.installation.database)

    async def _open(self, reference: str) -> str:
        short = read_reference(reference)
        if short is None:
            return "Which one? For example: /open K7QF-3M2D (the reference stands in the notice)"
        key = opening_key(self._trial.coordinator_key)
        ingest = (self._trial.installation.keyring().ingest.public,)
        store = self._trial.installation.store(reads_notes=True, operator="coordinator")
        now = self._clock()
        try:
            found = await store.run(lambda tx: open_reference(tx, short, key, ingest, at=now, reason="handling"))
        except (Unknown, NoteUnreadable) as refused:
            return f"It does not open: {refused}"
        finally:
            store.close()
        opened = "\n\n".join(as_text(one) for one in found)
        command = f"integra notes open {short} --reason handling --key coordinator.key"
        return f"(on the coordinator's machine: {command})\n{opened}"

    async def _sync(self, _: str) -> str:
        from bot.demo_sync import handed_over  # with all that delivers to case systems, a quarter of a second

        await self._app.timers.run_due()
        return await handed_over(self._trial, self._clock)


async def tour(chat: Chat, out: Callable[[str], None]) -> None:
    """The whole job, played and printed."""
    out("A tour of INTEGRA Assistant. Lines with > are typed on the phone; [key] is a button pressed.\n")
    reference = ""
    for chapter, lines in TOUR:
        out(f"\n== {chapter} ==")
        for typed in lines:
            line = typed.replace("REFERENCE", reference)
            out(f"> {line}")
            said = await chat.line(line)
            if "Reference " in said:
                reference = said.partition("Reference ")[2][:9]
            out(said)
    out("\nThat was the whole job. Try it yourself in a terminal, and in the browser: make demo")


TOUR: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "An officer walks a step of the guide",
        ("/guide", "[S01]", "[none]", "[go]", "[tick.1]", "[tick.2]", "[go]", "[b.no]", "[pause]"),
    ),
    ("asks a question in a hurry", ("do i need consent to share info", "[helpful]")),
    (
        "writes down what happened, and flags it",
        (
            "/note",
            "AB-1234-P",
            "[incident]",
            "10 min ago",
            'He said to two others in the yard: "you will hear of me on friday".',
            "He stopped when I came closer.",
            "[next]",
            "A colleague on the wing told me he gave away his radio.",
            "[next]",
            "[next]",
            "He had bad news from home this week.",
            "[next]",
            "[urgent]",
            "[yes]",
            "[threat]",
            "[log]",
        ),
    ),
    (
        "The coordinator hears of it without content, takes it, and opens it with a key the server does not have",
        ("/as coordinator", "[inbox.REFERENCE.take]", "/open REFERENCE", "[close]", "[acted]"),
    ),
    ("The author hears the outcome", ("/as officer", "/notes")),
    ("Two minutes later it goes to the case system, once", ("/wait 3m", "/sync", "/sync")),
    ("What the server holds", ("/vault",)),
)


def opening_key(path: Path) -> OpeningKey:
    key = keyfile.read(path).key
    if not isinstance(key, OpeningKey):
        raise Unknown("not an opening key")
    return key
