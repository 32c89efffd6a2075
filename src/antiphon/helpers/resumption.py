"""Taking up a broken stream of a background response where it broke.

Whether that can be done, how long to pause before it and which call does it is `Resumption`, which is pure; `reopened` is the
flow that does it. The server numbers the events, so that none is lost or shown twice: it is asked for those after the last one
seen, repeats are dropped, a gap is an error. A response that does not run in the background ends with its connection: there is
nothing to take up, and the failure is raised with what had come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.call import Call
from ..core.effects import Perform, Random, Sleep
from ..errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    DeadlineExceeded,
    InternalServerError,
    OpenAIError,
    RateLimitError,
    StreamInterrupted,
    StreamOutOfOrder,
    StreamTruncated,
)
from ..operations import responses

if TYPE_CHECKING:
    from ..core.reply import Reply
    from .response_accumulator import ResponseAccumulator

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
BROKEN = (StreamInterrupted, APITimeoutError)
"""The failures after which the server may still have the rest."""


def backoff(failures: int, chance: float) -> float:
    """Seconds to pause after so many failures in a row, from 1; up to a quarter less by chance.

    >>> backoff(1, 0.0), backoff(3, 1.0), backoff(99, 0.0)
    (0.5, 1.5, 8.0)
    """
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 10)) * (1 - chance / 4)


def passing(failure: OpenAIError) -> bool:
    """Whether asking again later may well succeed."""
    if isinstance(failure, RateLimitError):
        return failure.code != "insufficient_quota"
    return isinstance(failure, (APIConnectionError, InternalServerError))


class Resumption:
    """How often a stream may be taken up, and how.

    Args:
        times: how many new connections to try at most over the whole stream, from 0.
        call: the call that opened the stream; new ones carry its header fields, query arguments and timeout.

    Raises:
        TypeError: `times` is not a whole number.
        ValueError: `times` is negative, or the call begins a response that does not run in the background.
    """

    def __init__(self, times: int, call: Call[Any]) -> None:
        if not isinstance(times, int) or isinstance(times, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"resume must be a whole number; got {type(times).__name__}")
        if times < 0:
            raise ValueError(f"resume must be 0 or more; got {times}")
        self._new = call.operation is responses.CREATE
        if times and self._new and call.body.get("background") is not True:
            raise ValueError("only a background response can be resumed; pass background=True, or resume=0")
        self._left = times
        self._times = times
        self._call = call
        self._failures = 0
        self._seen: int | None = None

    def refusal(self, state: ResponseAccumulator, failure: APIError) -> str | None:
        """Why the stream cannot be taken up after `failure`; `None` where it can."""
        if isinstance(failure, DeadlineExceeded):
            return "the call's deadline has passed"
        if state.response_id is None and self._new:
            return "no event told the response's id"
        if state.background is False:
            return "the response does not run in the background"
        if state.response_id is not None and state.sequence_number is None:
            return "the server does not number its events"
        return None if self._left else f"it had been taken up {self._times} times, as often as was allowed"

    def begin(self, state: ResponseAccumulator) -> int:
        """Count a new connection; how many there were since the last event, this one among them."""
        if state.sequence_number != self._seen:
            self._seen, self._failures = state.sequence_number, 0
        self._left -= 1
        self._failures += 1
        return self._failures

    def call(self, state: ResponseAccumulator) -> Call[Any]:
        """The call for the events after the last one seen."""
        known = self._call
        query: dict[str, Any] = {"stream": True}
        if self._new and known.body.get("include"):
            query["include"] = known.body["include"]
        extra: dict[str, Any] = {} if known.extra_query is None or self._new else dict(known.extra_query)
        if state.sequence_number is not None:
            # Not in `query`, where the stream would find it and refuse repeats, which are dropped here.
            extra["starting_after"] = state.sequence_number
        return Call(
            responses.RETRIEVE,
            path={"response_id": state.response_id} if self._new else known.path,
            query=query,
            headers=known.headers,
            extra_query=extra,
            timeout=known.timeout,
            stream=True,
        )


async def reopened(resumption: Resumption, state: ResponseAccumulator, failure: APIError) -> Any:
    """The stream, open again after the last event seen.

    Raises:
        APIError: `failure` itself, when the stream cannot be taken up; its cause is the last attempt's own failure, if any.
    """
    attempt: OpenAIError | None = None
    while (refusal := resumption.refusal(state, failure)) is None:
        await Sleep(backoff(resumption.begin(state), await Random()))
        try:
            return await Perform(resumption.call(state))
        except OpenAIError as problem:
            attempt = problem
            if not passing(problem):
                refusal = f"{type(problem).__name__}: {problem}"
                break
    failure.add_note(f"the stream was not resumed: {refusal}")
    try:
        raise failure from attempt
    finally:
        del failure, attempt  # an exception that its own frame holds is left to the collector


def check_next(number: int, last: int | None, reply: Reply) -> bool:
    """Whether an event of a resumed stream is new.

    Raises:
        StreamOutOfOrder: events between the last one seen and this one are missing.
    """
    if last is None or number == last + 1:
        return True
    if number > last:
        raise StreamOutOfOrder(
            reply, None, message=f"the resumed stream goes on with event {number} where {last} was the last one seen"
        )
    return False


def truncated(reply: Reply, last: int | None) -> StreamTruncated:
    """The failure of a stream that ended as if all were well, where its terminal event is known to be missing."""
    failure = StreamTruncated(
        message="the stream ended without its terminal event, so the result is not complete",
        request=reply.request,
        phase="stream",
        host=reply.request.origin.authority,
    )
    failure.sequence_number = last
    return failure
