"""The table of answers, row by row."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.sync.answers import LONGEST_S, LOOK, SHORTEST_S, judged, retry_after_s, unanswered
from storage.sync.base import Park, Reject, Retry
from storage.sync.web import Answer, NoAnswer

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

TABLE = {
    200: None,
    201: None,
    202: None,
    204: None,
    301: Park("redirect", "destination"),
    302: Park("redirect", "destination"),
    307: Park("redirect", "destination"),
    308: Park("redirect", "destination"),
    400: Reject("http-400"),
    401: Park("credentials", "destination"),
    403: Park("forbidden", "destination"),
    404: Park("no-such-address", "destination"),
    405: Park("http-405", "destination"),
    407: Park("http-407", "destination"),
    408: Retry("http-408"),
    409: LOOK,
    410: Park("switched-off", "destination"),
    412: LOOK,
    413: Reject("too-large"),
    415: Reject("http-415"),
    418: Reject("http-418"),
    422: Reject("http-422"),
    425: Retry("http-425"),
    426: Park("http-426", "destination"),
    429: Retry("http-429"),
    500: Retry("http-500", ambiguous=True),
    501: Park("http-501", "destination"),
    502: Retry("http-502", ambiguous=True),
    503: Retry("http-503"),
    504: Retry("http-504", ambiguous=True),
    507: Retry("http-507", ambiguous=True),
    599: Retry("http-599", ambiguous=True),
    600: Retry("not-http", ambiguous=True),
    199: Retry("not-http", ambiguous=True),
}


def answer(status: int, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


@pytest.mark.parametrize("status", sorted(TABLE))
def test_every_answer_means_what_the_table_says(status: int) -> None:
    assert judged(answer(status), NOW) == TABLE[status]


@given(st.integers(100, 999))
def test_every_answer_means_something(status: int) -> None:
    verdict = judged(answer(status), NOW)
    assert (verdict is None) == (200 <= status < 300)


def test_404_is_about_the_note_where_the_connector_says_so() -> None:
    assert judged(answer(404), NOW, unknown="unknown-case") == Park("unknown-case", "note", 86_400)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", SHORTEST_S),
        ("-5", SHORTEST_S),
        ("Mon, 23 Nov 2026 12:05:00 GMT", 300),
        ("Mon, 23 Nov 2026 11:00:00 GMT", SHORTEST_S),
        ("Sun, 23 Nov 2036 12:00:00 GMT", LONGEST_S),  # ten years
        ("315360000", LONGEST_S),
        ("1e400", LONGEST_S),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("Mon, 99 Nov 2026 99:99:99 GMT", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_row_21_retry_after_is_honoured_and_held_to_bounds(text: str, seconds: float | None, status: int) -> None:
    assert judged(answer(status, retry_after=text), NOW) == Retry(f"http-{status}", seconds)


@given(st.text(max_size=40))
def test_row_21_no_retry_after_does_harm(text: str) -> None:
    found = retry_after_s(text, NOW)
    assert found is None or SHORTEST_S <= found <= LONGEST_S


@pytest.mark.parametrize("reason", ["certificate", "tls", "address"])
def test_no_answer_that_needs_a_person_stops_the_destination(reason: str) -> None:
    assert unanswered(NoAnswer(reason, sent=False)) == Park(reason, "destination")


@pytest.mark.parametrize("sent", [True, False])
def test_no_answer_is_tried_again_and_ambiguous_only_if_something_was_sent(sent: bool) -> None:
    assert unanswered(NoAnswer("timeout", sent=sent)) == Retry("timeout", ambiguous=sent)
