"""What a chat completion has become so far, from its chunks, and which events each chunk means.

Theory of operation. Each choice has a message that grows by deltas (`merging`). For each delta an event is made that only
remembers how far the text had grown; the text itself is joined when somebody looks. A choice's content is done when a tool
call begins or the choice ends, a tool call is done when the next begins or the choice ends. The snapshot is one living view,
brought up to date when it is asked for. A chunk costs time for what is in it, not for what came before.

Pure: chunks in, events out. Given data is not changed.
"""

# `_view` is how this package makes views; users do not.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ..core.omit import omit
from ..core.shape import is_list
from ..errors import NoResult
from .chat_event import (
    ChunkEvent,
    ContentDeltaEvent,
    ContentDoneEvent,
    FunctionToolCallArgumentsDeltaEvent,
    FunctionToolCallArgumentsDoneEvent,
    LogprobsContentDeltaEvent,
    LogprobsContentDoneEvent,
    LogprobsRefusalDeltaEvent,
    LogprobsRefusalDoneEvent,
    RefusalDeltaEvent,
    RefusalDoneEvent,
    parsed_so_far,
)
from .completion_parser import CompletionParser, check_finish
from .flaw import MISREAD, refuse_event, refuse_reply
from .growing import Growing
from .merging import Merged, index_of
from .reading import copied, data_of, entries_of, object_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..types.chat import ChatCompletionChunk, ParsedChatCompletion
    from .chat_event import ChatCompletionStreamEvent

ResponseFormatT = TypeVar("ResponseFormatT")

_TOKENS = (
    ("content", LogprobsContentDeltaEvent, LogprobsContentDoneEvent),
    ("refusal", LogprobsRefusalDeltaEvent, LogprobsRefusalDoneEvent),
)


class _ToolCall:
    """A function call that grows."""

    def __init__(self, merged: Merged, parser: CompletionParser) -> None:
        self.merged = merged
        self._parser = parser
        self.done = False
        self.parsed: Any = None

    @property
    def function(self) -> Merged | None:
        return self.merged.inner.get("function")

    @property
    def name(self) -> str:
        function = self.function
        return function.texts["name"].text if function is not None and "name" in function.texts else ""

    @property
    def arguments(self) -> Growing:
        function = self.function
        return function.texts.get("arguments", _NOTHING) if function is not None else _NOTHING

    @property
    def strict(self) -> bool:
        definition = self._parser.tool(self.name)
        return definition is not None and bool(definition.get("strict"))

    @property
    def is_function(self) -> bool:
        return self.merged.data.get("type", "function") == "function" and self.function is not None

    def finish(self, index: int) -> Any:
        self.done = True
        name, arguments = self.name, self.arguments.text
        self.parsed = self._parser.parse_arguments({"name": name, "arguments": arguments})
        return FunctionToolCallArgumentsDoneEvent._view(
            {
                "type": "tool_calls.function.arguments.done",
                "index": index,
                "name": name,
                "arguments": arguments,
                "parsed_arguments": self.parsed,
            }
        )

    def settle(self) -> None:
        function = self.function
        if function is not None:
            value = self.parsed if self.done else parsed_so_far(self.arguments.text) if self.strict else None
            function.data["parsed_arguments"] = value


_NOTHING = Growing()


