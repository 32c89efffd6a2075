"""What `openai.lib.streaming.responses` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.alias import lend

if TYPE_CHECKING:
    from ...helpers.response_event import (
        ResponseFunctionCallArgumentsDeltaEvent as ResponseFunctionCallArgumentsDeltaEvent,
    )
    from ...helpers.response_event import ResponseTextDeltaEvent as ResponseTextDeltaEvent
    from ...helpers.response_event import ResponseTextDoneEvent as ResponseTextDoneEvent
    from ...helpers.response_stream import AsyncResponseStream as AsyncResponseStream
    from ...helpers.response_stream import AsyncResponseStreamManager as AsyncResponseStreamManager
    from ...helpers.response_stream import ResponseStream as ResponseStream
    from ...helpers.response_stream import ResponseStreamManager as ResponseStreamManager
    from ...types.responses import ResponseStreamEvent as ResponseStreamEvent
    from ..state import ResponseStreamState as ResponseStreamState

lend(globals())
