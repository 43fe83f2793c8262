"""Local numbers and names: what is known of the place, with its date, or that nothing is. Gives the floor back."""

from dialogues.ask_pages import sources_line
from dialogues.home import menu_choice
from dialogues.model import Event, Membership, Say, Scene, Turn, column
from guidance.site import Body, Number

STATES: tuple[type, ...] = ()
MOST_SOURCES = 8  # of one country; an entry leads to its own by its facts


def begin(scene: Scene, about: str) -> Turn[None]:
    *first, last = (_said(one, scene) for one in scene.person.memberships)
    with_menu = Say(last.text, last.title, last.small, column(menu_choice(scene)))
    return Turn(None, (*first, with_menu))


def advance(state: None, event: Event, scene: Scene) -> Turn[None]:
    return begin(scene, "")


def resume(state: None, scene: Scene) -> tuple[Say, ...]:
    return begin(scene, "").says


def _said(member: Membership, scene: Scene) -> Say:
    """What is known at one agency; a person of several gets one message for each."""
    several = len(scene.person.memberships) > 1
    title = scene.text("local-title-agency", agency=member.agency.name) if several else scene.text("local-title")
    site = member.agency.site
    if not site.numbers and not site.bodies:
        return Say(scene.text("local-nothing"), title=title)
    parts = []
    if site.country:
        parts.append(scene.text("local-country", country=scene.text(f"country-{site.country.lower()}")))
    numbers = [_number(one, scene) for one in site.numbers]
    if not site.numbers_for("duty-coordinator"):
        numbers.append(scene.text("local-ask-duty"))
    parts.append(_listed("local-numbers", numbers, scene))
    if site.bodies:
        parts.append(_listed("local-bodies", [_body(one, scene) for one in site.bodies], scene))
    public = [*(one.facts for one in site.numbers if one.country), *(one.facts for one in site.bodies if one.country)]
    facts = tuple(dict.fromkeys(fact for named in public for fact in named))
    small = f"{sources_line(facts, scene, at_most=MOST_SOURCES)} {scene.text('local-small')}" if facts else ""
    return Say("\n\n".join(parts), title=title, small=small)


def _listed(heading: str, lines: list[str], scene: Scene) -> str:
    return "\n".join((scene.text(heading), *(f"• {line}" for line in lines)))


def _number(number: Number, scene: Scene) -> str:
    use = scene.text(f"number-{number.use}")
    return _told(scene.text("local-number", number=number.number, use=use), number.when, number, scene)


def _body(body: Body, scene: Scene) -> str:
    use = scene.text(f"body-{body.use}")
    return _told(scene.text("local-body", name=body.name, use=use), body.what, body, scene)


def _told(head: str, about: str, entry: Number | Body, scene: Scene) -> str:
    """The operator's own entries need no "check locally": who wrote them is there."""
    date = ""
    if entry.as_of is not None:
        date = scene.text("local-as-of" if entry.country else "local-as-of-own", year=str(entry.as_of))
    elif entry.country:
        date = scene.text("local-no-year")
    detail = " ".join(part for part in (about, date) if part)
    return f"{head}: {detail}" if detail else head
