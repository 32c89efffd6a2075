"""ASGI apps that fail, hang, break the protocol or pack too well, through both variants."""

from __future__ import annotations

import asyncio
import gzip
import time
from typing import Any

import pytest

from antiphon.core.limits import WireLimits
from antiphon.errors import APIConnectionError, DeadlineExceeded, ReadTimeout, ResponseTooLarge, TruncatedBody

from .asgi_hand import URL, Make, body, start
from .asking import ask


async def fails_at_once(scope: Any, receive: Any, send: Any) -> None:
    raise LookupError("broken app")


async def fails_in_body(scope: Any, receive: Any, send: Any) -> None:
    await start(send)
    await body(send, b"half", True)
    raise LookupError("broken app")


async def says_nothing(scope: Any, receive: Any, send: Any) -> None:
    return


async def stops_in_body(scope: Any, receive: Any, send: Any) -> None:
    await start(send)
    await body(send, b"half", True)


async def body_first(scope: Any, receive: Any, send: Any) -> None:
    await body(send, b"x")


async def after_the_end(scope: Any, receive: Any, send: Any) -> None:
    await start(send)
    await body(send, b"whole")
    raise LookupError("broken app")


@pytest.mark.parametrize(
    ("app", "kind", "phase", "cause"),
    [
        (fails_at_once, APIConnectionError, "head", LookupError),
        (says_nothing, APIConnectionError, "head", None),
        (body_first, APIConnectionError, "head", RuntimeError),
        (fails_in_body, TruncatedBody, "body", LookupError),
        (stops_in_body, TruncatedBody, "body", None),
    ],
)
def test_a_broken_app_is_a_typed_error(hands: Make, app: Any, kind: Any, phase: str, cause: Any) -> None:
    with pytest.raises(kind) as caught:
        hands(app).send(ask(URL))
    assert type(caught.value) is kind
    assert caught.value.phase == phase
    assert (None if caught.value.__cause__ is None else type(caught.value.__cause__)) is cause


@pytest.mark.parametrize("app", [fails_at_once, fails_in_body, after_the_end])
def test_raise_app_exceptions(hands: Make, app: Any) -> None:
    with pytest.raises(LookupError, match="broken app"):
        hands(app, raise_app_exceptions=True).send(ask(URL))


def test_what_fails_after_the_reply_is_logged(hands: Make, caplog: pytest.LogCaptureFixture) -> None:
    assert hands(after_the_end).send(ask(URL)).content == b"whole"
    assert "after its reply was complete" in caplog.text


async def hangs(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(3600)


async def hangs_in_body(scope: Any, receive: Any, send: Any) -> None:
    await start(send)
    await body(send, b"half", True)
    await asyncio.sleep(3600)


@pytest.mark.parametrize(("app", "phase"), [(hangs, "head"), (hangs_in_body, "body")])
def test_timeouts(hands: Make, app: Any, phase: str) -> None:
    driver = hands(app)
    with pytest.raises(ReadTimeout) as caught:
        driver.send(ask(URL, timeout=0.05))
    assert caught.value.phase == phase
    with pytest.raises(DeadlineExceeded):
        driver.send(ask(URL, timeout=None, deadline=time.monotonic() + 0.05))


def test_bounds(hands: Make) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send, 500 if scope["path"] == "/bad" else 200)
        await body(send, bytes(100))

    driver = hands(app, limits=WireLimits(body=10, error_body=10))
    with pytest.raises(ResponseTooLarge):
        driver.send(ask(URL))
    assert driver.send(ask("http://app.test/bad")).content == bytes(10)


def test_an_app_that_packs_too_well(hands: Make) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send, 200, (b"content-encoding", b"gzip"))
        await body(send, gzip.compress(bytes(1_000_000)))

    with pytest.raises(ResponseTooLarge, match="200-fold"):
        hands(app, limits=WireLimits(ratio_after=500_000)).send(ask(URL))
