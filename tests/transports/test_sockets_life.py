"""The blocking transport and the process it lives in: signals, threads, forks, collection, the interpreter's end, secrecy."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon.core.limits import PoolLimits
from antiphon.errors import APIConnectionError, ClientClosed
from antiphon.transports.sockets import SocketTransport
from tests.program import running

from .asking import KEY, Parts, ask, read_to_end
from .rude import Peer, Rude, chunk, chunked, chunked_head, events, hang, pause, reply, reset
from .trust import authority_file, good_tls


@pytest.fixture
def transport() -> Iterator[SocketTransport]:
    transport = SocketTransport(limits=PoolLimits(max_connections=4), proxy=None)
    yield transport
    transport.close()


# -- signals -----------------------------------------------------------------------------------------------------------


class Alarm(Exception):
    """Raised by a signal handler."""


@pytest.fixture
def alarm() -> Iterator[Callable[[float], None]]:
    def ring(signum: int, frame: object) -> None:
        raise Alarm

    old = signal.signal(signal.SIGALRM, ring)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, old)


def hanging_head(transport: SocketTransport, url: str) -> None:
    transport.send(ask(url))


def hanging_stream(transport: SocketTransport, url: str) -> None:
    read_to_end(transport.send(ask(url, stream=True, events=True)).body)


def hanging_upload(transport: SocketTransport, url: str) -> None:
    transport.send(ask(url, "POST", Parts([bytes(1_000_000)] * 40)))


@pytest.mark.parametrize(
    ("call", "script"),
    [
        (hanging_head, [hang]),
        (hanging_stream, [chunked_head(), chunk(b"x"), hang]),
        (hanging_stream, [chunked_head("Content-Type: text/event-stream"), chunk(b"data: 1\n\n"), hang]),
        (hanging_upload, [pause(30)]),
    ],
)
@pytest.mark.parametrize("secure", [False, True])
def test_a_signal_ends_a_hanging_call_at_once(alarm: Any, tmp_path: Path, call: Any, script: Any, secure: bool) -> None:
    transport = SocketTransport(proxy=None, verify=authority_file(tmp_path) if secure else True)
    upload = call is hanging_upload
    due: list[float] = []

    def wind(_: Peer) -> None:  # once the request is there: a handshake may take its time
        due.append(time.monotonic() + 0.15)
        alarm(0.15)

    with Rude([wind, *script], reply(b"fine"), tls=good_tls() if secure else None, early=upload) as server:
        with pytest.raises(Alarm) as caught:
            call(transport, server.url)
        assert time.monotonic() - due[0] < 1.35
        assert caught.value.__cause__ is None
        if not upload:
            assert server.left()
            assert transport.send(ask(server.url)).content == b"fine"
        assert transport._pool.held == 0
    transport.close()


def test_a_signal_ends_waiting_for_the_pool(alarm: Any) -> None:
    transport = SocketTransport(limits=PoolLimits(max_connections=1), proxy=None)
    with Rude([chunked_head(), chunk(b"x"), hang]) as server:
        body = transport.send(ask(server.url, stream=True)).body
        alarm(0.1)
        with pytest.raises(Alarm):
            transport.send(ask(server.url, timeout=30))
        assert (transport._pool.held, transport._pool.waiting) == (1, 0)
        assert body is not None
        body.close()
        assert transport._pool.held == 0
    transport.close()


def python(code: str, *arguments: str, **options: Any) -> AbstractContextManager[subprocess.Popen[str]]:
    """Another interpreter that makes warnings errors and sees our sources."""
    root = Path(antiphon.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{Path(__file__).parents[2]}"}
    command = [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", code, *arguments]
    return running(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


CALL = """
import sys
from antiphon.transports.sockets import SocketTransport
from tests.transports.asking import ask, read_to_end
transport = SocketTransport(proxy=None)
url, mode = sys.argv[1:3]
"""


@pytest.mark.parametrize("mode", ["head", "stream"])
def test_control_c_ends_a_hanging_call_at_once(mode: str) -> None:
    code = (
        CALL
        + """
try:
    answer = transport.send(ask(url, stream=mode == "stream", timeout=30))
    print("answered", flush=True)
    answer.body.read_chunk(), answer.body.read_chunk()
except KeyboardInterrupt as problem:
    print(type(problem).__name__, problem.__cause__)
