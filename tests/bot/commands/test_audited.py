"""T40: every opening, listing, export, erasure and change of access leaves exactly one entry, with who and why."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from bot_site import Site, at_desk
from postgres_server import Cluster
from test_complete import COMMANDS

from bot.audited import EFFECTS, LOOK_UPS, NotRecorded, Recorded
from bot.clock import MovableClock, system_clock
from bot.trial import AGENCY, HANDLES, Trial
from dialogues.model import Effect, LookUp, Say
from storage import audit, invites, outbox, people
from storage.transaction import Transaction

Seen = tuple[str, str, str, str]  # action, kind of actor, agency or all, reason

BY_COMMAND: dict[str, tuple[str, ...] | str] = {
    "demo": "a throwaway folder",
    "chat": ("person.added",),
    "ask": "no data of people",
    "check": "no data of people",
    "content coverage": "no data of people",
    "content print": "no data of people",
    "content card": "no data of people",
    "content learn-danger": "no data of people",
    "content gaps": ("questions.listed",),
    "content draft": ("questions.listed",),
    "init": "nobody is there yet",
    "agency add": ("agency.added",),
    "agency set": ("agency.changed",),
    "agency list": "no data of people",
    "invite": ("invite.made",),
    "people add": ("person.added", "person.joined"),
    "people list": ("people.listed",),
    "people role": ("person.joined",),
    "people site": ("person.placed",),
    "people renew": ("person.renewed",),
    "people revoke": ("person.revoked",),
    "people lost": ("person.revoked",),
    "people replace-chat": ("person.moved",),
    "keys make": "on its holder's machine, without an installation",
    "keys show": "on its holder's machine",
    "keys split": "on its holder's machine, without an installation",
    "keys combine": "on its holder's machine, without an installation",
    "keys release": ("key.released",),
    "keys rotate": ("desk.published",),
    "keys revoke": ("desk.published",),
    "keys rewrap": ("note.rewrapped",),
    "keys rotate-master": ("master.rotated",),
    "keys list": "public keys",
    "keys add-recipient": ("desk.published",),
    "run": "its turns leave entries of their own",
    "doctor": "counts and times alone; it writes nothing",
    "upgrade": "no record changes, only the shape they are kept in",
    "rota show": "handles of colleagues, and when they are on duty",
    "rota check": "handles of colleagues, and when they are on duty",
    "rota load": ("rota.changed",),
    "flags list": ("flags.listed",),
    "flags show": ("flag.viewed",),
    "case assign": ("case.assigned",),
    "case remove": ("case.removed",),
    "case members": ("case.viewed",),
    "case list": ("cases.listed",),
    "case close": ("case.closed",),
    "serve": ("session.begun", "session.refused", "key.linked", "flag.asked", "notes.listed", "note.opened"),
    "notes list": ("notes.listed",),
    "notes open": ("note.opened",),
    "notes withdraw": ("note.withdrawn",),
    "outbox list": "ids, reasons and counts",
    "outbox retry": "to whom it was meant for all along",
    "outbox drop": ("messages.dropped",),
    "sync once": ("note.handed-over",),
    "sync run": ("note.handed-over",),
    "sync webhook-key": "a key of the sync process, which opens nothing",
    "sync receiver": "what a case system would do, for trying",
    "sync status": "counts, references and codes",
    "sync check": "it sends nothing",
    "sync reconcile": ("delivery.repaired",),
    "sync confirm": ("destination.confirmed",),
    "sync pause": ("destination.paused",),
    "sync resume": ("destination.resumed",),
    "sync retry": ("delivery.retried",),
    "sync give-up": ("delivery.given-up",),
    "sync resend": "to whom it was given before",
    "sync public-key": "a public key",
    "sync importer": "a script",
    "audit list": ("audit.listed",),
    "audit checkpoint": "a number and a hash",
    "audit public-key": "a public key",
    "audit export": ("audit.exported",),
    "audit verify": "numbers and hashes",
    "backup": ("backup.made",),
    "move": ("database.moved",),
    "restore": ("backup.restored",),
    "retention show": "counts",
    "retention run": ("note.erased",),
}
"""Which entries a command leaves, or why none. A new command must say so here."""


def test_every_command_effect_and_look_up_says_whether_it_is_recorded() -> None:
    assert set(BY_COMMAND) == set(COMMANDS)
    assert set(EFFECTS) == set(get_args(Effect))
    assert set(LOOK_UPS) == set(get_args(get_type_hints(LookUp)["what"]))
    said = [one for one in (*EFFECTS.values(), *LOOK_UPS.values()) if isinstance(one, NotRecorded)]
    assert all(len(one.why) > 10 for one in said)


def test_every_action_is_somebodys() -> None:
    """Each action is left by a command, by something done or seen in a chat, or named here."""
    found = {action for actions in BY_COMMAND.values() if isinstance(actions, tuple) for action in actions}
    found |= {one.action for one in (*EFFECTS.values(), *LOOK_UPS.values()) if isinstance(one, Recorded)}
    assert found | {"note.amended", "invite.redeemed", "invite.killed", "person.left"} == set(audit.ACTIONS)


def test_every_action_stands_on_the_page() -> None:
    page = (Path(__file__).parents[3] / "docs/formats/audit-log.md").read_text()
    for name in (*audit.ACTIONS, *audit.REASONS):
        assert f"`{name}`" in page, name


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial.create(tmp_path / "world", at=system_clock(), roles=tuple(HANDLES))


class Log:
    """Reads what is new in the log since it was last asked."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self.agency_ref = trial.installation.keyring().agency_ref(AGENCY)
        self._last = 0
        self.seen: list[audit.Listed] = []
        self.news()

    def news(self) -> list[Seen]:
        store = self._trial.installation.store()

        def read(tx: Transaction) -> list[audit.Listed]:
            return [one for one in audit.listed(tx, at_most=10_000) if one.entry.seq > self._last]

        found = store.run_now(read)
        store.close()
        self._last = found[-1].entry.seq if found else self._last
        self.seen += found
        names = {self.agency_ref: "own", b"": "all"}
        return [
            (one.entry.action, one.entry.actor_kind, names.get(one.entry.agency, "other"), one.reason) for one in found
        ]


