"""A target: somewhere else a request may be answered, with a credential that goes there and nowhere else.

Knows what of a request depends on where it goes: origin, path prefix, header fields, query, model. Refuses to know when a
request should go there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from ipaddress import ip_address
from typing import Any

from ..core.credential import asked, bearer, checked, hidden_proxy, veiled
from ..core.encode import encode_json
from ..core.headers import FieldMap, Headers, is_sensitive
from ..core.json import decode_json
from ..core.omit import given
from ..core.path import expand
from ..core.query import encode_query
from ..core.request import Request
from ..core.secret import Secret
from ..core.url import URL, Origin
from ..errors import CredentialScopeError
from .machines.number import is_number, whole
from .subject import model_of, operation_of

Models = Mapping[str, str | None] | Callable[[str], str | None]
_TRAVELS = frozenset(
    {
        *("accept", "accept-encoding", "content-type", "user-agent", "idempotency-key", "openai-beta"),
        *("x-client-request-id", "traceparent", "tracestate"),
    }
)
"""Fields that say nothing about who asks. All others stay with the origin they were meant for: what may hold a credential
cannot be told from its name."""
_LOCAL_CAN = ("tools", "json_schema")
OWN = ""
"""The provider of the client's own endpoint, whoever that is."""
LOCAL = "local"
"""The provider of a machine of the user's own: what goes there does not leave the house."""


class BoundKey:
    """A credential and the origins it may be sent to.

    Args:
        source: the key, a function that gives it (for async clients: or an awaitable of it), or `None`.
        origins: where it belongs.
    """

    __slots__ = ("_authorization", "_source", "origins")

    def __init__(self, source: Any, origins: Iterable[Origin]) -> None:
        self.origins = frozenset(origins)
        self._source = source if callable(source) else None
        self._authorization = None if source is None or callable(source) else bearer(checked(source))

    async def authorization(self, origin: Origin) -> Secret | None:
        """What `Authorization` holds there; `None` for nothing. A flow.

        Raises:
            CredentialScopeError: the credential does not belong to that origin.
            InvalidCredential: what the function gave cannot be a key.
        """
        if origin not in self.origins:
            raise CredentialScopeError(
                f"this target's key belongs to {', '.join(map(str, self.origins))} and was not sent to {origin}"
            )
        return self._authorization if self._source is None else bearer(await asked(self._source, origin))

    @property
    def changes(self) -> bool:
        """Whether asking for it again may give another one."""
        return self._source is not None

    @property
    def id(self) -> str:
        """What tells it from other credentials, and says nothing about it."""
        if self._source is not None:
            return f"function {id(self._source):x}"
        return "none" if self._authorization is None else self._authorization.id

    def __reduce__(self) -> tuple[Any, ...]:
        if self._source is None and self._authorization is None:
            return (type(self), (None, self.origins))
        raise TypeError("a target with a key does not pickle; make it anew in the other process")

    def __repr__(self) -> str:
        return f"BoundKey({self.id}, to {', '.join(map(str, self.origins))})"


