"""The real case systems, started when the first test of a process asks for them, stopped when it ends."""

import atexit
import os
from contextlib import ExitStack
from functools import cache

import pytest

from case_systems import request_tracker, roundup_tracker

_running = ExitStack()
atexit.register(_running.close)


@cache
def the_request_tracker() -> request_tracker.RequestTracker:
    _installed(request_tracker.installed(), request_tracker.MISSING)
    return _running.enter_context(request_tracker.request_tracker())


@cache
def the_roundup() -> roundup_tracker.Roundup:
    _installed(roundup_tracker.installed(), roundup_tracker.MISSING)
    return _running.enter_context(roundup_tracker.roundup_tracker())


def _installed(installed: bool, missing: str) -> None:
    if installed:
        return
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
