"""How much one address, and one session, may ask for, before anything is asked of the database.

Buckets live in memory, so many and no more; each process has its own, and they keep one flood from costing work. What
must hold over restarts and for all processes is counted in the database: wrong answers to challenges
(``storage.challenges``), notes of a day (``storage.page_quota``).
"""

import threading
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
UPLOADS: Final = Rate(60, 30.0)
OPENED: Final = Rate(60, 30.0)
"""Notes given out to one session."""
MOST: Final = 10_000


class Limits:
    """Used by the event loop and by the store's threads.

    Args:
        most: buckets remembered; those used least recently are forgotten first.
    """

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._one_at_a_time = threading.Lock()
        self._buckets: OrderedDict[tuple[Rate, str], Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, rate: Rate, who: str, at: datetime) -> None:
        """
        Raises:
            Refused: ``slower``.
        """
        now = at.timestamp()
        with self._one_at_a_time:
            bucket = self._buckets.get((rate, who)) or Bucket(rate, now)
            self._buckets[(rate, who)] = bucket
            self._buckets.move_to_end((rate, who))
            while len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
            taken = bucket.take(now)
        if not taken:
            raise Refused("slower", wait_s=rate.every_s)
