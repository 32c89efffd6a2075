"""`chat.completions.stream()`: a chat completion as it grows, in both colours.

Two thin shells over `ChatCompletionStreamState`: they make the call on entry, hand each chunk through, and close the stream on
exit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from ..core.call import Call
from ..core.mismatch import kind_of
from ..core.omit import is_given, not_given, omit
from ..errors import APITimeoutError, MalformedStream, StreamInterrupted
from ..operations import chat
from .chat_accumulator import ChatCompletionStreamState
from .flaw import broken_event, in_reply
from .schema import type_to_response_format_param

if TYPE_CHECKING:
    from typing import Self

    from ..core.reply import Reply
    from ..streaming import AsyncStream, Stream
    from ..types.chat import ParsedChatCompletion
    from .chat_event import ChatCompletionStreamEvent

__all__ = [
    "AsyncChatCompletionStream",
    "AsyncChatCompletionStreamManager",
    "ChatCompletionStream",
    "ChatCompletionStreamManager",
    "ChatCompletionStreamState",
]

ResponseFormatT = TypeVar("ResponseFormatT")


class StreamRequest(NamedTuple):
    """What a stream is made of: the call, and how to read its chunks."""

    call: Call[Any]
    response_format: Any
    tools: Any


def request_of(
    *,
    response_format: Any = omit,
    tools: Any = omit,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
    **arguments: Any,
) -> StreamRequest:
    """The request for `chat.completions.stream(...)`.

    Raises:
        TypeError: `response_format` is neither a format nor a type that describes structured output.
        InvalidBody: the API would refuse the type.
    """
    if is_given(tools) and tools is not None:
        tools = list(tools)
    asked = type_to_response_format_param(response_format)
    call: Call[Any] = Call(
        chat.COMPLETIONS_CREATE,
        body={**arguments, "stream": True, "response_format": asked, "tools": tools},
        headers={"X-Stainless-Helper-Method": "chat.completions.stream", **(extra_headers or {})},
        extra_query=extra_query,
        extra_body=extra_body,
        timeout=timeout,
        stream=True,
    )
    return StreamRequest(call, response_format, tools)


class _Events(Generic[ResponseFormatT]):
    """What both colours of the stream know."""

    _attend: Any = None
    """What the client's streams are attended for, where they are."""

    def __init__(self, raw_stream: Any, response_format: Any, input_tools: Any) -> None:
        self._raw_stream = raw_stream
        self._state: ChatCompletionStreamState[ResponseFormatT] = ChatCompletionStreamState(
            response_format=response_format, input_tools=input_tools
        )
        self._began = False

    @property
    def response(self) -> Reply:
        """The open reply: status and header fields."""
        return cast("Reply", self._raw_stream.response)

    @property
    def current_completion_snapshot(self) -> ParsedChatCompletion[ResponseFormatT]:
        """The completion so far; one object that goes on growing.

        Raises:
            NoResult: no chunk has come yet.
        """
        return self._state.current_completion_snapshot

    def _take(self, chunk: Any) -> Any:
        try:
            kind = chunk.object
        except AttributeError as failure:
            raise broken_event(chunk, f"expected an object, got {kind_of(chunk)}") from failure
        # Azure sends results of its content filter as chunks of another kind.
        if kind not in ("chat.completion.chunk", None):
            return ()
        self._began = True
        return self._state.handle_chunk(chunk)

    def _enrich(self, failure: Any) -> None:
        if isinstance(failure, MalformedStream):
            in_reply(failure, self.response)
        if self._began:
            failure.partial = self._state.current_completion_snapshot


