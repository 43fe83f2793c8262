"""Tells a report of something that happened from a question, so that the assistant can offer to take a note.

Precision first: an offer to take a note in the middle of a question is a nuisance, a missed one is not, since
taking a note is one button away anyhow.
"""

import re
from typing import Final

from guidance.normal import folded, words

FEWEST_WORDS: Final = 5
"""A report says who and what; fewer words never do."""

ENOUGH: Final = 3
"""Points that make a report: something past that was done or said counts 2, when and where 1 each, a case code 1."""

_ASKS: Final = re.compile(
    r"\?|^(?:so |and |but |hi |hello |please |pls )*(?:what|how|who|whom|whose|when|where|why|which|can|could|may|"
    r"must|should|"
    r"shall|do|does|did|is|are|am|was|were|will|would|has|have|whats|hows|whos|any|need|tell me|give me|show me|"
    r"explain)\b|"
    r"\b(?:what (?:now|next)|what (?:do|should|can|shall|must) (?:i|we)|(?:should|can|must|may) (?:i|we)|do (?:i|"
    r"we) |"
    r"how (?:do|should|can) (?:i|we)|who (?:do|should|can) (?:i|we)|is (?:it|that|this) (?:ok|normal|a sign)|"
    r"(?:ok|right)$)"
)
_SUPPOSES: Final = re.compile(
    r"^(?:if|when|in case|suppose|supposing|imagine|say)\b|\b(?:what if|in case|if (?:he|she|they|a|an|my|the|"
    r"someone))\b"
)
_DONE: Final = re.compile(
    r"\b(?:said|told|shouted|yelled|argued|refused|threatened|attacked|hit|punched|pushed|kicked|spat|saw|seen|"
    r"found|heard|"
    r"noticed|showed|shown|asked|came|arrived|left|went|walked|ran|gave|handed|took|taken|threw|broke|cried|"
    r"became|got|"
    r"started|stopped|began|met|called|rang|phoned|texted|sent|posted|wrote|admitted|denied|claimed|mentioned|stated|"
    r"reported|warned|insulted|swore|tried|hid|passed|searched|discovered|observed|witnessed|overheard|grabbed|"
    r"locked|"
    r"stayed|sat|stood|prayed|burned|burnt|tore|drew|painted|carved|talked|spoke|whispered|laughed|watched|turned|"
    r"missed|"
    r"failed|appeared|disappeared|fought|intervened|separated|confiscated|collapsed|was|were|did not|didnt|had|"
    r"made|visited|"
    r"wore|brought|offered|demanded|pressured|collected|received|returned|exchanged|followed|blocked|slammed)\b"
)
_WHO: Final = re.compile(
    r"\b(?:he|she|they|him|her|them|i|we|client|mentee|prisoner|inmate|man|men|woman|visitor|brother|mother|"
    r"father|wife|"
    r"officer|someone|somebody|colleague|cellmate|two|three|four|2|3|4|[a-z]{1,4}-?\d{1,6})\b"
)
_WHEN: Final = re.compile(
    r"\b(?:today|yesterday|tonight|this (?:morning|afternoon|evening|week)|last (?:night|week|monday|tuesday|"
    r"wednesday|"
    r"thursday|friday|saturday|sunday|weekend)|on (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)|"
    r"\d{1,2}[:.h]\d{2}|at \d{1,2}(?: ?[ap]m)?|\d{1,2} ?[ap]m|just now|an hour ago|(?:\d+|two|three|ten|"
    r"few) (?:minutes|hours|days) "
    r"ago|during|after (?:lunch|prayer|prayers|roll call|the visit|breakfast|dinner|work|class)|at (?:lunch|"
    r"breakfast|dinner|"
    r"visit|night|roll call)|earlier)\b"
)
_WHERE: Final = re.compile(
    r"\b(?:in|on|at|from|outside|near|by) (?:the |his |her |my |our |a )?(?:\w+ )?(?:yard|cell|wing|visit|visits|"
    r"visiting room|gym|"
    r"kitchen|workshop|corridor|landing|shower|showers|library|chapel|class|office|flat|house|home|hostel|street|"
    r"cafe|mosque|"
    r"church|park|bus|station|canteen|session|meeting|phone|car|school|court|gate|reception|supermarket|town|door)\b"
)
_CASE_CODE: Final = re.compile(r"\b[a-z]{1,4}-\d{1,6}\b")


def looks_like_incident(text: str) -> bool:
    """Whether a text reports something that happened. English only; other languages are never taken for a report.

    Args:
        text: as typed; only the first 2,000 characters are read.
    """
    said = folded(text)
    if len(words(text)) < FEWEST_WORDS or _ASKS.search(said) or _SUPPOSES.search(said):
        return False
    if not _DONE.search(said) or not _WHO.search(said):
        return False
    told = 2 + sum(1 for part in (_WHEN, _WHERE, _CASE_CODE) if part.search(said))
    told += len(set(_DONE.findall(said))) >= 3
    return told >= ENOUGH
