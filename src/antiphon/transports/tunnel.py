"""A tunnel through an HTTP proxy: CONNECT, and what its answer means.

`verdict` judges for both colours; `tunnel` is the blocking exchange.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from ..core.limits import WireLimits
from ..core.url import Origin
from ..errors import ProxyError
from ..wire.encoding import encode_connect
from ..wire.problem import WireProblem
from ..wire.reply import ReplyParser
from .dial import allow
from .failure import timed_out
from .proxy import Proxy

if TYPE_CHECKING:
    from ..core.ticket import Ticket

LIMITS = WireLimits(header_bytes=16 * 1024, error_body=16 * 1024)
"""A proxy has less to say than a server."""


def verdict(parser: ReplyParser, proxy: Proxy) -> None:
    """Judge the head of a proxy's answer to CONNECT.

    Raises:
        ProxyError: there is no tunnel.
    """
    status, where = parser.status, f"the proxy {proxy.address}"
    if status == 407:
        said = (
            "refuses these credentials"
            if proxy.authorization
            else "asks for credentials; put them into the proxy's URL"
        )
        raise ProxyError(message=f"{where} {said} (407)", phase="proxy", sent="no")
    if not 200 <= status < 300:
        raise ProxyError(message=f"{where} refused the tunnel with status {status}", phase="proxy", sent="no")
    if not parser.reusable or parser.headers.get("content-type", "").startswith("text/html"):
        raise ProxyError(message=f"{where} answered with a page instead of a tunnel", phase="proxy", sent="no")


def nonsense(proxy: Proxy, problem: Exception) -> ProxyError:
    """The error for a proxy that does not speak HTTP, or hangs up."""
    return ProxyError(message=f"the proxy {proxy.address} gave no tunnel: {problem}", phase="proxy", sent="no")


def tunnel(
    sock: socket.socket, origin: Origin, proxy: Proxy, until: float | None, ticket: Ticket | None = None
) -> None:
    """Ask for a tunnel to the origin over a connection with the proxy.

    Raises:
        ProxyError: the proxy refused, or answered nonsense.
        ConnectTimeout: it took too long.
        ClientClosed: the ticket was withdrawn.
    """
    parser = ReplyParser(LIMITS)
    parser.expect("CONNECT")
    try:
        allow(sock, until, "proxy")
        sock.sendall(encode_connect(origin.host, origin.port, proxy.authorization))
        while not parser.status:
            allow(sock, until, "proxy", ticket, proxy.address)
            with suppress(TimeoutError):  # its next allowance says whether there is time left
                _hear(sock, parser)
    except TimeoutError:
        raise timed_out("proxy", detail=proxy.address) from None
    except (OSError, WireProblem) as problem:
        raise nonsense(proxy, problem) from problem
    verdict(parser, proxy)


def _hear(sock: socket.socket, parser: ReplyParser) -> None:
    """Take in what came; apart, for some proxies repeat the credentials they refuse, and a traceback would show them."""
    data = sock.recv(16 * 1024)
    parser.feed(data) if data else parser.eof()
