"""The way of a call whose client overrides hooks: a flow around each attempt that asks the client's own methods.

Knows the order in which they are asked. Refuses to know what they do, and is never loaded by a client without hooks.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Self

from ..core.call import Call
from ..core.credential import checked, pending
from ..core.effects import Ask, Invoke, Read
from ..core.endpoint import Endpoint
from ..core.headers import Headers
from ..core.json import JSONError, decode_json
from ..core.limits import DEFAULT_WIRE_LIMITS
from ..core.omit import omit
from ..core.reply import Reply
from ..core.request import Request
from ..core.timeout import Phases
from ..core.url import URL
from ..errors import APIConnectionError
from ..policies.authorize import Authorize
from ..policies.chain import Forward, Layer, fold
from ..policies.outcome import Judge
from ..policies.retry import Retry
from ..settings import Settings
from .named import Named
from .options import Options

_COUNT = "x-stainless-retry-count"
_CHANGE = frozenset(
    {
        *("auth_headers", "default_headers", "default_query", "qs"),
        *("_auth_headers", "_build_request", "_prepare_options", "_prepare_request", "_prepare_url"),
        *("_refresh_api_key", "_validate_headers"),
    }
)
"""Hooks that may change whose request it is, or what it asks."""


class Prepared(Named):
    """A request that a subclass may still change: what `_prepare_request` gets."""

    __slots__ = ("follow_redirects",)
    follow_redirects: bool | None

    @property
    def url(self) -> URL:
        """Where it goes; may be set."""
        return super().url

    @url.setter
    def url(self, value: object) -> None:
        url = URL(value)
        self.origin, self.target = url.origin, url.target

    def read(self) -> bytes:
        """The body, where it is in memory.

        Raises:
            TypeError: it is produced while it is sent.
        """
        if self.content is None:
            return b""
        if not isinstance(self.content, bytes):
            raise TypeError("this request's body is produced while it is sent; there is nothing to read yet")
        return self.content


class Begun(Named):
    """A request that is not prepared yet: it remembers its call, and how its fields were before any policy saw them."""

    __slots__ = ("fields",)
    call: Call[Any]
    fields: dict[str, str]

    def replace(self, *, headers: Headers | None = None, **changes: Any) -> Self:
        """As `Request.replace`."""
        begun = super().replace(headers=headers, **changes)
        begun.fields = self.fields
        return begun


class HookedEndpoint(Endpoint):
    """Turns calls into requests that are still to be prepared, and leaves all judgement to that.

    Args:
        whose: who will give the key, for policies that see a request before the hooks have; `None` where no hook changes that.
        facts: as for `Endpoint`.
    """

    __slots__ = ("_whose",)

    def __init__(self, whose: Callable[[], Any] | None, **facts: Any) -> None:
        super().__init__(**facts)
        self._whose = None if whose is None else pending(whose)

    def request(self, call: Call[Any], *, stream: bool = False) -> Request:
        """The request for a call."""
        begun = Begun.of(super().request(call, stream=stream))
        begun.headers = begun.headers.copy()
        if self._whose is not None and "authorization" not in begun.headers:
            begun.headers["Authorization"] = self._whose.reveal()
        begun.call, begun.fields = call, dict(begun.headers)
        return begun


class Prepare:
    """Asks a client's hooks before each attempt.

    Args:
        client: whose hooks.
        settings: what the client was told.
    """

    def __init__(self, client: Any, settings: Settings) -> None:
        self._client = client
        self._asks = settings.api_key_source is not None

    def __repr__(self) -> str:
        return f"Prepare({', '.join(sorted(self._client._hooks))})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        if not isinstance(request, Begun):
            return await forward(request)
        client, options = self._client, _options(request)
        if self._asks and options.security["bearer_auth"]:
            source = client.settings.api_key_source
            if getattr(source, "is_credential_source", False) is True:
                source.check(request.origin)
            options.authorization = checked(await Ask(client._refresh_api_key))
        # One that changes its argument and returns nothing is honoured too.
        options = await Invoke(client._prepare_options, options) or options
        taken = request.headers.get(_COUNT, "0")
        ready = Prepared.of(client._build_request(options, retries_taken=int(taken) if taken.isdigit() else 0))
        for name, value in request.headers.items():  # what policies before this one set
            if request.fields.get(name) != value and name.lower() != _COUNT:
                ready.headers[name] = value
        ready.stream, ready.events, ready.deadline = request.stream, request.events, request.deadline
        ready.max_retries, ready.follow_redirects = request.max_retries, options.follow_redirects
        ready.only_once = request.only_once
        if isinstance(request.timeout, Phases):  # a policy's, where the call has none of its own
            ready.timeout = request.timeout
        ready.operation, ready.number = request.operation, request.number
        ready.call, ready.server, ready.trace, ready.now = request.call, request.server, request.trace, request.now
        await Invoke(client._prepare_request, ready)
        return await forward(ready)


class HookedRetry(Retry):
    """`Retry` that lets the client judge replies and choose pauses.

    Args:
        client: who judges.
        retry: the policy it stands for.
    """

    def __init__(self, client: Any, retry: Retry) -> None:
        super().__init__()
        vars(self).update(vars(retry))
        self._client = client

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        return await super().__call__(request, forward)

    async def _wanted(self, reply: Reply, wanted: bool) -> bool:
        if "_should_retry" not in self._client._hooks:
            return await super()._wanted(reply, wanted)
        if not reply.is_read:
            await Read(reply, DEFAULT_WIRE_LIMITS.error_body)  # the judge may want to know what it says
        return bool(await Invoke(self._client._should_retry, reply))

    async def _pause(
        self,
        request: Request,
        allowed: int,
        taken: int,
        outcome: Reply | APIConnectionError,
        hint: float | None,
        throttled: bool = False,
    ) -> float:
        if "_calculate_retry_timeout" not in self._client._hooks:
            return await super()._pause(request, allowed, taken, outcome, hint, throttled)
        options = _options(request) if isinstance(request, Begun) else None
        headers = outcome.headers if isinstance(outcome, Reply) else None
        return float(await Invoke(self._client._calculate_retry_timeout, allowed - taken, options, headers))


def _options(request: Begun) -> Options:
    """Options of a request's call, with data of their own where the body is JSON."""
    call, body = request.call, None
    json = call.content is None and call.files is None and call.operation.body != "multipart"
    if json and isinstance(request.content, bytes):
        try:
            body = decode_json(request.content)
        except JSONError:
            body = None
    return Options(call, body=body, begun=None if json else request)


