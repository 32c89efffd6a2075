"""Who may speak to a loopback server: the Host allow-list against rebinding, and no cross-site browsers.

Knows header values only. The keys are another file's concern.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from .problem import Problem

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", "testserver"})


class Guard:
    """Judges Host and Origin; `allow_remote` accepts every Host."""

    def __init__(self, allow_remote: bool) -> None:
        self._allow_remote = allow_remote

    def judge(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Raise 403 before anything else happens when the request comes from elsewhere."""
        hosts = 0
        for name, value in headers:
            if name == b"host":
                hosts += 1
                if not self._allow_remote and not _is_loopback(value):
                    raise Problem(403, "This server answers to loopback names only.", code="host_not_allowed")
            elif name == b"origin" and not self._same_machine(value):
                raise Problem(403, "Requests from other sites are refused.", code="origin_not_allowed")
            elif name == b"sec-fetch-site" and value == b"cross-site":
                raise Problem(403, "Cross-site requests are refused.", code="origin_not_allowed")
        if hosts != 1:
            raise Problem(400, "Send exactly one Host header.", code="host_not_allowed")

    def _same_machine(self, origin: bytes) -> bool:
        try:
            host = urlsplit(origin.decode("latin-1")).netloc
        except ValueError:
            return False
        return _is_loopback(host.encode("latin-1"))


@lru_cache(maxsize=256)
def _is_loopback(host: bytes) -> bool:
    name = host.decode("latin-1").lower()
    bare, colon, port = name.rpartition(":")
    if colon and (port.isdigit() and not bare.endswith(":")):
        name = bare
    return name in LOOPBACK


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches a server that listens on this address."""
    return address in ("localhost", "::1") or address.startswith("127.")
