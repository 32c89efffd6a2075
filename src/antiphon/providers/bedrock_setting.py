"""What a Bedrock client was told: argument, then environment, then default; and what contradicts itself.

Credentials, by precedence: `api_key` or `bedrock_token_provider` (bearer), or AWS credentials (keys, a profile or a function),
of which one at most may be given; then `AWS_BEARER_TOKEN_BEDROCK`; then AWS's default chain. Refuses to know clients.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from ..core.omit import is_given
from ..core.secret import Secret
from ..core.url import URL
from ..errors import OpenAIError
from .aws import AwsCredential, AwsCredentialsProvider, StaticKeys
from .bedrock_endpoint import BedrockEndpoint, agree, checked_region, default_url, given_url, place_of

KEY_VARIABLE = "AWS_BEARER_TOKEN_BEDROCK"


class Credential(NamedTuple):
    """One of the three is set."""

    api_key: Secret | None = None
    token_provider: Callable[[], Any] | None = None
    aws: AwsCredential | None = None


class BedrockSetting(NamedTuple):
    """Everything a Bedrock client was told beyond other clients' settings."""

    credential: Credential
    base_url: URL
    derived: bool
    """Whether the base URL follows from the region."""
    endpoint: BedrockEndpoint
    endpoint_given: bool
    region: str | None
    region_given: bool

    def at(self, base_url: object) -> BedrockSetting:
        """With another base URL, which must agree with what was chosen."""
        url = given_url(base_url)
        place = place_of(url.host)
        endpoint = place.endpoint if place and not self.endpoint_given else self.endpoint
        free = self.credential.aws is None and not self.region_given
        agree(url, endpoint, None if free else self.region)
        region = place.region if place and free else self.region
        return self._replace(base_url=url, derived=False, endpoint=endpoint, region=region)

    def within(self, region: str) -> BedrockSetting:
        """With another region, which moves a base URL that follows from it."""
        name = checked_region(region)
        if self.derived and name is not None:
            return self._replace(base_url=default_url(self.endpoint, name), region=name, region_given=True)
        agree(self.base_url, self.endpoint, name)
        return self._replace(region=name, region_given=True)


def resolve_bedrock(
    credential: Credential | None,
    *,
    region: str | None,
    region_given: bool | None = None,
    base_url: Any,
    endpoint: BedrockEndpoint | None,
) -> BedrockSetting:
    """The setting for a client's arguments and this process's environment.

    Args:
        credential: what was given; `None` for the environment's.
        region: the region's name; `AWS_REGION`, then `AWS_DEFAULT_REGION`, then what the base URL or the AWS configuration
            say, when `None`.
        region_given: whether the user chose it, if that is not plain from `region`.
        base_url: `AWS_BEDROCK_BASE_URL` when left out; "" for the region's own, whatever the environment says.
        endpoint: "mantle" or "runtime"; by the base URL, then "mantle", when `None`.

    Raises:
        OpenAIError: something is missing, wrong, or contradicts something else.
    """
    if endpoint not in (None, "mantle", "runtime"):
        raise OpenAIError(f'endpoint must be "mantle" or "runtime"; got {endpoint!r}')
    credential = credential or _from_environment()
    url = _url(base_url)
    place = None if url is None else place_of(url.host)
    name = checked_region(region)
    if name is None and (url is None or credential.aws is not None):
        name = checked_region(_ambient_region())
    if name is None:
        name = place.region if place else checked_region(credential.aws.region()) if credential.aws else None
    chosen = endpoint or (place.endpoint if place else "mantle")
    if name is None and (url is None or credential.aws is not None):
        raise OpenAIError("Bedrock needs an AWS region; pass aws_region, or set AWS_REGION or AWS_DEFAULT_REGION")
    where = url or default_url(chosen, str(name))
    agree(where, chosen, name)
    return BedrockSetting(
        credential=credential,
        base_url=where,
        derived=url is None,
        endpoint=chosen,
        endpoint_given=endpoint is not None,
        region=name or _ambient_region(),
        region_given=region is not None if region_given is None else region_given,
    )


def given_credential(
    *,
    api_key: Any,
    token_provider: Callable[[], Any] | None,
    profile: str | None,
    access_key_id: Secret | None,
    secret_access_key: Secret | None,
    session_token: Secret | None,
    provider: AwsCredentialsProvider | None,
) -> Credential | None:
    """The one credential among the arguments; `None` if there is none.

    Raises:
        OpenAIError: there are two, or the one is incomplete.
    """
    if callable(api_key):
        raise OpenAIError("pass a function that returns the token as bedrock_token_provider, not as api_key")
    keys = _keys(access_key_id, secret_access_key, session_token)
    if profile is not None and not profile.strip():
        raise OpenAIError("aws_profile is empty; leave it out for the default profile")
    given = {
        "api_key": api_key is not None,
        "bedrock_token_provider": token_provider is not None,
        "AWS keys": keys is not None,
        "aws_profile": profile is not None,
        "aws_credentials_provider": provider is not None,
    }
    names = [name for name, there in given.items() if there]
    if len(names) > 1:
        raise OpenAIError(f"Bedrock authentication is ambiguous: {' and '.join(names)} were given; choose one")
    if not names:
        return None
    if api_key is not None or token_provider is not None:
        return Credential(api_key, token_provider)
    return Credential(
        aws=AwsCredential(keys=keys, profile=None if profile is None else profile.strip(), provider=provider)
    )


def _keys(access: Secret | None, secret: Secret | None, token: Secret | None) -> StaticKeys | None:
    if access is None and secret is None and token is None:
        return None
    if access is None or secret is None:
        raise OpenAIError("AWS keys are aws_access_key_id and aws_secret_access_key; aws_session_token goes with both")
    for name, key in (("aws_access_key_id", access), ("aws_secret_access_key", secret), ("aws_session_token", token)):
        if key is not None and not key.reveal().strip():
            raise OpenAIError(f"{name} is empty")
    return StaticKeys(access, secret, token)


def _from_environment() -> Credential:
    if os.environ.get(KEY_VARIABLE):
        return Credential(Secret(os.environ[KEY_VARIABLE]))
    return Credential(aws=AwsCredential())


def _ambient_region() -> str | None:
    name = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    return name.strip() or None


def _url(base_url: Any) -> URL | None:
    if base_url is None or not is_given(base_url):
        base_url = os.environ.get("AWS_BEDROCK_BASE_URL") or ""
    return None if isinstance(base_url, str) and not base_url.strip() else given_url(base_url)
