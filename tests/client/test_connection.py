"""Servers and networks that misbehave, as a user of the client meets them; plain and over TLS, straight and by proxy."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import httpx2
import pytest

from antiphon.errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    ConnectError,
    ProtocolError,
    ProxyError,
    ReadTimeout,
    TLSError,
    UnexpectedContentType,
)
from tests.transports.rude import Rude, drip, reply
from tests.transports.rude_proxy import RudeProxy
from tests.transports.trust import authority_file, expired_tls, good_tls, untrusted_tls, wrong_host_tls

from .answer import CHAT, chat, create, ok, retrieve, wrong
from .colour import KEY, Colour, failure_of
from .test_credential import shown
from .test_stream_life import OPEN


def trusting(colour: Colour, folder: Path, **more: Any) -> dict[str, Any]:
    """The options of a client that trusts the tests' authority."""
    file = authority_file(folder)
    if colour.own:
        return {"verify": file, **more}
    proxy = {"proxy": more.pop("proxy")} if more.get("proxy") else {}
    context = ssl.create_default_context(cafile=file)
    return {"http_client": colour.http_client(verify=context, **proxy), **more}


def proxied(colour: Colour, url: str) -> dict[str, Any]:
    """The options of a client that goes through a proxy."""
    return {"proxy": url} if colour.own else {"http_client": colour.http_client(proxy=url)}


def test_over_tls_all_is_the_same(colour: Colour, tmp_path: Path) -> None:
    script = [ok(), CHAT, wrong(400, code="c"), ok({"data": [{"id": "a"}], "has_more": False}), OPEN]
    with Rude(*script, tls=good_tls()) as server:
        with colour.client(server.url, **trusting(colour, tmp_path)) as it:
            assert it(retrieve).id == "m"
            assert len(it(chat)) == 3
            assert failure_of(it, create).code == "c"
            assert [item.id for item in it.items(lambda client: client.files.list())] == ["a"]
            if colour.own:
                assert server.connections == 1
            stream, _ = it.first(chat)
            it.wait(stream.close())
            it.turn()
            assert server.left(server.connections - 1)


@pytest.mark.parametrize("flaw", [untrusted_tls, expired_tls, wrong_host_tls], ids=lambda flaw: flaw.__name__)
def test_row_3_certificates_that_cannot_be_trusted(colour: Colour, flaw: Any, tmp_path: Path) -> None:
    with Rude(ok(), tls=flaw()) as server, colour.client(server.url, **trusting(colour, tmp_path)) as it:
        error = failure_of(it, retrieve)
        assert type(error) is TLSError
        assert "certificate" in str(error).lower()
        assert server.requests == []
        assert server.connections == 1


def test_row_3_no_fall_back_to_plain_text(colour: Colour) -> None:
    with Rude(ok()) as server:
        with colour.client(server.url.replace("http://", "https://"), max_retries=0, timeout=0.3) as it:
            assert isinstance(failure_of(it, retrieve), APIConnectionError)
        assert server.requests == []


def test_row_1_a_name_that_does_not_exist(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with colour.client("http://does-not-exist.invalid") as it:
        error = failure_of(it, retrieve)
        assert isinstance(error, ConnectError)
        assert error.attempts == 3
        assert "does-not-exist.invalid" in str(error)
        assert len(it.clock.slept) == 2


def test_row_2_nobody_listens_is_told_with_its_reason(colour: Colour) -> None:
    with Rude() as server:
        url = server.url
    with colour.client(url) as it:
        error = failure_of(it, retrieve)
        assert isinstance(error, ConnectError)
        assert url.removeprefix("http://") in str(error)
        assert error.__cause__ is not None
        assert error.sent == "no"


def test_row_11_a_head_that_drips(colour: Colour) -> None:
    if colour == Colour("sync", "httpx2"):
        pytest.skip(
            "httpx2's blocking client renews its timeout with every byte, and cannot be interrupted from outside"
        )
    with Rude(drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 500, 0.05)) as server:
        with colour.client(server.url, deadline=0.4, _clock=None) as it:
            error = failure_of(it, retrieve)
            assert isinstance(error, APITimeoutError)
            assert server.left(0)


def test_row_12_a_body_that_stops(colour: Colour) -> None:
    with Rude([reply(b'{"id"', length=99), drip(b"", 9)], ok()) as server:
        with colour.client(server.url, timeout=0.2, max_retries=0) as it:
            server.script[0] = [reply(b'{"id"', length=99), lambda peer: peer.server.stopping.wait(2)]
            error = failure_of(it, retrieve)
            assert isinstance(error, ReadTimeout)
            assert error.phase == "body"


