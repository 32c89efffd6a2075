"""Who may speak to a loopback server: the Host allow-list against rebinding, and no cross-site browsers.

Knows header values only. The keys are another file's concern.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from .problem import Problem

IN_PROCESS: Final = "testserver"  # what test clients call an application that has no socket
_HOST: Final = re.compile(rb"(\[[^\[\]]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?")


class Guard:
    """Judges Host and Origin; `allow_remote` accepts every Host."""

    def __init__(self, allow_remote: bool) -> None:
        self._allow_remote = allow_remote

    def judge(self, headers: list[tuple[bytes, bytes]], server: Any = None) -> None:
        """Raise 403 or 421 before anything else happens when the request comes from elsewhere or is for elsewhere.

        `server` is the ASGI scope's: the address of a socket, or the URL's host and port where there is no socket.
        A Host without a port passes whatever the port is.
        """
        hosts = 0
        for name, value in headers:
            if name == b"host":
                hosts += 1
                if not self._allow_remote:
                    _judge_host(value, server)
            elif name == b"origin" and not _same_machine(value):
                raise Problem(403, "Requests from other sites are refused.", code="origin_not_allowed")
            elif name == b"sec-fetch-site" and value == b"cross-site":
                raise Problem(403, "Cross-site requests are refused.", code="origin_not_allowed")
        if hosts != 1:
            raise Problem(400, "Send exactly one Host header.", code="host_not_allowed")


def _judge_host(host: bytes, server: Any) -> None:
    name, port = _parts(host)
    address, own = (server[0], server[1]) if server else (None, None)
    if not is_loopback(name) and not (name == address == IN_PROCESS):
        raise Problem(403, "This server answers to loopback names only.", code="host_not_allowed")
    if port is not None and own is not None and port != own:
        raise Problem(421, "The port in Host is not this server's.", code="host_not_allowed")


def _same_machine(origin: bytes) -> bool:
    try:
        host = urlsplit(origin.decode("latin-1")).netloc
    except ValueError:
        return False
    return is_loopback(_parts(host.encode("latin-1"))[0])


@lru_cache(maxsize=256)
def _parts(host: bytes) -> tuple[str, int | None]:
    """Name, without an IPv6 address's brackets, and port; an empty name for what is no host."""
    if (found := _HOST.fullmatch(host)) is None:
        return "", None
    name, port = found[1].decode("latin-1").lower(), found[2]
    if name.startswith("["):
        name = name[1:-1] if ":" in name else ""
    return name, None if port is None else int(port)


@lru_cache(maxsize=256)
def is_loopback(address: str) -> bool:
    """Whether only this machine reaches a server that listens on this address."""
    if address.lower() == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
