"""Following an agent's session: one turn of it from its input on, or a new session from its creation on.

Thin shells in both colours. Which events count is `agent_turn`'s knowledge, what they come to `agent_result`'s, and tools
are run by `agent_tool`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self
from uuid import uuid4

from ..core.effects import Invoke, Perform
from ..core.omit import is_given, not_given, omit
from ..errors import MalformedStream, NoResult
from .agent_result import AgentOutputParseError, AgentTurnResult, AgentTurnResultError, Collecting, OutputT
from .agent_tool import Options, Tools
from .agent_turn import Calls, PendingCall, Turn, input_event
from .flaw import MISREAD, in_reply, refuse_event

if TYPE_CHECKING:
    from ..types.beta import AgentSessionEvent

_ENTER = "use beta.agents.sessions.stream() in a with block"
_ONCE = "a session stream can be entered once only; make a new one"
_CUT = "the session's events ended before the turn was idle or failed; the turn itself may have gone on"


def input_key(idempotency_key: Any, headers: Mapping[str, Any] | None) -> str:
    """The input's idempotency key: the one in the headers, else the one given, else a new one."""
    for name, value in (headers or {}).items():
        if name.lower() == "idempotency-key":
            return str(value)
    return idempotency_key if is_given(idempotency_key) and idempotency_key else str(uuid4())


class _Session(Generic[OutputT]):
    """What both colours know of the turn they follow."""

    _stream: Any = None
    _iterator: Any = None

    def __init__(
        self,
        client: Any,
        session_id: str,
        *,
        input: str | Iterable[Any],
        output_type: type[OutputT] | None = None,
        tool_handlers: Mapping[str, Any] | None = None,
        on_tool_error: Any = None,
        idempotency_key: Any = omit,
        extra_headers: Any = None,
        timeout: Any = not_given,
    ) -> None:
        self._client = client
        self._session_id = session_id
        self._input = input_event(input)
        self._key = input_key(idempotency_key, extra_headers)
        self._options = Options(extra_headers, timeout)
        self._tools = Tools(tool_handlers, on_tool_error, self._options)
        self._calls = Calls(self._tools.handlers)
        self._turn = Turn()
        self._collecting = Collecting(session_id, output_type)
        self._entered = False
        self._closed = False

    def with_result_collection(self) -> Self:
        """Keep the final messages while events are read, for `get_final_result()`; call it before reading.

        Raises:
            RuntimeError: events have been read already.
        """
        self._collecting.enable()
        return self

    def _noted(self, event: Any) -> tuple[bool, PendingCall | None] | None:
        """Whether an event is the turn's last, and the call in it that is to be handled; `None` for one that came before."""
        try:
            if not self._turn.is_new(event):
                return None
            self._collecting.accept(event)
            return self._turn.is_last(event), self._calls.pending(event)
        except MISREAD as failure:
            refuse_event(event, failure)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, MalformedStream):
            in_reply(error, self._stream.response)
        self._collecting.failed(error)

    def _enter(self) -> None:
        if self._entered or self._closed:
            raise RuntimeError(_ONCE)
        self._entered = True

    async def _started(self) -> Any:
        """The flow that subscribes to an idle session's events and then gives it its input."""
        from ..operations.beta import (
            AGENTS_SESSIONS_EVENTS_CREATE,
            AGENTS_SESSIONS_EVENTS_STREAM,
            AGENTS_SESSIONS_RETRIEVE,
        )

        path = {"session_id": self._session_id}
        session = await Perform(self._options.call(AGENTS_SESSIONS_RETRIEVE, path=path))
        if session.status != "idle":
            raise ValueError(
                f"the session is {session.status}, and only an idle one takes an input; "
                "follow an active one with beta.agents.sessions.events.stream()"
            )
        stream = await Perform(self._options.call(AGENTS_SESSIONS_EVENTS_STREAM, path=path, stream=True))
        try:
            await Perform(
                self._options.call(
                    AGENTS_SESSIONS_EVENTS_CREATE,
                    path=path,
                    body={"events": [self._input]},
                    idempotency_key=self._key,
                )
            )
        except BaseException:
            await Invoke(stream.close)
            raise
        return stream


