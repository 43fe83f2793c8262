"""Agencies see nothing of each other, by any command or dialogue (T34), and no message to anybody has a word of a note.

Somebody of agency B types and presses all there is, with the ids and references of agency A; what they are answered is
what they are answered about ids that never were, to the letter, by the same statements in the same order (so that no
time tells more), and nothing of A is changed.
"""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_site import Desk, Site, texts
from fluent.syntax import parse
from fluent.syntax.ast import Message, VariableReference
from fluent.syntax.visitor import Visitor
from rota_site import ROTA, put, ref
from statements import asked

import guidance
from bot.channels.base import Pressed
from bot.trial import AGENCY
from dialogues.desk import COMMANDS
from dialogues.inbox import OPENINGS
from dialogues.reference import reference
from dialogues.registry import DIALOGUES
from storage import agencies, cases
from storage.transaction import Transaction

CODE, NEVER_CODE = "QX-7312-R", "QX-8423-Y"
NEVER = "f" * 32
"""An id that never was."""
TABLES = ("flags", "flag_steps", "notes", "rotas", "cases", "case_members", "plans", "walks", "memberships", "people")
PHRASES = Path(guidance.__file__).parent / "content" / "en" / "phrases"
CANARY = "Quartz-canary-in-the-yard"


async def stocked(desk: Desk, site: Site, role: str) -> dict[str, str]:
    """Agency A has a flag of a case, a rota, members; agency B somebody of this role. Words of A -> words that never
    were."""
    site.within(
        lambda tx: agencies.add(tx, "riverside", name="Riverside", zone="Europe/Lisbon", case_pattern="AA-9999-c")
    )
    site.enrol("console", "stranger", role, "Asks-1", agency="riverside")
    put(site, ROTA)
    await desk.says("officer", "/note", CODE, "[behaviour]", "[now]", CANARY, *4 * ("[next]",))
    said = texts(await desk.says("officer", "[urgent]", "[yes]", "[threat]", "[log]"))
    short = said.partition("Reference ")[2][:9]
    coordinator = ref(site, "coordinator")
    site.within(lambda tx: cases.assign(tx, tx.keyring.agency_ref(AGENCY), CODE, coordinator, at=site.clock()))
    await desk.says("officer", f"/release {CODE}", "10 march 2027", "/menu")
    (note_id,) = site.rows("notes", "id")[0]
    for who in ("coordinator", "officer"):
        desk.news(who)
    return {
        short: reference(NEVER),
        bytes(note_id).hex(): NEVER,
        CODE: NEVER_CODE,
        AGENCY: "no-such-agency",
        coordinator.hex(): "e" * 32,
        "Coord-1": "Nobody-1",
    }


def attempts(words: dict[str, str]) -> list[tuple[str, str]]:
    """Everything that can be typed or pressed with these words: (typed or pressed, what)."""
    short, note_id, code, agency, person, _ = words
    found = [("typed", f"{command} {word}") for command in COMMANDS for word in (short, code, agency)]
    found += [("typed", f"/case {agency} {code}"), ("typed", f"/rota {agency}")]
    # What is opened in "ask" is a question, looked up in the content alone, and words differ from words there.
    found += [("pressed", f"{dialogue}.{word}") for dialogue in DIALOGUES if dialogue != "ask" for word in words]
    found += [("pressed", f"inbox.{short}.{act}") for act in OPENINGS]
    found += [("pressed", f"my-notes.{act}.{short}") for act in ("undo", "worse")]
    found += [("pressed", f"my-notes.worse.{short}.{urgency}") for urgency in ("today", "urgent")]
    found += [("pressed", f"note.{act}.{word}") for act in ("amend", "case") for word in (short, note_id, code)]
    found += [("pressed", f"people.one.{person}"), ("pressed", f"walk.kept.{note_id[:16]}")]
    return [*found, ("pressed", f"timeline.plan.{note_id}"), ("pressed", f"handoff.{code}")]


async def answered(desk: Desk, how: str, what: str) -> tuple[str, list[str]]:
    """From home, so that each stands alone; numbers that differ by chance are taken out. And what the database was
    asked for it."""
    await desk.says("stranger", "/menu")
    with asked() as statements:
        if how == "typed":
            said = await desk.says("stranger", what)
        else:
            await desk.takes(replace(desk.console.inbound("stranger", ""), event=Pressed(0, what), message=""))
            said = desk.news("stranger")
    shown = texts(said) + "|".join(f"{one.key}:{one.label}" for say in said for one in say.choices)
    return _plain(shown), statements


def _plain(shown: str) -> str:
    return re.sub(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-Z]{4})*|[0-9a-f]{16,}", "…", shown)


def of_agency(site: Site) -> dict[str, list[Any]]:
    """All rows of agency A, as they are."""

    def read(tx: Transaction) -> dict[str, list[Any]]:
        mine = tx.keyring.agency_ref(AGENCY)
        found: dict[str, list[Any]] = {}
        for table in TABLES:
            names = [row[1] for row in tx.db.exec_driver_sql(f"PRAGMA table_info({table})")]
            columns = [name for name in names if name != "body"]
            rows = tx.db.exec_driver_sql(f"SELECT {', '.join(columns)} FROM {table}").mappings().all()
            found[table] = sorted(repr(dict(row)) for row in rows if row.get("agency_ref", mine) == mine)
        return found

    return site.within(read)


