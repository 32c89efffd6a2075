"""Every error antiphon raises, drawn as one tree. This module imports nothing of ours.

    OpenAIError
    ├── APIError                                .message .request .body .code .param .type
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
    │   │   │   └── DeadlineExceeded
    │   │   ├── ConnectError                    no connection: DNS, refused, unreachable
    │   │   │   ├── TLSError                    the handshake failed
    │   │   │   └── ProxyError                  the proxy refused or answered nonsense
    │   │   ├── ProtocolError                   the server broke HTTP
    │   │   ├── TruncatedBody                   the body ended before its declared end
    │   │   └── StreamInterrupted               .partial: an event stream broke
    │   │       └── StreamTruncated             it ended without its terminal event
    │   └── APIResponseValidationError          .response .status_code: a reply that cannot be what it claims
    │       ├── MalformedResponse               not JSON, not UTF-8, too deep, empty
    │       ├── UnexpectedContentType           e.g. a captive portal's HTML
    │       ├── ResponseTooLarge                past a size or ratio bound
    │       └── MalformedStream                 an event that cannot be read
    │           └── StreamOutOfOrder            sequence numbers with a gap or a repeat
    ├── ClientClosed                            (RuntimeError)
    ├── InvalidCredential                       (ValueError)
    ├── InvalidBaseURL                          (ValueError)
    ├── CredentialScopeError                    a key that would go where it does not belong
    ├── InvalidBody                             (ValueError) .path: a value that cannot be sent
    ├── BodyNotReplayable
    ├── StreamAlreadyConsumed
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

from collections.abc import Mapping
from typing import Any


class OpenAIError(Exception):
    """The root of all errors of this package (but two that the official package roots elsewhere)."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own way calls the constructor with `args`, which fails for every signature but (message).
        return (_rebuilt, (type(self), self.args, _portable(self.__dict__)))


def _rebuilt(cls: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]) -> BaseException:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def _portable(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name != "__notes__" or value}


class APIError(OpenAIError):
    """A call that failed: the server said so, could not be reached, or answered what cannot be understood.

    Args:
        message: what happened and what to do.
        request: what was asked, without credentials.
        body: the error object the server sent (`body["error"]` where there is one), or `None`.
    """

    message: str
    request: Any
    body: object | None
    code: str | None = None
    param: str | None = None
    type: str | None = None

    def __init__(self, message: str, request: Any, *, body: object | None) -> None:
        super().__init__(message)
        self.message = message
        self.request = request
        self.body = body
        if isinstance(body, Mapping):
            self.code = body.get("code")
            self.param = body.get("param")
            self.type = body.get("type")


class APIStatusError(APIError):
    """The server answered with a status that is not a success.

    Attributes:
        response: the reply, with `headers`, `status_code`, `text`.
        status_code: the HTTP status.
        request_id: the server's `x-request-id`, for support.
    """

    response: Any
    status_code: int
    request_id: str | None

    def __init__(self, message: str, *, response: Any, body: object | None) -> None:
        super().__init__(message, response.request, body=body)
        self.response = response
        self.status_code = response.status_code
        self.request_id = _clean_request_id(response.headers.get("x-request-id"))

    @property
    def ratelimit(self) -> Any:
        """The `x-ratelimit-*` headers as a typed value."""
        # Imported here because this module is everyone's ground and imports nothing of ours at load.
        from .core.ratelimit import RateLimits

        return RateLimits.from_headers(self.response.headers)


def _clean_request_id(value: str | None) -> str | None:
    return None if value is None else "".join(c for c in value[:128] if c.isprintable())


class BadRequestError(APIStatusError):
    """400: a parameter is missing, unknown or wrong; `param` and `code` tell which."""


class AuthenticationError(APIStatusError):
    """401: the key is missing, wrong or revoked."""


class OAuthError(AuthenticationError):
    """The token service refused to exchange a workload's identity; `error` is its code."""

    error: str | None = None

    def __init__(self, *, response: Any, body: object | None) -> None:
        message = "the token exchange was refused"
        error = None
        if isinstance(body, Mapping):
            error = body.get("error")
            message = str(body.get("error_description") or error or message)
        super().__init__(message, response=response, body=body)
        self.error = error


