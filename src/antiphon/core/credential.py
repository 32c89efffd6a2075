"""What a credential must look like, checked before any I/O and without ever showing it.

Functions here take a `Secret`, never the text: a traceback that prints locals must find nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

from ..errors import InvalidCredential
from .effects import Ask, Outside
from .headers import FieldMap, Masked
from .pending import Pending
from .resource import spelled
from .secret import Secret
from .url import Origin

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_AWS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_SECRETS = frozenset({"api_key", "admin_api_key", "azure_ad_token", "webhook_secret", *_AWS})

PENDING = Secret("Bearer (asked for at each attempt)")
"""Stands in `Authorization` until the key's source is asked; never sent."""


def pending(source: Callable[[], Any]) -> Secret:
    """As `PENDING`, for a source that can be told from others."""
    return Secret(Pending(PENDING.reveal(), source))


def hidden(value: T) -> T | Secret:
    """A key, or what was given for one, as a `Secret`; what is still to give it, and nothing at all, as it is.

    What hides a text itself, like pydantic's `SecretStr`, is asked for it.
    """
    if value is None or isinstance(value, Secret) or callable(value) or hasattr(value, "__await__"):
        return value
    return Secret(cast("str", getattr(value, "get_secret_value", lambda: value)()))


def hidden_proxy(value: T) -> T | Secret:
    """A proxy's URL with a user or password in it as a `Secret`; anything else as it is."""
    return Secret(value) if isinstance(value, str) and "@" in value else value


def _hidden_fields(fields: Any) -> Any:
    """Header fields, of which those that carry a credential are not shown."""
    return FieldMap(cast("Mapping[str, Any]", fields)) if isinstance(fields, Mapping) else fields


def _hidden_password(cert: Any) -> Any:
    """A client's certificate; the password of its key, which is third, is not shown."""
    if not isinstance(cert, (tuple, list)):
        return cert
    certificate, *rest = cast("tuple[Any, ...]", cert)
    return (certificate, *rest[:1], *(Masked(each) if isinstance(each, str) else each for each in rest[1:]))


_VEILS: dict[str, Callable[[Any], Any]] = {
    "proxy": hidden_proxy,
    "base_url": hidden_proxy,
    "websocket_base_url": hidden_proxy,
    "default_headers": _hidden_fields,
    "default_query": _hidden_fields,
    "set_default_query": _hidden_fields,
    "set_default_headers": _hidden_fields,
    "cert": _hidden_password,
}


def veiled(function: F) -> F:
    """Hide keys before anything can fail, so that no frame's locals show one; name the nearest of an unknown argument.

    What has no name here may be a key under a misspelt one, and is hidden too.
    """
    plain = frozenset(function.__kwdefaults__ or ()) - _SECRETS
    inner = spelled(function)

    @wraps(function)
    def call(self: Any, /, *nothing: Any, **arguments: Any) -> Any:
        for name in arguments.keys() - plain:
            arguments[name] = hidden(arguments[name])
        for name in arguments.keys() & _VEILS.keys():
            arguments[name] = _VEILS[name](arguments[name])
        return inner(self, *nothing, **arguments)

    return cast("F", call)


def checked(key: Secret, name: str = "api_key", *, official: bool = False) -> Secret:
    """The key, if it can be one.

    Args:
        key: the key.
        name: the argument it came in, for messages.
        official: whether it is for OpenAI's own host, whose keys hold no blank; local servers take "not needed".

    Raises:
        InvalidCredential: it is empty, not text, or holds what a header cannot carry; the message never shows it.
    """
    if hasattr(key.reveal(), "get_secret_value"):  # from a function that was asked for the key
        key = Secret(cast("Any", key.reveal()).get_secret_value())
    if isinstance(cast("Any", key.reveal()), Secret):  # a source that was asked as any function is
        key = cast("Any", key.reveal())
    flaw = _flaw(key.reveal(), official)
    if flaw:
        raise InvalidCredential(f"{name} {flaw}")
    return key


def is_official(host: str) -> bool:
    """Whether a host is OpenAI's own, whose keys hold no blank."""
    return host == "openai.com" or host.endswith(".openai.com")


async def asked(source: Callable[[], Any], origin: Origin | None, name: str = "api_key") -> Secret:
    """What a key's source gives, as a flow: one of `antiphon.credentials`, or any function.

    Args:
        source: the source.
        origin: where the key is to go.
        name: the argument the source came in, for messages.

    Raises:
        InvalidCredential: what it gives cannot be a key.
    """
    flows: Any = source if getattr(source, "is_credential_source", False) is True else None
    return checked(await (Ask(source) if flows is None else flows.key(origin)), name)


async def asked_apart(source: Callable[[], Any]) -> Secret:
    """What a function gives that may take its time, as a flow: under asyncio it is called in a thread.

    Nobody's frame holds it plain.
    """
    found: Secret = await Outside(_hidden_answer, source)
    return await Ask(found.reveal) if hasattr(found.reveal(), "__await__") else found


def _hidden_answer(source: Callable[[], Any]) -> Secret:
    answer = hidden(source())
    return answer if isinstance(answer, Secret) else Secret(answer)


def bearer(key: Secret) -> Secret:
    """The whole `Authorization` value for a key."""
    return Secret(f"Bearer {key.reveal()}")


def _flaw(value: Any, official: bool) -> str | None:
    if not isinstance(value, str):
        return f"must be text; got {type(value).__name__}"
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
    return "holds a blank; copy it again" if official and " " in value else None
