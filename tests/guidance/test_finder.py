"""What can be counted on when a question looks for its entry."""

import statistics
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidance.finder import NEAR_TIE, Entry, Finder

ENTRIES = (
    Entry("tell", "May I tell the police?", ("can i tell the police", "am i allowed to talk to officers about him")),
    Entry("not-tell", "What must I not tell the police?", ("what must i not tell police", "keep back from the police")),
    Entry(
        "phone", "Lost phone", ("i lost my phone", "handset stolen", "left my mobile on the bus"), keywords=("breach",)
    ),
    Entry("visit", "Home visits", ("how do i prepare a home visit", "going to his flat", "visit felt wrong")),
    Entry(
        "consent", "Consent", ("do i need consent", "must he agree", "he did not sign"), text="Ask the person first."
    ),
)


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(ENTRIES, {"cops": "police"})


def test_a_phrasing_finds_its_entry_with_full_score(finder: Finder):
    for entry in ENTRIES:
        for phrasing in entry.phrasings:
            assert finder.find(phrasing)[0].id == entry.id


def test_not_makes_a_difference(finder: Finder):
    assert finder.find("may i tell police this")[0].id == "tell"
    assert finder.find("what may i NOT tell police")[0].id == "not-tell"


def test_slips_do_not_matter(finder: Finder):
    assert finder.find("lsot my pohne")[0].id == "phone"


def test_same_words_and_keywords_count(finder: Finder):
    assert finder.find("can i tell the cops")[0].id == "tell"
    assert finder.find("breach")[0].id == "phone"


def test_unknown_words_lower_the_score(finder: Finder):
    plain = finder.find("i lost my phone")[0].score
    assert finder.find("i lost my xylophonist zebra phone")[0].score < plain


def test_nothing_shared_is_refused(finder: Finder):
    decision = finder.decide("zzzz")
    assert (decision.outcome, decision.confidence, decision.hits) == ("refuse", 0.0, ())


def test_confidence_grows_with_closeness(finder: Finder):
    assert finder.decide("do i need consent").confidence > finder.decide("need an umbrella for visit").confidence


def test_at_most_so_many_hits_one_an_entry(finder: Finder):
    hits = finder.find("can i tell the police i lost my phone at the home visit", at_most=2)
    assert len(hits) == 2
    assert len({hit.id for hit in hits}) == 2
    assert hits[0].score >= hits[1].score


def test_favour_decides_a_near_tie_only():
    twins = Finder((Entry("a", "Reports", ("monthly report",)), Entry("b", "Reports", ("monthly report",))))
    assert twins.decide("monthly report").hits[0].id == "a"
    assert twins.decide("monthly report", favour={"b"}).hits[0].id == "b"
    far = Finder(ENTRIES)
    assert far.decide("i lost my phone", favour={"consent"}).hits[0].id == "phone"


def test_what_is_clearly_worse_never_goes_first_however_favoured(finder: Finder):
    for question in ("i lost my phone", "can i tell the police", "do i need consent", "how do i prepare a home visit"):
        best, *others = finder.decide(question, at_most=5).hits
        worse = {hit.id for hit in others if hit.score < NEAR_TIE * best.score}
        assert finder.decide(question, favour=worse).hits[0] == best


def test_the_order_of_entries_does_not_matter(finder: Finder):
    turned = Finder(ENTRIES[::-1], {"cops": "police"})
    for question in ("tell police", "phone", "agree to visit"):
        # Sums of 32-bit numbers run in another order, so the digits after the fourth may differ.
        assert [(hit.id, round(hit.score, 4)) for hit in finder.find(question)] == [
            (hit.id, round(hit.score, 4)) for hit in turned.find(question)
        ]


def test_an_entry_without_a_word_is_never_found_and_harms_no_other():
    odd = Finder((*ENTRIES[:2], Entry("odd", "?!", ("...",)), Entry("bare", "", ()), *ENTRIES[2:]))
    plain = Finder(ENTRIES)
    for question in ("tell police", "phone", "agree to visit", "?!"):
        found = [hit.id for hit in odd.find(question, at_most=9)]
        assert found[:1] == [hit.id for hit in plain.find(question, at_most=1)]
        assert not {"odd", "bare"} & set(found)


def test_no_entries_is_no_error():
    assert Finder(()).decide("anything").outcome == "refuse"


@given(st.text(max_size=3_000))
@settings(max_examples=60, deadline=None)
def test_any_text_gets_a_decision(finder: Finder, text: str):
    decision = finder.decide(text)
    assert 0 <= decision.confidence <= 1
    assert all(0 <= hit.score <= 1 for hit in decision.hits)


def test_a_question_takes_milliseconds():
    """Measured at 260 entries of 8 phrasings: p50 1.5 ms on a shared core. The bound leaves room for a busy one."""
    syllables = ("ba", "de", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "ve", "wa")
    made = [f"{a}{b}{c}" for a in syllables for b in syllables for c in syllables]
    entries = [
        Entry(
            f"e{n}",
            f"about {made[n]}",
            tuple(f"how do i {made[n]} the {made[(n * 7 + k) % 1700]} with him" for k in range(8)),
        )
        for n in range(260)
    ]
    finder = Finder(entries)
    took = []
    for entry in entries[:100]:
        begun = time.perf_counter()
        finder.decide(f"{entry.phrasings[3]} please")
        took.append(time.perf_counter() - begun)
    assert statistics.median(took) < 0.010


TOPICS = (
    *("invoice", "parking", "holiday", "printer", "canteen", "uniform", "locker", "badge"),
    *("heating", "laptop", "lunch", "garden", "library", "window", "bicycle"),
)


def test_a_word_that_tells_much_and_only_the_second_is_asked_with_puts_both_to_the_person():
    finder = Finder(
        (
            Entry("routine", "Home visits", ("how do i do a home visit", "what to look at on a home visit")),
            Entry("wrong", "A visit goes bad", ("leave a home visit that is dangerous", "a visit turns dangerous")),
            *(Entry(topic, topic, (f"who is in charge of the {topic}", f"new {topic}")) for topic in TOPICS),
        )
    )
    assert finder.decide("what do i do on a home visit").outcome == "answer"
    torn = finder.decide("what do i do on a dangerous home visit")
    assert (torn.outcome, [hit.id for hit in torn.hits[:2]]) == ("offer", ["routine", "wrong"])
