"""What a Telegram update becomes, and what a say becomes for Telegram; no network."""

import ast
import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dialogues
from bot.channels import telegram_updates as updates
from bot.channels.base import Inbound, Pressed, Reachable
from bot.channels.telegram_updates import Unreadable, callback_data, pressed, read, write
from dialogues.clean import units
from dialogues.model import Choice, Edited, Say, Sent, Wrote, column
from guidance.library import load
from guidance.model import Content
from storage.sealing.desk import is_slug

ROBIN = {"id": 1001, "is_bot": False, "first_name": "Robin", "language_code": "pt-br"}
PRIVATE = {"id": 1001, "type": "private", "first_name": "Robin"}
GROUP = {"id": -4001, "type": "supergroup", "title": "Team"}


def message(chat: dict[str, Any] = PRIVATE, **content: Any) -> dict[str, Any]:
    return {"message_id": 101, "from": ROBIN, "chat": chat, "date": 1_700_000_000, **content}


def update(**content: Any) -> dict[str, Any]:
    return {"update_id": 700_000_001, **content}


def press(data: object, **query: Any) -> dict[str, Any]:
    return update(callback_query={"id": "9", "from": ROBIN, "chat_instance": "1", "data": data, **query})


def heard(raw: dict[str, Any]) -> Inbound:
    found = read(raw)
    assert found is not None
    return found


# ---------------------------------------------------------------- reading


SENT_AT = datetime.fromtimestamp(1_700_000_000, UTC)


def test_a_text_arrives_as_typed() -> None:
    """Blanks and odd characters are for the core to clean."""
    found = heard(update(message=message(text="  a\u200b b ")))

    assert found == Inbound("telegram", "700000001", "1001", Wrote("  a\u200b b "), "101", True, "pt-br", SENT_AT)


def test_ids_of_52_bits_stay_whole() -> None:
    big = 2**52 - 1
    found = heard({"update_id": 2**31 - 1, "message": message({"id": big, "type": "private"}, text="x")})

    assert (found.update_id, found.chat) == (str(2**31 - 1), str(big))


def test_somebody_without_a_language_gives_no_hint() -> None:
    assert heard(update(message=message(text="x") | {"from": {"id": 1001}})).language == ""


@pytest.mark.parametrize(
    ("content", "media"),
    [
        ({"photo": [{"file_id": "x"}]}, "photo"),
        ({"photo": [{"file_id": "x"}], "caption": "words under it"}, "photo"),
        ({"voice": {}}, "voice"),
        ({"video": {}}, "video"),
        ({"video_note": {}}, "video"),
        ({"animation": {}, "document": {}}, "video"),
        ({"sticker": {}}, "sticker"),
        ({"document": {}}, "document"),
        ({"location": {}}, "location"),
        ({"venue": {}, "location": {}}, "location"),
        ({"contact": {}}, "contact"),
        ({"audio": {}}, "other"),
        ({"poll": {}}, "other"),
        ({"a_kind_from_next_year": {}}, "other"),
    ],
)
def test_what_is_not_text_is_told_apart(content: dict[str, Any], media: str) -> None:
    event = heard(update(message=message(**content))).event

    assert isinstance(event, Sent)
    assert event.media == media


def size(name: str, width: int, bytes_: object) -> dict[str, Any]:
    return {"file_id": name, "width": width, "height": width, "file_size": bytes_}


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        ({"photo": [size("s", 90, 900), size("l", 1_280, 90_000)]}, Sent("photo", "l", 90_000)),
        ({"photo": [size("l", 1_280, 90_000), size("s", 90, 900)]}, Sent("photo", "l", 90_000)),
        ({"photo": [size("s", 90, 900), size("l", 2_560, 5_000_001)]}, Sent("photo", "s", 900)),
        ({"photo": [size("s", 90, 5_000_000)]}, Sent("photo", "s", 5_000_000)),
        ({"photo": [size("s", 90, 5_000_001)]}, Sent("photo", "", 5_000_001)),
        ({"photo": [{"file_id": "s"}], "caption": "under"}, Sent("photo", "s", 0, "under")),
        ({"photo": [{"file_id": 7}, 8, {"file_id": "s", "file_size": "big", "width": None}]}, Sent("photo", "s", 0)),
        ({"photo": "no list"}, Sent("photo", "", 0)),
        ({"photo": []}, Sent("photo", "", 0)),
        ({"voice": {"file_id": "v", "file_size": 7_000, "duration": 3}}, Sent("voice", "v", 7_000)),
        ({"voice": {"file_id": "v", "file_size": 5_000_001}}, Sent("voice", "", 5_000_001)),
        ({"voice": None, "caption": 5}, Sent("voice", "", 0)),
        ({"document": {"file_id": "d"}, "caption": "under"}, Sent("document", "", 0, "under")),
    ],
)
def test_photos_and_voice_messages_come_with_what_they_are_fetched_by(content: dict[str, Any], sent: Sent) -> None:
    assert heard(update(message=message(**content))).event == sent


