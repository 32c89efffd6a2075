"""Compressed bodies, undone step by step.

Knows gzip and deflate (with zlib's wrapper, and raw as some servers send it). Each step gives at most `STEP` bytes, so a
bomb is seen before it has grown. Refuses to know limits: whoever drives it counts.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from .problem import BrokenProtocol, Truncated

STEP = 256 * 1024


class _Inflate(Protocol):
    """zlib's decompressor, whose own name is private."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


_GZIP = 16 + zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS


class Decoder:
    """One compressed body.

    >>> decoder = Decoder("gzip")
    >>> decoder.feed(gzip.compress(b"hello"))  # doctest: +SKIP
    b'hello'

    Args:
        coding: "gzip" or "deflate".
    """

    __slots__ = ("_coding", "_held", "_inflate", "_started", "pending")

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._inflate: _Inflate | None = zlib.decompressobj(_GZIP) if coding == "gzip" else None
        self._held = b""
        self._started = False
        self.pending = False
        """Whether `more()` has something to work on."""

    def feed(self, data: bytes) -> bytes:
        """Take encoded bytes, give at most `STEP` decoded ones; while `pending`, call `more()` for the rest."""
        self._held = self._held + data if self._held else data
        return self.more()

    def more(self) -> bytes:
        """The next decoded bytes.

        Raises:
            BrokenProtocol: the data is not what the header says.
        """
        inflate = self._inflate or self._choose()
        if inflate is None:
            return b""
        if inflate.eof and self._held:
            inflate = self._next_member()
        data, self._held = self._held, b""
        if not data and not self.pending:
            return b""
        self._started = True
        try:
            out = inflate.decompress(data, STEP)
        except zlib.error:
            raise BrokenProtocol(f"the body says it is {self._coding}, but cannot be decoded") from None
        self._held = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        # A full step may leave decoded bytes inside zlib even when all input was taken.
        self.pending = bool(self._held) or (len(out) == STEP and not inflate.eof)
        return out

    def end(self) -> None:
        """The encoded body has ended.

        Raises:
            Truncated: the compressed data has not.
        """
        inflate = self._inflate
        if (self._started or self._held) and not (inflate and inflate.eof):
            raise Truncated(f"the {self._coding} body ends in the middle")

    def _choose(self) -> _Inflate | None:
        """Two bytes tell zlib's wrapper from raw deflate."""
        if len(self._held) < 2:
            return None
        wrapped = self._held[0] & 15 == 8 and int.from_bytes(self._held[:2], "big") % 31 == 0
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS if wrapped else _RAW)
        return self._inflate

    def _next_member(self) -> _Inflate:
        # Several gzip members in a row are one body; anything else after the end is not part of it.
        if self._coding != "gzip":
            raise BrokenProtocol("data follows the end of the deflate body")
        self._inflate = zlib.decompressobj(_GZIP)
        return self._inflate


_CODINGS: dict[str, str | None] = {"": None, "identity": None, "gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}


def decoder_for(value: str) -> Decoder | None:
    """The decoder for a `Content-Encoding`, or `None` for the identity.

    Raises:
        BrokenProtocol: an encoding that was not offered, or several of them.
    """
    name = value.strip().lower()
    if name not in _CODINGS:
        shown = "".join(c for c in name[:40] if c.isprintable())
        raise BrokenProtocol(f"content encoding {shown!r} was not asked for; only gzip or deflate, once, is understood")
    coding = _CODINGS[name]
    return Decoder(coding) if coding else None
