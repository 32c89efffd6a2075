# Written by tests/sockets/channel_writer.py from api/; do not edit.
# ruff: noqa: F401, PYI051
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

    from ...types.beta import (
        BetaResponseIncludable,
        BetaResponseInputItemParam,
        BetaResponseInputParam,
        BetaResponsePromptParam,
        BetaResponsesServerEvent,
        BetaResponseSteerInputParam,
        BetaResponseTextConfigParam,
        BetaServiceTier,
        BetaToolParam,
    )
    from ...types.beta._params import (
        BetaResponsesClientEventParamResponseCreateAccessPrograms,
        BetaResponsesClientEventParamResponseCreateContextManagement,
        BetaResponsesClientEventParamResponseCreateConversation,
        BetaResponsesClientEventParamResponseCreateImage,
        BetaResponsesClientEventParamResponseCreateModeration,
        BetaResponsesClientEventParamResponseCreateMultiAgent,
        BetaResponsesClientEventParamResponseCreatePromptCacheOptions,
        BetaResponsesClientEventParamResponseCreateReasoning,
        BetaResponsesClientEventParamResponseCreateStreamOptions,
        BetaResponsesClientEventParamResponseCreateToolChoice,
    )

CHANNEL = Channel(
    "/responses",
    "beta.beta_responses_server_event:BetaResponsesServerEvent",
    queue=1_048_576,
)


