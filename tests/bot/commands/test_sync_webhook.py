"""`integra sync webhook-key` and `integra sync receiver`, as processes and by script."""

import asyncio
import os
import signal
import stat
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from case_systems.stages import now
from conformance import delivery
from ports import free_port

from storage.sealing.signing import SigningKey
from storage.sync.base import Accepted, Park
from storage.sync.given import Given
from storage.sync.ledger import Ledger
from storage.sync.signatures import Shared, checking_key, signing_key
from storage.sync.webhook import WebhookDestination, open_webhook


def test_a_new_key_is_the_owners_alone_and_its_other_half_is_printed(integra: Any, tmp_path: Path) -> None:
    made = integra("sync", "webhook-key", "--new", tmp_path / "hook.key")
    assert made.code == 0
    assert stat.S_IMODE((tmp_path / "hook.key").stat().st_mode) == 0o600
    private = signing_key((tmp_path / "hook.key").read_text().strip())
    assert isinstance(private, SigningKey)
    assert checking_key(made.out.strip()) == private.public
    again = integra("sync", "webhook-key", "--new", tmp_path / "hook.key")
    assert (again.code, signing_key((tmp_path / "hook.key").read_text().strip()).public) == (1, private.public)  # type: ignore[union-attr]


def test_a_shared_secret_is_never_printed(integra: Any, tmp_path: Path) -> None:
    made = integra("sync", "webhook-key", "--new", tmp_path / "hook.key", "--shared")
    secret = (tmp_path / "hook.key").read_text().strip()
    assert isinstance(signing_key(secret), Shared)
    assert secret not in made.out + made.err


def test_the_key_of_a_case_system_gives_the_same_answer_each_time(integra: Any, tmp_path: Path) -> None:
    key = tmp_path / "case.key"
    assert integra("keys", "make", "--role", "case-system", "--label", "Case system", "--out", key).code == 0
    first, second = (integra("sync", "webhook-key", "--key", key).out for _ in range(2))
    assert first == second
    assert first.startswith("whpk_")


@pytest.mark.parametrize(
    "arguments", [(), ("--key", "a", "--new", "b"), ("--key", "a", "--shared"), ("--shared",)], ids=str
)
def test_asked_wrongly_it_says_which(integra: Any, arguments: tuple[str, ...]) -> None:
    assert integra("sync", "webhook-key", *arguments).code == 2


def test_a_receiver_listens_on_this_machine_alone(integra: Any, tmp_path: Path) -> None:
    key = tmp_path / "hook.key"
    (tmp_path / "public").write_text(integra("sync", "webhook-key", "--new", key).out)
    refused = integra(
        "sync", "receiver", "--key", tmp_path / "public", "--to", tmp_path / "r.sqlite3", "--host", "0.0.0.0"
    )
    assert refused.code == 1
    assert "proxy with TLS" in refused.err
    wrong = integra("sync", "receiver", "--key", key, "--to", tmp_path / "r.sqlite3")
    assert wrong.code == 1, "a private key is none that a receiver has"


async def test_the_page_of_operators_goes_as_written(integra: Any, tmp_path: Path) -> None:
    """Key, receiver in a process of its own, notes, Ctrl-C."""
    key, port = tmp_path / "hook.key", free_port()
    (tmp_path / "whpk.txt").write_text(integra("sync", "webhook-key", "--new", key).out)
    receiver = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "sync", "receiver", "--key", "whpk.txt", "--to", "received.sqlite3",
        "--port", str(port),
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert receiver.stdout is not None
    settings = WebhookDestination(
        name="hook",
        kind="webhook",
        agency="north",
        url=f"http://127.0.0.1:{port}/notes",
        secret_files=(key,),
        lookup=True,
    )
    try:
        listening = await asyncio.wait_for(receiver.stdout.readline(), 60)
        assert str(port).encode() in listening
        connector = open_webhook(settings, Given(now, "urn:integra:test", SigningKey(bytes(32)), Ledger(None, "none")))  # type: ignore[arg-type]
        outcomes = [await connector.send([delivery(1)], within_s=10) for _ in range(2)]
        assert (await connector.probe()).trouble is None
        await connector.close()
        assert outcomes == [[Accepted("1")], [Accepted("1", already=True)]]
        assert delivery(1).ref.key.encode() in await asyncio.wait_for(receiver.stdout.readline(), 30)
        stranger = open_webhook(
            settings.model_copy(update={"secret_files": ()}),
            Given(now, "urn:integra:test", SigningKey(bytes(32)), Ledger(None, "none")),  # type: ignore[arg-type]
        )
        assert await stranger.send([delivery(2)], within_s=10) == [Park("credentials", "destination")]
        await stranger.close()
    finally:
        receiver.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(receiver.communicate(), 30)
    assert receiver.returncode == 0, err
    assert stat.S_IMODE((tmp_path / "received.sqlite3").stat().st_mode) == 0o600
    told = integra("sync", "receiver", "--to", tmp_path / "received.sqlite3", "--digest")
    line = f"{delivery(1).ref.note_id}|1|{delivery(1).payload_sha256}\n"
    assert (told.code, told.out) == (0, f"2026-11-23  {sha256(line.encode()).hexdigest()}\n")
    assert integra("sync", "receiver", "--to", tmp_path / "none", "--digest").code == 1
    assert integra("sync", "receiver", "--to", tmp_path / "received.sqlite3").code == 2
