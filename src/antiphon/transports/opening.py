"""From an origin to a connection ready for requests: dial, proxy, tunnel, TLS, all within one bound of time.

Knows the order of these steps; leaves each to its own module.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, cast

from ..core.limits import WireLimits
from ..core.url import Origin
from ..errors import APIConnectionError
from .connection import Connection
from .dial import allow, dial, dial_unix
from .failure import proxy_failure, timed_out, tls_failure
from .proxy import Proxy, ProxyMap
from .tls import TLSConfig
from .tunnel import tunnel

if TYPE_CHECKING:
    import ssl

    from ..core.ticket import Ticket
    from .reach import Reach

_SECURE = frozenset({"https", "wss"})


class Opener:
    """Opens connections of one transport.

    Args:
        limits: the bounds on replies.
        tls: what to trust and show.
        proxies: the choice of proxies.
        uds: the path of a unix socket to use for every origin, instead of names and proxies.
        reach: which addresses may be connected to; all when left out.
    """

    __slots__ = ("_limits", "_proxies", "_reachable", "_tls", "_uds")

    def __init__(
        self, limits: WireLimits, tls: TLSConfig, proxies: ProxyMap, uds: str | None, reach: Reach | None = None
    ) -> None:
        self._reachable = reach
        self._limits = limits
        self._tls = tls
        self._proxies = proxies
        self._uds = uds

    def open(self, origin: Origin, until: float | None, ticket: Ticket | None = None) -> Connection:
        """A fresh connection.

        Args:
            origin: whom to reach.
            until: the monotonic time by which it must be ready, or `None`.
            ticket: looked at all the while, but for the inner handshake of two.

        Raises:
            ConnectError, TLSError, ProxyError: no connection, no trust, no tunnel.
            ConnectTimeout: it took too long.
            ClientClosed: the ticket was withdrawn.
        """
        proxy = None if self._uds is not None else self._proxies.for_origin(origin)
        sock = self._dial(origin, until, ticket) if proxy is None else self._reach(proxy, until, ticket)
        try:
            if origin.scheme not in _SECURE:
                authorization = None if proxy is None else proxy.authorization
                return Connection(sock, self._limits, absolute=proxy is not None, proxy_authorization=authorization)
            if proxy is not None:
                tunnel(sock, origin, proxy, until, ticket)
            sock = self._secure(sock, origin.host, until, ticket)
            return Connection(sock, self._limits)
        except BaseException:
            sock.close()
            raise

    def _dial(self, origin: Origin, until: float | None, ticket: Ticket | None) -> socket.socket:
        if self._uds is not None:
            return dial_unix(self._uds, until)
        return dial(origin.host, origin.port, until, self._reachable, ticket)

    def _reach(self, proxy: Proxy, until: float | None, ticket: Ticket | None) -> socket.socket:
        try:
            sock = dial(proxy.host, proxy.port, until, ticket=ticket)
            if proxy.scheme != "https":
                return sock
            try:
                return self._secure(sock, proxy.host, until, ticket)
            except BaseException:
                sock.close()
                raise
        except APIConnectionError as error:
            raise proxy_failure(error, proxy.address) from error.__cause__

    def _secure(self, sock: socket.socket, host: str, until: float | None, ticket: Ticket | None) -> socket.socket:
        return handshake(sock, self._tls.context(), host, until, ticket)


def handshake(
    sock: socket.socket, context: ssl.SSLContext, host: str, until: float | None, ticket: Ticket | None = None
) -> socket.socket:
    """TLS over a connected socket.

    Raises:
        TLSError: the server is not trusted, or does not speak TLS.
        ConnectTimeout: it took too long.
        ClientClosed: the ticket was withdrawn.
    """
    allow(sock, until, "tls")
    try:
        if hasattr(sock, "pending"):  # it speaks TLS already, with a proxy
            from .nested import NestedTLS

            return cast("socket.socket", NestedTLS(sock, context, host))
        # An end without a close_notify is an error: anyone on the way could have cut the connection.
        secure = context.wrap_socket(
            sock, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
        _shake(secure, until, ticket)
    except TimeoutError:
        raise timed_out("tls") from None
    except (OSError, ValueError) as problem:
        raise tls_failure(host, problem) from problem
    return secure


def _shake(secure: ssl.SSLSocket, until: float | None, ticket: Ticket | None) -> None:
    try:
        while True:
            allow(secure, until, "tls", ticket)
            try:
                return secure.do_handshake()
            except TimeoutError:  # it goes on where it was, should there be time left
                pass
    except BaseException:
        secure.close()
        raise