class AgentSessionStream(_Session[OutputT]):
    """Gives an idle session an input and follows the turn it starts to its end.

    >>> with client.beta.agents.sessions.stream("sess_1", input="Hi") as stream:  # doctest: +SKIP
    ...     print(stream.get_final_result().output_text)

    Registered tool handlers run while events are read, one after another, each after its call's event was given out. Only
    one writer may give the session input meanwhile. Leaving the block closes the stream; the turn goes on.

    Raises:
        ValueError: the input is empty, or (on entering) the session is not idle.
        NoResult: (while reading) the events ended before the turn did.
        MalformedStream: (while reading) an event is not what the API promises.
    """

    def __enter__(self) -> Self:
        self._enter()
        self._stream = self._client.run(self._started())
        self._iterator = self._events()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> AgentSessionEvent:
        if self._closed:
            raise StopIteration
        if self._iterator is None:
            raise RuntimeError(_ENTER)
        event: AgentSessionEvent = next(self._iterator)
        return event

    def until_done(self) -> None:
        """Read to the turn's end, running tool handlers."""
        for _ in self:
            pass

    def get_final_result(self) -> AgentTurnResult[OutputT]:
        """Read to the turn's end and give its result.

        Raises:
            AgentTurnResultError: the turn did not succeed, or could not be followed.
            AgentOutputParseError: its answer does not fit `output_type`.
        """
        return final(self, self._collecting, self._tools.handlers)

    def close(self) -> None:
        """Stop following; the turn goes on."""
        self._closed = True
        if self._stream is not None:
            self._stream.close()

    def _events(self) -> Iterator[AgentSessionEvent]:
        try:
            for event in self._stream:
                if (noted := self._noted(event)) is None:
                    continue
                last, pending = noted
                if last:
                    self.close()
                yield event
                if last or self._closed:
                    return
                if pending is not None:
                    self._client.run(self._tools.handle(pending))
            raise NoResult(_CUT)
        except Exception as error:
            self._failed(error)
            raise
        finally:
            self.close()


class AsyncAgentSessionStream(_Session[OutputT]):
    """As `AgentSessionStream`, with `async with`; tool handlers may be coroutines.

    >>> async with client.beta.agents.sessions.stream("sess_1", input="Hi") as stream:  # doctest: +SKIP
    ...     print((await stream.get_final_result()).output_text)
    """

    async def __aenter__(self) -> Self:
        self._enter()
        self._stream = await self._client.run(self._started())
        self._iterator = self._events()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AgentSessionEvent:
        if self._closed:
            raise StopAsyncIteration
        if self._iterator is None:
            raise RuntimeError(_ENTER)
        event: AgentSessionEvent = await anext(self._iterator)
        return event

    async def until_done(self) -> None:
        """As `AgentSessionStream.until_done`."""
        async for _ in self:
            pass

    async def get_final_result(self) -> AgentTurnResult[OutputT]:
        """As `AgentSessionStream.get_final_result`."""
        return await async_final(self, self._collecting, self._tools.handlers)

    async def close(self) -> None:
        """As `AgentSessionStream.close`."""
        self._closed = True
        if self._stream is not None:
            await self._stream.close()

    async def _events(self) -> AsyncIterator[AgentSessionEvent]:
        try:
            async for event in self._stream:
                if (noted := self._noted(event)) is None:
                    continue
                last, pending = noted
                if last:
                    await self.close()
                yield event
                if last or self._closed:
                    return
                if pending is not None:
                    await self._client.run(self._tools.handle(pending))
            raise NoResult(_CUT)
        except Exception as error:
            self._failed(error)
            raise
        finally:
            await self.close()


def final(stream: Any, collecting: Collecting[OutputT], handled: Mapping[str, Any]) -> AgentTurnResult[OutputT]:
    """Read a stream until its result is there."""
    collector = collecting.enable()
    try:
        collector.check(handled)
        while not collector.done:
            if next(stream, None) is None:
                break
            collector.check(handled)
        return collecting.result()
    except (AgentTurnResultError, AgentOutputParseError):
        raise
    except Exception as error:
        raise collector.error("observation_failed") from error
    finally:
        stream.close()


async def async_final(
    stream: Any, collecting: Collecting[OutputT], handled: Mapping[str, Any]
) -> AgentTurnResult[OutputT]:
    collector = collecting.enable()
    try:
        collector.check(handled)
        while not collector.done:
            if await anext(stream, None) is None:
                break
            collector.check(handled)
        return collecting.result()
    except (AgentTurnResultError, AgentOutputParseError):
        raise
    except Exception as error:
        raise collector.error("observation_failed") from error
    finally:
        await stream.close()
