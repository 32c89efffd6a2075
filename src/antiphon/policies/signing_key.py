"""The key of a signature, which may come from a source; and the body a signature is made over."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from ..core.credential import asked_apart
from ..core.request import Request
from ..core.resource import spelled
from ..core.secret import Secret
from ..core.url import Origin
from ..errors import BodyNotReplayable, InvalidCredential

F = TypeVar("F", bound=Callable[..., Any])


def veiled_key(function: F) -> F:
    """Hide the key before anything can fail, so that no frame's locals show it; name the nearest of an unknown argument."""
    inner = spelled(function)

    @wraps(function)
    def call(self: Any, key: Any, *more: Any, **arguments: Any) -> Any:
        given = key if callable(key) else _secret(key)
        del key
        return inner(self, given, *more, **arguments)

    return cast("F", call)


class SigningKey:
    """A shared secret or a private key, as text or bytes, given or asked for.

    Args:
        key: the key; or a source of `antiphon.credentials`, or any function, that gives it.

    Raises:
        InvalidCredential: it is empty, or can be no key.
    """

    _source: Any = None  # these as a traceback shows one that was never made
    _given: Secret | None = None

    def __init__(self, key: str | bytes | Secret | Callable[[], Any]) -> None:
        self._source = key if callable(key) else None
        self._given = None if callable(key) else _secret(key)
        del key
        if self._given is not None:
            _refuse_empty(self._given)

    def __repr__(self) -> str:
        return f"SigningKey({self._source or self._given!r})"

    async def reveal(self, origin: Origin) -> Secret:
        """The key for a request, as a flow; still hidden."""
        if self._given is not None:
            return self._given
        if getattr(self._source, "is_credential_source", False) is True:
            found: Secret = await self._source.key(origin)
        else:
            found = await asked_apart(self._source)
        if isinstance(found.reveal(), bytes):
            found = _secret(found.reveal())
        return _refuse_empty(found)

    @staticmethod
    def data(key: Secret) -> bytes:
        """The bytes of a shared secret."""
        text = key.reveal()
        return text.encode("latin-1") if isinstance(key, _Bytes) else text.encode()


class _Bytes(Secret):
    """A secret of bytes, each kept as the letter of its number."""

    __slots__ = ()


def _secret(key: Any) -> Secret:
    if isinstance(key, Secret):
        return key
    return _Bytes(bytes(key).decode("latin-1")) if isinstance(key, (bytes, bytearray)) else Secret(key)


def _refuse_empty(key: Secret) -> Secret:
    if not isinstance(key.reveal(), str) or not key.reveal().strip():  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidCredential("key must be text or bytes, and not empty; a signature without a secret proves nothing")
    return key


def signed_body(request: Request) -> bytes | None:
    """The body a signature is made over; `None` where there is none.

    Raises:
        BodyNotReplayable: it is a stream.
    """
    content = request.content
    if content is None or isinstance(content, bytes):
        return content
    raise BodyNotReplayable(
        "a signature covers the whole body, so a streamed one cannot be signed; read the file first and pass its bytes"
    )