@pytest.mark.sqlite  # how a file lists its columns; on a server the walls of the database stand besides
@pytest.mark.parametrize("role", ["coordinator", "supervisor", "officer", "admin"])
async def test_t34_every_command_and_dialogue_answers_about_another_agency_as_about_what_never_was(
    desk: Desk, site: Site, role: str
) -> None:
    """T34."""
    words = await stocked(desk, site, role)
    before = of_agency(site)
    real = attempts(words)
    await answered(desk, "typed", "/danger")  # the first of a chat leaves a timer
    for how, what in real:
        never = what
        for word, other in words.items():
            never = never.replace(word, other)
        said, asked_of = await answered(desk, how, what)
        unknown, asked_of_nothing = await answered(desk, how, never)
        for word, other in words.items():
            said, unknown = said.replace(word, "…"), unknown.replace(other, "…")
        assert said == unknown, what
        assert asked_of == asked_of_nothing, what
        assert CANARY not in said
    assert len(real) > 150
    after = of_agency(site)
    after["people"] = before["people"]  # of all agencies: somebody asked, and is there
    assert after == before
    assert [desk.news(who) for who in ("coordinator", "officer")] == [[], []]


@pytest.mark.parametrize("role", ["coordinator", "supervisor"])
async def test_t34_lists_and_counts_of_another_agency_are_empty(desk: Desk, site: Site, role: str) -> None:
    """T34."""
    words = await stocked(desk, site, role)
    for command in ("/inbox", "/notes", "/case", "/rota", "/people", "/release"):
        said, _ = await answered(desk, "typed", command)
        assert not [word for word in words if word in said], command


async def test_no_message_to_anybody_has_a_word_of_a_note_or_of_whom_it_is_about(desk: Desk, site: Site) -> None:
    """Every message of every chat, over a flag's whole life, but the author's own while writing it."""
    site.enrol("console", "second", "coordinator", "Coord-2")
    site.enrol("console", "lead", "supervisor", "Lead-1")
    put(site, ROTA)
    await desk.says("officer", "/note", CODE, "[behaviour]", "[now]", CANARY, *4 * ("[next]",))
    said = texts(await desk.says("officer", "[urgent]", "[yes]", "[threat]", "[log]"))
    short = said.partition("Reference ")[2][:9]
    written = len(desk.console.screens["officer"])
    await desk.later(timedelta(minutes=5))
    await desk.later(timedelta(minutes=10))
    await desk.later(timedelta(minutes=15))
    await desk.says("second", f"[inbox.{short}.decline]", "[not-mine]")
    await desk.says("coordinator", f"[inbox.{short}.take]", "[undo]", f"[inbox.{short}.take]", "[hand-on]", "[to.0]")
    await desk.later(timedelta(minutes=15))
    await desk.says("second", f"[inbox.{short}.take]")
    await desk.later(timedelta(hours=1))
    await desk.says("coordinator", f"[inbox.{short}.take]", "[await]", "[health]")
    await desk.says("officer", f"[my-notes.worse.{short}.urgent]")
    await desk.later(timedelta(days=2))
    await desk.says("coordinator", f"[inbox.{short}]", "[close]", "[watching]")
    await desk.says("officer", f"[my-notes.worse.{short}.urgent]")
    await desk.later(timedelta(hours=1))
    others = {who: screen for who, screen in desk.console.screens.items() if who != "officer"}
    others["officer"] = desk.console.screens["officer"][written:]
    shown = 0
    for messages in others.values():
        for message in messages:
            if message.say is None:
                continue
            whole = repr(texts([message.say])) + "".join(f"{one.key} {one.label}" for one in message.say.choices)
            shown += short in whole
            for word in (CANARY, CODE, "PO-17", "threat", "behaviour"):
                assert word not in whole, whole
    assert shown > 25, "there was something to look at"


NOTICES = re.compile(
    r"(notice|author|rota-warn|skipped|flag-reaches|desk-reaches|summary|filed|delivery|destination)-\S+"
)
HARMLESS = {
    *("reference", "urgency", "hours", "minutes", "by", "outcome", "count", "days", "when", "number", "urgent"),
    *("who", "site", "sited"),  # of the rota's warnings: handles of colleagues, and where they work
    *("destination", "why"),  # a case system's name; one of the reasons there are
    "link",  # the page's address and the reference
}


def test_no_message_about_a_flag_has_a_place_for_a_word_of_a_note() -> None:
    """What is said to others comes from these phrases, and they have room for nothing but what is named here: so none
    that the story above did not come to has any word either. A new one: here, after a look at who fills it in."""
    found = {}
    for path in sorted(PHRASES.glob("*.ftl")):
        for message in parse(path.read_text()).body:
            if isinstance(message, Message) and NOTICES.fullmatch(message.id.name):
                rooms = Rooms()
                rooms.visit(message)
                found[message.id.name] = rooms.names
    assert {name: rooms - HARMLESS for name, rooms in found.items() if rooms - HARMLESS} == {}
    assert {"notice-flag", "notice-overdue", "author-closed", "rota-warn-blocked", "notice-read"} <= set(found)


class Rooms(Visitor):
    """Names of the values that a message has room for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: VariableReference) -> None:  # the visitor's own way
        self.names.add(node.id.name)
