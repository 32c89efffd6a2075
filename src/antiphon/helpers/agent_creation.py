"""Creating an agent's session: the type its answers shall have, and the event stream that collects the first turn's result."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from typing import TYPE_CHECKING, Any, Generic, Self

from ..core.call import Call
from ..core.omit import SENTINELS
from ..errors import MalformedStream
from ..streaming import AsyncStream, Stream
from .agent_result import AgentTurnResult, Collecting, OutputT, agent_text_format
from .agent_stream import async_final, final
from .agent_tool import Options, Tools
from .agent_turn import Calls, PendingCall
from .flaw import MISREAD, in_reply, refuse_event

if TYPE_CHECKING:
    from ..types.beta import AgentSessionEvent


class AgentSessionEventStream(Stream["AgentSessionEvent"], Generic[OutputT]):
    """The events of a session from its creation on; a stream that can collect the result of the session's input.

    Registered tool handlers run while events are read, each after its call's event was given out. Events of type "error" are
    given out like others.
    """

    def __init__(self, stream: Stream[Any], client: Any, tools: Tools, collecting: Collecting[OutputT]) -> None:
        self.response = stream.response
        self._followed = stream
        self._client = client
        self._tools = tools
        self._collecting = collecting
        self._closed = False
        # The stream it follows owns the connection, and says so where nobody read it.
        self._lent = True
        self._items = self._follow()

    def with_result_collection(self) -> Self:
        """Keep the final messages while events are read, for `get_final_result()`; call it before reading.

        Raises:
            RuntimeError: events have been read already.
        """
        self._collecting.enable()
        return self

    def get_final_result(self) -> AgentTurnResult[OutputT]:
        """Read to the end of the first turn and give its result.

        Raises:
            AgentTurnResultError: the turn did not succeed, or could not be followed.
            AgentOutputParseError: its answer does not fit `output_type`.
        """
        return final(self, self._collecting, self._tools.handlers)

    def close(self) -> None:
        """Stop following; the session goes on."""
        self._closed = True
        self._followed.close()

    def _follow(self) -> Generator[AgentSessionEvent]:
        calls = Calls(self._tools.handlers)
        try:
            for event in self._followed:
                pending = _noted(event, self._collecting, calls)
                yield event
                if self._closed:
                    return
                if pending is not None:
                    self._client.run(self._tools.handle(pending))
        except Exception as error:
            if isinstance(error, MalformedStream):
                in_reply(error, self.response)
            self._collecting.failed(error)
            raise
        finally:
            self.close()


class AsyncAgentSessionEventStream(AsyncStream["AgentSessionEvent"], Generic[OutputT]):
    """As `AgentSessionEventStream`, with `async for`."""

    def __init__(self, stream: AsyncStream[Any], client: Any, tools: Tools, collecting: Collecting[OutputT]) -> None:
        self.response = stream.response
        self._followed = stream
        self._client = client
        self._tools = tools
        self._collecting = collecting
        self._closed = False
        self._events = self._follow()

    def with_result_collection(self) -> Self:
        """As `AgentSessionEventStream.with_result_collection`."""
        self._collecting.enable()
        return self

    async def get_final_result(self) -> AgentTurnResult[OutputT]:
        """As `AgentSessionEventStream.get_final_result`."""
        return await async_final(self, self._collecting, self._tools.handlers)

    def __aiter__(self) -> AsyncIterator[AgentSessionEvent]:
        return self

    async def __anext__(self) -> AgentSessionEvent:
        return await anext(self._events)

    async def close(self) -> None:
        """As `AgentSessionEventStream.close`."""
        self._closed = True
        await self._followed.close()

    async def _follow(self) -> AsyncIterator[AgentSessionEvent]:
        calls = Calls(self._tools.handlers)
        try:
            async for event in self._followed:
                pending = _noted(event, self._collecting, calls)
                yield event
                if self._closed:
                    return
                if pending is not None:
                    await self._client.run(self._tools.handle(pending))
        except Exception as error:
            if isinstance(error, MalformedStream):
                in_reply(error, self.response)
            self._collecting.failed(error)
            raise
        finally:
            await self.close()


def _noted(event: Any, collecting: Collecting[Any], calls: Calls) -> PendingCall | None:
    """Take note of an event; the call in it that is to be handled."""
    try:
        collecting.accept(event)
        return calls.pending(event)
    except MISREAD as failure:
        refuse_event(event, failure)


def create_session(client: Any, call: Call[Any], *, output_type: Any = None, tool_handlers: Any = None) -> Any:
    """Perform the call that creates a session, with `output_type` as the format of its answers.

    Raises:
        TypeError: `output_type` is none that an answer can be read into.
        ValueError: a format is given twice, or tool handlers without `stream=True`.
    """
    return _follow(client, client.perform(_asking(call, output_type, tool_handlers)), call, output_type, tool_handlers)


async def async_create_session(
    client: Any, call: Call[Any], *, output_type: Any = None, tool_handlers: Any = None
) -> Any:
    """As `create_session`."""
    created = await client.perform(_asking(call, output_type, tool_handlers))
    return _follow(client, created, call, output_type, tool_handlers)


def _asking(call: Call[Any], output_type: Any, tool_handlers: Any) -> Call[Any]:
    if tool_handlers is not None and not call.stream:
        raise ValueError("tool_handlers needs stream=True: they run while events are read")
    if output_type is not None:
        call.body = {**call.body, "agent": with_output_format(call.body.get("agent"), output_type)}
    return call


def with_output_format(agent: Any, output_type: Any) -> dict[str, Any]:
    """An agent's settings with the format of its answers in them.

    Raises:
        ValueError: they have one already.
    """
    settings: dict[str, Any] = {} if agent is None or agent.__class__ in SENTINELS else dict(agent)
    text: dict[str, Any] = dict(settings.get("text") or {})
    if text.get("format") is not None:
        raise ValueError("the format of the answers is given twice; pass output_type or agent.text.format, not both")
    return {**settings, "text": {**text, "format": agent_text_format(output_type)}}


def _follow(client: Any, created: Any, call: Call[Any], output_type: Any, tool_handlers: Any) -> Any:
    if not isinstance(created, (Stream, AsyncStream)):
        return created
    stream: Stream[Any] | AsyncStream[Any] = created  # pyright: ignore[reportUnknownVariableType]
    tools = Tools(tool_handlers, None, Options(call.headers, call.timeout))
    collecting: Collecting[Any] = Collecting(output_type=output_type)
    if isinstance(stream, Stream):
        return AgentSessionEventStream(stream, client, tools, collecting)
    return AsyncAgentSessionEventStream(stream, client, tools, collecting)
