"""The state of a response while its events come, for programs that get the events in another way than by a stream helper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from ..core.argument import TextFormatT
from ..core.omit import omit
from ..helpers.response_accumulator import ResponseAccumulator

if TYPE_CHECKING:
    from ..types.responses import ParsedResponse


class ResponseStreamState(Generic[TextFormatT]):
    """Takes the events of one response in order, and gives those that a stream helper would show.

    >>> state = ResponseStreamState()
    >>> for event in events: state.handle_event(event)  # doctest: +SKIP

    Args:
        input_tools: the request's tools.
        text_format: the type that final text is read into.
    """

    def __init__(self, *, input_tools: Any = omit, text_format: Any = omit) -> None:
        self._accumulator = ResponseAccumulator(text_format=text_format, input_tools=input_tools)

    def handle_event(self, event: Any) -> list[Any]:
        """Take an event of `responses.create(stream=True)`; what there is to show of it.

        Raises:
            IncoherentStream: the events do not make one response.
            MalformedStream: an event is not what the API promises.
        """
        shown = self._accumulator.handle(event)
        return [] if shown is None else [shown]

    @property
    def _completed_response(self) -> ParsedResponse[TextFormatT] | None:
        """The response once it is completed, under the name by which programs ask the official class for it."""
        return self._accumulator.completed
