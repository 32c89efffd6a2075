"""TLS within TLS, for servers behind an HTTPS proxy: a socket look-alike over a socket that encrypts already.

Offers the few socket methods a `Connection` uses. Works blocking and non-blocking, as the socket beneath is set.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

from .failure import is_blocked


class NestedTLS:
    """The inner connection; makes its handshake at once.

    Args:
        under: the TLS socket with the proxy.
        context: what to trust and show.
        host: whom the certificate must name.

    Raises:
        ssl.SSLError, TimeoutError, OSError: the handshake failed.
    """

    def __init__(self, under: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self.under = under
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._unsent = b""
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._run(self._tls.do_handshake)
        self._flush()

    def recv(self, size: int) -> bytes:
        """Decrypted bytes; `b""` at an orderly end."""
        try:
            return bytes(self._run(self._tls.read, size))
        except ssl.SSLZeroReturnError:
            return b""

    def send(self, data: memoryview) -> int:
        """Encrypt and send a part of the data; gives its size."""
        self._flush()
        taken: int = self._run(self._tls.write, data[: 64 * 1024])
        try:
            self._flush()
        except OSError as problem:
            # The inner TLS has taken the data, so it counts as sent; the rest leaves with the next operation.
            if not is_blocked(problem):
                raise
        return taken

    def sendall(self, data: memoryview) -> None:
        """Encrypt and send all of the data."""
        while data:
            data = data[self.send(data) :]

    def pending(self) -> int:
        """How many bytes wait here, where nobody who watches the socket sees them."""
        return self._tls.pending() + self._incoming.pending

    def settimeout(self, seconds: float | None) -> None:
        """As a socket's."""
        self.under.settimeout(seconds)

    def fileno(self) -> int:
        """As a socket's."""
        return self.under.fileno()

    def close(self) -> None:
        """As a socket's."""
        self.under.close()

    def _run(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        while True:
            try:
                return operation(*arguments)
            except ssl.SSLWantReadError:
                self._flush()
                data = self.under.recv(64 * 1024)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()

    def _flush(self) -> None:
        self._unsent += self._outgoing.read()
        while self._unsent:
            self._unsent = self._unsent[self.under.send(self._unsent) :]
