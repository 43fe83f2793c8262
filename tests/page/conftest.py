from collections.abc import Iterator
from pathlib import Path

import page_tools
import pytest
from two_readers import Node


@pytest.fixture(scope="session")
def page_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The page's own code, asked in Node."""
    page_tools.demand(browser=False)
    script: Path = tmp_path_factory.mktemp("page") / "answer.mjs"
    page_tools.node(page_tools.TESTS / "build_answer.js", script)
    asked = Node(script)
    yield asked
    asked.close()
