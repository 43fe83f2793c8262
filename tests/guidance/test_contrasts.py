"""What can be counted on when two questions differ by one decisive word."""

import pytest

from guidance.contrasts import DECISIVE, Contrasts
from guidance.finder import Entry, Finder
from guidance.normal import words

TELL, KEEP, RELEASE = ({"can", "i", "tell"}, {"what", "must", "i", "not", "tell"}, {"after", "release"})


@pytest.fixture
def contrasts() -> Contrasts:
    return Contrasts([TELL, KEEP, RELEASE], "en")


def test_the_entry_with_the_decisive_word_is_the_twin(contrasts: Contrasts):
    assert contrasts.twin(["may", "i", "not", "tell"], [0, 2, 1]) == 1
    assert contrasts.twin(["never", "tell"], [0, 1]) == 1


def test_where_the_closest_has_the_word_too_there_is_no_twin(contrasts: Contrasts):
    assert contrasts.twin(["may", "i", "not", "tell"], [1, 0]) is None


def test_without_a_decisive_word_there_is_no_twin(contrasts: Contrasts):
    assert contrasts.twin(["may", "i", "tell"], [1, 0, 2]) is None
    assert contrasts.twin([], [0, 1]) is None


def test_a_language_without_a_list_has_no_twins():
    assert Contrasts([TELL, KEEP], "xx").twin(["not"], [0, 1]) is None


@pytest.mark.parametrize("language", ["en", "fr", "pt", "it", "nl", "bg", "el"])
def test_decisive_words_are_written_as_questions_are_read(language: str):
    """Folded, and each a word of one set only."""
    listed = DECISIVE[language].split()
    assert len(listed) == len(set(listed))
    assert [words(word, language) for word in listed] == [[word] for word in listed]


def test_twins_are_both_offered():
    entries = (
        Entry("tell", "Police", ("can i tell the police about my client", "am i allowed to tell the police of him")),
        Entry("keep", "Police, less", ("what must i not tell the police", "keep back from the police")),
        Entry("visit", "Visits", ("how do i prepare a home visit", "going to his flat")),
    )
    decision = Finder(entries).decide("can i not tell the police about my client")
    assert decision.outcome != "answer"
    assert [hit.id for hit in decision.hits[:2]] == ["tell", "keep"]
