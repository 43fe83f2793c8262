"""How fast messages may go, as arithmetic: never faster than said, as fast as allowed, and nobody waits for ever."""

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pacing import FAIR_EVERY, SECOND_NS, TELEGRAM, Bucket, Pace, Turns

PACES = st.builds(Pace, st.floats(0.05, 1000), st.integers(1, 40))
GAPS = st.lists(st.integers(0, 20 * SECOND_NS), min_size=1, max_size=60)


def busiest(times: list[int], stretch_ns: int) -> int:
    """The most that went in any stretch of this length."""
    return max(bisect_right(times, at + stretch_ns) - number for number, at in enumerate(times))


@given(PACES, GAPS, st.integers(1, 60 * SECOND_NS))
def test_never_more_than_the_pace_allows_in_any_stretch(pace: Pace, gaps: list[int], stretch_ns: int) -> None:
    """Whoever comes when, and waits as long as told."""
    bucket, at, went = Bucket(pace), 0, list[int]()
    for gap in gaps:
        at += gap
        at += bucket.wait_ns(at)
        bucket.take(at)
        went.append(at)
    assert busiest(went, stretch_ns) <= pace.per_s * stretch_ns / SECOND_NS + pace.burst


@given(PACES, st.integers(1, 200))
def test_whoever_waits_as_told_may_go_and_never_has_to_wait_longer_than_needed(pace: Pace, count: int) -> None:
    bucket, at = Bucket(pace), 0
    for _ in range(count):
        wait = bucket.wait_ns(at)
        if wait:
            assert bucket.wait_ns(at + wait - 1) == 1, "not a nanosecond too long"
            with pytest.raises(ValueError, match="too early"):
                bucket.take(at + wait - 1)
        at += wait
        bucket.take(at)
    fastest = max(0, count - pace.burst) / pace.per_s
    assert at <= fastest * SECOND_NS + count, "no slower than the pace, but for rounding up"


def test_a_burst_goes_at_once_and_comes_back_with_time() -> None:
    bucket = Bucket(Pace(1.0, 3))
    for _ in range(3):
        assert bucket.wait_ns(0) == 0
        bucket.take(0)
    assert bucket.wait_ns(0) == SECOND_NS
    assert not bucket.is_full(3 * SECOND_NS - 1)
    assert bucket.is_full(3 * SECOND_NS)
    later = 100 * SECOND_NS
    for _ in range(3):
        bucket.take(later)
    assert bucket.wait_ns(later) == SECOND_NS, "what was not used is not saved up beyond the burst"


def test_telegrams_guideline_is_the_default() -> None:
    assert (TELEGRAM.chat.per_s, TELEGRAM.overall.per_s) == (1.0, 30.0)


@given(st.lists(st.integers(0, 2) | st.none(), max_size=120))
def test_the_urgent_go_first_and_nobody_waits_for_more_than_so_many(steps: list[int | None]) -> None:
    """None: one goes; else one of this priority comes."""
    turns: Turns[int] = Turns()
    waiting: list[tuple[int, int]] = []  # (number, priority), as they came
    before: dict[int, int] = {}  # number -> how many stood there when it came
    went_since: dict[int, int] = {}
    went = 0
    for number, step in enumerate(steps):
        if step is not None:
            before[number], went_since[number] = len(waiting), 0
            waiting.append((number, step))
            turns.join(step, number)
            continue
        if not waiting:
            with pytest.raises(IndexError):
                turns.next()
            continue
        went += 1
        longest = waiting[0]
        urgent = min(waiting, key=lambda one: (one[1], one[0]))
        assert turns.next() == (longest if went % FAIR_EVERY == 0 else urgent)[0]
        waiting.remove(longest if went % FAIR_EVERY == 0 else urgent)
        for left, _ in waiting:
            went_since[left] += 1
            assert went_since[left] <= FAIR_EVERY * (before[left] + 1)
    assert len(turns) == len(waiting)
