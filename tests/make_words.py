"""Writes guidance/words/<language>.txt anew from the package wordfreq. Run by hand, never by the assistant or a test.

    pip install wordfreq==3.1.1      # in an environment of its own
    python tests/make_words.py       # from the project's folder

Words are folded as ``guidance.normal`` folds what is typed, the frequencies of those that become one added up, and the
most frequent kept, the most frequent first. A word counts when it is all letters of the language's alphabet.
"""

import re
import sys
from collections import Counter
from pathlib import Path

import wordfreq

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from guidance.normal import folded  # noqa: E402

AT_MOST = 24_000
LETTERS = {"bg": re.compile("[а-ъьюя]+"), "el": re.compile("[α-ω]+")}
LATIN = re.compile("[a-z]+")
FREQUENT = 1e-4
"""One letter is a word from this frequency on ("a", "y", "и"); below it is a letter."""

HEAD = """\
# Frequent words, folded, the most frequent first. Derived from the data of wordfreq 3.1.1 by Robyn Speer,
# licensed CC BY-SA 4.0, and licensed the same. Sources and terms: LICENCES.md. Made by tests/make_words.py.
"""


def words(language: str) -> list[str]:
    counted: Counter[str] = Counter()
    for word, frequency in wordfreq.get_frequency_dict(language, "best").items():
        plain = folded(word, language)
        if LETTERS.get(language, LATIN).fullmatch(plain):
            counted[plain] += frequency
    # Equal ones in the order of the alphabet, so that the files are the same on every machine.
    ranked = sorted(counted, key=lambda word: (-counted[word], word))
    return [word for word in ranked if len(word) > 1 or counted[word] >= FREQUENT][:AT_MOST]


if __name__ == "__main__":
    for code in ("bg", "el", "en", "fr", "it", "nl", "pt"):
        text = HEAD + "\n".join(words(code)) + "\n"
        (ROOT / "guidance" / "words" / f"{code}.txt").write_text(text, encoding="utf-8")
