"""A client's copies: the same client with some arguments changed, and the one another process makes anew.

Knows which settings travel and which never may; refuses to know how a call is made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeVar

from .core.call import checked_retries
from .core.credential import veiled
from .core.headers import is_sensitive
from .core.omit import NotGiven, is_given, not_given
from .core.resource import spelled
from .core.secret import Secret
from .core.timeout import Timeout
from .core.url import URL
from .drivers.clock import SYSTEM_CLOCK, Clock
from .governing import Governed, merged
from .policies.chain import Layer
from .policies.machines.backoff import LONGEST_HINT
from .policies.retry import Retry
from .settings import DataResidency, Settings, Unsaid
from .transports.link import Link

if TYPE_CHECKING:
    from .base_client import BaseClient
    from .core.notice import RetryInfo
    from .hooks.listener import Hooks
    from .policies.machines.budget import RetryBudget
    from .policies.machines.choice import Delay, RetryOn
    from .policies.machines.rule import Rule, Rules

C = TypeVar("C", bound="Copies")


class Copies(Governed):
    """`copy`, `with_options`, the `copy` module and `pickle`, for a client."""

    settings: Settings
    strict_streams: bool
    _clock: Clock
    _given_policies: Sequence[Layer] | NotGiven
    _ambient: ClassVar[bool]
    _own_policies: ClassVar[bool]
    _key_variable: ClassVar[str]
    _link: Link[Any]
    _sign_in: Any
    _wiring: dict[str, Any]

    @veiled
    def copy(
        self,
        *,
        api_key: str | Callable[[], Any] | None = None,
        admin_api_key: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        webhook_secret: str | None = None,
        websocket_base_url: str | URL | None = None,
        base_url: str | URL | NotGiven | None = not_given,
        data_residency: DataResidency | None = None,
        timeout: float | Timeout | NotGiven | None = not_given,
        http_client: Any = None,
        max_retries: int | NotGiven = not_given,
        deadline: float | NotGiven | None = not_given,
        default_headers: Mapping[str, Any] | None = None,
        set_default_headers: Mapping[str, Any] | None = None,
        default_query: Mapping[str, object] | None = None,
        set_default_query: Mapping[str, object] | None = None,
        policies: Sequence[Layer] | NotGiven = not_given,
        stream_idle_timeout: float | NotGiven | None = not_given,
        hooks: Hooks | Sequence[Hooks] | NotGiven | None = not_given,
        workload_identity: Mapping[str, Any] | None = None,
        provider: Any = not_given,
        _enforce_credentials: bool | None = None,
        _extra_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """A client with some arguments changed that shares this one's connections.

        `default_headers` and `default_query` are merged over this client's; their `set_` twins replace them.

        Raises:
            ValueError: an argument and its `set_` twin were both given.
        """
        old = self.settings
        for name, over, instead in (
            ("headers", default_headers, set_default_headers),
            ("query", default_query, set_default_query),
        ):
            if over is not None and instead is not None:
                raise ValueError(f"pass either default_{name} (merged) or set_default_{name} (replaced), not both")
        moved = data_residency is not None or (base_url is not None and is_given(base_url))
        arguments: dict[str, Any] = {
            "api_key": _first(api_key, old.api_key_source, old.api_key),
            "admin_api_key": _first(admin_api_key, old.admin_api_key),
            "organization": _first(organization, old.organization),
            "project": _first(project, old.project),
            "webhook_secret": _first(webhook_secret, old.webhook_secret),
            "base_url": base_url if moved else old.base_url,
            "data_residency": data_residency,
            "websocket_base_url": _first(websocket_base_url, None if moved else old.websocket_base_url),
            "timeout": timeout if is_given(timeout) else old.timeout,
            "max_retries": max_retries if is_given(max_retries) else Unsaid(old.max_retries),
            "deadline": deadline if is_given(deadline) else old.deadline,
            "default_headers": _first(set_default_headers, {**old.default_headers, **(default_headers or {})}),
            "default_query": _first(set_default_query, {**old.default_query, **(default_query or {})}),
            "http_client": self._link if http_client is None else http_client,
            "policies": policies if is_given(policies) else self._given_policies,
            "strict_streams": self.strict_streams,
            **self._no_profile(),
            "_strict_response_validation": old.strict,
            "_enforce_credentials": _first(_enforce_credentials, old.enforce_credentials),
            # A new http_client brings its own wiring.
            **({"_clock": self._clock, **self._wiring} if http_client is None else self._clock_given()),
            **(_extra_kwargs or {}),
        }
        if self._sign_in is not None or workload_identity is not None or is_given(provider):
            from .providers.sign_in import altered

            own: dict[str, Any] = {
                "provider": provider,
                "workload_identity": workload_identity,
                "api_key": api_key,
                "admin_api_key": admin_api_key,
                "organization": organization,
                "project": project,
                "base_url": base_url,
                "data_residency": data_residency,
                "websocket_base_url": websocket_base_url,
                "http_client": http_client,
                "default_headers": default_headers,
                "set_default_headers": set_default_headers,
            }
            arguments = altered(self, arguments, own)
        made = type(self)(**arguments)
        # Set, not passed: a subclass's own constructor need not know of them.
        changes = {
            "stream_idle_timeout": stream_idle_timeout if is_given(stream_idle_timeout) else old.stream_idle_timeout,
            "hooks": hooks if is_given(hooks) else old.hooks,
        }
        return _watched(made, **changes)

    with_options = copy

    @spelled
    def with_retries(
        self,
        max_retries: int | NotGiven | None = not_given,
        *,
        initial: float = 0.5,
        longest: float = 8.0,
        jitter: float | Literal["full"] | NotGiven = not_given,
        retry_on: RetryOn | None = None,
        delay: Delay | None = None,
        on_retry: Callable[[RetryInfo], Any] | None = None,
        budget: RetryBudget | None = None,
        rules: Rules | Iterable[Rule] | None = None,
        ambiguous: Literal["retry", "raise"] = "retry",
        max_retry_after: float = LONGEST_HINT,
        first_event: bool = False,
        patient: bool = False,
    ) -> Self:
        """A client with another retry policy, or with its first one, that shares this one's connections.

        >>> client.with_retries(5, retry_on={429, 503}, budget=RetryBudget())  # doctest: +SKIP

        Args:
            max_retries: this client's own when left out.

        The other arguments are those of `Retry`. The other policies stay.

        Raises:
            ValueError, TypeError: an argument that cannot be right.
        """
        most = self.settings.max_retries if isinstance(max_retries, NotGiven) else max_retries
        retry = Retry(
            most if most is None and patient else checked_retries(most),
            initial=initial,
            longest=longest,
            jitter=jitter,
            retry_on=retry_on,
            delay=delay,
            on_retry=on_retry,
            budget=budget,
            rules=rules,
            ambiguous=ambiguous,
            max_retry_after=max_retry_after,
            first_event=first_event,
            patient=patient,
        )
        return self.copy(policies=merged(self.policies, [retry]), max_retries=not_given if most is None else most)

    def _policies_allowing(self, max_retries: int) -> Sequence[Layer] | NotGiven:
        """The policies that were given, of which those that retry heed the number of retries, if it was said."""
        given = self._given_policies
        if isinstance(given, NotGiven) or isinstance(max_retries, Unsaid):
            return given
        most = checked_retries(max_retries)
        made: list[Layer] = [policy.allowing(most) if isinstance(policy, Retry) else policy for policy in given]
        if not any(hasattr(policy, "rollback") for policy in made):
            return made
        # What a `Live` policy holds is not this client's alone.
        from .policies.allowance import Allowance

        return [Allowance(most), *(policy for policy in made if not isinstance(policy, Allowance))]

    def _clock_given(self) -> dict[str, Any]:
        return {} if self._clock is SYSTEM_CLOCK else {"_clock": self._clock}

    def _no_profile(self) -> dict[str, Any]:
        """What a profile said is among the settings by now."""
        return {"profile": None} if self._ambient else {}

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: object) -> Self:
        return self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        """A client travels as its settings; its key only as the name of the environment variable it came from."""
        old = self.settings
        if self._sign_in is not None:
            raise TypeError(
                "a client with a provider or workload_identity does not pickle; make it anew in the other process"
            )
        if any(map(is_sensitive, old.default_headers)):
            raise TypeError(
                "a client whose default_headers hold a credential does not pickle; set them in the other process"
            )
        if any("<redacted>" in repr(url) for url in (old.base_url, old.websocket_base_url)):
            raise TypeError(
                "a client whose base_url holds a credential does not pickle; make it anew in the other process"
            )
        if not self._link.own:
            raise TypeError("a client with an http_client does not pickle; make it anew in the other process")
        for secret, name in (
            (old.api_key, self._key_variable),
            (old.admin_api_key, "OPENAI_ADMIN_KEY"),
            (old.webhook_secret, "OPENAI_WEBHOOK_SECRET"),
        ):
            if secret is not None and secret != Secret(os.environ.get(name, "")):
                raise TypeError(
                    f"a client whose key was passed as an argument does not pickle; set {name} in both processes"
                )
        arguments = {
            "api_key": old.api_key_source,
            "organization": old.organization,
            "project": old.project,
            "base_url": str(old.base_url),
            "websocket_base_url": old.websocket_base_url and str(old.websocket_base_url),
            "policies": self._given_policies,
            "strict_streams": self.strict_streams,
            "timeout": old.timeout,
            # Not said, for said it would go before what the policies say by now.
            "max_retries": Unsaid(old.max_retries),
            "deadline": old.deadline,
            "default_headers": old.default_headers,
            "default_query": old.default_query,
            "_strict_response_validation": old.strict,
            "_enforce_credentials": old.enforce_credentials,
            **self._no_profile(),
            **self._wiring,
            **({} if old.stream_idle_timeout is None else {"stream_idle_timeout": old.stream_idle_timeout}),
            **({"hooks": old.hooks} if old.hooks else {}),
        }
        return (_remade, (type(self), arguments))


def _first(*values: Any) -> Any:
    """The first value that is not None."""
    return next((value for value in values if value is not None), None)


def _remade(cls: type[BaseClient[Any]], arguments: dict[str, Any]) -> BaseClient[Any]:
    watches = {name: arguments.pop(name) for name in ("stream_idle_timeout", "hooks") if name in arguments}
    return _watched(cls(**arguments), **watches)


def _watched(client: C, **changes: Any) -> C:
    """The client, watched as another was; what it need not be told is not set."""
    for name, value in changes.items():
        if getattr(client, name) != (() if name == "hooks" and value is None else value):
            setattr(client, name, value)
    return client
