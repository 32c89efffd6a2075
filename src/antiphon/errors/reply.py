"""The server claimed success, and sent what cannot be one."""

from __future__ import annotations

from typing import Any

from .base import APIError


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


class NoEmbedding(MalformedResponse, ValueError):
    """The reply holds no embedding, or one that cannot be decoded."""


class UnexpectedContentType(APIResponseValidationError):
    """The body is something else altogether, e.g. a proxy's HTML page."""


class ResponseTooLarge(APIResponseValidationError):
    """The reply went past a size or compression bound."""


class MalformedStream(APIResponseValidationError):
    """A server-sent event is not UTF-8, not JSON, or too large."""

    partial: Any = None


class StreamOutOfOrder(MalformedStream):
    """The events' sequence numbers skip or repeat."""


class IncoherentStream(MalformedStream, RuntimeError):
    """Each event can be read, but together they make no sense: a delta before its item, two items in one place."""
