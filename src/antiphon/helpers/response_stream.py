"""`responses.stream()`: a response as it grows, in both colours.

Two thin shells over `ResponseAccumulator`: they make the call on entry, hand each event through, and close the stream on exit.
Everything that is decided is decided before, in `request_of`, or within, in the accumulator.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

from ..core.call import Call
from ..core.mismatch import kind_of
from ..core.omit import given, is_given, not_given, omit
from ..errors import APIError, APITimeoutError, MalformedStream, NoResult, StreamInterrupted
from ..operations import responses
from .flaw import broken_event, in_reply
from .parsing import responses_tools, text_with_format
from .reading import data_of
from .response_accumulator import ResponseAccumulator
from .resumption import BROKEN, Resumption, check_next, reopened, truncated

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType
    from typing import Self

    from ..core.reply import Reply
    from ..streaming import AsyncStream, Stream
    from ..types.responses import ParsedResponse
    from .response_event import ResponseStreamEvent

TextFormatT = TypeVar("TextFormatT")

_TEXT = "response.output_text.delta"
_CUT = (StreamInterrupted, MalformedStream, APITimeoutError)


class StreamRequest(NamedTuple):
    """What a stream is made of: the call, and how to read its events."""

    call: Call[Any]
    text_format: Any
    tools: Any
    starting_after: int | None


def request_of(
    *,
    response_id: Any = omit,
    starting_after: Any = omit,
    text_format: Any = omit,
    tools: Any = omit,
    text: Any = omit,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
    **arguments: Any,
) -> StreamRequest:
    """The request for `responses.stream(...)`: a new response, or a stored one by its id.

    A stored one is read from its beginning, since snapshots need all deltas; events up to `starting_after` are not shown.

    Raises:
        ValueError: `response_id` or `starting_after` together with arguments of a new response, or too few of those.
        TypeError: both `text_format` and a format in `text`, or a type that cannot describe structured output.
    """
    options = {"headers": extra_headers, "extra_query": extra_query, "extra_body": extra_body, "timeout": timeout}
    new = given({**arguments, "text": text})
    tools = responses_tools(tools)
    if is_given(response_id) or is_given(starting_after):
        if new:
            raise ValueError(f"response_id and starting_after continue a stored response and exclude {', '.join(new)}")
        if not is_given(response_id):
            raise ValueError("starting_after needs the response_id of a stored response")
        stored: Call[Any] = Call(
            responses.RETRIEVE, path={"response_id": response_id}, query={"stream": True}, stream=True, **options
        )
        return StreamRequest(stored, text_format, tools, starting_after if is_given(starting_after) else None)
    for name in ("input", "model"):
        if not is_given(new.get(name, omit)):
            raise ValueError(f"a new response needs {name}, or pass the response_id of a stored one")
    body = {**arguments, "text": text_with_format(text, text_format), "tools": tools, "stream": True}
    return StreamRequest(Call(responses.CREATE, body=body, stream=True, **options), text_format, tools, None)


class _Events(Generic[TextFormatT]):
    """What both colours of the stream know."""

    def __init__(self, raw_stream: Any, text_format: Any, input_tools: Any, starting_after: int | None) -> None:
        self._raw_stream = raw_stream
        self._state = ResponseAccumulator(text_format=text_format, input_tools=input_tools)
        self._starting_after = starting_after
        # A function, not a bound method, so that a forgotten stream is collected, and closed, at once.
        self._take: Callable[[Any, Any], Any] = _Events._shown  # pyright: ignore[reportUnknownMemberType]
        self._client: Any = None
        self._resumption: Resumption | None = None

    def resume_with(self, client: Any, resumption: Resumption) -> None:
        """Take the stream up where it breaks, over new connections of `client`."""
        self._client, self._resumption = client, resumption

    @property
    def response(self) -> Reply:
        """The open reply: status and header fields."""
        return cast("Reply", self._raw_stream.response)

    @property
    def current_response_snapshot(self) -> ParsedResponse[TextFormatT] | None:
        """The response as far as it has come; `None` before its first event. Made anew at each look."""
        return self._state.snapshot()

    def _shown(self, event: Any) -> Any:
        event = self._state.handle(event)
        if event is None or self._starting_after is None or _number(event) > self._starting_after:
            return event
        return None

    def _joined(self, event: Any) -> Any:
        """As `_shown`, for a stream that was taken up: what was seen before is not shown again."""
        new = check_next(_number(event), self._state.sequence_number, self.response)
        return self._shown(event) if new else None

    def _enrich(self, failure: APIError) -> None:
        """Put on the failure what had come."""
        enriched: Any = failure
        enriched.partial = self._state.snapshot()
        if isinstance(failure, MalformedStream):
            in_reply(failure, self.response)
        if getattr(failure, "sequence_number", None) is None:
            enriched.sequence_number = self._state.sequence_number

    def _reopening(self, failure: APIError) -> Coroutine[Any, Any, None] | None:
        """The flow that opens the stream again; `None` where that was not asked for, or is of no use."""
        self._enrich(failure)
        resumption, self._resumption = self._resumption, None  # a flow that fails is the last
        if resumption is None or not isinstance(failure, BROKEN):
            return None
        return self._reopen(resumption, failure)

    async def _reopen(self, resumption: Resumption, failure: APIError) -> None:
        try:
            self._raw_stream = await reopened(resumption, self._state, failure)
        finally:
            del failure  # an exception that its own frame holds is left to the collector
        self._resumption = resumption
        self._take = _Events._joined  # pyright: ignore[reportUnknownMemberType]

    def _cut(self) -> StreamInterrupted | None:
        """The failure of an end that is none; told where the stream itself does not, to one that can be taken up."""
        if self._resumption is None or self._state.ended:
            return None
        return truncated(self.response, self._state.sequence_number)

    def _final(self) -> ParsedResponse[TextFormatT]:
        completed = self._state.completed
        if completed is None:
            raise NoResult(f"the response was not completed: {_ending(self._state.last)}")
        return completed


def _number(event: Any) -> int:
    """The sequence number of an event, where something depends on it."""
    number = getattr(event, "sequence_number", None)
    if isinstance(number, int):
        return number
    raise broken_event(event, f"sequence_number: expected int, got {kind_of(number)}, so its place is not known")


def _ending(last: dict[str, Any] | None) -> str:
    if last is None:
        return "no event came"
    if last.get("type") == "error":
        return f"the server reported {last.get('code')}: {last.get('message')}"
    response: dict[str, Any] = data_of(last.get("response")) or {}
    for detail in ("error", "incomplete_details"):
        if value := response.get(detail):
            return f"it ended with {last.get('type')}, {value}"
    return f"its last event of that kind was {last.get('type')}, and no response.completed came"


class ResponseStream(_Events[TextFormatT]):
    """The events of a response, with snapshots and parsed values.

    Example:
        with client.responses.stream(model="…", input="…") as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    print(event.delta, end="")
            response = stream.get_final_response()

    Raises:
        StreamInterrupted: (while reading) the stream broke or ended early; `partial` is the response so far, and
            `sequence_number` the last event's. An `APITimeoutError` and a `MalformedStream` carry both too.
        MalformedStream: (while reading) an event is not what the API promises, or, as `IncoherentStream`, the events do not
            make one response.
    """

    def __init__(
        self,
        *,
        raw_stream: Stream[Any],
        text_format: type[TextFormatT] | Any = omit,
        input_tools: Any = omit,
        starting_after: int | None = None,
    ) -> None:
        super().__init__(raw_stream, text_format, input_tools, starting_after)
        self._iterator = self._events()

    def _events(self) -> Iterator[ResponseStreamEvent[TextFormatT]]:
        while True:
            take = self._take
            try:
                for raw in self._raw_stream:
                    event = take(self, raw)
                    if event is not None:
                        yield event
                if (cut := self._cut()) is None:
                    return
                reopening = self._reopening(cut)
                del cut
            except _CUT as failure:
                if (reopening := self._reopening(failure)) is None:
                    self._raw_stream.close()
                    raise
            self._client.run(reopening)

    def __iter__(self) -> Iterator[ResponseStreamEvent[TextFormatT]]:
        return self._iterator

    def __next__(self) -> ResponseStreamEvent[TextFormatT]:
        return next(self._iterator)

    @property
    def text_deltas(self) -> Iterator[str]:
        """The pieces of the output's text alone, as they come."""
        return (cast("Any", event).delta for event in self if event.type == _TEXT)

    def until_done(self) -> Self:
        """Read the stream to its end."""
        for _ in self:
            pass
        return self

    def get_final_response(self) -> ParsedResponse[TextFormatT]:
        """Read the stream to its end and return the parsed response.

        Raises:
            NoResult: the response failed or stayed incomplete.
        """
        return self.until_done()._final()

    def close(self) -> None:
        """Stop reading and give the connection back; closes it where the stream has not ended."""
        self._raw_stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncResponseStream(_Events[TextFormatT]):
    """As `ResponseStream`, with `async for` and `await`."""

    def __init__(
        self,
        *,
        raw_stream: AsyncStream[Any],
        text_format: type[TextFormatT] | Any = omit,
        input_tools: Any = omit,
        starting_after: int | None = None,
    ) -> None:
        super().__init__(raw_stream, text_format, input_tools, starting_after)

    def __aiter__(self) -> AsyncIterator[ResponseStreamEvent[TextFormatT]]:
        return self

    async def __anext__(self) -> ResponseStreamEvent[TextFormatT]:
        while True:
            try:
                while (event := self._take(self, await self._raw_stream.__anext__())) is None:
                    pass
                return cast("ResponseStreamEvent[TextFormatT]", event)
            except StopAsyncIteration:
                if (cut := self._cut()) is None:
                    raise
                reopening = self._reopening(cut)
                del cut
            except _CUT as failure:
                if (reopening := self._reopening(failure)) is None:
                    await self._raw_stream.close()
                    raise
            await self._client.run(reopening)

    @property
    async def text_deltas(self) -> AsyncIterator[str]:
        """The pieces of the output's text alone, as they come."""
        async for event in self:
            if event.type == _TEXT:
                yield cast("Any", event).delta

    async def until_done(self) -> Self:
        """Read the stream to its end."""
        async for _ in self:
            pass
        return self

    async def get_final_response(self) -> ParsedResponse[TextFormatT]:
        """Read the stream to its end and return the parsed response.

        Raises:
            NoResult: the response failed or stayed incomplete.
        """
        return (await self.until_done())._final()

    async def close(self) -> None:
        """Stop reading and give the connection back; closes it where the stream has not ended."""
        await self._raw_stream.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class ResponseStreamManager(Generic[TextFormatT]):
    """Makes the call when entered and closes the stream when left.

    Args:
        client: whose call this is.
        resume: how many times at most a broken stream of a background response is taken up again, from 0.
        arguments: those of `responses.stream`.

    Raises:
        ValueError: `resume` for a new response that does not run in the background, or below 0.
    """

    def __init__(self, client: Any, *, resume: int = 0, **arguments: Any) -> None:
        self._client = client
        self._request = request_of(**arguments)
        self._resumption = Resumption(resume, self._request.call) if resume else None
        self._stream: ResponseStream[TextFormatT] | None = None

    def __enter__(self) -> ResponseStream[TextFormatT]:
        call, text_format, tools, starting_after = self._request
        self._stream = ResponseStream(
            raw_stream=self._client.perform(call),
            text_format=text_format,
            input_tools=tools,
            starting_after=starting_after,
        )
        if self._resumption is not None:
            self._stream.resume_with(self._client, self._resumption)
        return self._stream

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()


class AsyncResponseStreamManager(Generic[TextFormatT]):
    """As `ResponseStreamManager`, with `async with`."""

    def __init__(self, client: Any, *, resume: int = 0, **arguments: Any) -> None:
        self._client = client
        self._request = request_of(**arguments)
        self._resumption = Resumption(resume, self._request.call) if resume else None
        self._stream: AsyncResponseStream[TextFormatT] | None = None

    async def __aenter__(self) -> AsyncResponseStream[TextFormatT]:
        call, text_format, tools, starting_after = self._request
        self._stream = AsyncResponseStream(
            raw_stream=await self._client.perform(call),
            text_format=text_format,
            input_tools=tools,
            starting_after=starting_after,
        )
        if self._resumption is not None:
            self._stream.resume_with(self._client, self._resumption)
        return self._stream

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            await self._stream.close()
