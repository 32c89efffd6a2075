"""Azure's credential from a function: asked for before each attempt, and put into the field that carries its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.credential import PENDING, bearer
from ..core.headers import Headers
from ..core.secret import Secret
from ..policies.authorize import Authorize

_NAMES = {"Authorization": "azure_ad_token_provider", "api-key": "api_key"}


class AzureAuthorize(Authorize):
    """Sets the credential's field from a function, once per attempt; a caller's own value is left alone.

    Args:
        field: "Authorization" for Entra's tokens, "api-key" for keys.
        source: returns the credential (or, for async clients, an awaitable of it); or one of `antiphon.credentials`.

    Raises:
        InvalidCredential: what it returned cannot be one.
    """

    def __init__(self, field: str, source: Callable[[], Any]) -> None:
        super().__init__(source, field=field, name=_NAMES[field])

    def _said(self) -> str:
        return self._field


def carried(headers: Headers, field: str, credential: Secret) -> None:
    """Put a credential into its field, where it is still pending."""
    if headers.get(field) == PENDING.reveal():
        headers[field] = (bearer(credential) if field == "Authorization" else credential).reveal()