def test_row_13_a_flood_of_early_hints(own_colour: Colour) -> None:
    # httpx2 reads such heads itself, and without a bound.
    flood = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    with Rude(flood * 100 + ok()) as server, own_colour.client(server.url, max_retries=0) as it:
        assert isinstance(failure_of(it, retrieve), ProtocolError)
    with Rude(flood * 3 + ok()) as server, own_colour.client(server.url, max_retries=0) as it:
        assert it(retrieve).id == "m"


@pytest.mark.parametrize("kind", ["many", "long", "control"])
def test_row_14_heads_that_are_too_much(own_colour: Colour, kind: str) -> None:
    # Of httpx2 its own parser decides.
    lines = {"many": [f"X-{n}: 1" for n in range(300)], "long": ["X-A: " + "a" * (1 << 20)], "control": ["X-A: a\x00b"]}
    with Rude(ok({"id": "m"}, *lines[kind])) as server, own_colour.client(server.url, max_retries=0) as it:
        error = failure_of(it, retrieve)
        assert isinstance(error, ProtocolError)
        assert "aaaa" not in str(error)


def test_row_14_a_header_that_is_not_ascii_is_read(colour: Colour) -> None:
    with Rude(ok({"id": "m"}, "X-Name: caf\xe9")) as server, colour.client(server.url) as it:
        raw = it(lambda client: client.models.with_raw_response.retrieve("m"))
        assert raw.headers["x-name"] in ("café", "caf\u00e9")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b"], ids=repr)
def test_row_14_a_header_of_ours_cannot_be_split(colour: Colour, value: str) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        error = failure_of(it, lambda client: client.models.retrieve("m", extra_headers={"X-Mine": value}))
        assert isinstance(error, (ValueError, APIConnectionError))
        assert all("x-evil" not in request.headers for request in server.requests)


def test_row_16_a_proxy_that_refuses(colour: Colour, tmp_path: Path) -> None:
    with RudeProxy(credentials="user:right") as proxy, Rude(ok(), tls=good_tls()) as server:
        with colour.client(server.url, max_retries=0, **trusting(colour, tmp_path, proxy=proxy.url)) as it:
            error = failure_of(it, retrieve)
            assert isinstance(error, ProxyError)
            assert KEY not in shown(error)
        assert server.connections == 0
        assert all(KEY.encode() not in head for head in proxy.heads)


def test_row_16_a_proxy_that_answers_itself(colour: Colour) -> None:
    page = b"<html>Please log in</html>"
    with Rude(reply(page, 200, "Content-Type: text/html")) as portal:
        with colour.client("http://api.example", **proxied(colour, portal.url)) as it:
            error = failure_of(it, retrieve)
            assert type(error) is UnexpectedContentType
            assert "Please log in" in str(error)
    with Rude(reply(b"no", 407, "Proxy-Authenticate: Basic")) as portal:
        with colour.client("http://api.example", **proxied(colour, portal.url)) as it:
            kind = ProxyError if colour.own else APIStatusError  # a borrowed client takes it for the server's answer
            assert isinstance(failure_of(it, retrieve), kind)
            assert isinstance(failure_of(it, chat), kind)


def test_through_a_proxy(colour: Colour, tmp_path: Path) -> None:
    with RudeProxy() as proxy, Rude(ok(), CHAT, tls=good_tls()) as server:
        with colour.client(server.url, **trusting(colour, tmp_path, proxy=proxy.url)) as it:
            assert it(retrieve).id == "m"
            assert len(it(chat)) == 3
        assert proxy.heads[0].startswith(b"CONNECT ")
        assert all(KEY.encode() not in head for head in proxy.heads)


def test_the_environments_proxy_is_used_by_ours(own_colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    # A borrowed client was told about proxies by who made it.
    with RudeProxy() as proxy, Rude(ok()) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with own_colour.client(server.url) as it:
            it(retrieve)
        assert proxy.connections == 1
        with own_colour.client(server.url, proxy=None) as it:
            it(retrieve)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with own_colour.client(server.url) as it:
            it(retrieve)
        assert proxy.connections == 1


@pytest.mark.parametrize("transport", ["own", "httpx2"])
def test_row_60_cancelling_half_of_many_tasks_leaves_nothing_behind(transport: str) -> None:
    async def whole(url: str) -> None:
        colour = Colour("async", transport)
        options = {} if colour.own else {"http_client": httpx2.AsyncClient(trust_env=False)}
        async with colour.make(url, max_retries=0, **options) as client:
            tasks = [asyncio.ensure_future(retrieve(client)) for _ in range(200)]
            for number, task in enumerate(tasks):
                if number % 2:
                    await asyncio.sleep(0)
                    task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert sum(getattr(result, "id", None) == "m" for result in results) >= 100
            assert all(
                getattr(result, "id", None) == "m" or isinstance(result, asyncio.CancelledError) for result in results
            )
            assert (await retrieve(client)).id == "m"

    with Rude(ok(), backlog=512) as server:
        asyncio.run(whole(server.url))
