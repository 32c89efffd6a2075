"""Which addresses are public: everything else is somebody's own network, or this machine."""

from __future__ import annotations

import socket

import pytest

from antiphon.errors import ConnectError
from antiphon.transports.reach import is_public, public_only

OWN = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::"),
    "2001:0:4136:e378:8000:63bf:5601:5601",  # Teredo, for 169.254.169.254
]


@pytest.mark.parametrize("address", OWN)
def test_row_57_addresses_of_ones_own_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "2002:101:101::"])
def test_addresses_of_others_are(address: str) -> None:
    assert is_public(address)


def test_a_host_with_one_address_of_its_own_is_not_asked_at_all() -> None:
    mixed = [(socket.AF_INET, ("1.1.1.1", 80)), (socket.AF_INET6, ("::1", 80, 0, 0))]
    with pytest.raises(ConnectError, match="no public address"):
        public_only("h", mixed)
    assert public_only("h", mixed[:1]) == mixed[:1]