class Target:
    """Somewhere a request may be answered.

    >>> Target("https://eu.example.com/v1", api_key="sk-2", name="eu", group=1)
    Target('eu' https://eu.example.com/v1, group=1)

    Args:
        base_url: its root, as a client's.
        api_key: its key, or a function that gives it (for async clients: or an awaitable of it), asked before each attempt;
            `None` for a server that takes none. It is bound to the base URL's origin.
        name: for traces and `request.server`; the host and port when left out.
        models: what it calls a model, by the name that was asked for, or a function of that name. `None` for a name says that it
            does not serve that model. Names it does not mention stay as they are.
        weight: its share within its group; more than 0.
        group: targets of the lowest group are asked first.
        scope: whose limits it counts against, e.g. an organization or a project. Two keys of one origin are taken to share
            their limits unless their scopes differ.
        capabilities: which of "tools", "json_schema", "images", "audio", "files" it can do; `None` for all.
        headers: fields it needs besides, e.g. `{"api-key": …}`.
        organization: sent as `OpenAI-Organization`.
        project: sent as `OpenAI-Project`.
        provider: whose house it is; the last two labels of the host when left out.
        same_account: whether it is another door to the client's own account, so that files, stored responses and other state
            are found there too.

    Raises:
        InvalidBaseURL, InvalidCredential, ValueError, TypeError: an argument that cannot be right.
    """

    @veiled
    def __init__(
        self,
        base_url: str | URL,
        *,
        api_key: Any = None,
        name: str | None = None,
        models: Models | None = None,
        weight: float = 1.0,
        group: int = 0,
        scope: str | None = None,
        capabilities: Iterable[str] | None = None,
        headers: Mapping[str, str] | None = None,
        organization: str | None = None,
        project: str | None = None,
        provider: str | None = None,
        same_account: bool = False,
    ) -> None:
        url = base_url if isinstance(base_url, URL) else URL(hidden_proxy(base_url))
        self._settle(name or url.origin.authority, weight, group, scope, capabilities, same_account)
        self.url: URL | None = url
        self.key: BoundKey | None = BoundKey(api_key, [url.origin])
        self.models = models
        self.provider = provider or house_of(url.host)
        self._fields = FieldMap(headers or {})
        for field, value in (("OpenAI-Organization", organization), ("OpenAI-Project", project)):
            if value is not None:
                self._fields[field] = value
        for field, value in self._fields.items():
            if not isinstance(value, str) or any(sign in "\r\n\0" or sign > "\xff" for sign in value):
                raise ValueError(f"the value of header {field!r} must be one line of Latin-1 text")
        self._path = url.path.rstrip("/")
        self._made: tuple[list[tuple[str, str]], Headers] | None = None

    def _settle(
        self,
        name: str,
        weight: float,
        group: int,
        scope: str | None,
        capabilities: Iterable[str] | None,
        same_account: bool,
    ) -> None:
        if not is_number(weight) or not 0 < weight < float("inf"):
            raise ValueError(f"weight must be a number of more than 0; got {weight!r}")
        if isinstance(capabilities, str):
            raise TypeError(f'capabilities takes several in a set, e.g. {{"tools"}}; got {capabilities!r}')
        self.name = name
        self.weight = float(weight)
        self.group = whole("group", group, -(10**9))
        self.scope = scope
        self.capabilities = None if capabilities is None else frozenset(capabilities)
        self.same_account = same_account

    @classmethod
    def own(cls, *, name: str = "own", weight: float = 1.0, group: int = 0, scope: str | None = None) -> Target:
        """The client's own endpoint and credential, to be given a place among the others."""
        target = cls.__new__(cls)
        target._settle(name, weight, group, scope, None, True)
        target.url = target.key = target.models = target._made = None
        target._fields = FieldMap({})
        target.provider = OWN
        return target

    @classmethod
    def local(
        cls,
        base_url: str = "http://localhost:11434/v1",
        *,
        model: str,
        name: str = LOCAL,
        group: int = 100,
        capabilities: Iterable[str] = _LOCAL_CAN,
        provider: str = LOCAL,
    ) -> Target:
        """A model on a machine of yours (Ollama, llama.cpp, vLLM), the last resort: no key, one model for every name.

        >>> Target.local(model="llama3.2")
        Target('local' http://localhost:11434/v1, group=100, other models)
        """
        return cls(
            base_url,
            name=name,
            models=_Always(model),
            group=group,
            capabilities=capabilities,
            provider=provider,
        )

    @property
    def is_own(self) -> bool:
        """Whether it is the client's own endpoint."""
        return self.url is None

    @property
    def crosses_models(self) -> bool:
        """Whether it may answer with another model than the one asked for."""
        if self.models is None:
            return False
        return callable(self.models) or any(to not in (None, name) for name, to in self.models.items())

    def model_for(self, request: Request) -> str | None:
        """Which model would answer; `None` where it serves none for this request."""
        asked, models = model_of(request), self.models
        if models is None or not asked:
            return asked
        if callable(models):
            # Vectors of another model fit no index that was made before, and nothing would tell.
            return None if operation_of(request) == "embeddings.create" else models(asked)
        return models.get(asked, asked)

    async def request(self, request: Request) -> Request:
        """The request as it is sent here. A flow.

        Raises:
            CredentialScopeError: its credential does not belong to its origin.
        """
        url, key, model = self.url, self.key, self.model_for(request)
        if url is None or key is None:
            return request
        path = suffix_of(request)
        if path is None or model is None:
            raise ValueError(f"{self!r} cannot take {request!r}")
        headers = await self._headers(request, url, key)
        query, more = _query(request), url.query
        query = f"{more}&{query}" if query and more else query or more
        there = request.replace(headers=headers)
        there.origin = url.origin
        there.target = f"{self._path}{path}?{query}" if query else self._path + path
        there.server = self.name
        return there if model == model_of(request) else with_model(there, model)

    async def _headers(self, request: Request, url: URL, key: BoundKey) -> Headers:
        """The fields a request has here. They are the same for most calls, and then made once."""
        fields = request.headers.fields
        if self._made is not None and self._made[0] == fields and url.origin in key.origins:
            return self._made[1]
        headers = Headers([each for each in fields if _travels(each[0])])
        for name, value in self._fields.items():
            headers[name] = value
        authorization = await key.authorization(url.origin)
        if authorization is not None:
            headers["Authorization"] = authorization.reveal()
        if not key.changes:
            self._made = (fields.copy(), headers)
        return headers

    def __repr__(self) -> str:
        if not hasattr(self, "url"):  # its making failed, and a traceback shows it
            return "<Target, not made>"
        where = "" if self.url is None else f" {self.url.origin}{self.url.path}"
        told = [f"{self.name!r}{where}"]
        told += [f"group={self.group}"] if self.group else []
        told += [f"weight={self.weight:g}"] if self.weight != 1 else []
        told += ["other models"] if self.crosses_models else []
        return f"Target({', '.join(told)})"

    def __copy__(self) -> Target:
        return self

    def __deepcopy__(self, memo: object) -> Target:
        return self

    def __getstate__(self) -> dict[str, Any]:
        if any(map(is_sensitive, self._fields)):
            raise TypeError(
                "a target whose headers hold a credential does not pickle; make it anew in the other process"
            )
        return {**vars(self), "_made": None}


