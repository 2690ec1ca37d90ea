"""Which addresses a recording's host may have."""

from __future__ import annotations

import socket

import pytest

from kauneonga_async.transport.addresses import PrivateAddress, is_public, may_be_reached, socket_for


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
     "255.255.255.255", "224.0.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.7", "240.0.0.1", "::", "::1",
     "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
     "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::", "2001::1",
     "2001:db8::1", "localhost", "2130706433", "0x7f.1", "", "1.2.3"],
)  # fmt: skip
def test_private_addresses_in_every_disguise(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("address", "api_host", "may"),
    [
        ("127.0.0.1", "localhost", True),
        ("::1", "127.0.0.1", True),
        ("10.0.0.1", "10.0.0.1", True),
        ("8.8.8.8", "acme.example.com", True),
        ("127.0.0.1", "acme.example.com", False),
        ("10.0.0.1", "127.0.0.1", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("127.0.0.1", "10.0.0.1", False),
        ("169.254.169.254", "127.0.0.1", False),
        ("0.0.0.0", "127.0.0.1", False),
        ("127.0.0.1", "", False),
    ],
)
def test_a_private_address_may_be_reached_only_if_the_api_is_there(address: str, api_host: str, may: bool) -> None:
    assert may_be_reached(address, api_host) is may


def test_a_socket_is_made_only_for_what_may_be_reached() -> None:
    socket_for((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("8.8.8.8", 443)), "acme.example.com").close()
    with pytest.raises(PrivateAddress):
        socket_for((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("169.254.169.254", 80)), "acme.example.com")
