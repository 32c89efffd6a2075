"""The Redis store: a server that is away, holds still or forgets; other people's clients; the library missing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.shared import Change, Quota, RedisStore, StoreError

from .server import BINARY, Server

redis = pytest.importorskip("redis", reason="the library redis is not installed")
LIMIT = [Quota("requests", 10.0, 5.0, 1.0)]


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    if BINARY is None:
        pytest.skip("no redis-server is installed")
    server = Server(tmp_path)
    yield server
    server.stop()


def acts(store: RedisStore) -> list[Any]:
    return [
        lambda: store.lease("limit", LIMIT, 1.0),
        lambda: store.get("k"),
        lambda: store.put("k", b"w"),
        lambda: store.swap("k", b"v", b"w"),
        lambda: store.count([Change("c", 1)]),
        lambda: store.now(),
    ]


def test_a_server_that_is_away_is_an_error_soon() -> None:
    store = RedisStore("redis://:hunter2@127.0.0.1:1/0", patience=0.2)
    began = time.monotonic()
    for act in acts(store):
        with pytest.raises(StoreError) as caught:
            act()
        assert "hunter2" not in str(caught.value)
    assert time.monotonic() - began < 10
    assert "hunter2" not in repr(store)


def test_a_server_that_holds_still_is_an_error_soon_and_used_again_when_it_goes_on(own_server: Server) -> None:
    store = RedisStore(own_server.url, patience=0.1)
    store.put("k", b"v")
    own_server.hold(True)
    began = time.monotonic()
    try:
        for act in acts(store):
            with pytest.raises(StoreError, match="Timeout"):
                act()
    finally:
        own_server.hold(False)
    assert time.monotonic() - began < 10
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert store.get("k") in (b"v", b"w"), "what was sent while it held still may have been done"
            break
        except StoreError:
            time.sleep(0.05)
    store.close()


def test_nothing_is_sent_twice_where_no_answer_came(own_server: Server) -> None:
    store = RedisStore(own_server.url, patience=0.1)
    patient = RedisStore(own_server.url, patience=10)
    patient.count([Change("c", 1)])
    store.get("k")  # connected
    own_server.hold(True)
    try:
        with pytest.raises(StoreError):
            store.count([Change("c", 1)])
    finally:
        own_server.hold(False)
    patient.get("k")
    assert patient.count([Change("c", 0)]).values[0] <= 2, "it may have been done once, and no more"
    store.close()
    patient.close()


def test_a_server_that_forgot_the_scripts_is_sent_them_again(own_server: Server) -> None:
    store = RedisStore(own_server.url, patience=5)
    assert store.count([Change("c", 1)]).values == (1,)
    with redis.Redis.from_url(own_server.url) as client:
        client.script_flush()
    assert store.count([Change("c", 1)]).values == (2,)
    assert store.swap("k", None, b"v")
    store.close()


def test_keys_are_under_the_prefix_and_end(own_server: Server) -> None:
    store = RedisStore(own_server.url, patience=5, prefix="mine:")
    store.lease("limit", LIMIT, 1.0)
    store.put("k", b"v", 100)
    store.put("stays", b"v")
    store.count([Change("c", 1, seconds=50)])
    with redis.Redis.from_url(own_server.url) as client:
        lives = {key.decode(): client.ttl(key) for key in client.keys("*")}
    assert lives == {
        "mine:{limit}:quota": pytest.approx(62, abs=2),
        "mine:{limit}:workers": pytest.approx(3, abs=1),
        "mine:{k}:value": pytest.approx(100, abs=2),
        "mine:{stays}:value": -1,
        "mine:{c}:counter": pytest.approx(50, abs=2),
    }
    store.close()


def test_another_kind_of_key_in_the_way_is_an_error(own_server: Server) -> None:
    store = RedisStore(own_server.url, patience=5)
    with redis.Redis.from_url(own_server.url) as client:
        client.lpush("antiphon:{k}:value", "x")
    with pytest.raises(StoreError, match="ResponseError"):
        store.get("k")
    with pytest.raises(StoreError, match="ResponseError"):
        store.swap("k", None, b"v")
    store.close()


def test_a_client_that_is_handed_in_is_used(own_server: Server) -> None:
    with redis.Redis.from_url(own_server.url, socket_timeout=2) as client:
        store = RedisStore(client, prefix="p:")
        store.put("k", b"v")
        assert client.get("p:{k}:value") == b"v"
        store.close()
        assert client.ping(), "whose client it is closes it"


def test_clients_that_would_not_do_are_refused() -> None:
    with pytest.raises(TypeError, match="blocking client"):
        RedisStore(redis.asyncio.Redis())
    with pytest.raises(TypeError, match="a URL or a client"):
        RedisStore(5)
    with pytest.raises(ValueError, match="decode_responses"):
        RedisStore(redis.Redis(decode_responses=True, socket_timeout=1))
    with pytest.raises(ValueError, match="socket_timeout"):
        RedisStore(redis.Redis(socket_timeout=None))
    with pytest.raises(ValueError, match="patience"):
        RedisStore("redis://localhost", patience=0)


def test_without_the_library_it_is_said_what_to_install() -> None:
    program = """
import sys
sys.modules["redis"] = None
from antiphon.shared import RedisStore
try:
    RedisStore("redis://localhost")
except Exception as failure:
    print(type(failure).__name__, failure)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.startswith("OpenAIError")
    assert "pip install 'antiphon[redis]'" in done.stdout
