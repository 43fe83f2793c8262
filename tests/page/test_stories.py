"""Whole stories as people live them, on the page and in the chat."""

import asyncio
import io
import json
from datetime import timedelta
from pathlib import Path

import media
import page_tools
import pytest
from bot_site import NOON, Site
from canaries import found_in
from chromium import Chromium, Device, Tab
from page_site import opening_key, publish
from page_stories import Story, link_in, reference_in, seals, told, writes
from PIL import Image
from storage_site import past_the_walls

from bot.trial import AGENCY
from bot.voice import cleaned_voice
from storage import agencies, audit, cases, people
from storage.opened import words_of
from storage.pins import Pin
from storage.sealing import base64url, keyfile
from storage.sealing.attachment import Place
from storage.sealing.desk import Recipient, next_manifest, sign
from storage.sealing.fingerprint import words_for
from storage.sealing.opening_attachment import open_attachment
from storage.sealing.signing import SigningKey, VerifyKey
from storage.sealing.succession import statement
from storage.sealing.suites import OpeningKey, SuiteId
from storage.transaction import Transaction

pytestmark = pytest.mark.sqlite

SAW = "He gave away his radio and said goodbye to the others."


async def test_from_the_officers_page_to_the_coordinators_phone_and_back(story: Story) -> None:
    author = await story.author("officer")
    await writes(author, SAW, case="ab 1234 p", urgency="Urgent", flag="self-harm")
    assert SAW in await author.text()
    assert "AB-1234-P is not one of your cases" in await author.text()
    reference = await seals(author)
    assert reference in await story.hears("officer")

    notice = await story.hears("coordinator")
    assert "A flag waits" in notice
    assert reference in notice
    assert "radio" not in notice

    reader = await story.reader("coordinator")
    await reader.click(f"Open {reference}")
    await reader.sees(SAW)
    await reader.sees("AB-1234-P")
    await reader.click("Take it")
    await reader.sees("You have it.")
    assert f"{reference} is in hand" in await story.hears("officer")

    await reader.click("Ask the author to call back")
    await reader.sees("The author hears in the chat")
    assert "asks about" in await story.hears("officer")

    await reader.click("Close it")
    await reader.pick("passed to a partner")
    await reader.click("Close it", nth=1)
    await reader.sees("Closed. The author hears how it ended")
    assert "passed to a partner" in await story.hears("officer")
    assert reference_in(notice) == reference


async def test_from_the_notice_to_the_open_note_in_two_steps(story: Story) -> None:
    device = await story.device()
    await keeps_a_key(story, device)
    author = await story.author("officer")
    await writes(author, SAW, urgency="Urgent", flag="self-harm")
    reference = await seals(author)
    link = link_in(await story.hears("coordinator"))
    assert link == f"{story.page.origin}/#note={reference}"

    tab = await device.tab(link)  # the first step: a tap
    await tab.sees(f"You came for note {reference}.", exact=False)
    assert await tab.ask("url") == f"{story.page.origin}/"
    await tab.fill("Passphrase", PASSPHRASE)
    await tab.click("Unlock")  # the second
    await tab.sees(SAW)
    await tab.click("Back")
    await tab.titled("Flags and notes")

    await tab.click("Lock")
    await tab.goto(f"{story.page.origin}/#note=0000-0000")
    await tab.sees("You came for note 0000-0000.", exact=False)
    await tab.fill("Passphrase", "not these words")
    await tab.click("Unlock")
    await tab.sees("Wrong passphrase", exact=False)
    await tab.fill("Passphrase", PASSPHRASE)  # it was not forgotten meanwhile
    await tab.click("Unlock")
    await tab.sees("Note 0000-0000 is not there, or not for your key.")
    await tab.ask("evaluate", script=f"void (location.hash = 'note={reference}')")  # a notice tapped while it is open
    await tab.sees(SAW)
    assert reference not in str([one["url"] for one in (await tab.recorded())["requests"] if "/api/" not in one["url"]])


