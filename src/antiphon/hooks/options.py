"""The options of one attempt, as a subclass's `_prepare_options` and `request` see and change them.

The names are those of the official package's own options. Knows how a call becomes options and options a call again; refuses
to know when that happens.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, cast

from ..core.call import Call, Operation
from ..core.omit import given, is_given, not_given
from ..core.path import expand, fit
from ..core.request import Request
from ..core.secret import Secret

Make = Callable[[Call[Any]], Any]


class Directed(Call[Any]):
    """A call that says of itself whether redirects are followed."""

    __slots__ = ("follow_redirects",)
    follow_redirects: bool

    @classmethod
    def of(cls, call: Call[Any], follow: object) -> Call[Any]:
        """The call, told so where there is something to tell."""
        if not isinstance(follow, bool):
            return call
        directed = cls.__new__(cls)
        for name in Call.__slots__:
            setattr(directed, name, getattr(call, name))
        directed.follow_redirects = follow
        return directed


class Options:
    """What one attempt asks.

    Attributes:
        method: the verb in lower case.
        url: the path below the base URL, or an absolute URL.
        params: query arguments.
        headers: fields of this call; a sentinel value removes a default.
        json_data: the body, as plain data that may be changed in place.
        extra_json: merged over the body.
        content: a body that is sent as it is.
        files: parts of a multipart form.
        timeout: seconds or a `Timeout`; `not_given` for the client's.
        max_retries: `not_given` for the client's.
        idempotency_key: sent as `Idempotency-Key`.
        security: which credentials the operation takes: `bearer_auth`, `admin_api_key_auth`.
        follow_redirects: `False` for a redirect as it came; otherwise one within the origin is followed.
        begun: the request as it was first written, for forms and content, which are written once; `None` otherwise.
        authorization: the key that was asked for, for this attempt.
    """

    def __init__(
        self, call: Call[Any], *, body: Any = None, make: Make | None = None, begun: Request | None = None
    ) -> None:
        operation = call.operation
        own = call.body if body is None else body
        self.method = operation.verb.lower()
        self.url: str = expand(operation.path, call.path) if call.path else operation.path
        self.params: dict[str, Any] = {**given(dict(call.query or {})), **(call.extra_query or {})}
        self.headers: dict[str, Any] = {**(operation.headers or {}), **(call.headers or {})}
        self.json_data: Any = given(cast("dict[str, Any]", own)) if own.__class__ is dict else own
        self.extra_json: Mapping[str, Any] | None = call.extra_body if body is None else None
        self.content = call.content
        self.files = call.files
        self.timeout = call.timeout
        self.max_retries: Any = not_given if call.max_retries is None else call.max_retries
        self.idempotency_key = call.idempotency_key
        self.security = {"bearer_auth": operation.bearer, "admin_api_key_auth": operation.admin}
        self.follow_redirects: bool | None = getattr(call, "follow_redirects", None)
        self._call = call
        self._make = make
        self.begun = begun
        self.authorization: Secret | None = None
        self._before = (self.json_data, dict(self.json_data) if self.json_data.__class__ is dict else None, self.files)

    def get_max_retries(self, max_retries: int) -> int:
        """The retries of this call, where `max_retries` is the client's."""
        return self.max_retries if is_given(self.max_retries) else max_retries

    def copy(self) -> Options:
        """Options of their own, alike."""
        return copy.copy(self)

    @property
    def body_kept(self) -> bool:
        """Whether the parts of a form, or its content, are still the ones of the call."""
        data, fields, files = self._before
        kept = self.json_data is data and (fields is None or fields == self.json_data)
        return kept and self.files is files and self.content is self._call.content

    def call(self, *, content: Any = None, url: str | None = None, query: bool = True) -> Call[Any]:
        """The call these options stand for.

        Args:
            content: a ready body instead of the data.
            url: instead of the options' own.
            query: whether the query arguments go with it.
        """
        old, security = self._call.operation, self.security
        operation = Operation(
            old.name,
            self.method.upper(),
            fit(self.url if url is None else url),
            body=old.body,
            result=old.result,
            event=old.event,
            page=old.page,
            item=old.item,
            files=old.files,
            bearer=bool(security.get("bearer_auth")),
            admin=bool(security.get("admin_api_key_auth")),
        )
        call: Call[Any] = Call(
            operation,
            body=None if content is not None else self.json_data,
            content=self.content if content is None else content,
            files=None if content is not None else self.files,
            headers=self.headers if is_given(self.headers) else None,
            extra_query=self.params if query else None,
            extra_body=None if content is not None else self.extra_json,
            timeout=self.timeout,
            max_retries=self.max_retries if is_given(self.max_retries) else None,
            idempotency_key=self.idempotency_key,
            stream=self._call.stream,
            stream_cls=self._call.stream_cls,
            result=self._call.result,
        )
        return Directed.of(call, self.follow_redirects)

    def __repr__(self) -> str:
        return f"<Options {self.method.upper()} {self.url.partition('?')[0]}>"
