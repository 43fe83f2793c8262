"""What the page never does, in a real Chromium over the real server. Numbers are those of docs/security-tests.md."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import page_tools
import pytest
from aiohttp import ClientSession
from bot_site import Site
from canaries import files_with, found_in
from chromium import Chromium, Tab
from page_site import TOKEN, publish
from page_stories import Story, seals, told, writes

from bot.serve.bundle import Bundle
from bot.serve.init_data import Verifier
from bot.trial import AGENCY
from dialogues.case_code import check_character
from storage import agencies, people
from storage.pins import Succession
from storage.pins import told as told_succession
from storage.sealing import base64url, keyfile
from storage.sealing.desk import Recipient, sign
from storage.sealing.signing import SigningKey
from storage.sealing.succession import statement
from storage.sealing.suites import OpeningKey

pytestmark = pytest.mark.sqlite

# One for each field, so that a hit says where it came from.
SEEN, TOLD, THINK, ELSE = "Zażółćquartz", "كناريquartz", "🦓quartzfinch", "Plovergranite"
CASE = f"QK-7314-{check_character('QK7314')}"
CANARIES = [SEEN, TOLD, THINK, ELSE, "QK-7314", "QK7314"]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; "
    "img-src 'self' blob:; media-src blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


async def fills(tab: Tab) -> None:
    await tab.titled("Write a note")
    await tab.fill("Case code", CASE)
    for label, word in (
        ("What I saw or heard", SEEN),
        ("What I was told", TOLD),
        ("What I think", THINK),
        ("What else could explain it", ELSE),
    ):
        await tab.fill(label, f"He said {word} twice.")
    await tab.pick("Today")
    await tab.pick("Yes, flag it. They hear at once, without content.")
    await tab.select("Why the flag?", "threat")


async def leaks(tab: Tab) -> list[str]:
    """Canaries in what the page sent, in its address, and in what the browser keeps."""
    recorded = await tab.recorded()
    assert recorded["requests"], "nothing was recorded"
    kept = await tab.stored()
    sent = json.dumps(recorded["requests"], ensure_ascii=False)
    return [
        *found_in(sent, CANARIES),
        *found_in(json.dumps(kept, ensure_ascii=False), CANARIES),
        *found_in(await tab.ask("url"), CANARIES),
        *found_in(json.dumps(recorded["console"], ensure_ascii=False), CANARIES),
        *[word for request in recorded["requests"] for word in in_base64url(request["body"] or "")],
    ]


def in_base64url(body: str) -> list[str]:
    """In what a request carries as base64url."""
    return [
        word
        for text in re.findall(r"[A-Za-z0-9_-]{24,}", body)
        if len(text) % 4 != 1
        for word in found_in(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), CANARIES)
    ]


async def test_t49_no_word_leaves_the_page_or_stays_in_the_browser(story: Story, browser: Chromium) -> None:
    author = await story.author("officer")
    await fills(author)
    await asyncio.sleep(0.6)  # the draft is kept
    assert (await author.stored())["databases"]["integra/drafts"]["keys"], "the draft was kept"
    assert await leaks(author) == []

    await author.click("Look it over")
    await author.titled("This will be sealed")
    reference = await seals(author)
    assert await leaks(author) == []
    assert (await author.stored())["databases"]["integra/drafts"]["keys"] == []
    assert (await author.stored())["databases"]["integra/queue"]["keys"] == []

    reader = await story.reader("coordinator")
    await reader.click(f"Open {reference}")
    await reader.sees(SEEN)
    assert await leaks(reader) == []
    kept = await reader.stored()
    assert (kept["local"], kept["session"], kept["caches"], kept["cookies"], kept["workers"]) == ({}, {}, [], [], 0)
    assert kept["state"] is None


async def test_t49_in_telegrams_web_view_too_and_nothing_is_on_the_disk(
    site: Site, browser: Chromium, dist: Path, tmp_path: Path
) -> None:
    officer = site.within(lambda tx: people.at_address(tx, "console", "officer"))
    assert officer is not None
    site.within(lambda tx: people.reach_at(tx, officer, "telegram", "1001"))
    async with told(site, browser, dist, telegram=Verifier(TOKEN)) as story:
        pins = urlsplit(await story.link("officer")).query
        profile = tmp_path / "profile"
        device = await browser.device(
            profile=profile, userAgent="Mozilla/5.0 (Linux; Android 14) Telegram-Android/11.4"
        )
        tab = await device.tab(f"{story.page.origin}/?{pins}#{mini_app(site, 1001)}&tgWebAppVersion=8.0")
        await fills(tab)
        await asyncio.sleep(0.6)
        assert await tab.ask("url") == f"{story.page.origin}/"
        await tab.click("Look it over")
        await tab.titled("This will be sealed")
        await tab.ask("offline", offline=True)
        await tab.click("Seal and send")
        await tab.titled("Sealed, and waiting")
        assert await leaks(tab) == []
        await device.close()

    assert (profile / "Default" / "IndexedDB").is_dir()
    assert files_with(profile, CANARIES) == []
    (profile / "planted").write_text(SEEN)
    assert files_with(profile, CANARIES) == ["planted"]


def mini_app(site: Site, user: int) -> str:
    """What Telegram puts into the fragment of a Mini App."""
    fields = {"auth_date": str(int(site.clock().timestamp())), "query_id": "AA", "user": json.dumps({"id": user})}
    lines = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    key = hmac.digest(b"WebAppData", TOKEN.encode(), "sha256")
    init_data = urlencode({**fields, "hash": hmac.digest(key, lines.encode(), "sha256").hex()})
    return f"tgWebAppData={quote(init_data, safe='')}"


async def test_t50_the_policy_is_exact_never_broken_and_holds(story: Story) -> None:
    tab = await (await story.device()).tab()
    answer = await tab.goto(await story.link("officer"))
    assert answer["headers"]["content-security-policy"] == CSP
    await fills(tab)
    await tab.click("Look it over")
    await tab.titled("This will be sealed")
    await seals(tab)
    await tab.click("About this page")
    await tab.ask("sees", css=".digest code")
    assert (await tab.recorded())["errors"] == []

    other = "https://example.org/"
    attacks = {
        "require-trusted-types-for": "document.createElement('script').textContent = 'globalThis.owned = 1'",
        "trusted-types": "trustedTypes.createPolicy('p', {})",
        "script-src-elem": f"import('{other}x.js').catch(() => 0)",
        "connect-src": f"fetch('{other}').catch(() => 0)",
        "form-action": f"const f = put('form'); f.action = '{other}'; f.submit()",
        "img-src": f"new Image().src = '{other}x.png'",
        "style-src-elem": "put('style').textContent = 'body { display: none }'",
        "base-uri": f"put('base').href = '{other}'",
        "frame-src": f"put('iframe').src = '{other}'",
    }
    put = "const put = (name) => document.body.appendChild(document.createElement(name))"
    for directive, attack in attacks.items():
        await tab.ask("evaluate", script=f"(() => {{ try {{ {put}; {attack} }} catch {{ return 0 }} }})()")
        for _ in range(60):
            broken = [error.split(" ")[0] for error in (await tab.recorded())["errors"]]
            if directive in broken:
                break
            await asyncio.sleep(0.05)
        assert directive in broken, (directive, broken)
    assert await tab.ask("evaluate", script="globalThis.owned ?? null") is None
    assert not [url for url in (await tab.recorded())["answered"] if not url.startswith(story.page.origin)]


async def test_t50_the_page_is_not_shown_in_a_frame(story: Story) -> None:
    tab = await (await story.device()).tab("about:blank")

    await tab.ask(
        "evaluate",
        script=f"const f = document.createElement('iframe'); f.src = '{story.page.origin}/'; document.body.append(f); "
        "new Promise(done => f.onload = done).then(() => 0)",
    )

    assert await tab.ask("frames") == ["about:blank", "chrome-error://chromewebdata/"]


async def test_t51_only_its_own_origin_is_ever_asked(story: Story) -> None:
    author = await story.author("officer")
    await fills(author)
    await author.click("Look it over")
    await author.titled("This will be sealed")
    await seals(author)
    reader = await story.reader("coordinator")

    for tab in (author, reader):
        asked = {urlsplit(one["url"]).netloc for one in (await tab.recorded())["requests"]}
        assert asked == {urlsplit(story.page.origin).netloc}
        assert (await tab.recorded())["errors"] == [], "nor is anybody asked whom the policy forbids"
    assert "telegram.org" not in (page_tools.PAGE / "src" / "index.html").read_text()


# ---------------------------------------------------------------- locked


async def opened(story: Story) -> Tab:
    author = await story.author("officer")
    await writes(author, f"He said {SEEN}.", urgency="Today", flag="threat")
    reference = await seals(author)
    reader = await story.author("coordinator")
    await reader.ask("clock")
    await reader.click("Flags")
    await story.unlocked(reader)
    await reader.click(f"Open {reference}")
    await reader.sees(SEEN)
    return reader


async def nothing_readable(tab: Tab) -> None:
    await tab.sees("How to get in")
    assert found_in(await tab.ask("html"), CANARIES) == []
    status = await tab.ask("evaluate", script="fetch('/api/session').then(a => a.status)")
    assert status == 401


async def test_t52_after_five_minutes_out_of_sight_nothing_is_readable(story: Story) -> None:
    reader = await opened(story)

    await reader.ask("hidden", hidden=True)
    await reader.ask("later", ms=4 * 60_000)
    assert found_in(await reader.ask("html"), [SEEN]) == [SEEN]
    await reader.ask("later", ms=61_000)

    await nothing_readable(reader)
    assert "out of sight" in await reader.text()


async def test_t52_nor_after_fifteen_idle_minutes_a_lock_a_reload_or_the_back_button(story: Story) -> None:
    reader = await opened(story)
    await reader.ask("later", ms=14 * 60_000)
    assert found_in(await reader.ask("html"), [SEEN]) == [SEEN]
    await reader.ask("later", ms=65_000)
    await nothing_readable(reader)

    await story.unlocked_again(reader)
    await reader.ask("click", css=".card button")
    await reader.sees(SEEN)
    await reader.click("Lock")
    await nothing_readable(reader)
    await reader.ask("back")
    await nothing_readable(reader)

    await story.unlocked_again(reader)
    await reader.ask("click", css=".card button")
    await reader.sees(SEEN)
    await reader.goto("about:blank")
    await reader.ask("back")
    await nothing_readable(reader)

    await story.unlocked_again(reader)
    await reader.ask("click", css=".card button")
    await reader.sees(SEEN)
    await reader.ask("reload")
    await nothing_readable(reader)


async def test_t52_a_key_made_here_never_stands_open_and_reads_after_it_is_on_the_desk(
    story: Story, tmp_path: Path
) -> None:
    tab = await story.author("coordinator")
    await tab.click("Flags")
    await tab.click("Make a key for this device")
    await tab.click("Next")
    await tab.titled("Your passphrase")
    words = str(await tab.ask("evaluate", script="document.querySelector('.passphrase').textContent"))
    await tab.click("I have written them down")
    await tab.fill("The passphrase, from your paper", "not these words")
    await tab.click("Make the key")
    await tab.sees("These are not the words")
    await tab.fill("The passphrase, from your paper", words)
    await tab.click("Make the key")
    await tab.titled("Your key is made")
    kit, file, public = [
        base64.b64decode((await tab.ask("saved", role="button", name=name))["base64"])
        for name in ("Recovery kit (PDF)", "Key file", "Public half")
    ]
    found = re.search(rb"\((([0-9A-F]{4}-){7}[0-9A-F]{4})\)", kit)
    assert found
    kit_code = bytes.fromhex(found[1].decode().replace("-", ""))
    made = keyfile.parse(file.decode(), passphrase=words, kit_code=kit_code)
    assert isinstance(made.key, OpeningKey)

    secrets = [made.key.seed().hex(), base64url.encode(made.key.seed()), words, kit_code.hex(), found[1].decode()]
    everything = json.dumps([await tab.stored(), (await tab.recorded())["requests"]])
    assert found_in(everything, secrets) == []
    kept = (await tab.stored())["databases"]
    assert kept["integra/device"]["values"] == [{"cryptoKey": "AES-GCM", "extractable": False}]
    assert json.loads(kept["integra/keys"]["values"][0]["text"])["protected"]["t"] == 3

    # On no desk yet: the key does not log in.
    await tab.click("Done")
    await tab.fill("Passphrase", "wrong words")
    await tab.click("Unlock")
    await tab.sees("Wrong passphrase or kit code")
    await tab.fill("Passphrase", words)
    await tab.click("Unlock")
    await tab.sees("This key is on no desk here")
    half = publicfile_of(public)
    publish(story.site, Recipient(half, "coordinator", "Coordinator, phone"))
    author = await story.author("officer")
    await writes(author, f"He said {SEEN}.", urgency="Today", flag="threat")
    reference = await seals(author)

    await tab.fill("Passphrase", words)
    await tab.click("Unlock")
    await tab.titled("Flags and notes")
    await tab.click(f"Open {reference}")
    await tab.sees(SEEN)
    await tab.click("Take it")  # linked to the person whose session it was
    await tab.sees("You have it.")
    assert found_in(json.dumps([await tab.stored(), (await tab.recorded())["requests"]]), secrets) == []


def publicfile_of(raw: bytes) -> Any:
    from storage.sealing import publicfile

    return publicfile.parse(raw.decode()).key


async def test_t52_nor_after_the_server_has_ended_the_session(story: Story) -> None:
    reader = await opened(story)
    story.page.later(timedelta(minutes=16))

    await reader.click("Take it")

    await nothing_readable(reader)
    assert "Your session has ended" in await reader.text()


# ---------------------------------------------------------------- logging in


async def test_t53_an_answer_is_good_once_for_its_own_challenge_and_for_a_minute(story: Story) -> None:
    tab = await story.reader("coordinator")
    asked = [one for one in (await tab.recorded())["requests"] if one["url"].endswith("/answer")]
    assert len(asked) == 1
    path, body = urlsplit(asked[0]["url"]).path, asked[0]["body"]

    async def replayed(path: str, body: str) -> int:
        script = (
            f"fetch({json.dumps(path)}, {{method: 'POST', headers: {{'Content-Type': 'application/json'}}, "
            f"body: {json.dumps(body)}}}).then(a => a.status)"
        )
        return int(await tab.ask("evaluate", script=script))

    assert await replayed(path, body) == 401
    browser = story.page.browser()
    other = await browser.challenge(story.page.coordinator_key)
    assert await replayed(f"/api/challenges/{other['challenge_id']}/answer", body) == 401
    late = await browser.challenge(story.page.coordinator_key)
    story.page.later(timedelta(seconds=61))
    status, _ = await browser.answer(late, story.page.coordinator_key)
    assert status == 401


async def test_t53_a_link_is_good_once_and_stands_in_no_history(story: Story) -> None:
    link = await story.link("officer")
    tab = await (await story.device()).tab(link)
    await tab.titled("Write a note")
    token = link.partition("#link=")[2]

    assert await tab.ask("url") == f"{story.page.origin}/"
    assert not [
        one for one in (await tab.recorded())["requests"] if token in one["url"] or token in str(one["headers"])
    ]
    assert token not in json.dumps(await tab.stored())
    again = await (await story.device()).tab(link)
    await again.sees("This link was used before")


async def test_t63_a_thousand_attempts_keep_nobody_out(story: Story) -> None:
    attempts = 1000
    kid = "ab" * 16

    async def attack(http: ClientSession) -> int:
        async with http.post(
            f"{story.page.origin}/api/challenges", json={"kid": kid}, headers={"X-Forwarded-For": "203.0.113.7"}
        ) as answer:
            return answer.status

    async with ClientSession() as http:
        flood = asyncio.gather(*(attack(http) for _ in range(attempts)))
        tab = await story.reader("coordinator")  # meanwhile
        statuses = await flood

    assert "Flags and notes" in await tab.text()
    assert statuses.count(429) > attempts * 0.9
    assert set(statuses) <= {201, 429}


# ---------------------------------------------------------------- what is run, and whom it seals to


def test_t54_two_builds_give_the_same_bytes_wherever_they_are_made(dist: Path, tmp_path: Path) -> None:
    elsewhere = page_tools.copied_to(tmp_path / "another place" / "project")

    page_tools.node(elsewhere / "page" / "build.js")

    assert digest_of(elsewhere / "page" / "dist") == digest_of(dist)
    assert Bundle.read(dist).sha256 == digest_of(dist)
    files = {path.name for path in dist.iterdir()}
    assert files == {"index.html", "page.js", "page.css", "icon.svg", "licences.txt"}
    assert str(page_tools.PROJECT) not in (dist / "page.js").read_text()


def digest_of(folder: Path) -> str:
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_first_load_is_small(dist: Path) -> None:
    assert sum(len(one.packed or one.content) for one in Bundle.read(dist).files.values()) < 120_000


async def test_t54_the_page_shows_the_digest_of_what_it_was_loaded_from(story: Story, dist: Path) -> None:
    tab = await story.author("officer")
    await tab.click("About this page")
    await tab.ask("sees", css=".digest code")

    shown = str(await tab.ask("evaluate", script="document.querySelector('.digest code').textContent"))
    assert shown.replace(" ", "") == digest_of(dist)


@pytest.mark.parametrize("how", ["signature", "admin", "succession", "version", "key", "no-pin"])
async def test_t55_what_does_not_verify_is_not_sealed_to(how: str, story: Story) -> None:
    device = await story.device()
    link = await story.link("officer")
    if how in ("admin", "succession", "version"):  # the device knows better from an earlier visit
        publish(story.site)
        await (await device.tab(await story.link("officer"))).sees("Look it over")
        link = await story.link("officer")
    tab = await device.tab()
    await tab.ask("intercept", url="**/api/sessions/link", desk=forged(story, how))
    if how == "no-pin":
        link = link.replace(urlsplit(link).query, "pins=" + "00" * 16)

    await tab.goto(link)
    await tab.sees("Nothing can be sealed now")

    assert await tab.ask("count", css="textarea") == 0
    assert not [one for one in (await tab.recorded())["requests"] if one["method"] == "PUT"]


def forged(story: Story, how: str) -> dict[str, Any]:
    """A desk as somebody would make it who can write to the database, or to the server."""
    pins, clock = story.site.trial.installation.pins, story.site.clock
    manifest = story.site.within(lambda tx: agencies.desk(tx, AGENCY, pins, clock()))
    assert manifest is not None
    admin = keyfile.read(story.site.trial.folder / "safe" / "admin.key").key
    assert isinstance(admin, SigningKey)
    canonical, signature = sign(manifest, admin)
    if how == "signature":
        signature = signature[:-1] + bytes([signature[-1] ^ 1])
    if how == "admin":
        thief = SigningKey.generate()
        canonical, signature = sign(manifest, thief)
        return {**told_desk(canonical, signature), "admin": base64url.encode(thief.public.raw)}
    if how == "succession":  # says that the former key agreed, which it did not
        thief, following = SigningKey.generate(), replace(manifest, version=manifest.version + 1)
        canonical, signature = sign(following, thief)
        agreed = thief.sign(statement(AGENCY, admin.public, thief.public, following.version))
        claimed = Succession(admin.public, thief.public, following.version, agreed, agreed)
        return {
            **told_desk(canonical, signature),
            "admin": base64url.encode(thief.public.raw),
            "successions": [told_succession(claimed)],
        }
    if how == "version":
        canonical, signature = sign(replace(manifest, version=1), admin)
        return {**told_desk(canonical, signature), "at_least_version": 1}
    if how == "key":
        theirs = OpeningKey(manifest.suite, b"\x09" * 32).public.raw
        ours = manifest.recipients[0].key.raw
        canonical = canonical.replace(base64url.encode(ours).encode(), base64url.encode(theirs).encode())
    return told_desk(canonical, signature)


def told_desk(canonical: bytes, signature: bytes) -> dict[str, Any]:
    return {"manifest": base64url.encode(canonical), "signature": base64url.encode(signature)}
