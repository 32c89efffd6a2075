"""SignHMAC: sign each attempt with a shared secret, for gateways that want a plain HMAC in a field."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Any, ClassVar

from ..core.effects import Wall
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from ..core.secret import Secret
from .chain import PLACES, Forward
from .signing_key import SigningKey, signed_body, veiled_key

_ALGORITHMS = ("sha256", "sha384", "sha512")


def canonical(request: Request, timestamp: int) -> bytes:
    """What is signed where nobody says otherwise: time, verb, host, path with query, and the body's SHA-256, a line each."""
    digest = sha256(signed_body(request) or b"").hexdigest()
    return "\n".join((str(timestamp), request.method, request.origin.authority, request.target, digest)).encode()


class SignHMAC:
    """Adds a time and an HMAC over it and the request, once per attempt.

    >>> SignHMAC("shared secret", key_id="team-7")
    SignHMAC(sha256 in X-Signature, key_id='team-7')

    Args:
        key: the shared secret (text or bytes); or a source of `antiphon.credentials`, or any function, that gives it.
        key_id: by which the server knows the key; sent in `X-Signature-Key`. `None` leaves the field out.
        field: where the signature goes, in hexadecimal digits behind "v1=".
        time_field: where the time goes, in seconds since the epoch.
        key_field: where `key_id` goes.
        algorithm: "sha256", "sha384" or "sha512".
        message: what is signed, from the request and the time; `canonical` when left out.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
        BodyNotReplayable: the body is a stream.
    """

    place: ClassVar[int] = PLACES["Sign"]
    key_id: str | None = None  # these as a traceback shows one that was never made
    field: str = ""
    algorithm: str = ""

    @veiled_key
    def __init__(
        self,
        key: str | bytes | Secret | Callable[[], Any],
        *,
        key_id: str | None = None,
        field: str = "X-Signature",
        time_field: str = "X-Signature-Time",
        key_field: str = "X-Signature-Key",
        algorithm: str = "sha256",
        message: Callable[[Request, int], bytes] = canonical,
    ) -> None:
        self._key = SigningKey(key)
        del key
        if algorithm not in _ALGORITHMS:
            raise ValueError(f"unknown algorithm {algorithm!r}; one of {', '.join(_ALGORITHMS)}")
        self.key_id = key_id
        self.field = field
        self.time_field = time_field
        self.key_field = key_field
        self.algorithm = algorithm
        self.message = message

    def __repr__(self) -> str:
        said = "" if self.key_id is None else f", key_id={self.key_id!r}"
        return f"SignHMAC({self.algorithm} in {self.field}{said})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        now = int(await Wall())
        headers = Headers(request.headers)
        if self.key_id is not None:
            headers[self.key_field] = self.key_id
        headers[self.time_field] = str(now)
        key = await self._key.reveal(request.origin)
        signature = hmac.digest(self._key.data(key), self.message(request, now), self.algorithm)
        headers[self.field] = f"v1={signature.hex()}"
        return await forward(request.replace(headers=headers))
