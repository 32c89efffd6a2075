"""The httpx factories: antiphon's defaults, an argument's right of way, and what happens where a package is missing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import httpx2
import openai
import pytest

import antiphon
from antiphon.core.limits import DEFAULT_CONNECTION_LIMITS
from antiphon.core.timeout import DEFAULT_TIMEOUT
from antiphon.transports import factory
from tests.client.answer import CHAT, chat, ok, retrieve, wrong
from tests.client.colour import Colour

from .rude import Rude, reply

HTTPX2 = ("DefaultHttpxClient", "DefaultAsyncHttpxClient", "DefaultHttpx2Client", "DefaultAsyncHttpx2Client")


def traits(client: Any) -> dict[str, Any]:
    """What makes one client differ from another."""
    pool = client._transport._pool
    return {
        "timeout": client.timeout.as_dict(),
        "redirects": client.follow_redirects,
        "connections": pool._max_connections,
        "kept": pool._max_keepalive_connections,
        "base_url": str(client.base_url),
        "headers": client.headers.get("x-mine"),
    }


def close(client: Any) -> None:
    if hasattr(client, "aclose"):
        asyncio.run(client.aclose())
    else:
        client.close()


OPTIONS: list[dict[str, Any]] = [
    {},
    {"timeout": 7.0},
    {"timeout": None},
    {"follow_redirects": False},
    {"limits": httpx2.Limits(max_connections=3, max_keepalive_connections=2)},
    {"base_url": "http://localhost:1", "headers": {"X-Mine": "1"}},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(options) or "none")
@pytest.mark.parametrize("name", HTTPX2)
def test_they_make_what_the_official_ones_make(name: str, options: dict[str, Any]) -> None:
    ours = getattr(antiphon, name)(trust_env=False, **options)
    theirs = getattr(openai, name)(trust_env=False, **options)
    assert traits(ours) == traits(theirs)
    assert isinstance(ours, httpx2.AsyncClient if "Async" in name else httpx2.Client)
    close(ours)
    close(theirs)


def test_the_defaults_are_antiphons() -> None:
    with antiphon.DefaultHttpxClient(trust_env=False) as client:
        found = traits(client)
    assert found["timeout"] == DEFAULT_TIMEOUT.as_dict()
    assert found["connections"] == DEFAULT_CONNECTION_LIMITS.max_connections
    assert found["kept"] == DEFAULT_CONNECTION_LIMITS.max_keepalive_connections


@pytest.mark.parametrize("name", HTTPX2)
def test_they_carry_calls(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    colour = Colour("async" if "Async" in name else "sync", "borrowed")
    http_client = getattr(antiphon, name)(trust_env=False, headers={"X-Mine": "1"})
    with Rude(ok()) as server, colour.client(server.url, http_client=http_client) as it:
        assert it(retrieve).id == "m"
        it.wait(http_client.aclose() if colour.is_async else http_client.close())
    assert server.requests[0].headers["x-mine"] == "1"
    assert server.requests[0].headers["authorization"].startswith("Bearer ")


@pytest.mark.parametrize("name", HTTPX2[:2])
def test_that_they_follow_redirects_of_their_own_takes_no_key_along(name: str) -> None:
    colour = Colour("async" if "Async" in name else "sync", "borrowed")
    http_client = getattr(antiphon, name)(trust_env=False)
    assert http_client.follow_redirects
    with (
        Rude(ok()) as other,
        Rude(reply(b"", 307, f"Location: {other.url}/")) as server,
        colour.client(server.url, http_client=http_client) as it,
    ):
        with pytest.raises(antiphon.RedirectRefused):
            it(retrieve)
        it.wait(http_client.aclose() if colour.is_async else http_client.close())
    assert not other.requests


@pytest.mark.parametrize("name", HTTPX2[:2])
def test_where_only_httpx_is_installed_it_serves(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    client = getattr(antiphon, name)(trust_env=False)
    assert isinstance(client, httpx.AsyncClient if "Async" in name else httpx.Client)
    assert traits(client)["timeout"] == DEFAULT_TIMEOUT.as_dict()
    close(client)


@pytest.mark.parametrize("name", HTTPX2)
def test_without_any_the_package_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(RuntimeError, match=r"install httpx2 .*leave http_client out"):
        getattr(antiphon, name)()


def test_the_name_with_a_2_does_not_settle_for_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(RuntimeError, match="install httpx2"):
        antiphon.DefaultHttpx2Client()


@pytest.mark.parametrize(
    ("package", "name"), [(openai, HTTPX2[0]), (openai, HTTPX2[1]), *((antiphon, name) for name in HTTPX2)]
)
def test_they_can_be_derived_from_as_the_official_ones(package: Any, name: str) -> None:
    factory = getattr(package, name)

    class Mine(factory):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(trust_env=False, **options)
            self.mine = True

    client = Mine(follow_redirects=False)
    assert client.mine
    assert isinstance(client, factory)
    assert issubclass(Mine, factory)
    assert not issubclass(httpx2.Client, factory)
    assert not issubclass(httpx2.AsyncClient, factory)
    assert traits(client)["timeout"] == DEFAULT_TIMEOUT.as_dict()
    assert not client.follow_redirects
    close(client)


def test_they_say_their_names() -> None:
    assert repr(antiphon.DefaultHttpxClient) == "<class 'antiphon.DefaultHttpxClient'>"
    assert antiphon.DefaultAioHttpClient.__name__ == "DefaultAioHttpClient"
    with antiphon.DefaultHttpxClient(trust_env=False) as client:
        assert type(client).__qualname__ == "DefaultHttpxClient"


# -- aiohttp -----------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """No class made over a stand-in serves another test."""
    yield
    factory._derived.cache_clear()


def test_the_aiohttp_one_carries_calls() -> None:
    client = antiphon.DefaultAioHttpClient(trust_env=False)
    script = (wrong(500, "Retry-After-Ms: 1"), ok(), CHAT)
    with Rude(*script) as server, Colour("async", "borrowed").client(server.url, http_client=client) as it:
        assert it(retrieve).id == "m"
        assert [chunk.choices[0].delta.content for chunk in it(chat)] == ["Hel", "lo", ""]
        it.wait(client.aclose())
    assert isinstance(client, antiphon.DefaultAioHttpClient)


def test_the_extra_it_names_brings_it() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["optional-dependencies"]["aiohttp"][0].startswith("httpx-aiohttp")


def test_the_aiohttp_one_names_what_it_misses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx_aiohttp", None)
    with pytest.raises(RuntimeError, match=r'install "antiphon\[aiohttp\]" .*leave http_client out') as caught:
        antiphon.DefaultAioHttpClient(timeout=3)
    assert caught.value.__context__ is None


class HttpxAiohttpClient(httpx.AsyncClient):
    """Stands where httpx-aiohttp's client stands, and remembers what it was given."""

    def __init__(self, **options: Any) -> None:
        self.given = options
        super().__init__(**options)


