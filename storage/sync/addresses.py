"""Where the process that hands notes over may connect to. Pure; asked after a name was resolved, before connecting.

Facts behind it (measured, Python 3.11): ``ipaddress`` calls 64:ff9b::a00:1 global although it reaches 10.0.0.1 behind a
NAT64; 100.64.0.1 is not ``is_private``; the names ``2130706433`` and ``0x7f.1`` resolve to 127.0.0.1. So a name must
look like a name, and what it resolves to is judged each time.
"""

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NEVER: Final[tuple[Network, ...]] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",  # link-local: where clouds keep their credentials
            "100.100.100.200/32",  # likewise, one cloud's
            "192.0.0.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
            "::/128",
            "fe80::/10",
            "fd00:ec2::254/128",  # likewise, another cloud's
            "ff00::/8",
            "64:ff9b::/96",  # IPv4 in disguise: NAT64, 6to4, Teredo
            "64:ff9b:1::/48",
            "2002::/16",
            "2001::/32",
        ),
    )
)
LOOPBACK: Final[tuple[Network, ...]] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
NAME: Final = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
"""A host name whose last label begins with a letter, so that no number in disguise passes."""


def is_host(host: str) -> bool:
    """Whether this is a host name in lower case, or an address in its usual spelling."""
    return literal(host) is not None or NAME.fullmatch(host) is not None


def literal(host: str) -> Address | None:
    """The address, where the host is one in its usual spelling and without a zone."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return address if str(address) == host and getattr(address, "scope_id", None) is None else None


def is_loopback(host: str) -> bool:
    """Whether the host, as the operator wrote it, is this machine."""
    address = literal(host)
    return host == "localhost" if address is None else _within(address, LOOPBACK)


def may_connect(address: str, *, loopback: bool, networks: Collection[Network]) -> bool:
    """
    Args:
        address: what a name resolved to.
        loopback: the operator wrote this machine's own name; then nothing else is allowed.
        networks: private networks that the operator listed.
    """
    try:
        found: Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if loopback or _within(found, LOOPBACK):
        return loopback and _within(found, LOOPBACK)
    if _within(found, NEVER):
        return False
    return found.is_global or _within(found, networks)


def _within(address: Address, networks: Collection[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
