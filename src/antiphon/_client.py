"""What `openai._client` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from .client import AsyncOpenAI as AsyncOpenAI
    from .client import OpenAI as OpenAI
    from .core.raw import RequestOptions as RequestOptions
    from .core.timeout import Timeout as Timeout
    from .resources._client import AsyncOpenAIWithRawResponse as AsyncOpenAIWithRawResponse
    from .resources._client import AsyncOpenAIWithStreamedResponse as AsyncOpenAIWithStreamedResponse
    from .resources._client import OpenAIWithRawResponse as OpenAIWithRawResponse
    from .resources._client import OpenAIWithStreamedResponse as OpenAIWithStreamedResponse
    from .transports.base import ProxiesTypes as ProxiesTypes
    from .transports.base import Transport as Transport

    AsyncClient = AsyncOpenAI
    Client = OpenAI

lend(globals())
