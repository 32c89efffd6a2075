"""antiphon: the Python client for the OpenAI API and everything that speaks it, with a local emulator of that API in the box.

>>> import antiphon
>>> client = antiphon.local()  # for an emulator on this machine; OpenAI() for the real API  # doctest: +SKIP
>>> client.responses.create(model="gpt-5.5", input="What is 6 * 7?").output_text  # doctest: +SKIP
'6 * 7 = 42'

Importing this package imports almost nothing: a name is loaded when it is first asked for.
"""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from . import credentials as credentials
    from . import errors as errors
    from . import fetching as fetching
    from . import policies as policies
    from . import privacy as privacy
    from . import resources as resources
    from . import shared as shared
    from . import types as types
    from .client import AsyncClient as AsyncClient
    from .client import AsyncOpenAI as AsyncOpenAI
    from .client import Client as Client
    from .client import OpenAI as OpenAI
    from .core.call import Call as Call
    from .core.call import Operation as Operation
    from .core.files import file_from_path as file_from_path
    from .core.headers import Headers as Headers
    from .core.limits import DEFAULT_CONNECTION_LIMITS as DEFAULT_CONNECTION_LIMITS
    from .core.limits import PoolLimits as PoolLimits
    from .core.limits import WireLimits as WireLimits
    from .core.model import BaseModel as BaseModel
    from .core.model import ValidationError as ValidationError
    from .core.notice import ErrorInfo as ErrorInfo
    from .core.notice import RequestInfo as RequestInfo
    from .core.notice import ResponseInfo as ResponseInfo
    from .core.notice import RetryInfo as RetryInfo
    from .core.notice import StreamEventInfo as StreamEventInfo
    from .core.omit import NOT_GIVEN as NOT_GIVEN
    from .core.omit import NotGiven as NotGiven
    from .core.omit import Omit as Omit
    from .core.omit import not_given as not_given
    from .core.omit import omit as omit
    from .core.ratelimit import RateLimits as RateLimits
    from .core.raw import RequestOptions as RequestOptions
    from .core.reply import Reply as Reply
    from .core.request import Request as Request
    from .core.secret import Secret as Secret
    from .core.timeout import DEFAULT_TIMEOUT as DEFAULT_TIMEOUT
    from .core.timeout import Timeout as Timeout
    from .core.url import URL as URL
    from .errors import *  # noqa: F403
    from .helpers.assistant_stream import AssistantEventHandler as AssistantEventHandler
    from .helpers.assistant_stream import AsyncAssistantEventHandler as AsyncAssistantEventHandler
    from .helpers.schema import pydantic_function_tool as pydantic_function_tool
    from .helpers.schema import pydantic_responses_function_tool as pydantic_responses_function_tool
    from .hooks.listener import Hooks as Hooks
    from .local import local as local
    from .module_client import *  # noqa: F403
    from .policies import *  # noqa: F403
    from .providers.azure import AsyncAzureOpenAI as AsyncAzureOpenAI
    from .providers.azure import AzureOpenAI as AzureOpenAI
    from .providers.bedrock_client import AsyncBedrockOpenAI as AsyncBedrockOpenAI
    from .providers.bedrock_client import BedrockOpenAI as BedrockOpenAI
    from .response import APIResponse as APIResponse
    from .response import AsyncAPIResponse as AsyncAPIResponse
    from .response import HttpxBinaryResponseContent as HttpxBinaryResponseContent
    from .settings import DEFAULT_MAX_RETRIES as DEFAULT_MAX_RETRIES
    from .settings import DataResidency as DataResidency
    from .sockets.reconnection import ReconnectingEvent as ReconnectingEvent
    from .sockets.reconnection import ReconnectingOverrides as ReconnectingOverrides
    from .streaming import AsyncStream as AsyncStream
    from .streaming import Stream as Stream
    from .transports.base import AsyncTransport as AsyncTransport
    from .transports.base import ProxiesTypes as ProxiesTypes
    from .transports.base import Transport as Transport
    from .transports.factory import DefaultAioHttpClient as DefaultAioHttpClient
    from .transports.factory import DefaultAsyncHttpx2Client as DefaultAsyncHttpx2Client
    from .transports.factory import DefaultAsyncHttpxClient as DefaultAsyncHttpxClient
    from .transports.factory import DefaultHttpx2Client as DefaultHttpx2Client
    from .transports.factory import DefaultHttpxClient as DefaultHttpxClient
    from .transports.tls import TLSConfig as TLSConfig

__title__ = "antiphon"
VERSION = __version__