class ChatCompletionStream(_Events[ResponseFormatT]):
    """The events of a chat completion, with snapshots and parsed values.

    Example:
        with client.chat.completions.stream(model="…", messages=[…]) as stream:
            for event in stream:
                if event.type == "content.delta":
                    print(event.delta, end="")
            completion = stream.get_final_completion()

    Raises:
        StreamInterrupted: (while reading) the stream broke or ended early; `partial` is the completion so far.
        LengthFinishReasonError, ContentFilterFinishReasonError: (while reading) an answer that should be parsed was cut.
    """

    def __init__(
        self, *, raw_stream: Stream[Any], response_format: type[ResponseFormatT] | Any = omit, input_tools: Any = omit
    ) -> None:
        super().__init__(raw_stream, response_format, input_tools)
        self._iterator = self._events()

    def _events(self) -> Iterator[ChatCompletionStreamEvent[ResponseFormatT]]:
        take = self._take
        try:
            for chunk in self._raw_stream:
                yield from take(chunk)
        except Exception as failure:
            if isinstance(failure, (StreamInterrupted, MalformedStream, APITimeoutError)):
                self._enrich(failure)
            if self._attend is not None:
                self._attend.tell_failure(self.response, failure)
            raise

    def __iter__(self) -> Iterator[ChatCompletionStreamEvent[ResponseFormatT]]:
        return self._iterator

    def __next__(self) -> ChatCompletionStreamEvent[ResponseFormatT]:
        return next(self._iterator)

    def until_done(self) -> Self:
        """Read the stream to its end."""
        for _ in self:
            pass
        return self

    def get_final_completion(self) -> ParsedChatCompletion[ResponseFormatT]:
        """Read the stream to its end and return the parsed completion.

        Raises:
            LengthFinishReasonError, ContentFilterFinishReasonError: an answer was stopped before its end.
        """
        return self.until_done()._state.get_final_completion()

    def close(self) -> None:
        """Stop reading and give the connection back; closes it where the stream has not ended."""
        self._raw_stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncChatCompletionStream(_Events[ResponseFormatT]):
    """As `ChatCompletionStream`, with `async for` and `await`."""

    def __init__(
        self,
        *,
        raw_stream: AsyncStream[Any],
        response_format: type[ResponseFormatT] | Any = omit,
        input_tools: Any = omit,
    ) -> None:
        super().__init__(raw_stream, response_format, input_tools)
        self._ready: deque[Any] = deque()

    def __aiter__(self) -> AsyncIterator[ChatCompletionStreamEvent[ResponseFormatT]]:
        return self

    async def __anext__(self) -> ChatCompletionStreamEvent[ResponseFormatT]:
        ready = self._ready
        try:
            while not ready:
                ready.extend(self._take(await self._raw_stream.__anext__()))
        except StopAsyncIteration:
            raise
        except Exception as failure:
            if isinstance(failure, (StreamInterrupted, MalformedStream, APITimeoutError)):
                self._enrich(failure)
            if self._attend is not None:
                await self._attend.atell_failure(self.response, failure)
            raise
        return cast("ChatCompletionStreamEvent[ResponseFormatT]", ready.popleft())

    async def until_done(self) -> Self:
        """Read the stream to its end."""
        async for _ in self:
            pass
        return self

    async def get_final_completion(self) -> ParsedChatCompletion[ResponseFormatT]:
        """Read the stream to its end and return the parsed completion.

        Raises:
            LengthFinishReasonError, ContentFilterFinishReasonError: an answer was stopped before its end.
        """
        return (await self.until_done())._state.get_final_completion()

    async def close(self) -> None:
        """Stop reading and give the connection back; closes it where the stream has not ended."""
        await self._raw_stream.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class ChatCompletionStreamManager(Generic[ResponseFormatT]):
    """Makes the call when entered and closes the stream when left.

    Args:
        client: whose call this is.
        arguments: those of `chat.completions.stream`.
    """

    def __init__(self, client: Any, **arguments: Any) -> None:
        self._client = client
        self._request = request_of(**arguments)
        self._stream: ChatCompletionStream[ResponseFormatT] | None = None

    def __enter__(self) -> ChatCompletionStream[ResponseFormatT]:
        call, response_format, tools = self._request
        stream = self._client.perform(call)
        self._stream = ChatCompletionStream(raw_stream=stream, response_format=response_format, input_tools=tools)
        self._stream._attend = getattr(self._client, "_attend", None)
        return self._stream

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._stream.close()


class AsyncChatCompletionStreamManager(Generic[ResponseFormatT]):
    """As `ChatCompletionStreamManager`, with `async with`."""

    def __init__(self, client: Any, **arguments: Any) -> None:
        self._client = client
        self._request = request_of(**arguments)
        self._stream: AsyncChatCompletionStream[ResponseFormatT] | None = None

    async def __aenter__(self) -> AsyncChatCompletionStream[ResponseFormatT]:
        call, response_format, tools = self._request
        stream = await self._client.perform(call)
        self._stream = AsyncChatCompletionStream(raw_stream=stream, response_format=response_format, input_tools=tools)
        self._stream._attend = getattr(self._client, "_attend", None)
        return self._stream

    async def __aexit__(self, *_: object) -> None:
        if self._stream is not None:
            await self._stream.close()
