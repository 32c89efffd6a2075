# Written by tests/sockets/channel_writer.py from api/; do not edit.
# ruff: noqa: F401
"""The WebSocket endpoint `/responses`: what can be sent, and how to connect, on asyncio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...core.omit import NotGiven, Omit, omit
from ..address import Channel
from ..asynchronous import AsyncConnection, AsyncConnectionManager
from ..opening import AsyncHost
from ..reconnection import OnReconnecting
from ..session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    from ...types.responses import (
        ResponseIncludable,
        ResponseInputParam,
        ResponsePromptParam,
        ResponsesServerEvent,
        ResponseSteerInputParam,
        ResponseTextConfigParam,
        ServiceTier,
        ToolParam,
    )
    from ...types.responses._params import (
        ResponsesClientEventParamResponseCreateAccessPrograms,
        ResponsesClientEventParamResponseCreateContextManagement,
        ResponsesClientEventParamResponseCreateConversation,
        ResponsesClientEventParamResponseCreateImage,
        ResponsesClientEventParamResponseCreateModeration,
        ResponsesClientEventParamResponseCreatePromptCacheOptions,
        ResponsesClientEventParamResponseCreateStreamOptions,
        ResponsesClientEventParamResponseCreateToolChoice,
    )
    from ...types.shared_params import Metadata, Reasoning, ResponsesModel

CHANNEL = Channel(
    "/responses",
    "responses.responses_server_event:ResponsesServerEvent",
    queue=1_048_576,
)


class AsyncResponsesResponseResource:
    """What `connection.response` sends."""

    def __init__(self, connection: AsyncResponsesConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        access_programs: ResponsesClientEventParamResponseCreateAccessPrograms | Omit | NotGiven = omit,
        background: bool | Omit | NotGiven | None = omit,
        context_management: Iterable[ResponsesClientEventParamResponseCreateContextManagement]
        | Omit
        | NotGiven
        | None = omit,
        conversation: ResponsesClientEventParamResponseCreateConversation | Omit | NotGiven | None = omit,
        generate: bool | Omit | NotGiven = omit,
        image: ResponsesClientEventParamResponseCreateImage | Omit | NotGiven = omit,
        include: list[ResponseIncludable] | Omit | NotGiven | None = omit,
        input: str | ResponseInputParam | Omit | NotGiven = omit,
        instructions: str | Omit | NotGiven | None = omit,
        max_output_tokens: int | Omit | NotGiven | None = omit,
        max_tool_calls: int | Omit | NotGiven | None = omit,
        metadata: Metadata | Omit | NotGiven | None = omit,
        model: ResponsesModel | Omit | NotGiven = omit,
        moderation: ResponsesClientEventParamResponseCreateModeration | Omit | NotGiven | None = omit,
        parallel_tool_calls: bool | Omit | NotGiven | None = omit,
        previous_response_id: str | Omit | NotGiven | None = omit,
        prompt: ResponsePromptParam | Omit | NotGiven | None = omit,
        prompt_cache_key: str | Omit | NotGiven | None = omit,
        prompt_cache_options: ResponsesClientEventParamResponseCreatePromptCacheOptions | Omit | NotGiven = omit,
        prompt_cache_retention: Literal["in_memory", "24h"] | Omit | NotGiven | None = omit,
        reasoning: Reasoning | Omit | NotGiven | None = omit,
        safety_identifier: str | Omit | NotGiven | None = omit,
        service_tier: ServiceTier | Omit | NotGiven | None = omit,
        store: bool | Omit | NotGiven | None = omit,
        stream: bool | Omit | NotGiven | None = omit,
        stream_id: str | Omit | NotGiven = omit,
        stream_options: ResponsesClientEventParamResponseCreateStreamOptions | Omit | NotGiven | None = omit,
        temperature: float | Omit | NotGiven | None = omit,
        text: ResponseTextConfigParam | Omit | NotGiven = omit,
        tool_choice: ResponsesClientEventParamResponseCreateToolChoice | Omit | NotGiven = omit,
        tools: Iterable[ToolParam] | Omit | NotGiven = omit,
        top_logprobs: int | Omit | NotGiven | None = omit,
        top_p: float | Omit | NotGiven | None = omit,
        truncation: Literal["auto", "disabled"] | Omit | NotGiven | None = omit,
        user: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `response.create`."""
        await self._connection.send(
            {
                "type": "response.create",
                "access_programs": access_programs,
                "background": background,
                "context_management": context_management,
                "conversation": conversation,
                "generate": generate,
                "image": image,
                "include": include,
                "input": input,
                "instructions": instructions,
                "max_output_tokens": max_output_tokens,
                "max_tool_calls": max_tool_calls,
                "metadata": metadata,
                "model": model,
                "moderation": moderation,
                "parallel_tool_calls": parallel_tool_calls,
                "previous_response_id": previous_response_id,
                "prompt": prompt,
                "prompt_cache_key": prompt_cache_key,
                "prompt_cache_options": prompt_cache_options,
                "prompt_cache_retention": prompt_cache_retention,
                "reasoning": reasoning,
                "safety_identifier": safety_identifier,
                "service_tier": service_tier,
                "store": store,
                "stream": stream,
                "stream_id": stream_id,
                "stream_options": stream_options,
                "temperature": temperature,
                "text": text,
                "tool_choice": tool_choice,
                "tools": tools,
                "top_logprobs": top_logprobs,
                "top_p": top_p,
                "truncation": truncation,
                "user": user,
            }
        )

    async def steer(
        self,
        *,
        input: ResponseSteerInputParam,
        previous_response_id: str,
    ) -> None:
        """Send `response.steer`."""
        await self._connection.send(
            {
                "type": "response.steer",
                "input": input,
                "previous_response_id": previous_response_id,
            }
        )


class AsyncResponsesConnection(AsyncConnection["ResponsesServerEvent"]):
    """A connection to `/responses`; its parts send the events named after them."""

    _channel = CHANNEL

    def __init__(
        self, session: Session, connect: Callable[[Mapping[str, Any], Mapping[str, Any]], Awaitable[Any]]
    ) -> None:
        super().__init__(session, connect)
        self.response = AsyncResponsesResponseResource(self)


class AsyncResponsesConnectionManager(AsyncConnectionManager[AsyncResponsesConnection]):
    """Opens a `AsyncResponsesConnection`."""

    _channel = CHANNEL
    _connection_class = AsyncResponsesConnection

    def __init__(
        self,
        client: AsyncHost,
        *,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, Any] | None = None,
        websocket_connection_options: Mapping[str, Any] | None = None,
        on_reconnecting: OnReconnecting | None = None,
        max_retries: int = 5,
        initial_delay: float = 0.5,
        max_delay: float = 8.0,
        max_queue_size: int = 1_048_576,
    ) -> None:
        super().__init__(
            client,
            extra_query=extra_query,
            extra_headers=extra_headers,
            websocket_connection_options=websocket_connection_options,
            on_reconnecting=on_reconnecting,
            max_retries=max_retries,
            initial_delay=initial_delay,
            max_delay=max_delay,
            max_queue_size=max_queue_size,
        )
