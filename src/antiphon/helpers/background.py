"""A response that runs in the background: wait for it, look at it, cancel it, stream it and take a broken stream up again.

`Background` and `AsyncBackground` are two thin shells over flows. They know which states are final; how a stream is taken up is
`resumption`'s knowledge, and how long to pause between two looks is `waiting`'s.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from ..core.call import Call
from ..core.effects import Now, Perform, PerformRaw, Random, Sleep
from ..core.omit import Omit, is_given, omit
from ..errors import OpenAIError
from ..operations import responses
from .flaw import id_of
from .response_stream import AsyncResponseStreamManager, ResponseStreamManager
from .resumption import backoff, passing
from .waiting import interval_from, poll_headers, status_of

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from ..types.responses import Response

_PENDING = frozenset({"queued", "in_progress"})
PATIENCE = 5
"""How many looks in a row may fail for reasons that pass (no connection, 429, 5xx), beyond the client's own retries."""
RESUMES = 3


async def retrieved(response_id: str) -> Any:
    """The response as it is now."""
    return await Perform(Call(responses.RETRIEVE, path={"response_id": response_id}))


async def cancelled(response_id: str) -> Any:
    """The response, cancelled."""
    return await Perform(Call(responses.CANCEL, path={"response_id": response_id}))


async def finished(response_id: str, poll_interval_ms: int | Omit = omit, max_wait_seconds: float | Omit = omit) -> Any:
    """Look at a response until it is no longer pending; failures that pass are waited out, `PATIENCE` of them in a row."""
    if is_given(max_wait_seconds) and not 0 <= max_wait_seconds < math.inf:
        raise ValueError(f"max_wait_seconds must be finite and not negative, not {max_wait_seconds}")
    call: Call[Any] = Call(
        responses.RETRIEVE, path={"response_id": response_id}, headers=poll_headers(poll_interval_ms)
    )
    deadline = await Now() + max_wait_seconds if is_given(max_wait_seconds) else math.inf
    status, failures = "pending", 0
    while True:
        try:
            response, reply = await PerformRaw(call)
        except OpenAIError as problem:
            failures += 1
            if failures > PATIENCE or not passing(problem):
                raise
            pause = backoff(failures, await Random())
        else:
            status, failures = status_of(response), 0
            if status not in _PENDING:
                return response
            pause = (poll_interval_ms if is_given(poll_interval_ms) else interval_from(reply.headers)) / 1000
        left = deadline - await Now()
        if left <= 0:
            raise TimeoutError(
                f"response {response_id} was still {status} after {max_wait_seconds} seconds; it goes on running:"
                " wait for it again, or cancel it"
            )
        await Sleep(min(pause, left))


class _Handle:
    """What both colours know of their response.

    Attributes:
        id: the response's id; all that is needed to come back to it from another process.
        response: as it was seen last; `None` before the first look, where only the id was given.
    """

    def __init__(self, client: Any, response: Response | str) -> None:
        self._client = client
        self.response: Response | None = None
        if isinstance(response, str):
            self.id: str = response
        elif getattr(response, "background", None) is False:
            raise ValueError(f"response {response.id} does not run in the background; create it with background=True")
        else:
            self._seen(response)
            self.id = id_of(response)
        if not self.id:
            raise ValueError("a background response needs an id")

    def _seen(self, response: Any) -> Response:
        self.response = response
        return cast("Response", response)

    @property
    def done(self) -> bool:
        """Whether the response had ended when it was seen last."""
        status = None if self.response is None else self.response.status
        return isinstance(status, str) and status not in _PENDING

    def __repr__(self) -> str:
        status = "not seen yet" if self.response is None else self.response.status
        return f"<{type(self).__name__} {self.id}: {status}>"


def _creation(arguments: dict[str, Any]) -> Call[Any]:
    """The call that begins a background response; arguments are those of `responses.create`."""
    options = {name: arguments.pop(name) for name in ("extra_query", "extra_body", "timeout") if name in arguments}
    headers = arguments.pop("extra_headers", None)
    if arguments.pop("stream", None):
        raise ValueError("stream=True gives a stream and no handle; call streaming() instead of create()")
    return Call(responses.CREATE, body={**arguments, "background": True}, headers=headers, **options)


