"""How often an answer helped: counts alone, without who or what was asked."""

from sqlalchemy import insert, update

from storage.schema import feedback
from storage.transaction import Transaction


def count(tx: Transaction, answer: str, *, helpful: bool) -> None:
    where = (feedback.c.answer == answer, feedback.c.helpful == int(helpful))
    if tx.db.execute(update(feedback).where(*where).values(times=feedback.c.times + 1)).rowcount == 0:
        tx.db.execute(insert(feedback), {"answer": answer, "helpful": int(helpful), "times": 1})
