"""The blocking transport: HTTP/1.1 over sockets, pooled, safe to share between threads.

Theory of operation. One lock guards the pool's arithmetic and is never held while anything blocks; a thread that must wait
for a place waits on its own primitive, in line. A place is acquired by `_checkout` and comes back through `_settle`, once:
who asks again, because it was broken off and cannot know how far it came, asks in vain. A garbage collector may run `_settle` inside any other operation, even one that holds the lock, so it never waits for
it: what cannot be settled at once is left in `_left`, and whoever holds the lock settles it on leaving.

A signal's handler may raise between any two calls, those of this file's own included. So the account of who holds a place
is `_busy`, by a ticket that each `send` makes; the pool's numbers follow from it, and whoever is broken off puts them right.

A forked child starts with an empty pool and lets its copies of the parent's connections go without a word to the server.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core.limits import DEFAULT_CONNECTION_LIMITS, DEFAULT_WIRE_LIMITS, PoolLimits, WireLimits
from ..core.omit import NotGiven, not_given
from ..core.reply import Reply
from ..core.request import BodyStream, Request
from ..core.ticket import Ticket
from ..errors import APIConnectionError, ClientClosed, ConnectTimeout, OpenAIError, PoolTimeout
from ..steady import monotonic
from ..wire.pool import OPEN, Open, Pool
from ..wire.problem import WireProblem
from .connection import Connection, Stale
from .failure import complete, passed, refused, refused_by_proxy, timed_out
from .open_body import OpenBody
from .opening import Opener
from .patience import CUT, patience
from .proxy import Proxy, ProxyMap
from .tls import TLSConfig

if TYPE_CHECKING:
    from .reach import Reach

_ENDED = "the kept connection ended before an answer came, and this request must not be carried out twice"
_CLOSED = "the client was closed; make a new one"


class SocketTransport:
    """Carries requests over blocking sockets; implements `transports.base.Transport`.

    >>> transport = SocketTransport(limits=PoolLimits(max_connections=10))
    >>> transport.close()

    Args:
        limits: how many connections, how many idle, and how long.
        wire_limits: the bounds on replies.
        proxy: a proxy for every origin; `None` for none; left out, the environment decides.
        verify: as `TLSConfig.verify`.
        cert: the client certificate: a path, or paths of certificate and key, and the key's password.
        tls: all of TLS at once, instead of `verify` and `cert`.
        uds: the path of a unix socket to use for every origin.
        reach: which addresses may be connected to; all when left out.
    """

    def __init__(
        self,
        *,
        limits: PoolLimits | None = None,
        wire_limits: WireLimits | None = None,
        proxy: str | Proxy | NotGiven | None = not_given,
        verify: Any = True,
        cert: Any = None,
        tls: TLSConfig | None = None,
        uds: str | None = None,
        reach: Reach | None = None,
    ) -> None:
        self._limits = limits or DEFAULT_CONNECTION_LIMITS
        proxies = ProxyMap.chosen(proxy)
        tls = tls or TLSConfig.of(verify, cert)
        self._opener = Opener(wire_limits or DEFAULT_WIRE_LIMITS, tls, proxies, uds, reach)
        self._closed = False
        self._renew()
        _living.add(self)

    def _renew(self) -> None:
        # Reentrant only so that it tells whether this thread holds it.
        self._lock: Any = threading.RLock()
        self._pool: Pool[Connection] = Pool(self._limits, owner=os.getpid())
        # Clients are often dropped without a close(); idle connections are nobody's loss. And not by `__del__`: in a cycle of
        # garbage, the sockets' own finalizers may come first, and complain.
        weakref.finalize(self, _let_go, self._pool)
        self._busy: dict[object, Connection | None] = {}
        self._left: deque[tuple[Connection, object]] = deque()

    # -- one exchange --------------------------------------------------------------------------------------------------

    def send(self, request: Request, tied: Ticket | None = None) -> Reply:
        """One exchange; with `request.stream` the reply's `body` is open, else its `content` is complete.

        Args:
            request: what is sent.
            tied: with which `cut` ends it from another thread, until its body has ended; its alarm rings meanwhile.

        Raises:
            APIConnectionError: no usable answer; its class says in which way.
            ResponseTooLarge: the reply went past a bound.
            InvalidBody: the request cannot be written.
            ClientClosed: `close` was called.
        """
        started = monotonic()
        connection: Connection | None = None
        ticket: object = object() if tied is None else tied
        try:
            connection = self._checkout(request, started, ticket)
            if tied is not None and tied.withdrawn:
                raise ClientClosed(CUT)
            body: bytes | None
            try:
                body = connection.exchange(request, tied)
            except Stale:
                body = None
            if body is None:  # out here, so that what goes wrong now is not shown as a failure within a failure
                connection = self._replace(connection, request, ticket)
                body = connection.exchange(request, tied)
            parser = connection.parser
            if connection.absolute and parser.status == 407:
                raise refused_by_proxy()
            status, headers, version = parser.status, parser.headers, parser.version
            if request.stream:
                elapsed = monotonic() - started
                held, connection = connection, None
                open_body = OpenBody(held, body, request, started, partial(self._settle, held, ticket))
                return Reply(status, headers, request=request, body=open_body, http_version=version, elapsed=elapsed)
            content = body if parser.done else connection.receive_all(body, request.timeout.body)
            held, connection = connection, None
            now = monotonic()
            with self._lock:
                over = self._put_back(held, ticket, now)
            if over or self._left:
                self._tidy(over)
            # In order, without names: a class that is called with keywords costs a dictionary more.
            return Reply(status, headers, request, content, None, version, now - started)
        except BaseException as problem:
            try:
                if connection is not None:
                    connection.close()
                    self._settle(connection, ticket)
            except BaseException:  # broken off a second time, in the midst of this
                self._recover(ticket)
                raise
            if isinstance(problem, WireProblem) and connection is not None:
                elapsed = monotonic() - started
                raise refused(problem, connection.parser, request, connection.phase, elapsed) from problem
            if connection is None or not isinstance(problem, OpenAIError):
                self._recover(ticket)
            if isinstance(problem, APIConnectionError):
                complete(problem, request, monotonic() - started)
            raise

    def _recover(self, ticket: object) -> None:
        """After what may have broken off anything: take the ticket's place back, and put the pool's numbers right."""
        with self._lock:
            for waiter in self._pool.line:
                if isinstance(waiter, _Waiter) and waiter.ticket is ticket:
                    self._pool.leave(waiter)
            connection = self._busy.pop(ticket, None)
            self._pool.recount(len(self._busy))
        if connection is not None:
            connection.close()
        self._tidy()

    def _replace(self, stale: Connection, request: Request, ticket: object) -> Connection:
        """A fresh connection in the place of one that had died while idle; the server cannot have begun to answer."""
        stale.close()
        content = request.content
        if request.only_once:
            raise APIConnectionError(message=_ENDED, phase="head")
        if isinstance(content, BodyStream) and not content.rewind():
            raise APIConnectionError(
                message="the kept connection had ended, and the body cannot be sent a second time", phase="write"
            )
        return self._open(request, ticket)

    def _open(self, request: Request, ticket: object) -> Connection:
        connect, deadline = request.timeout.connect, request.deadline
        tied = ticket if isinstance(ticket, Ticket) else None
        until = deadline if connect is None else monotonic() + connect
        if deadline is not None and until is not None:
            until = min(until, deadline)
        try:
            connection = self._opener.open(request.origin, until, tied)
        except ConnectTimeout as problem:
            if not passed(deadline):
                raise
            raise timed_out(problem.phase or "connect", deadline=True) from None
        connection.key = request.origin
        self._busy[ticket] = connection
        cut = tied is not None and tied.withdrawn
        if self._closed or cut:  # from here on close() and cut() see the connection; before, they could not
            connection.close()
            raise ClientClosed(CUT if cut else _CLOSED)
        return connection

    # -- places --------------------------------------------------------------------------------------------------------

    def _checkout(self, request: Request, now: float, ticket: object) -> Connection:
        if self._closed:
            raise ClientClosed(_CLOSED)
        if request.deadline is not None and now >= request.deadline:
            raise timed_out("pool", deadline=True)
        waiter = None
        with self._lock:
            pool = self._pool
            place: Connection | Open | None = pool.acquire(request.origin, now)
            if place is None:
                waiter = _Waiter(self._busy, ticket)
                pool.wait(request.origin, waiter)
            else:
                self._busy[ticket] = None if place is OPEN else place
            doomed = pool.doomed() if pool.dooming else ()
        if doomed or self._left:
            self._tidy(doomed)
        if waiter is not None:
            place = self._await_place(waiter, request, now)
        idle = place if isinstance(place, Connection) else None
        try:
            if idle is not None:
                if idle.is_quiet() and not self._closed:
                    return idle
                idle.close()
            return self._open(request, ticket)
        except BaseException:
            self._recover(ticket)
            if idle is not None:
                idle.close()
            raise

    def _await_place(self, waiter: _Waiter, request: Request, now: float) -> Connection | Open | None:
        seconds, deadline = request.timeout.pool, request.deadline
        if deadline is not None:
            seconds = deadline - now if seconds is None else min(seconds, deadline - now)
        try:
            if waiter.wait(None if seconds is None else now + seconds):
                return waiter.place
        except BaseException:
            self._leave_line(waiter)
            raise
        detail = f"{self._pool.describe()}; raise max_connections, or send less at once"
        late = self._leave_line(waiter, keep=True)
        if late is not None:
            return late
        raise timed_out("pool", deadline=passed(deadline), detail=detail)

    def _leave_line(self, waiter: _Waiter, *, keep: bool = False) -> Connection | Open | None:
        """Stop waiting; a place that was granted in the very moment is kept or given back."""
        with self._lock:
            self._pool.leave(waiter)
            place = waiter.place
            if isinstance(place, Connection) and not keep:
                self._left.append((place, waiter.ticket))
            elif place is not None and not keep:
                del self._busy[waiter.ticket]
                self._pool.drop()
        self._tidy()
        return place if keep else None

    def _settle(self, connection: Connection, ticket: object) -> None:
        """Take a place back, with its connection if that may serve again. Never waits; does nothing the second time."""
        self._left.append((connection, ticket))
        self._tidy()

    def _tidy(self, doomed: Iterable[Connection] = ()) -> None:
        """Close the doomed, and settle what is left."""
        for connection in doomed:
            connection.close()
        now, left, lock = monotonic(), self._left, self._lock
        if lock._is_owned():
            return
        try:
            # Whoever finds the lock taken may go: its holder comes by here after releasing it.
            while left and lock.acquire(False):
                over: Sequence[Connection] = ()
                if left:
                    over = self._put_back(*left[0], now)
                    left.popleft()  # only now: what is broken off in between is put back once more, in vain
                lock.release()
                for each in over:
                    each.close()
        except BaseException:
            if lock._is_owned():
                lock.release()
            with lock:
                self._pool.recount(len(self._busy))
            raise

    def _put_back(self, connection: Connection, ticket: object, now: float) -> Sequence[Connection]:
        """What is to be closed, once the connection's place is free."""
        pool = self._pool
        if self._busy.get(ticket) is not connection:  # of before a fork, or taken back already
            return ()
        del self._busy[ticket]
        try:
            if connection.reusable and not self._closed:
                pool.release(connection.key, connection, now)
                return pool.doomed() if pool.dooming else ()
            pool.drop()
        except BaseException:
            connection.close()  # neither busy nor, perhaps, idle
            raise
        return [connection]

    def cut(self, ticket: Ticket) -> None:
        """End the exchange that a withdrawn ticket was given for, under the hands of the thread that makes it."""
        with self._lock:  # lest the connection be somebody else's by now
            connection = self._busy.get(ticket)
            if connection is not None:
                connection.shut()
        self._tidy()  # the thread that woke may have found the lock taken

    # -- the end -------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close every connection, those of open streams and running calls too. Later sends raise `ClientClosed`."""
        with self._lock:
            self._closed = True
            idle, held = self._pool.clear(), list(self._busy.values())
            for _ in range(self._pool.waiting):
                self._pool.drop()
        for connection in held:
            if connection is not None:
                connection.shut()
        self._tidy(idle)

    def _disinherit(self) -> None:
        """In a forked child: forget the parent's connections; closing the copies says nothing to the servers."""
        inherited = [*self._pool.clear(), *self._busy.values()]
        self._renew()
        for connection in inherited:
            if connection is not None:
                connection.close()

    def __repr__(self) -> str:
        if not hasattr(self, "_closed"):  # its making failed, and a traceback shows it
            return "<SocketTransport, not made>"
        return f"<SocketTransport{' closed' if self._closed else f', {self._pool.describe()}'}>"


def _let_go(pool: Pool[Connection]) -> None:
    for connection in pool.clear():
        connection.close()


class _Waiter:
    """One thread in line for a place."""

    __slots__ = ("_busy", "_gate", "place", "ticket")

    def __init__(self, busy: dict[object, Connection | None], ticket: object) -> None:
        self.place: Connection | Open | None = None
        self.ticket = ticket
        self._busy = busy
        self._gate = threading.Lock()
        self._gate.acquire()

    def grant(self, place: Connection | Open) -> None:
        self._busy[self.ticket] = None if place is OPEN else place
        self.place = place
        self._gate.release()

    def wait(self, until: float | None) -> bool:
        tied = self.ticket if isinstance(self.ticket, Ticket) else None
        try:
            while True:
                seconds = patience(until, "pool", tied)
                if self._gate.acquire(timeout=-1 if seconds is None else min(seconds, threading.TIMEOUT_MAX)):
                    return True
        except PoolTimeout:
            return False


_living: weakref.WeakSet[SocketTransport] = weakref.WeakSet()


def _after_fork() -> None:
    for transport in list(_living):
        transport._disinherit()  # pyright: ignore[reportPrivateUsage]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
