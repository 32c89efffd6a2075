"""URLs that others named: fetched from where they may be, bounded, without a credential, in both colours."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.errors import (
    APITimeoutError,
    ConnectError,
    InvalidBaseURL,
    NotFoundError,
    RedirectRefused,
    ResponseTooLarge,
    UnexpectedContentType,
)
from antiphon.fetching import Fetched, fetch, fetch_async
from tests.transports.rude import Rude, chunked, hang, reply

PNG = reply(b"\x89PNG...", 200, "Content-Type: image/png; x=1")
Do = Callable[..., Fetched]


@pytest.fixture(params=["sync", "async"])
def do(request: pytest.FixtureRequest) -> Do:
    """Fetches in each colour."""
    if request.param == "sync":
        return fetch
    return lambda *args, **options: asyncio.run(fetch_async(*args, **options))


def anywhere(host: str, addresses: list[Any]) -> list[Any]:
    """This machine plays the internet."""
    return addresses


def open_to(server: Rude, **options: Any) -> dict[str, Any]:
    return {"reach": anywhere, "ports": [int(server.url.rpartition(":")[2])], **options}


def test_what_is_there_is_fetched_without_any_credential(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-fetch")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Rude(PNG) as server:
        found = do(f"{server.url}/cat.png?size=1", **open_to(server, types=["image/"]))
        assert (found.content_type, found.content) == ("image/png", b"\x89PNG...")
        assert found.data_url == "data:image/png;base64,iVBORy4uLg=="
        asked = server.requests[0]
    assert asked.target == "/cat.png?size=1"
    assert not {"authorization", "cookie", "openai-organization"} & set(asked.headers)
    assert "sk-canary" not in str(asked.headers)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_row_57_this_machine_is_not_asked_however_it_is_spelt(do: Do, host: str) -> None:
    with Rude(PNG) as server:
        port = server.url.rpartition(":")[2]
        with pytest.raises((ConnectError, InvalidBaseURL)):
            do(f"http://{host}:{port}/", ports=[int(port)])
        assert server.connections == 0


def test_a_name_is_resolved_once_and_that_address_is_asked(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["93.184.216.34", "127.0.0.1"]  # a name that changes its mind
    real = socket.getaddrinfo

    def rebinding(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host != "rebind.example":
            return real(host, port, *args, **options)
        if options.get("flags") == socket.AI_NUMERICHOST or (len(args) > 3 and args[3] == socket.AI_NUMERICHOST):
            raise socket.gaierror(socket.EAI_NONAME, "not numeric")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    asked: list[Any] = []
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", _in_loop(rebinding))

    def noting(host: str, addresses: list[Any]) -> list[Any]:
        asked.extend(address[1][0] for address in addresses)
        raise ConnectError(message="seen", phase="dns")

    with pytest.raises(ConnectError, match="seen"):
        do("http://rebind.example/", reach=noting)
    assert asked == ["93.184.216.34"]
    with pytest.raises(ConnectError, match="no public address"):
        do("http://rebind.example/")
    assert answers == []


def _in_loop(resolve: Callable[..., Any]) -> Any:
    async def getaddrinfo(_: Any, host: Any, port: Any, **options: Any) -> Any:
        return resolve(host, port, **options)

    return getaddrinfo


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/", "gopher://h/", "h", "", "http://u:p@1.1.1.1/"])
def test_what_is_no_url_of_the_web_is_refused(do: Do, url: str) -> None:
    with pytest.raises(InvalidBaseURL):
        do(url)


def test_other_ports_are_not_asked(do: Do) -> None:
    with pytest.raises(InvalidBaseURL, match="port 6379"):
        do("http://1.1.1.1:6379/")


def test_each_place_of_a_redirect_is_judged(do: Do) -> None:
    with Rude(PNG) as there:
        moved = reply(b"", 302, f"Location: {there.url}/x")
        with Rude(moved) as here:
            with pytest.raises(RedirectRefused):
                do(here.url, **open_to(here))
            ports = [int(server.url.rpartition(":")[2]) for server in (here, there)]
            assert do(here.url, reach=anywhere, ports=ports).url == f"{there.url}/x"

            def only_here(host: str, addresses: list[Any]) -> list[Any]:
                if addresses[0][1][1] != ports[0]:
                    raise ConnectError(message="not there", phase="dns")
                return addresses

            with pytest.raises(ConnectError, match="not there"):
                do(here.url, reach=only_here, ports=ports)


@pytest.mark.parametrize("place", ["file:///etc/passwd", "javascript:x", "http://", "//[::1"])
def test_a_redirect_to_what_is_no_such_url_is_refused(do: Do, place: str) -> None:
    with Rude(reply(b"", 302, f"Location: {place}")) as server, pytest.raises(RedirectRefused):
        do(server.url, **open_to(server))


def test_a_circle_ends(do: Do) -> None:
    with Rude(reply(b"", 302, "Location: /again")) as server:
        with pytest.raises(RedirectRefused, match="more than 3"):
            do(server.url, **open_to(server))
        assert len(server.requests) == 4


def test_too_much_is_refused_declared_or_not(do: Do) -> None:
    with Rude(reply(b"x" * 2000), chunked(*[b"x" * 500] * 4)) as server:
        for _ in range(2):
            with pytest.raises(ResponseTooLarge):
                do(server.url, **open_to(server, most=1999))
    with Rude(reply(b"x" * 2000)) as server:
        assert len(do(server.url, **open_to(server, most=2000)).content) == 2000


def test_other_types_and_refusals_are_errors(do: Do) -> None:
    with Rude(reply(b"<html>", 200, "Content-Type: text/html"), reply(b"", 404)) as server:
        with pytest.raises(UnexpectedContentType, match="wanted image/; got text/html"):
            do(server.url, **open_to(server, types=["image/"]))
        with pytest.raises(NotFoundError):
            do(server.url, **open_to(server))


def test_it_takes_no_longer_than_it_may(do: Do) -> None:
    with Rude([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", hang]) as server:
        began = time.monotonic()
        with pytest.raises(APITimeoutError):
            do(server.url, **open_to(server, seconds=0.3))
        assert time.monotonic() - began < 10
