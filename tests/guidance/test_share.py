"""What the decision table on sharing promises, over every combination of answers there is."""

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from dialogues.identifying import identifying
from guidance.checker import check
from guidance.library import load
from guidance.model import CONTENT_ROLES, Content
from guidance.reader import read_share
from guidance.share import (
    OUTCOME_KINDS,
    QUESTIONS,
    Outcome,
    Table,
    Undecided,
    cases,
    dead_rules,
    decide,
    next_question,
)

WHEN = "2026-11-23 13:00"
PHONE_SCREEN = 350
NEVER = {"media", "unknown"}
Case = Mapping[str, str]


@pytest.fixture(scope="module")
def english() -> Content:
    return load("en")


@pytest.fixture(scope="module")
def table(english: Content) -> Table:
    assert english.share is not None
    return english.share


@pytest.fixture(scope="module")
def decided(table: Table) -> list[tuple[Case, Outcome]]:
    return [(case, decide(table, case)) for case in cases(table)]


def shares(outcome: Outcome) -> bool:
    return outcome.kind in ("share-now", "share-least")


def strictness(outcome: Outcome) -> int:
    return OUTCOME_KINDS.index(outcome.kind)


def test_every_combination_has_exactly_one_outcome_that_says_all_it_must(
    table: Table, decided: list[tuple[Case, Outcome]]
) -> None:
    expected = 1
    for question in table.questions:
        expected *= len(question.options)
    assert len(decided) == expected == len({tuple(case.values()) for case, _ in decided})
    for case, outcome in decided:
        assert outcome.kind in OUTCOME_KINDS
        assert all((outcome.do, outcome.reason, outcome.words, outcome.check, outcome.facts, outcome.basis)), case
        assert outcome.logged(WHEN)


def test_every_rule_decides_something_and_all_four_outcomes_happen(
    table: Table, decided: list[tuple[Case, Outcome]]
) -> None:
    assert {outcome.rule for _, outcome in decided} == {rule.id for rule in table.rules}
    assert dead_rules(table) == ()
    assert {outcome.kind for _, outcome in decided} == set(OUTCOME_KINDS)


def test_every_rule_names_facts_of_the_register_and_the_kind_of_what_it_says(english: Content, table: Table) -> None:
    for rule in table.rules:
        assert english.kinds(rule.facts), rule.id
        assert english.sources_of(rule.facts), rule.id


@pytest.mark.parametrize("said", ["EU law", "EU rules"])
def test_what_is_called_law_rests_on_a_fact_about_law(english: Content, table: Table, said: str) -> None:
    told = [rule for rule in table.rules if said in rule.reason]
    assert told
    assert [rule.id for rule in told if "law" not in english.kinds(rule.facts)] == []


def test_danger_is_always_shared_now_with_112(decided: list[tuple[Case, Outcome]]) -> None:
    for case, outcome in decided:
        if case["danger"] == "yes":
            assert (outcome.kind, outcome.rule) == ("share-now", "danger")
            assert outcome.do.startswith("Call 112")
            assert "112" in outcome.to
            assert "said no" in outcome.reason


def test_danger_never_makes_the_outcome_stricter(table: Table, decided: list[tuple[Case, Outcome]]) -> None:
    with_danger = decide(table, {"danger": "yes"})
    for _, outcome in decided:
        assert strictness(with_danger) <= strictness(outcome)


def test_danger_needs_no_other_answer(table: Table) -> None:
    assert next_question(table, {}) == table.question("danger")
    assert next_question(table, {"danger": "yes"}) is None


def test_nothing_is_shared_without_recipient_purpose_and_basis(decided: list[tuple[Case, Outcome]]) -> None:
    for case, outcome in decided:
        if shares(outcome):
            assert outcome.to, case
            assert outcome.aim, case
            line = outcome.logged(WHEN)
            assert outcome.to in line, case
            assert outcome.aim in line, case
            assert outcome.basis in line, case
            assert WHEN in line, case


def without_danger(decided: list[tuple[Case, Outcome]], **conditions: set[str]) -> list[tuple[Case, Outcome]]:
    found = [
        (case, outcome)
        for case, outcome in decided
        if case["danger"] == "no" and all(case[key] in keys for key, keys in conditions.items())
    ]
    assert found
    return found


