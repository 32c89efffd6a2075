"""A link: one transport, made on first use and shared by a client and its copies."""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ..core.request import Request
from ..core.signal import Signal
from ..errors import ClientClosed
from .base import AsyncTransport, Transport

T = TypeVar("T", Transport, AsyncTransport)


class Link(Generic[T]):
    """Holds a transport that is not made before the first request, so that making a client does no I/O.

    Args:
        make: makes the transport.
        own: whether it is antiphon's own, which another process can make anew; otherwise it was borrowed.

    Attributes:
        closing: set when the link is closed, for whoever runs aside of the calls.
    """

    __slots__ = ("__weakref__", "_lock", "_make", "_transport", "closed", "closing", "own")
    _make: Callable[[], T]
    _transport: T | None

    def __init__(self, make: Callable[[], T], *, own: bool = True) -> None:
        self._make = make
        self.own = own
        self._lock = allocate_lock()
        self._transport = None
        self.closed = False
        self.closing = Signal()

    @property
    def transport(self) -> T:
        """The transport.

        Raises:
            ClientClosed: the link was closed.
        """
        transport = self._transport
        if transport is None:
            if self.closed:
                raise ClientClosed("Cannot send a request, as the client has been closed; make a new client.")
            with self._lock:
                transport = self._transport
                if transport is None:
                    transport = self._transport = self._make()
        return transport

    def send(self, request: Request) -> Any:
        """One exchange, by a transport that may not know by itself that it was closed.

        Raises:
            ClientClosed: the link was closed.
        """
        return self.transport.send(request)

    def end(self) -> T | None:
        """Mark the link closed, and hand out the transport that is to be closed, once."""
        with self._lock:
            transport, self._transport, self.closed = self._transport, None, True
        self.closing.set()
        return transport