_ERRORS = """
    APIConnectionError APIError APIResponseValidationError APIStatusError APITimeoutError AuthenticationError
    BadRequestError BodyNotReplayable BudgetExceeded BulkheadFull CircuitOpen ClientClosed ConflictError
    ConnectError ConnectTimeout ContentFilterFinishReasonError CredentialScopeError DeadlineExceeded
    IdempotencyConflict IncoherentStream InternalServerError InvalidBaseURL InvalidBody InvalidCredential
    InvalidWebhookSignatureError LengthFinishReasonError MalformedResponse MalformedStream
    MissingStreamClassError NoEmbedding NoResult NoTarget NotFoundError OAuthError OpenAIError
    PermissionDeniedError PolicyError PoolTimeout ProtocolError ProxyError RateLimitError RateLimited
    ReadTimeout RedirectRefused RequestTooLarge ResponseTooLarge StreamAlreadyConsumed StreamIdleTimeout
    StreamInterrupted StreamOutOfOrder StreamTruncated SubjectTokenProviderError TLSError TruncatedBody
    UnexpectedContentType UnexpectedStatus UnknownPrice UnprocessableEntityError UnreadableWebhook
    WebSocketConnectionClosedError WebSocketQueueFullError WriteTimeout
"""
_POLICIES = """
    Audit Budget Bulkhead Cache CircuitBreaker Coalesce Deadline Failover HealthCheck Hedge Idempotency Live
    Policy Privacy RateLimit Redirect Retry RetryBudget SingleFlight Target Timeouts Trace
"""
_HOMES = {
    "client": ("AsyncClient", "AsyncOpenAI", "Client", "OpenAI"),
    "core.call": ("Call", "Operation"),
    "core.files": ("file_from_path",),
    "core.headers": ("Headers",),
    "core.limits": ("DEFAULT_CONNECTION_LIMITS", "PoolLimits", "WireLimits"),
    "core.model": ("BaseModel", "ValidationError"),
    "core.notice": ("ErrorInfo", "RequestInfo", "ResponseInfo", "RetryInfo", "StreamEventInfo"),
    "core.omit": ("NOT_GIVEN", "NotGiven", "Omit", "not_given", "omit"),
    "core.ratelimit": ("RateLimits",),
    "core.raw": ("RequestOptions",),
    "core.reply": ("Reply",),
    "core.request": ("Request",),
    "core.secret": ("Secret",),
    "core.timeout": ("DEFAULT_TIMEOUT", "Timeout"),
    "core.url": ("URL",),
    "errors": tuple(_ERRORS.split()),
    "helpers.assistant_stream": ("AssistantEventHandler", "AsyncAssistantEventHandler"),
    "helpers.schema": ("pydantic_function_tool", "pydantic_responses_function_tool"),
    "hooks.listener": ("Hooks",),
    "local": ("local",),
    "policies": tuple(_POLICIES.split()),
    "providers.azure": ("AsyncAzureOpenAI", "AzureOpenAI"),
    "providers.bedrock_client": ("AsyncBedrockOpenAI", "BedrockOpenAI"),
    "response": ("APIResponse", "AsyncAPIResponse", "HttpxBinaryResponseContent"),
    "settings": ("DEFAULT_MAX_RETRIES", "DataResidency"),
    "sockets.reconnection": ("ReconnectingEvent", "ReconnectingOverrides"),
    "streaming": ("AsyncStream", "Stream"),
    "transports.base": ("AsyncTransport", "ProxiesTypes", "Transport"),
    "transports.factory": (
        "DefaultAioHttpClient",
        "DefaultAsyncHttpx2Client",
        "DefaultAsyncHttpxClient",
        "DefaultHttpx2Client",
        "DefaultHttpxClient",
    ),
    "transports.tls": ("TLSConfig",),
}
"""Where each public name lives."""

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_ROOMS = ("errors", "resources", "types")
_OWN_MODULES = ("credentials", "fetching", "policies", "privacy", "shared")
"""Modules of this package alone that a program may name without importing them."""
_MODULE_CLIENT = """
    api_key admin_api_key organization project webhook_secret base_url timeout max_retries default_headers default_query
    http_client api_type api_version azure_endpoint azure_ad_token azure_ad_token_provider bedrock_token_provider
    admin audio batches beta chat completions containers content_provenance_checks conversations decisions embeddings evals
    files fine_tuning images live models moderations realtime responses safety skills uploads vector_stores videos webhooks
"""
"""What a program sets and calls on the package itself; see `module_client`."""
_MODULES = """
    auth helpers lib pagination providers version
    _base_client _constants _exceptions _legacy_response _models _module_client _response _streaming _types _utils _version
"""
"""Modules that the official package loads with itself, so that programs name them without importing them."""
_OFFICIAL = """
    _client _load_client _reset_client _AmbiguousModuleClientUsageError
    Audio ChatCompletion Completion Customer Deployment Edit Embedding Engine ErrorObject File FineTune FineTuningJob Image
    Model Moderation
"""
"""What is not public in the official package, or was removed from it long ago, and still used by programs."""

