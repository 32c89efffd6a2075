"""The official path of the Azure clients; they live in `antiphon.providers.azure`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.alias import lend

if TYPE_CHECKING:
    from ..providers.azure import AsyncAzureADTokenProvider as AsyncAzureADTokenProvider
    from ..providers.azure import AsyncAzureOpenAI as AsyncAzureOpenAI
    from ..providers.azure import AzureADTokenProvider as AzureADTokenProvider
    from ..providers.azure import AzureOpenAI as AzureOpenAI
    from ..providers.azure import BaseAzureClient as BaseAzureClient
    from ..providers.azure import MutuallyExclusiveAuthError as MutuallyExclusiveAuthError

lend(globals())
