"""`integra invite`, `integra people`."""

import json
from typing import Any

from bot_site import Site

from bot.clock import system_clock
from bot.trial import AGENCY, Trial
from storage import people


def listed(integra: Any, trial: Trial) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        integra("people", "list", "--data", trial.installation.folder, "--json").out
    )
    return found


def test_an_invite_is_shown_once_and_lets_one_person_in(integra: Any, trial: Trial) -> None:
    data = trial.installation.folder
    done = integra("invite", "--data", data, "--agency", AGENCY, "--role", "mentor", "--bot", "some_bot", "--json")
    invite = json.loads(done.out)
    assert (done.code, invite["link"], invite["hours"]) == (0, f"https://t.me/some_bot?start={invite['token']}", 24)
    site, now = Site(trial), system_clock()
    for wanted in (True, False):
        redeemed = site.within(lambda tx: people.redeem(tx, invite["token"], "telegram", "1001", language="en", at=now))
        assert (redeemed is not None) is wanted
    site.close()
    plain = integra("invite", "--data", data, "--agency", AGENCY, "--role", "mentor")
    assert "/start " in plain.out
    assert "not shown again" in plain.out


def test_invites_that_cannot_be_are_refused(integra: Any, trial: Trial) -> None:
    data = trial.installation.folder
    unknown = integra("invite", "--data", data, "--agency", AGENCY, "--role", "king")
    assert (unknown.code, unknown.out) == (1, "")
    assert "a role is one of" in unknown.err
    nowhere = integra("invite", "--data", data, "--agency", "nowhere", "--role", "mentor")
    assert (nowhere.code, nowhere.out) == (1, "")
    assert "agency" in nowhere.err
    for hours in ("0", "169", "soon"):
        assert integra("invite", "--data", data, "--agency", AGENCY, "--role", "mentor", "--hours", hours).code == 2


def test_people_are_added_listed_moved_and_revoked_and_no_chat_id_is_shown(integra: Any, trial: Trial) -> None:
    data = trial.installation.folder
    known = {one["id"] for one in listed(integra, trial)}
    place = ("--channel", "telegram", "--chat-id")
    done = integra("people", "add", "--data", data, "--agency", AGENCY, "--role", "officer", *place, "73004123")
    assert (done.code, "Enrolled" in done.out) == (0, True)
    (new,) = [one for one in listed(integra, trial) if one["id"] not in known]
    assert (new["roles"], new["state"]) == ({AGENCY: "officer"}, "invited")
    again = integra("people", "add", "--data", data, "--agency", AGENCY, "--role", "mentor", *place, "73004123")
    assert "Known already" in again.out
    assert "73004123" not in integra("people", "list", "--data", data).out
    moved = integra("people", "replace-chat", new["id"], "--data", data, *place, "73004999")
    assert moved.code == 0
    taken = integra("people", "replace-chat", sorted(known)[0], "--data", data, *place, "73004999")
    assert (taken.code, taken.out) == (1, "")
    assert "belongs to somebody" in taken.err
    revoked = integra("people", "revoke", new["id"][:8], "--data", data)
    assert (revoked.code, "Notes stay" in revoked.out) == (0, True)
    assert [one["state"] for one in listed(integra, trial) if one["id"] == new["id"]] == ["revoked"]


def test_a_person_that_is_not_there_is_refused_with_a_way_on(integra: Any, trial: Trial) -> None:
    for start in ("ffffffff", "ff", ""):
        done = integra("people", "revoke", start, "--data", trial.installation.folder)
        assert (done.code, done.out) == (1, "")
        assert "integra people list" in done.err
    assert {one["state"] for one in listed(integra, trial)} == {"active"}


def test_without_an_installation_every_command_says_how_to_make_one(integra: Any, tmp_path: Any) -> None:
    data = ("--data", tmp_path / "nowhere")
    for arguments in (
        ("people", "list"),
        ("people", "revoke", "ffff"),
        ("invite", "--agency", "a", "--role", "mentor"),
        ("notes", "list"),
        ("agency", "list"),
        ("keys", "list", "--agency", "a"),
    ):
        done = integra(*arguments, *data)
        assert (done.code, done.out) == (1, ""), arguments
        assert "integra init" in done.err, arguments
