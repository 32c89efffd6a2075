"""Streams and the circuit breaker: they count when they end, whoever ends them, and a probe's at its head."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.errors import APIConnectionError, CircuitOpen, DeadlineExceeded, ReadTimeout, TruncatedBody
from antiphon.policies.circuit_breaker import CircuitBreaker

from .backend import JSON, Backend, Interrupted, ask, refused
from .piecewise import Piecewise
from .test_circuit_breaker import opened


def test_streams_count_when_they_end() -> None:
    def stream(*chunks: bytes, failure: Exception | None = None) -> Reply:
        return Reply(200, Headers(JSON), ask(), body=Piecewise(*chunks, failure=failure))

    backend, breaker = Backend(), CircuitBreaker(consecutive=2, panic=None)

    def read(reply: Reply, chunks: int = 9) -> None:
        backend.outcome = reply
        body: Any = backend.call(breaker).body
        try:
            while chunks and body.read_chunk():
                chunks -= 1
        except (APIConnectionError, Interrupted):
            pass
        body.close()

    read(stream(b"a", failure=TruncatedBody()))
    read(stream(b"a"))  # to its end: a success in between
    read(stream(b"a", failure=TruncatedBody()))
    read(stream(b"a", b"b"), chunks=1)  # left early, and alive
    read(stream(b"a", failure=ReadTimeout()))
    read(stream(b"a", b"b"), chunks=0)  # left unread: says nothing
    read(stream(b"a", failure=DeadlineExceeded(elapsed=0.5)))
    read(stream(b"a", failure=Interrupted()))
    assert backend.call(breaker).status_code == 200
    backend.outcome = 200
    backend.call(breaker)
    read(stream(b"a", failure=TruncatedBody()))
    read(stream(failure=ReadTimeout()))
    assert isinstance(backend.call(breaker), CircuitOpen)


def test_the_head_of_a_stream_is_enough_for_a_probe() -> None:
    breaker = CircuitBreaker(consecutive=1, panic=None)
    backend = opened(Backend(refused()), breaker)
    backend.wait(6.0)
    bodies = [Piecewise(b"a"), Piecewise(b"a", failure=TruncatedBody())]
    streams = []
    for body in bodies:
        backend.outcome = Reply(200, Headers(JSON), ask(), body=body)
        streams.append(backend.call(breaker))
    assert breaker.health(backend.driver.now)["api"]["state"] == "closed"
    assert streams[1].body.read_chunk() == b"a"
    with pytest.raises(TruncatedBody):
        streams[1].body.read_chunk()
    assert breaker.admissible("api", backend.driver.now), "of a generation that is over"


def test_a_probes_stream_counts_once() -> None:
    breaker = CircuitBreaker(consecutive=1, close_after=2, panic=None, per="endpoint")
    backend = opened(Backend(refused()), breaker)
    backend.wait(6.0)
    backend.outcome = Reply(200, Headers(JSON), ask(), body=Piecewise(b"a"))
    body = backend.call(breaker).body
    while body.read_chunk():
        pass
    assert breaker.health(backend.driver.now)["api"]["state"] == "half-open"


def test_a_stream_of_another_generation_breaks_unheard() -> None:
    breaker, backend = CircuitBreaker(consecutive=1, panic=None), Backend()
    backend.outcome = Reply(200, Headers(JSON), ask(), body=Piecewise(failure=TruncatedBody()))
    stream = backend.call(breaker)
    backend.outcome = refused()
    opened(backend, breaker)
    backend.wait(6.0)
    with pytest.raises(TruncatedBody):
        stream.body.read_chunk()
    assert backend.call(breaker).status_code == 200
    assert breaker.health(backend.driver.now)["api"]["openings"] == 1