class _Choice:
    """A choice that grows."""

    def __init__(self, data: dict[str, Any], parser: CompletionParser) -> None:
        self._parser = parser
        self._message = Merged()
        self._calls: dict[int, _ToolCall] = {}
        self._current: int | None = None
        self._done: set[str] = set()
        self._tokens: dict[str, list[Any]] = {}
        self._parsed: Any = None
        kept = {key: value for key, value in data.items() if key not in {"delta", "logprobs"}}
        self.data: dict[str, Any] = {**kept, "logprobs": None, "message": self._message.data}

    @property
    def content(self) -> Growing:
        return self._message.texts.get("content", _NOTHING)

    @property
    def refusal(self) -> Growing:
        return self._message.texts.get("refusal", _NOTHING)

    @property
    def parses_content(self) -> bool:
        return self._parser.reads_content and not self.refusal.pieces

    def take(self, choice: dict[str, Any]) -> list[Any]:
        """Grow by a choice of a chunk; the events that it means."""
        delta: Any = choice.get("delta")
        if delta.__class__ is not dict:
            delta = object_of(delta)
        self._message.add(delta)
        events = self._deltas(delta)
        logprobs = choice.get("logprobs")
        if logprobs:
            events += self._log(object_of(logprobs))
        if delta.get("tool_calls"):
            events += self._calls_begin(delta)
        reason = choice.get("finish_reason")
        if reason:
            self.data["finish_reason"] = reason
        if self.data.get("finish_reason"):
            events += self._end()
        return events

    def _deltas(self, delta: dict[str, Any]) -> list[Any]:
        events: list[Any] = []
        content, refusal = delta.get("content"), delta.get("refusal")
        if content is not None:
            data = {"type": "content.delta", "delta": content}
            events.append(ContentDeltaEvent._later(data, self, len(self.content.pieces)))
        if refusal is not None:
            data = {"type": "refusal.delta", "delta": refusal}
            events.append(RefusalDeltaEvent._later(data, self.refusal, len(self.refusal.pieces)))
        for index, entry in _calls_of(delta):
            event = self._call_delta(index, entry)
            if event is not None:
                events.append(event)
        return events

    def _call_delta(self, index: int, entry: dict[str, Any]) -> Any:
        call = self._calls.get(index)
        if call is None:
            call = self._calls[index] = _ToolCall(self._message.lists["tool_calls"].by_index[index], self._parser)
        if not call.is_function:
            return None
        function = object_of(entry.get("function"))
        data: dict[str, Any] = {
            "type": "tool_calls.function.arguments.delta",
            "name": call.name,
            "index": index,
            "arguments_delta": function.get("arguments") or "",
        }
        return FunctionToolCallArgumentsDeltaEvent._later(data, call, len(call.arguments.pieces))

    def _log(self, logprobs: dict[str, Any]) -> list[Any]:
        events: list[Any] = []
        for key, delta_event, _ in _TOKENS:
            tokens = _list_of(logprobs.get(key))
            if logprobs.get(key) is not None:
                self._tokens.setdefault(key, []).extend(tokens)
            if tokens:
                data = {"type": f"logprobs.{key}.delta", key: tokens}
                events.append(delta_event._later(data, self._tokens[key], len(self._tokens[key])))
        return events

    def _calls_begin(self, delta: dict[str, Any]) -> list[Any]:
        events: list[Any] = []
        for index, _ in _calls_of(delta):
            if index != self._current:
                events += self._content_done()
                events += self._call_done()
                self._current = index
        return events

    def _end(self) -> list[Any]:
        return self._content_done() + self._call_done()

    def _call_done(self) -> list[Any]:
        call = self._calls.get(self._current) if self._current is not None else None
        if call is None or call.done or not call.is_function:
            return []
        return [call.finish(cast("int", self._current))]

    def _first(self, what: str, present: object) -> bool:
        if not present or what in self._done:
            return False
        self._done.add(what)
        return True

    def _content_done(self) -> list[Any]:
        events: list[Any] = []
        if self._first("content", self.content.pieces):
            text = self.content.text
            self._parsed = self._parser.parse_content({"content": text, "refusal": self.refusal.text})
            done = {"type": "content.done", "content": text, "parsed": self._parsed}
            events.append(ContentDoneEvent._view(done))
        if self._first("refusal", "refusal" in self._message.texts):
            events.append(RefusalDoneEvent._view({"type": "refusal.done", "refusal": self.refusal.text}))
        for key, _, done_event in _TOKENS:
            if self._first(f"logprobs.{key}", key in self._tokens):
                events.append(done_event._view({"type": f"logprobs.{key}.done", key: self._tokens[key].copy()}))
        return events

    def settle(self) -> None:
        """Bring the data up to date."""
        self._message.settle()
        if self._parser.reads_content:
            done = "content" in self._done
            partial = parsed_so_far(self.content.text) if self.parses_content and not done else None
            self._message.data["parsed"] = self._parsed if done else partial
        for call in self._calls.values():
            call.settle()
        if self._tokens:
            self.data["logprobs"] = {
                key: self._tokens[key].copy() if key in self._tokens else None for key, _, _ in _TOKENS
            }


def _list_of(tokens: Any) -> list[Any]:
    if tokens and not is_list(tokens):
        raise TypeError(f"{type(tokens).__name__} is no list")
    return [data_of(token) for token in tokens or ()]


