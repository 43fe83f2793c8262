"""What holds at one place: numbers to call, who is who, how soon. Country defaults, overridden by the operator's own.

    content/site/fr.toml     what public sources say of a country; each entry with its facts and their year
    site.toml                the operator's own file, for all agencies, and a part for each agency that differs

The nearer wins: agency, then installation, then country. Nothing is filled in: what nobody wrote is not there, and
whoever shows it says whom to ask. ``guidance.reader`` reads both kinds of file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from guidance.timeline import Offset

NumberUse = Literal[
    "emergency",
    "police",
    "control-room",
    "duty-coordinator",
    "duty-manager",
    "child-protection",
    "crisis-line",
    "advice",
]
BodyUse = Literal[
    "prison-service",
    "probation-service",
    "police",
    "child-protection",
    "prevention",
    "coordination",
    "support",
    "data-protection",
]

NUMBER_USES: tuple[NumberUse, ...] = (
    "emergency",
    "police",
    "control-room",
    "duty-coordinator",
    "duty-manager",
    "child-protection",
    "crisis-line",
    "advice",
)
"""What a number is for, in the order they are shown; each has a phrase ``number-<use>``."""

BODY_USES: tuple[BodyUse, ...] = (
    "prison-service",
    "probation-service",
    "police",
    "child-protection",
    "prevention",
    "coordination",
    "support",
    "data-protection",
)
"""What a body is for, in the order they are shown; each has a phrase ``body-<use>``."""

IN_DANGER: tuple[NumberUse, ...] = ("emergency", "police", "control-room")
"""Shown at once in danger. The duty coordinator's has a line of its own, after those who come and help."""

EVERYWHERE = "112"
"""Works in the whole EU and is said by the assistant itself, whatever a file holds."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number to call.

    Attributes:
        number: digits with single blanks between, perhaps ``+`` before them.
        when: when to call it, or at what hours; may be empty.
        facts: what it rests on; only country defaults need any.
        as_of: the year its sources speak of; None where they say none.
        country: whose default it is; empty for the operator's own.
    """

    use: NumberUse
    number: str
    when: str = ""
    facts: tuple[str, ...] = ()
    as_of: int | None = None
    country: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """A service, table or scheme by its name, and what it does. The other fields are as in ``Number``."""

    use: BodyUse
    name: str
    what: str = ""
    facts: tuple[str, ...] = ()
    as_of: int | None = None
    country: str = ""


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


def _unmoved() -> Mapping[str, Offset]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Site:
    """What is known of one place; without arguments: nothing.

    Attributes:
        country: two capital letters, or empty.
        timings: step id -> what is said there in place of the guide's own timing.
        alarm: role -> what comes first in danger for it.
        release: milestone of the release plan -> when it is there, in place of the table's own offset.
    """

    country: str = ""
    numbers: tuple[Number, ...] = ()
    bodies: tuple[Body, ...] = ()
    timings: Mapping[str, str] = field(default_factory=_nothing, hash=False)
    alarm: Mapping[str, str] = field(default_factory=_nothing, hash=False)
    release: Mapping[str, Offset] = field(default_factory=_unmoved, hash=False)

    def numbers_for(self, *uses: NumberUse) -> tuple[Number, ...]:
        """Those for any of these uses."""
        return tuple(one for one in self.numbers if one.use in uses)


NOWHERE = Site()


@dataclass(frozen=True, slots=True)
class OwnSite:
    """The operator's own file: for all agencies, and by slug for those that differ."""

    common: Site = NOWHERE
    agencies: Mapping[str, Site] = field(default_factory=lambda: MappingProxyType({}), hash=False)


@dataclass(frozen=True, slots=True)
class Sites:
    """All that is known: countries by their two letters, and the operator's own."""

    countries: Mapping[str, Site] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    own: OwnSite = field(default_factory=OwnSite)

    def of(self, slug: str, country: str = "") -> Site:
        """What holds at an agency.

        Args:
            country: the agency's own; empty: that of the operator's file, if any.
        """
        own = merged(self.own.common, self.own.agencies.get(slug, NOWHERE))
        country = country or own.country
        return replace(merged(self.countries.get(country, NOWHERE), own), country=country)


def merged(default: Site, own: Site) -> Site:
    """``default`` with what ``own`` says in its place.

    Own numbers and bodies for a use take the place of all the default's for that use; emergency numbers are added to,
    never taken away. Timings, alarm lines and milestones go one by one.
    """
    told = {one.use for one in own.numbers} - {"emergency"}
    again = {one.number for one in own.numbers_for("emergency")}
    numbers = [one for one in default.numbers if one.use not in told and one.number not in again]
    numbers += own.numbers
    named = {one.use for one in own.bodies}
    bodies = [*(one for one in default.bodies if one.use not in named), *own.bodies]
    return Site(
        country=own.country or default.country,
        numbers=tuple(sorted(numbers, key=lambda one: NUMBER_USES.index(one.use))),
        bodies=tuple(sorted(bodies, key=lambda one: BODY_USES.index(one.use))),
        timings=MappingProxyType({**default.timings, **own.timings}),
        alarm=MappingProxyType({**default.alarm, **own.alarm}),
        release=MappingProxyType({**default.release, **own.release}),
    )
