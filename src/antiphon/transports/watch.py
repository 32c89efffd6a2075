"""Waiting for a socket to become readable or writable, by `poll` where the system has it.

`select` is asked at call time, so that gevent's replacement is found.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from functools import partial


class Watch:
    """The readiness of one socket.

    Args:
        sock: an open socket.
    """

    __slots__ = ("_fd", "_poll", "readable")
    readable: Callable[[], object]
    """Whether a read would not block, now: there are bytes, an end or an error. Truth is what counts."""

    def __init__(self, sock: socket.socket) -> None:
        self._fd = sock.fileno()
        self._poll = select.poll() if hasattr(select, "poll") else None
        if self._poll is None:
            self.readable = self._selected
        else:
            self._poll.register(self._fd, select.POLLIN)
            self.readable = partial(self._poll.poll, 0)

    def _selected(self) -> bool:
        return bool(select.select([self._fd], [], [], 0)[0])

    def ready(self, seconds: float | None) -> bool:
        """Wait until a read or a write would not block; false if that took longer than `seconds`."""
        seconds = None if seconds is None else max(seconds, 0)
        if self._poll is None:
            readable, writable, _ = select.select([self._fd], [self._fd], [], seconds)
            return bool(readable or writable)
        self._poll.modify(self._fd, select.POLLIN | select.POLLOUT)
        try:
            return bool(self._poll.poll(None if seconds is None else seconds * 1000))
        finally:
            self._poll.modify(self._fd, select.POLLIN)
