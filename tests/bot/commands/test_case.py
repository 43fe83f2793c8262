"""`integra case`: members of a case from the command line."""

import json
from typing import Any

from bot_site import Site

from bot.trial import AGENCY, Trial
from storage import people

CODE = "AB-1234-P"


def ref(trial: Trial, person: str) -> str:
    site = Site(trial)
    found = site.within(lambda tx: people.at_address(tx, "console", person))
    site.close()
    assert found is not None
    return found.hex()


def test_a_member_is_assigned_listed_and_removed(integra: Any, trial: Trial) -> None:
    where = ("--agency", AGENCY, "--data", trial.installation.folder)
    officer = ref(trial, "officer")
    assert integra("case", "assign", "ab1234p", officer, *where).out == "Assigned.\n"
    assert integra("case", "assign", CODE, officer[:8], *where).out == "Is a member already.\n"
    listed = json.loads(integra("case", "members", CODE, *where, "--json").out)
    assert listed == [{"id": officer, "handle": "PO-17", "role": "officer"}]
    assert integra("case", "members", CODE, *where).out == f"{officer[:8]}  PO-17  officer\n"
    assert json.loads(integra("case", "list", *where, "--json").out)[0]["code"] == CODE
    assert integra("case", "list", *where).out.startswith(f"{CODE}  1 members")
    assert integra("case", "remove", CODE, officer, *where).out == "Removed.\n"
    assert "Nobody" in integra("case", "members", CODE, *where).out
    gone = integra("case", "remove", CODE, officer, *where)
    assert (gone.code, "no member" in gone.err) == (1, True)


def test_a_case_is_closed(integra: Any, trial: Trial) -> None:
    where = ("--agency", AGENCY, "--data", trial.installation.folder)
    integra("case", "assign", CODE, ref(trial, "officer"), *where)
    assert integra("case", "close", CODE, *where).out.startswith("Closed.")
    assert integra("case", "list", *where).out == "None.\n"
    assert integra("case", "close", CODE, *where).code == 1


def test_a_name_or_a_slip_is_refused_and_never_repeated(integra: Any, trial: Trial) -> None:
    where = ("--agency", AGENCY, "--data", trial.installation.folder)
    for typed in ("Rossi", "AB-1234-Q"):
        done = integra("case", "members", typed, *where)
        assert (done.code, done.out) == (1, "")
        assert CODE in done.err
        assert typed not in done.err


def test_a_person_of_another_agency_is_refused(integra: Any, trial: Trial) -> None:
    data = trial.installation.folder
    integra("agency", "add", "riverside", "--name", "Riverside", "--data", data)
    done = integra("case", "assign", CODE, ref(trial, "officer"), "--agency", "riverside", "--data", data)
    assert (done.code, "not of this agency" in done.err) == (1, True)
