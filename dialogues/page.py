"""A link to the page in the browser, where notes are sealed before they leave the device. Good once."""

from dialogues.home import menu_choice
from dialogues.model import Choice, Event, MakeLink, Say, Scene, Turn, column

STATES: tuple[type, ...] = ()


def begin(scene: Scene, about: str) -> Turn[None]:
    """Gives a new link; the one before it is good no longer."""
    if not scene.page:
        rows = column(Choice("note", scene.text("button-note"), lasting=True), menu_choice(scene))
        return Turn(None, (Say(scene.text("link-off"), rows=rows),))
    said = Say(
        scene.text("link-here", link=_link(scene)),
        title=scene.text("link-title"),
        small=scene.text("link-small"),
        rows=column(*_within(scene), Choice("page", scene.text("button-new-link"), lasting=True), menu_choice(scene)),
    )
    return Turn(None, (said,), (MakeLink(scene.fresh),))


def advance(state: None, event: Event, scene: Scene) -> Turn[None]:
    return begin(scene, "")


def resume(state: None, scene: Scene) -> tuple[Say, ...]:
    return ()


def _within(scene: Scene) -> tuple[Choice, ...]:
    """A button that opens the page within the chat, which vouches for the person: no link is needed."""
    if not scene.page_in_chat or not scene.page.startswith("https://"):
        return ()
    return (Choice("page", scene.text("button-page"), lasting=True, opens=_address(scene)),)


def _address(scene: Scene) -> str:
    """The keys that sign the desks of this person's agencies stand in it, so that the page takes no others at first."""
    keys = dict.fromkeys(one.agency.admin_key for one in scene.person.memberships if one.agency.admin_key)
    return f"{scene.page}/?pins={'.'.join(keys)}" if keys else f"{scene.page}/"


def _link(scene: Scene) -> str:
    return f"{_address(scene)}#link={scene.fresh}"
