"""A say as the messages that fit a channel: long text is cut at paragraphs and sentences, buttons go under the last.

What is too long to stand under a document goes before it, as messages of its own.
"""

from dataclasses import replace

from dialogues.clean import pieces, units
from dialogues.model import Say

LONGEST = 4_096
"""UTF-16 units of one message (Telegram's limit, the smallest of our channels)."""

LONGEST_CAPTION = 1_024
"""The same for what stands under a document."""


def fitting(say: Say) -> list[Say]:
    """The same say as one or more that each fit, in order."""
    if say.document is not None:
        if units(say.title) + units(say.text) + units(say.small) + 8 <= LONGEST_CAPTION:
            return [say]
        return [*fitting(replace(say, document=None, rows=())), replace(say, title="", text="", small="")]
    around = units(say.title) + units(say.small) + 8
    if units(say.text) + around <= LONGEST:
        return [say]
    texts = pieces(say.text, LONGEST - around)
    says = [replace(say, text=text, title="", small="", rows=()) for text in texts]
    says[0] = replace(says[0], title=say.title)
    says[-1] = replace(says[-1], small=say.small, rows=say.rows)
    return says
