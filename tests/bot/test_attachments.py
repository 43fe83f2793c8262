"""Photos and voice messages with a note, over a fake Bot API: sealed as they come, in clear nowhere, opened by the
coordinator's key, handed over with the note. What else is sent is refused."""

import base64
import hashlib
import io
import signal
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bot_process import process
from bot_site import Desk, Line, Site, Waits, break_dialogue, listening, on_telegram, texts
from fake_telegram import TOKEN, FakeTelegram, Person
from media import COMMENT_CANARY, EXIF_CANARY, SOUND_CANARY, TAG_CANARY, photo, voice
from PIL import Image
from sqlalchemy import update

from bot import sync_wiring
from bot.photo import cleaned_photo
from bot.trial import AGENCY
from bot.voice import cleaned_voice
from dialogues.draft import MOST_ATTACHED
from dialogues.model import MOST_MEDIUM_BYTES
from storage import agencies, opened, people
from storage.schema import conversations
from storage.sealing import keyfile
from storage.sealing.suites import OpeningKey
from storage.store import Store
from storage.sync.dropreader import read_drop
from storage.sync.own_keys import signing_key
from storage.sync.registry import read_destinations
from storage.sync.worker import run_until_done

CAPTION = "Zebrafinch quartz on the wall of the yard."
BIG = MOST_MEDIUM_BYTES + 1


async def begins(robin: Person) -> None:
    robin.writes("/menu")
    await robin.hears("What do you need?", within=30)
    robin.presses("Quick note (3 taps)")
    await robin.hears("What happened?", within=30)


async def logs(robin: Person, line: Line, text: str = "He left early.") -> str:
    """From the text part on; returns the reference."""
    if text:
        robin.writes(text)
        await robin.hears("in this part")
    robin.presses("Routine, no flag")
    await robin.hears("This will be sealed")
    robin.presses("✔ Log it")
    receipt = await robin.hears("Reference ")
    await line.settled()
    return receipt.text.partition("Reference ")[2][:9]


def key_of(site: Site, path: Path) -> OpeningKey:
    key = keyfile.read(path).key
    assert isinstance(key, OpeningKey)
    return key


def opened_note(site: Site, reference: str) -> list[opened.Opened]:
    """With the coordinator's key, as on their machine."""
    key = key_of(site, site.trial.coordinator_key)
    ingest = (site.trial.installation.keyring().ingest.public,)
    store = site.trial.installation.store(reads_notes=True)
    try:
        return store.run_now(
            lambda tx: opened.open_reference(tx, reference, key, ingest, at=site.clock(), reason="handling")
        )
    finally:
        store.close()


def rows(site: Site) -> list[tuple[int, str]]:
    return [(number, state) for number, state in site.rows("attachments ORDER BY note_id, number", "number, state")]


async def test_the_whole_way(site: Site) -> None:
    """Sent, sealed, shown in the preview, deleted from the chat, opened, handed over."""
    async with on_telegram(site) as line:
        robin = line.staff(1001, "officer", "PO-77")
        await begins(robin)
        picture = robin.sends_photo(photo(), caption=CAPTION)
        await robin.hears("Sealed with the note: 1 photo (1 of 5)")
        spoken = robin.sends_voice(voice())
        await robin.hears("Sealed with the note: 1 photo, 1 voice message (2 of 5)")
        robin.presses("Routine, no flag")
        preview = await robin.hears("This will be sealed")
        assert "Attached, sealed: 1 photo, 1 voice message" in preview.text
        assert CAPTION in preview.text
        robin.presses("✔ Log it")
        receipt = await robin.hears("Reference ")
        await line.settled()
        reference = receipt.text.partition("Reference ")[2][:9]

        assert not {picture, spoken} & {message.message_id for message in robin.screen}
        (note,) = opened_note(site, reference)
        assert [(one.kind, one.media_type, one.problem) for one in note.attachments] == [
            ("photo", "image/jpeg", ""),
            ("voice", "audio/ogg", ""),
        ]
        seen, heard = note.attachments
        assert Image.open(io.BytesIO(seen.content)).size == (320, 200)
        assert (seen.content, heard.content) == (cleaned_photo(photo()), cleaned_voice(voice()))
        assert EXIF_CANARY not in seen.content
        assert TAG_CANARY not in heard.content
        assert SOUND_CANARY in heard.content
        assert CAPTION in note.body["parts"]["seen"]
        assert f"Attached 1: photo, image/jpeg, {len(seen.content):,} bytes" in opened.as_text(note)

        await line.later(timedelta(minutes=3))
        assert await handed_over(site, note) == {"photo": seen.content, "voice": heard.content}


