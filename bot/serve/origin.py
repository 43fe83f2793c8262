"""What browsers reach the page as. Part of every login challenge: another site that passes them on gets nothing."""

import ipaddress
from urllib.parse import urlsplit

from bot.commands.common import Refusal


def read_origin(text: str) -> str:
    """``https://host`` or ``https://host:port``, as a browser writes it; ``http`` for this machine alone.

    Raises:
        Refusal: says what it has to look like.
    """
    try:
        found = urlsplit(text)
        host, port = found.hostname or "", found.port
    except ValueError:
        host, port, found = "", None, urlsplit("")
    plain = not (found.path.strip("/") or found.query or found.fragment or found.username or found.password)
    if not host or not host.isascii() or not plain or found.scheme not in ("https", "http"):
        raise Refusal("the page's address is what browsers reach it as, without a path: https://notes.example.org")
    if found.scheme == "http" and not _is_here(host):
        raise Refusal("over http anybody on the way could change the page; put it behind https")
    usual = {"https": 443, "http": 80}[found.scheme]
    named = f"[{host}]" if ":" in host else host
    return f"{found.scheme}://{named}" if port in (None, usual) else f"{found.scheme}://{named}:{port}"


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
