"""How danger sounds in a language, for pages to hear it where it is typed: no word of a note leaves a device for it."""

import asyncio
import gzip
import json
from functools import lru_cache

from aiohttp import web

from bot.serve.refusals import Refused
from bot.serve.served import SERVED
from guidance.danger import DangerFinder


async def told(request: web.Request) -> web.Response:
    """GET /api/danger/{language}: some 170 kB, packed."""
    voice = request.app[SERVED].world.voices.get(request.match_info["language"])
    if voice is None:
        raise Refused("unknown")
    packed = await asyncio.to_thread(_packed, voice.danger)
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=gzip.decompress(packed), content_type="application/json", charset="utf-8")
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return web.Response(body=packed, content_type="application/json", charset="utf-8", headers=headers)


@lru_cache(maxsize=16)
def _packed(finder: DangerFinder) -> bytes:
    """Takes some two seconds the first time, and is kept as long as the content is."""
    return gzip.compress(json.dumps(finder.told(), ensure_ascii=False, separators=(",", ":")).encode(), 9, mtime=0)