def test_t40_every_act_in_the_chat_leaves_exactly_one_entry(trial: Trial) -> None:
    log = Log(trial)
    site = Site(trial)
    site.clock = MovableClock(system_clock())

    async def drive() -> None:
        async with at_desk(site) as desk:
            first = await desk.logs_note("officer", "Quartz by the gate.", "urgent")
            assert log.news() == [("note.kept", "person", "own", "authorship")]
            second = await desk.logs_note("officer", "Quartz by the door.")
            log.news()
            await desk.says("officer", f"[my-notes.undo.{second}]")
            assert log.news() == [("note.withdrawn", "person", "own", "authorship")]
            await desk.says("coordinator", "/inbox")
            assert log.news() == [("flags.listed", "person", "own", "desk")]
            await desk.says("coordinator", f"[{first}]")
            assert log.news() == [("flag.viewed", "person", "own", "desk")]
            await desk.says("coordinator", f"[inbox.{first}.take]")
            assert log.news() == [("flag.viewed", "person", "own", "desk"), ("flag.taken", "person", "own", "desk")]
            second_coordinator = site.enrol("console", "second", "coordinator", "Coord-2")
            await desk.says("coordinator", "[undo]")
            assert log.news()[1:] == [("flag.untaken", "person", "own", "desk")]
            await desk.says("officer", f"[my-notes.worse.{first}.urgent]")
            assert log.news() == [], "it is that already"
            await desk.says("coordinator", f"[inbox.{first}.take]", "[work]", f"[inbox.{first}]", "[await]", "[police]")
            assert [one[0] for one in log.news() if one[0] != "flag.viewed"] == [
                "flag.taken", "flag.worked", "flag.worked",
            ]  # fmt: skip
            await desk.says("coordinator", f"[inbox.{first}]", "[hand-on]", "[to.0]")
            assert log.news()[-1] == ("flag.handed-on", "person", "own", "desk")
            assert log.seen[-1].to == second_coordinator.hex()
            await desk.says("second", f"[inbox.{first}.decline]", "[busy]")
            assert [one[0] for one in log.news()] == ["flag.viewed", "flag.viewed", "flag.declined"]
            await desk.says("second", f"[inbox.{first}.take]", "[close]", "[acted]")
            assert [one[0] for one in log.news()] == ["flag.viewed", "flag.taken", *2 * ["flag.viewed"], "flag.closed"]
            assert log.seen[-1].entry.actor == second_coordinator
            await desk.says("officer", "/notes", f"[{first}]", "Quartz, again.", "[next]", "[next]", "[next]", "[log]")
            amended = log.news()
            assert amended == [("note.amended", "person", "own", "authorship")], desk.screen("officer")[-500:]
            third = await desk.logs_note("officer", "Quartz on the stairs.", "today")
            await desk.says("officer", f"[my-notes.worse.{third}.urgent]")
            assert [one[0] for one in log.news()] == ["note.kept", "note.amended", "flag.worsened"]
            await desk.says("coordinator", "/rota")
            assert log.news() == []
            token = site.invite("mentor")
            assert log.news() == [("invite.made", "assistant", "own", "access")]
            await desk.says("stranger", f"/start {token}")
            assert log.news() == [("invite.redeemed", "person", "own", "enrolment")]
            made, redeemed = log.seen[-2:]
            assert (made.entry.about, redeemed.entry.actor != bytes(16)) == (redeemed.entry.about, True)
            # nothing read, nothing written
            for who, line in (
                ("officer", "/menu"), ("officer", "do i need consent to share info"), ("officer", "/notes"),
                ("officer", "/inbox"), ("stranger", f"/start {token}"),
                ("nobody", f"/start {token}"), ("coordinator", "/inbox 0000-0000.take"),
            ):  # fmt: skip
                await desk.says(who, line)
                assert log.news() == [], line
            await desk.later(timedelta(minutes=4))
            assert log.news() == []

    asyncio.run(drive())
    site.close()


