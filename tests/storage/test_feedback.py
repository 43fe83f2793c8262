"""Feedback is counted, and nothing but counted."""

from sqlalchemy import select

from storage import feedback
from storage.schema import feedback as rows
from storage.store import Store


def test_each_answer_counts_its_yes_and_no(store: Store) -> None:
    for answer, helpful in (("a", True), ("a", True), ("a", False), ("b", False)):
        store.run_now(lambda tx, a=answer, h=helpful: feedback.count(tx, a, helpful=h))  # type: ignore[misc]  # mypy: lambda defaults
    found = store.run_now(lambda tx: tx.db.execute(select(rows).order_by(rows.c.answer, rows.c.helpful)).all())
    assert [tuple(row) for row in found] == [("a", 0, 1), ("a", 1, 2), ("b", 0, 1)]


def test_a_count_names_nobody() -> None:
    assert set(rows.c.keys()) == {"answer", "helpful", "times"}
