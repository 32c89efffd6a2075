"""A cipher for what is kept at rest: AES-GCM, so that a row is unreadable, and one that was touched is none.

Knows keys and rows; refuses to know where they are kept. Each row is bound to what it is about, so that rows cannot be swapped.
"""

from __future__ import annotations

import os
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Any, NoReturn

from ...core.secret import Secret
from ...errors import InvalidCredential

_MARK = b"\x01"
_NONCE = 12
_LENGTHS = (16, 24, 32)


class Cipher:
    """Encrypts with one key, and reads what former ones encrypted.

    >>> cipher = Cipher(b"0123456789abcdef0123456789abcdef")  # doctest: +SKIP
    >>> cipher.open(cipher.seal(b"text", b"about"), b"about")  # doctest: +SKIP
    b'text'

    Needs the extra `tls`.

    Args:
        key: 16, 24 or 32 bytes of chance, or their base64 as text or a `Secret`, e.g. from `openssl rand -base64 32`.
        former: keys that were used before; rows written under them can still be read.

    Raises:
        InvalidCredential: a key that cannot be right; the message does not show it.
        ImportError: the library `cryptography` is not installed.
    """

    def __init__(self, key: bytes | str | Secret, *former: bytes | str | Secret) -> None:
        made = _aes()
        self._keys = [made(_bytes_of(each)) for each in (key, *former)]

    def seal(self, text: bytes, about: bytes) -> bytes:
        """The text, unreadable; `about` is needed to read it."""
        nonce = os.urandom(_NONCE)
        return _MARK + nonce + bytes(self._keys[0].encrypt(nonce, text, about))

    def open(self, sealed: bytes, about: bytes) -> bytes | None:
        """The text, or `None` where it was not sealed with one of the keys, is about something else, or was changed."""
        from cryptography.exceptions import InvalidTag

        if sealed[:1] != _MARK or len(sealed) <= _NONCE + 1:
            return None
        nonce, rest = sealed[1 : _NONCE + 1], sealed[_NONCE + 1 :]
        for key in self._keys:
            try:
                return bytes(key.decrypt(nonce, rest, about))
            except InvalidTag:
                continue
        return None

    def __repr__(self) -> str:
        return f"Cipher(AES-GCM, {len(self._keys)} key{'s' if len(self._keys) > 1 else ''})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a cipher does not pickle, because its key would; make it anew in the other process")


def _bytes_of(key: bytes | str | Secret) -> bytes:
    given: Any = key.reveal() if isinstance(key, Secret) else key
    if isinstance(given, str):
        try:
            given = b64decode(given.strip(), validate=True)
        except (NotBase64, ValueError):
            given = b""
    if not isinstance(given, bytes) or len(given) not in _LENGTHS:
        raise InvalidCredential(
            "a cipher's key is 16, 24 or 32 bytes, or their base64; make one with `openssl rand -base64 32`"
        )
    return given


def _aes() -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as missing:
        raise ImportError("encryption needs an extra: pip install 'antiphon[tls]'") from missing
    return AESGCM
