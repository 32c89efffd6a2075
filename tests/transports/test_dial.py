"""Dialling: several addresses raced, names resolved within bounds, sockets tuned."""

from __future__ import annotations

import errno
import signal
import socket
import threading
import time
from typing import Any

import pytest

from antiphon.errors import ConnectError, ConnectTimeout
from antiphon.transports import dial as module
from antiphon.transports.dial import STAGGER, alternate, dial, dial_unix, race, resolve

V4, V6 = socket.AF_INET, socket.AF_INET6


@pytest.fixture
def port() -> Any:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def hole() -> Any:
    """An address that answers nothing: its queue of connections is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        time.sleep(0.05)
        yield (V4, address)
        for filler in fillers:
            filler.close()


def closed() -> tuple[int, Any]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return (V4, server.getsockname())


def test_families_take_turns() -> None:
    six = [(V6, n) for n in "abc"]
    four = [(V4, n) for n in "xy"]
    assert alternate([*six, *four]) == [six[0], four[0], six[1], four[1], six[2]]
    assert alternate(four) == four
    assert alternate([]) == []


def test_dial(port: int) -> None:
    with dial("127.0.0.1", port, time.monotonic() + 5) as sock:
        assert sock.gettimeout() is None
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 120_000
    dial("localhost", port, None).close()


def test_the_first_to_connect_wins(port: int, hole: Any) -> None:
    started = time.monotonic()
    with race([hole, (V4, ("127.0.0.1", port))], started + 10) as sock:
        assert sock.getpeername()[1] == port
    assert time.monotonic() - started >= STAGGER * 0.9


def test_a_failed_address_does_not_wait_for_its_turn(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STAGGER", 60.0)
    with race([closed(), closed(), (V4, ("127.0.0.1", port))], None) as sock:
        assert sock.getpeername()[1] == port


def test_a_failure_beside_a_runner_starts_the_next_at_once(
    port: int, hole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STAGGER", 0.6)
    started = time.monotonic()
    race([hole, closed(), (V4, ("127.0.0.1", port))], None).close()
    assert 0.6 <= time.monotonic() - started < 1.1


def test_a_family_the_system_lacks(port: int) -> None:
    with race([(9999, ("nowhere", 1)), (V4, ("127.0.0.1", port))], None) as sock:
        assert sock.getpeername()[1] == port


def test_all_fail() -> None:
    with pytest.raises(ConnectError, match="refused"):
        race([closed(), closed()], None)
    with pytest.raises(ConnectError, match="no address"):
        race([], None)


def test_none_in_time(hole: Any) -> None:
    with pytest.raises(ConnectTimeout) as caught:
        race([hole, hole], time.monotonic() + 0.1)
    assert caught.value.phase == "connect"


def test_the_losers_are_closed(port: int, hole: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STAGGER", 0.01)
    made: list[socket.socket] = []

    class Counted(socket.socket):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            made.append(self)

    monkeypatch.setattr(module.socket, "socket", Counted)
    with race([hole, hole, (V4, ("127.0.0.1", port))], None) as winner:
        assert [sock.fileno() for sock in made if sock is not winner] == [-1, -1]


def test_names() -> None:
    assert (V4, ("127.0.0.1", 80)) in resolve("localhost", 80, None)
    assert resolve("127.0.0.1", 80, time.monotonic() - 1) == [(V4, ("127.0.0.1", 80))]
    for name in ("no-such-name.invalid", "x" * 70 + ".example", "a..b"):
        with pytest.raises(ConnectError) as caught:
            resolve(name, 80, None)
        assert caught.value.phase == "dns"


@pytest.fixture
def slow_resolver(monkeypatch: pytest.MonkeyPatch) -> Any:
    ask = socket.getaddrinfo
    go = threading.Event()

    def slowly(*arguments: Any, **options: Any) -> Any:
        if not options.get("flags"):
            go.wait(10)
        return ask(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    yield go
    go.set()


def test_a_resolver_that_takes_too_long(slow_resolver: Any) -> None:
    with pytest.raises(ConnectTimeout) as caught:
        resolve("localhost", 80, time.monotonic() + 0.05)
    assert (caught.value.phase, caught.value.sent) == ("dns", "no")


def test_a_signal_ends_waiting_for_the_resolver(slow_resolver: Any) -> None:
    def ring(signum: int, frame: object) -> None:
        raise LookupError

    old = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(LookupError):
            resolve("localhost", 80, None)
    finally:
        signal.signal(signal.SIGALRM, old)


def test_a_name_is_asked_for_without_a_thread_where_there_can_be_none(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a function that runs when the interpreter exits, from Python 3.12 on."""

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with dial("localhost", port, time.monotonic() + 5):
        pass
    with pytest.raises(ConnectError) as caught:
        resolve("antiphon.invalid", 80, None)
    assert caught.value.phase == "dns"


def test_where_no_descriptor_is_left(port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    def full(*_: object, **__: object) -> Any:
        raise OSError(errno.EMFILE, "Too many open files")

    for place, name in [(module.selectors, "DefaultSelector"), (socket, "socket")]:
        with monkeypatch.context() as patch:
            patch.setattr(place, name, full)
            with pytest.raises(ConnectError, match="Too many open files") as caught:
                dial("127.0.0.1", port, None)
            assert caught.value.sent == "no"
            if place is socket:
                with pytest.raises(ConnectError, match="Too many open files"):
                    dial_unix(str(tmp_path / "socket"), None)


def test_unix_sockets(tmp_path: Any) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        dial_unix(path, None).close()
        with pytest.raises(ConnectTimeout):
            dial_unix(path, time.monotonic() - 1)
    with pytest.raises(ConnectError):
        dial_unix(str(tmp_path / "none"), None)