class Background(_Handle):
    """A response that runs in the background.

    As a context manager it cancels a response that is left by an exception (Ctrl-C too), so that nobody pays for what
    nobody waits for; left in order, it runs on.

    Example:
        job = Background.create(client, model="…", input="…")
        print(job.wait(max_wait_seconds=600).output_text)

    Args:
        client: the client to ask with.
        response: what `responses.create(background=True)` gave, or a response's id.

    Raises:
        ValueError: the response does not run in the background, or the id is empty.
    """

    @classmethod
    def create(cls, client: Any, **arguments: Any) -> Self:
        """Begin a response in the background.

        Args:
            client: the client to ask with.
            arguments: those of `responses.create`, but `background` and `stream`.

        Raises:
            APIError: as `responses.create`.
            ValueError: `stream` was given.
        """
        return cls(client, client.perform(_creation(arguments)))

    @staticmethod
    def streaming(client: Any, *, resume: int = RESUMES, **arguments: Any) -> ResponseStreamManager[Any]:
        """Begin a response in the background and stream it, over new connections where one breaks.

        The stream is that of `responses.stream`: same events, snapshots and final response, each event exactly once.

        Args:
            client: the client to ask with.
            resume: how many times at most the stream is taken up again, from 0.
            arguments: those of `responses.stream`.

        Raises:
            StreamInterrupted, APITimeoutError: (while reading) it broke once too often, or cannot be taken up; `partial` and
                `sequence_number` say how far it came.
            StreamOutOfOrder: (while reading) the server left events out when the stream was taken up.
        """
        return ResponseStreamManager(client, resume=resume, **{**arguments, "background": True})

    def stream(self, *, resume: int = RESUMES, **arguments: Any) -> ResponseStreamManager[Any]:
        """The response's events from the beginning, or after `starting_after`; only for one that was begun with a stream.

        Args:
            resume: as in `streaming`.
            arguments: those of `responses.stream` for a stored response: `starting_after`, `text_format`, `tools`, …

        Raises:
            NotFoundError: (on entering) the response is unknown or has expired.
            StreamInterrupted, APITimeoutError, StreamOutOfOrder: as `streaming`.
        """
        return ResponseStreamManager(self._client, resume=resume, response_id=self.id, **arguments)

    def refresh(self) -> Response:
        """Look at the response as it is now."""
        return self._seen(self._client.run(retrieved(self.id)))

    def wait(self, *, poll_interval_ms: int | Omit = omit, max_wait_seconds: float | Omit = omit) -> Response:
        """Wait until the response has ended, be it completed, failed, incomplete or cancelled, and return it.

        Lost connections, 429 and 5xx are waited out, five in a row beyond the client's own retries.

        Args:
            poll_interval_ms: milliseconds between two looks; the server's hint, else 1000, when left out.
            max_wait_seconds: seconds to wait at most, from 0; without bound when left out.

        Raises:
            TimeoutError: it had not ended in time; it goes on running.
            NotFoundError: it is unknown or has expired.
            APIError: looking failed for good.
        """
        if self.done:
            return cast("Response", self.response)
        return self._seen(self._client.run(finished(self.id, poll_interval_ms, max_wait_seconds)))

    def cancel(self) -> Response:
        """Stop the response.

        Raises:
            BadRequestError: it has ended already.
        """
        return self._seen(self._client.run(cancelled(self.id)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not self.done:
            try:
                self.cancel()
            except OpenAIError as problem:
                error.add_note(f"response {self.id} could not be cancelled: {problem}")


class AsyncBackground(_Handle):
    """As `Background`, with `await` and `async with`."""

    @classmethod
    async def create(cls, client: Any, **arguments: Any) -> Self:
        """As `Background.create`."""
        return cls(client, await client.perform(_creation(arguments)))

    @staticmethod
    def streaming(client: Any, *, resume: int = RESUMES, **arguments: Any) -> AsyncResponseStreamManager[Any]:
        """As `Background.streaming`, with `async with` and `async for`."""
        return AsyncResponseStreamManager(client, resume=resume, **{**arguments, "background": True})

    def stream(self, *, resume: int = RESUMES, **arguments: Any) -> AsyncResponseStreamManager[Any]:
        """As `Background.stream`, with `async with` and `async for`."""
        return AsyncResponseStreamManager(self._client, resume=resume, response_id=self.id, **arguments)

    async def refresh(self) -> Response:
        """As `Background.refresh`."""
        return self._seen(await self._client.run(retrieved(self.id)))

    async def wait(self, *, poll_interval_ms: int | Omit = omit, max_wait_seconds: float | Omit = omit) -> Response:
        """As `Background.wait`."""
        if self.done:
            return cast("Response", self.response)
        return self._seen(await self._client.run(finished(self.id, poll_interval_ms, max_wait_seconds)))

    async def cancel(self) -> Response:
        """As `Background.cancel`."""
        return self._seen(await self._client.run(cancelled(self.id)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not self.done:
            try:
                await self.cancel()
            except OpenAIError as problem:
                error.add_note(f"response {self.id} could not be cancelled: {problem}")
