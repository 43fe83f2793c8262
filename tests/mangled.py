"""Bytes as an attacker or a bad disk would change them, for hypothesis."""

from hypothesis import strategies as st


@st.composite
def mangled(draw: st.DrawFn, good: bytes) -> bytes:
    """``good`` after one to three changes: bytes turned, cut, put in, doubled, or the end lost."""
    changed = good
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(changed)))
        how = draw(st.sampled_from(["turn", "cut", "put", "double", "end"]))
        some = draw(st.binary(min_size=1, max_size=8))
        end = min(len(changed), at + draw(st.integers(1, 40)))
        if how == "turn":
            changed = changed[:at] + some + changed[at + len(some) :]
        elif how == "cut":
            changed = changed[:at] + changed[end:]
        elif how == "put":
            changed = changed[:at] + some + changed[at:]
        elif how == "double":
            changed = changed[:end] + changed[at:]
        else:
            changed = changed[:at]
    return changed
