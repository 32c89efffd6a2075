"""An alarm rings in the midst of whatever an exchange waits for, in the thread that waits; and the wait is none the longer."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any

import pytest

from antiphon.core.limits import PoolLimits
from antiphon.core.request import Request
from antiphon.core.ticket import Ticket
from antiphon.errors import APITimeoutError, ClientClosed
from antiphon.transports.sockets import SocketTransport
from antiphon.transports.tls import TLSConfig

from .asking import ask
from .rude import Rude, chunk, chunked_head, hang, pause, reply
from .trust import authority_file, good_tls

BEGUN = chunked_head() + chunk(b"hi")
Made = tuple[SocketTransport, Callable[..., Request]]


def asking(url: str, *given: Any) -> Callable[..., Request]:
    """What makes requests."""

    def make(**options: Any) -> Request:
        return ask(url, *given, **options)

    return make


class Phases:
    """Exchanges that hang, each in another phase."""

    def __init__(self, stack: ExitStack, patch: pytest.MonkeyPatch, folder: Any) -> None:
        self.stack = stack
        self.patch = patch
        self.folder = folder

    def transport(self, **options: Any) -> SocketTransport:
        return self.stack.enter_context(closing(SocketTransport(**{"proxy": None, **options})))

    def server(self, *script: Any, **options: Any) -> Rude:
        return self.stack.enter_context(Rude(*script, **options))

    def pool(self) -> Made:
        server = self.server([BEGUN, hang])
        transport = self.transport(limits=PoolLimits(max_connections=1))
        body: Any = transport.send(ask(server.url, stream=True)).body
        self.stack.callback(body.close)
        return transport, asking(server.url)

    def dns(self) -> Made:
        resolve, go = socket.getaddrinfo, threading.Event()
        self.stack.callback(go.set)

        def slowly(*arguments: Any, **options: Any) -> Any:
            if not options.get("flags"):
                go.wait(30)
            return resolve(*arguments, **options)

        self.patch.setattr(socket, "getaddrinfo", slowly)
        return self.transport(), asking("http://localhost:9")

    def connect(self) -> Made:
        listener = self.stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):  # its queue of connections is full
            filler = self.stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        time.sleep(0.05)
        return self.transport(), asking(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def tls(self) -> Made:
        server = self.server(hang)
        return self.transport(), asking(f"https://127.0.0.1:{server.port}")

    def proxy(self) -> Made:
        server = self.server(hang)
        return self.transport(proxy=server.url), asking("https://example.com")

    def write(self) -> Made:
        listener = self.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        return self.transport(), asking(url, "POST", bytes(32 << 20))

    def head(self) -> Made:
        server = self.server(hang)
        return self.transport(), asking(server.url)

    def secure_head(self) -> Made:
        server = self.server(hang, tls=good_tls())
        tls = TLSConfig(ca_bundle=authority_file(self.folder))
        return self.transport(tls=tls), asking(server.url)

    def kept_head(self) -> Made:
        """Over a connection that has served before."""
        server = self.server(reply(), hang)
        transport = self.transport()
        transport.send(ask(server.url))
        return transport, asking(server.url)

    def body(self) -> Made:
        server = self.server([BEGUN, hang])
        return self.transport(), asking(server.url)


PHASES = pytest.mark.parametrize("phase", [name for name in vars(Phases) if not name.startswith("_")][2:])


@pytest.fixture
def phases(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Phases]:
    with ExitStack() as stack:
        yield Phases(stack, monkeypatch, tmp_path)


class Bell:
    """A ticket whose alarm is noted."""

    def __init__(self, seconds: float, then: Callable[[Ticket], object] = lambda ticket: None) -> None:
        self.threads: list[int] = []
        self.rung = 0.0
        self.begun = time.monotonic()
        self.then = then
        self.ticket = Ticket(self.begun + seconds, self.ring)

    def ring(self) -> None:
        self.threads.append(threading.get_ident())
        self.rung = time.monotonic() - self.begun
        self.then(self.ticket)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.begun


@PHASES
def test_it_rings_when_it_is_due_and_the_wait_ends_as_it_would_have(phases: Phases, phase: str) -> None:
    transport, request = getattr(phases, phase)()
    for seconds in (0.3, 0.9, 1.8):  # where others keep the machine busy, a longer wait tells more
        bell = Bell(seconds)
        with pytest.raises(APITimeoutError) as caught:
            transport.send(request(timeout=seconds + 0.06), bell.ticket)
        assert caught.value.phase == phase.rpartition("_")[2]
        assert bell.threads == [threading.get_ident()]
        assert seconds <= bell.rung < bell.elapsed
        assert bell.ticket.due is None
        if bell.elapsed < 2 * seconds:
            return
    pytest.fail("when it had rung, the wait began again")


@PHASES
def test_it_does_not_ring_where_the_wait_is_over_before(phases: Phases, phase: str) -> None:
    transport, request = getattr(phases, phase)()
    bell = Bell(20.0)
    with pytest.raises(APITimeoutError):
        transport.send(request(timeout=0.05), bell.ticket)
    assert bell.threads == []
    assert bell.elapsed < 5.0


@PHASES
def test_a_deadline_before_it_is_kept(phases: Phases, phase: str) -> None:
    transport, request = getattr(phases, phase)()
    for due in (0.03, 20.0):
        bell = Bell(due)
        with pytest.raises(APITimeoutError):
            transport.send(request(timeout=20.0, deadline=time.monotonic() + 0.1), bell.ticket)
        assert len(bell.threads) == (due < 1)
        assert bell.elapsed < 5.0


@PHASES
def test_who_is_withdrawn_while_it_waits_comes_back_at_once(phases: Phases, phase: str) -> None:
    """As a race does: another thread is begun when it rings, and has the answer soon."""
    transport, request = getattr(phases, phase)()
    held = transport._pool.held

    def overtake(ticket: Ticket) -> None:
        time.sleep(0.05)
        ticket.withdrawn = True
        transport.cut(ticket)

    others: list[threading.Thread] = []

    def begin(ticket: Ticket) -> None:
        others.append(threading.Thread(target=overtake, args=(ticket,)))
        others[0].start()

    bell = Bell(0.05, begin)
    with pytest.raises(ClientClosed, match=r"cut short|closed under the call"):
        transport.send(request(timeout=20.0), bell.ticket)
    assert bell.elapsed < 2.0
    others[0].join()  # who finds the pool locked leaves it to the one who locked it
    assert transport._pool.held == held
    assert len(transport._busy) == held


@PHASES
def test_what_it_raises_ends_the_exchange_and_leaves_nothing(phases: Phases, phase: str) -> None:
    transport, request = getattr(phases, phase)()
    held = transport._pool.held

    def fail(ticket: Ticket) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transport.send(request(timeout=20.0), Bell(0.05, fail).ticket)
    assert transport._pool.held == held
    assert transport._pool.waiting == 0
    assert len(transport._busy) == held


@PHASES
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
def test_signals_that_are_handled_prolong_no_wait(phases: Phases, phase: str) -> None:
    """A profiler's timer may go off more often than any wait lasts."""
    transport, request = getattr(phases, phase)()
    handled = 0

    def handle(number: int, frame: object) -> None:
        nonlocal handled
        handled += 1
        assert handled < 200, "the wait begins anew with each signal"

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        with pytest.raises(APITimeoutError):
            transport.send(request(timeout=0.3))
        with pytest.raises(APITimeoutError):
            transport.send(request(timeout=60.0, deadline=time.monotonic() + 0.3))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert handled > 1


