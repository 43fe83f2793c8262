"""From answers that do not say so: is it one chat that says too much, or the bot?"""

from bot.channels.telegram_floods import CHATS, Floods


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_one_chat_again_and_again_waits_alone() -> None:
    floods = Floods(Clock())
    assert [floods.everywhere("1", 5.0) for _ in range(20)] == [False] * 20


def test_several_chats_at_once_make_all_wait() -> None:
    floods = Floods(Clock())
    assert [floods.everywhere(str(chat), 5.0) for chat in range(CHATS + 1)] == [False, False, True, True]


def test_waits_that_are_over_count_no_more() -> None:
    clock = Clock()
    floods = Floods(clock)
    floods.everywhere("1", 5.0)
    floods.everywhere("2", 60.0)
    clock.at += 5.0
    assert not floods.everywhere("3", 5.0)
    assert floods.everywhere("1", 5.0)
