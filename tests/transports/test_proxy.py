"""Which proxy, if any: arguments, the environment, and the rules of no_proxy."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from antiphon.core.omit import not_given
from antiphon.core.url import Origin
from antiphon.errors import InvalidBaseURL, ProxyError
from antiphon.transports.proxy import Proxy, ProxyMap, bypasses

HTTP = Origin("http", "api.example", 80)
HTTPS = Origin("https", "api.example", 443)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://p:3128", ("http", "p", 3128, None)),
        ("HTTP://P", ("http", "p", 80, None)),
        ("p:3128", ("http", "p", 3128, None)),
        (" http://p:3128/ ", ("http", "p", 3128, None)),
        ("https://p", ("https", "p", 443, None)),
        ("http://[::1]:8080", ("http", "::1", 8080, None)),
        ("http://user:pass@p:1", ("http", "p", 1, "Basic dXNlcjpwYXNz")),
        ("user:p%40ss@p:1", ("http", "p", 1, "Basic dXNlcjpwQHNz")),
        ("http://user@p:1", ("http", "p", 1, "Basic dXNlcjo=")),
        ("http://a@b:c@p:1", ("http", "p", 1, "Basic YUBiOmM=")),
        ("http://a:b://c@p:1", ("http", "p", 1, "Basic YTpiOi8vYw==")),
        ("a:b://c@p:1", ("http", "p", 1, "Basic YTpiOi8vYw==")),
    ],
)
def test_addresses(url: str, expected: tuple[Any, ...]) -> None:
    proxy = Proxy(url)
    secret = proxy.authorization
    assert (proxy.scheme, proxy.host, proxy.port, secret and secret.reveal()) == expected


@pytest.mark.parametrize(
    "url",
    ["socks5://u:canary@p:1", "http://u:canary@", "http://u:canary@p:x", "", "http://u:canary@p q", "u:canary://x@p:x"],
)
def test_addresses_that_are_none(url: str) -> None:
    for make in (Proxy, ProxyMap, ProxyMap.chosen):
        with pytest.raises(InvalidBaseURL) as caught:
            make(url)
        assert "canary" not in str(caught.value)
        frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
        ours = [frame.locals for frame in frames if "tests" not in frame.filename]
        # The outermost is what was called with the text.
        assert "canary" not in str(ours)
        assert "<Proxy, not made>" in str(ours)


def test_credentials_do_not_show() -> None:
    proxy = Proxy("http://user:canary@p:1")
    assert repr(proxy) == "<Proxy http://p:1 with credentials>"
    assert "canary" not in repr([getattr(proxy, name) for name in Proxy.__slots__])
    proxies = ProxyMap(None, {"https_proxy": "http://user:canary@p:1"})
    assert "canary" not in repr([getattr(proxies, name) for name in ProxyMap.__slots__])


@pytest.mark.parametrize(
    ("environ", "origin", "host"),
    [
        ({}, HTTPS, None),
        ({"HTTPS_PROXY": "http://up"}, HTTPS, "up"),
        ({"HTTPS_PROXY": "http://up", "https_proxy": "http://low"}, HTTPS, "low"),
        ({"HTTPS_PROXY": "http://up", "https_proxy": ""}, HTTPS, "up"),
        ({"HTTPS_PROXY": "http://up"}, HTTP, None),
        ({"HTTP_PROXY": "http://up"}, HTTP, "up"),
        ({"HTTP_PROXY": "http://up", "REQUEST_METHOD": "GET"}, HTTP, None),
        ({"http_proxy": "http://low", "REQUEST_METHOD": "GET"}, HTTP, "low"),
        ({"ALL_PROXY": "http://all"}, HTTPS, "all"),
        ({"all_proxy": "http://all", "HTTPS_PROXY": "http://up"}, HTTPS, "up"),
        ({"all_proxy": "http://all", "HTTPS_PROXY": "http://up"}, HTTP, "all"),
        ({"HTTPS_PROXY": "http://up", "NO_PROXY": "example"}, HTTPS, None),
        ({"HTTPS_PROXY": "http://up", "no_proxy": "other", "NO_PROXY": "example"}, HTTPS, "up"),
        ({"HTTP_PROXY": "http://up"}, Origin("http", "localhost", 80), "up"),
        ({"HTTP_PROXY": "http://up"}, Origin("http", "127.0.0.1", 80), "up"),
    ],
)
def test_the_environment(environ: dict[str, str], origin: Origin, host: str | None) -> None:
    proxies = ProxyMap(None, environ)
    for _ in range(2):
        proxy = proxies.for_origin(origin)
        assert (proxy and proxy.host) == host


def test_the_argument_silences_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://env")
    monkeypatch.setenv("NO_PROXY", "*")
    given = ProxyMap.chosen("http://given").for_origin(HTTPS)
    assert given is not None
    assert given.host == "given"
    assert ProxyMap.chosen(Proxy("http://given")).for_origin(HTTP) is not None
    assert ProxyMap.chosen(None).for_origin(HTTPS) is None
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy", raising=False)
    found = ProxyMap.chosen(not_given).for_origin(HTTPS)
    assert found is not None
    assert found.host == "env"


def test_an_unusable_proxy_of_the_environment_is_an_error_when_used() -> None:
    proxies = ProxyMap(None, {"all_proxy": "socks5://u:canary@p"})
    with pytest.raises(ProxyError, match="socks5") as caught:
        proxies.for_origin(HTTPS)
    assert "canary" not in str(caught.value)
    assert (caught.value.phase, caught.value.sent) == ("proxy", "no")


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "expected"),
    [
        ("", "api.example", 443, False),
        ("*", "api.example", 443, True),
        ("api.example", "api.example", 443, True),
        ("example", "api.example", 443, True),
        (".example", "api.example", 443, True),
        ("*.example", "api.example", 443, True),
        (".api.example", "api.example", 443, True),
        ("pi.example", "api.example", 443, False),
        ("API.Example", "api.example", 443, True),
        ("other, api.example", "api.example", 443, True),
        ("other api.example", "api.example", 443, True),
        ("api.example:443", "api.example", 443, True),
        ("api.example:80", "api.example", 443, False),
        ("https://api.example", "api.example", 443, True),
        ("localhost", "localhost", 80, True),
        ("127.0.0.1", "127.0.0.1", 80, True),
        ("127.0.0.1:81", "127.0.0.1", 80, False),
        ("10.0.0.0/8", "10.1.2.3", 80, True),
        ("10.0.0.0/8", "11.1.2.3", 80, False),
        ("10.0.0.1/8", "10.1.2.3", 80, True),
        ("1.2.3", "1.2.3.4", 80, False),
        ("::1", "::1", 80, True),
        ("[::1]", "::1", 80, True),
        ("[::1]:80", "::1", 80, True),
        ("[::1]:81", "::1", 80, False),
        ("fe80::/10", "fe80::1", 80, True),
        ("fe80::/10", "10.0.0.1", 80, False),
        (".", "api.example", 443, False),
        ("api.example:", "api.example", 443, True),
    ],
)
def test_no_proxy(no_proxy: str, host: str, port: int, expected: bool) -> None:
    assert bypasses(no_proxy, Origin("https", host, port)) is expected
