"""A message as a hurried thumb types it, the same each time: the learner reads each example so as well."""

import hashlib
from typing import Final

from guidance.keyboards import beside, one_slip

SHORTEST: Final = 4
"""Words with fewer letters are left alone."""

ONE_WORD_IN: Final = 6


def slipped(text: str) -> str:
    """The text with one slip in about every sixth word of four letters or more, at least in one where there is any.

    A slip is a letter left out, doubled, swapped with the next or replaced by a neighbouring key; a blank or an
    apostrophe left out. Where and which follow from the text alone.
    """
    typed = text.replace("'", "").split(" ")
    long = [at for at, word in enumerate(typed) if len(word) >= SHORTEST and word.isalpha()]
    if not long:
        return " ".join(typed)
    dice = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    for _ in range(1 + len(long) // ONE_WORD_IN):
        dice, which = divmod(dice, len(long))
        dice, how = divmod(dice, 9)
        dice, place = divmod(dice, 97)
        at = long[which]
        if how == 8 and at + 1 < len(typed):
            typed[at] += typed.pop(at + 1)
            break
        typed[at] = _one_slip(typed[at], how % 4, place)
    return " ".join(typed)


def _one_slip(word: str, how: int, place: int) -> str:
    at = place % (len(word) - 1)
    match how:
        case 0:
            return one_slip(word, at + 1, "left out")
        case 1:
            return one_slip(word, at, "added", word[at])
        case 2:
            return one_slip(word, at, "swapped")
        case _:
            near = beside(word[at].lower())
            return one_slip(word, at, "beside", near[place % len(near)]) if near else word
