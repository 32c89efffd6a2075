"""The scripted transport, in both colours: one table, two hands."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.limits import WireLimits
from antiphon.core.reply import Reply
from antiphon.errors import APIConnectionError, ClientClosed, ReadTimeout, ResponseTooLarge, TruncatedBody
from antiphon.transports.memory import AsyncMemoryTransport, MemoryTransport

from .asking import Parts, aread_to_end, ask, read_to_end

URL = "http://memory.test/v1/models?limit=2"


def both(script: Any, request: Any, **options: Any) -> list[Any]:
    """Send through both colours; each outcome is a reply or an exception."""
    blocking = MemoryTransport(script() if callable(script) and script.__name__ == "<lambda>" else script, **options)
    outcomes: list[Any] = []
    for send in (lambda: blocking.send(request), lambda: asyncio.run(_send(script, request, options))):
        try:
            outcomes.append(send())
        except Exception as error:
            outcomes.append(error)
    return outcomes


async def _send(script: Any, request: Any, options: Any) -> Any:
    made = script() if callable(script) and script.__name__ == "<lambda>" else script
    return await AsyncMemoryTransport(made, **options).send(request)


ANSWERS = [
    (204, 204, b"", {}),
    (b"raw", 200, b"raw", {}),
    ("text", 200, b"text", {}),
    ({"a": 1}, 200, b'{"a":1}', {"content-type": "application/json"}),
    ((404, {"error": {}}), 404, b'{"error":{}}', {"content-type": "application/json"}),
    ((200, {"x": "1"}, [b"a", "b", b"", b"c"]), 200, b"abc", {"x": "1"}),
    ((200, [("x", "1"), ("x", "2")], None), 200, b"", {"x": "1, 2"}),
    ((200, bytearray(b"ba")), 200, b"ba", {}),
]


@pytest.mark.parametrize(("answer", "status", "content", "headers"), ANSWERS)
def test_what_an_answer_may_be(answer: Any, status: int, content: bytes, headers: dict[str, str]) -> None:
    for reply in both([answer], ask(URL)):
        assert (reply.status_code, reply.content, dict(reply.headers)) == (status, content, headers)


def test_a_reply_is_an_answer() -> None:
    request = ask(URL)
    made = Reply(201, Headers({"a": "b"}), request=request, content=b"x")
    for reply in both([made], request):
        assert (reply.status_code, reply.headers["a"], reply.content) == (201, "b", b"x")
        assert reply.request is request


@pytest.mark.parametrize(
    ("answer", "kind", "phase"),
    [
        (ReadTimeout(), ReadTimeout, None),
        (ConnectionResetError("reset"), APIConnectionError, "head"),
        ((200, [b"a", ConnectionResetError("reset")]), TruncatedBody, "body"),
        (KeyError("the script's own"), KeyError, None),
        ((200,), TypeError, None),
    ],
)
def test_what_goes_wrong_is_typed(answer: Any, kind: type[Exception], phase: str | None) -> None:
    for error in both([answer], ask(URL)):
        assert type(error) is kind
        assert getattr(error, "phase", None) == phase


def test_the_handler_sees_the_request_and_answers_it() -> None:
    def handler(request: Any) -> Any:
        return {"target": request.target, "body": request.content.decode()}

    request = ask(URL, "POST", Parts([b"a", b"b"]))
    for reply in both(handler, request):
        assert reply.json() == {"target": "/v1/models?limit=2", "body": "ab"}
        assert reply.request is request


def test_requests_are_recorded_with_their_bodies() -> None:
    transport = MemoryTransport([200, 200])
    transport.send(ask(URL, "POST", Parts([b"a", b"b"], sized=False)))
    transport.send(ask(URL, "DELETE"))
    assert [(r.method, r.content) for r in transport.requests] == [("POST", b"ab"), ("DELETE", None)]
    with pytest.raises(AssertionError, match="no answer left"):
        transport.send(ask(URL))


def test_an_async_handler_and_async_chunks_and_an_async_body() -> None:
    async def chunks() -> Any:
        yield b"one"
        yield b"two"

    async def handler(request: Any) -> Any:
        await asyncio.sleep(0)
        return 200, {}, chunks()

    async def main() -> None:
        transport = AsyncMemoryTransport(handler)
        reply = await transport.send(ask(URL, "POST", chunks()))
        assert reply.content == b"onetwo"
        assert transport.requests[0].content == b"onetwo"

    asyncio.run(main())
    with pytest.raises(TypeError, match="async"):
        MemoryTransport(lambda request: (200, chunks())).send(ask(URL))
    with pytest.raises(TypeError, match="async"):
        MemoryTransport([200]).send(ask(URL, "POST", chunks()))


def test_a_streamed_reply_is_open_until_read_or_closed() -> None:
    asked: list[int] = []

    def chunks() -> Any:
        for number in range(3):
            asked.append(number)
            yield b"%d" % number

    transport = MemoryTransport(lambda request: (200, chunks()))
    first = transport.send(ask(URL, stream=True))
    assert not first.is_read
    assert first.body.read_chunk() == b"0"
    assert asked == [0]
    assert transport.open_bodies == 1
    first.body.close()
    first.body.close()
    assert first.body.read_chunk() == b""
    assert transport.open_bodies == 0
    second = transport.send(ask(URL, stream=True))
    assert read_to_end(second.body) == [b"0", b"1", b"2"]
    second.body.finish()
    assert transport.open_bodies == 0


def test_a_streamed_reply_is_open_until_read_or_closed_async() -> None:
    async def main() -> None:
        transport = AsyncMemoryTransport(lambda request: (200, [b"0", b"1", ReadTimeout()]))
        reply = await transport.send(ask(URL, stream=True))
        assert await reply.body.read_chunk() == b"0"
        assert transport.open_bodies == 1
        await reply.body.finish()
        assert transport.open_bodies == 0
        broken = await transport.send(ask(URL, stream=True))
        with pytest.raises(ReadTimeout):
            await aread_to_end(broken.body)
        assert transport.open_bodies == 0

    asyncio.run(main())


@pytest.mark.parametrize(
    ("status", "options", "size", "outcome"),
    [
        (200, {}, 10, 10),
        (200, {}, 11, ResponseTooLarge),
        (500, {}, 11, 4),
        (200, {"stream": True, "events": True}, 11, ResponseTooLarge),
        (200, {"stream": True}, 11, 11),
    ],
)
def test_bounds(status: int, options: dict[str, bool], size: int, outcome: Any) -> None:
    limits = WireLimits(body=10, error_body=4, stream=10)
    for reply in both([(status, [b"x"] * size)], ask(URL, **options), limits=limits):
        if options and isinstance(reply, Reply):
            try:
                reply = len(b"".join(_read(reply)))
            except ResponseTooLarge as error:
                reply = error
        assert (
            len(reply.content) if isinstance(reply, Reply) else reply if isinstance(reply, int) else type(reply)
        ) == outcome


def _read(reply: Any) -> list[bytes]:
    return asyncio.run(aread_to_end(reply.body)) if "Async" in type(reply.body).__name__ else read_to_end(reply.body)


def test_a_closed_transport_refuses() -> None:
    transport = MemoryTransport([200])
    transport.close()
    with pytest.raises(ClientClosed):
        transport.send(ask(URL))

    async def main() -> None:
        other = AsyncMemoryTransport([200])
        await other.aclose()
        with pytest.raises(ClientClosed):
            await other.send(ask(URL))

    asyncio.run(main())
    assert repr(transport) == "<MemoryTransport requests=0>"