def test_press_unknown_callers_curiosity_and_research_get_nothing(decided: list[tuple[Case, Outcome]]) -> None:
    for case, outcome in without_danger(decided, who=NEVER):
        assert outcome.kind == "do-not", case
    for case, outcome in without_danger(decided, purpose={"unclear", "research"}):
        assert not shares(outcome), case


def test_intelligence_is_never_passed_on_by_anybody_but_its_owner(decided: list[tuple[Case, Outcome]]) -> None:
    for case, outcome in without_danger(decided, info={"intel"}):
        assert not shares(outcome), case
    for case, outcome in without_danger(decided, info={"intel"}, who={"police", "probation", "prison", "coordinator"}):
        if case["role"] != "mentor" and case["purpose"] not in ("unclear", "research"):
            assert (outcome.kind, outcome.rule) == ("ask-first", "intelligence-owner"), case


def test_health_is_shared_only_as_a_need_and_never_as_a_diagnosis(decided: list[tuple[Case, Outcome]]) -> None:
    shared = [(case, one) for case, one in without_danger(decided, info={"health"}) if shares(one)]
    assert shared
    for case, outcome in shared:
        assert case["purpose"] == "harm" or (case["purpose"], case["told"]) == ("support", "agreed"), case
        assert "diagnosis" in outcome.do
        assert "no diagnosis" in outcome.logged(WHEN)


def test_faith_opinion_and_origin_travel_only_as_a_wish_the_person_asked_for(
    decided: list[tuple[Case, Outcome]],
) -> None:
    shared = [(case, one) for case, one in without_danger(decided, info={"belief"}) if shares(one)]
    assert {(one.rule, case["purpose"], case["told"]) for case, one in shared} == {("belief-wish", "support", "agreed")}
    assert {case["who"] for case, _ in shared}.isdisjoint({"police", "school", "family"})


def test_a_no_does_not_block_where_law_or_safety_decides_but_is_said(decided: list[tuple[Case, Outcome]]) -> None:
    refused = without_danger(decided, told={"refused"})
    shared = [(case, one) for case, one in refused if shares(one)]
    assert ("safety-harm", "police") in {(one.rule, case["who"]) for case, one in shared}
    for case, outcome in shared:
        assert "said no" in outcome.told, case
        assert "said no" in outcome.logged(WHEN), case
    for case, outcome in refused:
        assert outcome.kind != "ask-first" or "said no" in outcome.told, case


def test_a_no_decides_where_support_is_voluntary(decided: list[tuple[Case, Outcome]]) -> None:
    voluntary = {"mentor", "social", "health", "family", "school"}
    for case, outcome in without_danger(decided, told={"refused"}, purpose={"support"}, who=voluntary):
        if case["info"] in ("progress", "confided", "health", "belief"):
            assert not shares(outcome), case


def test_what_needs_agreement_is_not_shared_without_it(table: Table, decided: list[tuple[Case, Outcome]]) -> None:
    """Rules that stand on a yes hold for nothing but a yes."""
    for rule in table.rules:
        if "agreement, noted" in rule.basis:
            assert rule.when["told"] == ("agreed",), rule.id


def test_a_mentor_keeps_stories_and_passes_on_harm_to_the_coordinator(decided: list[tuple[Case, Outcome]]) -> None:
    for case, outcome in without_danger(decided, role={"mentor"}, info={"confided"}):
        if shares(outcome) and case["told"] != "agreed":
            assert (case["who"], case["purpose"]) == ("coordinator", "harm"), case
    for case, outcome in without_danger(
        decided, role={"mentor"}, info={"confided"}, who={"coordinator"}, purpose={"harm"}
    ):
        assert outcome.kind == "share-least", case


def test_a_mentor_is_no_source_for_police_or_intelligence(decided: list[tuple[Case, Outcome]]) -> None:
    for case, outcome in without_danger(decided, role={"mentor"}, who={"police", "service", "court"}):
        assert not shares(outcome), case


def test_a_mentor_holds_no_convictions(decided: list[tuple[Case, Outcome]]) -> None:
    for case, outcome in without_danger(decided, role={"mentor"}, info={"convictions"}):
        assert not shares(outcome), case


