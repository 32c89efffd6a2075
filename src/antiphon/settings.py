"""Settings: what a client is told, resolved once: argument, then environment, then profile, then default.

Profiles are read by `profile`, only where one is asked for.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from .core import credential
from .core.call import checked_retries
from .core.endpoint import Identity
from .core.headers import FieldMap
from .core.omit import is_given, omit
from .core.secret import Secret
from .core.timeout import DEFAULT_TIMEOUT, Timeout
from .core.url import URL
from .errors import InvalidBaseURL, OpenAIError

if TYPE_CHECKING:
    from .hooks.listener import Hooks

DEFAULT_BASE_URL = "https://api.openai.com/v1/"


class Unsaid(int):
    """A default that can be told from the same number said by a user."""

    __slots__ = ()


DEFAULT_MAX_RETRIES = Unsaid(2)
DataResidency = Literal["global", "us", "eu", "ae", "au", "in", "jp"]
_REGIONS = ("global", "us", "eu", "ae", "au", "in", "jp")


class Settings(NamedTuple):
    """Everything a client was told; immutable, and without a plain secret in it."""

    api_key: Secret | None
    api_key_source: Callable[[], Any] | None
    admin_api_key: Secret | None
    organization: str | None
    project: str | None
    webhook_secret: Secret | None
    base_url: URL
    websocket_base_url: URL | None
    data_residency: DataResidency | None
    timeout: float | Timeout | None
    max_retries: int
    deadline: float | None
    default_headers: Mapping[str, Any]
    default_query: Mapping[str, object]
    strict: bool
    enforce_credentials: bool
    signed: bool = False
    """Whether a policy makes the credential, for each attempt."""
    stream_idle_timeout: float | None = None
    hooks: tuple[Hooks, ...] = ()

    @property
    def phases(self) -> Timeout:
        """The timeout of each phase."""
        known = self.timeout
        return known if isinstance(known, Timeout) else Timeout(known)

    @property
    def identity(self) -> Identity:
        """The `Authorization` values."""
        key = _bearer(self.api_key)
        if self.signed:
            key = credential.PENDING
        elif self.api_key_source is not None:
            key = credential.pending(self.api_key_source)
        return Identity(key, _bearer(self.admin_api_key))

    def key(self, value: object, name: str = "api_key") -> Secret:
        """A key that replaces one of these, checked like the first."""
        if not isinstance(value, Secret):
            raise TypeError(f"{name} must be text; got {type(value).__name__}")
        return credential.checked(value, name, official=credential.is_official(self.base_url.host))


class Attributes:
    """A client's settings as its attributes; one that is set anew holds from the next call on."""

    colour: ClassVar[str]
    settings: Settings
    _given_policies: Any
    _policies_allowing: Callable[[int], Any]

    def _change(self, **changes: Any) -> None:
        raise TypeError(f"{type(self).__name__} has no settings to change")

    def _heed(self, retries: int | None) -> None:
        raise TypeError(f"{type(self).__name__} has no retries to heed")

    def _own_headers(self, settings: Settings) -> dict[str, str]:
        raise TypeError(f"{type(self).__name__} has no header fields of its own")

    @property
    def api_key(self) -> str:
        """The API key; "" when it comes from a function or there is none."""
        key = self.settings.api_key
        return "" if key is None else key.reveal()

    @api_key.setter
    def api_key(self, value: str) -> None:
        value = credential.hidden(value)  # type: ignore[assignment]
        self._change(api_key=self.settings.key(value), api_key_source=None)

    @property
    def admin_api_key(self) -> str | None:
        """The admin key."""
        key = self.settings.admin_api_key
        return None if key is None else key.reveal()

    @admin_api_key.setter
    def admin_api_key(self, value: str | None) -> None:
        value = credential.hidden(value)  # type: ignore[assignment]
        self._change(admin_api_key=None if value is None else self.settings.key(value, "admin_api_key"))

    @property
    def webhook_secret(self) -> str | None:
        """The secret that checks webhooks."""
        secret = self.settings.webhook_secret
        return None if secret is None else secret.reveal()

    @webhook_secret.setter
    def webhook_secret(self, value: str | None) -> None:
        self._change(webhook_secret=credential.hidden(value))

    @property
    def organization(self) -> str | None:
        """The organization requests are billed to."""
        return self.settings.organization

    @organization.setter
    def organization(self, value: str | None) -> None:
        self._change(organization=value)

    @property
    def project(self) -> str | None:
        """The project requests are billed to."""
        return self.settings.project

    @project.setter
    def project(self, value: str | None) -> None:
        self._change(project=value)

    @property
    def base_url(self) -> URL:
        """The API's root; its path ends with "/"."""
        return self.settings.base_url

    @base_url.setter
    def base_url(self, value: str | URL) -> None:
        value = credential.hidden_proxy(value)  # type: ignore[assignment]
        self._change(base_url=base_url_from(value), data_residency=None)

    @property
    def websocket_base_url(self) -> URL | None:
        """Where WebSockets connect, when it differs from `base_url`."""
        return self.settings.websocket_base_url

    @property
    def timeout(self) -> float | Timeout | None:
        """Seconds for each phase of an attempt, as given."""
        return self.settings.timeout

    @timeout.setter
    def timeout(self, value: float | Timeout | None) -> None:
        self._change(timeout=value)

    @property
    def stream_idle_timeout(self) -> float | None:
        """Seconds without an event after which a stream ends; `None` for no bound."""
        return self.settings.stream_idle_timeout

    @stream_idle_timeout.setter
    def stream_idle_timeout(self, value: float | None) -> None:
        self._change(stream_idle_timeout=checked_idle(value))

    @property
    def hooks(self) -> tuple[Hooks, ...]:
        """What is told how calls go; set to `Hooks(…)`, several in a list, or `None`."""
        return self.settings.hooks

    @hooks.setter
    def hooks(self, value: Hooks | Sequence[Hooks] | None) -> None:
        from .hooks.listener import checked

        self._change(hooks=checked(value, self.colour))

    @property
    def max_retries(self) -> int:
        """How many attempts may follow the first."""
        return self.settings.max_retries

    @max_retries.setter
    def max_retries(self, value: int) -> None:
        most = checked_retries(value)
        self._given_policies = self._policies_allowing(most)
        self._change(max_retries=most)
        self._heed(most)

    @property
    def default_headers(self) -> Mapping[str, Any]:
        """The fields of every request: antiphon's own, under those that were given."""
        settings = self.settings
        own = {"OpenAI-Organization": omit, "OpenAI-Project": omit, **self._own_headers(settings)}
        plain = {"Accept": "application/json", "Content-Type": "application/json"}
        return FieldMap({**plain, **own, **settings.default_headers})

    @property
    def _custom_headers(self) -> Mapping[str, Any]:
        """The fields that were given, under the name frameworks read."""
        return self.settings.default_headers

    @property
    def _custom_query(self) -> Mapping[str, object]:
        return self.settings.default_query

    @property
    def default_query(self) -> Mapping[str, object]:
        """The query arguments given for every request."""
        return self.settings.default_query


