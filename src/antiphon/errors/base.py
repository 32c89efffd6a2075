"""The roots of the tree: what every error can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast


class OpenAIError(Exception):
    """The root of all errors of this package (but two that the official package roots elsewhere)."""

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilding(self)


def rebuilding(error: BaseException) -> tuple[Any, ...]:
    """How an error is pickled and copied, with its notes; for `__reduce__`.

    Exception's own way calls the constructor with `args`, which fails for every signature but (message).
    """
    return (_rebuilt, (type(error), error.args, _portable(error.__dict__)))


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

    Attributes:
        trace: what the policies decided before it was raised (a `Trace`); `None` where none had to.
    """

    message: str
    request: Any
    body: object | None
    code: str | None = None
    param: str | None = None
    type: str | None = None
    trace: Any = None

    def __init__(self, message: str, request: Any, *, body: object | None) -> None:
        # Some servers repeat the key they refuse. Loaded with the first error, not with every client.
        from ..core.scrub import scrub

        clean: list[Any] = scrub([message, body])
        message, body = clean
        super().__init__(message)
        self.message = message
        self.request = request
        self.body = body
        fields = fields_of(body)
        code = fields.get("code")
        self.code = None if code is None else str(code)  # some servers send a number
        self.param = fields.get("param")
        self.type = fields.get("type")


def fields_of(body: object) -> Mapping[str, Any]:
    """An error object's fields; none where the server sent something else."""
    return cast("Mapping[str, Any]", body) if isinstance(body, Mapping) else {}