def test_t40_every_act_on_people_leaves_exactly_one_entry(trial: Trial) -> None:
    log = Log(trial)
    site = Site(trial)
    site.clock = MovableClock(system_clock())

    def renewable(tx: Transaction) -> None:
        for who in ("mentor", "officer"):
            ref = people.at_address(tx, "console", who)
            assert ref is not None
            people.join(tx, ref, log.agency_ref, who, at=site.clock(), days=90)

    def killed(tx: Transaction) -> None:
        made = invites.make(tx, log.agency_ref, "admin", at=site.clock())
        place: dict[str, Any] = {"language": "en", "at": site.clock()}
        invites.present(tx, made.token, "console", "stranger", **place)
        for _ in range(invites.MOST_WRONG_CODES):
            invites.give_code(tx, f"{(int(made.code) + 1) % 10**6:06}", "console", "stranger", **place)

    site.within(renewable)

    async def drive() -> None:
        async with at_desk(site) as desk:
            await desk.says("coordinator", "/people")
            assert log.news() == [("people.listed", "person", "own", "access")]
            await desk.says("coordinator", "[invite]", "[mentor]")
            assert log.news() == [("invite.made", "person", "own", "access")]
            opened = f"[people.one.{trial_person(trial, 'mentor')}]"
            for presses, entry in ((("[renew]",), "person.renewed"), (("[lost]", "[yes]"), "person.revoked")):
                await desk.opens("coordinator", opened[1:-1])
                assert [one[0] for one in log.news()] == ["people.listed"]
                await desk.says("coordinator", *presses)
                assert log.news() == [(entry, "person", "own", "access")]
            site.within(killed)
            assert [one[0] for one in log.news()] == ["invite.made", "invite.killed"]
            await desk.later(timedelta(days=91))
            assert log.news() == [("person.left", "assistant", "own", "access")]

    asyncio.run(drive())
    site.close()


def test_t40_every_act_on_a_case_leaves_exactly_one_entry(trial: Trial) -> None:
    log = Log(trial)
    site = Site(trial)
    site.clock = MovableClock(system_clock())
    code = "AB-1234-P"
    tag = trial.installation.keyring().case_tag(log.agency_ref, code)

    def own(*actions: str) -> list[Seen]:
        reasons = {"case.assigned": "access", "case.removed": "access"}
        return [(action, "person", "own", reasons.get(action, "casework")) for action in actions]

    async def drive() -> None:
        async with at_desk(site) as desk:
            await desk.says("coordinator", "/case")
            assert log.news() == []  # there is none yet
            await desk.says("coordinator", code)
            assert log.news() == []
            await desk.says("coordinator", "[add]", "[p.0]")
            assert log.news() == own("case.assigned")
            assert log.seen[-1].entry.about == tag
            member = next(who for who in HANDLES if trial_person(trial, who) == log.seen[-1].to)
            await desk.says("coordinator", "/case")
            assert log.news() == own("cases.listed")
            await desk.says(member, "/guide", "[S01]", code, "[go]")
            assert log.news() == own("case.viewed", "case.viewed")  # once to begin, once for the step
            await desk.says(member, "[tick.1]")
            assert log.news() == own("case.viewed", "case.ticked")  # ticks of others are looked at first
            await desk.says("coordinator", "[c.0]", "[remove]", "[p.0]", "[yes]")
            assert log.news() == own("case.viewed", "case.removed")
            await desk.says("coordinator", "[add]", "[p.0]", "[close]", "[yes]")
            assert log.news() == own("case.assigned", "case.closed")

    asyncio.run(drive())
    site.close()


