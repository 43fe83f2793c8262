"""What the page's server says when it does not do something: docs/formats/page-api.md, Refusals."""

from collections.abc import Mapping
from math import ceil
from typing import Final

from aiohttp import web

REFUSALS: Final[Mapping[str, tuple[int, str]]] = {
    "form": (400, "This is not as the interface says; load the page again."),
    "envelope": (400, "This is not a sealed note of a version that this server knows; load the page again."),
    "header": (400, "This note was sealed for another place, by somebody else, or too long ago."),
    "recipients": (400, "This note is not sealed to those who must be able to read it; load the page again."),
    "suite": (400, "This agency does not take notes sealed in that way; load the page again."),
    "session": (401, "You are not logged in any more; log in again."),
    "link": (401, "This link was used or is too old; type /page in the chat for a new one."),
    "init-data": (401, "Telegram's word for who you are is too old or was used; close the page and open it again."),
    "answer": (401, "That is not the answer; try again."),
    "step-up": (403, "Unlock your key once more for this."),
    "reason": (403, "This is not your case: say why you open it."),
    "unlinked": (403, "Your key belongs to no person yet; open /page from your chat on this device."),
    "role": (403, "Your role does not allow this."),
    "unknown": (404, "There is nothing here, or not for you."),
    "method": (405, "Not in this way."),
    "desk-newer": (409, "This server knows an older list of readers than this note was sealed to; try again later."),
    "other-note": (409, "Another note is kept under this number; seal it again under a new one."),
    "reference": (409, "Another note has this reference; seal it again under a new number."),
    "no-desk": (409, "This agency has nobody at present who could read the note; its admin has to put that right."),
    "uploads": (409, "A photo or voice message has not arrived; send it again, then the note."),
    "taken": (409, "Somebody else was faster, or it is not open any more; load the list again."),
    "key-taken": (409, "This key belongs to somebody else; ask your admin."),
    "no-author": (409, "Its author cannot be reached in the chat any more; ring them, or ask their agency."),
    "withdrawn": (410, "This note was withdrawn by its author."),
    "size": (413, "This is too large."),
    "type": (415, "This kind of content is not taken here."),
    "slower": (429, "Too many at once; wait a moment."),
    "day-full": (429, "No more notes are taken today; this one is not lost, send it again tomorrow."),
    "broken": (500, "Something went wrong here; nothing was kept. Try again."),
    "busy": (503, "The database does not answer; nothing was kept. Try again in a moment."),
}
"""Code -> status, and what it says. No sentence holds anything that was sent."""


class Refused(Exception):
    """A request is refused; ``code`` is one of ``REFUSALS``."""

    def __init__(self, code: str, *, wait_s: float = 0.0) -> None:
        super().__init__(code)
        self.code, self.wait_s = code, wait_s

    def answer(self) -> web.Response:
        status, say = REFUSALS[self.code]
        about: dict[str, object] = {"code": self.code, "say": say}
        response = web.json_response(about, status=status)
        if self.wait_s > 0:
            about["retry_after_s"] = ceil(self.wait_s)
            response = web.json_response(about, status=status)
            response.headers["Retry-After"] = str(ceil(self.wait_s))
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
