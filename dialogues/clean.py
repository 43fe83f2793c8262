"""What a person typed, made safe to keep, to show again, and to send in several messages.

Lengths are counted in UTF-16 code units, because that is how Telegram counts its limits.
"""

import re
import unicodedata

# Every way Unicode ends a line (The Unicode Standard, section 5.8) becomes one newline.
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")

# A flag of England, Scotland or Wales is written with tag characters; anywhere else they hide text.
_TAGS = "\U000e0020-\U000e007e"
_SUBDIVISION_FLAG = f"(\U0001f3f4[{_TAGS}]+\U000e007f)"
_UNWANTED = re.compile(
    _SUBDIVISION_FLAG + "|["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and newline
    "\ud800-\udfff"  # lone surrogates: they cannot be encoded as UTF-8
    "\ufeff\ufffe\uffff\ufff9-\ufffb"  # byte order mark, noncharacters, annotations
    "\u00ad\u200b\u2060-\u2064"  # soft hyphen, zero-width space, word joiner, invisible operators
    "\U000e0000-\U000e007f"
    "]"
)

# Joiners change how a word reads in these scripts (Arabic and Persian, Syriac, the scripts of India,
# Tibetan, Myanmar, Khmer, Mongolian) and hold emoji together; between other letters they only hide.
_JOINING = "\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc"
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff\U000e007f"
_STRAY_JOINER = re.compile(
    f"(?<=[{_JOINING}])([\u200c\u200d])(?=[{_JOINING}])|(?<=[{_EMOJI}])(\u200d)(?=[{_EMOJI}])|[\u200c\u200d]"
)

_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")

_SKIN_TONES = range(0x1F3FB, 0x1F400)
_LETTER_FLAGS = range(0x1F1E6, 0x1F200)  # two of these make one flag

# Tried in this order: end of a paragraph, of a line, of a sentence, of a word.
_BREAKS = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n\s*"),
    re.compile(r"(?<=[.!?…。？！;·])[\"'”’»)\]]*\s+"),
    re.compile(r"\s+"),
)


def clean(text: str) -> str:
    """Text safe to keep: it encodes as UTF-8, has only ``\\n`` for line ends, and hides nothing.

    Dropped: controls but newline and tab, NUL, lone surrogates, byte order marks, zero-width characters
    (joiners stay inside emoji and inside scripts that need them), blanks at both ends. Directional
    characters stay, for Arabic and Hebrew are typed with them; see ``shown``. Cleaning twice changes
    nothing more.
    """
    text = _LINE_END.sub("\n", text)
    text = _UNWANTED.sub(_flag_or_nothing, text)
    text = _STRAY_JOINER.sub(_joiner_or_nothing, text)
    return text.strip()


def shown(text: str) -> str:
    """Clean text for echoing: also without directional overrides, embeddings and isolates.

    They could make our own words around the echo read in another order
    (Unicode Standard Annex 9, U+202A to U+202E and U+2066 to U+2069).
    """
    return clean(_BIDI.sub("", text))


def units(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts: an emoji is mostly two or more."""
    # Two bytes a unit; half a surrogate pair, which no clean text holds, counts as one.
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def pieces(text: str, at_most: int) -> list[str]:
    """The text in pieces of at most ``at_most`` UTF-16 units, none of them blank.

    Cut at the end of a paragraph, else of a line, a sentence, a word; a good cut in the first half of a
    piece gives way to a lesser one in the second, so that no piece is needlessly small. Where there is
    no blank at all the cut never falls between a letter and its marks or inside an emoji, unless one
    such cluster alone is longer than a piece. Blanks at the cuts and at both ends are dropped; all else
    comes back when the pieces are joined.

    Raises:
        ValueError: ``at_most`` is below 2, the size of one emoji.
    """
    if at_most < 2:
        raise ValueError("a piece needs at least 2 units")
    found = []
    rest = _trimmed(text)
    while rest:
        window = _fitting(rest, at_most)
        end = len(rest) if window == len(rest) else _cut(rest, window)
        piece = _trimmed(rest[:end])
        if piece:
            found.append(piece)
        rest = _trimmed_left(rest[end:])
    return found


def _flag_or_nothing(match: re.Match[str]) -> str:
    return match[1] or ""


def _joiner_or_nothing(match: re.Match[str]) -> str:
    return match[1] or match[2] or ""


def _is_mark(character: str) -> bool:
    return character == "\u200d" or unicodedata.category(character)[0] == "M"


def _glued(text: str, at: int) -> bool:
    """Whether the characters before and after this place belong to one visible sign."""
    after, before = text[at], text[at - 1]
    if _is_mark(after) or ord(after) in _SKIN_TONES or before == "\u200d":
        return True
    if "\U000e0020" <= after <= "\U000e007f":
        return True
    if ord(after) not in _LETTER_FLAGS:
        return False
    first = at
    while first > 0 and ord(text[first - 1]) in _LETTER_FLAGS:
        first -= 1
    return (at - first) % 2 == 1


def _trimmed_left(text: str) -> str:
    """Without leading blanks; a blank that carries a mark stays."""
    start = len(text) - len(text.lstrip())
    if 0 < start < len(text) and _is_mark(text[start]):
        start -= 1
    return text[start:]


def _trimmed(text: str) -> str:
    return _trimmed_left(text.rstrip())


def _fitting(text: str, at_most: int) -> int:
    """How many characters from the start fit into so many units."""
    size = 0
    for index, character in enumerate(text[: at_most + 1]):
        size += 1 if character <= "\uffff" else 2
        if size > at_most:
            return index
    return min(len(text), at_most)


def _cut(text: str, window: int) -> int:
    """Where to end a piece, at most ``window`` characters from the start and at least one."""
    # A blank just behind the window is as good a place as one inside it.
    seen = text[: window + 1]
    for first in (window // 2, 1):
        for pattern in _BREAKS:
            ends = [m.end() for m in pattern.finditer(seen) if max(m.start(), 1) >= first]
            ends = [min(end, window) if not _ends_inside(text, end) else 0 for end in ends]
            ends = [end for end in ends if end]
            if ends:
                return ends[-1]
    end = window
    while end > 1 and _glued(text, end):
        end -= 1
    return end if not _glued(text, end) else window


def _ends_inside(text: str, end: int) -> bool:
    return end < len(text) and _glued(text, end)
