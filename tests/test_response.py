"""Raw, streamed and binary responses over scripted bodies, in both colours; the public surface beside the official one."""

from __future__ import annotations

import asyncio
import gc
import inspect
from datetime import timedelta
from pathlib import Path
from typing import Any

import openai._legacy_response
import openai._response
import pytest

from antiphon import response as module
from antiphon.core.decode import decode
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import DEFAULT_TIMEOUT
from antiphon.core.url import Origin
from antiphon.errors import MalformedResponse, StreamAlreadyConsumed, TruncatedBody
from antiphon.response import (
    APIResponse,
    AsyncAPIResponse,
    AsyncResponseContextManager,
    AsyncStreamedBinaryAPIResponse,
    HttpxBinaryResponseContent,
    LegacyAPIResponse,
    ResponseContextManager,
    StreamedBinaryAPIResponse,
)

REQUEST = Request("POST", Origin("https", "api.example", 443), "/v1/x?a=1", Headers(), None, DEFAULT_TIMEOUT)
HEADERS = {
    "content-type": "text/plain; charset=latin-1",
    "x-request-id": "req_1",
    "x-ratelimit-remaining-requests": "7",
}


class Open:
    """A body that gives scripted pieces and tells what was done to it."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = list(pieces)
        self.calls: list[str] = []

    def read_chunk(self) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        if isinstance(piece, Exception):
            raise piece
        return piece

    def finish(self) -> None:
        self.calls.append("finish")

    def close(self) -> None:
        self.calls.append("close")


class AsyncOpen(Open):
    async def read_chunk(self) -> bytes:  # type: ignore[override]
        await asyncio.sleep(0)
        return super().read_chunk()

    async def finish(self) -> None:  # type: ignore[override]
        super().finish()


def whole(content: bytes = b'{"a":1}') -> Reply:
    return Reply(200, Headers(HEADERS), request=REQUEST, content=content, elapsed=1.5, retries_taken=2)


def as_target(reply: Reply, to: Any) -> Any:
    return decode(reply, dict[str, int] if to is None else to)


def opened(*pieces: bytes | Exception, kind: Any = APIResponse) -> Any:
    body = (AsyncOpen if issubclass(kind, AsyncAPIResponse) else Open)(*pieces)
    return kind(Reply(200, Headers(HEADERS), request=REQUEST, body=body), as_target)


def test_facts() -> None:
    response = LegacyAPIResponse[dict[str, int]](whole(), as_target)
    assert response.parse() == {"a": 1}
    assert response.headers["X-Request-Id"] == "req_1"
    assert (response.status_code, response.method, response.http_version) == (200, "POST", "HTTP/1.1")
    assert str(response.url) == "https://api.example/v1/x?a=1"
    assert response.http_request is REQUEST
    assert response.http_response.request is REQUEST
    assert response.elapsed == timedelta(seconds=1.5)
    assert (response.request_id, response.retries_taken, response.is_closed) == ("req_1", 2, True)
    assert (response.content, response.text) == (b'{"a":1}', '{"a":1}')
    assert response.ratelimit.remaining_requests == 7
    assert repr(response) == "<LegacyAPIResponse [200 OK]>"


def test_the_result_is_remembered_for_each_target() -> None:
    calls: list[Any] = []

    def decoder(reply: Reply, to: Any) -> Any:
        calls.append(to)
        return None if to is None else [to]

    response = LegacyAPIResponse[Any](whole(), decoder)
    assert response.parse() is response.parse() is None
    assert response.parse(to=str) is response.parse(to=str)
    unhashable: Any = [1]
    assert response.parse(to=unhashable) is response.parse(to=unhashable)
    assert calls == [None, str, [1]]


def test_reading_whole() -> None:
    response = opened(b'{"a"', b":1}")
    assert not response.is_closed
    assert response.read() == b'{"a":1}'
    assert response.is_closed
    assert response.http_response.body.calls == ["finish", "close"]
    assert response.read() == b'{"a":1}'
    assert response.json() == {"a": 1}
    assert response.text() == '{"a":1}'
    assert response.parse() == {"a": 1}
    assert list(response.iter_bytes(3)) == [b'{"a', b'":1', b"}"]
    response.close()


def test_reading_whole_on_asyncio() -> None:
    async def main() -> None:
        response = opened(b'{"a"', b":1}", kind=AsyncAPIResponse)
        assert not response.is_closed
        assert await response.parse() == {"a": 1}
        assert response.http_response.body.calls == ["finish", "close"]
        assert await response.read() == b'{"a":1}'
        assert await response.json() == {"a": 1}
        assert await response.text() == '{"a":1}'
        assert [piece async for piece in response.iter_bytes(3)] == [b'{"a', b'":1', b"}"]
        await response.close()
        assert response.is_closed

    asyncio.run(main())


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("iter_bytes", (), [b"a\xe9\r", b"\nb"]),
        ("iter_bytes", (2,), [b"a\xe9", b"\r\n", b"b"]),
        ("iter_text", (), ["aé\r", "\nb"]),
        ("iter_text", (4,), ["aé\r\n", "b"]),
        ("iter_lines", (), ["aé", "b"]),
    ],
)
def test_iterating(method: str, arguments: tuple[int, ...], expected: list[Any]) -> None:
    response = opened(b"a\xe9\r", b"\nb")
    assert list(getattr(response, method)(*arguments)) == expected
    with pytest.raises(StreamAlreadyConsumed):
        response.read()
    with pytest.raises(StreamAlreadyConsumed):
        list(response.iter_bytes())

    async def main() -> None:
        response = opened(b"a\xe9\r", b"\nb", kind=AsyncAPIResponse)
        assert [piece async for piece in getattr(response, method)(*arguments)] == expected
        with pytest.raises(StreamAlreadyConsumed):
            await response.parse()
        with pytest.raises(StreamAlreadyConsumed):
            [piece async for piece in response.iter_lines()]

    asyncio.run(main())


def test_a_bad_size_is_refused_before_anything_is_read() -> None:
    response = opened(b"a")
    with pytest.raises(ValueError, match="chunk_size"):
        response.iter_bytes(0)
    assert response.read() == b"a"


def test_stopping_early_closes_without_finishing() -> None:
    response = opened(b"a", b"b")
    pieces = response.iter_bytes()
    assert next(pieces) == b"a"
    del pieces
    gc.collect()
    assert response.http_response.body.calls == ["close"]
    assert response.is_closed

    async def main() -> None:
        response = opened(b"a", b"b", kind=AsyncAPIResponse)
        async for _ in response.iter_bytes():
            break
        await response.close()
        assert "finish" not in response.http_response.body.calls
        assert "close" in response.http_response.body.calls

    asyncio.run(main())


def test_what_breaks_while_reading_closes() -> None:
    response = opened(b"a", TruncatedBody())
    with pytest.raises(TruncatedBody):
        response.read()
    assert response.http_response.body.calls == ["close"]

    async def main() -> None:
        response = opened(b"a", TruncatedBody(), kind=AsyncAPIResponse)
        with pytest.raises(TruncatedBody):
            await response.read()
        assert response.http_response.body.calls == ["close"]

    asyncio.run(main())


def test_reading_after_closing_is_an_error() -> None:
    response = opened(b"a")
    response.close()
    with pytest.raises(StreamAlreadyConsumed):
        response.read()


def test_json_that_is_none_is_a_typed_error() -> None:
    with pytest.raises(MalformedResponse):
        APIResponse[Any](Reply(200, Headers(), request=REQUEST, body=Open(b"{")), as_target).json()

    async def main() -> None:
        with pytest.raises(MalformedResponse):
            await AsyncAPIResponse[Any](Reply(200, Headers(), request=REQUEST, body=AsyncOpen(b"{")), as_target).json()

    asyncio.run(main())


def test_a_stream_of_events_gets_the_body_unread() -> None:
    def stream(reply: Reply, to: Any) -> Any:
        assert not reply.is_read
        return reply.body

    response = APIResponse[Any](Reply(200, Headers(), request=REQUEST, body=Open(b"a")), stream, stream=True)
    assert response.parse() is response.parse() is response.http_response.body
    with pytest.raises(StreamAlreadyConsumed):
        response.read()

    async def main() -> None:
        body = AsyncOpen(b"a")
        response = AsyncAPIResponse[Any](Reply(200, Headers(), request=REQUEST, body=body), stream, stream=True)
        assert await response.parse() is body

    asyncio.run(main())


def test_contexts_send_on_entering_and_close_on_leaving() -> None:
    made: list[Any] = []

    def request() -> APIResponse[Any]:
        made.append(opened(b"a"))
        return made[-1]

    manager = ResponseContextManager(request)
    assert made == []
    with manager as response:
        assert response is made[0]
    assert response.http_response.body.calls == ["close"]
    with pytest.raises(KeyError), ResponseContextManager(request):
        raise KeyError
    assert made[1].http_response.body.calls == ["close"]
    ResponseContextManager(request).__exit__(None, None, None)

    async def main() -> None:
        async def request() -> AsyncAPIResponse[Any]:
            made.append(opened(b"a", kind=AsyncAPIResponse))
            return made[-1]

        manager = AsyncResponseContextManager(request)
        await manager.__aexit__(None, None, None)
        assert len(made) == 2
        async with manager as response:
            assert response is made[2]
        assert response.http_response.body.calls == ["close"]

    asyncio.run(main())


def test_downloads_go_to_files_as_they_come(tmp_path: Path) -> None:
    response = opened(b"ab", b"c", kind=StreamedBinaryAPIResponse)
    response.stream_to_file(tmp_path / "sync", chunk_size=1)
    assert (tmp_path / "sync").read_bytes() == b"abc"

    async def main() -> None:
        response = opened(b"ab", b"c", kind=AsyncStreamedBinaryAPIResponse)
        await response.stream_to_file(str(tmp_path / "async"))

    asyncio.run(main())
    assert (tmp_path / "async").read_bytes() == b"abc"


def test_binary_content(tmp_path: Path) -> None:
    content = HttpxBinaryResponseContent(whole(b"a\xe9\r\nb"))
    assert content.content == content.read() == b"a\xe9\r\nb"
    assert content.text == "aé\r\nb"
    assert content.encoding == "latin-1"
    assert content.charset_encoding == "latin-1"
    assert list(content.iter_bytes(3)) == [b"a\xe9\r", b"\nb"]
    assert list(content.iter_raw()) == [b"a\xe9\r\nb"]
    assert list(content.iter_text()) == ["aé\r\nb"]
    assert list(content.iter_lines()) == ["aé", "b"]
    content.write_to_file(tmp_path / "a")
    with pytest.warns(DeprecationWarning, match="with_streaming_response"):
        content.stream_to_file(tmp_path / "b", chunk_size=1)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == content.content
    content.close()
    assert repr(content) == "<HttpxBinaryResponseContent [200] 5 bytes>"
    assert HttpxBinaryResponseContent(whole()).json() == {"a": 1}
    assert HttpxBinaryResponseContent(Reply(200, Headers(), request=REQUEST, content=b"")).charset_encoding is None


def test_binary_content_on_asyncio(tmp_path: Path) -> None:
    async def main() -> None:
        content = HttpxBinaryResponseContent(whole(b"a\xe9\r\nb"))
        assert await content.aread() == b"a\xe9\r\nb"
        assert [piece async for piece in content.aiter_bytes(3)] == [b"a\xe9\r", b"\nb"]
        assert [piece async for piece in await content.aiter_bytes(3)] == [b"a\xe9\r", b"\nb"]
        assert [piece async for piece in content.aiter_raw()] == [b"a\xe9\r\nb"]
        assert [piece async for piece in await content.aiter_text()] == ["aé\r\nb"]
        assert [piece async for piece in content.aiter_lines()] == ["aé", "b"]
        with pytest.warns(DeprecationWarning, match="with_streaming_response"):
            await content.astream_to_file(tmp_path / "c")
        await content.aclose()

    asyncio.run(main())
    assert (tmp_path / "c").read_bytes() == b"a\xe9\r\nb"


@pytest.mark.parametrize(
    "theirs",
    [
        openai._legacy_response.LegacyAPIResponse,
        openai._legacy_response.HttpxBinaryResponseContent,
        openai._response.APIResponse,
        openai._response.AsyncAPIResponse,
        openai._response.StreamedBinaryAPIResponse,
        openai._response.AsyncStreamedBinaryAPIResponse,
        openai._response.ResponseContextManager,
        openai._response.AsyncResponseContextManager,
    ],
)
def test_every_public_name_of_the_official_class_is_there(theirs: type) -> None:
    ours = getattr(module, theirs.__name__)
    for name, member in inspect.getmembers(theirs):
        if not name.startswith("_"):
            assert hasattr(ours, name), name
            if inspect.isfunction(member):
                assert set(inspect.signature(member).parameters) <= set(
                    inspect.signature(getattr(ours, name)).parameters
                ) | {"kwargs"}, name