async def test_who_writes_of_danger_is_told_first_whom_to_call(story: Story) -> None:
    tab = await story.author("officer")
    await tab.titled("Write a note")
    await tab.fill("What I saw or heard", "He came late and spoke about the course.")
    await tab.ask("wait", ms=1200)
    assert await tab.ask("count", css=".alarm") == 0

    await tab.fill("What I was told", "His cellmate says he has a knife and will stab somebody tonight.")
    await tab.ask("sees", css=".alarm[role=alert] >> text=Call 112 now.")
    assert "phone first, note second" in await tab.text()
    await tab.ask("evaluate", script="document.querySelector('footer').scrollIntoView()")
    top = await tab.ask("evaluate", script="document.querySelector('.alarm').getBoundingClientRect().top")
    assert 0 <= top < 60, "it is out of sight"
    await tab.click("Look it over")  # the note goes on
    await tab.titled("This will be sealed")
    await tab.ask("sees", css=".alert >> text=Call 112 now.")

    await tab.click("Change something")
    await tab.click("I have read this")
    await tab.fill("What I think", "He will kill somebody tonight.")
    await tab.ask("wait", ms=1200)
    assert await tab.ask("count", css=".alarm") == 0, "once a note, as in the chat"
    await tab.click("Look it over")
    await tab.titled("This will be sealed")
    assert await tab.ask("count", css=".alert") == 0
    asked = [one["url"] for one in (await tab.recorded())["requests"] if "danger" in one["url"]]
    assert asked == [f"{story.page.origin}/api/danger/en"]


async def test_danger_on_the_page_begins_with_the_agencys_own_line(story: Story) -> None:
    story.site.within(lambda tx: agencies.change(tx, AGENCY, {"alarm": "Press the red button."}))
    tab = await story.author("officer")
    await tab.sees("Press the red button.")
    await tab.ask("intercept", url="**/api/danger/*", abort=True, before=True, times=1)
    await writes(tab, "He will kill himself now.", urgency="Urgent", flag="self-harm")
    await tab.click("Seal and send")
    await tab.titled("Logged and sealed")
    await tab.ask("sees", css=".alert >> text=Press the red button.")


async def test_a_lost_answer_makes_no_second_note_and_a_lost_connection_loses_none(story: Story) -> None:
    tab = await story.author("officer")
    await writes(tab, SAW)
    await tab.ask("intercept", url="**/api/notes/*", abort=True)  # kept, but the answer is lost on the way
    await tab.click("Seal and send")
    await tab.titled("Sealed, and waiting")
    await tab.sees("is sent and kept", exact=False)  # the same bytes once more, by itself

    await tab.ask("offline", offline=True)
    await tab.click("Write another note")
    await writes(tab, "The second one.")
    await tab.click("Seal and send")
    await tab.titled("Sealed, and waiting")
    reference = reference_in(await tab.text())
    await tab.ask("offline", offline=False)
    await tab.sees(f"{reference} is sent and kept", exact=False)

    assert sorted(text for _, text in story.site.notes()) == [SAW, "The second one."]
    assert set(story.site.notes().values()) == {1}
    assert (await tab.stored())["databases"]["integra/queue"]["keys"] == []


async def test_what_waits_is_sent_at_the_next_visit_by_nobody_else(story: Story) -> None:
    device = await story.device()
    tab = await story.author("officer", device)
    await writes(tab, SAW)
    await tab.ask("offline", offline=True)
    await tab.click("Seal and send")
    await tab.titled("Sealed, and waiting")
    await tab.ask("closeTab")  # without a word
    await device.offline(False)
    outside = await device.tab(story.page.origin + "/")
    await outside.sees("A sealed note waits on this device", exact=False)
    assert story.site.notes() == {}

    other = await story.author("mentor", device)
    await other.titled("Write a note")
    assert story.site.notes() == {}

    await (await story.author("officer", device)).titled("Write a note")
    for _ in range(100):
        if story.site.notes():
            break
        await asyncio.sleep(0.05)
    assert story.site.notes() == {("PO-17", SAW): 1}


async def test_what_the_server_refuses_for_good_is_opened_again_and_nothing_is_lost(story: Story) -> None:
    tab = await story.author("officer")
    await writes(tab, SAW, case="AB-1234-P")
    await tab.ask("intercept", url="**/api/notes/*", status=409, json={"code": "other-note", "say": "Taken."})
    await tab.click("Seal and send")
    await tab.titled("Not saved")
    first = reference_in(await tab.text())
    await tab.click("Your notes")
    await tab.sees(f"{first} was not taken")

    await tab.click("Open it again")
    await tab.sees("Your unfinished note is back.")
    assert await tab.ask("value", label="What I saw or heard") == SAW
    await tab.click("Look it over")
    await tab.titled("This will be sealed")
    assert await seals(tab) != first
    assert story.site.notes() == {("PO-17", SAW): 1}
    kept = (await tab.stored())["databases"]
    assert (kept["integra/queue"]["keys"], kept["integra/drafts"]["keys"]) == ([], [])


