"""Text in the signs that can be printed: those of latin-1, which the fonts in every reader of PDF know.

Other signs become the nearest of these, and where there is none the caller is told: no sign is lost in silence.
"""

import unicodedata
from collections.abc import Mapping
from typing import Final

NEAR: Final[Mapping[str, str]] = {
    "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "‹": "<", "›": ">",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "…": "...", "•": "-", "→": "->", "←": "<-",
    "≤": "<=", "≥": ">=", "≠": "=/=", "€": "EUR", "™": "(TM)", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d",
    "Đ": "D", "ı": "i", "✓": "x", "\u2009": " ", "\u202f": " ", "\u200d": "", "\ufe0f": "",
}  # fmt: skip


def printable(text: str) -> tuple[str, str]:
    """The text in signs of latin-1, and the signs it has nothing near for (each once, in their order)."""
    out: list[str] = []
    lost: list[str] = []
    for sign in unicodedata.normalize("NFC", text):
        if sign.isascii() or (sign <= "ÿ" and sign.isprintable()) or sign == "\u00a0":
            out.append(sign)
        elif sign in NEAR:
            out.append(NEAR[sign])
        else:
            plain = "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
            if plain and all(part <= "ÿ" for part in plain):
                out.append(plain)
            else:
                lost.append(sign)
    return "".join(out), "".join(dict.fromkeys(lost))
