"""Starting an assistant's run and following it: the calls, and the managers that make them on `with`.

Knows which operations start a stream of a run. What is made of its events is the handlers' knowledge.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

from ..core.call import Call
from ..core.omit import not_given, omit
from .assistant_handler import AssistantEventHandler, AsyncAssistantEventHandler

__all__ = [
    "AssistantEventHandler",
    "AssistantEventHandlerT",
    "AssistantStreamManager",
    "AsyncAssistantEventHandler",
    "AsyncAssistantEventHandlerT",
    "AsyncAssistantStreamManager",
    "async_create_run",
    "async_create_thread_and_run",
    "async_submit_tool_outputs",
    "create_run",
    "create_thread_and_run",
    "submit_tool_outputs",
]

AssistantEventHandlerT = TypeVar("AssistantEventHandlerT", bound=AssistantEventHandler)


class AssistantStreamManager(Generic[AssistantEventHandlerT]):
    """Starts the run on `with` and gives its handler; leaving the block closes the stream.

    Args:
        api_request: makes the call and gives its stream.
        event_handler: follows the stream.
    """

    def __init__(self, api_request: Callable[[], Any], *, event_handler: AssistantEventHandlerT) -> None:
        self._api_request = api_request
        self._event_handler = event_handler
        self._stream: Any = None

    def __enter__(self) -> AssistantEventHandlerT:
        # Before the call: it would start a run that nobody follows.
        self._event_handler.check_unused()
        self._stream = self._api_request()
        self._event_handler._init(self._stream)  # pyright: ignore[reportPrivateUsage]
        return self._event_handler

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()


AsyncAssistantEventHandlerT = TypeVar("AsyncAssistantEventHandlerT", bound=AsyncAssistantEventHandler)


class AsyncAssistantStreamManager(Generic[AsyncAssistantEventHandlerT]):
    """As `AssistantStreamManager`, for `async with`.

    Args:
        api_request: the call, or a function that makes it; awaited on entering.
        event_handler: follows the stream.
    """

    def __init__(
        self, api_request: Awaitable[Any] | Callable[[], Awaitable[Any]], *, event_handler: AsyncAssistantEventHandlerT
    ) -> None:
        self._api_request = api_request
        self._event_handler = event_handler
        self._stream: Any = None

    async def __aenter__(self) -> AsyncAssistantEventHandlerT:
        self._event_handler.check_unused()
        request = self._api_request
        self._stream = await (request() if callable(request) else request)
        self._event_handler._init(self._stream)  # pyright: ignore[reportPrivateUsage]
        return self._event_handler

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        if self._stream is not None:
            await self._stream.close()


def create_run(client: Any, *, event_handler: Any = None, **arguments: Any) -> AssistantStreamManager[Any]:
    """A run of a thread: `beta.threads.runs.stream` and `create_and_stream`."""
    return _manager(client, _create_run(event_handler, **arguments), event_handler)


def create_thread_and_run(client: Any, *, event_handler: Any = None, **arguments: Any) -> AssistantStreamManager[Any]:
    """A new thread and its run: `beta.threads.create_and_run_stream`."""
    return _manager(client, _create_thread_and_run(event_handler, **arguments), event_handler)


def submit_tool_outputs(client: Any, *, event_handler: Any = None, **arguments: Any) -> AssistantStreamManager[Any]:
    """A run that goes on with its tools' outputs: `beta.threads.runs.submit_tool_outputs_stream`."""
    return _manager(client, _submit_tool_outputs(event_handler, **arguments), event_handler)


def async_create_run(client: Any, *, event_handler: Any = None, **arguments: Any) -> AsyncAssistantStreamManager[Any]:
    """As `create_run`."""
    return _async_manager(client, _create_run(event_handler, **arguments), event_handler)


def async_create_thread_and_run(
    client: Any, *, event_handler: Any = None, **arguments: Any
) -> AsyncAssistantStreamManager[Any]:
    """As `create_thread_and_run`."""
    return _async_manager(client, _create_thread_and_run(event_handler, **arguments), event_handler)


def async_submit_tool_outputs(
    client: Any, *, event_handler: Any = None, **arguments: Any
) -> AsyncAssistantStreamManager[Any]:
    """As `submit_tool_outputs`."""
    return _async_manager(client, _submit_tool_outputs(event_handler, **arguments), event_handler)


def _manager(client: Any, call: Call[Any], handler: Any) -> AssistantStreamManager[Any]:
    return AssistantStreamManager(lambda: client.perform(call), event_handler=handler or AssistantEventHandler())


def _async_manager(client: Any, call: Call[Any], handler: Any) -> AsyncAssistantStreamManager[Any]:
    # The call is made on entering, so that a manager that is never entered leaves no coroutine behind.
    return AsyncAssistantStreamManager(
        lambda: client.perform(call), event_handler=handler or AsyncAssistantEventHandler()
    )


def _create_run(handler: Any, *, thread_id: str, include: Any = omit, **arguments: Any) -> Call[Any]:
    from ..operations.beta import THREADS_RUNS_CREATE

    return _call(
        THREADS_RUNS_CREATE,
        handler,
        "threads.runs.create_and_stream",
        path={"thread_id": thread_id},
        query={"include": include},
        **arguments,
    )


def _create_thread_and_run(handler: Any, **arguments: Any) -> Call[Any]:
    from ..operations.beta import THREADS_CREATE_AND_RUN

    return _call(THREADS_CREATE_AND_RUN, handler, "threads.create_and_run_stream", **arguments)


def _submit_tool_outputs(handler: Any, *, thread_id: str, run_id: str, **arguments: Any) -> Call[Any]:
    from ..operations.beta import THREADS_RUNS_SUBMIT_TOOL_OUTPUTS

    return _call(
        THREADS_RUNS_SUBMIT_TOOL_OUTPUTS,
        handler,
        "threads.runs.submit_tool_outputs_stream",
        path={"thread_id": thread_id, "run_id": run_id},
        **arguments,
    )


def _call(
    operation: Any,
    handler: Any,
    helper: str,
    *,
    path: dict[str, Any] | None = None,
    query: dict[str, Any] | None = None,
    extra_headers: Any = None,
    extra_query: Any = None,
    extra_body: Any = None,
    timeout: Any = not_given,
    **body: Any,
) -> Call[Any]:
    """The call that starts a stream; what has no other place is the body."""
    headers: dict[str, Any] = {
        "X-Stainless-Stream-Helper": helper,
        "X-Stainless-Custom-Event-Handler": "true" if handler else "false",
        **(extra_headers or {}),
    }
    return Call(
        operation,
        path=path,
        query=query,
        body={**body, "stream": True},
        headers=headers,
        extra_query=extra_query,
        extra_body=extra_body,
        timeout=timeout,
        stream=True,
    )
