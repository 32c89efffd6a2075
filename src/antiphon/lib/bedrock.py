"""The official path of the clients for Amazon Bedrock; they live in `antiphon.providers.bedrock_client`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.alias import lend

if TYPE_CHECKING:
    from ..providers.aws import AwsCredentialsProvider as AwsCredentialsProvider
    from ..providers.bedrock_client import AsyncBedrockOpenAI as AsyncBedrockOpenAI
    from ..providers.bedrock_client import AsyncBedrockTokenProvider as AsyncBedrockTokenProvider
    from ..providers.bedrock_client import BedrockOpenAI as BedrockOpenAI
    from ..providers.bedrock_client import BedrockTokenProvider as BedrockTokenProvider

lend(globals())