def checked_idle(value: Any) -> float | None:
    """Seconds of a stream's silence, or the error that says what is wrong with them."""
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"stream_idle_timeout must be a number of seconds, or None; got {type(value).__name__}")
    if not value > 0:
        raise ValueError(f"stream_idle_timeout must be more than 0 seconds, or None; got {value}")
    return value


def watched(settings: Settings, idle: Any, hooks: Any, colour: str) -> Settings:
    """The settings, with what its calls and streams are watched by.

    Raises:
        TypeError, ValueError: that cannot be right.
    """
    if idle is None and hooks is None:
        return settings
    from .hooks.listener import checked

    return settings._replace(stream_idle_timeout=checked_idle(idle), hooks=checked(hooks, colour))


def _bearer(key: Secret | None) -> Secret | None:
    return None if key is None else credential.bearer(key)


def resolve(
    *,
    api_key: Secret | Callable[[], Any] | None,
    admin_api_key: Secret | None,
    organization: str | None,
    project: str | None,
    webhook_secret: Secret | None,
    base_url: Any,
    websocket_base_url: Any,
    data_residency: DataResidency | None,
    timeout: Any,
    max_retries: Any,
    deadline: float | None,
    default_headers: Mapping[str, Any] | None,
    default_query: Mapping[str, object] | None,
    strict: bool,
    enforce_credentials: bool,
    ambient: bool = True,
) -> Settings:
    """The settings for a client's arguments and this process's environment.

    `ambient=False` is for houses that serve this API beside OpenAI: the variables with OpenAI's keys, identity and header
    fields are not read, so that none of them reaches another house.

    Raises:
        OpenAIError: no credential was found and one is required.
        InvalidCredential: a key that cannot be right.
        InvalidBaseURL: a base URL that cannot be right.
        TypeError, ValueError: a number or a region that cannot be right.
    """
    where = _base_url(base_url, websocket_base_url, data_residency)
    official = credential.is_official(where.host)
    key, source = _key(_environment("OPENAI_API_KEY") if api_key is None and ambient else api_key, official)
    admin = _environment("OPENAI_ADMIN_KEY") if admin_api_key is None and ambient else admin_api_key
    if enforce_credentials and key is None and source is None and admin is None:
        raise OpenAIError(
            "Missing credentials. Please pass an `api_key` or `admin_api_key`, or set the `OPENAI_API_KEY` or "
            "`OPENAI_ADMIN_KEY` environment variable. (To try antiphon without a key: antiphon.local())"
        )
    return Settings(
        api_key=key,
        api_key_source=source,
        admin_api_key=None if admin is None else credential.checked(admin, "admin_api_key", official=official),
        organization=os.environ.get("OPENAI_ORG_ID") if organization is None and ambient else organization,
        project=os.environ.get("OPENAI_PROJECT_ID") if project is None and ambient else project,
        webhook_secret=_environment("OPENAI_WEBHOOK_SECRET") if webhook_secret is None else webhook_secret,
        base_url=where,
        websocket_base_url=None if websocket_base_url is None else _slashed(URL(websocket_base_url)),
        data_residency=data_residency,
        timeout=timeout if is_given(timeout) else DEFAULT_TIMEOUT,
        max_retries=int(checked_retries(max_retries)),
        deadline=deadline,
        default_headers=FieldMap({**(environment_headers() if ambient else {}), **(default_headers or {})}),
        default_query=FieldMap(default_query or {}),
        strict=strict,
        enforce_credentials=enforce_credentials,
    )