@pytest.mark.parametrize("kind", ["pinned_message", "message_auto_delete_timer_changed", "write_access_allowed"])
def test_what_telegram_itself_writes_is_dropped(kind: str) -> None:
    assert read(update(message=message(**{kind: {}}))) is None


def test_what_was_forwarded_is_not_read() -> None:
    """T27."""
    origin = {"type": "user", "date": 1, "sender_user": {"id": 5, "is_bot": False, "first_name": "Sam"}}
    heard = read(update(message=message(text="Sam was there", forward_origin=origin)))
    assert heard is not None
    assert heard.event == Sent("forwarded")
    assert "Sam" not in repr(heard)


def test_an_edit_is_heard_without_its_text() -> None:
    found = heard(update(edited_message=message(text="new words", edit_date=1)))

    assert (found.event, found.message) == (Edited(), "101")


def test_a_live_location_on_the_move_is_dropped() -> None:
    assert read(update(edited_message=message(location={"live_period": 900}, edit_date=1))) is None


def test_a_button_brings_its_question_and_key() -> None:
    found = heard(press("17.to.3", message=message(text="Which?")))

    assert found == Inbound("telegram", "700000001", "1001", Pressed(17, "to.3"), "101", True, "pt-br")


def test_a_button_without_its_message_belongs_to_who_pressed_it() -> None:
    absent = heard(press("0.home"))
    null = heard(press("0.home", message=None))
    inaccessible = heard(press("0.home", message={"chat": PRIVATE, "message_id": 99, "date": 0}))

    assert [one.chat for one in (absent, null, inaccessible)] == ["1001"] * 3
    assert [one.message for one in (absent, null, inaccessible)] == ["", "", "99"]


@pytest.mark.parametrize(
    "data",
    [
        None,
        5,
        "",
        ".",
        "1.",
        ".a",
        "a.b",
        "-1.a",
        "01.a",
        "1a",
        "1.a b",
        "1.ä",
        "٣.a",
        "1." + "a" * 49,
        "9" * 16 + ".a",
    ],
)
def test_button_data_that_is_not_ours_is_a_press_of_nothing(data: object) -> None:
    assert pressed(data) == Pressed(-1, "")


def test_groups_are_heard_for_commands_alone() -> None:
    """T27."""
    command = heard(update(message=message(GROUP, text="/start@integra_bot")))

    assert (command.private, command.chat) == (False, "-4001")
    assert read(update(message=message(GROUP, text="lunch?"))) is None
    assert read(update(message=message(GROUP, photo=[]))) is None
    assert read(update(edited_message=message(GROUP, text="/start"))) is None
    assert read(press("1.a", message=message(GROUP, text="x"))) is None
    assert read(update(message=message({"id": -1001, "type": "channel"}, text="/start"))) is None


def member(status: object, chat: dict[str, Any] = PRIVATE) -> dict[str, Any]:
    new = {"user": {"id": 4242, "is_bot": True, "first_name": "INTEGRA"}, "status": status}
    return update(my_chat_member={"chat": chat, "from": ROBIN, "date": 1_700_000_000, "new_chat_member": new})


def test_who_blocks_and_unblocks_the_bot_is_heard_of() -> None:
    blocked = heard(member("kicked"))

    assert blocked == Inbound("telegram", "700000001", "1001", Reachable(False), "", True, "pt-br")
    assert heard(member("member")).event == Reachable(True)


