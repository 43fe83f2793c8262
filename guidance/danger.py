"""Hears that somebody is, or may soon be, in danger. It goes before everything else the assistant does.

Two layers. Writers' phrases (``guidance.danger_phrases``) are found word by word, for anybody to read and mend. What
was learnt from example messages (``guidance.danger_learnt``) hears the many ways in which strangers say the same, and
that a message is a question, a joke or a thing long over although it holds a phrase. A language may do without it.
Where the sentence encoder is installed, what a message means has a share in that (``guidance.danger_meaning``).

A missed danger is far worse than a false alarm, which costs one tap; but alarms that are mostly false are not heeded.
"""

import re
from collections.abc import Iterable
from typing import Final

from guidance.danger_learnt import Learnt
from guidance.danger_meaning import shipped
from guidance.danger_phrases import PhraseFinder
from guidance.encoder import Encoder
from guidance.model import Danger, DangerPhrases
from guidance.normal import AT_MOST_CHARACTERS, told

SHORT: Final = 5
"""In a message of so many words or fewer a phrase is nearly all of it, and counts whatever the rest sounds like."""

AT_MOST_CLAUSES: Final = 3
_CLAUSE: Final = re.compile(r"(?<=[,;:.!?\n])\s*")


class DangerFinder:
    """Knows what danger sounds like in one language. Built once; may be used from any thread.

    Args:
        phrases: in the order of their importance: of two kinds heard, the earlier wins.
        language: decides on inflection, negation and so on; for a language without rules, words must stand as written.
        learnt: what was learnt for this language, if anything.
        encoder: of the language, if there is one; it hears more, see ``guidance.danger_meaning``.
    """

    def __init__(
        self,
        phrases: Iterable[DangerPhrases],
        language: str = "en",
        learnt: Learnt | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        kept = tuple(phrases)
        self._language = language
        self._phrases = PhraseFinder(kept, language)
        self._learnt = learnt
        self._meaning = (
            shipped(language, encoder, learnt.groups) if learnt is not None and encoder is not None else None
        )
        self._steps: dict[str, str] = {}
        for one in kept:
            self._steps.setdefault(one.kind, one.step)

    def danger(self, text: str) -> Danger | None:
        """The danger a text speaks of, or None. Where it only may be danger the step is the one for not being sure.

        Args:
            text: as typed; only the first 2,000 characters are read.
        """
        text = text[:AT_MOST_CHARACTERS]
        phrase = self._phrases.danger(text)
        heard = self._learnt.heard(text, self._meaning) if self._learnt is not None else None
        if self._learnt is None or heard is None:
            return phrase
        if phrase is not None:
            # What stands around the clause with the phrase must not drown it: "who leads the case? he has a knife".
            clauses = [one for one in _CLAUSE.split(text) if one != text and self._phrases.danger(one) is not None]
            alone = [self._learnt.heard(one, self._meaning) for one in clauses[:AT_MOST_CLAUSES]]
            heard = max([heard, *(one for one in alone if one is not None)], key=lambda one: one.score)
        bounds = self._learnt.bounds
        told = phrase is not None and (heard.score >= bounds.unheard or len(text.split()) <= SHORT)
        enough = bounds.clear if len(text.split()) == 1 else bounds.unsure  # "soon" tells too little to be asked about
        if heard.score < enough and not told:
            return None
        kind = phrase.kind if phrase is not None else self._learnt.kind(heard)
        clear = heard.score >= (bounds.clear if phrase is None else bounds.unsure)
        return Danger(kind, self._steps.get(kind, bounds.unsure_step) if clear else bounds.unsure_step)

    def told(self) -> dict[str, object]:
        """All that hearing danger goes by, JSON-ready, for a reader that is no Python: ``page/src/danger``.

        The page in the browser hears by it what is typed there, for no word of a note may leave the device unsealed.
        It tells whether danger is heard by words alone, and nothing of kinds.
        """
        return {
            "language": self._language,
            "characters": AT_MOST_CHARACTERS,
            "short": SHORT,
            "clauses": AT_MOST_CLAUSES,
            "normal": told(self._language),
            "phrases": self._phrases.told(),
            "learnt": None if self._learnt is None else self._learnt.told(),
        }