async def test_an_admin_key_that_both_have_signed_for_is_taken_without_a_question(story: Story) -> None:
    device = await story.device()
    await (await story.author("officer", device)).sees("Look it over")
    another_admin(story)
    another_admin(story, number=1)  # the device was not there meanwhile

    tab = await story.author("officer", device)
    await writes(tab, SAW)
    await seals(tab)
    assert "Another key than before" not in await tab.text()


async def test_an_admin_key_that_nobody_signed_for_is_compared_by_a_person(story: Story) -> None:
    device = await story.device()
    await (await story.author("officer", device)).sees("Look it over")
    admin = another_admin(story)
    forget_successions(story)  # pinned anew by hand: the former key was lost

    tab = await story.author("officer", device)
    await tab.sees("Another key than before signs")
    for word in words_for(admin):
        await tab.sees(word, exact=True)
    await tab.click("All words are the same")
    await writes(tab, SAW)
    await seals(tab)


def another_admin(story: Story, *, number: int = 0) -> VerifyKey:
    """As `integra keys publish` hands a desk over to a new admin key: both have signed. Seeds are invented."""
    former = keyfile.read(story.site.trial.folder / "safe" / "admin.key").key
    assert isinstance(former, SigningKey)
    before, admin = [former, *(SigningKey(bytes([0x51 + n]) * 32) for n in range(number + 1))][-2:]
    pins = story.site.trial.installation.pins

    def turn(tx: Transaction) -> None:
        desk = agencies.desk(tx, AGENCY, pins, story.site.clock())
        assert desk is not None
        following = next_manifest(desk, created=NOON.date())
        agencies.publish_desk(tx, following, *sign(following, admin))
        agreed = statement(AGENCY, before.public, admin.public, following.version)
        pins.hand_over(AGENCY, Pin(admin.public, following.version), before.sign(agreed), admin.sign(agreed))

    story.site.within(turn)
    return admin.public


def forget_successions(story: Story) -> None:
    file = story.site.trial.installation.folder / "desks" / f"{AGENCY}.json"
    fields = json.loads(file.read_text())
    assert len(fields.pop("successions")) == 1
    file.write_text(json.dumps(fields))


async def test_a_server_key_that_is_new_is_asked_about_before_its_notes_are_believed(story: Story) -> None:
    author = await story.author("officer")
    await writes(author, SAW, urgency="Today", flag="threat")
    reference = await seals(author)
    device = await story.device()
    tab = await story.author("coordinator", device)
    stranger = base64url.encode(SigningKey(b"\x11" * 32).public.raw)
    await tab.ask("intercept", url="**/answer", json={"server_keys": [stranger]})  # what this device learns first
    await tab.click("Flags")
    await story.unlocked(tab)
    await tab.click(f"Open {reference}")
    await tab.sees("It is not signed by a server that this device knows.")

    await tab.click("Lock")
    await story.unlocked_again(tab)
    await tab.sees("The server signs with a new key")
    await tab.click("All words are the same")
    await tab.ask("gone", text="The server signs with a new key")
    await tab.click(f"Open {reference}")
    await tab.sees(SAW)


PASSPHRASE = "six plain words"


async def keeps_a_key(story: Story, device: Device) -> None:
    """A coordinator's browser with a key of its own, linked to them. Its derivation is as light as may be."""
    key, kit_code = OpeningKey(SuiteId.XWING, b"\x32" * 32), bytes(range(16))
    file = story.site.trial.folder / "kept.key"
    made = keyfile.KeyFile(key, "coordinator", "coordinator, phone", NOON.date())
    keyfile.write(file, made, passphrase=PASSPHRASE, kit_code=kit_code, hardness=keyfile.Hardness(2, 19_456, 1))
    publish(story.site, Recipient(key.public, "coordinator", "coordinator, phone"))
    tab = await story.author("coordinator", device)
    await tab.click("Flags")
    await tab.ask("click", css="summary")
    await tab.ask("upload", label="Key file", path=str(file))
    await tab.fill("Passphrase", PASSPHRASE)
    await tab.fill("Kit code", kit_code.hex())
    await tab.click("Unlock")
    await tab.titled("Flags and notes")
    await tab.click("Lock")
    await tab.titled("Unlock your key")