class PermissionDeniedError(APIStatusError):
    """403: the key may not do this."""


class NotFoundError(APIStatusError):
    """404: no such object, or a base URL that misses its "/v1"."""


class ConflictError(APIStatusError):
    """409: the object changed meanwhile."""


class UnprocessableEntityError(APIStatusError):
    """422: well-formed, but it cannot be done."""


class RateLimitError(APIStatusError):
    """429: too many requests or tokens, or no credit left; `code` tells which, `ratelimit` how long."""


class InternalServerError(APIStatusError):
    """500 and above: the server failed."""


class RedirectRefused(APIStatusError):
    """A redirect that antiphon does not follow: to another origin, in a loop, or to what is not HTTP."""


class UnexpectedStatus(APIStatusError):
    """A status such as 204 or 206 where the operation promises a result."""


class APIConnectionError(APIError):
    """No usable answer came over the network.

    Attributes:
        phase: where it failed: "pool", "dns", "connect", "proxy", "tls", "write", "head", "body" or "stream".
        host: the origin's host and port.
        elapsed: seconds since the attempt began, when known.
        attempts: how many attempts were made.
        sent: whether the server may have seen the request: "no" or "maybe".
    """

    phase: str | None = None
    host: str | None = None
    elapsed: float | None = None
    attempts: int = 1
    sent: str = "maybe"

    def __init__(
        self,
        *,
        message: str = "Connection error.",
        request: Any = None,
        phase: str | None = None,
        host: str | None = None,
        elapsed: float | None = None,
        sent: str = "maybe",
    ) -> None:
        super().__init__(message, request, body=None)
        self.phase = phase
        self.host = host
        self.elapsed = elapsed
        self.sent = sent

    def __str__(self) -> str:
        facts = [f"phase {self.phase}"] if self.phase else []
        facts += [f"host {self.host}"] if self.host else []
        facts += [f"after {self.elapsed:.3f} s"] if self.elapsed is not None else []
        facts += [f"attempts {self.attempts}"] if self.attempts > 1 else []
        return f"{self.message} ({', '.join(facts)})" if facts else self.message


class APITimeoutError(APIConnectionError):
    """A phase took longer than its timeout."""

    def __init__(self, request: Any = None, *, message: str = "Request timed out.", **facts: Any) -> None:
        super().__init__(message=message, request=request, **facts)


class ConnectTimeout(APITimeoutError):
    """No connection (name, TCP, proxy, TLS) within `Timeout.connect`."""


class ReadTimeout(APITimeoutError):
    """The server stayed silent for `Timeout.read`."""


class WriteTimeout(APITimeoutError):
    """The server took no more of the request for `Timeout.write`."""


class PoolTimeout(APITimeoutError):
    """No connection became free within `Timeout.pool`: raise the limits, or send less at once."""


class DeadlineExceeded(APITimeoutError):
    """The total deadline of the call passed."""


class ConnectError(APIConnectionError):
    """No connection could be made; the server never saw the request."""


class TLSError(ConnectError):
    """The TLS handshake failed: an untrusted, expired or mismatched certificate, or no common version."""


class ProxyError(ConnectError):
    """The proxy refused the tunnel, asked for credentials, or answered nonsense."""


class ProtocolError(APIConnectionError):
    """The server broke the rules of HTTP; the connection was closed."""


class TruncatedBody(APIConnectionError):
    """The body ended before the end its framing promised; nothing of it is used."""


class StreamInterrupted(APIConnectionError):
    """An event stream broke before its terminal event.

    Attributes:
        partial: what had come: the accumulated result where a helper kept one, else `None`.
        sequence_number: the last one seen, to resume from, or `None`.
    """

    partial: Any = None
    sequence_number: int | None = None


class StreamTruncated(StreamInterrupted):
    """An event stream ended as if all were well, but without its terminal event."""


