"""From the text of a hand-off's file to a form, or to a list of what a writer must mend. As ``guidance.reader``."""

from collections.abc import Iterator

from guidance.fields import Fields, no_doubles, opened, stem
from guidance.handoff import SHOWN, Blank, Form, Section, Shows
from guidance.model import Problem
from guidance.reader import KEBAB_ID, OWNER_LIMIT, REGISTER_ID, STEP_ID

FOLDER = "handoffs"
MOST_LINES, MOST_ROWS, MOST_COLUMNS, MOST_OPTIONS = 8, 12, 5, 8


def read_handoff(text: str, file: str) -> tuple[Form | None, tuple[Problem, ...]]:
    """``<language>/handoffs/<id>.toml``: one form; the file is called after its id."""
    problems: list[Problem] = []
    if (top := opened(text, file, problems)) is None:
        return None, tuple(problems)
    form = Form(
        id=top.id("id", KEBAB_ID, "referral-note"),
        number=top.whole("number", 1, 99) or 0,
        title=top.text("title", 34),
        steps=top.ids("steps", STEP_ID, "S03", at_least=1),
        use=top.text("use", 200),
        orientation=top.text("orientation", 160),
        facts=top.ids("facts", REGISTER_ID, "IS-consent", at_least=1),
        sections=tuple(_sections(top)),
        owner=top.text("owner", OWNER_LIMIT),
        reviewed=top.day("reviewed"),
    )
    if form.id and form.id != stem(file):
        top.wrong("id", f'is "{form.id}", and the file is called {stem(file)}.toml: make them the same')
    if not form.sections:
        top.wrong("section", "is missing: add at least one part that starts with the line [[section]]")
    top.done()
    return form, tuple(problems)


def _sections(top: Fields) -> Iterator[Section]:
    for part in top.tables("section", "section", name="heading"):
        shows: Shows = part.choice("shows", SHOWN) if "shows" in part.names() else ""
        columns = part.texts("columns", 30)
        section = Section(
            heading=part.text("heading", 60, needed=False),
            text=part.texts("text", 200),
            shows=shows,
            blanks=tuple(_blanks(part)),
            columns=columns,
            rows=part.whole("rows", 1, MOST_ROWS, needed=bool(columns)) or 0,
        )
        if len(columns) > MOST_COLUMNS:
            part.wrong("columns", f"are {len(columns)}: more than {MOST_COLUMNS} cannot be filled in by hand")
        if section.rows and "columns" not in part.names():
            part.wrong("rows", "needs columns: name the headings of the table, or take the line out")
        if not (section.text or section.shows or section.blanks or section.columns):
            part.wrong("", "holds nothing: give it text, shows, blanks or columns, or take it out")
        part.done()
        yield section


def _blanks(part: Fields) -> Iterator[Blank]:
    labels: list[str] = []
    for one in part.tables("blanks", "section.blanks", name="label"):
        options = one.texts("options", 34)
        lines = one.whole("lines", 1, MOST_LINES, needed=False)
        if options and lines is not None:
            one.wrong("lines", "and options do not go together: take one of the two out")
        if len(options) == 1 or len(options) > MOST_OPTIONS:
            one.wrong("options", f"must be 2 to {MOST_OPTIONS}")
        blank = Blank(one.text("label", 90), lines or 1, options)
        one.done()
        labels.append(blank.label)
        yield blank
    no_doubles(part, labels, "label")
