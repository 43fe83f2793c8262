"""`integra check`, `integra ask`."""

import io
import json
from typing import Any

import pytest


def test_ask_answers_a_question_for_people_and_for_machines(integra: Any) -> None:
    done = integra("ask", "do i need consent to share info")
    assert (done.code, done.out.startswith("answer (")) == (0, True)
    found = json.loads(integra("ask", "do i need consent to share info", "--json").out)
    assert found["decision"] == "answer"
    assert set(found["hits"][0]) == {"id", "title", "score", "facts", "steps"}


def test_ask_reads_standard_input_and_prints_one_object_a_line(integra: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["do i need consent to share info", "", "he has a knife and will use it now", "what is the capital of peru"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([*lines, "\ud83d\x00 odd"]) + "\n"))
    done = integra("ask", "-", "--json")
    found = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, len(found)) == (0, 5)
    assert found[0]["decision"] == "answer"
    assert found[2]["decision"] == "danger"


def test_danger_comes_first_in_plain_words(integra: Any) -> None:
    assert "Call 112 now" in integra("ask", "he has a knife and will use it now").out


@pytest.mark.parametrize("command", [("ask", "hello", "--lang", "xx"), ("check", "--lang", "xx")])
def test_a_language_without_content_is_refused_with_those_there_are(integra: Any, command: tuple[str, ...]) -> None:
    done = integra(*command)
    assert (done.code, done.out) == (1, "")
    assert "there is: en" in done.err


def test_check_reports_for_people_and_for_machines_and_agrees_with_its_exit_code(integra: Any) -> None:
    done = integra("check")
    assert " to mend, " in done.out.splitlines()[-1]
    as_json = integra("check", "--json")
    problems = json.loads(as_json.out)
    errors = [one for one in problems if one["severity"] == "error"]
    assert (as_json.code, done.code) == ((1, 1) if errors else (0, 0))
    assert f"{len(errors)} to mend, {len(problems) - len(errors)} to look at" in done.out