class AsyncResponsesResponseResource:
    """What `connection.response` sends."""

    def __init__(self, connection: AsyncResponsesConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        access_programs: BetaResponsesClientEventParamResponseCreateAccessPrograms | Omit | NotGiven = omit,
        background: bool | Omit | NotGiven | None = omit,
        context_management: Iterable[BetaResponsesClientEventParamResponseCreateContextManagement]
        | Omit
        | NotGiven
        | None = omit,
        conversation: BetaResponsesClientEventParamResponseCreateConversation | Omit | NotGiven | None = omit,
        generate: bool | Omit | NotGiven = omit,
        image: BetaResponsesClientEventParamResponseCreateImage | Omit | NotGiven = omit,
        include: list[BetaResponseIncludable] | Omit | NotGiven | None = omit,
        input: str | BetaResponseInputParam | Omit | NotGiven = omit,
        instructions: str | Omit | NotGiven | None = omit,
        max_output_tokens: int | Omit | NotGiven | None = omit,
        max_tool_calls: int | Omit | NotGiven | None = omit,
        metadata: dict[str, str] | Omit | NotGiven | None = omit,
        model: Literal[
            "gpt-6-astra",
            "gpt-6.1-sol",
            "gpt-6.1-terra",
            "gpt-6-sol",
            "gpt-6-luna",
            "gpt-5.6-sol",
            "gpt-5.6-terra",
            "gpt-5.6-luna",
            "gpt-5.5",
            "gpt-5.5-2026-04-23",
            "gpt-5.4",
            "gpt-5.4-mini",
            "gpt-5.4-nano",
            "gpt-5.4-mini-2026-03-17",
            "gpt-5.4-nano-2026-03-17",
            "gpt-5.3-chat-latest",
            "gpt-5.2",
            "gpt-5.2-2025-12-11",
            "gpt-5.2-chat-latest",
            "gpt-5.2-pro",
            "gpt-5.2-pro-2025-12-11",
            "gpt-5.1",
            "gpt-5.1-2025-11-13",
            "gpt-5.1-codex",
            "gpt-5.1-mini",
            "gpt-5.1-chat-latest",
            "gpt-5",
            "gpt-5-mini",
            "gpt-5-nano",
            "gpt-5-2025-08-07",
            "gpt-5-mini-2025-08-07",
            "gpt-5-nano-2025-08-07",
            "gpt-5-chat-latest",
            "gpt-4.1",
            "gpt-4.1-mini",
            "gpt-4.1-nano",
            "gpt-4.1-2025-04-14",
            "gpt-4.1-mini-2025-04-14",
            "gpt-4.1-nano-2025-04-14",
            "o4-mini",
            "o4-mini-2025-04-16",
            "o3",
            "o3-2025-04-16",
            "o3-mini",
            "o3-mini-2025-01-31",
            "o1",
            "o1-2024-12-17",
            "o1-preview",
            "o1-preview-2024-09-12",
            "o1-mini",
            "o1-mini-2024-09-12",
            "gpt-4o",
            "gpt-4o-2024-11-20",
            "gpt-4o-2024-08-06",
            "gpt-4o-2024-05-13",
            "gpt-audio-mini",
            "gpt-audio-mini-2025-12-15",
            "gpt-4o-audio-preview",
            "gpt-4o-audio-preview-2024-10-01",
            "gpt-4o-audio-preview-2024-12-17",
            "gpt-4o-audio-preview-2025-06-03",
            "gpt-4o-mini-audio-preview",
            "gpt-4o-mini-audio-preview-2024-12-17",
            "gpt-4o-search-preview",
            "gpt-4o-mini-search-preview",
            "gpt-4o-search-preview-2025-03-11",
            "gpt-4o-mini-search-preview-2025-03-11",
            "chatgpt-4o-latest",
            "codex-mini-latest",
            "gpt-4o-mini",
            "gpt-4o-mini-2024-07-18",
            "gpt-4-turbo",
            "gpt-4-turbo-2024-04-09",
            "gpt-4-0125-preview",
            "gpt-4-turbo-preview",
            "gpt-4-1106-preview",
            "gpt-4-vision-preview",
            "gpt-4",
            "gpt-4-0314",
            "gpt-4-0613",
            "gpt-4-32k",
            "gpt-4-32k-0314",
            "gpt-4-32k-0613",
            "gpt-3.5-turbo",
            "gpt-3.5-turbo-16k",
            "gpt-3.5-turbo-0301",
            "gpt-3.5-turbo-0613",
            "gpt-3.5-turbo-1106",
            "gpt-3.5-turbo-0125",
            "gpt-3.5-turbo-16k-0613",
            "o1-pro",
            "o1-pro-2025-03-19",
            "o3-pro",
            "o3-pro-2025-06-10",
            "o3-deep-research",
            "o3-deep-research-2025-06-26",
            "o4-mini-deep-research",
            "o4-mini-deep-research-2025-06-26",
            "computer-use-preview",
            "computer-use-preview-2025-03-11",
            "gpt-5.5-pro",
            "gpt-5.5-pro-2026-04-23",
            "gpt-5-codex",
            "gpt-5-pro",
            "gpt-5-pro-2025-10-06",
            "gpt-5.1-codex-max",
            "gpt-daybreak-blue-latest",
            "gpt-daybreak-red-latest",
            "gpt-5.6-cyber",
            "gpt-6-cyber",
            "gpt-rosalind-research",
            "gpt-6-rosalind",
        ]
        | str
        | Omit
        | NotGiven = omit,
        moderation: BetaResponsesClientEventParamResponseCreateModeration | Omit | NotGiven | None = omit,
        multi_agent: BetaResponsesClientEventParamResponseCreateMultiAgent | Omit | NotGiven | None = omit,
        parallel_tool_calls: bool | Omit | NotGiven | None = omit,
        previous_response_id: str | Omit | NotGiven | None = omit,
        prompt: BetaResponsePromptParam | Omit | NotGiven | None = omit,
        prompt_cache_key: str | Omit | NotGiven | None = omit,
        prompt_cache_options: BetaResponsesClientEventParamResponseCreatePromptCacheOptions | Omit | NotGiven = omit,
        prompt_cache_retention: Literal["in_memory", "24h"] | Omit | NotGiven | None = omit,
        reasoning: BetaResponsesClientEventParamResponseCreateReasoning | Omit | NotGiven | None = omit,
        safety_identifier: str | Omit | NotGiven | None = omit,
        service_tier: BetaServiceTier | Omit | NotGiven | None = omit,
        store: bool | Omit | NotGiven | None = omit,
        stream: bool | Omit | NotGiven | None = omit,
        stream_id: str | Omit | NotGiven = omit,
        stream_options: BetaResponsesClientEventParamResponseCreateStreamOptions | Omit | NotGiven | None = omit,
        temperature: float | Omit | NotGiven | None = omit,
        text: BetaResponseTextConfigParam | Omit | NotGiven = omit,
        tool_choice: BetaResponsesClientEventParamResponseCreateToolChoice | Omit | NotGiven = omit,
        tools: Iterable[BetaToolParam] | Omit | NotGiven = omit,
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
                "multi_agent": multi_agent,
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
        input: BetaResponseSteerInputParam,
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

    async def inject(
        self,
        *,
        input: Iterable[BetaResponseInputItemParam],
        response_id: str,
    ) -> None:
        """Send `response.inject`."""
        await self._connection.send(
            {
                "type": "response.inject",
                "input": input,
                "response_id": response_id,
            }
        )


class AsyncResponsesConnection(AsyncConnection["BetaResponsesServerEvent"]):
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
