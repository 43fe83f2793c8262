"""Logs: allow-listed fields alone; whatever a library says, and whatever fails, no word and no id comes out."""

import io
import json
import logging
import signal
import sys

import pytest
from bot_process import process
from fake_telegram import TOKEN, FakeTelegram

from bot import logs
from bot.channels.registry import CLIENTS
from bot.clock import system_clock
from bot.trial import Trial

CANARY = "Zebrafinch quartz"
CHAT = 7_300_412_345
EVERY_LIBRARY_AT_DEBUG = """
import logging, sys
from bot import logs
configure = logs.configure
def loud(**more):
    configure(**more)
    logging.getLogger().setLevel(logging.DEBUG)
logs.configure = loud
from bot.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("library", CLIENTS)
async def test_t03_a_whole_job_with_provoked_errors_and_every_library_at_debug_prints_no_word_and_no_id(
    trial: Trial, library: str
) -> None:
    from bot_site import Site

    site = Site(trial)
    site.enrol("telegram", str(CHAT), "officer", f"{CANARY} handle")
    token = site.invite(at=system_clock())
    site.close()
    command = (sys.executable, "-c", EVERY_LIBRARY_AT_DEBUG)
    async with FakeTelegram() as telegram, process(trial, telegram, command, library=library) as bot:
        robin = telegram.person(CHAT, started=True, first_name=CANARY)
        stranger = telegram.person(CHAT + 1)
        await bot.start()
        stranger.starts(token)
        await stranger.hears("You have been invited", within=30)
        robin.writes("/menu")
        await robin.hears("What do you need?")
        robin.presses("Quick note (3 taps)")
        await robin.hears("What happened?")
        telegram.fail_next("sendMessage", status=500)
        telegram.fail_next("sendMessage", status=502)
        telegram.cut_next("getUpdates", after_work=True)
        robin.writes(f"{CANARY} in the yard")
        await robin.hears("1 in this part", within=30)
        telegram.push_raw({"message": {"chat": CANARY, "text": CANARY}})
        telegram.push_raw(
            {
                "callback_query": {
                    "id": "1",
                    "from": robin.user,
                    "message": {"message_id": 1, "date": 1, "chat": {"id": CHAT, "type": "private"}},
                    "data": f"0.note.carry.zz.{CANARY}".replace(" ", "-")[:40],
                }
            }
        )
        telegram.fail_next("sendMessage", status=400, description=f"Bad Request: {CANARY}")
        robin.writes("/note")
        await telegram.confirmed()
        robin.writes(f"/frobnicate {CANARY}")
        await robin.hears("I do not know that command", within=30)
        assert await bot.end(signal.SIGTERM) == 0
    printed = bot.printed.decode()
    lines = [json.loads(line) for line in printed.splitlines()]
    assert {"library.log", "started", "update.unreadable", "outbox.dead"} <= {line["event"] for line in lines}
    assert {line.get("level") for line in lines} >= {"debug", "warning"}
    for word in (CANARY, "Zebrafinch", "quartz", TOKEN, TOKEN.partition(":")[2], token, str(CHAT), "frobnicate"):
        assert word not in printed
    assert {name for line in lines for name in line} <= logs.ALLOWED


def test_t04_a_librarys_line_comes_out_as_its_name_and_level_alone() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Withholding())
    loud = logging.getLogger("some.library")
    loud.addHandler(handler)
    loud.propagate = False
    try:
        raise ValueError(CANARY)
    except ValueError:
        loud.exception("about %s", CANARY, extra={"chat": CHAT})
    finally:
        loud.removeHandler(handler)
        loud.propagate = True
    line = json.loads(stream.getvalue())
    assert (line["event"], line["kind"], line["level"], line["error"]) == (
        "library.log",
        "some.library",
        "error",
        "ValueError",
    )
    assert CANARY not in stream.getvalue()
    assert str(CHAT) not in stream.getvalue()


def test_fields_that_are_not_on_the_list_are_dropped() -> None:
    assert logs.only_allowed(None, "info", {"event": "x", "chat": CHAT, "text": CANARY, "count": 3}) == {
        "event": "x",
        "count": 3,
    }


def test_t04_a_failure_is_told_by_class_and_place_without_its_message() -> None:
    from storage.errors import Busy

    def fails() -> None:
        raise Busy(CANARY)

    with pytest.raises(Busy) as failed:
        fails()
    told = logs.failure(failed.value)
    assert told == {"error": "Busy", "where": "?", "code": "storage.busy"}
