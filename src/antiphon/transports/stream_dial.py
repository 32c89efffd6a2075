"""Making a connection on asyncio: name, socket, proxy, TLS.

Knows the way to an origin and what each step may take. Addresses are raced as in `dial.py`, whose order and tuning this
shares. Refuses to know pools and replies.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl as ssl_module
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from ..core.limits import WireLimits
from ..core.request import Request
from ..core.url import Origin
from ..errors import APIConnectionError
from ..steady import monotonic
from ..wire.encoding import encode_connect
from ..wire.problem import WireProblem
from ..wire.reply import ReplyParser
from .dial import STAGGER, Address, alternate, tune
from .failure import complete, connect_failure, dns_failure, passed, proxy_failure, timed_out, tls_failure
from .proxy import Proxy, ProxyMap
from .stream_buffer import link_for
from .stream_link import StreamLink
from .tls import TLSConfig
from .tunnel import LIMITS, nonsense, verdict

if TYPE_CHECKING:
    import ssl

    from .reach import Reach
    from .stream_hall import Hall


class StreamDial:
    """Opens connections.

    Args:
        tls: what to trust and show.
        proxies: which proxy stands before which origin.
        uds: a unix socket that every connection goes to instead of the origin's host.
        limits: the bounds on replies.
        reach: which addresses may be connected to; all when left out.
    """

    def __init__(
        self, tls: TLSConfig, proxies: ProxyMap, uds: str | None, limits: WireLimits, reach: Reach | None = None
    ) -> None:
        self.reach = reach
        self.tls = tls
        self.proxies = proxies
        self.uds = uds
        self.limits = limits

    async def open(self, hall: Hall, request: Request, started: float) -> StreamLink:
        """A connection ready for the request.

        Raises:
            ConnectError, TLSError, ProxyError: there is none.
            ConnectTimeout, DeadlineExceeded: not in time.
        """
        work = _Work(self, hall, request.origin)
        now = monotonic()
        seconds = request.timeout.connect
        if request.deadline is not None:
            left = max(request.deadline - now, 0.0)
            seconds = left if seconds is None else min(seconds, left)
        bound = asyncio.timeout(seconds)
        try:
            async with bound:
                return await work.link()
        except TimeoutError:
            if not bound.expired():
                raise
            late = passed(request.deadline)
            error: APIConnectionError = timed_out(work.phase, deadline=late)
            if work.proxy is not None:
                error = proxy_failure(error, work.proxy.address)
            raise complete(error, request, monotonic() - started) from None
        except APIConnectionError as error:
            raise complete(error, request, monotonic() - started) from error.__cause__


class _Work:
    """One connection in the making; `phase` says how far it is."""

    def __init__(self, dial: StreamDial, hall: Hall, origin: Origin) -> None:
        self.dial = dial
        self.hall = hall
        self.loop = hall.loop
        self.origin = origin
        self.phase = "connect"
        self.proxy: Proxy | None = None
        """The proxy that is still to be won."""

    async def link(self) -> StreamLink:
        link = link_for(self.hall, self.origin, self.dial.limits)
        try:
            await self._reach(link)
        except BaseException:
            link.abort()  # a transport may be there already where a cancellation came late
            raise
        if link.alive:
            self.hall.links.add(link)
        return link

    async def _reach(self, link: StreamLink) -> None:
        proxy = None if self.dial.uds is not None else self.dial.proxies.for_origin(self.origin)
        if proxy is not None:
            await self._by_proxy(proxy, link)
            return
        context = self.dial.tls.context() if self.origin.scheme == "https" else None
        sock = await self._socket(self.origin.host, self.origin.port)
        if context is not None:
            await self._attach(link, sock, context, self.origin.host)
        else:
            link.sock = sock
            await self._attach(link, sock)

    async def _by_proxy(self, proxy: Proxy, link: StreamLink) -> None:
        self.proxy = proxy
        if self.origin.scheme != "https":
            link.absolute, link.proxy_authorization = True, proxy.authorization
            await self._attach_to_proxy(proxy, link)
            return
        tunnel = _Tunnel(self.loop)
        await self._attach_to_proxy(proxy, tunnel)
        try:
            await self._dig(tunnel, proxy)
            self.phase = "tls"
            with _tls_failing(self.origin.host):
                inner = await self.loop.start_tls(
                    tunnel.transport, link, self.dial.tls.context(), server_hostname=self.origin.host
                )
        except BaseException:
            tunnel.transport.abort()
            raise
        link.connection_made(cast("asyncio.Transport", inner))

    async def _attach_to_proxy(self, proxy: Proxy, protocol: asyncio.Protocol) -> None:
        context = self.dial.tls.context() if proxy.scheme == "https" else None
        try:
            sock = await self._socket(proxy.host, proxy.port)
            await self._attach(protocol, sock, context, proxy.host if context else None)
        except APIConnectionError as error:
            raise proxy_failure(error, proxy.address) from error.__cause__

    async def _dig(self, tunnel: _Tunnel, proxy: Proxy) -> None:
        self.phase = "proxy"
        tunnel.transport.write(encode_connect(self.origin.host, self.origin.port, proxy.authorization))
        await tunnel.answered
        if tunnel.problem is not None:
            raise nonsense(proxy, tunnel.problem)
        verdict(tunnel.parser, proxy)
        self.proxy = None

    async def _attach(
        self,
        protocol: asyncio.Protocol,
        sock: socket.socket,
        context: ssl.SSLContext | None = None,
        name: str | None = None,
    ) -> None:
        factory: Callable[[], asyncio.Protocol] = lambda: protocol  # noqa: E731
        try:
            if context is None:
                await self.loop.create_connection(factory, sock=sock)
                return
            self.phase = "tls"
            with _tls_failing(name or ""):
                await self.loop.create_connection(factory, sock=sock, ssl=context, server_hostname=name)
        except BaseException:
            if isinstance(self.loop, asyncio.BaseEventLoop):
                sock.close()
            else:
                # uvloop owns the descriptor by now and closes it, but may leave the object believing that it is open.
                sock.detach()
            raise

    async def _socket(self, host: str, port: int) -> socket.socket:
        if self.dial.uds is not None:
            addresses: list[Address] = [(socket.AF_UNIX, self.dial.uds)]
        else:
            found = await self._resolve(host, port)
            reach = self.dial.reach
            addresses = alternate(found if reach is None else reach(host, found))
        self.phase = "connect"
        try:
            sock = await (_connect(self.loop, addresses[0]) if len(addresses) == 1 else _race(self.loop, addresses))
        except OSError as problem:
            raise connect_failure(problem) from problem
        tune(sock)
        return sock

    async def _resolve(self, host: str, port: int) -> list[Address]:
        with suppress(OSError):
            return _addresses(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        self.phase = "dns"
        try:
            return _addresses(await self.loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as problem:
            raise dns_failure(host, problem) from problem


class _Tunnel(asyncio.Protocol):
    """Listens to a proxy's answer to CONNECT."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.answered: asyncio.Future[None] = loop.create_future()
        self.problem: Exception | None = None
        self.parser = ReplyParser(LIMITS)
        self.parser.expect("CONNECT")
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed(data)
        except WireProblem as problem:
            self._settle(problem)
        else:
            if self.parser.status:
                self._settle(None)

    def eof_received(self) -> None:
        self._settle(ConnectionResetError("it closed the connection"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._settle(exc or ConnectionResetError("it closed the connection"))

    def _settle(self, problem: Exception | None) -> None:
        if not self.answered.done():
            self.problem = problem
            self.answered.set_result(None)


class _tls_failing:  # noqa: N801  reads as what it guards
    """Turns what goes wrong during a handshake into a `TLSError`."""

    def __init__(self, host: str) -> None:
        self._host = host

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, (OSError, ssl_module.CertificateError)) and not isinstance(problem, TimeoutError):
            raise tls_failure(self._host, problem) from problem


def _addresses(found: list[Any]) -> list[Address]:
    return [(family, address) for family, _, _, _, address in found]


async def _connect(loop: asyncio.AbstractEventLoop, address: Address) -> socket.socket:
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, address[1])
        sock.getpeername()  # one that was reset meanwhile is refused here, for uvloop would adopt it and lose it
    except BaseException:
        sock.close()
        raise
    return sock


async def _race(loop: asyncio.AbstractEventLoop, addresses: list[Address]) -> socket.socket:
    """The first socket to connect; each address has `STAGGER` seconds for itself, or until it fails."""
    waiting, running = list(reversed(addresses)), set[asyncio.Task[socket.socket]]()
    problem: OSError = OSError(errno.EADDRNOTAVAIL, "no address to connect to")
    try:
        while waiting or running:
            if waiting:
                running.add(loop.create_task(_connect(loop, waiting.pop())))
            done, running = await asyncio.wait(
                running, timeout=STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for index, task in enumerate(done):
                failure = task.exception()
                if failure is None:
                    running.update(list(done)[index + 1 :])
                    return task.result()
                problem = failure if isinstance(failure, OSError) else problem
    finally:
        for task in running:
            _lose(task)
    raise problem


def _lose(task: asyncio.Task[socket.socket]) -> None:
    """Cancel a runner; one that has arrived all the same is closed."""

    def close(done: asyncio.Task[socket.socket]) -> None:
        if not done.cancelled() and done.exception() is None:
            done.result().close()

    task.cancel()
    task.add_done_callback(close)