async def test_a_saved_key_opens_on_another_device_and_is_remembered_there(story: Story, tmp_path: Path) -> None:
    key, kit_code = OpeningKey(SuiteId.XWING, b"\x31" * 32), bytes(range(16))
    file = tmp_path / "saved.key"
    made = keyfile.KeyFile(key, "coordinator", "coordinator, phone", NOON.date())
    keyfile.write(file, made, passphrase="six plain words", kit_code=kit_code, hardness=keyfile.Hardness(2, 19_456, 1))
    publish(story.site, Recipient(key.public, "coordinator", "coordinator, phone"))

    tab = await (await story.device()).tab(story.page.origin + "/")
    await tab.click("I have a key file")
    await tab.ask("click", css="summary")
    await tab.ask("upload", label="Key file", path=str(file))
    await tab.fill("Passphrase", "six plain words")
    await tab.fill("Kit code", "too short")
    await tab.click("Unlock")
    await tab.sees("Please type the kit code")
    await tab.fill("Kit code", kit_code.hex(" ", 2))
    await tab.click("Unlock")
    await tab.titled("Flags and notes")
    await tab.sees("This key belongs to no person yet")

    await tab.click("Lock")
    await tab.titled("Unlock your key")
    await tab.fill("Passphrase", "six plain words")  # the kit code is remembered
    await tab.click("Unlock")
    await tab.titled("Flags and notes")
    assert kit_code.hex() not in str(await tab.stored())

    await tab.click("Keys")
    await tab.click("Take it off this device")
    await tab.click("Yes, take it off")
    await tab.sees("There is no key on this device.")
    assert (await tab.stored())["databases"]["integra/keys"]["keys"] == []


async def test_of_several_agencies_each_has_its_own_desk_and_codes(story: Story) -> None:
    def turn(tx: Transaction) -> None:
        agency = agencies.add(tx, "south", name="South Mentors", zone="Europe/Lisbon", case_pattern="C-99")
        officer = people.at_address(tx, "console", "officer")
        assert officer is not None
        people.join(tx, officer, agency, "mentor", at=NOON)

    story.site.within(turn)
    tab = await story.author("officer")
    await tab.sees("For example AB-1234-P.")

    await tab.ask("select", label="Agency", value={"label": "South Mentors"})
    await tab.sees("South Mentors has nobody yet who could open a sealed note.")
    assert await tab.ask("count", css="textarea") == 0

    await tab.ask("select", label="Agency", value={"label": "Northbridge Probation (demo)"})
    await writes(tab, SAW)
    await seals(tab)


async def test_a_language_is_there_when_it_has_its_phrases(
    site: Site, browser: Chromium, dist: Path, tmp_path: Path
) -> None:
    project = page_tools.copied_to(tmp_path / "project")
    phrases = project / "guidance" / "content" / "fr" / "phrases"
    phrases.mkdir(parents=True)
    (phrases / "page.ftl").write_text("page-welcome = Notes scellées\npage-waits-here = { $count } notes\n")
    page_tools.node(project / "page" / "build.js")

    async with told(site, browser, project / "page" / "dist") as story:
        french = await (await story.device(locale="fr-BE")).tab(story.page.origin + "/")
        await french.titled("Notes scellées")
        assert "How to get in" in await french.text()  # what is not translated yet
        assert await french.ask("evaluate", script="document.documentElement.lang") == "fr"
        await (await (await story.device(locale="de")).tab(story.page.origin + "/")).titled("Sealed notes")


async def test_what_nobody_foresaw_is_said_on_the_screen(story: Story) -> None:
    tab = await story.author("officer")
    await tab.titled("Write a note")
    await tab.ask("evaluate", script="void Promise.reject(new Error('unforeseen'))")
    await tab.sees("Something broke")


async def test_a_session_that_ends_meanwhile_keeps_the_sealed_note_for_the_next(story: Story) -> None:
    device = await story.device()
    tab = await story.author("officer", device)
    await writes(tab, SAW)
    await tab.click("Change something")
    await tab.titled("Write a note")
    assert "Your unfinished note is back." not in await tab.text()
    await tab.click("Look it over")
    await tab.titled("This will be sealed")
    story.page.later(timedelta(minutes=16))

    await tab.click("Seal and send")

    await tab.titled("Sealed, and waiting")
    await tab.sees("Your session has ended.", exact=False)
    assert story.site.notes() == {}
    await (await story.author("officer", device)).sees("is sent and kept", exact=False)
    assert story.site.notes() == {("PO-17", SAW): 1}


