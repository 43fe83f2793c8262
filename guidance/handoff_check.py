"""What a writer must mend in hand-offs, beside what reading one has told already; ``guidance.checker`` runs these."""

import re
from collections.abc import Iterator, Mapping

from guidance.filling import widest
from guidance.handoff import Form, as_text
from guidance.model import Content, Problem
from guidance.phrases import PhraseError

Found = Iterator[Problem]

CHAT_LIMIT = 3_700
"""Characters of a filled hand-off in one message of 4,096, with room for title and foot."""

NAMES: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        r"\b(?:sur|first |last |full )?names?\b|\b(?:date of birth|home address|phone number|passport)\b", re.I
    )
}
"""What a field must not ask for, by language."""

LAW = re.compile(r"\b(?:law|legal|lawful|consent|share|shared|sharing|disclosure|conditions?|secrecy|delet\w+)\b", re.I)
OFFICER = re.compile(r"\bdata protection officer\b", re.I)


def file_of(content: Content, form: Form) -> str:
    return f"{content.language}/handoffs/{form.id}.toml"


def unknown_in_handoffs(content: Content) -> Found:
    """Steps and facts that a form names are there."""
    for form in content.handoffs.values():
        for what, named, known in (("step", form.steps, content.steps), ("fact", form.facts, content.facts)):
            for one in named:
                if one not in known:
                    remedy = f'there is no {what} "{one}": correct the id or take it out'
                    yield Problem(file_of(content, form), f"{form.id} / {what}s", remedy)


def steps_without_handoff(content: Content) -> Found:
    """What leaves a step can be had on paper."""
    have = {step_id for form in content.handoffs.values() for step_id in form.steps}
    for step in content.steps.values():
        if step.id not in have:
            remedy = f"has no form for what leaves it: write one, or add {step.id} to the steps of one"
            yield Problem(f"{content.language}/handoffs", step.id, remedy)


def same_form_numbers(content: Content) -> Found:
    """Two forms with one number would have codes that cannot be told apart."""
    first: dict[int, str] = {}
    for form in content.handoffs.values():
        if first.setdefault(form.number, form.id) != form.id:
            remedy = f'is also that of "{first[form.number]}": give one of the two another'
            yield Problem(file_of(content, form), f"{form.id} / number", remedy)


def forms_that_ask_for_a_name(content: Content) -> Found:
    """A hand-off goes by case code and roles."""
    pattern = NAMES.get(content.language)
    for form in content.handoffs.values() if pattern is not None else ():
        for section in form.sections:
            for label in (*section.columns, *(blank.label for blank in section.blanks)):
                if pattern is not None and pattern.search(label):
                    remedy = "asks for what tells who somebody is: ask for a case code or a role"
                    yield Problem(file_of(content, form), f"{form.id} / {label}", remedy)


def forms_without_orientation(content: Content) -> Found:
    """Where law is touched, the data protection officer is named."""
    for form in content.handoffs.values() if content.language == "en" else ():
        touched = any(LAW.search(text) for text in form.texts()) or "law" in content.kinds(
            fact for fact in form.facts if fact in content.facts
        )
        if touched and not OFFICER.search(form.orientation):
            remedy = "touches law: end with the local protocol and your data protection officer"
            yield Problem(file_of(content, form), f"{form.id} / orientation", remedy)


def forms_too_long_for_a_chat(content: Content) -> Found:
    """A filled form with everything ticked is one message."""
    if not content.phrases.keys():
        return
    if next(unknown_in_handoffs(content), None) is not None:
        return
    try:
        sheets = widest(content)
    except PhraseError:  # told where phrases are compared
        return
    for sheet in sheets:
        if (length := len(as_text(sheet))) > CHAT_LIMIT:
            remedy = f"has {length} characters with step {sheet.step} in it: shorten it to {CHAT_LIMIT}"
            yield Problem(file_of(content, content.handoffs[sheet.form]), f"{sheet.form} / {sheet.step}", remedy)
