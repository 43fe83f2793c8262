"""Where the process that hands notes over may connect to."""

from ipaddress import ip_network

import pytest

from storage.sync.addresses import is_host, is_loopback, may_connect

LISTED = [ip_network("10.3.0.0/16"), ip_network("fd12:3456::/32"), ip_network("169.254.0.0/16")]


@pytest.mark.parametrize("host", ["rt.example", "127.0.0.1", "::1", "a-b.c", "localhost", "xn--bcher-kva.example"])
def test_names_and_addresses_in_their_usual_spelling_are_hosts(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f.1",
        "127.1",
        "017700000001",
        "1.2.3",
        "",
        "a..b",
        "-a.b",
        "fe80::1%eth0",
        "a b",
        "a.1",
        "0:0:0:0:0:0:0:1",
    ],
)  # fmt: skip
def test_numbers_in_disguise_are_none(host: str) -> None:
    assert not is_host(host)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "10.3.4.5", "fd12:3456::1"]
)
def test_public_addresses_and_listed_networks_are_allowed(address: str) -> None:
    assert may_connect(address, loopback=False, networks=LISTED)


@pytest.mark.parametrize(
    "address",
    [
        "10.4.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd00::1", "127.0.0.1", "::1", "0.0.0.0", "::",
        "169.254.169.254", "169.254.1.1", "fe80::1", "224.0.0.1", "255.255.255.255", "ff02::1", "100.100.100.200",
        "fd00:ec2::254", "::ffff:169.254.169.254", "::ffff:127.0.0.1", "::ffff:10.4.0.1", "64:ff9b::a00:1",
        "64:ff9b::a9fe:a9fe", "2002:a00:1::", "2001:0:1::", "not-an-address", "",
    ],
)  # fmt: skip
def test_row_24_private_local_and_disguised_addresses_are_not(address: str) -> None:
    assert not may_connect(address, loopback=False, networks=LISTED)


def test_this_machine_is_reached_by_its_own_name_alone_and_nothing_else_by_that() -> None:
    assert is_loopback("localhost")
    assert is_loopback("127.0.0.1")
    assert not is_loopback("rt.example")
    assert may_connect("127.0.0.1", loopback=True, networks=[])
    assert may_connect("::1", loopback=True, networks=[])
    assert not may_connect("10.3.4.5", loopback=True, networks=LISTED)
    assert not may_connect("93.184.215.14", loopback=True, networks=[])