class _Always:
    """One model for every name."""

    def __init__(self, model: str) -> None:
        self._model = model

    def __call__(self, asked: str) -> str:
        return self._model

    def __repr__(self) -> str:
        return f"always {self._model!r}"


def suffix_of(request: Request) -> str | None:
    """The path below the client's base URL; `None` where that cannot be told, as for an absolute URL of the user's."""
    call = request.call
    if call is None:
        return None
    template = call.operation.path
    if not template.startswith("/") or "?" in template:
        return None
    path = expand(template, call.path) if call.path else template
    return path if request.target.partition("?")[0].endswith(path) else None


def with_model(request: Request, model: str) -> Request:
    """The same request for another model, its body written anew."""
    content = request.content
    if not isinstance(content, bytes):
        raise ValueError("only a JSON body can be changed to another model")
    changed = request.replace(content=encode_json({**decode_json(content), "model": model}))
    call = request.call
    if call is not None and isinstance(call.body, Mapping):
        # What a limiter, a budget or a trace further in reads from the call holds for the model that answers.
        call = copy(call)
        call.body = {**call.body, "model": model}
        if call.extra_body and "model" in call.extra_body:
            call.extra_body = {**call.extra_body, "model": model}
        changed.call = call
    return changed


def _query(request: Request) -> str:
    """The call's own query, without what the client adds to each: that may hold its credential."""
    call = request.call
    if call is None or not (call.query or call.extra_query):
        return ""
    return encode_query({**given(call.query or {}), **(call.extra_query or {})})


def _travels(name: str) -> bool:
    name = name.lower()
    return name in _TRAVELS or name.startswith("x-stainless-")


def house_of(host: str) -> str:
    """Whose a host is, as far as its name tells."""
    try:
        ip_address(host)
    except ValueError:
        return ".".join(host.rsplit(".", 2)[-2:])
    return host
