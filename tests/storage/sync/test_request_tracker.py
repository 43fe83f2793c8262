"""The connector for Request Tracker, against a real one, with answers lost, broken and late."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from case_systems.request_tracker import QUEUE, RequestTracker
from case_systems.stages import GIVEN, rt_settings
from conformance import WORDS, closing, delivery, listed, note_id, sent
from fault_proxy import Asked, Fault, FaultProxy, fault_proxy, half, lose, passing, reset, silent, status

from storage.sync import request_tracker
from storage.sync.base import Accepted, Park, Reject, Retry, Unanswered
from storage.sync.request_tracker import RequestTracker as Connector
from storage.sync.request_tracker import open_request_tracker


@pytest.fixture
async def proxy(rt: RequestTracker) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(rt.port) as made:
        yield made


@pytest.fixture
async def connector(rt: RequestTracker, proxy: FaultProxy) -> AsyncIterator[Connector]:
    async with opened(rt, proxy) as made:
        yield made


def opened(rt: RequestTracker, proxy: FaultProxy, **changes: object) -> AbstractAsyncContextManager[Connector]:
    return closing(open_request_tracker(rt_settings(rt, proxy.port, **changes), GIVEN))


def ids(rt: RequestTracker) -> list[str]:
    return [ticket["Fields"]["NoteId"] for ticket in rt.tickets()]


def refers_to(rt: RequestTracker, ticket: str) -> list[str]:
    links = rt.call("GET", f"/ticket/{ticket}")["_hyperlinks"]
    return [str(link["id"]) for link in links if link["ref"] == "refers-to"]


async def test_row_02_ten_notes_with_two_answers_lost_each_make_ten_tickets_where_a_naive_client_makes_thirty(
    rt: RequestTracker, proxy: FaultProxy, connector: Connector
) -> None:
    deliveries = [delivery(number) for number in range(1, 11)]

    for one in deliveries:  # who sends again until an answer comes
        proxy.faults = [lose, lose]
        body = json.dumps(connector._ticket(one, [])).encode()
        while not await naively(rt, proxy, body):
            pass
    assert len(rt.tickets()) == 30

    rt.restore()
    for one in deliveries:
        proxy.faults = [lose]  # of the create
        proxy.reading = [passing, lose, lose]  # then of the look whether it is there, which is asked twice
        outcomes = [await sent(connector, one) for _ in range(3)]
        assert isinstance(outcomes[0], Retry)
        assert outcomes[0].ambiguous
        assert isinstance(outcomes[1], Retry)
        assert isinstance(outcomes[2], Accepted)
        assert outcomes[2].already
        assert not proxy.faults
        assert not proxy.reading
    assert ids(rt) == [note_id(number) for number in range(1, 11)]


async def naively(rt: RequestTracker, proxy: FaultProxy, body: bytes) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    head = (
        f"POST /REST/2.0/ticket HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {rt.token_file.read_text()}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = await reader.read(-1)
    writer.close()
    return b" 201 " in answer.split(b"\r\n", 1)[0]


@pytest.mark.parametrize("fault", [status(500), status(502), status(504), half, reset])
async def test_row_03_an_answer_turned_into_an_error_makes_no_second_ticket(
    fault: Fault, rt: RequestTracker, proxy: FaultProxy, connector: Connector
) -> None:
    proxy.faults = [fault]
    first = await sent(connector, delivery(1))
    assert isinstance(first, Retry)
    assert first.ambiguous
    assert isinstance(await sent(connector, delivery(1)), Accepted)
    assert ids(rt) == [note_id(1)]


async def test_row_04_an_answer_that_comes_too_late_makes_no_second_ticket(
    rt: RequestTracker, proxy: FaultProxy, connector: Connector
) -> None:
    proxy.faults = [silent]
    first = await sent(connector, delivery(1), within_s=1)
    assert first == Retry("timeout", ambiguous=True)
    assert isinstance(await sent(connector, delivery(1)), Accepted)
    assert ids(rt) == [note_id(1)]


async def test_an_answer_lost_while_reading_back_is_ambiguous(
    rt: RequestTracker, proxy: FaultProxy, connector: Connector
) -> None:
    proxy.reading = [passing, lose, lose]
    first = await sent(connector, delivery(1))
    assert isinstance(first, Retry)
    assert first.ambiguous
    assert isinstance(await sent(connector, delivery(1)), Accepted)
    assert ids(rt) == [note_id(1)]


async def test_a_ticket_says_what_the_note_says_and_its_subject_names_nobody(
    rt: RequestTracker, connector: Connector
) -> None:
    outcome = await sent(connector, delivery(1, attachments=[b"synthetic picture", b"another"]))
    (ticket,) = rt.tickets()
    assert outcome == Accepted(ticket["id"], f"{connector._to.url[:-9]}/Ticket/Display.html?id={ticket['id']}")
    assert ticket["Subject"] == "Note 000G-000J concern"
    assert ticket["Fields"] == {
        "NoteId": note_id(1),
        "NoteVersion": "1",
        "PayloadSHA256": delivery(1).payload_sha256,
        "CaseRef": "C-17",
        "Severity": "concern",
    }
    text = rt.text(ticket["id"])
    assert text.startswith(f"{WORDS}\n\nNote: 000G-000J\n")
    assert "Author: mentor-17 (mentor)" in text
    parts = rt.call("GET", f"/ticket/{ticket['id']}/attachments", fields="Filename,Content")["items"]
    assert {part["Filename"]: part["Content"] for part in parts if part["Filename"]} == {
        "photo-1.jpg": "synthetic picture",
        "photo-2.jpg": "another",
    }


async def test_row_12_a_ticket_with_another_hash_is_a_conflict_and_stays_as_it_is(
    rt: RequestTracker, proxy: FaultProxy, connector: Connector
) -> None:
    await sent(connector, delivery(1))
    rt.call("PUT", "/ticket/1", {"CustomFields": {"PayloadSHA256": "0" * 64}})
    writes = proxy.writes()
    assert await sent(connector, delivery(1)) == Park("conflict")
    assert proxy.writes() == writes
    assert len(rt.tickets()) == 1


async def test_row_13_a_ticket_whose_id_was_dropped_is_retired_in_favour_of_the_other(
    rt: RequestTracker, proxy: FaultProxy, connector: Connector
) -> None:
    def quicker(asked: Asked) -> None:  # somebody makes it between the look and the create
        if asked.target.endswith("/ticket"):
            rt.call("POST", "/ticket", json.loads(asked.body))

    proxy.before = quicker
    outcome = await sent(connector, delivery(1))
    assert isinstance(outcome, Accepted)
    assert (outcome.remote_id, outcome.already, outcome.drift) == ("1", True, ())
    winner, loser = rt.tickets()
    assert (winner["Fields"]["NoteId"], winner["Status"]) == (note_id(1), "new")
    assert (loser["Fields"]["NoteId"], loser["Status"]) == ("", "rejected")
    assert refers_to(rt, loser["id"]) == [winner["id"]]
    assert [one.remote_id for one in await listed(connector)] == ["1"], "what was retired is no orphan"


async def test_row_13_many_at_once_leave_one_ticket_with_the_id(
    rt: RequestTracker, proxy: FaultProxy, connector: Connector
) -> None:
    outcomes = await asyncio.gather(*(sent(connector, delivery(1)) for _ in range(4)))
    assert {one.remote_id for one in outcomes if isinstance(one, Accepted)} == {"1"}
    assert [one["Fields"]["NoteId"] for one in rt.tickets() if one["Status"] == "new"] == [note_id(1)]


async def test_row_13_two_tickets_with_one_id_are_both_found_and_one_is_retired(
    rt: RequestTracker, connector: Connector
) -> None:
    rt.call("PUT", "/customfield/2", {"UniqueValues": "0"})
    for _ in range(2):
        rt.call("POST", "/ticket", connector._ticket(delivery(1), []))
    keep, extra = await connector.find(delivery(1).ref)
    await connector.retire_duplicate(keep, extra)
    assert [one.remote_id for one in await connector.find(delivery(1).ref)] == [keep.remote_id]
    assert refers_to(rt, extra.remote_id) == [keep.remote_id]
    await connector.retire_duplicate(keep, extra)


async def test_row_14_a_dropped_field_is_named(rt: RequestTracker, connector: Connector) -> None:
    value = next(one for one in rt.call("GET", "/customfield/6/values")["items"] if one["name"] == "concern")
    rt.call("DELETE", f"/customfield/6/value/{value['id']}")
    outcome = await sent(connector, delivery(1))
    assert isinstance(outcome, Accepted)
    assert outcome.drift == ("Severity",)
    again = await sent(connector, delivery(1))
    assert isinstance(again, Accepted)
    assert (again.already, again.drift) == (True, ("Severity",))


async def test_row_14_without_the_field_of_the_id_nothing_more_is_sent(
    rt: RequestTracker, connector: Connector
) -> None:
    rt.call("PUT", "/customfield/2", {"Disabled": "1"})
    health = await connector.probe()
    assert health.trouble == Park("mapping", "destination")
    assert any("NoteId" in one.what for one in health.findings)
    made = Park("mapping", "destination", ambiguous=True, made="1")
    assert await sent(connector, delivery(1)) in (Park("mapping", "destination"), made)
    assert [ticket["Status"] for ticket in rt.tickets()] in ([], ["rejected"])


async def test_row_14_changed_words_are_named(rt: RequestTracker, proxy: FaultProxy, connector: Connector) -> None:
    def shortened(asked: Asked) -> None:  # as a queue does that cuts long texts
        if asked.target.endswith("/ticket"):
            rt.call("POST", "/ticket", {**json.loads(asked.body), "Content": "Synthetic"})

    proxy.before = shortened
    outcome = await sent(connector, delivery(1))
    assert isinstance(outcome, Accepted)
    assert outcome.drift == ("text",)


async def test_row_15_what_is_too_large_is_the_notes_trouble(proxy: FaultProxy, connector: Connector) -> None:
    proxy.faults = [status(413)]
    assert await sent(connector, delivery(1, attachments=[b"synthetic picture"])) == Reject("too-large")


async def test_row_17_a_disabled_queue_stops_the_destination_and_blames_no_note(
    rt: RequestTracker, connector: Connector
) -> None:
    rt.disable_queue(True)
    assert await sent(connector, delivery(1)) == Park("forbidden", "destination")
    assert (await connector.probe()).trouble == Park("forbidden", "destination")
    rt.disable_queue(False)
    assert (await connector.probe()).trouble is None
    assert isinstance(await sent(connector, delivery(1)), Accepted)


async def test_a_token_that_is_not_taken_stops_the_destination(
    rt: RequestTracker, proxy: FaultProxy, tmp_path: Any
) -> None:
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text("1-1-synthetic")
    async with opened(rt, proxy, token_file=token) as connector:
        assert await sent(connector, delivery(1)) == Park("credentials", "destination")
        health = await connector.probe()
    assert health.trouble == Park("credentials", "destination")
    assert rt.tickets() == []


async def test_a_right_that_is_missing_is_found_by_the_probe(rt: RequestTracker, connector: Connector) -> None:
    rt.database(
        "DELETE FROM ACL WHERE RightName = 'CreateTicket' AND PrincipalId ="
        " (SELECT g.id FROM Groups g JOIN Users u ON g.Instance = u.id"
        " WHERE g.Domain = 'ACLEquivalence' AND u.Name = 'notesync')"
    )
    health = await connector.probe()
    assert health.trouble == Park("forbidden", "destination")
    assert any("CreateTicket" in one.what for one in health.findings if one.level == "trouble")
    assert await sent(connector, delivery(1)) == Park("forbidden", "destination")


async def test_a_right_that_is_missing_makes_one_ticket_without_an_id_and_not_one_after_another(
    rt: RequestTracker, connector: Connector
) -> None:
    assert isinstance(await sent(connector, delivery(9)), Accepted)
    rt.database(
        "DELETE FROM ACL WHERE RightName IN ('SetInitialCustomField', 'ModifyCustomField', 'CommentOnTicket')"
        " AND PrincipalId ="
        " (SELECT g.id FROM Groups g JOIN Users u ON g.Instance = u.id"
        " WHERE g.Domain = 'ACLEquivalence' AND u.Name = 'notesync')"
    )
    made = Park("mapping", "destination", ambiguous=True, made="2")
    assert await sent(connector, delivery(1)) == made
    health = await connector.probe()
    assert health.trouble == Park("mapping", "destination"), "so that the worker sends no more"
    assert "SetInitialCustomField" in health.findings[-1].what
    assert len(rt.tickets()) == 2
    rt.call("PUT", "/ticket/2", {"Status": "deleted"})
    health = await connector.probe()
    assert health.trouble is None
    assert (health.findings[-1].level, "CommentOnTicket" in health.findings[-1].what) == ("warning", True)


async def test_the_probe_sees_what_the_fields_take_and_what_the_user_may(
    rt: RequestTracker, proxy: FaultProxy, connector: Connector
) -> None:
    def said(level: str, findings: Any) -> list[str]:
        return [one.what for one in findings if one.level == level]

    health = await connector.probe()
    assert said("fine", health.findings)[1].startswith("fields take what they are given: NoteId, NoteVersion")
    assert "with the first ticket" in said("warning", health.findings)[0]
    await sent(connector, delivery(1))
    health = await connector.probe()
    assert (said("warning", health.findings), said("trouble", health.findings)) == ([], [])
    assert said("fine", health.findings)[-1] == "its user may make tickets, comment on them and change them"
    async with opened(rt, proxy, withdrawn_status="shelved", severities={"routine": "low"}) as other:
        lacks, rights = said("warning", (await other.probe()).findings)
    assert "Severity has no value low" in lacks
    assert "does not lead to shelved" in rights
    proxy.rule = lambda asked: status(403) if "/customfield/" in asked.target else None
    health = await connector.probe()
    assert health.trouble is None
    assert "give the user SeeCustomField on the fields" in said("warning", health.findings)[0]


@pytest.mark.parametrize(
    ("number", "change", "level", "words"),
    [
        (3, {"MaxValues": "0"}, "trouble", "NoteVersion takes several values"),
        (4, {"Type": "Select"}, "trouble", "PayloadSHA256 takes chosen values only"),
        (5, {"Type": "Date"}, "warning", "CaseRef is of the kind Date"),
        (5, {"Pattern": "^C-"}, "warning", "CaseRef takes what fits a pattern only"),
        (2, {"UniqueValues": "0"}, "warning", "NoteId lets two tickets have the same value"),
    ],
)
async def test_a_field_that_would_drop_what_it_is_given_is_told_before_anything_is_sent(
    number: int, change: dict[str, str], level: str, words: str, rt: RequestTracker, connector: Connector
) -> None:
    rt.call("PUT", f"/customfield/{number}", change)
    health = await connector.probe()
    (found,) = [one for one in health.findings if words in one.what]
    assert (found.level, health.trouble) == (level, Park("mapping", "destination") if level == "trouble" else None)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"items": [1]}', b'{"items": [{"id": 1, "CustomFields": 2}]}', b"1"])
async def test_an_odd_answer_is_trouble_and_no_crash(body: bytes, proxy: FaultProxy, connector: Connector) -> None:
    proxy.rule = lambda asked: status(200, body=body) if asked.method == "GET" else status(201, body=body)
    outcome = await sent(connector, delivery(1))
    assert outcome == Retry("not-json", ambiguous=True)
    assert isinstance((await connector.probe()).findings, tuple)
    for look in (listed(connector), connector.find(delivery(1).ref)):
        with pytest.raises(Unanswered, match="not-json"):
            await look


async def test_an_unknown_queue_stops_the_destination(rt: RequestTracker, proxy: FaultProxy) -> None:
    async with opened(rt, proxy, queue="Nowhere") as connector:
        assert await sent(connector, delivery(1)) == Park("forbidden", "destination")
        assert (await connector.probe()).trouble == Park("forbidden", "destination")


@pytest.mark.parametrize(
    "text",
    [
        "NUL \x00 inside",
        "emoji 🙂🏳️‍🌈, and beyond the plane 𐍈",
        "من الشرق \u202eright to left\u202c עברית",
        "  blanks before and after  \n\n\n",
        "tab\tand\u00a0space\u2028line\u2029paragraph",
        "From here on\n.\n>From there\n-- \nlooks like mail",
        "<b>no</b> &amp; <script>markup</script> \\ \" ' `",
        "e\u0301 is not é",
        "long " * 200_000,
        "",
    ],
    ids=["nul", "emoji", "right-to-left", "blanks", "spaces", "mail", "markup", "combining", "long", "empty"],
)
async def test_row_43_what_was_written_is_what_is_there(text: str, rt: RequestTracker, connector: Connector) -> None:
    outcome = await sent(connector, delivery(1, text=text))
    assert isinstance(outcome, Accepted)
    assert outcome.drift == ()
    assert rt.text("1").startswith(text)


async def test_row_44_a_system_restored_from_an_old_backup_shows_what_it_lacks_and_takes_it_again_once(
    rt: RequestTracker, connector: Connector
) -> None:
    await sent(connector, delivery(1))
    old = rt.backup()
    await sent(connector, delivery(2))
    rt.restore(old)
    assert [one.note_id for one in await listed(connector)] == [note_id(1)]
    assert await connector.find(delivery(2).ref) == []
    for number in (1, 2):
        assert isinstance(await sent(connector, delivery(number)), Accepted)
    assert ids(rt) == [note_id(1), note_id(2)]


async def test_row_47_a_merged_ticket_is_found_as_merged_and_not_made_again(
    rt: RequestTracker, connector: Connector
) -> None:
    await sent(connector, delivery(1))
    await sent(connector, delivery(2))
    rt.call("PUT", "/ticket/2", {"MergeInto": "1"})
    (found,) = await connector.find(delivery(2).ref)
    assert (found.remote_id, found.state) == ("2", "merged")
    assert {one.note_id: one.state for one in await listed(connector)} == {note_id(1): "open", note_id(2): "merged"}
    again = await sent(connector, delivery(2))
    assert isinstance(again, Accepted)
    assert again.already
    assert len(rt.tickets(f"Queue = '{QUEUE}' AND EffectiveId > 0")) == 2


async def test_row_47_a_deleted_ticket_is_found_as_gone_by_where_it_was(
    rt: RequestTracker, connector: Connector
) -> None:
    await sent(connector, delivery(1))
    rt.call("PUT", "/ticket/1", {"Status": "deleted"})
    assert await connector.find(delivery(1).ref) == []
    (found,) = await connector.find(delivery(1).ref, remote_id="1")
    assert (found.note_id, found.state) == (note_id(1), "gone")
    assert await connector.find(delivery(1).ref, remote_id="77") == []


async def test_a_ticket_moved_to_where_we_may_not_look_is_for_a_person(
    rt: RequestTracker, connector: Connector
) -> None:
    await sent(connector, delivery(1))
    await sent(connector, delivery(2))
    rt.call("POST", "/queue", {"Name": "Elsewhere"})
    rt.call("PUT", "/ticket/1", {"Queue": "Elsewhere"})
    assert await connector.find(delivery(1).ref) == []
    (found,) = await connector.find(delivery(1).ref, remote_id="1")
    assert found.state == "gone"


async def test_a_number_that_was_given_anew_is_not_taken_for_our_ticket(
    rt: RequestTracker, connector: Connector
) -> None:
    rt.call("POST", "/ticket", {"Queue": QUEUE, "Subject": "somebody else's"})
    assert await connector.find(delivery(1).ref, remote_id="1") == []


async def test_a_closed_ticket_is_told_as_closed(rt: RequestTracker, connector: Connector) -> None:
    await sent(connector, delivery(1))
    (first,) = await listed(connector)
    rt.call("PUT", "/ticket/1", {"Status": "resolved"})
    (found,) = await listed(connector, first.cursor)
    assert found.state == "closed"


async def test_an_addition_refers_to_the_note_it_adds_to(rt: RequestTracker, connector: Connector) -> None:
    await sent(connector, delivery(1))
    await sent(connector, delivery(2, kind="amended", amends=1))
    assert refers_to(rt, "2") == ["1"]
    assert rt.tickets()[1]["Subject"] == "Addition to a note: 0010-0004 concern"
    assert f"Adds to: note {note_id(1)}" in rt.text("2")


async def test_an_addition_whose_note_is_not_there_comes_alone(rt: RequestTracker, connector: Connector) -> None:
    assert isinstance(await sent(connector, delivery(2, kind="amended", amends=1)), Accepted)
    assert refers_to(rt, "1") == []


async def test_a_withdrawal_marks_the_ticket_and_is_the_last_word(
    rt: RequestTracker, proxy: FaultProxy, connector: Connector
) -> None:
    await sent(connector, delivery(1))
    proxy.faults = [lose]
    assert isinstance(await sent(connector, delivery(1, kind="withdrawn")), Retry)
    assert isinstance(await sent(connector, delivery(1, kind="withdrawn")), Accepted)
    assert isinstance(await sent(connector, delivery(1)), Accepted), "comes late, and changes nothing"
    (ticket,) = rt.tickets()
    assert (ticket["Status"], ticket["Fields"]["NoteVersion"]) == ("rejected", "2")
    (found,) = await connector.find(delivery(1, kind="withdrawn").ref)
    assert (found.version, found.state) == (2, "withdrawn")
    (before,) = await connector.find(delivery(1).ref)
    assert (before.version, before.payload_sha256, before.state) == (1, "", "withdrawn")
    history = rt.call("GET", "/ticket/1/history", fields="Type")["items"]
    assert [one["Type"] for one in history].count("Comment") == 1


async def test_a_withdrawal_of_what_is_not_there_leaves_a_mark_without_words(
    rt: RequestTracker, connector: Connector
) -> None:
    assert isinstance(await sent(connector, delivery(1, kind="withdrawn")), Accepted)
    assert isinstance(await sent(connector, delivery(1)), Accepted)
    (ticket,) = rt.tickets()
    assert (ticket["Status"], ticket["Subject"]) == ("rejected", "Withdrawn note 000G-000J concern")
    assert WORDS not in rt.text("1")


async def test_the_list_goes_on_over_pages_and_names_tickets_of_ours_without_an_id(
    rt: RequestTracker, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_tracker, "A_PAGE", 2)
    for number in range(1, 6):
        await sent(connector, delivery(number))
    rt.call("PUT", "/ticket/2", {"CustomFields": {"NoteId": ""}})
    rt.call("POST", "/ticket", {"Queue": QUEUE, "Subject": "somebody else's"})
    found = await listed(connector)
    assert [one.note_id for one in found] == [note_id(1), "", note_id(3), note_id(4), note_id(5)]
    assert await listed(connector, found[-1].cursor), "what changed in that second is told again"


async def test_row_51_no_word_no_token_and_no_case_stands_in_an_outcome_or_a_log(
    rt: RequestTracker, proxy: FaultProxy, connector: Connector, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""
    for fault in (lose, half, status(400, body=WORDS.encode()), status(302, "Location: http://127.0.0.1:9/C-17")):
        proxy.faults = [fault]
        said += repr(await sent(connector, delivery(1)))
        rt.restore()
    said += repr(await sent(connector, delivery(1))) + repr(await listed(connector)) + repr(connector.__dict__)
    said += caplog.text
    for secret in (WORDS, "C-17", "mentor-17", rt.token_file.read_text()):
        assert secret not in said
