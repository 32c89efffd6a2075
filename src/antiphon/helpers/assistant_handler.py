"""Handlers that follow an assistant's run with callbacks: thin shells, one per colour, over `assistant_snapshot`.

Knows when to call whom while events are read. What the events add up to is the snapshots' knowledge, how they arrive the
stream's.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import APITimeoutError, MalformedStream, NoResult, StreamInterrupted
from .assistant_snapshot import Snapshots, raw
from .flaw import in_reply

if TYPE_CHECKING:
    from ..types.beta import AssistantStreamEvent
    from ..types.beta.threads import ImageFile, Message, MessageDelta, Run, Text, TextDelta
    from ..types.beta.threads.runs import RunStep, RunStepDelta, ToolCall, ToolCallDelta

_SHARED = "an event handler serves one stream only, because it keeps that stream's snapshots; make a new one for each"
_NOT_STARTED = "the stream has not been started; use it in a with block"


class _Current:
    """What both colours show of the run while it is read."""

    _snapshots: Snapshots
    _stream: Any = None

    @property
    def current_event(self) -> AssistantStreamEvent | None:
        """The event whose callbacks are running."""
        event: AssistantStreamEvent | None = self._snapshots.event
        return event

    @property
    def current_run(self) -> Run | None:
        """The run as its last event described it."""
        run: Run | None = self._snapshots.run
        return run

    @property
    def current_run_step_snapshot(self) -> RunStep | None:
        """The step being taken, as far as it has come."""
        step: RunStep | None = self._snapshots.step
        return step

    @property
    def current_message_snapshot(self) -> Message | None:
        """The message being written, as far as it has come."""
        message: Message | None = self._snapshots.message
        return message

    def check_unused(self) -> None:
        """Refuse to follow a second stream.

        Raises:
            RuntimeError: this handler has followed one.
        """
        if self._stream is not None:
            raise RuntimeError(_SHARED)

    def _init(self, stream: Any) -> None:
        self.check_unused()
        self._stream = stream
        self._snapshots.heard = _heard(self)

    def _final_run(self) -> Run:
        if self.current_run is None:
            raise NoResult("the stream ended without a run; it holds no thread.run event")
        return self.current_run

    def _final_run_steps(self) -> list[RunStep]:
        if not self._snapshots.steps:
            raise NoResult("the stream ended without a run step")
        return list(self._snapshots.steps.values())

    def _final_messages(self) -> list[Message]:
        if not self._snapshots.messages:
            raise NoResult("the stream ended without a message")
        return list(self._snapshots.messages.values())

    def _add_partial(self, error: Exception) -> None:
        broken: Any = error
        if isinstance(error, (StreamInterrupted, MalformedStream, APITimeoutError)):
            broken.partial = getattr(error, "partial", None) or self.current_message_snapshot
        if isinstance(error, MalformedStream):
            in_reply(error, self._stream.response)


def _heard(handler: Any) -> frozenset[str]:
    """The callbacks of a handler that do something: those its class, or the instance, made its own."""
    base = AssistantEventHandler if isinstance(handler, AssistantEventHandler) else AsyncAssistantEventHandler
    names = [name for name in vars(base) if name.startswith("on_")]
    return frozenset(n for n in names if getattr(getattr(handler, n), "__func__", None) is not vars(base)[n])


def _texts(event: Any) -> list[str]:
    """The pieces of text in an event."""
    if event.event != "thread.message.delta":
        return []
    content: list[Any] = raw(raw(raw(event)["data"])["delta"]).get("content") or []
    texts: list[dict[str, Any]] = [
        raw(part.get("text")) or {} for part in map(raw, content) if part.get("type") == "text"
    ]
    return [text["value"] for text in texts if text.get("value")]


class AssistantEventHandler(_Current):
    """Follows one run: override the `on_…` callbacks you need, or iterate it for the events.

    >>> class Printer(AssistantEventHandler):
    ...     def on_text_delta(self, delta, snapshot):
    ...         print(delta.value, end="")

    Snapshots are live: each shows everything up to the event that is being handled, and goes on growing.
    """

    text_deltas: Iterable[str]

    def __init__(self) -> None:
        self._snapshots = Snapshots()
        self._iterator = self._events()
        self.text_deltas = self._text_deltas()

    def __iter__(self) -> Iterator[AssistantStreamEvent]:
        """The events, each after its callbacks."""
        yield from self._iterator

    def __next__(self) -> AssistantStreamEvent:
        return next(self._iterator)

    def close(self) -> None:
        """Close the stream and give its connection back; the `with` block does it too."""
        if self._stream is not None:
            self._stream.close()

    def until_done(self) -> None:
        """Read to the end."""
        for _ in self:
            pass

    def get_final_run(self) -> Run:
        """Read to the end; the run as it ended.

        Raises:
            NoResult: no event spoke of a run.
        """
        self.until_done()
        return self._final_run()

    def get_final_run_steps(self) -> list[RunStep]:
        """Read to the end; the steps that were taken.

        Raises:
            NoResult: there was none.
        """
        self.until_done()
        return self._final_run_steps()

    def get_final_messages(self) -> list[Message]:
        """Read to the end; the messages that were written.

        Raises:
            NoResult: there was none.
        """
        self.until_done()
        return self._final_messages()

    def on_end(self) -> None:
        """The stream is over, be it read, broken or abandoned."""

    def on_event(self, event: AssistantStreamEvent) -> None:
        """Any event, before what it means is worked out."""

    def on_run_step_created(self, run_step: RunStep) -> None:
        """A step began."""

    def on_run_step_delta(self, delta: RunStepDelta, snapshot: RunStep) -> None:
        """A step went on: what is new, and the whole of it."""

    def on_run_step_done(self, run_step: RunStep) -> None:
        """A step ended: completed, cancelled, expired or failed."""

    def on_tool_call_created(self, tool_call: ToolCall) -> None:
        """A tool call began."""

    def on_tool_call_delta(self, delta: ToolCallDelta, snapshot: ToolCall) -> None:
        """A tool call went on: what is new, and the whole of it."""

    def on_tool_call_done(self, tool_call: ToolCall) -> None:
        """A tool call is complete."""

    def on_exception(self, exception: Exception) -> None:
        """Reading failed, or a callback did; the exception is raised afterwards."""

    def on_timeout(self) -> None:
        """Reading timed out; `on_exception` follows."""

    def on_message_created(self, message: Message) -> None:
        """A message began."""

    def on_message_delta(self, delta: MessageDelta, snapshot: Message) -> None:
        """A message went on: what is new, and the whole of it."""

    def on_message_done(self, message: Message) -> None:
        """A message is complete, or was broken off."""

    def on_text_created(self, text: Text) -> None:
        """A block of text began."""

    def on_text_delta(self, delta: TextDelta, snapshot: Text) -> None:
        """A block of text went on: what is new, and the whole of it."""

    def on_text_done(self, text: Text) -> None:
        """A block of text is complete."""

    def on_image_file_done(self, image_file: ImageFile) -> None:
        """An image is complete."""

    def _events(self) -> Iterator[AssistantStreamEvent]:
        if self._stream is None:
            raise RuntimeError(_NOT_STARTED)
        try:
            for event in self._stream:
                for name, arguments in self._snapshots.accept(event):
                    getattr(self, name)(*arguments)
                yield event
        except (APITimeoutError, TimeoutError) as error:
            self._add_partial(error)
            self.on_timeout()
            self.on_exception(error)
            raise
        except Exception as error:
            self._add_partial(error)
            self.on_exception(error)
            raise
        finally:
            self.on_end()

    def _text_deltas(self) -> Iterator[str]:
        for event in self:
            yield from _texts(event)


class AsyncAssistantEventHandler(_Current):
    """As `AssistantEventHandler`, with callbacks that are coroutines.

    >>> class Printer(AsyncAssistantEventHandler):
    ...     async def on_text_delta(self, delta, snapshot):
    ...         print(delta.value, end="")
    """

    text_deltas: AsyncIterable[str]

    def __init__(self) -> None:
        self._snapshots = Snapshots()
        self._iterator = self._events()
        self.text_deltas = self._text_deltas()

    async def __aiter__(self) -> AsyncIterator[AssistantStreamEvent]:
        """The events, each after its callbacks."""
        async for event in self._iterator:
            yield event

    async def __anext__(self) -> AssistantStreamEvent:
        return await anext(self._iterator)

    async def close(self) -> None:
        """Close the stream and give its connection back; the `with` block does it too."""
        if self._stream is not None:
            await self._stream.close()

    async def until_done(self) -> None:
        """Read to the end."""
        async for _ in self:
            pass

    async def get_final_run(self) -> Run:
        """Read to the end; the run as it ended.

        Raises:
            NoResult: no event spoke of a run.
        """
        await self.until_done()
        return self._final_run()

    async def get_final_run_steps(self) -> list[RunStep]:
        """Read to the end; the steps that were taken.

        Raises:
            NoResult: there was none.
        """
        await self.until_done()
        return self._final_run_steps()

    async def get_final_messages(self) -> list[Message]:
        """Read to the end; the messages that were written.

        Raises:
            NoResult: there was none.
        """
        await self.until_done()
        return self._final_messages()

    async def on_end(self) -> None:
        """The stream is over, be it read, broken or abandoned."""

    async def on_event(self, event: AssistantStreamEvent) -> None:
        """Any event, before what it means is worked out."""

    async def on_run_step_created(self, run_step: RunStep) -> None:
        """A step began."""

    async def on_run_step_delta(self, delta: RunStepDelta, snapshot: RunStep) -> None:
        """A step went on: what is new, and the whole of it."""

    async def on_run_step_done(self, run_step: RunStep) -> None:
        """A step ended: completed, cancelled, expired or failed."""

    async def on_tool_call_created(self, tool_call: ToolCall) -> None:
        """A tool call began."""

    async def on_tool_call_delta(self, delta: ToolCallDelta, snapshot: ToolCall) -> None:
        """A tool call went on: what is new, and the whole of it."""

    async def on_tool_call_done(self, tool_call: ToolCall) -> None:
        """A tool call is complete."""

    async def on_exception(self, exception: Exception) -> None:
        """Reading failed, or a callback did; the exception is raised afterwards."""

    async def on_timeout(self) -> None:
        """Reading timed out; `on_exception` follows."""

    async def on_message_created(self, message: Message) -> None:
        """A message began."""

    async def on_message_delta(self, delta: MessageDelta, snapshot: Message) -> None:
        """A message went on: what is new, and the whole of it."""

    async def on_message_done(self, message: Message) -> None:
        """A message is complete, or was broken off."""

    async def on_text_created(self, text: Text) -> None:
        """A block of text began."""

    async def on_text_delta(self, delta: TextDelta, snapshot: Text) -> None:
        """A block of text went on: what is new, and the whole of it."""

    async def on_text_done(self, text: Text) -> None:
        """A block of text is complete."""

    async def on_image_file_done(self, image_file: ImageFile) -> None:
        """An image is complete."""

    async def _events(self) -> AsyncIterator[AssistantStreamEvent]:
        if self._stream is None:
            raise RuntimeError(_NOT_STARTED)
        try:
            async for event in self._stream:
                for name, arguments in self._snapshots.accept(event):
                    await getattr(self, name)(*arguments)
                yield event
        except (APITimeoutError, TimeoutError) as error:
            self._add_partial(error)
            await self.on_timeout()
            await self.on_exception(error)
            raise
        except Exception as error:
            self._add_partial(error)
            await self.on_exception(error)
            raise
        finally:
            await self.on_end()

    async def _text_deltas(self) -> AsyncIterator[str]:
        async for event in self:
            for text in _texts(event):
                yield text
