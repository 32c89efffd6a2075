"""The events of `responses.stream()` that carry more than the API sends: snapshots so far, and parsed values.

All other events are the API's own. `ResponseStreamEvent` is any of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from ..types import responses as raw
from .growing import Growing, LateModel

if TYPE_CHECKING:
    from typing import TypeAlias

    from ..types.responses import ParsedResponse

TextFormatT = TypeVar("TextFormatT")


class ResponseTextDeltaEvent(raw.ResponseTextDeltaEvent, LateModel, late={"snapshot": Growing.upto}):
    """A piece of text, and the part's text so far as `snapshot`."""

    snapshot: str


class ResponseFunctionCallArgumentsDeltaEvent(
    raw.ResponseFunctionCallArgumentsDeltaEvent, LateModel, late={"snapshot": Growing.upto}
):
    """A piece of a function call's arguments, and the arguments so far as `snapshot`."""

    snapshot: str


class ResponseTextDoneEvent(raw.ResponseTextDoneEvent, Generic[TextFormatT]):
    """A part's whole text, and as `parsed` the value it was read into, where a type was given."""

    parsed: TextFormatT | None = None


class ResponseCompletedEvent(raw.ResponseCompletedEvent, Generic[TextFormatT]):
    """The end of a response that was completed, with the parsed response."""

    response: ParsedResponse[TextFormatT]  # pyright: ignore[reportIncompatibleVariableOverride]


if TYPE_CHECKING:
    # Spelled out, without the four above, so that a test of `.type` leaves exactly one class.
    ResponseStreamEvent: TypeAlias = (
        ResponseTextDeltaEvent
        | ResponseTextDoneEvent[TextFormatT]
        | ResponseFunctionCallArgumentsDeltaEvent
        | ResponseCompletedEvent[TextFormatT]
        | raw.ResponseAudioDeltaEvent
        | raw.ResponseAudioDoneEvent
        | raw.ResponseAudioTranscriptDeltaEvent
        | raw.ResponseAudioTranscriptDoneEvent
        | raw.ResponseCodeInterpreterCallCodeDeltaEvent
        | raw.ResponseCodeInterpreterCallCodeDoneEvent
        | raw.ResponseCodeInterpreterCallCompletedEvent
        | raw.ResponseCodeInterpreterCallInProgressEvent
        | raw.ResponseCodeInterpreterCallInterpretingEvent
        | raw.ResponseCompactionCompactingEvent
        | raw.ResponseContentPartAddedEvent
        | raw.ResponseContentPartDoneEvent
        | raw.ResponseCreatedEvent
        | raw.ResponseCustomToolCallInputDeltaEvent
        | raw.ResponseCustomToolCallInputDoneEvent
        | raw.ResponseErrorEvent
        | raw.ResponseFailedEvent
        | raw.ResponseFileSearchCallCompletedEvent
        | raw.ResponseFileSearchCallInProgressEvent
        | raw.ResponseFileSearchCallSearchingEvent
        | raw.ResponseFunctionCallArgumentsDoneEvent
        | raw.ResponseImageGenCallCompletedEvent
        | raw.ResponseImageGenCallGeneratingEvent
        | raw.ResponseImageGenCallInProgressEvent
        | raw.ResponseImageGenCallPartialImageEvent
        | raw.ResponseInProgressEvent
        | raw.ResponseIncompleteEvent
        | raw.ResponseMcpCallArgumentsDeltaEvent
        | raw.ResponseMcpCallArgumentsDoneEvent
        | raw.ResponseMcpCallCompletedEvent
        | raw.ResponseMcpCallFailedEvent
        | raw.ResponseMcpCallInProgressEvent
        | raw.ResponseMcpListToolsCompletedEvent
        | raw.ResponseMcpListToolsFailedEvent
        | raw.ResponseMcpListToolsInProgressEvent
        | raw.ResponseOutputItemAddedEvent
        | raw.ResponseOutputItemDoneEvent
        | raw.ResponseOutputTextAnnotationAddedEvent
        | raw.ResponseQueuedEvent
        | raw.ResponseReasoningSummaryPartAddedEvent
        | raw.ResponseReasoningSummaryPartDoneEvent
        | raw.ResponseReasoningSummaryTextDeltaEvent
        | raw.ResponseReasoningSummaryTextDoneEvent
        | raw.ResponseReasoningTextDeltaEvent
        | raw.ResponseReasoningTextDoneEvent
        | raw.ResponseRefusalDeltaEvent
        | raw.ResponseRefusalDoneEvent
        | raw.ResponseShellCallCommandAddedEvent
        | raw.ResponseShellCallCommandDeltaEvent
        | raw.ResponseShellCallCommandDoneEvent
        | raw.ResponseShellCallOutputContentDeltaEvent
        | raw.ResponseShellCallOutputContentDoneEvent
        | raw.ResponseWebSearchCallCompletedEvent
        | raw.ResponseWebSearchCallInProgressEvent
        | raw.ResponseWebSearchCallSearchingEvent
    )
