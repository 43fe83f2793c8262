"""What is stored comes back as it was, or is called unreadable without a word of what it held."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues import codec
from dialogues.ask import AskIfNote
from dialogues.floor import Floor, Frame
from dialogues.registry import STATES
from dialogues.walk import AtStep

FLOOR = Floor((Frame("ask", AskIfNote("3" * 32, "canary")),), (Frame("walk", AtStep("4" * 32, 1, "S01")),))


def test_a_floor_comes_back_as_it_was() -> None:
    assert codec.decode(codec.encode(FLOOR), STATES) == FLOOR


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    floor = Floor((Frame("ask", AskIfNote("3" * 32, text)),))
    assert codec.decode(codec.encode(floor), STATES) == floor


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"{", b"[]", b"null", b"1", b"{}", b"\xff", b'{"v":2,"frames":[],"parked":[]}', b'{"v":1}'),
        b'{"v":[],"frames":[]}',
        b'{"v":1,"frames":null,"parked":[]}',
        b'{"v":1,"frames":["canary"],"parked":[]}',
        b'{"v":1,"frames":[[[],"X",{}]],"parked":[]}',
        b'{"v":1,"frames":[["canary","X",{}]],"parked":[]}',
        b'{"v":1,"frames":[["ask","Canary",{}]],"parked":[]}',
        b'{"v":1,"frames":[["ask","AskIfNote",{"draft":"canary"}]],"parked":[]}',
    ],
)
def test_what_cannot_be_read_is_called_so_without_its_words(raw: bytes) -> None:
    with pytest.raises(codec.UnreadableState) as caught:
        codec.decode(raw, STATES)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_raise_anything_else(raw: bytes) -> None:
    with pytest.raises(codec.UnreadableState):
        codec.decode(raw, STATES)


@given(st.text(max_size=100))
def test_no_text_makes_reading_a_walk_raise_anything_else(raw: str) -> None:
    with pytest.raises(codec.UnreadableState):
        codec.state_from_json(raw, {"AtStep": AtStep})