def test_t40_every_act_at_the_command_line_leaves_exactly_one_entry(
    integra: Any, trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Cluster
) -> None:
    site = Site(trial)

    async def logged() -> list[str]:
        async with at_desk(site) as desk:
            found = [await desk.logs_note("officer", text, "today") for text in ("Quartz one.", "Quartz two.")]
            await desk.later(timedelta(minutes=3))
            return found

    one, _ = asyncio.run(logged())
    site.close()
    data = ("--data", trial.installation.folder)
    log = Log(trial)
    passphrase = tmp_path / "words"
    passphrase.write_text("six quiet synthetic words in here\n")
    passphrase.chmod(0o600)
    integra("keys", "make", "--role", "supervisor", "--out", tmp_path / "lead.key", "--passphrase-file", passphrase)
    place = ("--channel", "telegram", "--chat-id")

    def drive(*arguments: object, leaves: list[tuple[str, str, str]], code: int = 0) -> str:
        done = integra("--actor", "Anna of IT", *arguments, *data)
        assert done.code == code, (arguments, done.err)
        assert log.news() == [(action, "operator", agency, reason) for action, agency, reason in leaves], arguments
        assert {entry.operator for entry in log.seen[len(log.seen) - len(leaves) :]} <= {"Anna of IT"}
        return str(done.out)

    def person() -> str:
        rows = json.loads(integra("people", "list", "--json", *data).out)
        log.news()
        return str(rows[-1]["id"])

    drive("agency", "add", "southgate", "--name", "Southgate", leaves=[("agency.added", "other", "operation")])
    drive("agency", "set", "southgate", "--no-media", leaves=[("agency.changed", "other", "operation")])
    drive("invite", "--agency", AGENCY, "--role", "mentor", leaves=[("invite.made", "own", "access")])
    added = ("people", "add", "--agency", AGENCY, "--role", "officer", *place, "73004123")
    drive(*added, leaves=[("person.added", "own", "access")])
    drive(*added, leaves=[("person.joined", "own", "access")])
    drive("people", "list", leaves=[("people.listed", "all", "operation")])
    drive("people", "replace-chat", person(), *place, "73004999", leaves=[("person.moved", "all", "access")])
    role = ("people", "role", person(), "--agency", AGENCY, "--role", "mentor")
    drive(*role, leaves=[("person.joined", "own", "access")])
    drive("people", "site", person(), "North", "--agency", AGENCY, leaves=[("person.placed", "own", "access")])
    drive("people", "renew", person(), "--agency", AGENCY, leaves=[("person.renewed", "own", "access")])
    drive("people", "revoke", person(), leaves=[("person.revoked", "own", "access")])
    drive("people", "lost", trial_person(trial, "mentor"), leaves=[("person.revoked", "own", "access")])
    admin = trial.folder / "safe" / "admin.key"
    published = (
        "keys",
        "add-recipient",
        "--agency",
        AGENCY,
        "--key",
        tmp_path / "lead.key.pub",
        "--admin-key",
        admin,
        "--yes",
    )
    drive(*published, leaves=[("desk.published", "own", "access")])
    assert log.seen[-1].words == "version 2"
    drive("keys", "rewrap", "--agency", AGENCY, "--key", trial.coordinator_key,
          leaves=[("note.rewrapped", "own", "access")] * 2)  # fmt: skip
    drive("keys", "rotate-master", leaves=[("master.rotated", "all", "access")])
    drive("notes", "list", leaves=[("notes.listed", "all", "operation")])
    opened = ("notes", "open", one, "--words", "Asked by letter", "--key", trial.coordinator_key, "--reason")
    drive(*opened, "request", leaves=[("note.opened", "own", "request")])
    assert (log.seen[-1].words, len(log.seen[-1].key)) == ("", 32)
    assert log.seen[-1].sealed_words
    monkeypatch.setattr("bot.commands.keyfiles.read_key", lambda path, words: _another())
    drive(*opened, "order", leaves=[("note.opened", "own", "order")], code=1)
    assert log.seen[-1].entry.outcome == "refused"
    monkeypatch.undo()
    sync = ("sync", "once", "--destinations", trial.destinations, "--key", trial.case_system_key)
    drive(*sync, leaves=[("note.handed-over", "own", "hand-over")] * 2)
    assert len({entry.entry.about for entry in log.seen[-2:]}) == 2
    drive(*sync, leaves=[])
    _decided(drive, trial)
    drive("notes", "withdraw", one, "--words", "Of another person", leaves=[("note.withdrawn", "own", "operation")])
    case = ("AB-1234-P", "--agency", AGENCY)
    officer = trial_person(trial, "officer")
    drive("case", "assign", case[0], officer, *case[1:], leaves=[("case.assigned", "own", "access")])
    assert log.seen[-1].to == officer
    drive("case", "assign", case[0], officer, *case[1:], leaves=[])
    drive("case", "members", *case, leaves=[("case.viewed", "own", "operation")])
    drive("case", "list", *case[1:], leaves=[("cases.listed", "own", "operation")])
    drive("case", "remove", case[0], officer, *case[1:], leaves=[("case.removed", "own", "access")])
    drive("case", "remove", case[0], officer, *case[1:], leaves=[], code=1)
    drive("case", "close", *case, leaves=[("case.closed", "own", "operation")])
    drive("case", "close", *case, leaves=[], code=1)
    bury_one(trial)
    drive("outbox", "list", leaves=[])
    drive("outbox", "retry", "--all", leaves=[])
    bury_one(trial)
    drive("outbox", "drop", "--all", "--reason", "left", leaves=[("messages.dropped", "all", "operation")])
    assert log.seen[-1].words == "left"
    drive("outbox", "drop", "--all", "--reason", "left", leaves=[])
    drive("audit", "list", leaves=[("audit.listed", "all", "oversight")])
    drive("audit", "list", "--agency", AGENCY, "--note", one, leaves=[("audit.listed", "own", "oversight")])
    drive("audit", "export", "--to", tmp_path / "log", leaves=[("audit.exported", "all", "oversight")])
    drive("agency", "set", AGENCY, "--keep-days", "1", leaves=[("agency.changed", "own", "operation")])
    drive("retention", "show", leaves=[])
    drive("retention", "run", "--dry-run", leaves=[])
    _written_long_ago(trial)
    drive("retention", "run", leaves=[("note.erased", "own", "time-limit")])
    drive("content", "gaps", leaves=[("questions.listed", "all", "operation")])
    drive("content", "gaps", "--agency", AGENCY, leaves=[("questions.listed", "own", "operation")])
    nowhere = ("content", "draft", "ffffffff", "--content", tmp_path)
    drive(*nowhere, leaves=[], code=1)
    drive("backup", "--to", tmp_path / "backup", leaves=[("backup.made", "all", "operation")])
    server.addresses(server.new_database()).write(tmp_path / "server.toml")
    drive("move", "--to-file", tmp_path / "server.toml", leaves=[("database.moved", "all", "operation")])
    for quiet in (("agency", "list"), ("keys", "list", "--agency", AGENCY), ("audit", "checkpoint"),
                  ("audit", "public-key"), ("audit", "verify")):  # fmt: skip
        drive(*quiet, leaves=[])
    for refused in (("people", "revoke", "ffff"), ("notes", "open", "0000-0000", *opened[3:], "order"),
                    ("invite", "--agency", "nowhere", "--role", "mentor")):  # fmt: skip
        drive(*refused, leaves=[], code=1)


