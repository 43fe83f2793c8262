"""A clock that was set is noticed; one that just runs is not."""

from datetime import UTC, datetime, timedelta

from bot.clock import DOUBT_S, JUMP_S, Jumps, boot_s

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = 3600.0


class Machine:
    """A machine's two clocks."""

    def __init__(self) -> None:
        self.steady, self.now = 5.0, NOON
        self.jumps = Jumps(lambda: self.steady)
        self.jumps.look(self.now)

    def runs(self, seconds: float) -> float:
        self.steady += seconds
        return self.is_set(seconds)

    def is_set(self, seconds: float) -> float:
        self.now += timedelta(seconds=seconds)
        return self.jumps.look(self.now)


def test_a_clock_that_runs_or_is_put_right_by_minutes_does_not_jump() -> None:
    machine = Machine()
    assert [machine.runs(seconds) for seconds in (1, HOUR, 90 * 24 * HOUR)] == [0.0, 0.0, 0.0]
    assert machine.is_set(JUMP_S - 1) == machine.is_set(1 - JUMP_S) == 0.0
    assert not machine.jumps.doubtful


def test_a_leap_forward_is_doubted_for_a_quarter_of_an_hour() -> None:
    machine = Machine()
    assert machine.is_set(48 * HOUR) == 48 * HOUR
    assert machine.jumps.doubtful
    assert machine.runs(DOUBT_S - 1) == 0.0
    assert machine.jumps.doubtful
    machine.runs(1)
    assert not machine.jumps.doubtful


def test_a_leap_that_is_taken_back_is_doubted_no_more() -> None:
    machine = Machine()
    machine.is_set(48 * HOUR)
    machine.runs(60)
    assert machine.is_set(-48 * HOUR) == -48 * HOUR
    assert not machine.jumps.doubtful


def test_a_leap_back_is_noticed_and_not_doubted() -> None:
    machine = Machine()
    assert machine.is_set(-3 * HOUR) == -3 * HOUR
    assert not machine.jumps.doubtful
    assert machine.runs(1) == 0.0


def test_the_steady_clock_runs() -> None:
    assert boot_s() <= boot_s()
