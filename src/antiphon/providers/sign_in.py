"""How a client signs in other than by a key: through a provider, or by a workload's identity.

Knows what that does to a client's settings and policies, and which arguments contradict it. `BaseClient` and its copies ask
here only where `provider=` or `workload_identity=` is given.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Protocol, cast

from ..core.credential import PENDING
from ..core.headers import FieldMap
from ..core.omit import is_given, not_given
from ..core.url import URL
from ..errors import OpenAIError
from ..policies.authorize import Authorize
from ..policies.bound import Bound
from ..policies.chain import Layer
from ..policies.redirect import Redirect
from ..policies.retry import Retry
from ..settings import Settings, environment_headers
from .keeper import Keeper
from .present import Present
from .provider import Definition, Provider, definition_of
from .workload import (
    CERTIFICATE_HOSTS,
    CertificateBound,
    certificate_url,
    is_certificate,
    keeper_for,
)


class SignIn(Protocol):
    """What a client holds of how it signs in."""

    provider: Provider | None
    identity: Mapping[str, Any] | None

    def settled(self, settings: Settings) -> Settings:
        """A new client's settings, as they are under this sign-in."""
        ...

    def chain(self, chain: list[Layer], settings: Settings, colour: str) -> list[Layer]:
        """The client's policies, with those that sign in."""
        ...


class ProviderSignIn:
    """By a provider, whose credential goes to its own origin and nowhere else, so that no redirect is followed."""

    identity: Mapping[str, Any] | None = None

    def __init__(self, provider: Provider) -> None:
        self.provider: Provider | None = provider
        self._definition: Definition = definition_of(provider)
        self._keeper = self._definition.keeper()

    @property
    def base_url(self) -> URL:
        """The API's root there."""
        return self._definition.base_url

    def settled(self, settings: Settings) -> Settings:
        """As `SignIn.settled`."""
        return settings._replace(signed=True)

    def chain(self, chain: list[Layer], settings: Settings, colour: str) -> list[Layer]:
        """As `SignIn.chain`."""
        kept = [policy for policy in chain if not isinstance(policy, (Redirect, Authorize))]
        origin = self._definition.base_url.origin
        return [*kept, Bound(origin, PENDING), *self._definition.policies(colour, self._keeper)]


class WorkloadSignIn:
    """By a workload's identity, exchanged for a token that client and copies share."""

    provider: Provider | None = None

    def __init__(self, identity: Mapping[str, Any], *, retries: int, region: Any = None) -> None:
        self.identity: Mapping[str, Any] | None = identity
        self._region = region
        self._certificate = is_certificate(identity)
        self._keeper: Keeper = keeper_for(identity, retries=retries)

    def settled(self, settings: Settings) -> Settings:
        """As `SignIn.settled`."""
        changed = settings._replace(api_key=None, api_key_source=None, signed=True)
        if self._certificate:
            changed = changed._replace(default_headers=_without_ambient_authorization(settings.default_headers))
        return changed._replace(data_residency=self._region) if self._region is not None else changed

    def chain(self, chain: list[Layer], settings: Settings, colour: str) -> list[Layer]:
        """As `SignIn.chain`."""
        if settings.api_key is not None or settings.api_key_source is not None:
            raise OpenAIError("this client signs in by its workload identity; copy(api_key=…) gives one with a key")
        origin = settings.base_url.origin
        present = Present(self._keeper, origin, "a workload's token")
        if not self._certificate:
            return [*chain, present]
        certificate_url(settings.base_url)
        kept = [policy for policy in chain if not isinstance(policy, Redirect)]
        return [*kept, CertificateBound(origin), present]


def signed_in(
    provider: Any, identity: Any, arguments: dict[str, Any], *, automatic: bool
) -> tuple[SignIn, dict[str, Any]]:
    """The sign-in for a new client's arguments, and the arguments that then hold.

    Args:
        provider: as given, or the sign-in that a copy shares; `None` if it was not.
        identity: as given, or the sign-in that a copy shares; `None` if it was not.
        arguments: all others that become settings.
        automatic: whether the client retries by itself.

    Raises:
        OpenAIError: arguments contradict each other, or cannot be right.
    """
    if isinstance(provider, ProviderSignIn):
        return provider, arguments
    if provider is not None:
        return _by_provider(provider, identity, arguments)
    if isinstance(identity, WorkloadSignIn):
        return identity, arguments
    if arguments["api_key"] is not None:
        raise OpenAIError("The `api_key` and `workload_identity` arguments are mutually exclusive")
    retries = min(int(arguments["max_retries"]), 2) if automatic and isinstance(arguments["max_retries"], int) else 0
    if not is_certificate(identity):
        return WorkloadSignIn(identity, retries=max(retries, 0)), arguments
    region = arguments["data_residency"]
    way = WorkloadSignIn(identity, retries=max(retries, 0), region=region)
    return way, {**arguments, **_certified(arguments, region)}


