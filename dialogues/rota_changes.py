"""What changes a rota from day to day, absences and swaps: what of it a new rota would lose."""

from dataclasses import replace
from datetime import date, timedelta

from dialogues.rota import NO_ROTA, Rota, same_site

ONE_DAY = timedelta(days=1)


def changes_lost(before: Rota, after: Rota, today: date) -> Rota:
    """Absences and swaps that are not over and that the new rota lacks; ``NO_ROTA``: none.

    A swap is there, too, where the new rota has another for the same shift: somebody decided anew.
    """
    decided = {(one.day, one.start, same_site(one.site)) for one in after.swaps}
    return replace(
        NO_ROTA,
        absences=tuple(one for one in before.absences if one.last >= today and one not in after.absences),
        swaps=tuple(
            one
            for one in before.swaps
            if one.day >= today - ONE_DAY and (one.day, one.start, same_site(one.site)) not in decided
        ),
    )


def both(rota: Rota, changes: Rota) -> Rota:
    """A rota with other changes besides its own, which come first: the last one counts. A swap of a shift that the rota
    does not have is left out."""
    begins = {(shift.start, same_site(shift.site)) for shift in rota.shifts}
    swaps = tuple(one for one in changes.swaps if (one.start, same_site(one.site)) in begins)
    return replace(rota, absences=(*changes.absences, *rota.absences), swaps=(*swaps, *rota.swaps))