def test_a_safety_concern_is_never_just_kept(decided: list[tuple[Case, Outcome]]) -> None:
    """To prevent harm there is always a way on: share the least, or ask first."""
    inside = {"police", "probation", "prison", "coordinator", "mentor", "social", "health", "school", "family", "other"}
    for case, outcome in without_danger(decided, purpose={"harm"}, info={"safety"}, who=inside):
        assert outcome.kind in ("share-least", "ask-first"), case


def test_a_possible_harm_to_relatives_or_outsiders_is_always_looked_at_by_two(
    decided: list[tuple[Case, Outcome]],
) -> None:
    """Whatever it was heard as; faith, opinion and origin are no sign of harm, and intelligence has its owner."""
    for case, outcome in without_danger(decided, purpose={"harm"}, who={"family", "school", "other"}):
        if case["info"] not in ("belief", "intel"):
            assert outcome.kind == "ask-first", case


def test_outsiders_get_nothing_without_somebody_else_looking(decided: list[tuple[Case, Outcome]]) -> None:
    asked = {"school", "lawyer", "court", "person", "service", "abroad", "other"}
    for case, outcome in without_danger(decided, who=asked):
        own = case["who"] == "person" and case["info"] == "progress" and outcome.rule == "person-own"
        assert own or not shares(outcome), case


def test_only_agreed_attendance_goes_to_the_family(decided: list[tuple[Case, Outcome]]) -> None:
    shared = {
        (one.rule, case["info"], case["told"]) for case, one in without_danger(decided, who={"family"}) if shares(one)
    }
    assert shared == {("family-agreed", "progress", "agreed")}


def test_every_text_fits_a_phone(table: Table, decided: list[tuple[Case, Outcome]]) -> None:
    for rule in table.rules:
        assert max(map(len, (rule.do, rule.reason, rule.words, rule.check))) <= PHONE_SCREEN, rule.id
    assert max(len(outcome.logged(WHEN)) for _, outcome in decided) <= PHONE_SCREEN
    assert max(len(outcome.told) for _, outcome in decided) <= PHONE_SCREEN
    for question in table.questions:
        assert max(len(option.label) for option in question.options) <= 34


def test_a_log_line_names_nobody(decided: list[tuple[Case, Outcome]]) -> None:
    for line in {outcome.logged(WHEN) for _, outcome in decided}:
        assert identifying(line) == (), line
        assert re.search(r"[{}]", line) is None, line


def test_a_log_line_never_claims_an_approval_that_nobody_gave(decided: list[tuple[Case, Outcome]]) -> None:
    for _, outcome in decided:
        if shares(outcome):
            assert "Approval (to confirm): " in outcome.log


def test_asking_stops_as_soon_as_the_rest_does_not_matter(table: Table, decided: list[tuple[Case, Outcome]]) -> None:
    """Whatever is asked before the end, the outcome is the one of the full case; at most five taps and the role."""
    for case, outcome in decided[::7]:
        known: dict[str, str] = {}
        while (question := next_question(table, known)) is not None:
            known[question.key] = case[question.key]
        assert len(known) <= len(QUESTIONS) == 6
        assert decide(table, known).rule == outcome.rule


def test_sharing_the_least_is_never_said_before_everything_is_known(table: Table) -> None:
    known = {"danger": "no", "role": "officer", "who": "police", "purpose": "harm", "info": "safety"}

    assert next_question(table, known) == table.question("told")
    with pytest.raises(Undecided):
        decide(table, known)


def test_roles_are_those_content_is_written_for(table: Table) -> None:
    assert {option.key for option in table.question("role").options} == set(CONTENT_ROLES)


# ---------------------------------------------------------------- reading

