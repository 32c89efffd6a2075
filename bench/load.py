"""Many connections that ask the same thing, each again as soon as it is answered, so that the server never waits.

One thread that writes ready-made bytes and looks for the end of an answer: it costs less than the server that it asks.
"""

from __future__ import annotations

import re
import selectors
import socket
from typing import Final

CONNECTIONS: Final = 32
_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


def request(address: str, path: str, body: bytes) -> bytes:
    """The bytes of a POST."""
    head = f"POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer k\r\nContent-Type: application/json\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def ask(address: str, asked: bytes, count: int) -> bytes:
    """Ask so often, and give the last answer's body; raises RuntimeError for an answer that is no 200."""
    host, _, port = address.rpartition(":")
    ready = selectors.DefaultSelector()
    heard = {socket.create_connection((host, int(port)), timeout=60): b"" for _ in range(min(count, CONNECTIONS))}
    for connection in heard:
        ready.register(connection, selectors.EVENT_READ)
        connection.sendall(asked)
    left, waiting, answer = count - len(heard), len(heard), b""
    while waiting:
        for connection in [key.fileobj for key, _ in ready.select()]:
            assert isinstance(connection, socket.socket)
            heard[connection] += connection.recv(262_144)
            if not _is_whole(heard[connection]):
                continue
            answer, heard[connection] = heard[connection], b""
            if left:
                left -= 1
                connection.sendall(asked)
            else:
                waiting -= 1
    for connection in heard:
        connection.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(answer.decode("utf-8", "replace"))
    return answer.partition(b"\r\n\r\n")[2]


def _is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    length = _LENGTH.search(head + b"\r\n")
    return body.endswith(b"0\r\n\r\n") if length is None else len(body) >= int(length[1])
