"""Where a case system is missing, its tests say so aloud; in CI they fail."""

from collections.abc import Callable
from typing import Any

import pytest
from _pytest.outcomes import Failed, Skipped
from case_systems import request_tracker, roundup_tracker, shared


@pytest.mark.parametrize(
    ("module", "start", "named"),
    [
        (request_tracker, shared.the_request_tracker, "request-tracker5"),
        (roundup_tracker, shared.the_roundup, "roundup"),
    ],
)
def test_a_missing_system_is_skipped_aloud_here_and_fails_in_ci(
    module: Any, start: Callable[[], object], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "installed", lambda: False)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(Skipped, match=named):
        start.__wrapped__()  # type: ignore[attr-defined]  # past the cache
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Failed, match=named):
        start.__wrapped__()  # type: ignore[attr-defined]
