"""What `openai.lib.streaming` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.alias import lend

if TYPE_CHECKING:
    from ...helpers.assistant_stream import AssistantEventHandler as AssistantEventHandler
    from ...helpers.assistant_stream import AssistantEventHandlerT as AssistantEventHandlerT
    from ...helpers.assistant_stream import AssistantStreamManager as AssistantStreamManager
    from ...helpers.assistant_stream import AsyncAssistantEventHandler as AsyncAssistantEventHandler
    from ...helpers.assistant_stream import AsyncAssistantEventHandlerT as AsyncAssistantEventHandlerT
    from ...helpers.assistant_stream import AsyncAssistantStreamManager as AsyncAssistantStreamManager

lend(globals())
