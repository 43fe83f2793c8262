"""The page's server: an HTTP server behind a TLS proxy, its routes, and what is the same for every answer.

    request ─▶ Origin? ─▶ how many? ─▶ handler ─▶ one transaction ─▶ answer, with the headers of ``headers.py``

What goes wrong is told as ``refusals.py`` says; its traceback stays here, its message nowhere.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout, web

from bot.logs import failure
from bot.serve import challenge, config, danger, flag_acts, notes_in, notes_out, one_time_links, receipts
from bot.serve import limits as rates
from bot.serve.bodies import Empty, read_json
from bot.serve.headers import headers
from bot.serve.refusals import Refused
from bot.serve.served import SERVED, Served, Who, acting, moment_of
from bot.serve.session_view import session_view
from bot.serve.whence import address_of
from bot.status import Address, StatusError
from storage import challenges, page_notes, page_quota, sessions
from storage.errors import Busy, Damaged
from storage.transaction import Transaction

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SWEEP_EVERY_S: Final = 60.0
CLOSES_S: Final = 5.0
SERVER: Final = "integra"
OF_STATUS: Final = {404: "unknown", 405: "method", 413: "size"}


class Server:
    """Serves until ``stop``. ``address`` is where it really listens, once started.

    Args:
        framed: Telegram's web client may show the page in a frame.
    """

    def __init__(self, served: Served, address: Address, *, framed: bool = False) -> None:
        self.address = address
        self._served = served
        self._runner = web.AppRunner(
            application(served, framed=framed), access_log=None, shutdown_timeout=CLOSES_S, handle_signals=False
        )
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """
        Raises:
            StatusError: somebody else listens there, or there is no such address.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.address.host, self.address.port).start()
        except OSError as error:
            await self._runner.cleanup()
            where = f"{self.address.host}:{self.address.port}"
            raise StatusError(f"cannot serve the page on {where}: {error.strerror}; name another address") from None
        self.address = Address(self.address.host, self._runner.addresses[0][1])
        self._sweeping = asyncio.create_task(self._sweep())

    async def answers(self) -> bool:
        """Whether it answers, asked over the socket as anybody else would."""
        try:
            async with (
                ClientSession(timeout=ClientTimeout(CLOSES_S), trust_env=False) as session,
                session.get(f"{self.address.url}/api/config") as answer,
            ):
                return answer.status == 200
        except (ClientError, TimeoutError, OSError):
            return False

    async def stop(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeping
        await self._runner.cleanup()

    async def _sweep(self) -> None:
        while True:
            try:
                await self._served.store.run(lambda tx: swept(tx, self._served))
            except Exception as failed:
                log.warning("page.not-swept", **failure(failed))
            await asyncio.sleep(SWEEP_EVERY_S)


def swept(tx: Transaction, served: Served) -> None:
    """Forget what is good no longer: links, sessions, challenges, attachments without their note."""
    now = moment_of(served)
    sessions.sweep(tx, at=now)
    challenges.sweep(tx, at=now)
    page_notes.sweep(tx, at=now)
    page_quota.sweep(tx, at=now)


def application(served: Served, *, framed: bool = False) -> web.Application:
    """The routes of docs/formats/page-api.md; the OpenAPI file lists the same."""
    always = headers(https=served.origin.startswith("https://"), framed_by_telegram=framed)

    @web.middleware
    async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await _answer(request, handler)
        response.headers.update(always)
        response.headers["Server"] = SERVER
        return response

    app = web.Application(middlewares=[answered], client_max_size=0)
    app[SERVED] = served
    route = app.router.add_route
    route("GET", "/api/config", config.config)
    route("GET", "/api/openapi.json", config.openapi)
    route("GET", "/api/danger/{language}", danger.told)
    route("POST", "/api/sessions/link", one_time_links.by_link)
    route("POST", "/api/sessions/telegram", one_time_links.by_telegram)
    route("POST", "/api/challenges", challenge.ask)
    route("POST", "/api/challenges/{challenge_id}/answer", challenge.answer)
    route("GET", "/api/session", session)
    route("DELETE", "/api/session", logout)
    route("POST", "/api/session/touch", touch)
    route("GET", "/api/my/notes", receipts.mine)
    route("GET", "/api/notes", notes_out.list_)
    route("PUT", "/api/notes/{note_id}", notes_in.keep)
    route("POST", "/api/notes/{note_id}/withdraw", notes_in.withdraw)
    route("PUT", "/api/notes/{note_id}/attachments/{number}", notes_in.upload)
    route("POST", "/api/notes/{note_id}/attachments/{number}", notes_out.attachment)
    route("POST", "/api/notes/{note_id}/open", notes_out.open_)
    route("GET", "/api/notes/{note_id}/colleagues", flag_acts.colleagues)
    route("POST", "/api/notes/{note_id}/take", flag_acts.take)
    route("POST", "/api/notes/{note_id}/undo", flag_acts.undo)
    route("POST", "/api/notes/{note_id}/work", flag_acts.work)
    route("POST", "/api/notes/{note_id}/await", flag_acts.await_)
    route("POST", "/api/notes/{note_id}/cannot", flag_acts.cannot)
    route("POST", "/api/notes/{note_id}/hand-on", flag_acts.hand_on)
    route("POST", "/api/notes/{note_id}/close", flag_acts.close)
    route("POST", "/api/notes/{note_id}/ask", flag_acts.ask)
    app.router.add_get("/{path:(?!api/).*}", page)
    return app


async def session(request: web.Request) -> web.Response:
    """GET /api/session"""
    served = request.app[SERVED]

    def act(tx: Transaction, who: Who) -> dict[str, object]:
        return session_view(tx, served, who)

    return web.json_response(await acting(request, "either", act, counts=False))


async def touch(request: web.Request) -> web.Response:
    """POST /api/session/touch"""
    await read_json(request, Empty)
    await acting(request, "either", lambda tx, who: None)
    return web.Response(status=204)


async def logout(request: web.Request) -> web.Response:
    """DELETE /api/session"""
    await acting(request, "either", lambda tx, who: sessions.end(tx, who.session))
    return web.Response(status=204)


async def page(request: web.Request) -> web.Response:
    """A file of the built page."""
    bundle = request.app[SERVED].bundle
    if bundle is None:
        if request.path == "/":
            return web.Response(text="The page is not built here: make page. The JSON interface is below /api.\n")
        raise Refused("unknown")
    found = bundle.answer(request.match_info["path"], request.headers.get("Accept-Encoding", ""))
    if found is None:
        raise Refused("unknown")
    return found


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    served = request.app[SERVED]
    try:
        origin = request.headers.get("Origin")
        if origin is not None and origin != served.origin:
            raise Refused("form")
        served.limits.take(rates.ANYBODY, address_of(request), moment_of(served))
        return await handler(request)
    except Refused as refused:
        return refused.answer()
    except web.HTTPException as refused:
        told = Refused(OF_STATUS.get(refused.status, "form")).answer()
        if "Allow" in refused.headers:
            told.headers["Allow"] = refused.headers["Allow"]
        return told
    except (Busy, Damaged) as failed:
        log.warning("page.busy", **failure(failed))
        return Refused("busy", wait_s=2.0).answer()
    except asyncio.CancelledError:
        raise
    except Exception as failed:
        log.error("page.broken", **failure(failed))
        return Refused("broken").answer()
