"""Keys in a query: some houses take them there, as `?key=…`."""

from __future__ import annotations

from urllib.parse import unquote_plus

from .headers import is_sensitive
from .secret import Secret


def secrets_in(query: str) -> list[Secret]:
    """The values that may be credentials, by their names.

    >>> secrets_in("key=sk-0123456789&limit=2")  # doctest: +ELLIPSIS
    [Secret(<redacted> id=...)]
    """
    pairs = (part.partition("=") for part in query.split("&"))
    return [Secret(unquote_plus(value)) for name, _, value in pairs if value and is_sensitive(unquote_plus(name))]


def masked(query: str) -> str:
    """The query as it may be shown.

    >>> masked("key=sk-0123456789&limit=2")
    'key=<redacted>&limit=2'
    """
    shown: list[str] = []
    for part in query.split("&"):
        name, sign, value = part.partition("=")
        shown.append(f"{name}=<redacted>" if sign and value and is_sensitive(unquote_plus(name)) else part)
    return "&".join(shown)