async def handed_over(site: Site, note: opened.Opened) -> dict[str, bytes]:
    """What the agency's importer gets of the only note."""
    key = key_of(site, site.trial.case_system_key)
    parts = sync_wiring.build(
        site.trial.installation, read_destinations(site.trial.destinations), site.trial.case_system_key
    )
    (worker,) = parts.workers
    sync_wiring.register(parts.store, worker.settings)
    step = await run_until_done(worker)
    await parts.close()
    assert (step.done, step.parked) == (1, 0)
    (event,) = read_drop(site.trial.drop, site.trial.age_identity.read_text().strip(), signing_key(key).public)
    found = {one["kind"]: base64.b64decode(one["content"]) for one in event["data"]["attachments"]}
    sums = {one["kind"]: one["sha256"] for one in event["data"]["attachments"]}
    assert sums == {kind: hashlib.sha256(content).hexdigest() for kind, content in found.items()}
    return found


@pytest.mark.sqlite
async def test_no_byte_of_them_lies_anywhere_in_clear(
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """T05: database, write-ahead log, temporary files, logs of all libraries at their loudest."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    raw_photo, raw_voice = photo(size=(640, 400)), voice()
    clean = cleaned_photo(raw_photo)
    words = [EXIF_CANARY, COMMENT_CANARY, TAG_CANARY, SOUND_CANARY, CAPTION.encode()]
    # 24 bytes of the picture at five places, of the file as it came and as it is sealed
    words += [one[at : at + 24] for one in (raw_photo, clean) for at in range(len(one) // 2, len(one) - 24, 400)][:10]
    with caplog.at_level("DEBUG"):
        async with on_telegram(site) as line:
            robin = line.staff(1001, "officer", "PO-77")
            await begins(robin)
            robin.sends_photo(raw_photo, caption=CAPTION)
            await robin.hears("Sealed with the note")
            assert hits(tmp_path, words) == set()
            line.telegram.fail_next("download", status=500)
            line.telegram.fail_next("download", status=401)
            line.app.fetching.sleep = Waits()
            robin.sends_voice(raw_voice)
            await robin.hears("I could not get that voice message")
            robin.sends_voice(raw_voice)
            await robin.hears("Sealed with the note")
            assert hits(tmp_path, words) == set()
            await logs(robin, line, "")
            assert hits(tmp_path, words) == set()
    said = (caplog.text + capsys.readouterr().out).encode()
    assert b"medium.out-of-reach" in said
    assert not [word for word in [*words, TOKEN.encode(), TOKEN.partition(":")[2].encode()] if word in said]
    assert list((tmp_path / "temp").iterdir()) == []


def hits(folder: Path, words: list[bytes]) -> set[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "integra.db-wal" for path in files)
    return {f"{path.name}: {word!r}" for path in files for word in words if word in path.read_bytes()}


# ---------------------------------------------------------------- refused


async def test_t27b_other_files_are_refused_without_a_download(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    for send, answer in (
        (robin.sends_document, "I cannot take files"),
        (robin.sends_sticker, "Stickers are nice"),
        (robin.sends_location, "I cannot take locations"),
        (robin.sends_contact, "I cannot take contacts"),
    ):
        send()
        await robin.hears(answer)
    await line.settled()
    assert (line.telegram.calls_of("getFile"), rows(line.site)) == ([], [])


async def test_outside_a_note_nothing_is_fetched_and_the_way_into_a_note_is_shown(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    robin.sends_photo(photo())
    await robin.hears("A photo can go into a note")
    robin.presses("Start a note")
    await robin.hears("Which case is it about?")
    robin.sends_photo(photo())
    await robin.hears("Sealed with the note: 1 photo")
    assert len(line.telegram.calls_of("getFile")) == 1


async def test_danger_under_a_photo_is_heard_also_outside_a_note(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    robin.sends_photo(photo(), caption="he has a knife and will attack them now")
    await robin.hears("112")
    await robin.hears("A photo can go into a note")


@pytest.mark.parametrize("media", ["photo", "voice"])
async def test_an_agency_can_switch_it_off_and_on(line: Line, media: str) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    send = robin.sends_photo if media == "photo" else robin.sends_voice
    line.site.within(lambda tx: agencies.change(tx, AGENCY, {"media": False}))
    send(photo() if media == "photo" else voice())
    await robin.hears("switched off")
    await begins(robin)
    send(photo() if media == "photo" else voice())
    await robin.hears("switched off")
    await line.settled()
    assert (line.telegram.calls_of("getFile"), rows(line.site)) == ([], [])
    line.site.within(lambda tx: agencies.change(tx, AGENCY, {"media": True}))
    send(photo() if media == "photo" else voice())
    await robin.hears("Sealed with the note")


@pytest.mark.parametrize(
    ("send", "answer", "fetched"),
    [
        (lambda robin: robin.sends_voice(voice(), size=BIG), "voice message is larger than 5 MB", False),
        (lambda robin: robin.sends_voice(voice() + bytes(BIG), size=99), "voice message is larger than 5 MB", True),
        (lambda robin: robin.sends_photo(b"no photo"), "I cannot read that photo", True),
        (lambda robin: robin.sends_photo(voice()), "I cannot read that photo", True),
        (lambda robin: robin.sends_voice(photo()), "I cannot read that voice message", True),
    ],
    ids=["too large", "lies about its size", "no photo", "voice as photo", "photo as voice"],
)
async def test_what_does_not_fit(line: Line, send: Any, answer: str, fetched: bool) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    send(robin)
    await robin.hears(answer)
    await line.settled()
    assert (bool(line.telegram.calls_of("getFile")), rows(line.site)) == (fetched, [])
    await logs(robin, line)


async def test_five_are_taken_and_the_sixth_is_told_where_to(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    for _ in range(MOST_ATTACHED + 1):
        robin.sends_photo(photo(), album="1")
    await line.settled()
    assert len([text for text in robin.heard if "A note takes 5 photos" in text]) == 1
    assert rows(line.site) == [(number, "sealed") for number in range(1, 6)]
    (note,) = opened_note(line.site, await logs(robin, line))
    assert [one.problem for one in note.attachments] == [""] * 5


# ---------------------------------------------------------------- trouble on the way


async def test_a_download_that_fails_is_tried_again_by_a_new_path(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    line.app.fetching.sleep = Waits()
    await begins(robin)
    line.telegram.fail_next("download", status=404)
    line.telegram.fail_next("download", status=503)
    line.telegram.fail_next("getFile", status=502)
    robin.sends_photo(photo())
    await robin.hears("Sealed with the note: 1 photo")
    assert len(line.telegram.calls_of("getFile")) == 4


@pytest.mark.parametrize("where", ["getFile", "download"])
async def test_what_cannot_be_had_is_said_and_the_note_goes_on(line: Line, where: str) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    line.app.fetching.sleep = Waits()
    await begins(robin)
    line.telegram.fail_next(where, status=500, times=None)
    robin.sends_photo(photo())
    await robin.hears("I could not get that photo. It was not taken. Please send it again.")
    assert rows(line.site) == []
    line.telegram.heal()
    robin.sends_photo(photo())
    await robin.hears("Sealed with the note: 1 photo (1 of 5)")


async def test_a_note_waits_for_what_is_on_its_way(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    gate = line.telegram.hold_next("download")
    robin.sends_photo(photo(), caption=CAPTION)
    await gate.reached()
    await line.app.outbox.drained()
    robin.presses("Routine, no flag")
    await robin.hears("This will be sealed")
    robin.presses("✔ Log it")
    await robin.hears("still on its way")
    gate.open()
    await robin.hears("Sealed with the note: 1 photo")
    await robin.hears("This will be sealed")
    robin.presses("✔ Log it")
    await robin.hears("Reference ")


async def test_a_stop_in_the_middle_loses_nothing(site: Site) -> None:
    async with FakeTelegram(now=site.clock) as telegram:
        robin = telegram.person(1001, started=True)
        site.enrol("telegram", "1001", "officer", "PO-77")
        async with listening(site, telegram):
            await begins(robin)
            gate = telegram.hold_next("download")
            robin.sends_photo(photo())
            await gate.reached()
            await telegram.confirmed()
        assert rows(site) == [(1, "wanted")]
        gate.open()
        site.restart()
        async with listening(site, telegram) as line:
            await robin.hears("Sealed with the note: 1 photo (1 of 5)")
            (note,) = opened_note(site, await logs(robin, line))
    assert [one.problem for one in note.attachments] == [""]


@pytest.mark.parametrize("where", ["getFile", pytest.param("download", marks=pytest.mark.sqlite)])
@pytest.mark.one_engine
async def test_killed_in_the_middle_it_is_fetched_after_the_next_start(site: Site, where: str) -> None:
    site.enrol("telegram", "1001", "officer", "PO-77")
    site.close()
    async with FakeTelegram() as telegram, process(site.trial, telegram) as bot:
        robin = telegram.person(1001, started=True)
        await bot.start()
        await begins(robin)
        gate = telegram.hold_next(where)
        robin.sends_photo(photo(), caption=CAPTION)
        await gate.reached(within=30)
        await telegram.confirmed()
        await bot.end(signal.SIGKILL)
        gate.open()
        await bot.start()
        await robin.hears("Sealed with the note: 1 photo (1 of 5)", within=30)
        robin.presses("Routine, no flag")
        await robin.hears("This will be sealed", within=30)
        robin.presses("✔ Log it")
        receipt = await robin.hears("Reference ", within=30)
        await bot.end(signal.SIGTERM)
        assert b"Traceback" not in bot.printed
    (note,) = opened_note(site, receipt.text.partition("Reference ")[2][:9])
    assert [one.content for one in note.attachments] == [cleaned_photo(photo())]


async def test_what_comes_after_its_draft_is_gone_is_thrown_away(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    gate = line.telegram.hold_next("download")
    robin.sends_photo(photo(), caption=CAPTION)
    await gate.reached()
    robin.writes("/cancel")
    await robin.hears("Leave this note?")
    robin.presses("Discard it")
    await robin.hears("Discarded")
    assert rows(line.site) == []
    gate.open()
    await line.settled()
    assert rows(line.site) == []
    assert not [text for text in robin.heard if "Sealed with the note" in text]


async def test_what_comes_while_the_draft_is_put_aside_waits_in_it(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    gate = line.telegram.hold_next("download")
    robin.sends_photo(photo(), caption=CAPTION)
    await gate.reached()
    robin.writes("/menu")
    await robin.hears("put aside")
    await robin.hears("What do you need?")
    gate.open()
    await robin.hears("Sealed with the note: 1 photo")
    await line.settled()
    assert "What do you need?" not in robin.heard[-1], "only that it has come is said"
    robin.presses("Resume the unfinished note")
    await robin.hears("1 in this part")
    (note,) = opened_note(line.site, await logs(robin, line, ""))
    assert [one.problem for one in note.attachments] == [""]


async def test_a_turn_that_fails_is_told_and_the_photo_asked_for_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the desk loses its last recipient in between: nothing is kept, the person hears it."""
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    gate = line.telegram.hold_next("download")
    robin.sends_photo(photo())
    await gate.reached()
    pin = line.site.trial.installation.folder / "desks" / f"{AGENCY}.json"
    pin.rename(pin.with_suffix(".away"))
    gate.open()
    await robin.hears("I could not get that photo")
    await line.settled()
    assert rows(line.site) == []


async def test_busy_means_once_more_and_not_lost(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    line.app.fetching.sleep = Waits()
    await begins(robin)
    gate = line.telegram.hold_next("download")
    robin.sends_photo(photo())
    await gate.reached()
    await line.telegram.confirmed()
    busy_for_a_while(monkeypatch, line.site.store, 3)
    gate.open()
    await robin.hears("Sealed with the note: 1 photo")
    await line.settled()
    assert rows(line.site) == [(1, "sealed")]


def busy_for_a_while(monkeypatch: pytest.MonkeyPatch, store: Store, times: int) -> None:
    from storage.errors import Busy

    run, left = store.run, Counter(busy=times)

    async def busy(what: Any) -> Any:
        if left["busy"]:
            left["busy"] -= 1
            raise Busy("locked")
        return await run(what)

    monkeypatch.setattr(store, "run", busy)


async def test_one_that_comes_late_is_not_taken_for_the_next(line: Line) -> None:
    """The first is taken out while it is on its way; the second must not get its bytes."""
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    robin.writes("He left early.")
    await robin.hears("in this part")
    gate = line.telegram.hold_next("download")
    robin.sends_photo(photo())
    await gate.reached()
    robin.presses("Routine, no flag")
    await robin.hears("This will be sealed")
    robin.presses("Change something")
    await robin.hears("What do you want to change?")
    robin.presses("Take photos and voice out")
    await robin.hears("are out of the note")
    await robin.hears("This will be sealed")
    robin.sends_photo(photo(size=(64, 64)))
    await robin.hears("Sealed with the note: 1 photo (1 of 5)")
    gate.open()
    await line.settled()
    robin.presses("✔ Log it")
    receipt = await robin.hears("Reference ")
    await line.settled()
    (note,) = opened_note(line.site, receipt.text.partition("Reference ")[2][:9])
    assert [one.content for one in note.attachments] == [cleaned_photo(photo(size=(64, 64)))]


# ---------------------------------------------------------------- destroyed with what they belong to


@pytest.mark.sqlite
async def test_undoing_a_note_destroys_what_is_attached(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    robin.sends_photo(photo())
    await robin.hears("Sealed with the note")
    await logs(robin, line)
    assert rows(line.site) == [(1, "kept")]
    sealed = bodies(line.site)[0]
    assert sealed[5_000:5_100] in stored(line.site)
    robin.presses("Undo (2 minutes)")
    await robin.hears("Withdrawn")
    await line.settled()
    assert rows(line.site) == []
    assert sealed[5_000:5_100] not in stored(line.site), "not in the file, not in its log"


def bodies(site: Site) -> list[bytes]:
    store = site.trial.installation.store(reads_notes=True)
    try:
        return store.run_now(lambda tx: list(tx.db.exec_driver_sql("SELECT body FROM attachments").scalars()))
    finally:
        store.close()


def stored(site: Site) -> bytes:
    return b"".join(path.read_bytes() for path in site.trial.installation.folder.glob("integra.db*"))


@pytest.mark.parametrize("how", ["discarded", "expired", "revoked", "taken out"])
async def test_a_draft_takes_its_attachments_along(line: Line, how: str) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    robin.sends_photo(photo(), caption=CAPTION)
    await robin.hears("Sealed with the note")
    sealed = bodies(line.site)[0]
    if how == "discarded":
        robin.writes("/cancel")
        await robin.hears("Leave this note?")
        robin.presses("Discard it")
        await robin.hears("Discarded")
    elif how == "expired":
        await line.later(timedelta(hours=13))
        await robin.hears("has been deleted")
    elif how == "revoked":
        ref = line.site.within(lambda tx: people.at_address(tx, "telegram", "1001"))
        assert ref is not None
        line.site.within(lambda tx: people.revoke(tx, ref, at=line.site.clock()))
    else:
        robin.presses("Routine, no flag")
        await robin.hears("Attached, sealed: 1 photo")
        robin.presses("Change something")
        await robin.hears("What do you want to change?")
        robin.presses("Take photos and voice out")
        await robin.hears("are out of the note and destroyed")
        preview = await robin.hears("This will be sealed")
        assert "Attached" not in preview.text
    await line.settled()
    assert rows(line.site) == []
    assert sealed[5_000:5_100] not in stored(line.site)


async def test_an_amendment_may_carry_what_came_later(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    reference = await logs(robin, line)
    robin.writes("/notes")
    await robin.hears("Your notes")
    robin.presses(f"Amend {reference}")
    await robin.hears("What do you add or correct?")
    robin.sends_voice(voice())
    await robin.hears("Sealed with the note: 1 voice message")
    robin.writes("He spoke on the phone.")
    await robin.hears("Go on typing")
    robin.presses("Next ▸")
    await robin.hears("Attached, sealed: 1 voice message")
    robin.presses("✔ Log it")
    await robin.hears("Reference ")
    await line.settled()
    first, added = opened_note(line.site, reference)
    assert (len(first.attachments), [one.kind for one in added.attachments]) == (0, ["voice"])


async def test_a_state_that_cannot_be_read_leaves_no_attachment_behind(line: Line) -> None:
    robin = line.staff(1001, "officer", "PO-77")
    await begins(robin)
    robin.sends_photo(photo())
    await robin.hears("Sealed with the note")

    def spoil(tx: Any) -> None:
        ref = tx.keyring.address_ref("telegram", "1001")
        sealed = tx.keyring.seal("state", ref, b'{"v": 99}')
        tx.db.execute(update(conversations).values(sealed_state=sealed))

    line.site.within(spoil)
    robin.writes("hello")
    await line.settled()
    assert rows(line.site) == []


# ---------------------------------------------------------------- the terminal


async def test_at_the_terminal_a_file_is_sent_by_its_path(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "gate 2.jpg"
    path.write_bytes(photo())
    await desk.says("officer", "/menu", "[note.quick]", "He left.")
    assert "Sealed with the note: 1 photo" in texts(await desk.sends("officer", "photo", path))
    path.write_bytes(bytes(BIG))
    assert "larger than 5 MB" in texts(await desk.sends("officer", "photo", path))
    assert rows(desk.site) == [(1, "sealed")]


async def test_a_broken_step_does_not_hold_up_others(desk: Desk, tmp_path: Path, monkeypatch: Any) -> None:
    """The dialogue raises for what was fetched: the row stays, and is taken at the next start."""
    path = tmp_path / "gate.jpg"
    path.write_bytes(photo())
    await desk.says("officer", "/menu", "[note.quick]", "He left.")
    with monkeypatch.context() as broken:
        await desk.app.take(desk.console.sends("officer", "photo", path))
        break_dialogue(broken, "note")
        await desk.app.fetching.drained()
    assert rows(desk.site) == [(1, "wanted")]
    desk.app.fetching.look()
    await desk.app.fetching.drained()
    assert rows(desk.site) == [(1, "sealed")]
