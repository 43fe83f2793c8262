"""`integra outbox`."""

import json
from datetime import timedelta
from typing import Any

from bot_site import Site

from bot.clock import system_clock
from bot.trial import Trial
from dialogues.model import Say
from storage import dead_letters, outbox
from storage.transaction import Transaction

WORD, CHAT = "zebrafinch", "73004123"


def buried(trial: Trial, *ages: timedelta, why: str = "blocked") -> list[int]:
    """Ids of dead letters, one of each age."""
    site = Site(trial)

    def turn(tx: Transaction) -> list[int]:
        ids = []
        for age in ages:
            (one,) = outbox.put(tx, "telegram", CHAT, [Say(WORD)], at=system_clock() - age)
            outbox.bury(tx, one.id, why)
            ids.append(one.id)
        return ids

    ids = site.within(turn)
    site.close()
    return ids


def left(trial: Trial) -> tuple[int, int]:
    site = Site(trial)
    found = site.within(outbox.counts)
    site.close()
    return found


def test_dead_letters_are_listed_by_reason_age_and_channel_and_nothing_they_say(integra: Any, trial: Trial) -> None:
    data = ("--data", trial.installation.folder)
    empty = integra("outbox", "list", *data)
    assert (empty.code, empty.out) == (0, "0 wait to be sent; 0 can never arrive.\n")
    ids = buried(trial, timedelta(days=30), timedelta(hours=3), timedelta())
    (bad,) = buried(trial, timedelta(days=2), why="bad")
    site = Site(trial)
    site.within(lambda tx: outbox.put(tx, "telegram", CHAT, [Say(WORD)], at=system_clock()))
    site.close()
    plain = integra("outbox", "list", *data)
    assert plain.out.startswith("1 wait to be sent; 4 can never arrive.\nby reason: 3 blocked, 1 bad\n")
    assert "by channel: 4 telegram" in plain.out
    assert "1 older" in plain.out
    assert f"\n{bad}  bad  telegram  reply message  " in plain.out
    as_json = integra("outbox", "list", "--json", *data)
    told = json.loads(as_json.out)
    assert [one["id"] for one in told["dead"]] == [*ids, bad]
    assert told["counts"] == {
        "reason": {"blocked": 3, "bad": 1},
        "channel": {"telegram": 4},
        "age": {"older": 1, "less than a day": 1, "less than an hour": 1, "less than a week": 1},
    }
    assert (told["waiting"], set(told["dead"][0])) == (1, {"id", "reason", "channel", "kind", "priority", "at"})
    for shown in (plain.out, as_json.out):
        assert WORD not in shown
        assert CHAT not in shown


def test_what_is_retried_waits_again(integra: Any, trial: Trial) -> None:
    data = ("--data", trial.installation.folder)
    one, two, three = buried(trial, *[timedelta()] * 3)
    assert integra("outbox", "retry", two, *data).out == "1 wait again.\n"
    assert json.loads(integra("outbox", "retry", one, three, "--json", *data).out) == {"retried": 2}
    assert left(trial) == (3, 0)
    assert integra("outbox", "retry", "--all", *data).out == "0 wait again.\n"


def test_dropping_needs_a_reason_and_leaves_the_others(integra: Any, trial: Trial) -> None:
    data = ("--data", trial.installation.folder)
    one, _ = buried(trial, timedelta(), timedelta())
    assert integra("outbox", "drop", one, *data).code == 2
    assert integra("outbox", "drop", one, "--reason", "x" * 501, *data).code == 2
    assert left(trial) == (0, 2)
    assert integra("outbox", "drop", one, "--reason", "left the agency", *data).out == "1 dropped.\n"
    assert left(trial) == (0, 1)
    assert json.loads(integra("outbox", "drop", "--all", "--reason", "old", "--json", *data).out) == {"dropped": 1}


def test_asked_wrongly_nothing_is_changed_and_the_way_on_is_said(integra: Any, trial: Trial) -> None:
    data = ("--data", trial.installation.folder)
    (one,) = buried(trial, timedelta())
    for arguments in ((), (one, "--all")):
        assert integra("outbox", "retry", *arguments, *data).code == 2
        assert integra("outbox", "drop", *arguments, "--reason", "x", *data).code == 2
    unknown = integra("outbox", "retry", one, 999, *data)
    assert (unknown.code, unknown.out) == (1, "")
    assert "integra outbox list" in unknown.err
    assert left(trial) == (0, 1)
    site = Site(trial)
    assert [letter.id for letter in site.within(dead_letters.listed)] == [one]
    site.close()


def test_people_whom_nothing_reaches_are_marked_in_the_list(integra: Any, trial: Trial) -> None:
    from storage import reach

    data, site = ("--data", trial.installation.folder), Site(trial)
    now = system_clock()
    site.within(lambda tx: reach.mark(tx, tx.keyring.address_ref("console", "mentor"), "blocked", at=now))
    site.close()
    shown = json.loads(integra("people", "list", "--json", *data).out)
    assert [one["unreachable"] is not None for one in shown if "mentor" in one["roles"].values()] == [True]
    assert sum(one["unreachable"] is not None for one in shown) == 1
    assert f"unreachable since {now.date().isoformat()}" in integra("people", "list", *data).out