def test_in_groups_and_with_other_standings_nothing_is_heard_of_the_bots_membership() -> None:
    assert read(member("kicked", GROUP)) is None
    assert read(member("member", {"id": -1001, "type": "channel"})) is None
    for status in ("restricted", "left", "administrator", "from_next_year", None, ["kicked"]):
        assert read(member(status)) is None


@pytest.mark.parametrize("kind", ["chat_member", "poll_answer", "from_next_year"])
def test_other_updates_are_dropped(kind: str) -> None:
    """T27."""
    assert read(update(**{kind: {"chat": PRIVATE}})) is None


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"message": message(text="no id")},
        update(message=None),
        update(message=[]),
        update(message={}),
        update(message=message(text=["a"])),
        update(message=message({"id": "1001", "type": "private"}, text="x")),
        update(message=message({"id": 1001}, text="x")),
        update(message=message(text="x") | {"message_id": True}),
        update(callback_query={"data": "1.a"}),
        update(my_chat_member={}),
        update(my_chat_member={"chat": PRIVATE}),
        update(my_chat_member={"chat": PRIVATE, "new_chat_member": {"status": "kicked"}}),
        {"update_id": -1, "message": message(text="x")},
        {"update_id": 1 << 63, "message": message(text="x")},
    ],
)
def test_a_broken_update_is_named_as_such_without_its_content(raw: dict[str, Any]) -> None:
    with pytest.raises(Unreadable) as caught:
        read(raw)

    assert "Robin" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = ["id", "type", "chat", "from", "message", "message_id", "text", "data", "date", "photo", "language_code"]
NAMES += ["new_chat_member", "status"]
SHAPES = st.recursive(
    st.sampled_from(["private", "kicked", 1001]) | JSON,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(updates.LISTENS_TO), SHAPES, max_size=2), st.just(1) | JSON)
def test_nothing_but_unreadable_is_ever_raised(content: dict[str, Any], update_id: object) -> None:
    raw = {"update_id": update_id, **content}
    with suppress(Unreadable):
        read(raw)
    updates.query_id(raw)
    assert updates.kind(raw) in (*updates.LISTENS_TO, "unknown")


def test_a_kind_in_a_log_is_a_field_name_or_unknown() -> None:
    assert updates.kind(update(poll_answer={})) == "poll_answer"
    assert updates.kind(update(**{"Sam was here": 1})) == "unknown"
    assert updates.kind([1]) == "unknown"


# ---------------------------------------------------------------- writing


def test_a_title_and_the_small_print_are_marked_up() -> None:
    found = write(Say("Text.", title="👍 Done", small="Source: x"), 3)

    assert found.text == "👍 Done\n\nText.\n\nSource: x"
    assert found.entities == [
        {"type": "bold", "offset": 0, "length": 7},
        {"type": "italic", "offset": 16, "length": 9},
    ]
    assert found.keyboard is None


def test_t27a_plain_text_has_no_marks() -> None:
    found = write(Say("<b>*not* bold</b>"), 3)

    assert (found.text, found.entities) == ("<b>*not* bold</b>", [])


