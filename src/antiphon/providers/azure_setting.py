"""What an Azure client was told: argument, then environment; where that leads, and what contradicts itself.

Azure serves this API in two ways. The older one names a dated `api_version` in every query and the deployment in the path:
`https://{resource}.openai.azure.com/openai/deployments/{deployment}/…`. The newer one, whose root ends with `/openai/v1`,
has the API's own paths, takes the deployment as `model`, and needs no version. Refuses to know clients.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from ..core import credential
from ..core.omit import is_given
from ..core.secret import Secret
from ..core.url import URL
from ..errors import OpenAIError
from ..settings import base_url_from

KEY_VARIABLE = "AZURE_OPENAI_API_KEY"
TOKEN_VARIABLE = "AZURE_OPENAI_AD_TOKEN"  # noqa: S105
_V1 = "/openai/v1/"


class MutuallyExclusiveAuthError(OpenAIError):
    """More than one of `api_key`, `azure_ad_token` and `azure_ad_token_provider` was given."""

    def __init__(self) -> None:
        super().__init__(
            "The `api_key`, `azure_ad_token` and `azure_ad_token_provider` arguments are mutually exclusive: an Azure client "
            "takes one of them at a time"
        )


class AzureCredential(NamedTuple):
    """At most one of the four is set: a key, a function that gives it, an Entra token, a function that gives it."""

    key: Secret | None = None
    key_source: Callable[[], Any] | None = None
    token: Secret | None = None
    token_source: Callable[[], Any] | None = None

    @property
    def there(self) -> bool:
        """Whether one is set."""
        return any(part is not None for part in self)

    @property
    def field(self) -> str:
        """The header field that carries it."""
        return "Authorization" if self.token is not None or self.token_source is not None else "api-key"

    @property
    def source(self) -> Callable[[], Any] | None:
        """The function that gives it, if one does."""
        return self.token_source or self.key_source

    @property
    def value(self) -> Secret | None:
        """What the field holds; what stands for it where a function is still to be asked."""
        if self.source is not None:
            return credential.pending(self.source)
        return self.key if self.token is None else credential.bearer(self.token)


class AzureSetting(NamedTuple):
    """Everything an Azure client was told beyond other clients' settings."""

    credential: AzureCredential
    base_url: URL
    root: URL | None
    """`{azure_endpoint}/openai/`, where operations go that are no deployment's; `None` where a base URL was given."""
    endpoint: str | None
    deployment: str | None
    api_version: str | None

    @property
    def v1(self) -> bool:
        """Whether this is the newer way."""
        return self.base_url.path.endswith(_V1)

    def at(self, base_url: URL) -> AzureSetting:
        """With another base URL, which then says all."""
        return self._replace(base_url=base_url, root=None, endpoint=None, deployment=None)


def resolve_azure(
    credential: AzureCredential | None,
    *,
    api_version: str | None,
    endpoint: str | None,
    deployment: str | None,
    base_url: Any,
    enforce: bool,
) -> AzureSetting:
    """The setting for a client's arguments and this process's environment.

    Args:
        credential: what was given; `None` for the environment's.
        api_version: e.g. "2024-10-21"; `OPENAI_API_VERSION` when `None`.
        endpoint: the resource's root; `AZURE_OPENAI_ENDPOINT` when neither this nor `base_url` is given.
        deployment: the one that every operation of a deployment goes to; by each call's `model` when `None`.
        base_url: the API's root instead of an endpoint's.
        enforce: whether a credential is required.

    Raises:
        OpenAIError: no credential was found.
        ValueError: the version or the place is missing, or the place was given twice.
        InvalidBaseURL, InvalidCredential: an argument that cannot be right.
    """
    credential = credential or _from_environment()
    if enforce and not credential.there:
        raise OpenAIError(
            "Missing credentials. Please pass one of `api_key`, `azure_ad_token`, `azure_ad_token_provider`, or set the "
            f"`{KEY_VARIABLE}` or `{TOKEN_VARIABLE}` environment variable"
        )
    given = base_url if base_url is not None and is_given(base_url) else None
    place = None if given is None and endpoint is None else base_url_from(given if given is not None else endpoint)
    ambient = os.environ.get("AZURE_OPENAI_ENDPOINT") if place is None else None
    place = base_url_from(ambient) if ambient else place
    v1 = place is not None and place.path.endswith(_V1)
    version = api_version if api_version is not None else None if v1 else os.environ.get("OPENAI_API_VERSION")
    if version is None and not v1:
        raise ValueError(
            "Must provide either the `api_version` argument or the `OPENAI_API_VERSION` environment variable (or an endpoint "
            "that ends with /openai/v1, which needs none)"
        )
    if place is None:
        raise ValueError(
            "Must provide one of the `base_url` or `azure_endpoint` arguments, or the `AZURE_OPENAI_ENDPOINT` environment "
            "variable"
        )
    if given is not None and endpoint is not None:
        raise ValueError(
            "base_url and azure_endpoint are mutually exclusive; azure_endpoint is the resource's root alone"
        )
    if given is not None or v1:
        return AzureSetting(credential, place, None, None, None, version)
    root = place.with_path(f"{place.path}openai/")
    base = root if deployment is None else root.with_path(f"{root.path}deployments/{_fit(deployment)}/")
    return AzureSetting(credential, base, root, endpoint or ambient, deployment, version)


def given_credential(api_key: Any, token: Any, token_source: Callable[[], Any] | None) -> AzureCredential | None:
    """The one credential among the arguments; `None` if there is none.

    Raises:
        MutuallyExclusiveAuthError: there are two.
        InvalidCredential, TypeError: the one cannot be right.
    """
    if sum(part is not None for part in (api_key, token, token_source)) > 1:
        raise MutuallyExclusiveAuthError
    if api_key is not None and not isinstance(api_key, Secret):
        return AzureCredential(key_source=api_key)
    if api_key is not None:
        return AzureCredential(key=credential.checked(api_key))
    if token is not None:
        return AzureCredential(token=credential.checked(token, "azure_ad_token"))
    return None if token_source is None else AzureCredential(token_source=token_source)


def _from_environment() -> AzureCredential:
    if os.environ.get(TOKEN_VARIABLE):
        return AzureCredential(token=credential.checked(Secret(os.environ[TOKEN_VARIABLE]), TOKEN_VARIABLE))
    if os.environ.get(KEY_VARIABLE):
        return AzureCredential(key=credential.checked(Secret(os.environ[KEY_VARIABLE]), KEY_VARIABLE))
    return AzureCredential()


def _fit(deployment: str) -> str:
    from ..core.path import expand

    return expand("{deployment}", {"deployment": deployment})