class APIResponseValidationError(APIError):
    """A success whose body cannot be what it claims to be."""

    response: Any
    status_code: int

    def __init__(self, response: Any, body: object | None, *, message: str | None = None) -> None:
        super().__init__(message or "Data returned by API invalid for expected schema.", response.request, body=body)
        self.response = response
        self.status_code = response.status_code


class MalformedResponse(APIResponseValidationError):
    """The body is empty, not JSON, not UTF-8, or nests too deep."""


class UnexpectedContentType(APIResponseValidationError):
    """The body is something else altogether, e.g. a proxy's HTML page."""


class ResponseTooLarge(APIResponseValidationError):
    """The reply went past a size or compression bound."""


class MalformedStream(APIResponseValidationError):
    """A server-sent event is not UTF-8, not JSON, or too large."""

    partial: Any = None


class StreamOutOfOrder(MalformedStream):
    """The events' sequence numbers skip or repeat."""


class ClientClosed(OpenAIError, RuntimeError):
    """The client was closed; make a new one."""


class InvalidCredential(OpenAIError, ValueError):
    """A key that cannot be right: empty, with line breaks or blanks, not ASCII. The message never shows it."""


class InvalidBaseURL(OpenAIError, ValueError):
    """A base URL that cannot be right or would be unsafe."""


class CredentialScopeError(OpenAIError):
    """A credential that would go to an origin it is not bound to."""


class InvalidBody(OpenAIError, ValueError):
    """A value that cannot be sent.

    Attributes:
        path: where it stands, e.g. "metadata.when" or "input[3].content".
    """

    path: str

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class BodyNotReplayable(OpenAIError):
    """A request body that was consumed by an attempt and cannot be sent again."""


class StreamAlreadyConsumed(OpenAIError):
    """The body was read already."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message
            or "the body was read already and is not kept; read it once and keep the result, or ask for it whole"
        )


class LengthFinishReasonError(OpenAIError):
    """The model stopped at its length limit, so the structured output is not complete."""

    completion: Any

    def __init__(self, *, completion: Any) -> None:
        usage = getattr(completion, "usage", None)
        super().__init__(
            "the output stopped at its length limit and cannot be parsed; raise max_tokens or ask for less"
            + (f" (usage: {usage})" if usage else "")
        )
        self.completion = completion


class ContentFilterFinishReasonError(OpenAIError):
    """The content filter stopped the output, so it cannot be parsed."""

    completion: Any

    def __init__(self, *, completion: Any = None) -> None:
        super().__init__("the content filter stopped the output, so it cannot be parsed")
        self.completion = completion


class SubjectTokenProviderError(OpenAIError):
    """The source of a workload's identity token failed."""

    response: Any

    def __init__(self, message: str, *, response: Any = None) -> None:
        super().__init__(message)
        self.response = response


class InvalidWebhookSignatureError(ValueError):
    """The webhook was not signed by the sender this secret belongs to, or is too old."""


class MissingStreamClassError(TypeError):
    """`stream=True` was given without `stream_cls`."""

    def __init__(self) -> None:
        super().__init__("stream=True needs stream_cls, e.g. Stream[ChatCompletionChunk]")


class WebSocketConnectionClosedError(OpenAIError):
    """The connection closed while messages were waiting to be sent."""

    unsent_messages: list[str]
    unsent_frames: list[str | bytes]

    def __init__(
        self,
        message: str,
        *,
        unsent_messages: list[str] | None = None,
        unsent_frames: list[str | bytes] | None = None,
        code: int = 1006,
        reason: str = "",
    ) -> None:
        super().__init__(message)
        self.unsent_messages = unsent_messages or []
        self.unsent_frames = unsent_frames or []
        self.code = code
        self.reason = reason


class WebSocketQueueFullError(OpenAIError):
    """The send queue is full; wait for the connection or raise `max_queue_size`."""


STATUS_ERRORS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}


def class_for_status(status: int) -> type[APIStatusError]:
    """The class that speaks of an HTTP status."""
    return STATUS_ERRORS.get(status) or (InternalServerError if status >= 500 else APIStatusError)
