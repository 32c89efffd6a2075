"""Amazon Bedrock as a provider: `OpenAI(provider=bedrock(region="eu-west-1"))`.

What was chosen is `bedrock_setting`'s to judge; here it becomes policies.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ..core.credential import checked
from ..core.omit import NotGiven, is_given, not_given
from ..core.secret import Secret
from ..core.url import URL
from ..errors import OpenAIError
from ..policies.authorize import Authorize
from ..policies.chain import Layer
from ..policies.sign import Sign
from .aws import AsyncSigV4, AwsCredential, AwsCredentialsProvider, BlockingSigV4
from .bedrock_endpoint import SERVICES, BedrockEndpoint
from .bedrock_setting import BedrockSetting, Credential, given_credential, resolve_bedrock
from .keeper import Keeper
from .provider import Provider, asking, veiling

BedrockTokenProvider = Callable[[], "str | Awaitable[str]"]


@veiling("api_key", "access_key_id", "secret_access_key", "session_token")
def bedrock(
    *,
    endpoint: BedrockEndpoint | None = None,
    region: str | None = None,
    base_url: str | URL | NotGiven | None = not_given,
    api_key: str | NotGiven | None = not_given,
    token_provider: BedrockTokenProvider | None = None,
    access_key_id: str | None = None,
    secret_access_key: str | None = None,
    session_token: str | None = None,
    profile: str | None = None,
    credential_provider: AwsCredentialsProvider | None = None,
) -> Provider:
    """Amazon Bedrock, for the `provider` argument of a client.

    >>> client = OpenAI(provider=bedrock(region="us-east-1"))  # doctest: +SKIP

    Args:
        endpoint: "mantle" or "runtime"; by the base URL, then "mantle", when left out.
        region: e.g. "us-east-1"; `AWS_REGION`, then `AWS_DEFAULT_REGION`, when left out.
        base_url: instead of the region's own; `AWS_BEDROCK_BASE_URL` when left out, `None` to leave that aside.
        api_key: a Bedrock bearer key; `AWS_BEARER_TOKEN_BEDROCK` when no credential is given, `None` to leave that aside.
        token_provider: a function that returns a bearer key, asked before each attempt.
        access_key_id: with `secret_access_key`, and perhaps `session_token`, keys to sign with.
        secret_access_key: see above.
        session_token: see above.
        profile: a profile of the AWS configuration files, to sign with.
        credential_provider: a function that returns AWS credentials, asked before each attempt.

    Raises:
        OpenAIError: no region, several credentials, or arguments that contradict each other.
    """
    for name, value in (("region", region), ("base_url", base_url)):
        if isinstance(value, str) and not value.strip():
            raise OpenAIError(f"the Bedrock {name} is empty; leave it out to read it from the environment")
    credential = given_credential(
        api_key=api_key if is_given(api_key) else None,
        token_provider=token_provider,
        profile=profile,
        access_key_id=access_key_id,  # type: ignore[arg-type]
        secret_access_key=secret_access_key,  # type: ignore[arg-type]
        session_token=session_token,  # type: ignore[arg-type]
        provider=credential_provider,
    )
    if credential is None and api_key is None:
        credential = Credential(aws=AwsCredential())
    if credential is not None and credential.api_key is not None:
        checked(credential.api_key)
    where = "" if base_url is None else base_url
    return Provider(BedrockDefinition(resolve_bedrock(credential, region=region, base_url=where, endpoint=endpoint)))


class BedrockDefinition:
    """What a Bedrock provider knows."""

    name = "bedrock"

    def __init__(self, setting: BedrockSetting) -> None:
        self._setting = setting

    @property
    def base_url(self) -> URL:
        """The API's root there."""
        return self._setting.base_url

    def keeper(self) -> Keeper | None:
        """None: botocore keeps what it finds."""
        return None

    def policies(self, colour: str, keeper: Keeper | None) -> Sequence[Layer]:
        """What signs a request, or puts the bearer key into it."""
        credential = self._setting.credential
        if credential.token_provider is not None:
            return [Authorize(asking(credential.token_provider, colour, "token_provider", "AsyncOpenAI"))]
        if credential.api_key is not None:
            return [Authorize(_given(credential.api_key))]
        return [signing(self._setting, colour)]


def _given(key: Secret) -> Callable[[], Any]:
    return lambda: key.reveal()


def signing(setting: BedrockSetting, colour: str) -> Layer:
    """The policy that signs with AWS credentials."""
    assert setting.credential.aws is not None
    signer = BlockingSigV4 if colour == "sync" else AsyncSigV4
    return Sign(signer(setting.credential.aws, SERVICES[setting.endpoint], str(setting.region)))
