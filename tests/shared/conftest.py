"""The three stores, one after another, and a real Redis server where one is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.shared import MemoryStore, RedisStore, SQLiteStore

from .server import BINARY, Server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("redis", reason="the library redis is not installed")
    if BINARY is None:
        pytest.skip("no redis-server is installed")
    server = Server(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(params=["memory", "sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "redis":
        server = request.getfixturevalue("redis_server")
        made: Any = RedisStore(server.url, patience=5, prefix=f"test:{tmp_path.name}:")
    else:
        made = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "shared.db", patience=5)
    yield made
    made.close()
