"""The clients: settings, resources, and one way to perform a call. No logic of their own.

    call ── Endpoint ──> Request ── policies ──> Send ── driver ──> transport
    value <── result ─── Reply <──────────────────────────────────────────┘

`OpenAI` and `AsyncOpenAI` behave like the official clients; `Client` and `AsyncClient` are the thin ones that do nothing but
what is named: one request per call, policies only where given.
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

from .base_client import BaseClient
from .core.call import NOTE, Call
from .core.later import Later
from .core.reply import Reply
from .handshake import handshake
from .resources._client import AsyncResources, SyncResources
from .transports.base import AsyncTransport, Transport
from .transports.link import Link

if TYPE_CHECKING:
    from . import result as results
    from .mode import AsyncMode, SyncMode
else:
    # Models and JSON come with the first reply, not with the client.
    results = Later("antiphon.result")

T = TypeVar("T")


class OpenAI(BaseClient[Transport], SyncResources):
    """The blocking client, for scripts, threads and servers of any kind; one client may serve many threads.

    >>> with OpenAI() as client:  # doctest: +SKIP
    ...     print(client.responses.create(model="gpt-5.5", input="Say hello.").output_text)

    Its arguments are those of `BaseClient`. `close()` it, or use it as a context manager, to give its connections back.
    """

    colour: ClassVar[str] = "sync"

    def _link_for(self, http_client: Any) -> Link[Transport]:
        if http_client is None:
            return Link(self._sockets)
        from .transports.borrowed import borrow

        borrowed = borrow(http_client, colour="sync")
        return Link(lambda: borrowed, own=False)

    def _sockets(self) -> Transport:
        from .transports.sockets import SocketTransport

        return SocketTransport(**self._wiring)

    @cached_property
    def _driver(self) -> Any:
        from .drivers.blocking import BlockingDriver

        send = self._link.transport.send if self._link.own else self._link.send
        return BlockingDriver(send, self.perform_raw, self._clock, self._link.closing)

    def exchange(self, call: Call[Any], *, stream: bool = False) -> Reply:
        """A call's reply after all policies, not decoded. `stream` keeps its body open.

        Raises:
            APIStatusError: the status is no success.
            APIConnectionError: no usable answer came.
        """
        request = self._endpoint.request(call, stream=stream)
        reply: Reply = (
            self._driver.exchange(request, self._flow) if self._only_failures else self._driver.run(self._flow(request))
        )
        return reply

    def perform(self, call: Call[T]) -> T:
        """Make a call and decode its result."""
        if call.headers is not None and NOTE in call.headers:
            from .mode import noted

            return cast("T", noted(self, call))
        request = self._endpoint.request(call)
        reply: Reply = (  # as `exchange`, without the step in between
            self._driver.exchange(request, self._flow) if self._only_failures else self._driver.run(self._flow(request))
        )
        result: T = results.result_of(self, call, reply)
        return result

    def perform_raw(self, call: Call[T]) -> tuple[T, Reply]:
        """Make a call; its result and the reply it came in."""
        reply = self.exchange(call)
        return cast("T", results.result_of(self, call, reply)), reply

    def run(self, flow: Coroutine[Any, Any, T]) -> T:
        """Run a flow of effects (see `antiphon.core.effects`) to its end."""
        return cast("T", self._driver.run(flow))

    def websocket_headers(self) -> dict[str, str]:
        """The credential and identity fields a WebSocket handshake carries."""
        return cast("dict[str, str]", self._driver.run(handshake(self.settings)))

    @property
    def raw(self) -> SyncMode:
        """This client, answering with raw responses; see `with_raw_response`."""
        from .mode import SyncMode

        return SyncMode(self, "raw")

    @property
    def streaming(self) -> SyncMode:
        """This client, answering with responses whose body stays open; see `with_streaming_response`."""
        from .mode import SyncMode

        return SyncMode(self, "streaming")

    def close(self) -> None:
        """Close every connection. Copies of this client share them and are closed too."""
        transport = self._link.end()
        vars(self).pop("_driver", None)  # it holds on to the transport
        if transport is not None:
            transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncOpenAI(BaseClient[AsyncTransport], AsyncResources):
    """The asyncio client; one client may serve many tasks and several event loops, one after another or side by side.

    >>> async with AsyncOpenAI() as client:  # doctest: +SKIP
    ...     print((await client.responses.create(model="gpt-5.5", input="Say hello.")).output_text)

    Its arguments are those of `BaseClient`. `await close()`, or use it as a context manager, to give its connections back.
    """

    colour: ClassVar[str] = "async"

    def _link_for(self, http_client: Any) -> Link[AsyncTransport]:
        if http_client is None:
            return Link(self._streams)
        from .transports.borrowed import borrow

        borrowed = borrow(http_client, colour="async")
        return Link(lambda: borrowed, own=False)

    def _streams(self) -> AsyncTransport:
        from .transports.streams import StreamTransport

        return StreamTransport(**self._wiring)

    @cached_property
    def _driver(self) -> Any:
        from .drivers.asynchronous import AsyncDriver

        send = self._link.transport.send if self._link.own else self._link.send
        return AsyncDriver(send, self.perform_raw, self._clock, self._link.closing)

    def exchange(self, call: Call[Any], *, stream: bool = False) -> Coroutine[Any, Any, Reply]:
        """As `OpenAI.exchange`, to be awaited."""
        request = self._endpoint.request(call, stream=stream)
        exchanged: Coroutine[Any, Any, Reply] = (
            self._driver.exchange(request, self._flow) if self._only_failures else self._driver.run(self._flow(request))
        )
        return exchanged

    async def perform(self, call: Call[T]) -> T:
        """Make a call and decode its result."""
        if call.headers is not None and NOTE in call.headers:
            from .mode import noted

            return cast("T", await noted(self, call))
        request = self._endpoint.request(call)
        reply: Reply = await (  # as `exchange`, without the step in between
            self._driver.exchange(request, self._flow) if self._only_failures else self._driver.run(self._flow(request))
        )
        result: T = results.result_of(self, call, reply)
        return result

    async def perform_raw(self, call: Call[T]) -> tuple[T, Reply]:
        """Make a call; its result and the reply it came in."""
        reply = await self.exchange(call)
        return cast("T", results.result_of(self, call, reply)), reply

    def paginate(self, call: Call[T]) -> Any:
        """A list call, made when it is awaited (for the first page) or iterated (for every item)."""
        if call.headers is not None and NOTE in call.headers:
            from .mode import noted

            return noted(self, call)
        from .pagination import AsyncPaginator

        return AsyncPaginator[Any, Any](self, call)

    async def run(self, flow: Coroutine[Any, Any, T]) -> T:
        """Run a flow of effects (see `antiphon.core.effects`) to its end."""
        return cast("T", await self._driver.run(flow))

    async def websocket_headers(self) -> dict[str, str]:
        """The credential and identity fields a WebSocket handshake carries."""
        return cast("dict[str, str]", await self._driver.run(handshake(self.settings)))

    @property
    def raw(self) -> AsyncMode:
        """This client, answering with raw responses; see `with_raw_response`."""
        from .mode import AsyncMode

        return AsyncMode(self, "raw")

    @property
    def streaming(self) -> AsyncMode:
        """This client, answering with responses whose body stays open; see `with_streaming_response`."""
        from .mode import AsyncMode

        return AsyncMode(self, "streaming")

    async def close(self) -> None:
        """Close every connection. Copies of this client share them and are closed too."""
        transport = self._link.end()
        vars(self).pop("_driver", None)  # it holds on to the transport
        if transport is not None:
            await transport.aclose()

    aclose = close

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Client(OpenAI):
    """The thin blocking client: one request per call, nothing automatic; policies only where named.

    >>> Client(api_key="sk-1", policies=[Retry(3)]).explain()  # doctest: +SKIP
    """

    _own_policies: ClassVar[bool] = False


class AsyncClient(AsyncOpenAI):
    """The thin asyncio client: one request per call, nothing automatic; policies only where named."""

    _own_policies: ClassVar[bool] = False