@pytest.mark.long
async def test_whoever_writes_for_long_stays_logged_in_and_whoever_left_does_not(story: Story) -> None:
    tab = await (await story.device()).tab()
    await tab.ask("clock")
    await tab.goto(await story.link("officer"))
    await tab.titled("Write a note")
    await tab.fill("What I saw or heard", SAW)
    for _ in range(10):
        story.page.later(timedelta(minutes=3))
        await tab.ask("later", ms=3 * 60_000)
        await tab.ask("type", text=".")
    await tab.pick("Routine")
    await tab.click("Look it over")
    await tab.click("Seal and send")
    await tab.titled("Logged and sealed")
    touched = [one for one in (await tab.recorded())["requests"] if one["url"].endswith("/api/session/touch")]
    assert 3 <= len(touched) <= 5, "and not with each touch"

    await tab.ask("later", ms=16 * 60_000)
    await tab.sees("fifteen minutes", exact=False)


async def test_a_draft_is_back_for_its_author_alone_and_gone_after_twelve_hours(story: Story) -> None:
    device = await story.device()
    tab = await story.author("officer", device)
    await writes(tab, SAW, case="AB-1234-P", look_over=False)
    await tab.click("Lock")
    await tab.titled("Sealed notes")

    other = await story.author("mentor", device)
    await other.titled("Write a note")
    assert await other.ask("value", label="What I saw or heard") == ""

    again = await story.author("officer", device)
    await again.sees("Your unfinished note is back.")
    assert await again.ask("value", label="What I saw or heard") == SAW
    assert await again.ask("value", label="Case code") == "AB-1234-P"

    story.site.clock.move(timedelta(hours=12, minutes=1))
    later = await story.author("officer", device)
    await later.titled("Write a note")
    assert await later.ask("value", label="What I saw or heard") == ""


async def test_the_form_says_what_is_wrong_where_it_is_wrong(story: Story) -> None:
    tab = await story.author("officer")
    await tab.titled("Write a note")
    await tab.click("Look it over")
    await tab.sees("There is no text yet.")

    await tab.fill("What I saw or heard", "x" * 4001)
    await tab.click("Look it over")
    await tab.sees("This is too long for one note.")
    assert "4,001 of 4,000" in await tab.text()

    await tab.fill("What I saw or heard", "His brother Karim Haddad rang from +44 7700 900123.")
    await tab.fill("Case code", "Karim")
    await tab.sees("“Karim Haddad”, “+44 7700 900123”: that looks like a name")
    await tab.pick("At another time")
    await tab.fill("Day", "2026-11-24")
    await tab.fill("Time", "09:00")
    await tab.pick("Yes, flag it. They hear at once, without content.")
    await tab.click("Look it over")
    for wrong in ("That looks like a name or a word.", "That is still to come.", "Please choose why."):
        await tab.sees(wrong)
    assert await tab.ask("count", css="[aria-invalid]") == 3

    await tab.fill("Case code", "")
    await tab.fill("Day", "2026-11-22")
    await tab.pick("The time is only roughly known")
    await tab.select("Why the flag?", "threat")
    await tab.click("Look it over")
    await tab.titled("This will be sealed")
    assert "Sun, 22 November 2026, about 09:00" in await tab.text()


async def test_an_author_adds_and_undoes(story: Story) -> None:
    tab = await story.author("officer")
    await writes(tab, SAW, urgency="Today", flag="threat")
    first = await seals(tab)
    await tab.click("Your notes")
    await tab.click("Add to it")
    await tab.titled(f"Add to {first}")
    await tab.fill("What I add or correct", "It was the blue radio.")
    await tab.click("Your notes")  # looked elsewhere meanwhile
    await tab.click("Add to it")
    await tab.sees("Your unfinished note is back.")
    await tab.click("Look it over")
    await tab.titled("This will be sealed")
    await seals(tab)
    await story.says("officer")

    reader = await story.reader("coordinator")
    await reader.sees("1 addition", exact=False)
    await reader.click(f"Open {first}")
    await reader.sees(SAW)
    await reader.sees("It was the blue radio.")

    await tab.click("Write another note")
    await writes(tab, "A mistake.")
    second = await seals(tab)
    await tab.ask("click", css="main .actions button")  # Undo, with its time
    await tab.sees("Withdrawn. Its sealed text is destroyed")
    assert f"Withdrawn: {second}" in await story.hears("officer") or second not in str(story.site.notes())


