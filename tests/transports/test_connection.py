"""One connection, over a scripted socket: what each trouble of the system means for the exchange."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from antiphon.core.limits import WireLimits
from antiphon.core.timeout import Timeout
from antiphon.errors import APIConnectionError, ReadTimeout, WriteTimeout
from antiphon.transports.connection import Connection, Stale
from antiphon.wire.problem import Truncated

from .asking import ask
from .rude import chunk, chunked_head, reply

REQUEST = ask("http://h/")


class Scripted:
    """A socket whose receives (and sends) follow a script; records the timeouts it is given."""

    def __init__(self, *script: Any, send: BaseException | None = None) -> None:
        self.script = list(script)
        self.send_problem = send
        self.timeouts: list[float | None] = []
        self.beneath, self.other = socket.socketpair()
        self.under = self.beneath

    def fileno(self) -> int:
        return self.beneath.fileno()

    def settimeout(self, seconds: float | None) -> None:
        self.timeouts.append(seconds)

    def sendall(self, data: memoryview) -> None:
        if self.send_problem:
            raise self.send_problem

    def recv(self, size: int) -> bytes:
        step = self.script.pop(0)
        if isinstance(step, BaseException):
            raise step
        assert isinstance(step, bytes)
        return step

    def close(self) -> None:
        self.beneath.close()
        self.other.close()


@pytest.fixture
def made() -> Iterator[list[Scripted]]:
    made: list[Scripted] = []
    yield made
    for sock in made:
        sock.close()


def connection(made: list[Scripted], *script: Any, **options: Any) -> Connection:
    sock: Any = Scripted(*script, **options)
    made.append(sock)
    return Connection(sock, WireLimits())


DEATHS = [
    b"",
    ConnectionResetError(),
    BrokenPipeError(),
    OSError(errno.ETIMEDOUT, "Connection timed out"),
    ssl.SSLEOFError(8, "EOF"),
]


@pytest.mark.parametrize("death", DEATHS)
def test_death_before_the_first_byte(made: list[Scripted], death: Any) -> None:
    with pytest.raises((APIConnectionError, Truncated)) as caught:
        connection(made, death).exchange(REQUEST)
    assert not isinstance(caught.value, ReadTimeout)
    served = connection(made, reply(b"x"), death)
    assert served.exchange(REQUEST) == b"x"
    with pytest.raises(Stale):
        served.exchange(REQUEST)


@pytest.mark.parametrize("death", DEATHS)
def test_death_after_the_first_byte(made: list[Scripted], death: Any) -> None:
    served = connection(made, reply(b"x"), b"HTTP/1.1 2", death)
    served.exchange(REQUEST)
    with pytest.raises((APIConnectionError, Truncated)):
        served.exchange(REQUEST)


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\nx", chunked_head() + chunk(b"x"), reply(b"x", length=5)])
def test_death_in_the_body(made: list[Scripted], death: Any, head: bytes) -> None:
    one = connection(made, head, death)
    assert one.exchange(REQUEST) == b"x"
    if death == b"" and b"Length" not in head and b"chunked" not in head:
        assert one.receive() == b""
        assert one.parser.done
        return
    with pytest.raises(Truncated):
        one.receive()


def test_other_troubles(made: list[Scripted]) -> None:
    with pytest.raises(APIConnectionError, match="bad record") as caught:
        connection(made, ssl.SSLError(1, "bad record")).exchange(REQUEST)
    assert (caught.value.phase, caught.value.sent) == ("head", "maybe")
    with pytest.raises(APIConnectionError, match="bad record") as caught:
        connection(made, send=ssl.SSLError(1, "bad record")).exchange(REQUEST)
    assert caught.value.phase == "write"
    with pytest.raises(WriteTimeout):
        connection(made, send=TimeoutError("timed out")).exchange(REQUEST)
    with pytest.raises(ReadTimeout):
        connection(made, TimeoutError("timed out")).exchange(REQUEST)


def test_a_reply_that_lies_ready_when_sending_fails(made: list[Scripted]) -> None:
    one = connection(made, reply(b"no", 413), send=BrokenPipeError())
    assert one.exchange(REQUEST) == b"no"
    assert (one.parser.done, one.reusable) == (True, False)


def test_timeouts_are_set_only_when_they_change(made: list[Scripted]) -> None:
    one = connection(made, *[reply(b"x")] * 4)
    for _ in range(2):
        one.exchange(ask("http://h/", timeout=7))
    assert made[0].timeouts == [7]
    one.exchange(ask("http://h/", timeout=Timeout(None)))
    one.exchange(ask("http://h/", timeout=0))
    assert made[0].timeouts == [7, None, 1e-6]


def test_looks(made: list[Scripted]) -> None:
    one = connection(made)
    assert one.is_quiet()
    made[0].other.send(b"x")
    assert not one.is_quiet()
    one.close()
    one.close()
    assert one.closed
    one.shut()
