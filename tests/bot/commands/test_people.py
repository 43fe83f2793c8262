"""`integra invite`, `integra people`."""

import json
from typing import Any

from bot_site import NOON, Site

from bot.clock import system_clock
from bot.trial import AGENCY, Trial
from storage import invites, key_holders, people
from storage.invites import Entered


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
        redeemed = site.within(
            lambda tx: invites.present(tx, invite["token"], "telegram", "1001", language="en", at=now)
        )
        assert isinstance(redeemed, Entered) is wanted
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


def test_who_is_revoked_with_a_key_on_the_desk_is_told_of_by_its_id(integra: Any, trial: Trial) -> None:
    kid, store = bytes(range(16)), trial.installation.store()
    try:
        coordinator = store.run_now(lambda tx: people.at_address(tx, "console", "coordinator"))
        assert coordinator is not None
        store.run_now(lambda tx: key_holders.link(tx, kid, coordinator, at=NOON))
    finally:
        store.close()
    said = integra("people", "revoke", coordinator.hex(), "--data", trial.installation.folder).out
    assert kid.hex() in said
    assert "integra keys revoke" in said


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


def test_whoever_sees_flags_or_alarms_gets_a_code_that_is_printed_apart(integra: Any, trial: Trial) -> None:
    where = ("--data", trial.installation.folder, "--agency", AGENCY)
    for role in ("coordinator", "supervisor", "admin"):
        invite = json.loads(integra("invite", *where, "--role", role, "--bot", "some_bot", "--json").out)
        assert len(invite["code"]) == 6
        assert invite["code"] not in invite["link"]
        printed = integra("invite", *where, "--role", role, "--bot", "some_bot").out
        link, _, code = printed.partition("Code: ")
        assert "https://t.me/" in link
        assert "by another way" in code
    assert json.loads(integra("invite", *where, "--role", "officer", "--json").out)["code"] == ""


def test_a_mentors_access_lasts_90_days_or_as_long_as_is_said(integra: Any, trial: Trial, monkeypatch: Any) -> None:
    where = ("--data", trial.installation.folder, "--agency", AGENCY)

    def days(*more: object) -> object:
        return json.loads(integra("invite", *where, *more, "--json").out)["days"]

    assert [days("--role", role) for role in ("mentor", "officer")] == [90, None]
    assert days("--role", "officer", "--days", 30) == 30
    monkeypatch.setenv("INTEGRA_MENTOR_DAYS", "60")
    assert days("--role", "mentor") == 60
    refused = integra("invite", *where, "--role", "admin", "--days", 30)
    assert (refused.code, refused.out) == (1, "")
    assert "leave out --days" in refused.err
    assert integra("invite", *where, "--role", "mentor", "--days", 0).code == 2


def person(integra: Any, trial: Trial, role: str) -> dict[str, Any]:
    return next(one for one in listed(integra, trial) if one["roles"] == {AGENCY: role})


def test_a_role_is_given_an_end_and_renewed(integra: Any, trial: Trial) -> None:
    data, mentor = ("--data", trial.installation.folder), person(integra, trial, "mentor")
    where = (mentor["id"][:8], "--agency", AGENCY, *data)
    forever = integra("people", "renew", *where)
    assert (forever.code, "say for how many days" in forever.err) == (1, True)
    assert "Lasts until" in integra("people", "renew", *where, "--days", 10).out
    until = person(integra, trial, "mentor")["until"]
    assert list(until) == [AGENCY]
    assert f"until {until[AGENCY][:10]} at {AGENCY}" in integra("people", "list", *data).out
    again = integra("people", "renew", *where)
    assert (again.code, until[AGENCY][:10] in again.out) == (0, True)


def test_a_role_is_changed_and_only_where_there_is_one(integra: Any, trial: Trial) -> None:
    data, mentor = ("--data", trial.installation.folder), person(integra, trial, "mentor")
    done = integra("people", "role", mentor["id"], "--agency", AGENCY, "--role", "officer", *data)
    assert (done.code, done.out) == (0, f"Is officer of {AGENCY} now.\n")
    assert [one["roles"] for one in listed(integra, trial) if one["id"] == mentor["id"]] == [{AGENCY: "officer"}]
    integra("agency", "add", "riverside", "--name", "Riverside", "--zone", "Europe/Lisbon", *data)
    nowhere = integra("people", "role", mentor["id"], "--agency", "riverside", "--role", "officer", *data)
    assert (nowhere.code, nowhere.out) == (1, "")
    assert "integra invite --agency riverside" in nowhere.err


def test_the_last_admin_goes_by_force_alone(integra: Any, trial: Trial) -> None:
    data, admin = ("--data", trial.installation.folder), person(integra, trial, "admin")
    for command in (
        ("role", admin["id"], "--agency", AGENCY, "--role", "officer"),
        ("revoke", admin["id"]),
        ("lost", admin["id"]),
    ):
        refused = integra("people", *command, *data)
        assert (refused.code, refused.out) == (1, "")
        assert "last admin" in refused.err
        assert "--force" in refused.err
    assert person(integra, trial, "admin") == admin
    assert integra("people", "lost", admin["id"], "--force", *data).code == 0


def test_a_lost_phone_is_one_command_and_tells_what_it_could_show(integra: Any, trial: Trial) -> None:
    data, coordinator = ("--data", trial.installation.folder), person(integra, trial, "coordinator")
    report = json.loads(integra("people", "lost", coordinator["id"][:8], *data, "--json").out)
    assert report["person"] == coordinator["id"]
    assert (report["roles"], report["may_hold_key"], report["draft"]) == ({AGENCY: "coordinator"}, True, False)
    assert report["reopened_flags"] == report["recent_notes"] == []
    plain = integra("people", "lost", person(integra, trial, "officer")["id"], *data).out
    assert plain.startswith("Access ended at once. Notes stay.")
    assert "end its sessions in Telegram" in plain
    assert "key" not in plain
    again = integra("people", "lost", coordinator["id"][:8], *data)
    assert (again.code, "Access ended" in again.out) == (0, True), "once more is harmless"
