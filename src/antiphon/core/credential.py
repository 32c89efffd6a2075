"""What a credential must look like, checked before any I/O and without ever showing it."""

from __future__ import annotations

from ..errors import InvalidCredential
from .secret import Secret

PENDING = "Bearer (asked for at each attempt)"
"""Stands in `Authorization` until the key's source is asked; never sent."""


def api_key(value: object, name: str = "api_key", *, official: bool = False) -> Secret:
    """The key as a `Secret`.

    Args:
        value: the key.
        name: the argument it came in, for messages.
        official: whether it is for OpenAI's own host, whose keys hold no blank; local servers take "not needed".

    Raises:
        InvalidCredential: it is empty, not text, or holds what a header cannot carry; the message never shows it.
    """
    if not isinstance(value, str):
        raise InvalidCredential(f"{name} must be text; got {type(value).__name__}")
    flaw = _flaw(value)
    if flaw is None and official and " " in value:
        flaw = "holds a blank; copy it again"
    if flaw:
        raise InvalidCredential(f"{name} {flaw}") from None
    return Secret(value)


def bearer(value: object) -> Secret:
    """The whole `Authorization` value for a key."""
    return Secret(f"Bearer {api_key(value).reveal()}")


def _flaw(value: str) -> str | None:
    if not value or value.isspace():
        return "is empty; set it, or leave it out to read it from the environment"
    if value != value.strip() or "\n" in value or "\r" in value:
        return "begins or ends with white space or holds a line break; it was probably copied with one (try .strip())"
    if not value.isascii() or not value.isprintable():
        return "holds characters a key cannot have; copy it again, without quotation marks or invisible characters"
    if value[0] in "'\"" or value[-1] in "'\"":
        return "is wrapped in quotation marks; remove them"
    if value.lower().startswith("bearer "):
        return "already begins with 'Bearer'; pass the key alone"
    return None
