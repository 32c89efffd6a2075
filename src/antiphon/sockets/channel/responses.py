# Written by tests/sockets/channel_writer.py from api/; do not edit.
"""The WebSocket endpoint `/responses`: what can be sent, and how to connect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from ...core.omit import NotGiven, Omit, omit
from ..address import Channel
from ..asynchronous import AsyncConnection, AsyncConnectionManager
from ..blocking import Connection, ConnectionManager
from ..opening import AsyncHost, Host
from ..reconnection import OnReconnecting
from ..session import Session

if TYPE_CHECKING:
    from ...types.responses import (
        response_includable,
        response_input_param,
        response_prompt_param,
        response_steer_input_param,
        response_text_config_param,
        responses_client_event_param,
        service_tier,
        tool_param,
    )
    from ...types.shared_params import metadata, reasoning, responses_model

CHANNEL = Channel(
    "/responses",
    "responses.responses_server_event:ResponsesServerEvent",
    queue=1048576,
)


class ResponsesResponseResource:
    """What `connection.response` sends."""

    def __init__(self, connection: ResponsesConnection) -> None:
        self._connection = connection

    def create(
        self,
        *,
        access_programs: responses_client_event_param.ResponseCreateAccessPrograms | Omit | NotGiven = omit,
        background: bool | None | Omit | NotGiven = omit,
        context_management: Iterable[responses_client_event_param.ResponseCreateContextManagement]
        | None
        | Omit
        | NotGiven = omit,
        conversation: responses_client_event_param.ResponseCreateConversation | None | Omit | NotGiven = omit,
        generate: bool | Omit | NotGiven = omit,
        image: responses_client_event_param.ResponseCreateImage | Omit | NotGiven = omit,
        include: list[response_includable.ResponseIncludable] | None | Omit | NotGiven = omit,
        input: str | response_input_param.ResponseInputParam | Omit | NotGiven = omit,
        instructions: str | None | Omit | NotGiven = omit,
        max_output_tokens: int | None | Omit | NotGiven = omit,
        max_tool_calls: int | None | Omit | NotGiven = omit,
        metadata: metadata.Metadata | None | Omit | NotGiven = omit,
        model: responses_model.ResponsesModel | Omit | NotGiven = omit,
        moderation: responses_client_event_param.ResponseCreateModeration | None | Omit | NotGiven = omit,
        parallel_tool_calls: bool | None | Omit | NotGiven = omit,
        previous_response_id: str | None | Omit | NotGiven = omit,
        prompt: response_prompt_param.ResponsePromptParam | None | Omit | NotGiven = omit,
        prompt_cache_key: str | None | Omit | NotGiven = omit,
        prompt_cache_options: responses_client_event_param.ResponseCreatePromptCacheOptions | Omit | NotGiven = omit,
        prompt_cache_retention: Literal["in_memory", "24h"] | None | Omit | NotGiven = omit,
        reasoning: reasoning.Reasoning | None | Omit | NotGiven = omit,
        safety_identifier: str | None | Omit | NotGiven = omit,
        service_tier: service_tier.ServiceTier | None | Omit | NotGiven = omit,
        store: bool | None | Omit | NotGiven = omit,
        stream: bool | None | Omit | NotGiven = omit,
        stream_id: str | Omit | NotGiven = omit,
        stream_options: responses_client_event_param.ResponseCreateStreamOptions | None | Omit | NotGiven = omit,
        temperature: float | None | Omit | NotGiven = omit,
        text: response_text_config_param.ResponseTextConfigParam | Omit | NotGiven = omit,
        tool_choice: responses_client_event_param.ResponseCreateToolChoice | Omit | NotGiven = omit,
        tools: Iterable[tool_param.ToolParam] | Omit | NotGiven = omit,
        top_logprobs: int | None | Omit | NotGiven = omit,
        top_p: float | None | Omit | NotGiven = omit,
        truncation: Literal["auto", "disabled"] | None | Omit | NotGiven = omit,
        user: str | Omit | NotGiven = omit,
    ) -> None:
        """Send `response.create`."""
        self._connection.send(
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

    def steer(
        self,
        *,
        input: response_steer_input_param.ResponseSteerInputParam,
        previous_response_id: str,
    ) -> None:
        """Send `response.steer`."""
        self._connection.send(
            {
                "type": "response.steer",
                "input": input,
                "previous_response_id": previous_response_id,
            }
        )


class ResponsesConnection(Connection["responses_server_event.ResponsesServerEvent"]):
    """A connection to `/responses`; its parts send the events named after them."""

    _channel = CHANNEL

    def __init__(self, session: Session, connect: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]) -> None:
        super().__init__(session, connect)
        self.response = ResponsesResponseResource(self)


class ResponsesConnectionManager(ConnectionManager[ResponsesConnection]):
    """Opens a `ResponsesConnection`."""

    _channel = CHANNEL
    _connection_class = ResponsesConnection

    def __init__(
        self,
        client: Host,
        *,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, Any] | None = None,
        websocket_connection_options: Mapping[str, Any] | None = None,
        on_reconnecting: OnReconnecting | None = None,
        max_retries: int = 5,
        initial_delay: float = 0.5,
        max_delay: float = 8.0,
        max_queue_size: int = 1048576,
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


class AsyncResponsesResponseResource:
    """What `connection.response` sends."""

    def __init__(self, connection: AsyncResponsesConnection) -> None:
        self._connection = connection

    async def create(
        self,
        *,
        access_programs: responses_client_event_param.ResponseCreateAccessPrograms | Omit | NotGiven = omit,
        background: bool | None | Omit | NotGiven = omit,
        context_management: Iterable[responses_client_event_param.ResponseCreateContextManagement]
        | None
        | Omit
        | NotGiven = omit,
        conversation: responses_client_event_param.ResponseCreateConversation | None | Omit | NotGiven = omit,
        generate: bool | Omit | NotGiven = omit,
        image: responses_client_event_param.ResponseCreateImage | Omit | NotGiven = omit,
        include: list[response_includable.ResponseIncludable] | None | Omit | NotGiven = omit,
        input: str | response_input_param.ResponseInputParam | Omit | NotGiven = omit,
        instructions: str | None | Omit | NotGiven = omit,
        max_output_tokens: int | None | Omit | NotGiven = omit,
        max_tool_calls: int | None | Omit | NotGiven = omit,
        metadata: metadata.Metadata | None | Omit | NotGiven = omit,
        model: responses_model.ResponsesModel | Omit | NotGiven = omit,
        moderation: responses_client_event_param.ResponseCreateModeration | None | Omit | NotGiven = omit,
        parallel_tool_calls: bool | None | Omit | NotGiven = omit,
        previous_response_id: str | None | Omit | NotGiven = omit,
        prompt: response_prompt_param.ResponsePromptParam | None | Omit | NotGiven = omit,
        prompt_cache_key: str | None | Omit | NotGiven = omit,
        prompt_cache_options: responses_client_event_param.ResponseCreatePromptCacheOptions | Omit | NotGiven = omit,
        prompt_cache_retention: Literal["in_memory", "24h"] | None | Omit | NotGiven = omit,
        reasoning: reasoning.Reasoning | None | Omit | NotGiven = omit,
        safety_identifier: str | None | Omit | NotGiven = omit,
        service_tier: service_tier.ServiceTier | None | Omit | NotGiven = omit,
        store: bool | None | Omit | NotGiven = omit,
        stream: bool | None | Omit | NotGiven = omit,
        stream_id: str | Omit | NotGiven = omit,
        stream_options: responses_client_event_param.ResponseCreateStreamOptions | None | Omit | NotGiven = omit,
        temperature: float | None | Omit | NotGiven = omit,
        text: response_text_config_param.ResponseTextConfigParam | Omit | NotGiven = omit,
        tool_choice: responses_client_event_param.ResponseCreateToolChoice | Omit | NotGiven = omit,
        tools: Iterable[tool_param.ToolParam] | Omit | NotGiven = omit,
        top_logprobs: int | None | Omit | NotGiven = omit,
        top_p: float | None | Omit | NotGiven = omit,
        truncation: Literal["auto", "disabled"] | None | Omit | NotGiven = omit,
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
        input: response_steer_input_param.ResponseSteerInputParam,
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


class AsyncResponsesConnection(AsyncConnection["responses_server_event.ResponsesServerEvent"]):
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
        max_queue_size: int = 1048576,
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
