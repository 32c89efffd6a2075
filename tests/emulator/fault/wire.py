"""One request over a raw socket, and every byte that comes back."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from antiphon.emulator import Emulator
from tests.emulator.asking import chat

TEXT = "Say: one two three four five six"


@dataclass
class Seen:
    """What came over the wire, and how it ended: closed, reset, or still open when patience was over."""

    data: bytes
    end: str
    seconds: float
    pieces: int

    @property
    def head(self) -> bytes:
        """The last head's lines; of a well-formed answer, its head."""
        return self.data.partition(b"HTTP/1.1 200")[2].partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.data.rpartition(b"HTTP/1.1")[2].partition(b"\r\n\r\n")[2]

    @property
    def lengths(self) -> list[int]:
        return [int(found) for found in re.findall(rb"content-length: (\d+)", self.data.lower())]

    @property
    def unchunked(self) -> bytes:
        """The body without the sizes of its chunks."""
        rest, found = self.body, b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            if not re.fullmatch(rb"[0-9a-f]+", size) or int(size, 16) == 0:
                break
            found += rest[: int(size, 16)]
            rest = rest[int(size, 16) + 2 :]
        return found

    @property
    def datas(self) -> list[bytes]:
        return [line[6:] for line in self.unchunked.split(b"\n") if line.startswith(b"data: ")]


def request(fault: str, *, stream: bool = False, headers: str = "", close: bool = True) -> bytes:
    """A chat request that asks for a fault."""
    body = json.dumps(chat(TEXT, stream=stream)).encode()
    asked = f"X-Antiphon-Fault: {fault}\r\n" if fault else ""
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer k\r\n{asked}{headers}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{'Connection: close' * close}\r\n"
    )
    return (head if not close else head + "\r\n").encode() + body


def exchange(server: Emulator, fault: str, *, stream: bool = False, patience: float = 10, close: bool = True) -> Seen:
    """Ask, and hear until the connection ends or nothing came for `patience` seconds."""
    parts = urlsplit(server.base_url)
    data, pieces, end, began = b"", 0, "closed", monotonic()
    with socket.create_connection((parts.hostname, parts.port), timeout=patience) as sock:
        sock.sendall(request(fault, stream=stream, close=close))
        try:
            while piece := sock.recv(65536):
                data += piece
                pieces += 1
        except ConnectionResetError:
            end = "reset"
        except TimeoutError:
            end = "open"
    return Seen(data, end, monotonic() - began, pieces)