__all__ = [
    "DEFAULT_CONNECTION_LIMITS",
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_TIMEOUT",
    "NOT_GIVEN",
    "URL",
    "VERSION",
    "APIConnectionError",
    "APIError",
    "APIResponse",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AssistantEventHandler",
    "AsyncAPIResponse",
    "AsyncAssistantEventHandler",
    "AsyncAzureOpenAI",
    "AsyncBedrockOpenAI",
    "AsyncClient",
    "AsyncOpenAI",
    "AsyncStream",
    "AsyncTransport",
    "Audit",
    "AuthenticationError",
    "AzureOpenAI",
    "BadRequestError",
    "BaseModel",
    "BedrockOpenAI",
    "BodyNotReplayable",
    "Budget",
    "BudgetExceeded",
    "Bulkhead",
    "BulkheadFull",
    "Cache",
    "Call",
    "CircuitBreaker",
    "CircuitOpen",
    "Client",
    "ClientClosed",
    "Coalesce",
    "ConflictError",
    "ConnectError",
    "ConnectTimeout",
    "ContentFilterFinishReasonError",
    "CredentialScopeError",
    "DataResidency",
    "Deadline",
    "DeadlineExceeded",
    "DefaultAioHttpClient",
    "DefaultAsyncHttpx2Client",
    "DefaultAsyncHttpxClient",
    "DefaultHttpx2Client",
    "DefaultHttpxClient",
    "ErrorInfo",
    "Failover",
    "Headers",
    "HealthCheck",
    "Hedge",
    "Hooks",
    "HttpxBinaryResponseContent",
    "Idempotency",
    "IdempotencyConflict",
    "IncoherentStream",
    "InternalServerError",
    "InvalidBaseURL",
    "InvalidBody",
    "InvalidCredential",
    "InvalidWebhookSignatureError",
    "LengthFinishReasonError",
    "Live",
    "MalformedResponse",
    "MalformedStream",
    "MissingStreamClassError",
    "NoEmbedding",
    "NoResult",
    "NoTarget",
    "NoneType",
    "NotFoundError",
    "NotGiven",
    "OAuthError",
    "Omit",
    "OpenAI",
    "OpenAIError",
    "Operation",
    "PermissionDeniedError",
    "Policy",
    "PolicyError",
    "PoolLimits",
    "PoolTimeout",
    "Privacy",
    "ProtocolError",
    "ProxiesTypes",
    "ProxyError",
    "RateLimit",
    "RateLimitError",
    "RateLimited",
    "RateLimits",
    "ReadTimeout",
    "ReconnectingEvent",
    "ReconnectingOverrides",
    "Redirect",
    "RedirectRefused",
    "Reply",
    "Request",
    "RequestInfo",
    "RequestOptions",
    "RequestTooLarge",
    "ResponseInfo",
    "ResponseTooLarge",
    "Retry",
    "RetryBudget",
    "RetryInfo",
    "Secret",
    "SingleFlight",
    "Stream",
    "StreamAlreadyConsumed",
    "StreamEventInfo",
    "StreamIdleTimeout",
    "StreamInterrupted",
    "StreamOutOfOrder",
    "StreamTruncated",
    "SubjectTokenProviderError",
    "TLSConfig",
    "TLSError",
    "Target",
    "Timeout",
    "Timeouts",
    "Trace",
    "Transport",
    "TruncatedBody",
    "UnexpectedContentType",
    "UnexpectedStatus",
    "UnknownPrice",
    "UnprocessableEntityError",
    "UnreadableWebhook",
    "ValidationError",
    "WebSocketConnectionClosedError",
    "WebSocketQueueFullError",
    "WireLimits",
    "WriteTimeout",
    "__title__",
    "__version__",
    "errors",
    "file_from_path",
    "local",
    "not_given",
    "omit",
    "pydantic_function_tool",
    "pydantic_responses_function_tool",
    "resources",
    "types",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOME_OF:
        value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    elif name in (*_ROOMS, *_OWN_MODULES, *_MODULES.split()):
        value = import_module(f"{__name__}.{name}")
    elif name in (*_MODULE_CLIENT.split(), *_OFFICIAL.split()):
        from .module_client import SETTINGS, attribute

        value = attribute(name)
        if name in SETTINGS or name == "_client":
            return value  # not kept: a global of this name is what a program has set
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULE_CLIENT.split()})
