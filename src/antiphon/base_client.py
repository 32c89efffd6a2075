"""What both colours of the client share: its arguments, its settings, and what follows from them."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from .copying import Copies
from .core.credential import hidden_proxy, veiled
from .core.endpoint import Endpoint
from .core.omit import NotGiven, is_given, not_given
from .core.reply import Reply
from .core.request import Request
from .core.secret import Secret
from .core.timeout import Timeout
from .core.url import URL
from .drivers.clock import SYSTEM_CLOCK, Clock
from .governing import as_policies
from .hooks.base import Overrides
from .policies.authorize import Authorize
from .policies.chain import Forward, Layer, explain, fold, only_failures, ordered
from .policies.deadline import Deadline
from .policies.outcome import Judge
from .policies.redirect import Redirect
from .policies.retry import Retry
from .raw_calls import RawCalls
from .settings import (
    DEFAULT_MAX_RETRIES,
    Attributes,
    DataResidency,
    Settings,
    Unsaid,
    refuse_wiring,
    resolve,
    warn_unretried,
    watched,
)
from .transports.base import AsyncTransport, Transport
from .transports.link import Link

if TYPE_CHECKING:
    from .hooks.listener import Hooks
    from .policies.live import Live
    from .policies.policy import Policy

T = TypeVar("T", Transport, AsyncTransport)


class BaseClient(Attributes, RawCalls, Copies, Overrides, Generic[T]):
    """A client's arguments and state.

    Args:
        api_key: the key, or a function that returns it (async clients: or an awaitable of it), asked before each attempt;
            `OPENAI_API_KEY` when left out.
        admin_api_key: the key for `client.admin`; `OPENAI_ADMIN_KEY` when left out.
        organization: `OPENAI_ORG_ID` when left out.
        project: `OPENAI_PROJECT_ID` when left out.
        webhook_secret: checks webhooks' signatures; `OPENAI_WEBHOOK_SECRET` when left out.
        base_url: the API's root; `OPENAI_BASE_URL`, then "https://api.openai.com/v1", when left out.
        data_residency: the region whose host is used instead of `base_url`.
        websocket_base_url: where WebSockets connect, when it differs from `base_url`.
        timeout: seconds for each phase of an attempt, or a `Timeout`; `None` waits without bound. Default 600, connect 5.
        max_retries: attempts after the first; 0 or more. Said beside `policies`, it goes before the number of a `Retry` among
            them; warns where they hold nothing that retries.
        deadline: seconds for a whole call: waiting, retries and body; `None` for no bound.
        default_headers: fields of every request; `omit` removes one.
        default_query: query arguments of every request.
        http_client: an httpx or httpx2 client of yours, or any object with the `Transport` protocol's two methods.
        proxy: a proxy's URL instead of the environment's; `None` for none at all.
        verify: `True` for the system's certificates, a path to a CA bundle, an `ssl.SSLContext`, a `TLSConfig`, or `False`.
        cert: a path, or a (certificate, key) pair of paths, that the client shows to the server.
        limits: how many connections may be open.
        policies: what is done about failures, limits and costs instead of the default (`Retry`, `Redirect`): a `Policy`, such as
            `Policy.production()`, a `Live` one, or several in a list. Their order is fixed; `explain()` prints it.
        stream_idle_timeout: seconds without an event after which a stream ends, whatever keep-alives come; `None` for no bound,
            since models may think for long.
        hooks: functions that are told what calls do: `Hooks(on_request=…, on_retry=…)`, or several in a list.
        strict_streams: whether an event stream that ends without its terminal event is an error; `False` for servers that
            mark no end or number their events badly.
        workload_identity: what proves who this workload is, instead of an API key; see `antiphon.auth`.
        provider: another house that serves this API, made by `antiphon.providers.bedrock()` or `.vertex()`; it brings its base
            URL and its credential.
        profile: the name of a profile in the configuration file, which goes before the environment; `ANTIPHON_PROFILE`, which
            goes behind it, when left out; `None` for none at all.

    Raises:
        OpenAIError: no credential was found, or no such profile.
        TypeError: an argument beside `http_client` that only antiphon's own connections would heed.
        InvalidCredential, InvalidBaseURL: an argument that cannot be right.
    """

    colour: ClassVar[str]
    _own_policies: ClassVar[bool] = True
    _ambient: ClassVar[bool] = True
    _key_variable: ClassVar[str] = "OPENAI_API_KEY"
    settings: Settings
    _link: Link[T]
    _sign_in: Any = None
    """How the client signs in other than by a key."""
    _attend: Any = None
    """What its streams are attended for, if anything."""

    @veiled
    def __init__(
        self,
        *,
        api_key: str | Callable[[], Any] | None = None,
        admin_api_key: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        webhook_secret: str | None = None,
        base_url: str | URL | NotGiven | None = not_given,
        data_residency: DataResidency | None = None,
        websocket_base_url: str | URL | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
        max_retries: int = DEFAULT_MAX_RETRIES,
        deadline: float | None = None,
        default_headers: Mapping[str, Any] | None = None,
        default_query: Mapping[str, object] | None = None,
        http_client: Any = None,
        proxy: str | NotGiven | None = not_given,
        verify: Any = True,
        cert: str | tuple[str, str] | None = None,
        limits: Any = None,
        policies: Sequence[Layer] | Policy | Live | NotGiven = not_given,
        strict_streams: bool = True,
        stream_idle_timeout: float | None = None,
        hooks: Hooks | Sequence[Hooks] | None = None,
        workload_identity: Mapping[str, Any] | None = None,
        provider: Any = None,
        profile: str | NotGiven | None = not_given,
        _strict_response_validation: bool = False,
        _enforce_credentials: bool = True,
        _clock: Any = None,
    ) -> None:
        base_url = hidden_proxy(base_url)  # type: ignore[assignment]  # one with a password will be refused, and not shown
        websocket_base_url = hidden_proxy(websocket_base_url)  # type: ignore[assignment]
        self._given_policies = as_policies(policies)
        self._given_policies = self._policies_allowing(max_retries)
        self.strict_streams = strict_streams
        self._clock: Clock = _clock or SYSTEM_CLOCK
        if http_client is not None and not is_given(timeout):
            from .transports.borrowed import borrowed_timeout

            timeout = borrowed_timeout(http_client) or timeout
        if isinstance(proxy, (str, Secret)):
            from .transports.proxy import Proxy

            proxy = Proxy(proxy)  # type: ignore[assignment]  # its credentials are hidden from here on
        self._wiring: dict[str, Any] = {"proxy": proxy, "verify": verify, "cert": cert, "limits": limits}
        if http_client is not None and not isinstance(http_client, Link):
            refuse_wiring(proxy, verify, cert, limits)
            self._clock = _clock or self._clock_for_borrowed()
        arguments: dict[str, Any] = {
            "api_key": api_key,
            "admin_api_key": admin_api_key,
            "organization": organization,
            "project": project,
            "webhook_secret": webhook_secret,
            "base_url": base_url,
            "websocket_base_url": websocket_base_url,
            "data_residency": data_residency,
            "timeout": timeout,
            "max_retries": max_retries,
            "deadline": deadline,
            "default_headers": default_headers,
            "default_query": default_query,
        }
        ambient = self._ambient and provider is None
        chosen = profile if is_given(profile) else os.environ.get("ANTIPHON_PROFILE") if ambient else None
        if chosen:
            from .profile import load

            arguments = load(chosen).fill(arguments, outranks=is_given(profile))
        way: Any = None
        if provider is not None or workload_identity is not None:
            from .providers.sign_in import is_automatic, signed_in

            automatic = is_automatic(policies, self._own_policies)
            arguments["api_key"] = api_key  # a profile's own gives way
            way, arguments = signed_in(provider, workload_identity, arguments, automatic=automatic)
        settings = resolve(
            **arguments,
            strict=_strict_response_validation,
            enforce_credentials=_enforce_credentials and way is None,
            ambient=self._ambient and (way is None or way.provider is None),
        )
        if way is not None:
            self._sign_in, settings = way, way.settled(settings)
        self._link = http_client if isinstance(http_client, Link) else self._link_for(http_client)
        self._take_on(watched(settings, stream_idle_timeout, hooks, self.colour))
        if not isinstance(max_retries, Unsaid):
            self._heed(max_retries)

    def _heed(self, retries: int | None) -> None:
        """Warn where retries are asked for that no policy makes."""
        if retries and not _may_retry(self._policies):
            warn_unretried(retries)

    def _clock_for_borrowed(self) -> Clock:
        """A clock that goes wherever a borrowed transport does: an httpx client runs on trio too."""
        if self.colour == "sync":
            return SYSTEM_CLOCK
        from .transports.borrowed_clock import borrowed_clock

        clock: Clock = borrowed_clock(SYSTEM_CLOCK)
        return clock

    def _link_for(self, http_client: Any) -> Link[T]:
        raise TypeError(f"make an OpenAI or an AsyncOpenAI; {type(self).__name__} has no colour")

    def _take_on(self, settings: Settings) -> None:
        """Take on settings, and let whoever wants to watch."""
        self._settle(settings)
        names = bool(settings.hooks)
        silence = settings.stream_idle_timeout is not None or any(
            getattr(policy, "bounds_streams", False) for policy in self._policies
        )
        if names or silence or "_attend" in vars(self):
            from .hooks.watching import watch

            watch(self, names=names)

    def _settle(self, settings: Settings) -> None:
        """Take on settings, and make ready what follows from them."""
        chain: list[Layer] = [*_listeners(settings), *self._chain(settings)]
        if self._hooks:
            from .hooks.flow import installed
            from .hooks.routing import routes

            endpoint, chain, flow = installed(self, settings, chain)
            vars(self).update(routes(self))
        else:
            endpoint = Endpoint(
                base_url=settings.base_url,
                identity=settings.identity,
                headers=self._own_headers(settings),
                default_headers=settings.default_headers,
                default_query=settings.default_query,
                timeout=settings.phases,
            )
            flow = fold([Judge(now=self._clock.monotonic), *chain])
        # All at once, so that a setting that is refused changes nothing.
        self.settings, self._endpoint, self._policies = settings, endpoint, chain
        self._flow: Forward = flow if _may_retry(chain) else self._heeding(flow)
        self._only_failures = only_failures(chain)

    def _heeding(self, flow: Forward) -> Forward:
        """The flow, where nothing retries: it is begun at a failure, and says so where a call asked for retries."""

        def heed(request: Request) -> Awaitable[Reply]:
            self._heed(request.max_retries)
            return flow(request)

        return heed

    def _own_headers(self, settings: Settings) -> dict[str, str]:
        """Who speaks, and for whom."""
        own = {
            "User-Agent": self.user_agent,
            **self.platform_headers(),
            "X-Stainless-Async": "false" if self.colour == "sync" else "async:asyncio",
        }
        if settings.organization is not None:
            own["OpenAI-Organization"] = settings.organization
        if settings.project is not None:
            own["OpenAI-Project"] = settings.project
        return own

    def _chain(self, settings: Settings) -> list[Layer]:
        chain: list[Layer] = [] if settings.deadline is None else [Deadline(settings.deadline)]
        if not isinstance(self._given_policies, NotGiven):
            chain += self._given_policies
            chain = ordered(chain)
        elif self._own_policies:
            chain += [Retry(settings.max_retries), Redirect()]
        if settings.api_key_source is not None:
            chain = ordered([*chain, Authorize(settings.api_key_source)])  # a signature is made over what it sets
        return chain if self._sign_in is None else self._sign_in.chain(chain, settings, self.colour)

    def _change(self, **changes: Any) -> None:
        self._take_on(self.settings._replace(**changes))

    def explain(self) -> str:
        """The policies a call goes through, outermost first, with their numbers."""
        return explain(self._policies)

    @property
    def workload_identity(self) -> Mapping[str, Any] | None:
        """What proves who this workload is, if that is how the client signs in."""
        return None if self._sign_in is None else self._sign_in.identity

    def is_closed(self) -> bool:
        """Whether the client was closed."""
        return self._link.closed

    def __repr__(self) -> str:
        if "_policies" not in vars(self):  # its making failed, and a traceback shows it
            return f"<antiphon.{type(self).__name__}, not made>"
        names = ", ".join(type(policy).__name__ for policy in self._policies)
        return f"<antiphon.{type(self).__name__} {self.base_url.origin}{self.base_url.path} policies=[{names}]>"


def _listeners(settings: Settings) -> list[Layer]:
    """What writes a log, where a program could have asked for one."""
    if not ("logging" in sys.modules or os.environ.get("OPENAI_LOG") or os.environ.get("ANTIPHON_LOG")):
        return []
    from .log import listeners

    return [*listeners(settings)]


def _may_retry(policies: Sequence[Layer]) -> bool:
    """Whether one of them is known to heed `max_retries`, or is a user's own, which may."""
    own = __name__.partition(".")[0]
    return any(
        isinstance(each, Retry) or getattr(each, "may_retry", False) or type(each).__module__.partition(".")[0] != own
        for each in policies
    )
