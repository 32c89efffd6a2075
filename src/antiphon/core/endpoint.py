"""An endpoint: where a client's calls go and as whom, made ready once, so that a call adds only what is its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import CredentialScopeError, InvalidBody
from .call import Call, Operation
from .encode import encode_json
from .headers import Headers, Masked, is_sensitive
from .omit import SENTINELS, given, is_left_out, not_given
from .path import expand
from .query import encode_query
from .request import Content, Request
from .secret import Secret
from .timeout import Timeout
from .url import URL, Origin, parse_url

_READ_TIMEOUT = "x-stainless-read-timeout"


class Identity(NamedTuple):
    """The `Authorization` values a client has; each goes only with operations that take its kind."""

    bearer: Secret | None = None
    admin: Secret | None = None

    def authorization(self, operation: Operation) -> Secret | None:
        """The value for an operation: the API key where it is taken, else the admin key."""
        if operation.bearer and self.bearer is not None:
            return self.bearer
        return self.admin if operation.admin else None


class Ready(NamedTuple):
    """What is the same for every call of an operation.

    Attributes:
        headers: the fields of a call that adds none.
        origin: where it goes.
        target: the path and query of a call that adds nothing to them.
        plain: whether `target` can be used as it is.
        checked: whether `headers` carry a credential.
        json: whether its body is JSON.
    """

    headers: Headers
    origin: Origin
    target: str
    plain: bool
    checked: bool
    json: bool


class Endpoint:
    """Turns calls into requests.

    Args:
        base_url: the API's root.
        identity: the credentials, bound to the base URL's origin.
        headers: fields of every request, below the user's.
        default_headers: the user's; a sentinel value removes a field.
        default_query: merged below each call's own query.
        timeout: for calls that do not bring their own.
    """

    __slots__ = (
        "_default_headers",
        "_default_query",
        "_headers",
        "_identity",
        "_path",
        "_ready",
        "_secretive",
        "base_url",
        "timeout",
    )

    def __init__(
        self,
        *,
        base_url: URL,
        identity: Identity,
        headers: Mapping[str, str],
        default_headers: Mapping[str, Any],
        default_query: Mapping[str, object],
        timeout: Timeout,
    ) -> None:
        self.base_url = base_url
        self.timeout = timeout
        self._identity = identity
        self._headers = headers
        self._default_headers = default_headers
        self._default_query = default_query
        self._path = base_url.path.rstrip("/")
        self._secretive = "<redacted>" in repr(base_url) or any(map(is_sensitive, default_query))
        self._ready: dict[Operation, Ready] = {}

    def request(self, call: Call[Any], *, stream: bool = False) -> Request:
        """The request for a call.

        Args:
            call: what is asked.
            stream: keep the reply's body open even where the call streams no events.

        Raises:
            TypeError: no credential fits the operation and `Authorization` was not removed on purpose.
            ValueError: a path value is empty.
            InvalidBody: a value cannot be sent.
            CredentialScopeError: an absolute URL leads to an origin the credentials are not bound to.
        """
        operation = call.operation
        ready = self._ready.get(operation) or self._make_ready(operation)
        if call.path or call.query or call.extra_query or not ready.plain:
            origin, target = self._place(call)
        else:
            origin, target = ready.origin, ready.target
        body = call.body
        if ready.json and body.__class__ is dict and call.extra_body is call.content is call.files is None:
            content: Content = encode_json(body)
            content_type = None
        else:
            content, content_type = self._content(call)
        headers, timeout = ready.headers, self.timeout
        if content_type or call.headers or call.idempotency_key or call.timeout is not not_given:
            headers = headers.copy()
            timeout = self._timeout(call, headers)
            merge(headers, call.headers)
            if content_type:  # it names the boundary, so no other value can be right
                headers["Content-Type"] = content_type
            if call.idempotency_key:
                headers["Idempotency-Key"] = call.idempotency_key
        if headers is not ready.headers or not ready.checked or origin is not ready.origin:
            self._check(call, origin, headers)
        # In order, without names: a class that is called with keywords costs a dictionary more.
        return Request(
            operation.verb,
            origin,
            target,
            headers,
            content,
            timeout,
            stream or call.stream,
            None,
            call.stream,
            call.max_retries,
            operation.result == "bytes",
            call,
        )

    def _make_ready(self, operation: Operation) -> Ready:
        """What every call of an operation has in common, remembered."""
        headers = self._block(operation)
        plain = operation.path.startswith("/") and "{" not in operation.path and "?" not in operation.path
        origin, target = self._place(Call(operation)) if plain else (self.base_url.origin, "")
        json = operation.body == "json"
        ready = Ready(headers, origin, target, plain, "authorization" in headers, json)
        if len(self._ready) < 1024:  # raw calls make operations of their own
            self._ready[operation] = ready
        return ready

    def _block(self, operation: Operation) -> Headers:
        """The fields that every call of an operation has."""
        headers = Headers()
        authorization = self._identity.authorization(operation)
        if authorization is not None:
            headers["Authorization"] = authorization.reveal()
        headers["Accept"] = "*/*" if operation.result == "none" else "application/json"
        if operation.verb != "GET":
            headers["Content-Type"] = "application/json"
        headers.update(self._headers)
        headers["x-stainless-retry-count"] = "0"
        if self.timeout.read is not None:
            headers[_READ_TIMEOUT] = str(self.timeout.read)
        merge(headers, self._default_headers)
        merge(headers, operation.headers)
        return headers

    def _place(self, call: Call[Any]) -> tuple[Origin, str]:
        path = expand(call.operation.path, call.path) if call.path else call.operation.path
        base = self.base_url
        if "://" in path[:10] and not path.startswith("/"):
            base = parse_url(path)
            origin, path = (
                (self.base_url.origin if base.origin == self.base_url.origin else base.origin),
                base.path or "/",
            )
        else:
            origin, path = base.origin, f"{self._path}/{path.lstrip('/')}"
            if "?" in path:
                path, _, inline = path.partition("?")
                base = base.with_path(path, f"{base.query}&{inline}" if base.query else inline)
        query = base.query
        if call.query or call.extra_query or self._default_query:
            own = encode_query({**self._default_query, **given(call.query or {}), **(call.extra_query or {})})
            query = f"{query}&{own}" if query and own else query or own
        if not query:
            return origin, path
        # A key in a query is shown by no traceback either.
        return origin, Masked(f"{path}?{query}") if self._secretive else f"{path}?{query}"

    def _content(self, call: Call[Any]) -> tuple[Content, str | None]:
        """The body, and its content type where it is not plain JSON."""
        if call.content is not None:
            return call.content, None
        body, kind = call.body, call.operation.body
        if body.__class__ is dict:
            body = given(body)
        if call.extra_body:
            if body is not None and not isinstance(body, Mapping):
                raise InvalidBody("extra_body can only be merged into a body that is a mapping", "extra_body")
            body = {**(body or {}), **call.extra_body}
        if call.files is not None or kind == "multipart":
            from .multipart import multipart

            return multipart(body or {}, call.files, call.operation.files, operation=call.operation.name)
        if body is None or (kind is None and not body):
            return None, None
        return encode_json(body), None

    def _timeout(self, call: Call[Any], headers: Headers) -> Timeout:
        if is_left_out(call.timeout):
            return self.timeout
        timeout = Timeout(call.timeout)
        if timeout.read is None:
            headers.pop(_READ_TIMEOUT, None)
        elif _READ_TIMEOUT in headers:
            headers[_READ_TIMEOUT] = str(timeout.read)
        return timeout

    def _check(self, call: Call[Any], origin: Origin, headers: Headers) -> None:
        given_headers: Mapping[str, Any] = call.headers or {}
        own = {name.lower() for name in given_headers}
        if origin != self.base_url.origin and "authorization" not in own and "authorization" in headers:
            raise CredentialScopeError(
                f"this client's key belongs to {self.base_url.origin} and was not sent to {origin}; make a client with that "
                "base_url, or pass extra_headers={'Authorization': …} if you mean it"
            )
        if origin != self.base_url.origin:
            self._keep_home(call, origin, own)
        removed = own | {name.lower() for name in self._default_headers}
        if "authorization" not in headers and "authorization" not in removed and "api-key" not in headers:
            wanted = "admin_api_key" if call.operation.admin and not call.operation.bearer else "api_key"
            raise TypeError(
                f"Could not resolve authentication method. {call.operation.name} needs {wanted}; pass it to the client, or remove "
                "the field on purpose with extra_headers={'Authorization': omit}"
            )

    def _keep_home(self, call: Call[Any], origin: Origin, own: set[str]) -> None:
        """Let no other credential of this client's leave for another origin either.

        Raises:
            CredentialScopeError: a default field or argument that may hold one would go along.
        """
        fields = [name for name, value in self._default_headers.items() if value.__class__ not in SENTINELS]
        asked: set[Any] = {*(call.query or {}), *(call.extra_query or {})}
        stray = [name for name in fields if is_sensitive(name) and name.lower() not in own]
        stray += [name for name in self._default_query if is_sensitive(name) and name not in asked]
        if stray:
            raise CredentialScopeError(
                f"{', '.join(stray)} of this client's defaults may hold a credential, which belongs to {self.base_url.origin} and "
                f"was not sent to {origin}; make a client with that base_url"
            )


def merge(headers: Headers, more: Mapping[str, Any] | None) -> None:
    """Set each field of `more`; a sentinel value removes the field."""
    for name, value in (more or {}).items():
        if value.__class__ in SENTINELS:
            headers.pop(name, None)
        elif value is not None:
            headers[name] = value.decode("latin-1") if isinstance(value, bytes) else str(value)
