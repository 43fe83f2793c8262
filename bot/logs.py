"""Logs: event names with allow-listed fields, nothing else. No free text, no ids of people, no exception messages.

Whatever other libraries log comes out as its logger's name and level alone; exceptions as class and place in the code.
"""

import json
import logging
import sys
import threading
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "code",
        "error",
        "where",
        "channel",
        "kind",
        "count",
        "seconds",
        "update_id",
        "update_kind",
        "version",
        "mode",
        "client",
        "port",
    }
)


def configure(*, stream: Any = None) -> None:
    """Route every log line, warning and uncaught exception through here. Call once, first."""
    out = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(Withholding())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def only_allowed(_: Any, __: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drop every field that is not on the list."""
    return {name: value for name, value in fields.items() if name in ALLOWED}


def failure(error: BaseException) -> dict[str, str]:
    """The fields that tell of an exception without its message: class, and innermost place in our code."""
    place, trace = "?", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.partition(".")[0] in ("bot", "storage", "dialogues", "guidance"):
            place = f"{module}.{code.co_name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return {"error": type(error).__name__, "where": place, "code": getattr(error, "code", "")}


class Withholding(logging.Formatter):
    """Lines of other libraries, without their words."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        fields = {"event": "library.log", "kind": record.name, "level": record.levelname.lower()}
        return json.dumps({**fields, **(failure(error) if error is not None else {})})


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None, /) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    fields = failure(error) if error is not None else {"error": kind.__name__}
    structlog.get_logger().error("uncaught", **fields)
