"""`integra sync webhook-key`, `integra sync receiver`: both ends of a webhook."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import system_clock
from bot.commands.common import Refusal, out
from bot.sync_wiring import case_key
from storage.sealing.signing import SigningKey, VerifyKey
from storage.sync.addresses import is_loopback
from storage.sync.own_keys import signing_key
from storage.sync.receiver import Receiver, serve
from storage.sync.settings import read_secret
from storage.sync.signatures import NoKey, Shared, checking_key, private_text, public_text

SHARED_BYTES = 32


def webhook_key(
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", envvar="INTEGRA_CASE_KEY", help="The case system's private key: print what belongs to it."
        ),
    ] = None,
    new: Annotated[
        Path | None, typer.Option("--new", help="Make a key of its own, in this new owner-only file.")
    ] = None,
    shared: Annotated[bool, typer.Option("--shared", help="With --new: a secret that both ends know.")] = False,
) -> None:
    """Print the key by which a receiver of webhooks knows that it is us."""
    if new is not None and key is None:
        _make(new, shared)
    elif key is not None and new is None and not shared:
        out(public_text(signing_key(case_key(key))))
    else:
        raise typer.BadParameter("say which: --key FILE, or --new FILE, perhaps with --shared")


def _make(new: Path, shared: bool) -> None:
    made = Shared(os.urandom(SHARED_BYTES)) if shared else SigningKey.generate()
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise Refusal(f"{new} is there already; nothing was overwritten") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(private_text(made) + "\n")
    if isinstance(made, SigningKey):
        out(public_text(made))
    else:
        out(f"The receiver needs what is in {new}. Give it by a safe way, not by mail.")


def receiver(
    key: Annotated[
        list[Path] | None,
        typer.Option("--key", help="File with a sender's key, whpk_… or whsec_…; several while keys change."),
    ] = None,
    *,
    to: Annotated[Path, typer.Option("--to", help="SQLite file that events are kept in, as they came: nothing real.")],
    host: Annotated[str, typer.Option(help="This machine's own name or address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it listens.")] = 8090,
    path: Annotated[str, typer.Option(help="Path that events are posted to.")] = "/notes",
    digest: Annotated[
        bool, typer.Option("--digest", help="Print a digest for each day, to be compared with: integra sync reconcile.")
    ] = False,
) -> None:
    """Take webhooks, for trying and as an example; see docs/formats/webhook.md. Ctrl-C ends it."""
    if digest:
        if not to.exists():
            raise Refusal(f"{to} is not there")
        receiving = Receiver(to, (), system_clock)
        for day, its in receiving.digests().items():
            out(f"{day}  {its}")
        receiving.close()
        return
    if not key:
        raise typer.BadParameter("whose signatures are taken: --key FILE")
    if not is_loopback(host):
        raise Refusal("it speaks no TLS, so it listens on this machine alone; put a proxy with TLS in front of it")
    if not path.startswith("/") or len(path) < 2:
        raise typer.BadParameter("a path begins with a slash: /notes")
    keys = [checked(one) for one in key]
    os.umask(0o077)
    asyncio.run(_serve(keys, to, host, port, path.rstrip("/")))


def checked(path: Path) -> VerifyKey | Shared:
    """
    Raises:
        Refusal: the file holds no such key.
        BadInstallation: a shared secret is open to others.
    """
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise Refusal(f"{path} cannot be read; it should hold a key, whpk_… or whsec_…") from None
    try:
        return checking_key(read_secret(path) if text.startswith("whsec_") else text)
    except NoKey as wrong:
        raise Refusal(f"{path}: {wrong}") from None


async def _serve(keys: list[VerifyKey | Shared], to: Path, host: str, port: int, path: str) -> None:
    receiving = Receiver(to, keys, system_clock, heard=lambda event_id: out(f"received  {event_id}"))
    try:
        runner = await serve(receiving, host, port, path)
    except OSError:
        receiving.close()
        raise Refusal(f"port {port} of {host} is taken; choose another: --port") from None
    stopped = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(one, stopped.set)
    out(f"Listening on http://{host}:{port}{path}, keeping events in {to}. Ctrl-C ends it.")
    try:
        await stopped.wait()
    finally:
        await runner.cleanup()
        receiving.close()
