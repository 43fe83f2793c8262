"""The short reference of a note: what a receipt shows and a coordinator reads aloud.

Seven symbols from the first 35 bits of the note's id and a check symbol, in Crockford's base 32 (no I, L, O, U),
written ``K7QF-3M2D``. The check symbol is the weighted sum of the others modulo 31 (a prime, so any single wrong
symbol and any swap of neighbours shows; the symbol ``Z`` = 31 never is a check).
"""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SLIPS = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


def reference(note_id: str) -> str:
    """The reference of a note id of 32 hex digits."""
    bits = int(note_id, 16) >> (128 - 35)
    data = "".join(ALPHABET[(bits >> shift) & 31] for shift in range(30, -1, -5))
    whole = data + _check(data)
    return f"{whole[:4]}-{whole[4:]}"


def read_reference(text: str) -> str | None:
    """The canonical reference in what somebody typed, or None where a symbol must be wrong."""
    plain = "".join(text.upper().split()).replace("-", "").translate(_SLIPS)
    if len(plain) != 8 or any(symbol not in ALPHABET for symbol in plain):
        return None
    return f"{plain[:4]}-{plain[4:]}" if _check(plain[:7]) == plain[7] else None


def token(fresh: str) -> str:
    """An invite's token that can be read out, from 32 random hex digits: 80 bits, ``K7QF-3M2D-9XWT-0BRA``."""
    bits = int(fresh, 16) >> (128 - 80)
    data = "".join(ALPHABET[(bits >> shift) & 31] for shift in range(75, -1, -5))
    return "-".join(data[start : start + 4] for start in range(0, 16, 4))


def read_token(text: str) -> str | None:
    """The 16 symbols of a token as somebody typed it, or None: it is none of these."""
    plain = "".join(text.upper().split()).replace("-", "").translate(_SLIPS)
    return plain if len(plain) == 16 and all(symbol in ALPHABET for symbol in plain) else None


def _check(data: str) -> str:
    return ALPHABET[sum((place + 2) * ALPHABET.index(symbol) for place, symbol in enumerate(data)) % 31]
