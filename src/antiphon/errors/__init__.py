"""Every error antiphon raises, drawn as one tree. Imports nothing of ours.

    OpenAIError
    ├── APIError                                .message .request .body .code .param .type .trace
    │   ├── APIStatusError                      .response .status_code .request_id .ratelimit
    │   │   ├── BadRequestError                 400
    │   │   ├── AuthenticationError             401
    │   │   │   └── OAuthError
    │   │   ├── PermissionDeniedError           403
    │   │   ├── NotFoundError                   404
    │   │   ├── ConflictError                   409
    │   │   ├── UnprocessableEntityError        422
    │   │   ├── RateLimitError                  429
    │   │   ├── InternalServerError             500 and above
    │   │   ├── RedirectRefused                 3xx that would leave the origin, loop, or cannot be followed
    │   │   └── UnexpectedStatus                a success or redirect that carries no result
    │   ├── APIConnectionError                  .phase .host .elapsed .attempts
    │   │   ├── APITimeoutError
    │   │   │   ├── ConnectTimeout, ReadTimeout, WriteTimeout, PoolTimeout
    │   │   │   ├── DeadlineExceeded
    │   │   │   └── StreamIdleTimeout           .idle .events .partial: a stream without events for too long
    │   │   ├── ConnectError                    no connection: DNS, refused, unreachable
    │   │   │   ├── TLSError                    the handshake failed
    │   │   │   └── ProxyError                  the proxy refused or answered nonsense
    │   │   ├── ProtocolError                   the server broke HTTP
    │   │   ├── TruncatedBody                   the body ended before its declared end
    │   │   └── StreamInterrupted               .partial: an event stream broke
    │   │       └── StreamTruncated             it ended without its terminal event
    │   ├── PolicyError                         a policy of this client said no, and nothing was sent
    │   │   ├── CircuitOpen                     .endpoint .retry_in: it failed too often
    │   │   ├── BulkheadFull                    .limit .queued: too much at once
    │   │   ├── RateLimited                     .retry_after .dimension: the limiter would wait too long
    │   │   ├── RequestTooLarge                 .needed .limit .dimension: more than the whole limit
    │   │   ├── BudgetExceeded                  .limit .spent .unit .period
    │   │   ├── UnknownPrice                    .model: no budget in money can bound it
    │   │   ├── IdempotencyConflict             .key: used for another request
    │   │   └── NoTarget                        .reasons: nobody would take it
    │   └── APIResponseValidationError          .response .status_code: a reply that cannot be what it claims
    │       ├── MalformedResponse               not JSON, not UTF-8, too deep, empty
    │       │   └── NoEmbedding                 (ValueError) no embedding, or one that cannot be decoded
    │       ├── UnexpectedContentType           e.g. a captive portal's HTML
    │       ├── ResponseTooLarge                past a size or ratio bound
    │       └── MalformedStream                 an event that cannot be read
    │           ├── StreamOutOfOrder            sequence numbers with a gap or a repeat
    │           └── IncoherentStream            (RuntimeError) events that contradict each other
    ├── ClientClosed                            (RuntimeError)
    ├── InvalidCredential                       (ValueError)
    ├── InvalidBaseURL                          (ValueError)
    ├── CredentialScopeError                    a key that would go where it does not belong
    ├── InvalidBody                             (ValueError) .path: a value that cannot be sent
    ├── BodyNotReplayable
    ├── StreamAlreadyConsumed
    ├── NoResult                                (RuntimeError) a stream at its end without what was asked for
    ├── UnreadableWebhook                       (ValueError) genuine, but no event
    ├── LengthFinishReasonError                 .completion
    ├── ContentFilterFinishReasonError          .completion
    ├── SubjectTokenProviderError               .response
    ├── WebSocketConnectionClosedError          .unsent_messages .unsent_frames
    └── WebSocketQueueFullError
    InvalidWebhookSignatureError (ValueError)
    MissingStreamClassError      (TypeError)

Every error pickles, copies, and says what happened and what to do. None carries a credential.
"""

from __future__ import annotations

from .base import APIError, OpenAIError
from .connection import (
    APIConnectionError,
    APITimeoutError,
    ConnectError,
    ConnectTimeout,
    DeadlineExceeded,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    ReadTimeout,
    StreamIdleTimeout,
    StreamInterrupted,
    StreamTruncated,
    TLSError,
    TruncatedBody,
    WriteTimeout,
)
from .misuse import (
    BodyNotReplayable,
    ClientClosed,
    ContentFilterFinishReasonError,
    CredentialScopeError,
    InvalidBaseURL,
    InvalidBody,
    InvalidCredential,
    InvalidWebhookSignatureError,
    LengthFinishReasonError,
    MissingStreamClassError,
    NoResult,
    StreamAlreadyConsumed,
    SubjectTokenProviderError,
    UnreadableWebhook,
    WebSocketConnectionClosedError,
    WebSocketQueueFullError,
)
from .policy import (
    BudgetExceeded,
    BulkheadFull,
    CircuitOpen,
    IdempotencyConflict,
    NoTarget,
    PolicyError,
    RateLimited,
    RequestTooLarge,
    UnknownPrice,
)
from .reply import (
    APIResponseValidationError,
    IncoherentStream,
    MalformedResponse,
    MalformedStream,
    NoEmbedding,
    ResponseTooLarge,
    StreamOutOfOrder,
    UnexpectedContentType,
)
from .status import (
    STATUS_ERRORS,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    NotFoundError,
    OAuthError,
    PermissionDeniedError,
    RateLimitError,
    RedirectRefused,
    UnexpectedStatus,
    UnprocessableEntityError,
    class_for_status,
)

__all__ = [
    "STATUS_ERRORS",
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "BadRequestError",
    "BodyNotReplayable",
    "BudgetExceeded",
    "BulkheadFull",
    "CircuitOpen",
    "ClientClosed",
    "ConflictError",
    "ConnectError",
    "ConnectTimeout",
    "ContentFilterFinishReasonError",
    "CredentialScopeError",
    "DeadlineExceeded",
    "IdempotencyConflict",
    "IncoherentStream",
    "InternalServerError",
    "InvalidBaseURL",
    "InvalidBody",
    "InvalidCredential",
    "InvalidWebhookSignatureError",
    "LengthFinishReasonError",
    "MalformedResponse",
    "MalformedStream",
    "MissingStreamClassError",
    "NoEmbedding",
    "NoResult",
    "NoTarget",
    "NotFoundError",
    "OAuthError",
    "OpenAIError",
    "PermissionDeniedError",
    "PolicyError",
    "PoolTimeout",
    "ProtocolError",
    "ProxyError",
    "RateLimitError",
    "RateLimited",
    "ReadTimeout",
    "RedirectRefused",
    "RequestTooLarge",
    "ResponseTooLarge",
    "StreamAlreadyConsumed",
    "StreamIdleTimeout",
    "StreamInterrupted",
    "StreamOutOfOrder",
    "StreamTruncated",
    "SubjectTokenProviderError",
    "TLSError",
    "TruncatedBody",
    "UnexpectedContentType",
    "UnexpectedStatus",
    "UnknownPrice",
    "UnprocessableEntityError",
    "UnreadableWebhook",
    "WebSocketConnectionClosedError",
    "WebSocketQueueFullError",
    "WriteTimeout",
    "class_for_status",
]

# They call themselves by the name users import, in tracebacks and logs, as the official ones do.
for _kind in [globals()[_name] for _name in __all__]:
    if isinstance(_kind, type):
        _kind.__module__ = "antiphon"
