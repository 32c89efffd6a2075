"""Readiness, with poll and without."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest

from antiphon.transports.watch import Watch


@pytest.fixture(params=["poll", "select"])
def pair(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[socket.socket, socket.socket]]:
    if request.param == "select":
        monkeypatch.delattr(select, "poll")
    one, two = socket.socketpair()
    with one, two:
        yield one, two


def test_readable(pair: tuple[socket.socket, socket.socket]) -> None:
    watch = Watch(pair[0])
    assert not watch.readable()
    pair[1].send(b"x")
    assert watch.readable()
    pair[0].recv(1)
    assert not watch.readable()
    pair[1].close()
    assert watch.readable()


def test_ready(pair: tuple[socket.socket, socket.socket]) -> None:
    one, two = pair
    watch = Watch(one)
    assert watch.ready(None)
    one.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            one.send(bytes(65536))
    assert not watch.ready(0.01)
    assert not watch.ready(-1)
    two.send(b"x")
    assert watch.ready(5)