@given(*[st.text(st.characters(exclude_categories=["Cs"]), max_size=20)] * 3)
def test_marks_lie_on_their_words_in_utf_16(title: str, text: str, small: str) -> None:
    found = write(Say(text, title=title, small=small), 1)
    encoded = found.text.encode("utf-16-le")
    marked = {
        one["type"]: encoded[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le")
        for one in found.entities
    }

    assert marked == {style: part for style, part in (("bold", title), ("italic", small)) if part}
    assert units(found.text) <= units(title) + units(text) + units(small) + 4


def test_buttons_carry_their_question_and_lasting_ones_zero() -> None:
    say = Say("?", rows=((Choice("yes", "Yes"), Choice("no", "No")), (), (Choice("home", "Menu", lasting=True),)))

    assert write(say, 12).keyboard == {
        "inline_keyboard": [
            [{"text": "Yes", "callback_data": "12.yes"}, {"text": "No", "callback_data": "12.no"}],
            [{"text": "Menu", "callback_data": "0.home"}],
        ]
    }


def test_the_buttons_that_are_always_there_stand_below_the_chat() -> None:
    say = Say("Done.", rows=((Choice("danger", "⚠ Danger now"), Choice("home", "☰ Menu")),), standing=True)

    assert write(say, 1).keyboard == {
        "keyboard": [[{"text": "⚠ Danger now"}, {"text": "☰ Menu"}]],
        "is_persistent": True,
        "resize_keyboard": True,
    }
    assert write(Say("Done.", standing=True), 1).keyboard is None


@given(st.from_regex(r"[A-Za-z0-9.-]{1,48}", fullmatch=True), st.integers(0, updates.LARGEST_QUESTION), st.booleans())
def test_a_button_comes_back_as_it_went(key: str, question: int, lasting: bool) -> None:
    made = callback_data(Choice(key, "x", lasting), question)

    assert len(made.encode()) <= 64
    assert pressed(made) == Pressed(0 if lasting else question, key)


# Longest, in bytes, that a key's variable part can be; `guidance.reader` and `storage` hold these limits.
LONGEST = {
    "id": 40,
    "NOWHERE": 7,
    "key": 20,  # bot.summary: names of dialogues
    "one": 40,
    "kind": 40,
    "code": 8,
    "one.agency.slug": 48,
    "slug": 48,
    "one.milestone.id": 40,
    "task.id": 40,
    "kept.id": 32,
    "scene.fresh": 32,
    "one.isoformat()": 10,
    "other": 6,
    "pause": 6,
    "step": 3,
    "branch.key": 20,
    "walk_id[:16]": 16,
    "opens": 43,
    "start + place": 4,
    "state.start + place": 4,
    "act": 5,
    "role": 7,
    "flag": 9,
    "short": 9,
    "one.reference": 9,
    "note.reference": 9,
    "number": 3,
    "place": 3,
    "index": 2,
    "question.key": 20,
    "option.key": 20,
    "step.id": 3,
    "one.id": 40,
}


def test_every_key_that_the_dialogues_can_make_fits_a_button() -> None:
    """A key with a new variable part fails here until its longest form stands in ``LONGEST``."""
    folder = Path(dialogues.__file__).parent
    keys = [
        key
        for file in sorted([*folder.glob("*.py"), *(folder.parent / "bot").glob("*.py")])
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Choice"
        for key in call.args[:1]
        if not isinstance(key, ast.Starred)
    ]
    sizes = {ast.unparse(key): sum(map(longest, parts(key))) for key in keys}

    assert len(sizes) > 40
    assert {key: size for key, size in sizes.items() if not 1 <= size <= 48} == {}


def parts(key: ast.expr) -> list[ast.expr]:
    return key.values if isinstance(key, ast.JoinedStr) else [key]


def longest(part: ast.expr) -> int:
    if isinstance(part, ast.Constant):
        return len(str(part.value).encode())
    return LONGEST[ast.unparse(part.value if isinstance(part, ast.FormattedValue) else part)]


def release_plan(content: Content) -> list[str]:
    assert content.timeline is not None
    tasks = [f"untick.{task.id}" for one in content.timeline.milestones for task in one.tasks]
    return [*tasks, *(f"m.{one.id}" for one in content.timeline.milestones)]


def test_every_id_of_the_content_fits_a_button() -> None:
    content = load()
    for key in [
        *content.answers,
        *content.declines,
        *content.steps,
        *(f"step.{id}" for id in content.steps),
        *release_plan(content),
        *(f"form.{id}" for id in content.handoffs),
    ]:
        made = callback_data(Choice(key, "x"), updates.LARGEST_QUESTION)
        assert len(made.encode()) <= 64
        assert pressed(made) == Pressed(updates.LARGEST_QUESTION, key)


def test_every_agency_slug_fits_a_button() -> None:
    assert not is_slug("a" * 49)


def test_nothing_that_a_person_wrote_shows_in_a_repr() -> None:
    found = heard(update(message=message(text="A tile fell.")))

    assert "tile" not in repr(found) + repr(write(Say("A tile fell.", title="tile"), 1))
    assert "1001" not in repr(found)
    json.dumps(write(Say("A tile fell.", rows=column(Choice("a", "A"))), 1).keyboard)


def test_a_button_that_opens_a_page_within_the_chat_says_which() -> None:
    choice = Choice("page", "Open it here", lasting=True, opens="https://notes.example.org/")
    (row,) = (write(Say("x", rows=((choice,),)), 7).keyboard or {})["inline_keyboard"]

    assert row == [{"text": "Open it here", "web_app": {"url": "https://notes.example.org/"}}]
