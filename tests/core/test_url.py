"""A URL with a password in it is refused, and no frame of antiphon's that is in the traceback shows it."""

from __future__ import annotations

import traceback
from types import FrameType
from typing import Any

import pytest

import antiphon
from antiphon.core.secret import Secret
from antiphon.core.url import URL
from antiphon.errors import InvalidBaseURL

FLAWED = {
    "user and password": "http://u:canary@127.0.0.1:9/v1",
    "and a slash in it": "http://u:canary/x@127.0.0.1:9/v1",
    "no scheme": "u:canary@127.0.0.1:9/v1",
    "unknown scheme": "ftp://u:canary@127.0.0.1:9/v1",
    "a blank": "http://u:ca nary canary@127.0.0.1:9/v1",
}


def frames_of(error: BaseException) -> list[FrameType]:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [frame for frame in frames if frame.f_globals.get("__name__", "").startswith("antiphon.")]


def check(error: BaseException) -> set[str]:
    """The names of the frames, none of which shows the password."""
    assert "canary" not in str(error)
    assert error.__context__ is None
    frames = frames_of(error)
    for frame in frames:
        for name, value in frame.f_locals.items():
            assert "canary" not in repr(value), (frame.f_code.co_qualname, name)
    return {frame.f_code.co_name for frame in frames}


@pytest.mark.parametrize("flaw", FLAWED)
def test_a_url(flaw: str) -> None:
    for given in (FLAWED[flaw], Secret(FLAWED[flaw])):
        with pytest.raises(InvalidBaseURL) as raised:
            URL(given)
        assert check(raised.value) == {"__init__"}


@pytest.mark.parametrize("colour", ["OpenAI", "AsyncOpenAI"])
@pytest.mark.parametrize("argument", ["base_url", "websocket_base_url"])
@pytest.mark.parametrize("flaw", FLAWED)
def test_a_client(flaw: str, argument: str, colour: str) -> None:
    arguments: dict[str, Any] = {argument: FLAWED[flaw]}
    with pytest.raises(InvalidBaseURL) as raised:
        getattr(antiphon, colour)(api_key="sk-1", **arguments)
    assert {"__init__", "resolve"} <= check(raised.value)


@pytest.mark.parametrize("colour", ["OpenAI", "AsyncOpenAI"])
@pytest.mark.parametrize("flaw", FLAWED)
def test_one_that_is_set_or_in_the_environment(flaw: str, colour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = getattr(antiphon, colour)
    client = kind(api_key="sk-1", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(InvalidBaseURL) as raised:
        client.base_url = FLAWED[flaw]
    assert {"base_url", "base_url_from"} <= check(raised.value)
    assert str(client.base_url) == "http://127.0.0.1:9/v1/"
    monkeypatch.setenv("OPENAI_BASE_URL", FLAWED[flaw])
    with pytest.raises(InvalidBaseURL) as raised:
        kind(api_key="sk-1")
    assert "resolve" in check(raised.value)


def test_an_at_sign_elsewhere_is_no_password() -> None:
    url = URL("http://127.0.0.1:9/@me/v1?who=a@b")
    assert (str(url.origin), url.path, url.query) == ("http://127.0.0.1:9", "/@me/v1", "who=a@b")
    client = antiphon.OpenAI(api_key="sk-1", base_url="http://127.0.0.1:9/@me/v1", websocket_base_url="ws://h/@me")
    assert str(client.base_url) == "http://127.0.0.1:9/@me/v1/"
    assert str(client.websocket_base_url) == "ws://h/@me/"
    with pytest.raises(InvalidBaseURL, match="port '99999' is not a number from 1 to 65535"):
        URL("http://127.0.0.1:99999/v1")
