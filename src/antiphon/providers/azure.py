"""The clients for Azure OpenAI, which serves this API below a resource of one's own.

Knows how what was chosen (`azure_setting`) becomes requests (`azure_endpoint`) and a WebSocket's address, and that OpenAI's own
keys must not reach this house. Its organization, project and header fields do, as with the official client.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ..base_client import BaseClient, T
from ..client import AsyncOpenAI, OpenAI
from ..core.credential import veiled
from ..core.omit import SENTINELS, NotGiven, is_given, not_given
from ..core.secret import Secret
from ..core.timeout import Timeout
from ..core.url import URL, Origin
from ..errors import OpenAIError
from ..policies.authorize import Authorize
from ..policies.chain import Layer
from ..settings import DEFAULT_MAX_RETRIES, Settings, environment_headers
from ..transports.base import AsyncTransport, Transport
from .azure_authorize import AzureAuthorize, carried
from .azure_endpoint import AzureEndpoint, belongs_to_resource, deployment_path, guard, realtime_query, socket_base
from .azure_setting import (
    KEY_VARIABLE,
    TOKEN_VARIABLE,
    AzureCredential,
    AzureSetting,
    given_credential,
    resolve_azure,
)
from .azure_setting import MutuallyExclusiveAuthError as MutuallyExclusiveAuthError

if TYPE_CHECKING:
    from ..hooks.listener import Hooks

AzureADTokenProvider = Callable[[], str]
AsyncAzureADTokenProvider = Callable[[], "str | Awaitable[str]"]


class BaseAzureClient(BaseClient[T]):
    """What both colours share. Its arguments are those of `BaseClient` and these.

    Args:
        azure_endpoint: the resource's root, e.g. "https://name.openai.azure.com"; `AZURE_OPENAI_ENDPOINT` when left out. One
            that ends with "/openai/v1" is the newer API, which has OpenAI's own paths.
        azure_deployment: the deployment that operations of models go to; by each call's `model` when left out.
        api_version: e.g. "2024-10-21"; `OPENAI_API_VERSION` when left out. The newer API needs none.
        api_key: the resource's key, or a function that returns it; `AZURE_OPENAI_API_KEY` when no credential is given.
        azure_ad_token: a token of Microsoft Entra ID; `AZURE_OPENAI_AD_TOKEN`, before any key, when no credential is given.
        azure_ad_token_provider: a function that returns such a token (async clients: or an awaitable of it), asked before each
            attempt.
        base_url: the API's root, instead of `azure_endpoint`.

    Raises:
        OpenAIError: no credential was found, or several were given.
        ValueError: the version or the place is missing, or the place was given twice.
    """

    _ambient: ClassVar[bool] = False
    _key_variable: ClassVar[str] = KEY_VARIABLE
    _azure: AzureSetting

    @veiled
    def __init__(
        self,
        *,
        api_version: str | None = None,
        azure_endpoint: str | None = None,
        azure_deployment: str | None = None,
        api_key: str | Callable[[], Any] | None = None,
        admin_api_key: str | None = None,
        workload_identity: Any = None,
        azure_ad_token: str | None = None,
        azure_ad_token_provider: AsyncAzureADTokenProvider | None = None,
        organization: str | None = None,
        project: str | None = None,
        webhook_secret: str | None = None,
        websocket_base_url: str | URL | None = None,
        base_url: str | URL | NotGiven | None = None,
        data_residency: None = None,
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
        policies: Sequence[Layer] | NotGiven = not_given,
        strict_streams: bool = True,
        stream_idle_timeout: float | None = None,
        hooks: Hooks | Sequence[Hooks] | None = None,
        _strict_response_validation: bool = False,
        _enforce_credentials: bool = True,
        _clock: Any = None,
        _azure: AzureSetting | None = None,
    ) -> None:
        _refuse(workload_identity, data_residency)
        setting = _azure or resolve_azure(
            given_credential(api_key, azure_ad_token, azure_ad_token_provider),
            api_version=api_version,
            endpoint=azure_endpoint,
            deployment=azure_deployment,
            base_url=base_url,
            enforce=_enforce_credentials,
        )
        self._azure = setting
        version = {} if setting.api_version is None else {"api-version": setting.api_version}
        super().__init__(
            api_key=setting.credential.key or setting.credential.key_source,  # type: ignore[arg-type]
            admin_api_key=admin_api_key,
            organization=os.environ.get("OPENAI_ORG_ID") if organization is None else organization,
            project=os.environ.get("OPENAI_PROJECT_ID") if project is None else project,
            webhook_secret=webhook_secret,
            base_url=setting.base_url,
            websocket_base_url=websocket_base_url,
            timeout=timeout,
            max_retries=max_retries,
            deadline=deadline,
            default_headers={**environment_headers(), **(default_headers or {})},
            default_query={**(default_query or {}), **version},
            http_client=http_client,
            proxy=proxy,
            verify=verify,
            cert=cert,
            limits=limits,
            policies=policies,
            strict_streams=strict_streams,
            stream_idle_timeout=stream_idle_timeout,
            hooks=hooks,
            _strict_response_validation=_strict_response_validation,
            _enforce_credentials=False,
            _clock=_clock,
        )
        self.settings = self.settings._replace(enforce_credentials=_enforce_credentials)

    def _settle(self, settings: Settings) -> None:
        before = self._azure
        setting = before if settings.base_url == before.base_url else before.at(settings.base_url)
        old = setting.credential
        if (settings.api_key, settings.api_key_source) != (old.key, old.key_source):  # one was set since
            setting = setting._replace(credential=AzureCredential(settings.api_key, settings.api_key_source))
        self._azure = setting
        try:
            super()._settle(settings)
        except BaseException:
            self._azure = before
            raise
        if not self._hooks:
            self._endpoint = AzureEndpoint(
                setting,
                headers=self._own_headers(settings),
                default_headers=settings.default_headers,
                default_query=settings.default_query,
                timeout=settings.phases,
            )

    def _chain(self, settings: Settings) -> list[Layer]:
        chain: list[Layer] = [each for each in super()._chain(settings) if not isinstance(each, Authorize)]
        credential = self._azure.credential
        return chain if credential.source is None else [*chain, AzureAuthorize(credential.field, credential.source)]

    @property
    def _api_version(self) -> str | None:
        return self._azure.api_version

    @property
    def _azure_endpoint(self) -> URL | None:
        return None if self._azure.endpoint is None else URL(self._azure.endpoint)

    @property
    def _azure_deployment(self) -> str | None:
        return self._azure.deployment

    # -- what a subclass may override, and what its overrides call

    @property
    def auth_headers(self) -> dict[str, str]:
        """The field that carries the credential."""
        return self._auth_headers({"bearer_auth": True})

    def _auth_headers(self, security: Mapping[str, bool]) -> dict[str, str]:
        credential = self._azure.credential
        return {} if credential.value is None else {credential.field: credential.value.reveal()}

    def _prepare_url(self, url: str) -> URL:
        root = self._azure.root
        if root is None or not belongs_to_resource(self._azure, url):
            return super()._prepare_url(url)
        path, _, query = url.partition("?")
        return root.with_path(root.path + path.lstrip("/"), query)

    def _build_request(self, options: Any, *, retries_taken: int = 0) -> Any:
        setting, routed = self._azure, options.copy()
        routed.url = deployment_path(setting, options.url, options.json_data)
        if "_prepare_url" not in self._hooks and belongs_to_resource(setting, routed.url):
            routed.url = str(self._prepare_url(routed.url))
        request = super()._build_request(routed, retries_taken=retries_taken)
        if routed.authorization is not None:  # the key, asked for by way of `_refresh_api_key`
            carried(request.headers, setting.credential.field, routed.authorization)
        guard(request.origin, setting.base_url.origin, request.headers, options.headers or {})
        return request

    # -- WebSockets

    def _socket_route(
        self, path: str, own: Mapping[str, Any], more: Mapping[str, Any]
    ) -> tuple[URL, Mapping[str, Any]]:
        """The base URL of a channel, and its query: the endpoint's own entries, and the caller's over them."""
        setting = self._azure
        base = self.websocket_base_url or socket_base(setting, path)
        if path != "/realtime" or setting.v1:
            return base, {**own, **more}
        return base, realtime_query(setting, own, more)

    async def _handshake(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        settings, credential = self.settings, self._azure.credential
        if settings.organization is not None:
            fields["OpenAI-Organization"] = settings.organization
        if settings.project is not None:
            fields["OpenAI-Project"] = settings.project
        given = {name: value for name, value in settings.default_headers.items() if value.__class__ not in SENTINELS}
        return {**fields, **given, **await credential_fields(credential, settings.base_url.origin)}

    @veiled
    def copy(
        self,
        *,
        api_key: str | Callable[[], Any] | None = None,
        admin_api_key: str | None = None,
        workload_identity: Any = None,
        provider: Any = not_given,
        organization: str | None = None,
        project: str | None = None,
        webhook_secret: str | None = None,
        websocket_base_url: str | URL | None = None,
        api_version: str | None = None,
        azure_ad_token: str | None = None,
        azure_ad_token_provider: AsyncAzureADTokenProvider | None = None,
        base_url: str | URL | NotGiven | None = not_given,
        data_residency: Any = None,
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
        _enforce_credentials: bool | None = None,
        _extra_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """A client with some arguments changed that shares this one's connections.

        A credential replaces the one before, of whatever kind. Endpoint and deployment stay, unless `base_url` is given.

        Raises:
            OpenAIError, ValueError: as for a new client.
        """
        if is_given(provider):
            raise OpenAIError("Configure `provider` on OpenAI or AsyncOpenAI; an Azure client is a provider of its own")
        _refuse(workload_identity, data_residency)
        old = self._azure
        credential = given_credential(api_key, azure_ad_token, azure_ad_token_provider) or old.credential
        setting = old._replace(credential=credential)
        if base_url is not None and is_given(base_url):
            from ..settings import base_url_from

            setting = setting.at(base_url_from(base_url))
        setting = setting._replace(api_version=api_version or old.api_version)
        return super().copy(
            admin_api_key=admin_api_key,
            organization=organization,
            project=project,
            webhook_secret=webhook_secret,
            websocket_base_url=websocket_base_url,
            base_url=setting.base_url if setting.base_url != self.settings.base_url else not_given,
            timeout=timeout,
            http_client=http_client,
            max_retries=max_retries,
            deadline=deadline,
            default_headers=default_headers,
            set_default_headers=set_default_headers,
            default_query=default_query,
            set_default_query=set_default_query,
            policies=policies,
            stream_idle_timeout=stream_idle_timeout,
            hooks=hooks,
            _enforce_credentials=_enforce_credentials,
            _extra_kwargs={"api_key": None, "_azure": setting, **(_extra_kwargs or {})},
        )

    with_options = copy

    def __reduce__(self) -> tuple[Any, ...]:
        """A client travels as its settings; its credential only as the name of the environment variable it came from."""
        rebuild, (kind, arguments) = super().__reduce__()
        setting = self._azure
        token = setting.credential.token
        if token is not None and token != Secret(os.environ.get(TOKEN_VARIABLE, "")):
            raise TypeError(
                f"a client whose token was passed as an argument does not pickle; set {TOKEN_VARIABLE} in both processes"
            )
        own = {
            "azure_ad_token_provider": setting.credential.token_source,
            "azure_endpoint": setting.endpoint,
            "azure_deployment": setting.deployment,
            "api_version": setting.api_version,
            "base_url": None if setting.endpoint is not None else str(setting.base_url),
        }
        return (rebuild, (kind, {**arguments, **own}))


async def credential_fields(credential: AzureCredential, origin: Origin) -> dict[str, str]:
    """The field that carries a credential, as a flow: a function is asked."""
    from ..core.credential import asked, bearer

    if credential.source is None:
        if credential.value is None:
            raise TypeError(
                "Could not resolve authentication method. WebSockets need api_key or a token; pass one to the client"
            )
        return {credential.field: credential.value.reveal()}
    found = await asked(credential.source, origin)
    return {credential.field: (bearer(found) if credential.token_source is not None else found).reveal()}


def _refuse(workload_identity: Any, data_residency: Any) -> None:
    if data_residency is not None:
        raise OpenAIError("`data_residency` is only supported by OpenAI clients; an Azure resource has its region")
    if workload_identity is not None:
        raise OpenAIError(
            "workload identity is not supported by Azure clients; pass azure_ad_token_provider, or use OpenAI(workload_identity=…)"
        )


class AzureOpenAI(BaseAzureClient[Transport], OpenAI):
    """The blocking client for Azure OpenAI.

    >>> client = AzureOpenAI(  # doctest: +SKIP
    ...     azure_endpoint="https://name.openai.azure.com", api_version="2024-10-21", azure_deployment="gpt"
    ... )

    Its arguments are those of `BaseAzureClient`.
    """

    def websocket_headers(self) -> dict[str, str]:
        """The credential and identity fields a WebSocket handshake carries."""
        return self.run(self._handshake())


class AsyncAzureOpenAI(BaseAzureClient[AsyncTransport], AsyncOpenAI):
    """The asyncio client for Azure OpenAI. Its arguments are those of `BaseAzureClient`."""

    async def websocket_headers(self) -> dict[str, str]:
        """The credential and identity fields a WebSocket handshake carries."""
        return await self.run(self._handshake())