def installed(client: Any, settings: Settings, chain: list[Layer]) -> tuple[Endpoint, list[Layer], Forward]:
    """The endpoint, the policies and the flow of a client with hooks."""
    hooks: frozenset[str] = client._hooks
    # Whether a credential is there is judged once the hooks were asked for one.
    changes = not _CHANGE.isdisjoint(hooks)
    unjudged = {**settings.default_headers, "Authorization": omit} if changes else settings.default_headers
    endpoint = HookedEndpoint(
        (settings.api_key_source or _speaker(settings)) if changes else None,
        base_url=settings.base_url,
        identity=settings.identity,
        headers={} if changes else client._own_headers(settings),
        default_headers=unjudged,
        default_query=settings.default_query,
        timeout=settings.phases,
    )
    asked = settings.api_key_source
    policies: list[Layer] = [
        policy for policy in chain if not (isinstance(policy, Authorize) and policy._source is asked)
    ]
    if hooks & {"_should_retry", "_calculate_retry_timeout"}:
        policies = [HookedRetry(client, policy) if type(policy) is Retry else policy for policy in policies]
    last = max((place for place, policy in enumerate(policies, 1) if isinstance(policy, Retry)), default=0)
    policies.insert(last, Prepare(client, settings))
    return (
        endpoint,
        policies,
        fold([Judge(client._make_status_error_from_response, client._clock.monotonic), *policies]),
    )


def _speaker(settings: Settings) -> Callable[[], str]:
    """What tells a client from others, by its settings, while its hooks may still change whose a request is."""
    told = (None if settings.api_key is None else settings.api_key.reveal(), settings.organization, settings.project)
    name = blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return lambda: name
