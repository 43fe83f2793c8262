"""Photos and voice messages of a draft: how many, which are here, and what becomes of those that do not come."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dialogues import note
from dialogues.draft import MOST_ATTACHED, Attachment
from dialogues.floor import Floor
from dialogues.model import (
    MOST_MEDIUM_BYTES,
    Chose,
    DropAttachments,
    Due,
    EraseTraces,
    Fetched,
    FetchMedium,
    NotFetched,
    Sent,
    TracePrivate,
)

DIGEST = "ab" * 32


def writing(talk: Any, **settings: Any) -> Any:
    """Somebody at the text part of a quick note."""
    one = talk(**settings)
    one.write("/note quick", "He left early")
    return one


def draft(one: Any) -> note.Draft:
    state = one.state
    assert isinstance(state, note.AskPart | note.Preview)
    return state.draft


def sends(one: Any, media: Any = "photo", **fields: Any) -> FetchMedium:
    one.hear(Sent(media, "handle", 900, **fields))
    (wanted,) = one.made(FetchMedium)
    return wanted  # type: ignore[no-any-return]


def comes(one: Any, wanted: FetchMedium, size: int = 1_000) -> None:
    one.hear(Fetched(wanted.draft, wanted.number, size, DIGEST))


def test_what_is_sent_is_fetched_traced_and_counted_once_it_is_here(talk: Any) -> None:
    one = writing(talk)
    wanted = sends(one)
    assert wanted == FetchMedium(draft(one).id, 1, "north", "photo", "handle")
    assert one.made(TracePrivate) == [TracePrivate(wanted.draft)]
    assert (one.says, draft(one).waits_for_media) == ((), True)
    comes(one, wanted)
    assert draft(one).attachments == (Attachment(1, "photo", 1_000, DIGEST),)
    assert "1 photo (1 of 5)" in one.said
    assert "routine" in one.keys, "the open question comes again, in the same message"
    assert len(one.says) == 1


def test_words_under_it_are_text_of_the_note(talk: Any) -> None:
    one = writing(talk)
    sends(one, caption="on the wall of the yard")
    assert draft(one).part(0) == "He left early\non the wall of the yard"
    assert "2 in this part" in one.said


def test_the_body_lists_them_and_the_note_takes_them_along(talk: Any) -> None:
    one = writing(talk)
    comes(one, sends(one))
    comes(one, sends(one, "voice"), 2_000)
    one.press("routine", "log")
    (kept,) = one.kept
    assert kept.attachments == (1, 2)
    assert kept.body["attachments"] == [
        {"number": 1, "kind": "photo", "media_type": "image/jpeg", "size": 1_000, "digest": DIGEST},
        {"number": 2, "kind": "voice", "media_type": "audio/ogg", "size": 2_000, "digest": DIGEST},
    ]


def test_a_note_without_any_has_no_list(talk: Any) -> None:
    one = writing(talk)
    one.press("routine", "log")
    assert "attachments" not in one.kept[0].body


def test_nothing_is_logged_while_one_is_on_its_way(talk: Any) -> None:
    one = writing(talk)
    wanted = sends(one)
    one.hear(Chose("routine"))
    one.press("log")
    assert one.phrase("note-media-on-its-way") in one.said
    assert not one.kept
    comes(one, wanted)
    one.press("log")
    assert one.kept[0].attachments == (1,)


def test_a_note_without_words_is_none_whatever_is_attached(talk: Any) -> None:
    one = talk()
    one.write("/note quick")
    comes(one, sends(one))
    one.write("/menu")
    assert one.phrase("draft-put-aside", hours=12) in one.said, "somebody would miss it all the same"


@pytest.mark.parametrize("why", ["too-large", "unusable", "out-of-reach"])
def test_what_does_not_come_is_said_and_leaves_its_place(talk: Any, why: Any) -> None:
    one = writing(talk)
    first, second = sends(one), sends(one, "voice")
    one.hear(NotFetched(second.draft, second.number, why))
    assert one.phrase(f"note-voice-{why}") in one.said
    comes(one, first)
    assert [attached.number for attached in draft(one).attachments] == [1]
    assert sends(one).number == 3, "a number is used once: the voice message may come yet"


@pytest.mark.parametrize("media", ["photo", "voice"])
def test_what_is_too_large_is_not_asked_for(talk: Any, media: Any) -> None:
    for event in (Sent(media, "handle", MOST_MEDIUM_BYTES + 1), Sent(media, "", 9_000_000), Sent(media)):
        one = writing(talk)
        one.hear(event)
        assert one.phrase(f"note-{media}-too-large") in one.said
        assert not one.made(FetchMedium)


def test_one_more_than_fits_is_told(talk: Any) -> None:
    one = writing(talk)
    for _ in range(MOST_ATTACHED):
        sends(one)
    one.hear(Sent("photo", "handle"))
    assert one.phrase("note-media-full", most=MOST_ATTACHED) in one.said
    assert len(draft(one).attachments) == MOST_ATTACHED


def test_what_comes_twice_or_late_or_for_nobody_changes_nothing(talk: Any) -> None:
    one = writing(talk)
    wanted = sends(one)
    comes(one, wanted)
    before = one.floor
    one.hear(Fetched("f" * 32, 1, 5, DIGEST))
    assert (one.floor, one.says, one.turn.effects) == (before, (), (DropAttachments("f" * 32, 1),))
    one.hear(Fetched(wanted.draft, 9, 5, DIGEST))
    assert (one.floor, one.says, one.turn.effects) == (before, (), (DropAttachments(wanted.draft, 9),))


def test_what_comes_while_the_draft_lies_below_finds_it_there(talk: Any) -> None:
    one = writing(talk)
    wanted = sends(one)
    one.write("/share")
    top = one.floor.top
    comes(one, wanted)
    assert one.floor.top == top
    assert [say.text for say in one.says] == [
        one.phrase("note-attached", what=one.phrase("count-photo", count=1), here=1, most=5)
    ]
    states = [frame.state for frame in one.floor.frames if frame.dialogue == "note"]
    assert [state.draft.waits_for_media for state in states] == [False]


def test_while_leaving_is_asked_it_is_counted_and_asked_again(talk: Any) -> None:
    one = writing(talk)
    wanted = sends(one)
    one.write("/cancel")
    comes(one, wanted)
    assert isinstance(one.state, note.AskLeave)
    assert "discard" in one.keys


def test_all_can_be_taken_out_again(talk: Any) -> None:
    one = writing(talk)
    comes(one, sends(one))
    wanted = sends(one)
    one.hear(Chose("routine"))
    one.press("change", "media")
    assert one.made(DropAttachments) == [DropAttachments(wanted.draft)]
    assert draft(one).attachments == ()
    assert "media" not in one.press("change").says[-1].choices
    comes(one, wanted)
    assert isinstance(one.state, note.AskChange)


def test_a_draft_that_ends_gives_up_what_is_attached(talk: Any) -> None:
    one = writing(talk)
    wanted = sends(one)
    one.wait(timedelta(hours=12))
    one.hear(Due("idle"))
    assert (one.floor, one.made(EraseTraces)) == (Floor(), [EraseTraces(wanted.draft)])


def test_before_the_agency_is_chosen_none_is_taken(talk: Any, north: Any, south: Any) -> None:
    one = talk(agencies=(north, south))
    one.write("/note")
    one.hear(Sent("photo", "handle", 900))
    assert one.phrase("note-not-taken") in one.said
    assert not one.made(FetchMedium)


def test_the_agency_of_the_note_decides(talk: Any, north: Any, south: Any) -> None:
    one = talk(agencies=(north, replace(south, media=False)))
    one.write("/note quick")
    one.press("south")
    one.hear(Sent("photo", "handle", 900))
    assert one.phrase("note-photo-off") in one.said
    one.write("/cancel")
    one.write("/note quick")
    one.press("north")
    sends(one)


def test_outside_a_note_a_button_leads_into_one_where_some_agency_takes_them(talk: Any, north: Any, south: Any) -> None:
    off = replace(north, media=False)
    for agencies, leads in (((north,), True), ((off, south), True), ((off,), False)):
        one = talk(agencies=agencies)
        one.hear(Sent("voice", "handle", 900))
        assert (one.says[0].choices != ()) is leads
        assert not one.made(FetchMedium)


def test_danger_under_a_file_is_heard_first_before_enrolment_too(talk: Any) -> None:
    for accepted in (True, False):
        one = talk(accepted=accepted)
        one.hear(Sent("document", caption="he has a knife"))
        assert "112" in f"{one.says[0].title} {one.says[0].text}"
