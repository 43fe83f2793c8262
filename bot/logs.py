"""Logs: event names with allow-listed fields, nothing else. No free text, no ids of people, no exception messages.

Whatever other libraries log comes out as its logger's name and level alone; exceptions as class and place in the code.
"""

import logging
import sys
import threading
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

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
        "destination",
        "outcome",
    }
)
FIRST: Final = ("timestamp", "level", "event")
"""In a line of logfmt these come first."""

Written = structlog.processors.JSONRenderer | structlog.processors.LogfmtRenderer


def configure(level: str = "info", form: str = "json", *, stream: Any = None) -> None:
    """Route every log line, warning and uncaught exception through here. Call once, first.

    Args:
        level: ``info``, ``warning`` or ``error``; what is less is not logged. Other libraries: ``warning`` or more.
        form: ``json`` or ``logfmt``, one line each.
    """
    out = stream or sys.stderr
    least = logging.getLevelNamesMapping()[level.upper()]
    written = _form(form)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            written,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(Withholding(written))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(least, logging.WARNING))
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _form(form: str) -> Written:
    if form == "logfmt":
        return structlog.processors.LogfmtRenderer(key_order=FIRST, drop_missing=True)
    return structlog.processors.JSONRenderer()


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
    """Lines of other libraries, without their words.

    Args:
        written: as our own lines are written.
    """

    def __init__(self, written: Written | None = None) -> None:
        super().__init__()
        self._written = written or _form("json")

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        fields = {"event": "library.log", "kind": record.name, "level": record.levelname.lower(), "timestamp": at}
        return str(self._written(None, record.levelname, {**fields, **(failure(error) if error is not None else {})}))


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None, /) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    fields = failure(error) if error is not None else {"error": kind.__name__}
    structlog.get_logger().error("uncaught", **fields)
