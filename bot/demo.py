"""The demo: commands that show what is normally apart, and a scripted tour of the whole job."""

from collections.abc import Callable
from pathlib import Path

from bot import sync_wiring
from bot.app import App
from bot.chat import Chat, Extra
from bot.clock import MovableClock
from bot.trial import AGENCY, Trial
from bot.vault import vault
from dialogues.reference import read_reference
from storage import deliveries
from storage.errors import Unknown
from storage.opened import as_text, open_reference
from storage.sealing import keyfile
from storage.sealing.errors import NoteUnreadable
from storage.sealing.suites import OpeningKey
from storage.store import Store
from storage.sync.dropreader import read_drop
from storage.sync.own_keys import signing_key
from storage.sync.queue import at_seconds
from storage.sync.registry import read_destinations
from storage.sync.worker import run_until_done

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
        key = _opening(self._trial.coordinator_key)
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
        await self._app.timers.run_due()
        key = _opening(self._trial.case_system_key)
        identity = self._trial.age_identity.read_text().strip()
        parts = sync_wiring.build(
            self._trial.installation,
            read_destinations(self._trial.destinations),
            self._trial.case_system_key,
            operator="case-system",
            now=at_seconds(self._clock),
        )
        try:
            (worker,) = parts.workers
            sync_wiring.register(parts.store, worker.settings, now=worker.now)
            step = await run_until_done(worker)
            held = await parts.store.run(lambda tx: deliveries.held(tx, AGENCY))
        finally:
            await parts.close()
        lines = [f"(integra sync once: {step.done} delivered, {held} may still be undone)"]
        lines += [f"  {path.name}  {path.stat().st_size} bytes" for path in sorted(self._trial.drop.iterdir())]
        if step.done:
            events = read_drop(self._trial.drop, identity, signing_key(key).public)
            lines.append(f"(the agency's importer opens the newest of {len(events)}:)")
            newest = events[-1]["data"]
            lines += [f"  {name}: {_brief(value)}" for name, value in newest.items() if value not in (None, "", [])]
        elif not held:
            lines.append("  Nothing waits. A note can be handed over two minutes after logging: /wait 3m")
        return "\n".join(lines)


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


def _brief(value: object) -> object:
    """As it is; of attachments all but their bytes."""
    if not isinstance(value, list):
        return value
    return [{name: part for name, part in one.items() if name != "content"} for one in value]


def _opening(path: Path) -> OpeningKey:
    key = keyfile.read(path).key
    if not isinstance(key, OpeningKey):
        raise Unknown("not an opening key")
    return key
