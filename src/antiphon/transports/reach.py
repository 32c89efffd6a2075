"""Which addresses may be connected to, where a URL came from somebody who is not trusted.

Judges addresses and never names: a name is resolved once, what it resolves to is judged, and that very address is connected to, so
that a name which changes its mind in between gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from ..errors import ConnectError

Reach = Callable[[str, list[tuple[int, Any]]], list[tuple[int, Any]]]
"""Given a host and its addresses (family, and what `connect` takes), those that may be connected to."""
_NAT64 = ip_network("64:ff9b::/96")


def public_only(host: str, addresses: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """The addresses, if all of them are public ones.

    Raises:
        ConnectError: one is not; a host that has both is not to be trusted with either.
    """
    for family, address in addresses:
        if family not in (socket.AF_INET, socket.AF_INET6) or not is_public(address[0]):
            raise ConnectError(
                message=f"{host} is no public address, and only those are fetched from", phase="dns", sent="no"
            )
    return addresses


def is_public(text: str) -> bool:
    """Whether an address belongs to somebody on the public internet, and not to this machine, its networks or its cloud.

    >>> is_public("1.1.1.1"), is_public("127.0.0.1"), is_public("169.254.169.254"), is_public("::ffff:10.0.0.1")
    (True, False, False, False)
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = _inside(address)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
