"""A call is a value: an operation of the API, its arguments, and what the caller wants back.

`Operation` is what is known before anyone calls: generated once per API method. `Call` is one use of it. Everything that
can be done with a call (perform it, show it as curl, put it into a batch, run it under other policies) takes this value.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from .omit import not_given, omit

T = TypeVar("T")
_new = object.__new__
NOTE = "X-Stainless-Raw-Response"
"""The header field by which a patched method is told to answer with the reply itself. It is never sent."""


def checked_retries(value: Any) -> int:
    """A number of retries, or the error that says what is wrong with it."""
    if value is None:
        raise TypeError("max_retries cannot be None; use 0 for no retries, or leave it out for the default of 2")
    if not isinstance(value, int):
        raise TypeError(f"max_retries must be a whole number; got {type(value).__name__}")
    if value < 0:
        raise ValueError(f"max_retries must be 0 or more; got {value}")
    return value


class Operation:
    """One method of the API, as facts.

    Attributes:
        name: e.g. "chat.completions.create".
        verb: "GET", "POST", …
        path: the template below the base URL, e.g. "/responses/{response_id}".
        body: "json", "multipart" or `None`.
        fields: the body's fields, in the order in which `given` takes their values.
        result: what a reply decodes to, as a reference `package.path:Name` below `antiphon.types`
            (e.g. "responses:Response"), "str", "bytes" (binary content), "none", or `None` where the generated method
            passes `Call.result` itself.
        event: reference of one streamed item, or `None`.
        page: "SyncCursorPage", "SyncPage", "SyncConversationCursorPage", "SyncNextCursorPage" or "SyncTokenPage" where the
            result is a page of `item`s; `None` otherwise.
        item: reference of one page item.
        headers: header fields this operation always adds, e.g. {"OpenAI-Beta": "assistants=v2"}.
        files: where file parts stand in a multipart body, e.g. (("image",), ("image", "<array>")).
        admin: whether it authenticates with the admin key.
        bearer: whether it authenticates with the API key.
    """

    __slots__ = (
        "admin",
        "bearer",
        "body",
        "event",
        "fields",
        "files",
        "headers",
        "item",
        "name",
        "page",
        "path",
        "result",
        "verb",
    )

    def __init__(
        self,
        name: str,
        verb: str,
        path: str,
        *,
        body: str | None = None,
        fields: tuple[str, ...] = (),
        result: str | None = None,
        event: str | None = None,
        page: str | None = None,
        item: str | None = None,
        headers: dict[str, str] | None = None,
        files: tuple[tuple[str, ...], ...] = (),
        bearer: bool = True,
        admin: bool = False,
    ) -> None:
        self.name = name
        self.verb = verb
        self.path = path
        self.body = body
        self.fields = fields
        self.result = result
        self.event = event
        self.page = page
        self.item = item
        self.headers = headers
        self.files = files
        self.bearer = bearer
        self.admin = admin

    def call(
        self,
        *,
        path: dict[str, Any] | None = None,
        query: Any = None,
        body: Any = None,
        headers: Any = None,
        extra_query: Any = None,
        extra_body: Any = None,
        timeout: Any = not_given,
        stream: bool = False,
        result: Any = None,
    ) -> Call[T]:  # pyright: ignore[reportInvalidTypeVarUse]  # what it gives is for the caller to say
        """As `Call(self, …)`, at half the price: until Python 3.13 making an object costs more than filling it."""
        call: Call[T] = _new(Call)  # pyright: ignore[reportUnknownVariableType]
        call.operation = self
        call.path = path
        call.query = query
        call.body = body
        call.headers = headers
        call.extra_query = extra_query
        call.extra_body = extra_body
        call.timeout = timeout
        call.stream = stream
        call.result = result
        call.content = call.files = call.max_retries = call.idempotency_key = call.stream_cls = None
        return call

    def plain(self, body: dict[str, Any], stream: bool) -> Call[Any]:
        """As `call`, for a call that brings nothing but a body."""
        call: Call[Any] = _new(Call)  # pyright: ignore[reportUnknownVariableType]
        call.operation = self
        call.body = body
        call.stream = stream
        call.timeout = not_given
        call.path = call.query = call.headers = call.extra_query = call.extra_body = call.result = None
        call.content = call.files = call.max_retries = call.idempotency_key = call.stream_cls = None
        return call

    def given(self, *values: Any) -> dict[str, Any]:
        """The body in which each of `fields` has its value, without those that were left out."""
        names, absent, missing = self.fields, omit, not_given
        return {names[n]: value for n, value in enumerate(values) if value is not absent and value is not missing}

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.verb} {self.path}>"


class Call(Generic[T]):
    """One use of an operation. Values that are `omit` or `not_given` may stand anywhere and are dropped when prepared.

    Attributes:
        operation: what is called.
        path: values for the path template, by name.
        query: query arguments, sentinels included.
        body: body arguments, sentinels included; for raw calls any JSON value or a model.
        headers: header fields for this call; a sentinel value removes a default.
        extra_query: merged over `query`.
        extra_body: merged over `body`.
        timeout: seconds or a `Timeout` for each attempt; `not_given` for the client's.
        stream: whether the caller asked for events.
        result: what to decode to instead of the operation's own `result`: a type, or a reference string.
        content: a ready body (bytes, file, iterable) for raw calls.
        files: file parts for raw multipart calls.
        max_retries: instead of the client's; `None` for the client's.
        idempotency_key: sent as `Idempotency-Key`.
        stream_cls: the class of the stream instead of `Stream` or `AsyncStream`.
    """

    __slots__ = (
        "body",
        "content",
        "extra_body",
        "extra_query",
        "files",
        "headers",
        "idempotency_key",
        "max_retries",
        "operation",
        "path",
        "query",
        "result",
        "stream",
        "stream_cls",
        "timeout",
    )

    def __init__(
        self,
        operation: Operation,
        *,
        path: dict[str, Any] | None = None,
        query: Any = None,
        body: Any = None,
        headers: Any = None,
        extra_query: Any = None,
        extra_body: Any = None,
        timeout: Any = not_given,
        stream: bool = False,
        result: Any = None,
        content: Any = None,
        files: Any = None,
        max_retries: int | None = None,
        idempotency_key: str | None = None,
        stream_cls: Any = None,
    ) -> None:
        self.operation = operation
        self.path = path
        self.query = query
        self.body = body
        self.headers = headers
        self.extra_query = extra_query
        self.extra_body = extra_body
        self.timeout = timeout
        self.stream = stream
        self.result = result
        self.content = content
        self.files = files
        self.max_retries = max_retries
        self.idempotency_key = idempotency_key
        self.stream_cls = stream_cls

    def __repr__(self) -> str:
        return f"<Call {self.operation.name}>"
