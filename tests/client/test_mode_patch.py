"""Raw and streaming twins go through what a program has made of a method: a patch of the class or the object, an override."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

import antiphon
from tests.client.colour import Colour
from tests.transports.rude import Rude, reply

CHAT = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": []}).encode()
ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
PACKAGES = pytest.mark.parametrize("package", [openai, antiphon], ids=["openai", "antiphon"])
WAYS = pytest.mark.parametrize("way", ["class", "object", "override"])


def seen_by(monkeypatch: pytest.MonkeyPatch, client: Any, way: str) -> tuple[Any, list[dict[str, Any]]]:
    """The completions to call, and the keywords that the program's own method sees."""
    completions, seen = client.chat.completions, list[dict[str, Any]]()
    kind, own = type(completions), type(completions).create
    if way == "object":
        bound = completions.create
        monkeypatch.setattr(completions, "create", lambda **kwargs: (seen.append(kwargs), bound(**kwargs))[1])
        return completions, seen

    def create(self: Any, **kwargs: Any) -> Any:
        seen.append(kwargs)
        return own(self, **kwargs)

    if way == "class":
        monkeypatch.setattr(kind, "create", create)
        return completions, seen
    return type("Mine", (kind,), {"create": create})(client), seen


@PACKAGES
@WAYS
def test_blocking(monkeypatch: pytest.MonkeyPatch, package: Any, way: str) -> None:
    with Rude(reply(CHAT)) as server, package.OpenAI(api_key="sk-1", base_url=server.url) as client:
        completions, seen = seen_by(monkeypatch, client, way)
        raw = completions.with_raw_response.create(**ASKED, extra_headers={"x-mine": "1"})
        assert (raw.status_code, raw.parse().id, len(seen)) == (200, "c", 1)
        with completions.with_streaming_response.create(**ASKED) as opened:
            assert (len(seen), json.loads(opened.read())["id"]) == (2, "c")
    assert server.requests[0].headers["x-mine"] == "1"


@PACKAGES
@WAYS
def test_asyncio(monkeypatch: pytest.MonkeyPatch, package: Any, way: str) -> None:
    import asyncio

    async def main(url: str) -> None:
        async with package.AsyncOpenAI(api_key="sk-1", base_url=url) as client:
            completions, seen = seen_by(monkeypatch, client, way)
            raw = await completions.with_raw_response.create(**ASKED)
            assert (raw.status_code, raw.parse().id, len(seen)) == (200, "c", 1)
            async with completions.with_streaming_response.create(**ASKED) as opened:
                assert (len(seen), json.loads(await opened.read())["id"]) == (2, "c")

    with Rude(reply(CHAT)) as server:
        asyncio.run(main(server.url))


def test_the_note_is_not_sent(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    with Rude(reply(CHAT)) as server, colour.client(server.url) as it:
        raw = it(
            lambda client: client.chat.completions.create(**ASKED, extra_headers={"X-Stainless-Raw-Response": "true"})
        )
    assert raw.status_code == 200
    assert "x-stainless-raw-response" not in server.requests[0].headers
