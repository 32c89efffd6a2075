"""The pytest plugin: `addopts = -p antiphon.testing.plugin` in the configuration, or `pytest_plugins` in a conftest, loads it.

    def test_greeting(openai_server, openai_client):
        openai_server.say("Hello, Ada.")
        assert greet(openai_client, "Ada") == "Hello, Ada."

    @pytest.mark.openai_fault("status=429;retry_after=0", times=1)
    def test_it_tries_again(openai_client): ...

Each test has a world of its own in one emulator a process, so tests may run side by side, under xdist too. Code under
test that makes its own client finds the server by `OPENAI_BASE_URL`. `openai_package = openai` in the configuration
makes the clients those of the official package. They are called `client` and `async_client` for short, where no other
plugin has a fixture of such a name, as those for web frameworks do.

It does not load by itself: pytest rewrites the assertions of every module of a package that has such a plugin, so every
program that only uses antiphon would start slower under pytest.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..emulator import Emulator
    from .server import TestServer

_NUMBERS = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one setting."""
    parser.addini(
        "openai_package",
        "whose clients `openai_client` and `async_openai_client` are: antiphon or openai",
        default="antiphon",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """The two marks, and the short names that nobody else has taken."""
    config.addinivalue_line(
        "markers", "openai_fault(fault, ..., rate=, times=, after=, once=, match=): break requests of this test"
    )
    config.addinivalue_line("markers", "openai_fixture(answer, ...): texts, fixtures or files to answer this test by")
    plugins = config.pluginmanager.get_plugins()
    for name, short in (("client", _Client()), ("async_client", _AsyncClient())):
        if not any(name in dir(plugin) for plugin in plugins):
            config.pluginmanager.register(short, f"antiphon-{name}")


@pytest.fixture(scope="session")
def openai_emulator() -> Iterator[Emulator]:
    """The emulator of this process. Override it to set it up in another way."""
    from ..emulator import Emulator

    with Emulator() as running:
        yield running


@pytest.fixture
def openai_server(
    openai_emulator: Emulator, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestServer]:
    """This test's own world, with what its marks ask for; `OPENAI_BASE_URL` and `OPENAI_API_KEY` lead to it."""
    from .server import TestServer

    with TestServer(openai_emulator, scope=f"test-{next(_NUMBERS)}") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
        for mark in request.node.iter_markers("openai_fixture"):
            server.say(*(_found(given, request.path) for given in mark.args))
        for mark in request.node.iter_markers("openai_fault"):
            server.break_with(*mark.args, **mark.kwargs)
        yield server


@pytest.fixture
def openai_client(openai_server: TestServer, pytestconfig: pytest.Config) -> Iterator[Any]:
    """A blocking client of this test's world."""
    package = importlib.import_module(pytestconfig.getini("openai_package"))
    with package.OpenAI(base_url=openai_server.base_url, api_key=openai_server.api_key) as made:
        yield made


@pytest.fixture
def async_openai_client(openai_server: TestServer, pytestconfig: pytest.Config) -> Iterator[Any]:
    """An asyncio client of this test's world."""
    package = importlib.import_module(pytestconfig.getini("openai_package"))
    made = package.AsyncOpenAI(base_url=openai_server.base_url, api_key=openai_server.api_key)
    yield made
    _close(made)


class _Client:
    @pytest.fixture
    def client(self, openai_client: Any) -> Any:
        """The same as `openai_client`."""
        return openai_client


class _AsyncClient:
    @pytest.fixture
    def async_client(self, async_openai_client: Any) -> Any:
        """The same as `async_openai_client`."""
        return async_openai_client


def _close(made: Any) -> None:
    """Close an asyncio client, in a thread of its own: the test's event loop may be over, or still be running here."""
    import asyncio
    from contextlib import suppress
    from threading import Thread

    def close() -> None:
        with suppress(RuntimeError):  # one of them minds that its event loop is over
            asyncio.run(made.close())

    thread = Thread(target=close)
    thread.start()
    thread.join()


def _found(given: Any, test: Path) -> Any:
    """A file that a mark names is looked for beside the test."""
    return test.parent / given if isinstance(given, Path) else given
