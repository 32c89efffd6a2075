"""What `openai.lib.streaming.chat` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.alias import lend

if TYPE_CHECKING:
    from ...helpers.chat_accumulator import ChatCompletionStreamState as ChatCompletionStreamState
    from ...helpers.chat_event import ChunkEvent as ChunkEvent
    from ...helpers.chat_event import ContentDeltaEvent as ContentDeltaEvent
    from ...helpers.chat_event import ContentDoneEvent as ContentDoneEvent
    from ...helpers.chat_event import FunctionToolCallArgumentsDeltaEvent as FunctionToolCallArgumentsDeltaEvent
    from ...helpers.chat_event import FunctionToolCallArgumentsDoneEvent as FunctionToolCallArgumentsDoneEvent
    from ...helpers.chat_event import LogprobsContentDeltaEvent as LogprobsContentDeltaEvent
    from ...helpers.chat_event import LogprobsContentDoneEvent as LogprobsContentDoneEvent
    from ...helpers.chat_event import LogprobsRefusalDeltaEvent as LogprobsRefusalDeltaEvent
    from ...helpers.chat_event import LogprobsRefusalDoneEvent as LogprobsRefusalDoneEvent
    from ...helpers.chat_event import RefusalDeltaEvent as RefusalDeltaEvent
    from ...helpers.chat_event import RefusalDoneEvent as RefusalDoneEvent
    from ...helpers.chat_stream import AsyncChatCompletionStream as AsyncChatCompletionStream
    from ...helpers.chat_stream import AsyncChatCompletionStreamManager as AsyncChatCompletionStreamManager
    from ...helpers.chat_stream import ChatCompletionStream as ChatCompletionStream
    from ...helpers.chat_stream import ChatCompletionStreamManager as ChatCompletionStreamManager
    from ...types.chat import ParsedChatCompletion as _ParsedChatCompletion
    from ...types.chat import ParsedChatCompletionMessage as _ParsedChatCompletionMessage
    from ...types.chat import ParsedChoice as _ParsedChoice
    from ..event import ChatCompletionStreamEvent as ChatCompletionStreamEvent

    ParsedChatCompletionMessageSnapshot = _ParsedChatCompletionMessage
    ParsedChatCompletionSnapshot = _ParsedChatCompletion
    ParsedChoiceSnapshot = _ParsedChoice

lend(globals())
