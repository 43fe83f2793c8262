"""Where Node, its packages or Chromium are missing, tests of the page are skipped aloud, and fail in CI."""

from pathlib import Path

import page_tools
import pytest


@pytest.mark.parametrize("missing", ["node", "packages", "browser"])
def test_what_is_missing_is_said_and_fails_in_ci(missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if missing != "node":
        page_tools.demand(browser=False)
    if missing == "node":
        monkeypatch.setattr(page_tools.shutil, "which", lambda _: None)
    elif missing == "packages":
        monkeypatch.setattr(page_tools, "PAGE", tmp_path)
    else:
        monkeypatch.setattr(page_tools, "chromium", lambda: None)

    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="THE PAGE WAS NOT TESTED"):
        page_tools.demand(browser=True)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="the page was not tested"):
        page_tools.demand(browser=True)
