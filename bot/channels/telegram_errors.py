"""What Telegram's refusals mean, in our words. A client's library only tells status and description.

    ChannelError
    ├── TryLater
    │   ├── OutOfReach    no answer came, or none that can be read: it may have been done all the same
    │   ├── InTrouble     5xx: the server says that it is not well
    │   ├── Flooded       429: not so much at once
    │   └── Conflict      409: another poller, a webhook in the way of polling, or the same call twice at once
    ├── Refused
    │   └── Bad           ``bad``; its reason matters to some callers
    │       ├── BadMarks
    │       └── NotModified
    ├── Moved, Gone, Stop

Descriptions are matched as the server words them, see tests/fake_telegram; only that of a refused setWebhook goes on
into a message of ours.
"""

from bot.channels.base import ChannelError, Gone, Moved, Refused, Stop, TryLater

BAD_TOKEN = "Telegram does not know this bot token: get the current one from @BotFather and put it into the token file"  # noqa: S105  says how to mend it, is none

_MESSAGE_GONE = (
    "message to edit not found",
    "message can't be edited",
    "there is no text in the message to edit",
    "message_id_invalid",
    "message to delete not found",
)


class OutOfReach(TryLater):
    def __init__(self) -> None:
        super().__init__("telegram is out of reach")


class InTrouble(TryLater):
    def __init__(self) -> None:
        super().__init__("telegram is in trouble")


class Flooded(TryLater):
    def __init__(self, after_s: float) -> None:
        super().__init__("telegram asks to wait", after_s=after_s)


class Conflict(TryLater):
    """
    Attributes:
        webhook: a webhook has to do with it, so it is no other poller.
    """

    def __init__(self, *, webhook: bool) -> None:
        super().__init__("telegram is doing the same already", after_s=1.0)
        self.webhook = webhook


class Bad(Refused):
    """
    Attributes:
        said: Telegram's own description, for calls that hold nobody's words; it may quote the request.
    """

    def __init__(self, said: str = "") -> None:
        super().__init__("bad")
        self.said = said


class BadMarks(Bad):
    """The message's entities will not do; without them it would."""


class NotModified(Bad):
    """The message looks like that already."""


def refusal(
    status: int, description: str = "", *, retry_after: float = 0.0, moved_to: int | None = None
) -> ChannelError:
    """What to do about an answer that is not ok.

    Args:
        status: the HTTP status, the same as ``error_code``; 400 or more.
        retry_after, moved_to: ``retry_after`` (seconds) and ``migrate_to_chat_id`` of ``parameters``.
    """
    if moved_to is not None:
        return Moved(str(moved_to))
    match status:
        case 400:
            return _bad_request(description)
        case 401 | 404:
            return Stop(BAD_TOKEN)
        case 403:
            return Refused("blocked")
        case 409:
            return Conflict(webhook="webhook" in description.lower())
        case 429:
            return Flooded(retry_after)
        case _:
            return InTrouble() if status >= 500 else Bad(description)


def no_file(status: int) -> ChannelError:
    """What to do about a download that was refused."""
    if status == 401:
        return Stop(BAD_TOKEN)
    # 404: the path has expired since; asking for it again gives another.
    return TryLater("telegram does not give the file")


def _bad_request(said: str) -> ChannelError:
    description = said.lower()
    if "message is not modified" in description:
        return NotModified()
    if any(words in description for words in _MESSAGE_GONE):
        return Gone("the message is not there any more")
    if "file is too big" in description:
        return Refused("too-large")
    if "file_id" in description or "file identifier" in description:
        return Refused("gone")
    if "chat not found" in description or "peer_id_invalid" in description:
        return Refused("gone")
    if "entit" in description:
        return BadMarks()
    return Bad(said)