@pytest.mark.long  # once, under load, the server refused the upload's form; not understood yet
async def test_a_photo_and_a_voice_message_go_with_a_note_of_the_page(story: Story, tmp_path: Path) -> None:
    picture, sound, other = tmp_path / "photo.jpg", tmp_path / "voice.ogg", tmp_path / "other.txt"
    picture.write_bytes(media.photo(size=(3000, 1500), orientation=6))
    sound.write_bytes(media.voice())
    other.write_text("neither")
    device = await story.device()
    tab = await story.author("officer", device)
    await tab.titled("Write a note")
    await tab.ask("upload", label="Add a photo", path=str(other))
    await tab.sees("This photo cannot be read.", exact=False)
    await tab.ask("upload", label="Add a voice file", path=str(other))
    await tab.sees("This is no voice message", exact=False)
    await tab.ask("upload", label="Add a photo", path=str(picture))
    await tab.ask("sees", css=".attached img")  # or the voice, which takes less time to clean, may come to stand first
    await tab.ask("upload", label="Add a voice file", path=str(sound))
    await tab.ask("sees", css=".attached audio")
    await tab.ask("upload", label="Take a photo", path=str(picture))
    await tab.ask("sees", css=".attached li:nth-child(3) img")
    await tab.ask("click", css=".attached li:nth-child(3) button")
    await tab.ask("gone", css=".attached li:nth-child(3)")
    await tab.click("Lock")

    tab = await story.author("officer", device)
    await tab.sees("Your unfinished note is back.")
    await tab.ask("sees", css=".attached img")
    await writes(tab, SAW, urgency="Today", flag="threat")
    await tab.ask("sees", css=".attached audio")
    assert await marks(tab) == []
    await tab.ask("intercept", url="**/attachments/2", abort=True, times=1_000)  # it arrives, and nobody hears so
    await tab.click("Seal and send")
    await tab.titled("Sealed, and waiting")
    reference = reference_in(await tab.text())
    assert story.site.notes() == {}, "not before what goes with it"
    await tab.ask("closeTab")

    tab = await story.author("officer", device)
    await tab.sees(f"{reference} is sent and kept", exact=False)
    assert await marks(tab) == []
    assert (await tab.stored())["databases"]["integra/attachments"]["keys"] == []
    assert [tuple(row) for row in story.site.rows("attachments", "number, state")] == [(1, "kept"), (2, "kept")]

    reader = await story.reader("coordinator")
    await reader.click(f"Open {reference}")
    await reader.ask("click", css=".attachment button")
    await reader.ask("sees", css=".attachment img")
    size = "(i => i.decode().then(() => [i.naturalWidth, i.naturalHeight]))(document.querySelector('.attachment img'))"
    assert await reader.ask("evaluate", script=size) == [1280, 2560]  # upright, no larger than Telegram makes one
    photo, voice = [kept_attachment(story, number) for number in (1, 2)]
    with Image.open(io.BytesIO(photo)) as shown:
        assert (shown.format, dict(shown.getexif()), shown.info.get("comment")) == ("JPEG", {}, None)
    assert voice == cleaned_voice(sound.read_bytes())
    assert not [one for one in (media.EXIF_CANARY, media.COMMENT_CANARY) if one in photo]
    await reader.ask("click", css=".attachment button")
    await reader.ask("sees", css=".attachment audio")


def kept_attachment(story: Story, number: int) -> bytes:
    """What the coordinator's key finds in a kept attachment."""
    installation = story.site.trial.installation
    found = "SELECT note_id, agency_ref, body FROM attachments WHERE number = :number"
    ((note_id, agency_ref, body),) = past_the_walls(installation, found, number=number)
    ingest = installation.keyring().ingest.public
    place = Place(agency_ref, note_id, number)
    return open_attachment(body, opening_key(story.site), place=place, ingest_public_keys=[ingest]).content


async def marks(tab: Tab) -> list[str]:
    """What a camera or recorder had left in the files, anywhere in requests and storage."""
    everything = json.dumps([await tab.stored(), (await tab.recorded())["requests"]])
    canaries = (media.EXIF_CANARY, media.COMMENT_CANARY, media.TAG_CANARY)
    return found_in(everything, [one.decode() for one in canaries])


