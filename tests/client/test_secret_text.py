"""Keys that hide themselves, like pydantic's `SecretStr`, are taken wherever a key is."""

from __future__ import annotations

import asyncio
from typing import Any

import pydantic
import pytest

import antiphon
from antiphon.errors import InvalidCredential
from tests.transports.rude import Rude

from .answer import ok, retrieve
from .colour import ADMIN_KEY, KEY, Colour

HIDDEN = pydantic.SecretStr(KEY)


def test_a_hidden_key_is_sent(own_colour: Colour) -> None:
    with Rude(ok()) as server, own_colour.client(server.url, api_key=HIDDEN) as it:
        it(retrieve)
        it(lambda client: client.with_options(api_key=pydantic.SecretStr("sk-2")).models.retrieve("m"))
        it.raw.api_key = pydantic.SecretStr("sk-3")
        it(retrieve)
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == [f"Bearer {KEY}", "Bearer sk-2", "Bearer sk-3"]


def test_so_is_one_that_a_function_gives(own_colour: Colour) -> None:
    with Rude(ok()) as server, own_colour.client(server.url, api_key=lambda: HIDDEN) as it:
        it(retrieve)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_every_secret_argument_takes_one() -> None:
    client = antiphon.OpenAI(
        api_key=HIDDEN,  # type: ignore[arg-type]
        admin_api_key=pydantic.SecretStr(ADMIN_KEY),  # type: ignore[arg-type]
        webhook_secret=pydantic.SecretStr("whsec_x"),  # type: ignore[arg-type]
    )
    assert (client.api_key, client.admin_api_key, client.webhook_secret) == (KEY, ADMIN_KEY, "whsec_x")
    client.webhook_secret = pydantic.SecretStr("whsec_y")  # type: ignore[assignment]
    assert client.webhook_secret == "whsec_y"


@pytest.mark.parametrize("value", [pydantic.SecretStr(""), pydantic.SecretStr(f"{KEY}\n"), pydantic.SecretBytes(b"sk")])
def test_what_it_hides_is_checked_and_not_shown(value: Any) -> None:
    with pytest.raises((InvalidCredential, TypeError)) as caught:
        antiphon.OpenAI(api_key=value)
    assert KEY not in str(caught.value)


def test_a_hidden_key_serves_websockets_too() -> None:
    assert antiphon.OpenAI(api_key=HIDDEN).websocket_headers()["Authorization"] == f"Bearer {KEY}"  # type: ignore[arg-type]
    client = antiphon.AsyncOpenAI(api_key=HIDDEN)  # type: ignore[arg-type]
    assert asyncio.run(client.websocket_headers())["Authorization"] == f"Bearer {KEY}"
