"""A draft of an answer, from questions that had none; pure. Writers finish it; ``guidance.reader`` passes it over."""

import json
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from guidance.fields import ID_LIMIT
from guidance.model import CONTENT_ROLES
from guidance.normal import words
from guidance.reader import DRAFT, PHRASING_LIMIT
from guidance.themes import Rarity

MOST_WORDS: Final = 4
LONGEST_ID: Final = ID_LIMIT - 3 - len("draft_")
"""Leaves room for a number, and for what the file's topic begins with."""
LONGEST_TITLE: Final = 48


def answer_id(question: str, rarity: Rarity, taken: Collection[str]) -> str:
    """An id out of the words that say most, in their order, that is not among those taken."""
    told = [word for word in dict.fromkeys(words(question, rarity.language)) if re.fullmatch(r"[a-z0-9]+", word)]
    weights = {word: rarity.weight(word) for word in told}
    best = sorted(told, key=lambda word: (-weights[word], told.index(word)))[:MOST_WORDS]
    plain = "-".join(word for word in told if word in best)[:LONGEST_ID].strip("-") or "question"
    numbered = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(taken) + 2))
    return next(one for one in numbered if one not in taken)


def topic_of(id: str) -> str:
    """The draft's own topic, after which its file is called."""
    return f"draft_{id.replace('-', '_')}"


def draft(theme: str, id: str, phrasings: Sequence[str]) -> str:
    """The file's text.

    Args:
        theme: what the theme of the questions is known by, so that it is told as drafted.
        phrasings: the most typical one first.
    """
    asked = [f"  {_quoted(one)},\n" for one in dict.fromkeys(phrasings) if len(one) <= PHRASING_LIMIT]
    roles = ", ".join(map(_quoted, CONTENT_ROLES))
    return f"""\
# A draft: nobody is shown it while {DRAFT} = true stands here. Fill in what is empty, and read the questions: … stands
# for words that were left out, and nothing may tell of a person. When it is approved, take out the next two lines, and
# move the answer into the file of its topic, or give this file another name and topic. See integra check.
{DRAFT} = true
theme = {_quoted(theme)}
topic = {_quoted(topic_of(id))}
owner = ""
# reviewed = 2026-01-31

[[answer]]
id = {_quoted(id)}
title = {_quoted(_title(phrasings[0]))}
asked_as = [
{"".join(asked)}]
short = ""
more = ""
facts = []
steps = []
related = []
roles = [{roles}]
keywords = []
"""


def drafted(files: Mapping[str, str], language: str) -> frozenset[str]:
    """The themes that there are drafts of.

    Args:
        files: as in ``guidance.library.from_files``.
    """
    found = set()
    for path, text in files.items():
        if path.startswith(f"{language}/answers/"):
            try:
                raw = tomllib.loads(text)
            except ValueError:
                continue
            if raw.get(DRAFT) is True:
                found.add(str(raw.get("theme", "")))
    return frozenset(found)


def _title(question: str) -> str:
    plain = " ".join(question.replace("…", " ").split())
    if len(plain) > LONGEST_TITLE:
        plain = plain[: LONGEST_TITLE + 1].rpartition(" ")[0] or plain[:LONGEST_TITLE]
    return plain[:1].upper() + plain[1:]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a TOML string, too, for what can be seen
