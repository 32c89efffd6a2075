"""Azure's credential from a function: asked for before each attempt, and put into the field that carries its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.credential import PENDING, bearer, checked
from ..core.effects import Ask
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from ..core.secret import Secret
from ..policies.chain import Forward

_NAMES = {"Authorization": "azure_ad_token_provider", "api-key": "api_key"}


class AzureAuthorize:
    """Sets the credential's field from a function, once per attempt; a caller's own value is left alone.

    Args:
        field: "Authorization" for Entra's tokens, "api-key" for keys.
        source: returns the credential (or, for async clients, an awaitable of it).

    Raises:
        InvalidCredential: what it returned cannot be one.
    """

    def __init__(self, field: str, source: Callable[[], Any]) -> None:
        self._field = field
        self._source = source

    def __repr__(self) -> str:
        return f"AzureAuthorize({self._field} from a function, once per attempt)"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        if request.headers.get(self._field) != PENDING.reveal():
            return await forward(request)
        found = checked(await Ask(self._source), _NAMES[self._field])
        headers = Headers(request.headers)
        carried(headers, self._field, found)
        return await forward(request.replace(headers=headers))


def carried(headers: Headers, field: str, credential: Secret) -> None:
    """Put a credential into its field, where it is still pending."""
    if headers.get(field) == PENDING.reveal():
        headers[field] = (bearer(credential) if field == "Authorization" else credential).reveal()
