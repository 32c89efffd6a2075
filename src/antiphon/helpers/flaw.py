"""Replies and events that are not what the API promises: how that is told, with the place and the reason.

Helpers read in good faith, as fast as they can. Only where that fails is the data compared with its declared type, and the
first mismatch is told in a typed error. Where the data is as promised, the failure is somebody else's and goes on as it is: a
bug, or what a user's own type raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Never

from ..core.members import malformed
from ..core.mismatch import ValidationError, kind_of
from ..core.shape import is_dict, is_list
from ..core.view import View
from ..errors import IncoherentStream, MalformedResponse, MalformedStream

if TYPE_CHECKING:
    from ..core.reply import Reply

_NAMES = ("type", "id", "call_id")

MISREAD = (AttributeError, IndexError, KeyError, TypeError)
"""What reading in good faith fails with."""


def refuse_reply(reply: Reply | None, data: Any, promised: Any, failure: Exception) -> Never:
    """Tell why a reply could not be read.

    Raises:
        MalformedResponse: with the first place where the data is not what was promised.
    """
    problem = _mismatch(promised, data)
    if problem is None:
        raise failure
    message = f"the reply is not what the API promises: {problem}; .body has it as it came"
    raise (malformed(message, data) if reply is None else MalformedResponse(reply, data, message=message)) from failure


def refuse_event(event: Any, failure: Exception) -> Never:
    """Tell why an event of a stream could not be taken.

    Raises:
        MalformedStream: with the first place where the event is not what was promised; whoever knows its reply adds it.
    """
    problem = _mismatch(type(event), _data_of(event))
    if problem is None:
        raise failure
    raise broken_event(event, problem) from failure


def broken_event(event: Any, problem: str) -> MalformedStream:
    """The error for an event that cannot be taken."""
    data: Any = _data_of(event)
    kind = (data.get("type") or data.get("event")) if is_dict(data) else None
    name = f" {kind}" if isinstance(kind, str) else ""
    error: MalformedStream = malformed(
        f"the event{name} is not what the API promises: {problem}", data, kind=MalformedStream
    )
    return error


def incoherent(message: str, event: Any = None) -> IncoherentStream:
    """The error for events that contradict each other."""
    error: IncoherentStream = malformed(message, _data_of(event), kind=IncoherentStream)
    return error


def in_reply(failure: MalformedStream, reply: Reply) -> None:
    """Put a reply on a failure that was told without."""
    if failure.request is None:
        failure.response, failure.request, failure.status_code = reply, reply.request, reply.status_code


def id_of(made: Any, name: str = "id") -> str:
    """The id in a reply, to go on with.

    Raises:
        MalformedResponse: it has none.
    """
    value = getattr(made, name, None)
    if isinstance(value, str) and value:
        return value
    raise lacking(made, f"{name}: expected a text that is not empty, got {value!r}")


def lacking(value: Any, problem: str) -> MalformedResponse:
    """The error for a result without what the next step needs."""
    error: MalformedResponse = malformed(
        f"the reply is not what the API promises: {problem}; .body has it as it came",
        getattr(value, "__dict__", value),
        getattr(value, "_reply_headers", None),
    )
    return error


def _data_of(value: Any) -> Any:
    return value.__dict__ if isinstance(value, View) else value


def _mismatch(promised: Any, data: Any) -> str | None:
    """The first place where the data is not what was promised, and why; `None` where it is."""
    # Loaded when something went wrong, not with every helper.
    from ..core.validation import validate

    if not is_dict(data):
        return f"expected an object, got {kind_of(data)}"
    try:
        validate(promised, data)
    except ValidationError as mismatch:
        return str(mismatch)
    return _unnamed(data, "")


def _unnamed(value: Any, place: str) -> str | None:
    """The first name that is no text. What is of no known type has no declared fields, and passes a check."""
    value = _data_of(value)
    parts: list[tuple[str, Any]] = []
    if is_dict(value):
        for name in _NAMES:
            if not isinstance(value.get(name), str | None):
                return f"{place}{name}: expected str, got {kind_of(value[name])}"
        parts = [(f"{place}{name}.", part) for name, part in value.items()]
    elif is_list(value):
        parts = [(f"{place.rstrip('.')}[{at}].", part) for at, part in enumerate(value)]
    return next((found for place, part in parts if (found := _unnamed(part, place)) is not None), None)
