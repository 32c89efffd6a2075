"""A client seen through another mode: the same calls, answering with the reply itself, read whole or still open.

Resources know nothing of it: they hand a call to whatever client they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import response
from .core.call import NOTE, Call
from .core.effects import Perform, PerformRaw
from .core.reply import Reply
from .result import result_of

if TYPE_CHECKING:
    from .client import AsyncOpenAI, OpenAI

C = TypeVar("C", "OpenAI", "AsyncOpenAI")
Decode = Callable[[Reply, Any], Any]


class _Mode(Generic[C]):
    """What both colours share.

    Args:
        client: the client that makes the calls.
        mode: "raw" for replies that are read whole, "streaming" for context managers over open ones.
    """

    _client: C

    def __init__(self, client: C, mode: str) -> None:
        self._client = client
        self._mode = mode

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def _decode(self, call: Call[Any]) -> Decode:
        return lambda reply, target: result_of(self._client, call, reply, target)

    def _noting(self, headers: Mapping[str, Any] | None) -> dict[str, Any]:
        return {NOTE: self._mode, **(headers or {})}

    def _open(self, call: Call[Any], reply: Reply, plain: type[Any], binary: type[Any]) -> Any:
        kind = binary if call.operation.result == "bytes" else plain
        return kind(reply, self._decode(call), stream=call.stream)


class SyncMode(_Mode["OpenAI"]):
    """A blocking client in another mode."""

    def perform(self, call: Call[Any]) -> Any:
        """The call's raw response, or the context manager that makes it."""
        if self._client._hooks:
            from .hooks.routing import routed

            if self._mode == "raw":
                return routed(self._client, call, self._raw)
            return response.ResponseContextManager(lambda: routed(self._client, call, self._streamed))
        if self._mode == "raw":
            return self._raw(call)
        return response.ResponseContextManager(lambda: self._streamed(call))

    def noted(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What a method of the client's own gives, in this mode; it hands its header fields on."""
        kwargs["extra_headers"] = self._noting(kwargs.get("extra_headers"))
        if self._mode == "raw":
            return method(*args, **kwargs)
        return response.ResponseContextManager(lambda: method(*args, **kwargs))

    def _raw(self, call: Call[Any]) -> Any:
        return response.LegacyAPIResponse[Any](self._client.exchange(call), self._decode(call), stream=call.stream)

    def _streamed(self, call: Call[Any]) -> Any:
        reply = self._client.exchange(call, stream=True)
        return self._open(call, reply, response.APIResponse, response.StreamedBinaryAPIResponse)

    def run(self, flow: Coroutine[Any, Any, Any]) -> Any:
        """A helper's flow; its result stands in the last reply it got."""
        if self._mode == "raw":
            value, reply = self._client.run(_with_reply(flow))
            return response.LegacyAPIResponse[Any](reply, lambda _, __: value)

        def opened() -> response.APIResponse[Any]:
            value, reply = self._client.run(_with_reply(flow))
            return response.APIResponse(reply, lambda _, __: value)

        return response.ResponseContextManager(opened)


class AsyncMode(_Mode["AsyncOpenAI"]):
    """An asyncio client in another mode."""

    async def perform(self, call: Call[Any]) -> Any:
        """As `SyncMode.perform`; a context manager is answered without suspending."""
        if self._client._hooks:
            from .hooks.routing import routed

            if self._mode == "raw":
                return await routed(self._client, call, self._raw)
            return response.AsyncResponseContextManager(lambda: routed(self._client, call, self._streamed))
        if self._mode == "raw":
            return await self._raw(call)
        return response.AsyncResponseContextManager(lambda: self._streamed(call))

    def noted(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """As `SyncMode.noted`."""
        kwargs["extra_headers"] = self._noting(kwargs.get("extra_headers"))
        if self._mode == "raw":
            return method(*args, **kwargs)
        return response.AsyncResponseContextManager(lambda: method(*args, **kwargs))

    async def _raw(self, call: Call[Any]) -> Any:
        reply = await self._client.exchange(call)
        return response.LegacyAPIResponse[Any](reply, self._decode(call), stream=call.stream)

    async def _streamed(self, call: Call[Any]) -> Any:
        reply = await self._client.exchange(call, stream=True)
        return self._open(call, reply, response.AsyncAPIResponse, response.AsyncStreamedBinaryAPIResponse)

    def paginate(self, call: Call[Any]) -> Any:
        """A list call's raw response."""
        return self.perform(call)

    async def run(self, flow: Coroutine[Any, Any, Any]) -> Any:
        """As `SyncMode.run`."""
        if self._mode == "raw":
            value, reply = await self._client.run(_with_reply(flow))
            return response.LegacyAPIResponse[Any](reply, lambda _, __: value)

        async def opened() -> response.AsyncAPIResponse[Any]:
            value, reply = await self._client.run(_with_reply(flow))
            return response.AsyncAPIResponse(reply, lambda _, __: value)

        return response.AsyncResponseContextManager(opened)


def noted(client: Any, call: Call[Any]) -> Any:
    """What a call whose header fields hold the note is answered with: a raw response, or an open one.

    In the asyncio colour, to be awaited.
    """
    headers = dict(call.headers)
    asked = headers.pop(NOTE)
    call.headers = headers
    if asked in ("stream", "streaming"):
        mode, answer = client.streaming, client.streaming._streamed
    else:
        mode, answer = client.raw, client.raw._raw
    if not mode._client._hooks:
        return answer(call)
    from .hooks.routing import routed

    return routed(mode._client, call, answer)


async def _with_reply(flow: Coroutine[Any, Any, Any]) -> tuple[Any, Reply]:
    """A flow's result and the last reply of an API call in it: a driver between the flow and the real one."""
    last: Reply | None = None
    try:
        effect = flow.send(None)
        while True:
            try:
                if isinstance(effect, (Perform, PerformRaw)):
                    value, last = await PerformRaw(effect.call)
                    answer = value if isinstance(effect, Perform) else (value, last)
                else:
                    answer = await effect
            except BaseException as failure:
                effect = flow.throw(failure)
            else:
                effect = flow.send(answer)
    except StopIteration as end:
        if last is None:
            raise TypeError("this helper makes no API call, so there is no response to show") from None
        return end.value, last
