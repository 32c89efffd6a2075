"""What `openai.providers.bedrock` has, for programs that import it; the package's own `bedrock` stays the function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.alias import lend

if TYPE_CHECKING:
    from .aws import AwsCredentialsProvider as AwsCredentialsProvider
    from .bedrock_endpoint import BedrockEndpoint as BedrockEndpoint
    from .bedrock_provider import BedrockTokenProvider as BedrockTokenProvider
    from .bedrock_provider import bedrock as bedrock

lend(globals())
