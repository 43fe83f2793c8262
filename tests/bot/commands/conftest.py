"""Commands are run in this process; what goes to a log is not set up, so that other tests keep theirs."""

import os
from collections.abc import Callable
from typing import NamedTuple

import pytest

from bot import logs
from bot.cli import main


class Done(NamedTuple):
    code: int
    out: str
    err: str


Integra = Callable[..., Done]


@pytest.fixture
def integra(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Integra:
    for name in [one for one in os.environ if one.startswith("INTEGRA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("INTEGRA_BY_MEANING", "false")
    monkeypatch.setattr(logs, "configure", lambda **_: None)

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        code = main([str(one) for one in arguments])
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    return run