@PHASES
def test_a_clock_that_a_test_suite_has_frozen_prolongs_no_wait(
    phases: Phases, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As freezegun does it: in every module that names the function."""
    transport, request = getattr(phases, phase)()
    steady, asked = time.monotonic, 0

    def stand() -> float:
        nonlocal asked
        asked += 1
        assert asked < 50, "the wait never ends"
        return 1_704_067_200.0

    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "antiphon":
            for key, value in list(vars(module).items()):
                if value is steady:
                    monkeypatch.setattr(module, key, stand)
    with pytest.raises(APITimeoutError):
        transport.send(request(timeout=0.2))
    with pytest.raises(APITimeoutError):
        transport.send(request(timeout=60.0, deadline=steady() + 0.2))


@pytest.mark.parametrize("secure", [False, True])
def test_what_comes_after_it_rang_is_read_as_ever(phases: Phases, secure: bool) -> None:
    slow = [pause(0.2), chunked_head(), pause(0.2), chunk(b"one"), pause(0.2), chunk(b"two") + chunk(b"")]
    server = phases.server(slow, slow, reply(b"{}"), tls=good_tls() if secure else None)
    transport = phases.transport(tls=TLSConfig(ca_bundle=authority_file(phases.folder)))
    for due in (0.1, 0.3):
        bell = Bell(due)
        assert transport.send(ask(server.url), bell.ticket).content == b"onetwo"
        assert len(bell.threads) == 1
    assert transport.send(ask(server.url)).content == b"{}"
    assert server.connections == 1


def test_a_stream_rings_for_its_first_bytes_until_it_is_disarmed(phases: Phases) -> None:
    slow = [chunked_head(), pause(0.2), chunk(b"one"), pause(0.2), chunk(b"two"), hang]
    transport, server = phases.transport(), phases.server(slow)
    for due, disarmed in [(0.1, False), (0.3, False), (0.3, True)]:
        bell = Bell(due)
        body: Any = transport.send(ask(server.url, stream=True), bell.ticket).body
        assert body.read_chunk() == b"one"
        assert len(bell.threads) == (due < 0.2)
        if disarmed:
            bell.ticket.disarm()
        assert body.read_chunk() == b"two"
        assert len(bell.threads) == (0 if disarmed else 1)
        body.close()


def test_one_that_is_due_already_rings_at_once(phases: Phases) -> None:
    transport, server = phases.transport(), phases.server(reply())
    bell = Bell(-1.0)
    assert transport.send(ask(server.url), bell.ticket).status_code == 200
    assert len(bell.threads) == 1


def test_a_place_that_comes_free_after_it_rang_is_taken(phases: Phases) -> None:
    server = phases.server([BEGUN, hang], reply())
    transport = phases.transport(limits=PoolLimits(max_connections=1))
    body: Any = transport.send(ask(server.url, stream=True)).body
    bell = Bell(0.05, lambda ticket: threading.Timer(0.1, body.close).start())
    assert transport.send(ask(server.url), bell.ticket).status_code == 200
    assert len(bell.threads) == 1


def test_a_handshake_that_goes_on_after_it_rang_comes_to_its_end(phases: Phases) -> None:
    """It comes in pieces, with pauses in which the wait was given up and taken up again."""
    server = phases.server(reply(), tls=good_tls())
    through = phases.stack.enter_context(socket.create_server(("127.0.0.1", 0)))

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # the test is over
            while data := source.recv(700):
                time.sleep(0.04)
                target.sendall(data)

    def accept() -> None:
        one, _ = through.accept()
        other = socket.create_connection(("127.0.0.1", server.port))
        phases.stack.enter_context(one)
        phases.stack.enter_context(other)
        threading.Thread(target=carry, args=(one, other), daemon=True).start()
        carry(other, one)

    threading.Thread(target=accept, daemon=True).start()
    transport = phases.transport(tls=TLSConfig(ca_bundle=authority_file(phases.folder)))
    bell = Bell(0.05)
    url = f"https://localhost:{through.getsockname()[1]}"
    assert transport.send(ask(url), bell.ticket).status_code == 200
    assert len(bell.threads) == 1
