"""What every answer carries, what is too much, and what a refusal tells: nothing of what was sent."""

import hashlib
import json
from pathlib import Path

import pytest
from bot_site import Site
from page_site import Page, served

from bot.serve.bundle import Bundle, BundleError
from bot.serve.headers import headers, policy
from bot.serve.limits import ANYBODY
from bot.serve.refusals import REFUSALS

CANARY = "kanarek-żółty-7713"
EXACT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self';"
    " img-src 'self' blob:; media-src blob:; manifest-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
EVERYWHERE = ("/", "/api/config", "/api/session", "/api/nothing", "/nothing", "/api/openapi.json")


def built(folder: Path) -> Path:
    dist = folder / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>Page</title>" + " " * 2_000)
    (dist / "assets" / "page.js").write_text("export {};")
    (dist / "notes.map").write_text("{}")
    return dist


@pytest.mark.sqlite
async def test_t50_every_answer_carries_the_exact_policy(page: Page) -> None:
    browser = page.browser()
    for path in EVERYWHERE:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"):
            await browser.ask(method, path)
            carried = browser.headers
            assert carried["Content-Security-Policy"] == EXACT, (method, path)
            assert carried["Cache-Control"] == "no-store"
            assert carried["Referrer-Policy"] == "no-referrer"
            assert carried["X-Content-Type-Options"] == "nosniff"
            assert carried["Cross-Origin-Opener-Policy"] == "same-origin"
            assert carried["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "camera=()" in carried["Permissions-Policy"]
            assert "Set-Cookie" not in carried
            assert "Access-Control-Allow-Origin" not in carried
            assert carried["Server"] == "integra"


def test_t50_only_telegrams_web_client_may_ever_frame_the_page() -> None:
    assert "frame-ancestors https://web.telegram.org;" in policy(framed_by_telegram=True)
    assert policy(framed_by_telegram=True).replace("https://web.telegram.org", "'none'") == EXACT
    assert "Cross-Origin-Opener-Policy" not in headers(https=True, framed_by_telegram=True)


def test_https_is_for_ever() -> None:
    assert headers(https=True)["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in headers(https=False)


@pytest.mark.sqlite
async def test_t50_requests_of_another_site_are_refused(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    for other in ("https://evil.example", "null", page.origin + ".example", "http://127.0.0.1"):
        status, refused = await author.get("/api/my/notes", headers={"Origin": other})
        assert (status, refused["code"]) == (400, "form")


@pytest.mark.sqlite
async def test_t03_a_refusal_says_nothing_of_what_was_sent(page: Page, capfd: pytest.CaptureFixture[str]) -> None:
    browser = page.browser()
    told = []
    for body in ({"token": CANARY}, {"token": CANARY * 3, CANARY: 1}, CANARY, [CANARY], None):
        told.append(await browser.ask("POST", "/api/sessions/link", json.dumps(body).encode()))
        told.append(
            await browser.ask(
                "POST", "/api/sessions/link", json.dumps(body).encode(), headers={"Content-Type": "application/json"}
            )
        )
    told.append(await browser.get(f"/api/notes?status={CANARY}"))
    told.append(await browser.get(f"/{CANARY}"))
    told.append(await browser.post(f"/api/notes/{CANARY}/open"))
    out = capfd.readouterr()

    assert {status for status, _ in told} <= {400, 401, 404, 415}
    assert "kanarek" not in repr(told) + out.out + out.err


@pytest.mark.sqlite
async def test_bodies_are_bounded_and_of_the_right_kind(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    json_body = {"Content-Type": "application/json"}
    path = "/api/notes/" + "00" * 16

    async def endless():  # type: ignore[no-untyped-def]
        for _ in range(40):
            yield b" " * 65_536

    async def put(where: str, body: object, kind: str) -> str:
        how = {"Content-Type": kind, "Authorization": f"Bearer {author.token}"}
        async with author.http.put(page.origin + where, data=body, headers=how) as answer:
            return str((await answer.json())["code"])

    assert await put(path, b" " * 200_000, "application/json") == "size"
    assert await put(path, endless(), "application/json") == "size"
    assert await put(path + "/attachments/1", b"x" * 5_500_000, "application/octet-stream") == "size"
    assert await put(path, b"{}", "text/plain") == "type"
    assert await put(path, b"[" * 100_000, "application/json") == "form"
    assert await put(path + "/attachments/1", b"x", "image/jpeg") == "type"
    assert await put(path + "/attachments/300", b"x", "application/octet-stream") == "form"
    assert json_body


@pytest.mark.sqlite
async def test_what_goes_wrong_here_is_told_without_its_trace(
    page: Page, officer: bytes, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from storage import notes

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(CANARY)

    author = await page.author(officer)
    monkeypatch.setattr(notes, "of_author", broken)
    status, told = await author.get("/api/my/notes")
    out = capfd.readouterr()

    assert (status, told["code"]) == (500, "broken")
    assert CANARY not in repr(told) + out.out + out.err
    assert "Traceback" not in repr(told)


@pytest.mark.sqlite
async def test_a_database_that_does_not_answer_is_said_with_when_to_come_again(page: Page, officer: bytes) -> None:
    author = await page.author(officer)
    page.server._served.store.close()
    status, told = await author.get("/api/my/notes")

    assert (status, told["code"], told["retry_after_s"], author.headers["Retry-After"]) == (503, "busy", 2, "2")


@pytest.mark.sqlite
async def test_t60_an_address_that_asks_without_end_is_slowed_down_and_another_is_not(page: Page) -> None:
    browser = page.browser()
    said = [(await browser.get("/api/config"))[0] for _ in range(ANYBODY.burst + 20)]

    assert said.count(429) >= 20
    assert (await browser.get("/api/config", headers={"X-Forwarded-For": "203.0.113.7"}))[0] == 200


def test_every_refusal_is_a_sentence() -> None:
    for code, (status, say) in REFUSALS.items():
        assert 400 <= status < 600, code
        assert say.endswith("."), code


# ---------------------------------------------------------------- the bundle


def test_t54_the_bundle_is_named_by_what_sha256sum_prints(tmp_path: Path) -> None:
    dist = built(tmp_path)
    names = sorted(path.relative_to(dist).as_posix() for path in dist.rglob("*") if path.is_file())
    printed = "".join(f"{hashlib.sha256((dist / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    before = Bundle.read(dist).sha256

    assert before == hashlib.sha256(printed.encode()).hexdigest() == Bundle.read(dist).sha256
    (dist / "assets" / "page.js").write_text("export  {};")
    assert Bundle.read(dist).sha256 != before


def test_a_folder_without_a_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="make page"):
        Bundle.read(tmp_path)


@pytest.mark.sqlite
async def test_the_page_and_its_files_are_served_and_nothing_else(site: Site, tmp_path: Path) -> None:
    bundle = Bundle.read(built(tmp_path))
    async with served(site, bundle=bundle) as page:
        browser = page.browser()
        status, index = await browser.get("/")
        assert (status, index[:15]) == (200, b"<!doctype html>")
        assert browser.headers["Content-Type"] == "text/html; charset=utf-8"
        assert browser.headers["Content-Encoding"] == "gzip"
        assert browser.headers["Content-Security-Policy"] == EXACT
        await browser.get("/assets/page.js")
        assert browser.headers["Content-Type"] == "text/javascript; charset=utf-8"
        for path in ("/notes.map", "/assets", "/../settings.toml", "/%2e%2e/settings.toml", "/assets/../index.htm"):
            assert (await browser.get(path))[0] == 404, path
        assert (await browser.get("/api/config"))[1]["bundle"] == {"sha256": bundle.sha256, "files": 2}


@pytest.mark.sqlite
async def test_without_a_page_it_is_said_what_to_do(page: Page) -> None:
    status, said = await page.browser().get("/")

    assert (status, b"make page" in said) == (200, True)
