"""What somebody can count on who asks whether they may share."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dialogues.model import Agency, Chose, KeepNote, Membership, Tell, Wrote
from dialogues.share import Asking, Decided, advance, begin
from guidance.model import Role
from guidance.share import Table, cases, decide, next_question

Scene = Callable[..., Any]
Talk = Callable[..., Any]
POLICE_HEALTH = ("danger.no", "who.police", "purpose.harm", "info.health")


def table(scene: Any) -> Table:
    found: Table | None = scene.voice.content.share
    assert found is not None
    return found


def test_danger_is_asked_first_and_decides_at_once(talk: Talk) -> None:
    one = talk()
    one.write("/share")
    assert {"danger.yes", "danger.no"} <= set(one.keys)

    one.press("danger.yes")

    assert one.says[0].title.startswith("Call 112")
    assert "112" in one.says[0].text
    assert isinstance(one.state, Decided)


def test_the_agencys_own_alarm_comes_before_112_and_does_not_hide_it(talk: Talk, north: Agency) -> None:
    one = talk(role="prison", agencies=(replace(north, alarm="Pull the red lever."),))

    one.write("/share")
    one.press("danger.yes")

    assert one.says[0].title.startswith("Pull the red lever.")
    assert "112" in one.says[0].text


@pytest.mark.parametrize("role", ["officer", "prison", "mentor", "coordinator", "supervisor", "admin"])
def test_no_way_takes_more_than_six_taps_and_every_screen_carries_the_limits(scene: Scene, role: Role) -> None:
    """Over the whole table: what the dialogue says is what the table says."""
    here = scene(role=role)
    share = table(here)
    own = "coordinator" if role in ("supervisor", "admin") else role
    seen: set[tuple[tuple[str, str], ...]] = set()
    for case in cases(share):
        if case["role"] != own:
            continue
        turn = begin(here, "")
        taps = 0
        while isinstance(turn.state, Asking):
            known = {"role": own, **dict(turn.state.given)}
            question = next_question(share, known)
            assert question is not None
            if (after := (*turn.state.given, (question.key, case[question.key]))) in seen:
                break
            seen.add(after)
            turn = advance(turn.state, Chose(f"{question.key}.{case[question.key]}"), here)
            taps += 1
            assert all(share.orientation in say.small for say in turn.says)
            labels = [choice.label for say in turn.says for choice in say.choices]
            assert max(map(len, labels)) <= 34
            assert all(len(choice.key) <= 48 for say in turn.says for choice in say.choices)
        if isinstance(turn.state, Decided):
            assert taps <= 5
            outcome = decide(share, {"role": own, **dict(turn.state.given)})
            said = "\n".join(say.text for say in turn.says)
            assert all(text in said for text in (outcome.do, outcome.reason, outcome.words, outcome.check))
            assert turn.says[0].small.startswith("Based on: ")
    assert seen


def test_the_role_is_asked_only_where_it_is_not_clear(talk: Talk, scene: Scene, north: Agency, south: Agency) -> None:
    one = talk()
    one.write("/share")
    one.press("danger.no")
    assert "who.police" in one.keys

    here = scene(agencies=(north, south))
    officer, other = here.person.memberships
    both = replace(here, person=replace(here.person, memberships=(officer, Membership(other.agency, "mentor"))))
    turn = advance(begin(both, "").state, Chose("danger.no"), both)
    assert [choice.key for choice in turn.says[0].choices if choice.key.startswith("role.")] != []

    turn = advance(turn.state, Chose("role.mentor"), both)
    turn = advance(turn.state, Chose("who.service"), both)
    assert turn.state == Decided((("danger", "no"), ("role", "mentor"), ("who", "service")))
    assert turn.says[0].title == both.text("share-do-not")


def test_what_is_decided_already_is_not_asked(talk: Talk) -> None:
    one = talk()
    one.write("/share")

    one.press("danger.no", "who.media")

    assert one.says[0].title == one.phrase("share-do-not")


def test_back_goes_one_question_back_and_from_the_first_to_the_menu(talk: Talk) -> None:
    one = talk()
    one.write("/share")
    one.press(*POLICE_HEALTH, "told.refused")
    assert one.says[0].title == one.phrase("share-share-least")

    one.press("back")
    assert "told.refused" in one.keys
    one.press("back", "back", "back", "back")
    assert "danger.yes" in one.keys
    one.press("back")
    assert one.state is None
    assert "share" in one.keys


def test_a_no_of_the_person_is_said_and_stands_in_the_log_line(talk: Talk) -> None:
    one = talk()
    one.write("/share")

    one.press(*POLICE_HEALTH, "told.refused")

    assert "The person said no." in one.says[0].text
    assert "Person: said no." in one.says[1].text


def test_a_button_of_another_question_changes_nothing(talk: Talk) -> None:
    one = talk()
    one.write("/share")
    one.press("danger.no", "who.police")
    before = one.state

    for key in ("who.police", "danger.yes", "told.told", "log", "purpose.nonsense", "purpose"):
        one.hear(Chose(key))
        assert one.state == before
        assert "purpose.harm" in one.keys


def test_a_question_in_the_middle_is_answered_and_the_same_page_comes_again(talk: Talk) -> None:
    one = talk()
    one.write("/share")
    one.press("danger.no", "who.police")
    before = one.state

    one.write("do i need consent to share info")
    assert one.state != before
    one.press("back")

    assert one.state == before
    assert "purpose.harm" in one.keys


def test_danger_typed_in_the_middle_goes_first(talk: Talk) -> None:
    one = talk()
    one.write("/share")
    one.press("danger.no")

    one.write("he has a knife and says he will stab someone tonight")

    assert one.says[0].title == one.phrase("danger-first")


def test_who_is_not_sure_of_danger_gets_the_two_minute_check_and_comes_back(talk: Talk) -> None:
    one = talk()
    one.write("/share")

    one.press("check")
    assert one.says[-1].title.startswith("S02")
    one.press("pause")

    assert one.state == Asking()
    assert {"danger.yes", "danger.no"} <= {choice.key for choice in one.choices}


def test_a_log_line_becomes_a_sealed_note_with_the_case_code_alone_left_to_ask(talk: Talk) -> None:
    one = talk()
    one.write("/share")
    one.press(*POLICE_HEALTH, "told.refused")
    line = one.says[1].text.partition(f"{one.phrase('share-log-shared', line='')}")[2]

    one.press("log")
    assert one.kept == []
    assert one.phrase("note-danger") not in one.said
    one.write("AB-1234-P")
    assert line in one.said
    one.press("log")

    (kept,) = one.made(KeepNote)
    assert (kept.case_code, kept.body["type"], kept.flag_level) == ("AB-1234-P", "disclosure", 0)
    assert kept.body["parts"] == {"seen": line}
    assert line.startswith("Shared: the safety need, no diagnosis. To: police. When: 2026-11-23 13:00.")


def test_a_log_line_asks_for_the_agency_where_there_are_several(talk: Talk, north: Agency, south: Agency) -> None:
    one = talk(agencies=(north, south))
    one.write("/share")
    one.press("danger.no", "who.media", "log")

    one.press("south", "none", "log")

    (kept,) = one.kept
    assert (kept.agency, kept.body["type"]) == ("south", "disclosure")


def test_a_waiting_note_is_not_mixed_with_a_log_line_and_that_is_said(talk: Talk) -> None:
    one = talk()
    one.write("/note quick", "He shouted at the gate.", "/cancel")
    one.press("keep")
    one.write("/share")
    one.press("danger.no", "who.media", "log", "resume")

    assert one.phrase("note-log-dropped") in one.said
    one.press("routine", "log")
    (kept,) = one.kept
    assert kept.body["parts"] == {"seen": "He shouted at the gate."}


def test_a_waiting_note_may_give_way_to_the_log_line(talk: Talk) -> None:
    one = talk()
    one.write("/note quick", "He shouted at the gate.", "/cancel")
    one.press("keep")
    one.write("/share")
    one.press("danger.no", "who.media", "log", "new", "none", "log")

    (kept,) = one.kept
    assert kept.body["type"] == "disclosure"


def test_who_is_told_to_ask_first_can_be_called_back(talk: Talk) -> None:
    one = talk()
    one.write("/share")
    one.press("danger.no", "who.court", "coordinator")

    (told,) = one.made(Tell)
    assert (told.whom, told.phrase) == ("desk", "asked-to-call")
    assert isinstance(one.state, Decided)


def test_a_coordinator_is_not_sent_to_the_coordinator_alone(talk: Talk) -> None:
    one = talk(role="coordinator")
    one.write("/share")

    one.press("danger.no", "who.court")

    assert one.phrase("share-you-coordinate") in one.says[0].text
    assert "coordinator" not in one.keys


def test_it_is_at_hand_in_the_menu_and_in_the_step_on_sharing(talk: Talk) -> None:
    one = talk()
    one.write("/menu")
    assert "share" in one.keys

    one.write("/guide S05")
    for _ in range(2):
        assert "share" in one.keys
        one.press("go")
    walk = one.state
    one.press("share", "danger.no", "who.media", "close")

    assert one.state == walk


def test_a_language_without_a_table_says_so(talk: Talk) -> None:
    one = talk()
    english = one.scene.voices["en"]
    bare = replace(english, content=replace(english.content, share=None))
    one.scene = replace(one.scene, voices={"en": bare})

    one.write("/menu")
    assert "share" not in one.keys
    one.write("/share")

    assert one.phrase("share-none") in one.said
    assert one.state is None


def test_an_answer_the_table_no_longer_has_is_asked_again(scene: Scene) -> None:
    """A conversation outlives an update of the table."""
    here = scene()

    turn = advance(Asking((("danger", "no"), ("who", "guild"))), Chose("who.media"), here)

    assert isinstance(turn.state, Decided)


def test_strange_events_repeat_the_question(scene: Scene) -> None:
    here = scene()
    state = Asking((("danger", "no"),))

    assert advance(state, Wrote("what may police know"), here).state == state
    assert advance(state, Chose(""), here).state == state
