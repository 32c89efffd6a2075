"""The clients for Amazon Bedrock, which serves this API with AWS's credentials: a bearer key or a signature.

Knows how what was chosen (`bedrock_setting`) becomes policies and a base URL, and that OpenAI's own variables must not reach
this house. Redirects are not followed: a signature is for one place only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ..base_client import BaseClient, T
from ..client import AsyncOpenAI, OpenAI
from ..core.credential import veiled
from ..core.omit import NotGiven, is_given, not_given
from ..core.timeout import Timeout
from ..core.url import URL
from ..errors import OpenAIError
from ..policies.authorize import Authorize
from ..policies.bound import Bound
from ..policies.chain import Layer
from ..policies.redirect import Redirect
from ..settings import DEFAULT_MAX_RETRIES, DataResidency, Settings
from ..transports.base import AsyncTransport, Transport
from .aws import AwsCredentialsProvider
from .bedrock_endpoint import BedrockEndpoint
from .bedrock_provider import signing
from .bedrock_setting import KEY_VARIABLE, BedrockSetting, Credential, given_credential, resolve_bedrock
from .provider import asking

if TYPE_CHECKING:
    from ..hooks.listener import Hooks

_PROVIDER = "bedrock_token_provider"
BedrockTokenProvider = Callable[[], str]
AsyncBedrockTokenProvider = Callable[[], "str | Awaitable[str]"]


class BedrockClient(BaseClient[T]):
    """What both colours share. Its arguments are those of `BaseClient` and these.

    Args:
        api_key: a Bedrock bearer key; `AWS_BEARER_TOKEN_BEDROCK` when no credential is given.
        bedrock_token_provider: a function that returns a bearer key, asked before each attempt.
        aws_region: e.g. "us-east-1"; `AWS_REGION`, then `AWS_DEFAULT_REGION`, when left out.
        aws_profile: a profile of the AWS configuration files, to sign with.
        aws_access_key_id: with `aws_secret_access_key`, and perhaps `aws_session_token`, keys to sign with.
        aws_secret_access_key: see above.
        aws_session_token: see above.
        aws_credentials_provider: a function that returns AWS credentials, asked before each attempt.
        base_url: instead of the region's own; `AWS_BEDROCK_BASE_URL` when left out, "" to leave that aside.
        endpoint: "mantle" or "runtime"; by the base URL, then "mantle", when left out.

    Raises:
        OpenAIError: no region, no or several credentials, or arguments that contradict each other.
    """

    _ambient: ClassVar[bool] = False
    _key_variable: ClassVar[str] = KEY_VARIABLE
    _bedrock: BedrockSetting

    @veiled
    def __init__(
        self,
        *,
        api_key: str | None = None,
        bedrock_token_provider: AsyncBedrockTokenProvider | None = None,
        aws_region: str | None = None,
        aws_profile: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        aws_credentials_provider: AwsCredentialsProvider | None = None,
        endpoint: BedrockEndpoint | None = None,
        admin_api_key: None = None,
        organization: str | None = None,
        project: str | None = None,
        webhook_secret: str | None = None,
        base_url: str | URL | NotGiven | None = None,
        data_residency: None = None,
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
        policies: Sequence[Layer] | NotGiven = not_given,
        strict_streams: bool = True,
        stream_idle_timeout: float | None = None,
        hooks: Hooks | Sequence[Hooks] | None = None,
        _strict_response_validation: bool = False,
        _enforce_credentials: bool = True,
        _clock: Any = None,
        _bedrock: BedrockSetting | None = None,
    ) -> None:
        self._refuse(admin_api_key, data_residency)
        setting = _bedrock or resolve_bedrock(
            given_credential(
                api_key=api_key,
                token_provider=bedrock_token_provider,
                profile=aws_profile,
                access_key_id=aws_access_key_id,  # type: ignore[arg-type]
                secret_access_key=aws_secret_access_key,  # type: ignore[arg-type]
                session_token=aws_session_token,  # type: ignore[arg-type]
                provider=aws_credentials_provider,
            ),
            region=aws_region,
            base_url=base_url,
            endpoint=endpoint,
        )
        self._bedrock = setting
        super().__init__(
            api_key=setting.credential.api_key or setting.credential.token_provider,  # type: ignore[arg-type]
            organization=organization,
            project=project,
            webhook_secret=webhook_secret,
            base_url=setting.base_url,
            websocket_base_url=websocket_base_url,
            timeout=timeout,
            max_retries=max_retries,
            deadline=deadline,
            default_headers=default_headers,
            default_query=default_query,
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

    def _refuse(self, admin_api_key: object, data_residency: object) -> None:
        if data_residency is not None:
            raise OpenAIError("data_residency chooses among OpenAI's own hosts; use aws_region here")
        if admin_api_key is not None:
            raise OpenAIError(
                f"{type(self).__name__} takes Bedrock's bearer keys and AWS credentials, no admin_api_key"
            )

    def _settle(self, settings: Settings) -> None:
        setting = self._bedrock
        if settings.base_url != setting.base_url:
            setting = setting.at(settings.base_url)
        signed = settings.api_key is None and settings.api_key_source is None
        self._bedrock = setting
        super()._settle(settings._replace(base_url=setting.base_url, signed=signed))

    def _chain(self, settings: Settings) -> list[Layer]:
        chain = [policy for policy in super()._chain(settings) if not isinstance(policy, (Redirect, Authorize))]
        authorization = settings.identity.bearer
        if authorization is not None:
            chain.append(Bound(settings.base_url.origin, authorization))
        if settings.api_key_source is not None:
            chain.append(Authorize(asking(settings.api_key_source, self.colour, _PROVIDER, "AsyncBedrockOpenAI")))
        elif settings.signed:
            chain.append(signing(self._bedrock, self.colour))
        return chain

    @property
    def aws_region(self) -> str | None:
        """The AWS region; `None` where a bearer key goes to a base URL that names none."""
        return self._bedrock.region

    @aws_region.setter
    def aws_region(self, value: str) -> None:
        setting = self._bedrock.within(value)
        self._bedrock = setting
        self._change(base_url=setting.base_url)

    @veiled
    def copy(
        self,
        *,
        api_key: str | Callable[[], Any] | None = None,
        admin_api_key: str | None = None,
        bedrock_token_provider: AsyncBedrockTokenProvider | None = None,
        aws_region: str | None = None,
        aws_profile: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        aws_credentials_provider: AwsCredentialsProvider | None = None,
        endpoint: BedrockEndpoint | None = None,
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
        workload_identity: Any = None,
        provider: Any = not_given,
        _enforce_credentials: bool | None = None,
        _extra_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """A client with some arguments changed that shares this one's connections.

        A credential replaces the one before, of whatever kind. `base_url=""` goes back to the region's own.

        Raises:
            OpenAIError: as for a new client.
            ValueError: an argument and its `set_` twin were both given.
        """
        self._refuse(admin_api_key, data_residency)
        if workload_identity is not None or is_given(provider):
            raise OpenAIError(
                f"{type(self).__name__} signs in to Bedrock; give workload_identity or provider to OpenAI"
            )
        credential = given_credential(
            api_key=api_key,
            token_provider=bedrock_token_provider,
            profile=aws_profile,
            access_key_id=aws_access_key_id,  # type: ignore[arg-type]
            secret_access_key=aws_secret_access_key,  # type: ignore[arg-type]
            session_token=aws_session_token,  # type: ignore[arg-type]
            provider=aws_credentials_provider,
        )
        setting = self._altered(credential, aws_region, base_url, endpoint)
        moved = setting.base_url != self.settings.base_url
        return super().copy(
            organization=organization,
            project=project,
            webhook_secret=webhook_secret,
            websocket_base_url=websocket_base_url,
            base_url=setting.base_url if moved else not_given,
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
            _extra_kwargs={"api_key": None, "_bedrock": setting, **(_extra_kwargs or {})},
        )

    with_options = copy

    def _credential(self) -> Credential:
        """The one in use; the key may have been set since the client was made."""
        key = self.settings.api_key
        return self._bedrock.credential if key is None else Credential(key)

    def _altered(
        self, credential: Credential | None, region: str | None, base_url: Any, endpoint: BedrockEndpoint | None
    ) -> BedrockSetting:
        old = self._bedrock
        stays = base_url is None or isinstance(base_url, NotGiven)
        if credential is None and region is None and endpoint is None and stays:
            return old._replace(credential=self._credential())
        new = credential or self._credential()
        # A region nobody chose gives way to a profile's, and for bearer keys to the new base URL's.
        other_profile = credential is not None and new.aws is not None and new.aws.profile is not None
        follows = base_url == "" or (stays and old.derived)
        keeps = old.region_given or (not other_profile and (new.aws is not None or follows))
        return resolve_bedrock(
            new,
            region=region if region is not None else old.region if keeps else None,
            region_given=region is not None or old.region_given,
            base_url=("" if old.derived else old.base_url) if stays else base_url,
            endpoint=endpoint or (old.endpoint if old.endpoint_given else None),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """A client travels as its settings; its key only as the name of the environment variable it came from."""
        rebuild, (kind, arguments) = super().__reduce__()
        old, credential = self._bedrock, self._credential()
        aws = credential.aws
        if aws is not None and aws.keys is not None:
            raise TypeError(
                "a client with AWS keys does not pickle; let both processes use a profile or the default chain"
            )
        own = {
            "api_key": None,
            "bedrock_token_provider": credential.token_provider,
            "aws_region": old.region if aws or old.derived or old.region_given else None,
            "aws_profile": aws and aws.profile,
            "aws_credentials_provider": aws and aws.provider,
            "base_url": "" if old.derived else str(old.base_url),
            "endpoint": old.endpoint if old.endpoint_given else None,
        }
        return (rebuild, (kind, {**arguments, **own}))


class BedrockOpenAI(BedrockClient[Transport], OpenAI):
    """The blocking client for Amazon Bedrock.

    >>> client = BedrockOpenAI(aws_region="us-east-1")  # AWS_BEARER_TOKEN_BEDROCK or AWS credentials  # doctest: +SKIP

    Its arguments are those of `BedrockClient`.
    """


class AsyncBedrockOpenAI(BedrockClient[AsyncTransport], AsyncOpenAI):
    """The asyncio client for Amazon Bedrock. Its arguments are those of `BedrockClient`."""
