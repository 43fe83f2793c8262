"""A message taken apart into its sentences, and questions told from what is said beside them.

    "he came back yesterday. he is angry. can i tell the police?"  ─▶  said, said, asked

A mark ends a sentence where a blank or the end follows it, so that "S05.2" and "17.30" stay whole. The Greek question
mark looks like a semicolon. Two questions may share a sentence ("can i tell the police and how do i write it down").
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from guidance.normal import AT_MOST_CHARACTERS, folded

AT_MOST_SENTENCES: Final = 12
"""What stands behind these stays together with the last."""

FEWEST_BEFORE: Final = 3
"""Words before a connective that are a question of their own: "how and when can I" is one question."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """``asks``: it is a question, by its mark or by how it begins."""

    text: str = field(repr=False)
    asks: bool


_END: Final = re.compile(r"(?<=[.!?…;·\u037e\u00bf])\s+|\s*[\r\n]+\s*|(?<=[?\u037e])(?=[^\W\d_])")
_SHORT: Final = re.compile(
    r"(?:^|\s)(?:e\.g|i\.e|etc|mr|mrs|ms|dr|st|nr|no|art|approx|p\.ex|ex|bv|bijv|sr|sra|π\.χ|κ|напр|т\.е)\.$"
)
_MARKED: Final = re.compile(r"[?\u037e\u061f]\W*$")
_GREEK_MARKED: Final = re.compile(r";\W*$")


def _asks(first: str, anywhere: str = "") -> re.Pattern[str]:
    """Words a question begins with, and what makes one wherever it stands; between blanks, ``_`` for one inside."""

    def either(listed: str) -> str:
        return "|".join(re.escape(one.replace("_", " ")) for one in listed.split())

    within = rf"|\b(?:{either(anywhere)})\b" if anywhere else ""
    return re.compile(rf"^(?:{either(first)})\b{within}")


_QUESTION: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "en": _asks(
            """
            what whats what's how hows how's who whom whose whos who's when where why which can could may must should
            shall
            do does did is are am was were will would has have any tell_me give_me show_me explain need_i is_there
            so_what so_how so_can so_should but_what but_how but_can but_should but_who and_what and_how and_who and_can
            and_should and_when and_where and_why and_if and_do and_is what_if even_if can't cant isn't shouldn't don't
            i_want_to_know i_need_to_know i_would_like_to_know i_wonder please_tell please_explain am_i
            """,
            """
            what_do_i what_should_i what_can_i what_shall_i what_must_i how_do_i how_can_i how_should_i who_do_i
            who_can_i
            who_should_i do_i_have_to should_i can_i may_i must_i do_i_need am_i_allowed what_now what_to_do how_to
            what_do_we what_should_we what_can_we how_do_we can_we should_we must_we may_we
            """,
        ),
        "fr": _asks(
            """
            que qu'est quest qu'est-ce quoi comment qui quand ou pourquoi quel quelle quels quelles combien est-ce
            puis-je
            peut-on dois-je doit-on faut-il ai-je suis-je et_si je_peux je_dois on_peut peux-tu pouvez-vous
            """,
            "est-ce_que puis-je dois-je que_faire comment_faire que_dois-je",
        ),
        "pt": _asks(
            """
            que o_que como quem quando onde porque por_que qual quais quanto quantos posso devo pode deve podemos
            devemos
            e_se sera preciso tenho_de ha
            """,
            "o_que_faco o_que_devo como_posso posso devo_eu",
        ),
        "it": _asks(
            """
            che cosa che_cosa cosa come chi quando dove perche quale quali quanto quanti posso devo puo deve possiamo
            dobbiamo
            e_se c'e bisogna dov'e com'e
            """,
            "cosa_faccio cosa_devo come_posso che_fare cosa_fare",
        ),
        "bg": _asks(
            """
            какво как кои кой коя кое кого кога къде защо дали колко може_ли мога_ли трябва_ли има_ли имам_ли бих_ли
            а_ако ами_ако трябва_да
            """,
            "ли какво_да как_да",
        ),
        "el": _asks(
            """
            τι πως ποιος ποια ποιο ποιον ποιοι ποτε που γιατι ποσο ποσα μπορω μηπως πρεπει επιτρεπεται εχω_το_δικαιωμα
            κι_αν και_αν υπαρχει
            """,
            "τι_κανω τι_να τι_πρεπει πως_μπορω",
        ),
        "nl": _asks(
            """
            wat hoe wie wanneer waar waarom welke welk hoeveel kan mag moet mogen kunnen moeten ben is heeft heb zal zou
            en_als wat_als en_wat wat_moet
            """,
            "wat_moet_ik wat_kan_ik hoe_kan_ik mag_ik moet_ik kan_ik",
        ),
    }
)

_ALSO: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "en": re.compile(
            r"[,;]?\s+(?:and\s+also|and\s+secondly|and\s+another\s+(?:thing|question)[:,]?|also,)\s+"
            r"|[,;]?\s+(?:and|also|plus)\s+(?=(?:what|how)\s+(?:if|about)\b|"
            r"(?:(?:what|how|who|whom|when|where|why|which)\s+(?:\w+\s+)?)?"
            r"(?:do|does|did|can|could|may|must|should|shall|is|are|am|will|would)\s+"
            r"(?:i|we|you|he|she|they|it|there|the|his|her|my)\b)",
            re.IGNORECASE,
        ),
        "fr": re.compile(r"[,;]?\s+(?:et\s+aussi|et\s+puis|et\s+(?=est-ce))\s*", re.IGNORECASE),
        "pt": re.compile(r"[,;]?\s+(?:e\s+tamb[ée]m|e\s+ainda)\s+", re.IGNORECASE),
        "it": re.compile(r"[,;]?\s+(?:e\s+anche|e\s+inoltre|e\s+poi)\s+", re.IGNORECASE),
        "bg": re.compile(r"[,;]?\s+(?:и\s+също|и\s+освен\s+това|а\s+също)\s+", re.IGNORECASE),
        "el": re.compile(r"[,;]?\s+(?:και\s+επ[ίι]σης|και\s+ακ[όο]μα)\s+", re.IGNORECASE),
        "nl": re.compile(r"[,;]?\s+(?:en\s+ook|en\s+verder|en\s+daarnaast)\s+", re.IGNORECASE),
    }
)


def sentences(text: str, language: str) -> tuple[Sentence, ...]:
    """The sentences of a message, in order.

    Args:
        text: as typed; its first ``AT_MOST_CHARACTERS`` characters are read.
        language: two letters; in one that is not known here, questions have question marks.
    """
    found = [part for whole in _ended(text[:AT_MOST_CHARACTERS]) for part in _divided(whole, language)]
    return tuple(Sentence(one, is_question(one, language)) for one in _not_too_many(found))


def is_question(text: str, language: str) -> bool:
    """Whether a sentence asks something."""
    if _MARKED.search(text) or (language == "el" and _GREEK_MARKED.search(text)):
        return True
    known = _QUESTION.get(language)
    return known is not None and known.search(folded(text, language).lstrip(" ,.-¿¡")) is not None


def _ended(text: str) -> list[str]:
    found: list[str] = []
    for part in _END.split(text):
        if found and _SHORT.search(folded(found[-1])):
            found[-1] += f" {part}"
        elif any(character.isalnum() for character in part):
            found.append(part.strip())
    return found


def _divided(sentence: str, language: str) -> list[str]:
    """Questions that share a sentence, apart; a sentence that is no two questions stays whole."""
    pattern = _ALSO.get(language)
    if pattern is None or not is_question(sentence, language):
        return [sentence]
    begin, found = 0, []
    for match in pattern.finditer(sentence):
        before = sentence[begin : match.start()]
        if len(before.split()) >= FEWEST_BEFORE and is_question(before, language) and sentence[match.end() :].strip():
            found.append(before)
            begin = match.end()
    return [*found, sentence[begin:]]


def _not_too_many(found: list[str]) -> list[str]:
    kept, rest = found[: AT_MOST_SENTENCES - 1], found[AT_MOST_SENTENCES - 1 :]
    return [*kept, " ".join(rest)] if rest else kept
