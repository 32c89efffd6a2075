"""As much of X.509 as says from when to when a certificate holds: the way through its DER to two times."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import Final

_SEQUENCE: Final = 0x30
_VERSION: Final = 0xA0
_TIMES: Final = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}


def validity(pem: str) -> tuple[bytes, int, int]:
    """The certificate's bytes and its two dates in seconds since 1970; raises ValueError for anything else."""
    text = pem.strip()
    if "PRIVATE KEY" in text:
        raise ValueError("it holds a private key, which must not leave your machine")
    if text.count("-----BEGIN CERTIFICATE-----") != 1:
        raise ValueError("exactly one certificate is needed")
    der = ssl.PEM_cert_to_DER_cert(text)
    try:
        _, whole, _ = _read(der, 0, _SEQUENCE)
        _, signed, _ = _read(whole, 0, _SEQUENCE)
        at = _skip(signed, 0) if signed[0] == _VERSION else 0
        for _ in range(3):  # serial number, algorithm, issuer
            at = _skip(signed, at)
        _, span, _ = _read(signed, at, _SEQUENCE)
        first, begin, behind = _read(span, 0)
        second, end, _ = _read(span, behind)
        return der, _seconds(first, begin), _seconds(second, end)
    except (IndexError, KeyError) as error:
        raise ValueError("its structure is broken") from error


def _read(data: bytes, at: int, wanted: int | None = None) -> tuple[int, bytes, int]:
    """One element: its tag, its content, and where the next begins."""
    tag, length, at = data[at], data[at + 1], at + 2
    if wanted is not None and tag != wanted:
        raise ValueError("its structure is broken")
    if length & 0x80:
        size = length & 0x7F
        length, at = int.from_bytes(data[at : at + size], "big"), at + size
    if at + length > len(data):
        raise ValueError("it is cut short")
    return tag, data[at : at + length], at + length


def _skip(data: bytes, at: int) -> int:
    return _read(data, at)[2]


def _seconds(tag: int, text: bytes) -> int:
    read = datetime.strptime(text.decode("ascii"), _TIMES[tag]).replace(tzinfo=UTC)
    return int(read.timestamp())
