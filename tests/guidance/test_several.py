"""Every question of a message gets its outcome, and none is dropped."""

from guidance.outcome import Found, Outcome
from guidance.several import AT_MOST_FOUND, each


def found(*ids: str, confidence: float = 0.95, decision: str = "answer") -> Outcome:
    hits = tuple(Found(id, id, 1.0, (), (), "decline" if decision == "decline" else "answer") for id in ids)
    return Outcome(decision, confidence, hits)  # type: ignore[arg-type]


NOTHING = Outcome("refuse", 0.0)


def look_up(text: str) -> Outcome:
    """By the words in it; where there are several, not sure."""
    known = [word for word in ("phone", "police", "mother", "court", "money") if word in text.lower()]
    if len(known) == 1:
        return found(*known)
    return found(*known[:3], confidence=0.4, decision="offer") if known else NOTHING


def first_ids(text: str) -> list[str]:
    return [one.hits[0].id if one.hits else "" for one in each(text, "en", look_up)]


def test_one_sentence_is_one_question():
    assert each("I lost my phone", "en", look_up) == (found("phone"),)
    assert each("hi! thanks. I lost my phone", "en", look_up) == (found("phone"),)


def test_a_question_is_found_among_what_is_said_beside_it():
    assert each("His mother called. The court was full. Can I tell the police?", "en", look_up) == (found("police"),)


def test_a_question_without_words_of_its_own_is_read_with_the_rest():
    assert each("I lost my phone. What do I do now?", "en", look_up) == (found("phone"),)


def test_several_questions_are_several_in_their_order():
    assert first_ids("Who tells the police? And also, who asks the court?") == ["police", "court"]


def test_the_same_asked_twice_is_one():
    assert first_ids("Can I tell the police? Do the police have to know?") == ["police"]


def test_what_is_not_known_is_told_from_what_is():
    assert first_ids("Can I tell the police? What is the zeppelin?") == ["police", ""]
    assert first_ids("What is a zeppelin? Who is Peru?") == [""]


def test_questions_beyond_three_count_as_not_answered():
    asked = "Who has the phone? Who are the police? Who is the mother? Who is the court? Who has money?"
    assert first_ids(asked) == ["phone", "police", "mother", "", ""]
    assert AT_MOST_FOUND == 3


def test_a_question_that_leans_on_the_one_before_says_nothing_alone():
    assert first_ids("Can I tell the police? And in the evening?") == ["police", ""]
    assert first_ids("Can I tell the police? Why?") == ["police"]


def test_a_long_story_is_offered_what_it_may_be_about():
    (outcome,) = each("He had money. His mother knows. He was at court. Then he left.", "en", look_up)
    assert outcome.decision == "offer"
    assert {hit.id for hit in outcome.hits} == {"money", "mother", "court"}


def test_a_story_of_two_short_sentences_may_be_answered():
    assert each("I lost my phone. It was on the bus.", "en", look_up) == (found("phone"),)


def test_a_decline_of_the_whole_story_is_said():
    def declines(text: str) -> Outcome:
        return found("no", confidence=0.5, decision="decline") if "score" in text else NOTHING

    (outcome,) = each("He is odd. I want a score for him. He is back. Soon.", "en", declines)
    assert outcome.decision == "decline"
