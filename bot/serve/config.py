"""What a page has to know before anybody logs in. Nothing of any agency, nothing of any person."""

from pathlib import Path
from typing import Final, get_args

from aiohttp import web

from bot.serve.served import SERVED
from dialogues.draft import KINDS, MEDIA_TYPES, MOST_ATTACHED, MOST_SUMMARY, MOST_UNITS, PARTS, REASONS, URGENCIES
from dialogues.model import AWAITED, DECLINED, MOST_MEDIUM_BYTES, OUTCOMES
from storage import page_notes, sessions
from storage.audit import MOST_WORDS, ReadingReason
from storage.sealing.padding import MOST

OPENAPI: Final = Path(__file__).with_name("openapi.json")


async def config(request: web.Request) -> web.Response:
    """GET /api/config"""
    served = request.app[SERVED]
    about = {
        "api": 1,
        "origin": served.origin,
        "languages": list(served.world.voices),
        "bundle": None
        if served.bundle is None
        else {"sha256": served.bundle.sha256, "files": len(served.bundle.files)},
        "telegram": served.telegram is not None,
        "session": {
            "idle_s": int(sessions.IDLE.total_seconds()),
            "whole_s": int(sessions.WHOLE.total_seconds()),
            "step_up_s": int(sessions.STEP_UP.total_seconds()),
        },
        "limits": {
            "note_units": MOST_UNITS,
            "note_bytes": MOST,
            "summary_units": MOST_SUMMARY,
            "attachments": MOST_ATTACHED,
            "attachment_bytes": MOST_MEDIUM_BYTES,
            "words": MOST_WORDS,
            "sealed_days_ago": page_notes.SEALED_AGO.days,
        },
        "forms": {
            "kinds": list(KINDS),
            "parts": list(PARTS),
            "urgencies": list(URGENCIES),
            "flag_reasons": list(REASONS),
            "outcomes": list(OUTCOMES),
            "awaited": list(AWAITED),
            "declined": list(DECLINED),
            "reasons": list(get_args(ReadingReason)),
            "media_types": dict(MEDIA_TYPES),
        },
    }
    return web.json_response(about)


async def openapi(_: web.Request) -> web.Response:
    """GET /api/openapi.json"""
    return web.Response(body=OPENAPI.read_bytes(), content_type="application/json", charset="utf-8")