"""
    )
    script = [hang] if mode == "head" else [chunked_head(), chunk(b"x"), hang]
    with Rude(script) as server, python(code, server.url, mode) as process:
        assert server.wait_for(lambda: bool(server.requests), 20)
        if mode == "stream":
            assert process.stdout is not None
            assert process.stdout.readline() == "answered\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        assert server.left()
        out, err = process.communicate(timeout=10)
        assert time.monotonic() - sent < 5
        assert (out, err) == ("KeyboardInterrupt None\n", "")


def test_an_interpreter_that_ends_with_an_open_stream_ends_cleanly() -> None:
    code = CALL + "answer = transport.send(ask(url, stream=True)); print(answer.body.read_chunk())"
    with Rude([chunked_head(), chunk(b"x"), hang]) as server:
        with python(code, server.url, "") as process:
            out, err = process.communicate(timeout=20)
        assert (out, err, process.returncode) == ("b'x'\n", "", 0)
        assert server.left()


def test_an_interpreter_that_ends_with_idle_connections_ends_cleanly() -> None:
    with Rude(reply(b"x")) as server:
        with python(CALL + "print(transport.send(ask(url)).content)", server.url, "") as process:
            out, err = process.communicate(timeout=20)
        assert (out, err, process.returncode) == ("b'x'\n", "", 0)


# -- collection --------------------------------------------------------------------------------------------------------


def test_an_open_body_that_is_collected_closes_its_connection_and_warns(transport: SocketTransport) -> None:
    with Rude([chunked_head(), chunk(b"x"), hang]) as server:
        answer = transport.send(ask(server.url, stream=True))
        holder = [answer]
        del answer
        with pytest.warns(ResourceWarning, match="collected unread") as caught:
            holder.clear()
        assert KEY not in str(caught[0].message)
        assert server.left()
        assert transport._pool.held == 0


@pytest.mark.parametrize("end", ["close", "finish", "read"])
def test_a_body_that_was_ended_is_collected_in_silence(transport: SocketTransport, end: str) -> None:
    with Rude(events("1")) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        body = transport.send(ask(server.url, stream=True)).body
        assert body is not None
        read_to_end(body) if end == "read" else getattr(body, end)()
        assert "ended or closed" in repr(body)
        del body
        gc.collect()


def test_a_transport_that_is_collected_closes_its_idle_connections() -> None:
    transport = SocketTransport(proxy=None)
    with Rude(reply()) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        transport.send(ask(server.url))
        del transport
        gc.collect()
        assert server.left()


def test_a_body_collected_while_the_lock_is_held_is_settled_afterwards(transport: SocketTransport) -> None:
    with Rude([chunked_head(), chunk(b"x"), hang], reply(b"fine")) as server:
        body = transport.send(ask(server.url, stream=True)).body
        assert body is not None
        with transport._lock:
            body.close()
            assert transport._pool.held == 1
        assert transport.send(ask(server.url)).content == b"fine"
        assert transport._pool.held == 0


# -- threads and forks -------------------------------------------------------------------------------------------------


def test_sixteen_threads_share_one_pool(transport: SocketTransport) -> None:
    outcome: list[bytes] = []

    def work(url: str, number: int) -> None:
        for turn in range(10):
            data = f"{number}.{turn}".encode() * 50
            answer = transport.send(ask(url, "POST", data, stream=turn % 2 == 1))
            outcome.append(b"".join(read_to_end(answer.body)) if answer.body else answer.content)

    with Rude(chunked(b"o", b"k")) as server:
        threads = [threading.Thread(target=work, args=[server.url, number]) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert outcome == [b"ok"] * 160
        assert server.connections <= 4
        assert len({request.body for request in server.requests}) == 160
    assert transport._pool.held == 0


def in_child(work: Callable[[], object]) -> str:
    """What a forked child says of its work."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of forks beside threads
        child = os.fork()
    if child == 0:
        try:
            text = repr(work())
        except BaseException as problem:
            text = f"{type(problem).__name__}: {problem}"
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.parametrize("secure", [False, True])
def test_a_forked_child_has_its_own_connections(tmp_path: Path, secure: bool) -> None:
    transport = SocketTransport(proxy=None, verify=authority_file(tmp_path) if secure else True)
    with Rude(reply(b"fine"), tls=good_tls() if secure else None) as server:
        transport.send(ask(server.url))
        assert in_child(lambda: transport.send(ask(server.url)).content) == "b'fine'"
        assert server.connections == 2
        # The parent's connection was not touched: no end, no close_notify.
        assert transport.send(ask(server.url)).content == b"fine"
        assert server.connections == 2
        assert not server.peers[0].gone.is_set()
    transport.close()


def test_a_forked_child_cannot_read_the_parents_stream(transport: SocketTransport) -> None:
    with Rude([chunked_head(), chunk(b"one"), pause(0.3), chunk(b"two"), chunk(b"")]) as server:
        body = transport.send(ask(server.url, stream=True)).body
        assert body is not None
        assert body.read_chunk() == b"one"

        def child() -> object:
            try:
                return body.read_chunk()
            finally:
                body.close()
                transport.close()

        assert in_child(child).startswith(ClientClosed.__name__)
        assert read_to_end(body) == [b"two"]


def test_a_fork_while_another_thread_holds_the_lock(transport: SocketTransport) -> None:
    with Rude(reply(b"fine")) as server:
        transport.send(ask(server.url))
        with transport._lock:
            assert in_child(lambda: transport.send(ask(server.url)).content) == "b'fine'"


# -- secrecy -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [reset, b"garbage\r\n\r\n", [chunked_head(), b"zz\r\n"]])
@pytest.mark.parametrize("size", [0, 100, 1_000_000])
def test_no_traceback_shows_the_key(transport: SocketTransport, fault: Any, size: int) -> None:
    with Rude(fault) as server:
        with pytest.raises(APIConnectionError) as caught:
            transport.send(ask(server.url, "POST", bytes(size)))
        shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
        assert "connection = <antiphon.transports.connection.Connection" in shown
        assert KEY not in shown
        assert KEY not in repr(vars(caught.value))


def test_no_attribute_shows_the_key(transport: SocketTransport) -> None:
    with Rude([chunked_head(), chunk(b"x"), hang]) as server:
        body: Any = transport.send(ask(server.url, stream=True)).body
        seen: set[int] = set()
        waiting: list[Any] = [transport, body]
        while waiting:
            thing = waiting.pop()
            if id(thing) in seen or isinstance(thing, type):
                continue
            seen.add(id(thing))
            assert KEY not in repr(thing)
            if type(thing).__module__.startswith("antiphon.core"):
                continue
            slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
            waiting += [getattr(thing, name, None) for name in slots if not name.startswith("__")]
            waiting += list(getattr(thing, "__dict__", {}).values())
        body.close()
