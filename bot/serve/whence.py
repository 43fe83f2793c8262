"""From which address a request comes, as far as that can be known behind a proxy."""

import ipaddress

from aiohttp import web


def address_of(request: web.Request) -> str:
    """An IP address; the last that a proxy on this machine saw. Networks of IPv6 count as one where a person has all of
    it (/64)."""
    peer = request.remote or ""
    seen = request.headers.getall("X-Forwarded-For", [])
    if seen and _is_here(peer):
        peer = seen[-1].rpartition(",")[2].strip()
    try:
        found = ipaddress.ip_address(peer)
    except ValueError:
        return "?"
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _is_here(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return not peer  # a socket of this machine
