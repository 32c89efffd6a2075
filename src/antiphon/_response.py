"""What `openai._response` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from .errors import MissingStreamClassError as MissingStreamClassError
    from .errors import StreamAlreadyConsumed as StreamAlreadyConsumed
    from .response import APIResponse as APIResponse
    from .response import AsyncAPIResponse as AsyncAPIResponse
    from .response import AsyncResponseContextManager as AsyncResponseContextManager
    from .response import AsyncStreamedBinaryAPIResponse as AsyncStreamedBinaryAPIResponse
    from .response import BaseAPIResponse as BaseAPIResponse
    from .response import ResponseContextManager as ResponseContextManager
    from .response import StreamedBinaryAPIResponse as StreamedBinaryAPIResponse

lend(globals())
