"""A person may write as people do: follow up, ask several things, greet, and change the language."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.wiring import voices
from dialogues import codec
from dialogues.ask import Answered, AskIfNote, Offered, Unknown
from dialogues.danger import AskNext
from dialogues.model import KeepQuestion, PressedOld, Settle, Voice
from guidance.follow_up import Topic
from guidance.model import Content
from guidance.outcome import Found, Outcome
from guidance.phrases import Phrases

ENGLISH = voices()["en"]
CONTENT = ENGLISH.content


def found(*ids: str, decision: str = "answer", kind: str | None = None) -> Outcome:
    hits = tuple(Found(id, id, 1.0, (), (), "answer") for id in ids)
    return Outcome(decision, 0.95 if ids else 0.0, hits, kind)  # type: ignore[arg-type]


class Scripted:
    """The shipped questions and answers, with what some messages lead to written down; remembers the topics."""

    def __init__(self, outcomes: Mapping[str, tuple[Outcome, ...]]) -> None:
        self._outcomes = outcomes
        self.topics: list[Topic | None] = []

    def each(self, text: str, role: str | None = None, topic: Topic | None = None) -> tuple[Outcome, ...]:
        self.topics.append(topic)
        return self._outcomes.get(text) or ENGLISH.asking.each(text, role, topic=topic)

    def __getattr__(self, name: str) -> Any:
        return getattr(ENGLISH.asking, name)


def scripted(talk: Any, **outcomes: tuple[Outcome, ...]) -> tuple[Any, Scripted]:
    one, asking = talk(), Scripted({text.replace("_", " "): outcome for text, outcome in outcomes.items()})
    one.scene = replace(one.scene, voices={"en": replace(ENGLISH, asking=asking)})
    return one, asking


CONSENT = (found("need-consent"),)


def test_the_topic_of_an_answer_is_there_for_the_next_question(talk: Any) -> None:
    one, asking = scripted(talk, consent_please=CONSENT)
    one.write("consent please", "and after release?")
    assert asking.topics == [None, Topic("need-consent", "consent please")]


def test_after_thanks_the_topic_is_still_there(talk: Any) -> None:
    one, asking = scripted(talk, consent_please=CONSENT)
    one.write("consent please", "thanks", "ok", "and after release?")
    assert asking.topics[-1] == Topic("need-consent", "consent please")


def test_after_danger_there_is_no_topic(talk: Any) -> None:
    one, asking = scripted(talk, consent_please=CONSENT)
    one.write("consent please", "he has a knife")
    assert isinstance(one.state, AskNext)
    one.press("back")
    one.write("and after release?")
    assert asking.topics == [None, None]


def test_after_another_dialogue_there_is_no_topic(talk: Any) -> None:
    one, asking = scripted(talk, consent_please=CONSENT)
    one.write("consent please", "/local", "/menu", "and after release?")
    assert asking.topics == [None, None]


def test_why_shows_the_rest_of_the_answer_and_then_what_is_related(talk: Any) -> None:
    again = (found(decision="offer", kind="again"),)
    one, _ = scripted(talk, consent_please=CONSENT, why=again)
    one.write("consent please", "why")
    assert one.says[0].text == CONTENT.answers["need-consent"].more
    assert one.state.more_shown
    one.write("why")
    assert isinstance(one.state, Offered)
    assert set(one.state.ids) <= set(CONTENT.answers["need-consent"].related)


def test_the_words_kept_are_words_of_the_content_and_no_log_line_shows_them(talk: Any) -> None:
    one, _ = scripted(talk)
    one.write("do i need consent to share with Zbigniew Qwertz")
    stored = codec.encode(one.floor)
    assert b"Zbigniew" not in stored
    assert b"qwertz" not in stored
    assert b"consent to share" in stored
    assert "share" not in repr(one.state.thread)


TWO = (found("need-consent"), found("tell-police", decision="offer"))


def test_of_two_questions_one_is_answered_and_the_other_is_one_press_away(talk: Any) -> None:
    one, _ = scripted(talk, both=TWO)
    one.write("both")
    assert one.says[0].title == CONTENT.answers["need-consent"].title
    one.press("tell-police")
    assert one.says[0].title == CONTENT.answers["tell-police"].title
    assert one.phrase("ask-also") not in one.said


def test_the_other_question_is_still_there_when_the_answer_comes_again(talk: Any) -> None:
    one, _ = scripted(talk, both=TWO)
    one.write("both")
    one.press("more")
    one.hear(PressedOld())
    assert "tell-police" in one.keys


def test_where_none_is_sure_each_is_offered(talk: Any) -> None:
    unsure = (found("need-consent", "lost-phone", decision="offer"), found("tell-police", decision="offer"))
    one, _ = scripted(talk, both=unsure)
    one.write("both")
    assert one.phrase("ask-offer-several") in one.said
    assert one.state.ids == ("need-consent", "tell-police", "lost-phone")
    one.press("tell-police")
    assert "need-consent" in one.keys


def test_what_is_not_known_of_several_is_said(talk: Any) -> None:
    one, _ = scripted(talk, both=(found(decision="refuse"), found("need-consent")))
    one.write("both")
    assert one.says[0].title == CONTENT.answers["need-consent"].title
    assert one.phrase("ask-not-all", missed=1) in one.said


def test_what_is_not_known_of_several_is_kept_for_the_writers_without_the_rest(talk: Any) -> None:
    one = talk()
    one.write("do i need consent to share? how do i bake bread at home?")
    assert one.phrase("ask-not-all", missed=1) in one.said
    kept = [effect for effect in one.effects if isinstance(effect, KeepQuestion)]
    assert [(effect.question, effect.why) for effect in kept] == [("how do i bake bread at home?", "refused")]
    one.write("do i need consent to share? where does Karim Benali of 12 rue Verte hide?")
    assert not any("Karim" in repr(effect) for effect in one.effects)


def test_a_step_among_several_is_offered(talk: Any) -> None:
    one, _ = scripted(talk, both=(found("S05"), found("tell-police", decision="offer")))
    one.write("both")
    assert one.state.ids == ("S05", "tell-police")


@pytest.mark.parametrize("role", ["officer", "prison", "mentor", "coordinator", "supervisor", "admin"])
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(("hi", "greeting"), ("thanks", "thanks"), ("ok", "ok"), ("yes", "yes"), ("bye", "bye")),
        *(("how are you?", "how-are-you"), ("i am a mentor", "role")),
    ],
)
def test_small_talk_gets_a_short_reply(talk: Any, text: str, kind: str, role: Any) -> None:
    one = talk(role=role)
    one.write(text)
    (said,) = one.says
    assert said.text == one.phrase(f"ask-{kind}", role=one.phrase(f"role-{role}"))
    assert isinstance(one.state, Unknown)


@pytest.mark.parametrize("text", ["help", "?", "what can you do"])
def test_help_is_shown_to_who_asks_for_it(talk: Any, text: str) -> None:
    one = talk()
    one.write(text)
    assert one.says[0].title == one.phrase("help-title")


def test_no_is_none_of_these_and_yes_shows_the_only_one(talk: Any) -> None:
    offer = (found("tell-police", decision="offer"),)
    one, _ = scripted(talk, something=offer, more=(found("tell-police", "need-consent", decision="offer"),))
    one.write("something", "yes")
    assert isinstance(one.state, Answered)
    one.write("more", "yes")
    assert one.phrase("ask-offer") in one.said
    one.write("no")
    assert one.says[0].text == one.phrase("ask-unknown")


def test_yes_makes_a_report_a_note(talk: Any) -> None:
    one = talk()
    one.write("He folded paper cranes in the yard this morning and gave one to a visitor")
    assert isinstance(one.state, AskIfNote)
    one.write("no")
    assert "question" in one.keys
    assert not one.state.text.endswith("no")
    one.write("yes")
    assert one.floor.top.dialogue == "note"


def french() -> Content:
    """A little guidance in French, with every phrase in angle quotes."""
    quoted = "\n".join(f"{key} = ‹{key}›" for key in sorted(CONTENT.phrases.keys()))
    police = replace(
        CONTENT.answers["tell-police"],
        title="Que dire à la police ?",
        short="Appelez votre coordinateur avant.",
        asked_as=(
            "est-ce que je peux le dire à la police",
            "que puis-je dire à la police",
            "dois-je prévenir la police",
        ),
        keywords=(),
        related=(),
    )
    phone = replace(
        CONTENT.answers["lost-phone"],
        title="Téléphone perdu",
        short="Prévenez votre chef.",
        asked_as=("j'ai perdu mon téléphone", "on m'a volé mon portable", "mon portable a disparu"),
        keywords=(),
        related=(),
    )
    danger = tuple(replace(one, phrases=("il a un couteau",)) for one in CONTENT.danger[:1])
    return replace(
        CONTENT,
        language="fr",
        answers={one.id: one for one in (police, phone)},
        declines={},
        danger=danger,
        danger_learnt=None,
        phrases=Phrases.of("fr", quoted),
    )


@pytest.fixture(scope="module")
def both() -> Mapping[str, Voice]:
    return {"en": ENGLISH, "fr": Voice.of(french())}


QUESTION = "est-ce que je peux le dire à la police ?"


def in_two(talk: Any, both: Mapping[str, Voice], **settings: Any) -> Any:
    one = talk(**settings)
    one.scene = replace(one.scene, voices=both)
    return one


def test_a_question_in_another_language_is_answered_in_it_and_nothing_is_switched(
    talk: Any, both: Mapping[str, Voice]
) -> None:
    one = in_two(talk, both)
    one.write(QUESTION)
    assert "Que dire à la police ?" in one.said or "tell-police" in one.keys
    assert "‹ask-in-language›" in one.said
    assert one.made(Settle) == []
    one.write("/menu")
    assert one.says[0].text == one.phrase("menu")
    assert "‹" not in one.said


def test_one_press_goes_on_in_that_language(talk: Any, both: Mapping[str, Voice]) -> None:
    one = in_two(talk, both)
    one.write(QUESTION)
    one.press("speak")
    assert one.made(Settle) == [Settle(language="fr")]
    one.write("/menu")
    assert one.says[0].text == "‹menu›"


def test_small_talk_in_another_language_is_answered_in_it(talk: Any, both: Mapping[str, Voice]) -> None:
    one = in_two(talk, both)
    one.write("merci beaucoup pour votre aide")
    assert one.says[0].text == "‹ask-thanks›"
    one.press("speak")
    assert one.made(Settle) == [Settle(language="fr")]


def test_the_buttons_of_an_answer_speak_its_language(talk: Any, both: Mapping[str, Voice]) -> None:
    one = in_two(talk, both)
    one.write(QUESTION)
    if isinstance(one.state, Offered):
        one.press("tell-police")
    one.press("not-helpful")
    assert one.says[0].text == "‹feedback-sorry›"


def test_a_question_in_the_persons_own_language_has_no_such_line(talk: Any, both: Mapping[str, Voice]) -> None:
    one = in_two(talk, both, language="fr")
    one.write(QUESTION)
    assert "‹ask-in-language›" not in one.said
    one.write("what may i tell the police about him")
    assert one.scene.voices["en"].text("ask-in-language", language="English") in one.said
    one.write("bonjour, j'ai perdu mon téléphone")
    assert "‹ask-in-language›" not in one.said


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("text", ["he has a knife", "il a un couteau"])
def test_danger_is_heard_in_every_language_offered(
    talk: Any, both: Mapping[str, Voice], language: str, text: str
) -> None:
    one = in_two(talk, both, language=language)
    one.write(text)
    assert isinstance(one.state, AskNext)
