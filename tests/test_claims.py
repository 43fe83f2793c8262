"""What we never claim stands nowhere as a claim: not in the README, not in what the assistant says."""

import re
from pathlib import Path

import pytest

from bot.wiring import voices

ROOT = Path(__file__).parent.parent
NEVER = re.compile(
    r"end[- ]to[- ]end[- ]encrypt|securely wiped|zero[- ]knowledge|you (?:are|stay) anonymous|unhackable|"
    r"gdpr[- ]compliant|100 ?% secure|military[- ]grade|cannot be hacked",
    re.IGNORECASE,
)


def test_t67_the_words_are_found_where_they_stand() -> None:
    assert all(NEVER.search(claim) for claim in ("End-to-end encrypted", "zero knowledge", "It is GDPR compliant"))


@pytest.mark.parametrize("path", ["README.md", "SECURITY.md", "CHANGELOG.md", "docs/operating.md"])
def test_t67_no_page_claims_what_we_never_claim(path: str) -> None:
    assert NEVER.findall((ROOT / path).read_text()) == []


def test_t67_the_assistant_claims_nothing_of_the_kind() -> None:
    for file in (ROOT / "guidance/content/en/phrases").glob("*.ftl"):
        assert NEVER.findall(file.read_text()) == [], file.name
    content = voices()["en"].content
    for answer in content.answers.values():
        assert NEVER.findall(f"{answer.short} {answer.more} {answer.words}") == [], answer.id