def _key(value: Any, official: bool) -> tuple[Secret | None, Callable[[], Any] | None]:
    if not isinstance(value, Secret):
        return None, value
    kind = type(value.reveal())
    if kind is not str:
        raise TypeError(f"api_key must be text or a function that returns it; got {kind.__name__}")
    return credential.checked(value, official=official), None


def _environment(name: str) -> Secret | None:
    return Secret(os.environ[name]) if os.environ.get(name) else None


def _base_url(base_url: Any, websocket_base_url: Any, region: DataResidency | None) -> URL:
    given = base_url if is_given(base_url) else None
    if region is not None:
        if region not in _REGIONS:
            raise ValueError(f"unknown data_residency {region!r}; one of {', '.join(_REGIONS)}")
        if given is not None or websocket_base_url is not None:
            raise ValueError("data_residency chooses the host itself; leave base_url and websocket_base_url out")
        host = "api.openai.com" if region == "global" else f"{region}.api.openai.com"
        return URL(f"https://{host}/v1/")
    return base_url_from(given or os.environ.get("OPENAI_BASE_URL") or DEFAULT_BASE_URL)


def base_url_from(value: object) -> URL:
    """A base URL, checked, its path ending with "/"."""
    value = credential.hidden_proxy(value)
    url = URL(value)
    if url.scheme not in ("http", "https"):
        raise InvalidBaseURL(f"base_url must begin with https:// or http://; got {url.scheme}://")
    if ".." in url.path.lower().replace("%2e", ".").split("/"):
        raise InvalidBaseURL("base_url's path holds '..'; write the path it leads to")
    return _slashed(url)


def _slashed(url: URL) -> URL:
    return url if url.path.endswith("/") else url.with_path(url.path + "/")


def warn_unretried(retries: int) -> None:
    """Say, in the caller's line, that retries were asked for where no policy makes them."""
    level, frame = 1, sys._getframe()  # pyright: ignore[reportPrivateUsage]
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == __package__:
        level, frame = level + 1, frame.f_back
    warnings.warn(
        f"max_retries={retries} has no effect: none of this client's policies retries; "
        f"give it one, e.g. policies=[Retry({retries})], or leave max_retries out",
        UserWarning,
        stacklevel=level,
    )


def environment_headers() -> dict[str, str]:
    """`OPENAI_CUSTOM_HEADERS`: one `Name: value` a line."""
    lines = (line.partition(":") for line in os.environ.get("OPENAI_CUSTOM_HEADERS", "").splitlines())
    return {name.strip(): value.strip() for name, colon, value in lines if colon and name.strip()}


def refuse_wiring(proxy: object, verify: object, cert: object, limits: object) -> None:
    """Refuse arguments that only antiphon's own connections would heed."""
    given = {
        "proxy": is_given(proxy),
        "verify": verify is not True,
        "cert": cert is not None,
        "limits": limits is not None,
    }
    names = [name for name, there in given.items() if there]
    if names:
        raise TypeError(
            f"{' and '.join(names)} would be ignored: an http_client was given, which makes the connections; "
            f"give {'it to' if len(names) == 1 else 'them to'} that client instead"
        )