SMALL = """
owner = "Editor"
reviewed = 2026-11-23
orientation = "Check locally."
unknown = "-"
[log]
share-now = "{what} {to} {when}"
share-least = "{what}"
ask-first = "{info}"
do-not = "{info}"
""" + "".join(
    f'[[question]]\nkey = "{key}"\nask = "{key}?"\n'
    + "".join(
        f'[[question.option]]\nkey = "{option}"\nlabel = "{option}"\nsaid = "{option}"\n'
        + ('sharing = "s"\nasking = "a"\n' if key == "told" else "")
        for option in options
    )
    for key, options in {
        "danger": ("yes", "no"),
        "role": ("officer", "mentor"),
        "who": ("police", "media"),
        "purpose": ("harm", "unclear"),
        "info": ("safety", "health"),
        "told": ("told", "refused"),
    }.items()
)
BODY = 'do = "d"\nreason = "r"\nwords = "w"\ncheck = "c"\nfacts = ["F-1"]\nbasis = "b"\napproved = "a"\n'
DANGER_RULE = (
    f'[[rule]]\nid = "danger"\ndanger = ["yes"]\noutcome = "share-now"\n{BODY}what = "x"\nto = "112"\naim = "life"\n'
)
LAST_RULE = f'[[rule]]\nid = "last"\noutcome = "ask-first"\n{BODY}'
SHARING = LAST_RULE.replace("ask-first", "share-least")
MISSPELT = LAST_RULE.replace('"last"', '"x"').replace("outcome", 'who = ["press"]\noutcome')


def wrong(*rules: str) -> set[str]:
    table, problems = read_share(SMALL + "".join(rules), "en/share.toml")
    assert (table is None) == bool(problems)
    return {problem.item for problem in problems}


def test_a_small_table_is_read() -> None:
    assert wrong(DANGER_RULE, LAST_RULE) == set()


@pytest.mark.parametrize(
    ("rules", "items"),
    [
        ((LAST_RULE,), {"rule 1"}),
        ((LAST_RULE, DANGER_RULE), {"rule 1", "the last rule"}),
        ((DANGER_RULE,), {"the last rule"}),
        ((DANGER_RULE.replace('danger = ["yes"]', 'danger = ["yes"]\nwho = ["police"]'), LAST_RULE), {"rule 1"}),
        ((DANGER_RULE, SHARING), {"the last rule", "last / what", "last / outcome"}),
        ((DANGER_RULE, LAST_RULE, LAST_RULE), {"last"}),
        ((DANGER_RULE, MISSPELT, LAST_RULE), {"x / who 1"}),
        ((DANGER_RULE, LAST_RULE.replace('do = "d"', f'do = "{"d" * 351}"')), {"last / do"}),
        ((DANGER_RULE, LAST_RULE.replace('facts = ["F-1"]', "facts = []")), {"last / facts"}),
        ((DANGER_RULE, LAST_RULE + 'colour = "red"\n'), {"last / colour"}),
    ],
)  # fmt: skip
def test_a_table_that_could_mislead_is_told_to_its_writer(rules: tuple[str, ...], items: set[str]) -> None:
    assert wrong(*rules) == items


def test_a_share_rule_cannot_be_a_catch_all() -> None:
    """Sharing the least always names receivers, purposes and kinds of information."""
    catch_all = LAST_RULE.replace('"last"', '"x"').replace("ask-first", "share-least") + 'what = "x"\n'

    assert wrong(DANGER_RULE, catch_all, LAST_RULE) == {"x / outcome"}


def test_an_unknown_word_in_a_log_line_is_told() -> None:
    table, problems = read_share(SMALL.replace("{when}", "{name}") + DANGER_RULE + LAST_RULE, "en/share.toml")

    assert table is None
    assert [problem.item for problem in problems] == ["log / share-now"]


@drawn(st.text() | st.text(alphabet='[]="{}\nrulequstionkeydao-'))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    for tried in (text, SMALL + text, SMALL + DANGER_RULE + text):
        table, problems = read_share(tried, "en/share.toml")
        assert table is not None or problems


def test_the_check_tells_of_rules_that_decide_nothing(english: Content, table: Table) -> None:
    doubled = replace(table, rules=(*table.rules[:2], replace(table.rules[1], id="again"), *table.rules[2:]))

    found = check(replace(english, share=doubled), table.reviewed)

    assert [problem.item for problem in found if "decides nothing" in problem.remedy] == ["again"]


def test_the_check_tells_of_facts_that_are_not_in_the_register(english: Content, table: Table) -> None:
    unknown = replace(table, rules=(*table.rules[:-1], replace(table.rules[-1], facts=("XX-1",))))

    found = check(replace(english, share=unknown), table.reviewed)

    assert ("en/share.toml", "ask-when-unsure / facts") in {(one.file, one.item) for one in found}
