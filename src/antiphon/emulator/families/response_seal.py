"""Sealed content: what an answer carries for the emulator alone to read again, such as a summary or a train of thought.

The seal keeps it from being read by chance and from being changed; it is no secret to whoever has this source.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, urlsafe_b64encode
from hashlib import blake2b, shake_256
from typing import Any, Final

import msgspec

from ..problem import Problem

_KEY: Final = b"antiphon sealed content"
_MARK: Final = 16
_encode = msgspec.json.Encoder().encode


def sealed(kind: str, value: Any) -> str:
    """The value as text that only `opened` reads; the same value gives the same text."""
    plain = zlib.compress(_encode([kind, value]))
    mark = blake2b(plain, digest_size=_MARK, key=_KEY).digest()
    return urlsafe_b64encode(mark + _masked(plain, mark)).decode()


def opened(kind: str, text: str) -> Any:
    """The value that was sealed; raises 400 for what this emulator has not sealed, or not as this kind."""
    try:
        raw = b64decode(text, altchars=b"-_", validate=True)
        mark, plain = raw[:_MARK], _masked(raw[_MARK:], raw[:_MARK])
        if blake2b(plain, digest_size=_MARK, key=_KEY).digest() == mark:
            known, value = msgspec.json.decode(zlib.decompress(plain))
            if known == kind:
                return value
    except ValueError:
        pass
    message = f"The encrypted content of the {kind} item could not be verified."
    raise Problem(400, message, param="input", code="invalid_encrypted_content")


def _masked(data: bytes, mark: bytes) -> bytes:
    mask = shake_256(_KEY + mark).digest(len(data))
    return (int.from_bytes(data, "big") ^ int.from_bytes(mask, "big")).to_bytes(len(data), "big")