def test_t40_talking_to_an_installation_that_serves_people_is_an_entry(
    integra: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    integra("init", "--data", tmp_path / "data")
    monkeypatch.setattr("sys.stdin", io.StringIO("/menu\n"))
    assert integra("--actor", "anna", "chat", "--data", tmp_path / "data").code == 0
    rows = json.loads(integra("audit", "list", "--data", tmp_path / "data", "--json").out)
    assert [(row["action"], row["actor"]) for row in rows] == [
        ("person.added", "operator anna"),
        ("audit.listed", rows[1]["actor"]),
    ]


def test_t43_no_word_of_a_person_stands_in_the_log(integra: Any, trial: Trial, tmp_path: Path) -> None:
    """Canaries in a note, a case code, a handle, a chat id: none is in the list with its reasons, or the export."""
    site = Site(trial)
    canaries = ["Zebrafinch", "QX-7431", "73004123", "Handle-Quartz"]

    async def logged() -> str:
        async with at_desk(site) as desk:
            site.enrol("console", canaries[2], "officer", canaries[3])
            found = await desk.logs_note(canaries[2], f"{canaries[0]} about {canaries[1]}", "urgent")
            await desk.says("coordinator", "/inbox", f"[inbox.{found}.take]", "[close]", "[acted]")
            await desk.later(timedelta(minutes=3))
            return found

    found = asyncio.run(logged())
    site.close()
    data = ("--data", trial.installation.folder)
    integra("notes", "open", found, "--key", trial.coordinator_key, "--reason", "handling", *data)
    integra("sync", "once", "--destinations", trial.destinations, "--key", trial.case_system_key, *data)
    integra("audit", "export", "--to", tmp_path / "log", *data)
    listed = integra("audit", "list", "--reasons", "--json", *data).out
    exported = (tmp_path / "log").read_text()
    assert "note.handed-over" in listed
    assert "note.handed-over" in exported
    for canary in canaries[:3]:
        assert canary not in listed
        assert canary not in exported
    assert canaries[3] in listed  # who acted is named, from the people's own rows
    assert canaries[3] not in exported
    for word in ("handling", 'hand-over"', "authorship", "oversight"):
        assert word not in exported


def _decided(drive: Any, trial: Trial) -> None:
    """What a person may decide about a destination and its deliveries."""
    where = ("--destinations", trial.destinations)
    drive("sync", "pause", "--dest", AGENCY, leaves=[("destination.paused", "own", "hand-over")])
    drive("sync", "resume", "--dest", AGENCY, leaves=[("destination.resumed", "own", "hand-over")])
    drive("sync", "confirm", "--dest", AGENCY, *where, leaves=[("destination.confirmed", "own", "hand-over")])
    store = trial.installation.store()
    first = "(SELECT min(id) FROM deliveries)"
    mine = f"SELECT reference FROM notes JOIN deliveries ON note_id = notes.id WHERE deliveries.id = {first}"
    reference = store.run_now(lambda tx: tx.db.exec_driver_sql(mine).scalar_one())

    def park() -> None:
        parked = f"UPDATE deliveries SET state = 'parked', why = 'http-422' WHERE id = {first}"
        store.run_now(lambda tx: tx.db.exec_driver_sql(parked))

    park()
    drive("sync", "retry", "--dest", AGENCY, reference, leaves=[("delivery.retried", "own", "hand-over")])
    park()
    drive("sync", "give-up", "--dest", AGENCY, reference, "--reason", "Entered there by hand",
          leaves=[("delivery.given-up", "own", "hand-over")])  # fmt: skip
    store.run_now(lambda tx: tx.db.exec_driver_sql(f"UPDATE deliveries SET state = 'acked' WHERE id = {first}"))
    store.close()


def _written_long_ago(trial: Trial) -> None:
    store = trial.installation.store()
    store.run_now(lambda tx: tx.db.exec_driver_sql("UPDATE deliveries SET done_at = 1"))
    store.run_now(lambda tx: tx.db.exec_driver_sql("UPDATE flags SET state = 'closed', closed_at = 1"))
    store.close()


def bury_one(trial: Trial) -> None:
    def turn(tx: Transaction) -> None:
        (one,) = outbox.put(tx, "telegram", "73004123", [Say("Quartz.")], at=system_clock())
        outbox.bury(tx, one.id, "blocked")

    store = trial.installation.store()
    store.run_now(turn)
    store.close()


def trial_person(trial: Trial, who: str) -> str:
    store = trial.installation.store()
    ref = store.run_now(lambda tx: people.at_address(tx, "console", who))
    store.close()
    assert ref is not None
    return ref.hex()


def _another() -> Any:
    from storage.sealing.keyfile import KeyFile
    from storage.sealing.suites import generate

    return KeyFile(generate(), "coordinator", "Somebody else's", system_clock().date())