def test_the_aiohttp_one_gets_the_same_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("httpx_aiohttp")
    module.HttpxAiohttpClient = HttpxAiohttpClient  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "httpx_aiohttp", module)
    client = antiphon.DefaultAioHttpClient(trust_env=False, follow_redirects=False)
    assert isinstance(client, HttpxAiohttpClient)
    assert client.given["timeout"] == httpx.Timeout(**DEFAULT_TIMEOUT.as_dict())
    assert client.given["limits"].max_connections == DEFAULT_CONNECTION_LIMITS.max_connections
    assert client.given["follow_redirects"] is False
    with Rude(ok()) as server, Colour("async", "borrowed").client(server.url, http_client=client) as it:
        assert it(retrieve).id == "m"
        it.wait(client.aclose())


# -- weight ------------------------------------------------------------------------------------------------------------


def test_naming_a_factory_loads_no_http_package() -> None:
    code = (
        "import sys, antiphon\n"
        "antiphon.DefaultHttpxClient, antiphon.DefaultAsyncHttpx2Client, antiphon.DefaultAioHttpClient\n"
        "assert not {'httpx', 'httpx2', 'aiohttp', 'httpx_aiohttp'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("package", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_the_client_is_of_the_package_that_its_parts_are_of(package: ModuleType) -> None:
    """langchain hands over a transport of either package."""
    for name, kind, transport in (
        ("DefaultHttpxClient", package.Client, package.HTTPTransport(trust_env=False)),
        ("DefaultAsyncHttpxClient", package.AsyncClient, package.AsyncHTTPTransport(trust_env=False)),
    ):
        made = getattr(antiphon, name)(transport=transport)
        assert isinstance(made, kind)
        assert isinstance(made, getattr(antiphon, name))
        assert made.timeout.as_dict() == DEFAULT_TIMEOUT.as_dict()
        close(made)
    limited = antiphon.DefaultHttpxClient(limits=package.Limits(max_connections=1), trust_env=False)
    assert isinstance(limited, package.Client)
    close(limited)