async def test_who_gets_the_note_is_told_and_others_may_have_their_own_words(story: Story) -> None:
    for name, disclosure in (("archive", "full"), ("partners", "summary")):
        goes_to(story, name, disclosure)
    tab = await story.author("officer")
    await writes(tab, SAW, urgency="Today", flag="threat", look_over=False)
    assert "archive: all of it." in await tab.text()
    assert "partners: what you write for others" in await tab.text()
    await tab.fill("For those who do not get all of it", "x" * 501)
    await tab.click("Look it over")
    await tab.sees("That is too long. Please write it shorter.")
    await tab.fill("For those who do not get all of it", "A worrying remark.")
    await tab.click("Look it over")
    await tab.titled("This will be sealed")
    await tab.sees("A worrying remark.")
    reference = await seals(tab)

    reader = await story.reader("coordinator")
    await reader.click(f"Open {reference}")
    await reader.sees("A worrying remark.")


def goes_to(story: Story, name: str, disclosure: str) -> None:
    columns = "name, agency_ref, kind, disclosure, state, why, place_hash, since, failures, next_at, alarm_s, cursor, "
    past_the_walls(
        story.site.trial.installation,
        f"INSERT INTO destinations ({columns} rejects, reject_why, rejects_from) "
        "VALUES (:name, :agency, 'filedrop', :disclosure, 'open', '', :hash, 0, 0, 0, 86400, '', 0, '', 0)",
        name=name,
        agency=story.site.within(lambda tx: agencies.by_slug(tx, AGENCY).ref),
        disclosure=disclosure,
        hash=bytes(32),
    )


async def test_an_agency_without_photos_is_not_asked_for_any(story: Story) -> None:
    story.site.within(lambda tx: agencies.change(tx, AGENCY, {"media": False}))
    tab = await story.author("officer")
    await writes(tab, SAW, look_over=False)
    assert await tab.ask("count", css="input[type=file]") == 0


async def test_a_photo_and_a_voice_message_from_the_chat_are_shown_on_the_page(story: Story, tmp_path: Path) -> None:
    picture, sound = tmp_path / "photo.jpg", tmp_path / "voice.ogg"
    picture.write_bytes(media.photo())
    sound.write_bytes(media.voice())
    await story.says("officer", "/menu", "[note.quick]", SAW)
    for kind, path in (("photo", picture), ("voice", sound)):
        await story.app.take(story.console.sends("officer", kind, path))
        await story.app.fetching.drained()
        await story.hears("officer")
    await story.says("officer", "[today]", "[log]")

    reader = await story.reader("coordinator")
    await reader.sees("2 attachments", exact=False)
    await reader.ask("click", css=".card button")
    await reader.sees(SAW)
    await reader.ask("click", css=".attachment button")
    await reader.ask("sees", css=".attachment img")
    assert (
        await reader.ask("evaluate", script="document.querySelector('.attachment img').decode().then(() => 320)") == 320
    )
    await reader.ask("click", css=".attachment button")
    await reader.ask("sees", css=".attachment audio")
    assert (await reader.recorded())["errors"] == []


async def test_who_opens_anothers_case_says_why_and_it_is_logged(story: Story) -> None:
    officer = story.site.within(lambda tx: people.at_address(tx, "console", "officer"))
    assert officer is not None
    agency = story.site.within(lambda tx: agencies.by_slug(tx, AGENCY).ref)
    story.site.within(lambda tx: cases.assign(tx, agency, "AB-1234-P", officer, at=story.site.clock()))
    author = await story.author("officer")
    await writes(author, SAW, case="AB-1234-P")  # a case that the coordinator is no member of
    assert "is not one of your cases" not in await author.text()
    reference = await seals(author)
    reader = await story.reader("coordinator")
    await reader.select("Show", "unflagged")
    await reader.sees("asks for a reason", exact=False)

    story.site.clock.move(timedelta(minutes=6))  # the login is no fresh proof any more
    await reader.click(f"Open {reference}")
    await reader.sees("This is not one of your own cases.", exact=False)
    await reader.pick("An emergency, outside my own cases")
    await reader.click("Open")
    await reader.sees("Please say in a few words why")
    await reader.pick("A complaint")
    await reader.fill("In your words", "the family asked")
    await reader.click("Open")

    await reader.sees(SAW)
    steps = [one["url"] for one in (await reader.recorded())["requests"] if "/challenges" in one["url"]]
    assert len(steps) == 4  # a login and a step-up
    assert "was opened" in await story.hears("supervisor")
    (entry,) = story.site.within(lambda tx: [one for one in audit.listed(tx) if one.reason == "complaint"])
    ingest = [story.site.trial.installation.keyring().ingest.public]
    assert entry.words == ""
    assert words_of(entry, opening_key(story.site), ingest) == "the family asked"  # the demo's desk has no supervisor


