"""One second reader for all tests of sealing."""

from collections.abc import Iterator

import pytest
from two_readers import Node, node_or_say_why_not


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    reader = node_or_say_why_not()
    yield reader
    reader.close()
