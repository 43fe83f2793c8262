"""What docs/operating.md says to type."""

import re
from pathlib import Path

PAGE = (Path(__file__).parent.parent / "docs" / "operating.md").read_text()


def section(title: str) -> str:
    """What stands below a heading of the second or third level, up to the next one of its level or above.

    Raises:
        AssertionError: there is no such heading.
    """
    found = re.search(rf"^(###?) {title}\n(.*?)(?=^##? |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None, title
    return found[2].partition("\n### ")[0] if found[1] == "###" else found[2]


def boxes(title: str, language: str = "sh") -> list[str]:
    """The boxes of a section, in order; those of a shell are to be run as they stand."""
    found = re.findall(rf"```{language}\n(.*?)```", section(title), re.DOTALL)
    assert found, title
    return found


def steps(title: str) -> list[str]:
    """The commands in a section's boxes, in order; a line that goes on is one with the next."""
    return "".join(boxes(title)).replace("\\\n", " ").splitlines()
