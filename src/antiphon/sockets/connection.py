"""The WebSocket connections of the API by name.

Each endpoint has one module per colour, which is loaded when one of its names is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .channel.async_beta_realtime import AsyncRealtimeConnection as AsyncBetaRealtimeConnection
    from .channel.async_beta_realtime import AsyncRealtimeConnectionManager as AsyncBetaRealtimeConnectionManager
    from .channel.async_beta_responses import AsyncResponsesConnection as AsyncBetaResponsesConnection
    from .channel.async_beta_responses import AsyncResponsesConnectionManager as AsyncBetaResponsesConnectionManager
    from .channel.async_forks import AsyncForksConnection, AsyncForksConnectionManager
    from .channel.async_live import AsyncLiveConnection, AsyncLiveConnectionManager
    from .channel.async_realtime import AsyncRealtimeConnection, AsyncRealtimeConnectionManager
    from .channel.async_responses import AsyncResponsesConnection, AsyncResponsesConnectionManager
    from .channel.async_sideband import AsyncSidebandConnection, AsyncSidebandConnectionManager
    from .channel.async_translations import AsyncTranslationsConnection, AsyncTranslationsConnectionManager
    from .channel.beta_realtime import RealtimeConnection as BetaRealtimeConnection
    from .channel.beta_realtime import RealtimeConnectionManager as BetaRealtimeConnectionManager
    from .channel.beta_responses import ResponsesConnection as BetaResponsesConnection
    from .channel.beta_responses import ResponsesConnectionManager as BetaResponsesConnectionManager
    from .channel.forks import ForksConnection, ForksConnectionManager
    from .channel.live import LiveConnection, LiveConnectionManager
    from .channel.realtime import RealtimeConnection, RealtimeConnectionManager
    from .channel.responses import ResponsesConnection, ResponsesConnectionManager
    from .channel.sideband import SidebandConnection, SidebandConnectionManager
    from .channel.translations import TranslationsConnection, TranslationsConnectionManager

__all__ = [
    "AsyncBetaRealtimeConnection",
    "AsyncBetaRealtimeConnectionManager",
    "AsyncBetaResponsesConnection",
    "AsyncBetaResponsesConnectionManager",
    "AsyncForksConnection",
    "AsyncForksConnectionManager",
    "AsyncLiveConnection",
    "AsyncLiveConnectionManager",
    "AsyncRealtimeConnection",
    "AsyncRealtimeConnectionManager",
    "AsyncResponsesConnection",
    "AsyncResponsesConnectionManager",
    "AsyncSidebandConnection",
    "AsyncSidebandConnectionManager",
    "AsyncTranslationsConnection",
    "AsyncTranslationsConnectionManager",
    "BetaRealtimeConnection",
    "BetaRealtimeConnectionManager",
    "BetaResponsesConnection",
    "BetaResponsesConnectionManager",
    "ForksConnection",
    "ForksConnectionManager",
    "LiveConnection",
    "LiveConnectionManager",
    "RealtimeConnection",
    "RealtimeConnectionManager",
    "ResponsesConnection",
    "ResponsesConnectionManager",
    "SidebandConnection",
    "SidebandConnectionManager",
    "TranslationsConnection",
    "TranslationsConnectionManager",
]

_MODULES = {
    "BetaRealtime": "beta_realtime",
    "BetaResponses": "beta_responses",
    "Forks": "forks",
    "Live": "live",
    "Realtime": "realtime",
    "Responses": "responses",
    "Sideband": "sideband",
    "Translations": "translations",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    endpoint = name.removeprefix("Async").removesuffix("Manager").removesuffix("Connection")
    colour = "async_" if name.startswith("Async") else ""
    module = import_module(f".channel.{colour}{_MODULES[endpoint]}", __package__)
    found = globals()[name] = getattr(module, name.replace("Beta", "", 1))
    return found