def _calls_of(delta: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    calls = [(index_of(entry, position), entry) for position, entry in enumerate(entries_of(delta.get("tool_calls")))]
    return [(index, entry) for index, entry in calls if index is not None]


class ChatCompletionStreamState(Generic[ResponseFormatT]):
    """Accumulates the chunks of a streamed chat completion.

    Example:
        state = ChatCompletionStreamState()
        for chunk in client.chat.completions.create(..., stream=True):
            state.handle_chunk(chunk)
        completion = state.get_final_completion()

    Args:
        input_tools: the request's tools, whose types arguments are read into.
        response_format: the type that content is read into.
    """

    def __init__(self, *, input_tools: Any = omit, response_format: type[ResponseFormatT] | Any = omit) -> None:
        self._parser = CompletionParser(response_format, input_tools)
        self._data: dict[str, Any] | None = None
        self._view: ParsedChatCompletion[ResponseFormatT] | None = None
        self._choices: dict[int, _Choice] = {}

    def handle_chunk(self, chunk: ChatCompletionChunk) -> Iterable[ChatCompletionStreamEvent[ResponseFormatT]]:
        """Take a chunk; the events that it means.

        Raises:
            LengthFinishReasonError, ContentFilterFinishReasonError: an answer that should be read into a type was cut.
            MalformedStream: the chunk is not what the API promises, or, as `IncoherentStream`, contradicts the ones before.
            ValidationError: (of the type's library) content or arguments do not fit their type.
        """
        try:
            data: dict[str, Any] = chunk.__dict__
            self._top(data)
            events: list[Any] = [ChunkEvent._later({"type": "chunk", "chunk": chunk}, self)]
            for choice in entries_of(data.get("choices")):
                index = choice.get("index") or 0
                state = self._choices.get(index)
                if state is None:
                    state = self._add(index, choice)
                self._check(choice, state)
                events += state.take(choice)
        except MISREAD as failure:
            refuse_event(chunk, failure)
        return events

    def _top(self, chunk: dict[str, Any]) -> None:
        """What a chunk says about the completion as a whole: the first says most, the last what it took."""
        data = self._data
        if data is None:
            kept = {key: value for key, value in chunk.items() if key not in {"choices", "obfuscation"}}
            self._data = {"system_fingerprint": None, **kept, "object": "chat.completion", "choices": []}
            return
        for key in ("usage", "system_fingerprint", "moderation", "service_tier"):
            if chunk.get(key) is not None:
                data[key] = chunk[key]

    def _add(self, index: int, choice: dict[str, Any]) -> _Choice:
        if not isinstance(index, (int, float)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{type(index).__name__} is no index")
        state = self._choices[index] = _Choice(choice, self._parser)
        if self._data is not None:
            self._data["choices"] = [known.data for _, known in sorted(self._choices.items())]
        return state

    def _check(self, choice: dict[str, Any], state: _Choice) -> None:
        reason = choice.get("finish_reason")
        if reason in {"length", "content_filter"} and self._parser.parses:
            state.data["finish_reason"] = reason
            check_finish(reason, self.current_completion_snapshot.__dict__)

    @property
    def current_completion_snapshot(self) -> ParsedChatCompletion[ResponseFormatT]:
        """The completion so far; one object that goes on growing, up to date whenever it is asked for.

        Raises:
            NoResult: no chunk has come yet.
        """
        if self._data is None:
            raise NoResult("no chunk of the completion has come yet")
        for choice in self._choices.values():
            choice.settle()
        view = self._view
        if view is None:
            from ..types.chat import ParsedChatCompletion

            view = self._view = cast("ParsedChatCompletion[ResponseFormatT]", ParsedChatCompletion._view(self._data))
        return view

    def get_final_completion(self) -> ParsedChatCompletion[ResponseFormatT]:
        """The parsed completion, as a copy of its own; call it when the stream is at its end.

        Raises:
            LengthFinishReasonError, ContentFilterFinishReasonError: an answer was stopped before its end.
            NoResult: no chunk has come yet.
            MalformedResponse: what came is no completion.
        """
        data = copied(self.current_completion_snapshot)
        try:
            return cast("ParsedChatCompletion[ResponseFormatT]", self._parser.parse(data))
        except MISREAD as failure:
            from ..types.chat import ChatCompletion

            refuse_reply(None, data, ChatCompletion, failure)
