"""How long to wait before the next try. Arithmetic alone."""

from typing import Final

SHORTEST_S: Final = 5.0
LONGEST_S: Final = 900.0
SPREAD: Final = 0.1
"""A tenth to either side, so that several processes do not ask in step."""
MOST_ASKED_S: Final = 6 * 3_600.0
LEAST_ASKED_S: Final = 1.0


def pause_s(failures: int, roll: float) -> float:
    """5 s, doubled with each failure, at most a quarter of an hour: some 295 tries in three days.

    Args:
        failures: in a row, from 1.
        roll: 0 to 1, evenly.
    """
    plain = min(SHORTEST_S * 2.0 ** (min(failures, 20) - 1), LONGEST_S)
    return plain * (1 - SPREAD + 2 * SPREAD * roll)


def asked_s(after_s: float) -> float:
    """What a receiver asked for, within reason: 1 s to 6 h."""
    return min(max(after_s, LEAST_ASKED_S), MOST_ASKED_S) if after_s == after_s else LEAST_ASKED_S
