"""Whom a rota names: the same person may stand there by handle, in any case, or by their id's first digits.

Names are compared in one place alone: ``Names.spelled`` gives a rota in which everybody has one name, so that an
absence written one way holds for a shift written the other.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from dialogues.rota import Rota

ID: Final = "id:"
"""Before an id's first digits, in the place of a handle."""
LEAST_DIGITS: Final = 4
DIGITS: Final = 8
"""So many are shown."""


class Names:
    """Of the people who can be on duty somewhere."""

    def __init__(self, people: Iterable[tuple[str, str]]) -> None:
        """``people``: ids, hex, each with a work handle or nothing."""
        self._handles = dict(people)
        self._having: dict[str, list[str]] = {}
        for ref, handle in self._handles.items():
            if handle:
                self._having.setdefault(handle.casefold(), []).append(ref)

    def whose(self, name: str) -> str:
        """The id of whoever has this handle, or whose id begins so; empty where that is nobody, or several."""
        start = name.removeprefix(ID).lower()
        if not name.startswith(ID):
            those = self._having.get(name.casefold(), [])
        elif len(start) >= LEAST_DIGITS:
            those = [ref for ref in self._handles if ref.startswith(start)]
        else:
            those = []
        return those[0] if len(those) == 1 else ""

    def name(self, ref: str) -> str:
        """What somebody is called: by handle, where only they have it; else by the first digits of the id."""
        handle = self._handles.get(ref, "")
        return handle if self.whose(handle) == ref else f"{ID}{ref[:DIGITS]}"

    def spelled(self, rota: Rota) -> Rota:
        """The same rota with one name for each person; a name that is nobody's stays, as it was written first."""
        first: dict[str, str] = {}
        names = {
            name: self.name(ref) if (ref := self.whose(name)) else first.setdefault(name.casefold(), name)
            for name in rota.names
        }

        def each(those: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(names[name] for name in those))

        return replace(
            rota,
            shifts=tuple(replace(one, first=each(one.first), second=each(one.second)) for one in rota.shifts),
            absences=tuple(
                replace(one, who=names[one.who], cover=names[one.cover] if one.cover else "") for one in rota.absences
            ),
            swaps=tuple(replace(one, first=each(one.first)) for one in rota.swaps),
        )
