"""The events of `chat.completions.stream()`.

`chunk` comes for each chunk of the API, followed by what it means: deltas of content, refusal, tool calls and log
probabilities, and a `…done` event where one of them is complete. What has grown so far is made when it is looked at.
"""

# `_view` is how this package makes views; users do not.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from ..core.model import BaseModel, caster

# Needed at run time: annotations are evaluated in this module.
from ..types.chat import ChatCompletionChunk, ChatCompletionTokenLogprob, ParsedChatCompletion
from .growing import Growing, LateModel
from .partial_json import parse_partial

if TYPE_CHECKING:
    from typing import TypeAlias

ResponseFormatT = TypeVar("ResponseFormatT")


def parsed_so_far(text: str) -> Any:
    """What is complete in JSON text that has not ended; `None` where nothing is, or where it is no JSON."""
    try:
        return parse_partial(text)
    except (ValueError, RecursionError):
        return None


class ChunkEvent(LateModel, late={"snapshot": lambda state, _: state.current_completion_snapshot}, ready=("chunk",)):
    """A chunk as the API sent it; `snapshot` is the completion so far, and goes on growing."""

    type: Literal["chunk"]
    chunk: ChatCompletionChunk
    snapshot: ParsedChatCompletion[object]


def _content(choice: Any, mark: int) -> str:
    return cast("str", choice.content.upto(mark))


def _parsed_content(choice: Any, mark: int) -> Any:
    return parsed_so_far(_content(choice, mark)) if choice.parses_content else None


class ContentDeltaEvent(LateModel, late={"snapshot": _content, "parsed": _parsed_content}):
    """A piece of content; `snapshot` is the content so far, `parsed` what is complete in it where a type was given."""

    type: Literal["content.delta"]
    delta: str
    snapshot: str
    parsed: object | None = None


class ContentDoneEvent(BaseModel, Generic[ResponseFormatT]):
    """The whole content, and as `parsed` the value it was read into, where a type was given."""

    type: Literal["content.done"]
    content: str
    parsed: ResponseFormatT | None = None


class RefusalDeltaEvent(LateModel, late={"snapshot": Growing.upto}):
    """A piece of a refusal; `snapshot` is the refusal so far."""

    type: Literal["refusal.delta"]
    delta: str
    snapshot: str


class RefusalDoneEvent(BaseModel):
    """The whole refusal."""

    type: Literal["refusal.done"]
    refusal: str


def _arguments(call: Any, mark: int) -> str:
    return cast("str", call.arguments.upto(mark))


def _parsed_arguments(call: Any, mark: int) -> Any:
    return parsed_so_far(_arguments(call, mark)) if call.strict else None


class FunctionToolCallArgumentsDeltaEvent(
    LateModel, late={"arguments": _arguments, "parsed_arguments": _parsed_arguments}
):
    """A piece of a call's arguments; `arguments` are those so far, `parsed_arguments` what is complete in them."""

    type: Literal["tool_calls.function.arguments.delta"]
    name: str
    index: int
    arguments: str
    parsed_arguments: object
    arguments_delta: str


class FunctionToolCallArgumentsDoneEvent(BaseModel):
    """A call's whole arguments, and the value they were read into, where its tool has a type or is strict."""

    type: Literal["tool_calls.function.arguments.done"]
    name: str
    index: int
    arguments: str
    parsed_arguments: object


def _tokens(tokens: list[Any], mark: int) -> list[ChatCompletionTokenLogprob]:
    # A new list, because seeing it through the model wraps its entries in place.
    seen: list[ChatCompletionTokenLogprob] = caster(list[ChatCompletionTokenLogprob])(tokens[:mark])
    return seen


class LogprobsContentDeltaEvent(LateModel, late={"snapshot": _tokens}):
    """Log probabilities of tokens of the content; `snapshot` has all so far."""

    type: Literal["logprobs.content.delta"]
    content: list[ChatCompletionTokenLogprob]
    snapshot: list[ChatCompletionTokenLogprob]


class LogprobsContentDoneEvent(BaseModel):
    """Log probabilities of the whole content."""

    type: Literal["logprobs.content.done"]
    content: list[ChatCompletionTokenLogprob]


class LogprobsRefusalDeltaEvent(LateModel, late={"snapshot": _tokens}):
    """Log probabilities of tokens of a refusal; `snapshot` has all so far."""

    type: Literal["logprobs.refusal.delta"]
    refusal: list[ChatCompletionTokenLogprob]
    snapshot: list[ChatCompletionTokenLogprob]


class LogprobsRefusalDoneEvent(BaseModel):
    """Log probabilities of the whole refusal."""

    type: Literal["logprobs.refusal.done"]
    refusal: list[ChatCompletionTokenLogprob]


if TYPE_CHECKING:
    ChatCompletionStreamEvent: TypeAlias = (
        ChunkEvent
        | ContentDeltaEvent
        | ContentDoneEvent[ResponseFormatT]
        | RefusalDeltaEvent
        | RefusalDoneEvent
        | FunctionToolCallArgumentsDeltaEvent
        | FunctionToolCallArgumentsDoneEvent
        | LogprobsContentDeltaEvent
        | LogprobsContentDoneEvent
        | LogprobsRefusalDeltaEvent
        | LogprobsRefusalDoneEvent
    )
