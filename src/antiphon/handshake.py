"""The fields a WebSocket handshake carries: who calls, and for whom."""

from __future__ import annotations

from .core.credential import asked, bearer
from .core.omit import SENTINELS
from .errors import OpenAIError
from .settings import Settings


async def handshake(settings: Settings) -> dict[str, str]:
    """The fields, as a flow: a key from a function is asked for.

    Raises:
        TypeError: the client has no API key.
        OpenAIError: it signs in by a signature or a token that is made for each request.
    """
    if settings.signed:
        raise OpenAIError("This authentication method is not supported by WebSocket connections; they need an API key")
    if settings.api_key_source is not None:
        authorization = bearer(await asked(settings.api_key_source, settings.base_url.origin))
    elif settings.api_key is not None:
        authorization = bearer(settings.api_key)
    else:
        raise TypeError("Could not resolve authentication method. WebSockets need api_key; pass it to the client")
    fields = {"Authorization": authorization.reveal()}
    if settings.organization is not None:
        fields["OpenAI-Organization"] = settings.organization
    if settings.project is not None:
        fields["OpenAI-Project"] = settings.project
    given = {name: value for name, value in settings.default_headers.items() if value.__class__ not in SENTINELS}
    return {**fields, **given}
