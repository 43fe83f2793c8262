"""How much one address, and one session, may ask for, before anything is asked of the database.

Buckets live in memory, so many and no more; each process has its own. Wrong answers to challenges are counted in the
database (``storage.challenges``).
"""

from collections import OrderedDict
from datetime import datetime
from typing import Final

from bot.limits import Bucket, Rate
from bot.serve.refusals import Refused

ANYBODY: Final = Rate(240, 0.5)
"""Requests of one address, whatever they are: an office's people may share one."""
LOGIN: Final = Rate(30, 2.0)
"""Links, challenges and answers of one address."""
SESSION: Final = Rate(120, 0.5)
NOTES: Final = Rate(30, 60.0)
"""Notes of one person: half an hour's worth at once, then one a minute."""
UPLOADS: Final = Rate(60, 30.0)
OPENED: Final = Rate(60, 30.0)
"""Notes given out to one session."""
MOST: Final = 10_000


class Limits:
    """Used by one event loop.

    Args:
        most: buckets remembered; those used least recently are forgotten first.
    """

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._buckets: OrderedDict[tuple[Rate, str], Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, rate: Rate, who: str, at: datetime) -> None:
        """
        Raises:
            Refused: ``slower``.
        """
        now = at.timestamp()
        bucket = self._buckets.get((rate, who)) or Bucket(rate, now)
        self._buckets[(rate, who)] = bucket
        self._buckets.move_to_end((rate, who))
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        if not bucket.take(now):
            raise Refused("slower", wait_s=rate.every_s)
