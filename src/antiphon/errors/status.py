"""The server answered with a status that is not a success."""

from __future__ import annotations

from typing import Any

from .base import APIError, fields_of


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
        # Imported here because errors are everyone's ground and load nothing of ours.
        from ..core.ratelimit import RateLimits

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
        fields = fields_of(body)
        self.error = fields.get("error")
        message = fields.get("error_description") or self.error or "the token exchange was refused"
        super().__init__(str(message), response=response, body=body)


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
