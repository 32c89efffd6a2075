"""Which keys are accepted, judged by their digests and compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from .exchange import Caller
from .problem import unauthenticated, wrong_key

REFUSED_PREFIX: Final = "sk-invalid"
PROJECT: Final = "proj_antiphon"


class Access:
    """With `keys` only those pass; without, every key but `sk-invalid…`."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._digests = tuple(_digest(key) for key in keys)
        self._seen: dict[bytes, Caller] = {}

    def admit(self, authorization: bytes | None) -> Caller:
        """Whose request it is; raises 401 for a missing or refused key."""
        if authorization is None:
            raise unauthenticated()
        if (known := self._seen.get(authorization)) is not None:
            return known
        scheme, _, key = authorization.decode("latin-1").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise unauthenticated()
        digest = _digest(key)
        if self._refuses(key, digest):
            raise wrong_key(_shown(key))
        caller = Caller(digest, PROJECT)
        if len(self._seen) < 1024:
            self._seen[authorization] = caller
        return caller

    def _refuses(self, key: str, digest: str) -> bool:
        if self._digests:
            return not any(hmac.compare_digest(digest, known) for known in self._digests)
        return key.startswith(REFUSED_PREFIX)


def _digest(key: str) -> str:
    return hashlib.blake2s(key.encode()).hexdigest()


def _shown(key: str) -> str:
    return f"{key[:3]}***{key[-4:]}" if len(key) > 12 else "***"