def _by_provider(provider: Any, identity: Any, arguments: dict[str, Any]) -> tuple[SignIn, dict[str, Any]]:
    way = ProviderSignIn(provider)
    if arguments["data_residency"] is not None:
        raise OpenAIError("The `data_residency` and `provider` arguments are mutually exclusive")
    base_url = arguments["base_url"]
    given = {
        "api_key": arguments["api_key"] is not None,
        "admin_api_key": arguments["admin_api_key"] is not None,
        "workload_identity": identity is not None,
        "base_url": base_url is not None and is_given(base_url),
    }
    wrong = [f"`{name}`" for name, there in given.items() if there]
    if wrong:
        name = definition_of(provider).name
        raise OpenAIError(
            f"`provider` cannot be combined with top-level {', '.join(wrong)}; give {name}(…) what it needs instead"
        )
    return way, {**arguments, "base_url": way.base_url}


def _certified(arguments: dict[str, Any], region: Any) -> dict[str, Any]:
    """Where a certificate is shown: the region's own host, unless the user says where."""
    base_url, sockets = arguments["base_url"], arguments["websocket_base_url"]
    given = base_url is not None and is_given(base_url)
    if region is not None:
        if given or sockets is not None:
            raise ValueError("data_residency chooses the host itself; leave base_url and websocket_base_url out")
        if region not in CERTIFICATE_HOSTS:
            raise OpenAIError(
                f"X.509 workload identity has no host for data_residency={region!r}; one of {', '.join(CERTIFICATE_HOSTS)}"
            )
    place = base_url if given else os.environ.get("OPENAI_BASE_URL") if region is None else None
    return {"base_url": place or f"https://{CERTIFICATE_HOSTS[region or 'global']}/v1", "data_residency": None}


def _without_ambient_authorization(headers: Mapping[str, Any]) -> FieldMap:
    """The fields without a credential of the environment's, which was meant for another way to sign in."""
    ambient = [value for name, value in environment_headers().items() if name.lower() == "authorization"]
    return FieldMap({n: value for n, value in headers.items() if n.lower() != "authorization" or value not in ambient})


def altered(client: Any, arguments: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a copy, where the client, or its copy, signs in other than by a key.

    Args:
        client: the one that is copied.
        arguments: those of the copy, as if there were keys only.
        given: what the caller gave: `provider`, `workload_identity`, and those whose old values are another sign-in's.
    """
    old: SignIn | None = client._sign_in
    provider = given["provider"] if is_given(given["provider"]) else old and old.provider
    was = old and old.provider
    if provider is not None or was is not None:
        return {**arguments, **_of_provider(provider, old, given)}
    identity = given["workload_identity"]
    if identity is None and given["api_key"] is not None:
        return {**arguments, **_place(client, False, given)}
    if identity is None:
        keeps = given["http_client"] is None or not is_certificate(old and old.identity)
        return {**arguments, "api_key": None, "workload_identity": old if keeps else old and old.identity}
    return {
        **arguments,
        "api_key": given["api_key"],
        "workload_identity": identity,
        **_place(client, is_certificate(identity), given),
    }


def _of_provider(provider: Any, old: SignIn | None, given: Mapping[str, Any]) -> dict[str, Any]:
    same = old is not None and provider is old.provider
    own = {name: given[name] for name in ("api_key", "admin_api_key", "workload_identity", "data_residency")}
    bare = not any(value is not None for value in own.values()) and not is_given(given["base_url"])
    if same and bare:
        return {"api_key": None, "admin_api_key": None, "provider": old}
    changed: dict[str, Any] = {**own, "provider": provider, "base_url": given["base_url"] or not_given}
    if not same:  # who a request is for, and its fields, belonged to the other house
        changed |= {name: given[name] for name in ("organization", "project", "websocket_base_url")}
        changed["default_headers"] = given["set_default_headers"] or given["default_headers"]
    return changed


def _place(client: Any, certificate: bool, given: Mapping[str, Any]) -> dict[str, Any]:
    """Where a copy connects that signs in another way: certificates have hosts of their own."""
    old: SignIn | None = client._sign_in
    was = is_certificate(old and old.identity)
    said = given["data_residency"] is not None or (given["base_url"] is not None and is_given(given["base_url"]))
    if was == certificate or said:
        return {}
    settings = client.settings
    if settings.data_residency is not None:
        return {"base_url": not_given, "data_residency": settings.data_residency}
    hosts = CERTIFICATE_HOSTS.values() if was else ("api.openai.com",)
    return {"base_url": not_given} if settings.base_url.host in hosts else {}


def is_automatic(policies: Any, own: bool) -> bool:
    """Whether a client retries by itself, or was given a `Retry`."""
    return own if not is_given(policies) else any(isinstance(each, Retry) for each in cast("list[Any]", policies))
