"""Addresses: which of them a URL that somebody else chose may lead to. Pure, but for the socket it makes."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import Any

from kauneonga_async.config import is_loopback

__all__ = ["PrivateAddress", "is_public", "may_be_reached", "socket_for"]

# Ways round ``is_global``: translated, tunnelled and shared addresses (tried, Python 3.11).
_NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "192.0.0.0/24", "100.64.0.0/10")
]


class PrivateAddress(OSError):
    """A host that may only be public has an address that is not."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "the address is not public")


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet: not private, loopback, link-local or multicast."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if not parsed.is_global or parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified:
        return False
    return not any(parsed.version == network.version and parsed in network for network in _NOT_PUBLIC)


def may_be_reached(address: str, api_host: str) -> bool:
    """Tell whether an address is public, or where the API itself is: there it can be no way into somebody's network.

    Args:
        address: The address.
        api_host: The API's host. That of this machine stands for all of its addresses.
    """
    return is_public(address) or address == api_host or (is_loopback(api_host) and is_loopback(address))


def socket_for(address: tuple[Any, ...], api_host: str) -> socket.socket:
    """Return a socket for an address that was resolved, just before it is connected: no later answer can differ.

    Args:
        address: As ``socket.getaddrinfo`` returns it.
        api_host: The API's host.

    Raises:
        PrivateAddress: It may not be reached.
    """
    family, kind, protocol, _, where = address
    if not may_be_reached(where[0], api_host):
        raise PrivateAddress
    return socket.socket(family, kind, protocol)