async def test_a_flag_is_handed_on_to_a_colleague(story: Story) -> None:
    story.site.enrol("console", "coordinator-2", "coordinator", "Coord-2")
    author = await story.author("officer")
    await writes(author, SAW, urgency="Today", flag="threat")
    reference = await seals(author)
    reader = await story.reader("coordinator")
    await reader.click(f"Take it: {reference}")
    await reader.click(f"Undo: not mine after all: {reference}")
    await reader.ask("sees", role="button", name=f"Take it: {reference}")
    await reader.click(f"Open {reference}")
    await reader.click("Take it")
    await reader.sees("You have it.", exact=False)
    assert await reader.ask("count", css=".acts button >> text=Undo") == 0, "it was read before: it is in hand"
    await reader.click("Another agency's turn")
    await reader.pick("the police")
    await reader.click("Another agency's turn", nth=1)
    await reader.sees("Noted. You keep it.")
    await reader.click("Hand it on")
    await reader.ask("select", label="To whom?", value={"label": "Coord-2"})
    await reader.click("Hand it on", nth=1)

    await reader.sees("Handed on.", exact=False)
    assert "Handed on to you" in await story.hears("coordinator-2")
    await story.says("coordinator-2", f"[inbox.{reference}.take]")
    await reader.click("Take it")  # as the screen still has it
    await reader.sees("That was not done")
    await reader.sees("With Coord-2")
    assert await reader.ask("count", css=".acts button") == 0


async def test_the_list_is_filtered_and_ordered(story: Story) -> None:
    author = await story.author("officer")
    for text, urgency, flag in (("one", "Today", "threat"), ("two", "Urgent", "self-harm"), ("three", "Routine", "")):
        await writes(author, text, urgency=urgency, flag=flag)
        await seals(author)
        await author.click("Write another note")
    reader = await story.reader("coordinator")

    async def urgencies() -> list[str]:
        script = "[...document.querySelectorAll('.card .badge:first-of-type')].map(b => b.textContent)"
        return list(await reader.ask("evaluate", script=script))

    await reader.ask("sees", css=".card")
    assert await urgencies() == ["Urgent", "Today"]
    await reader.select("Urgency", "today")
    await reader.ask("gone", css=".card-urgent")
    assert await urgencies() == ["Today"]
    await reader.select("Urgency", "")
    await reader.ask("sees", css=".card-urgent")
    await reader.ask("intercept", url="**/api/notes?*urgency=today*", slowMs=400)
    await reader.select("Urgency", "today")  # and back, before the answer is there
    await reader.select("Urgency", "")
    await reader.ask("wait", ms=700)
    assert await urgencies() == ["Urgent", "Today"]
    await reader.select("Show", "unflagged")
    await reader.ask("sees", css=".card .badge >> text=no flag")
    await reader.select("Show", "mine")
    await reader.sees("Nothing is waiting here.")


async def test_the_whole_form_goes_by_keyboard_alone(story: Story) -> None:
    device = await story.desktop()
    tab = await story.author("officer", device)
    await tab.titled("Write a note")
    focused = "(document.activeElement.labels?.[0] ?? document.activeElement).textContent"
    for wanted, keys in (
        ("Case code", ["AB-1234-P"]),
        ("What I saw or heard", [SAW]),
        ("Routine", [" "]),
        ("Look it over", ["Enter"]),
    ):
        for _ in range(40):
            await tab.ask("press", key="Tab")
            if await tab.ask("evaluate", script=focused) == wanted:
                break
        assert await tab.ask("evaluate", script=focused) == wanted
        outline = await tab.ask("evaluate", script="getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", f"the focus is not seen on {wanted}"
        for key in keys:
            await tab.ask(
                "press" if key in (" ", "Enter") else "type", **{"key" if key in (" ", "Enter") else "text": key}
            )
    await tab.titled("This will be sealed")
    assert await tab.ask("evaluate", script="document.activeElement.tagName") == "H1"
