"""The header fields of a reply, as they came: bytes until somebody asks.

Most replies are asked for two or three fields, so those are found in the bytes; only who lists them all pays for all of
them. Knows how field values are trimmed and joined; refuses to know what any field means.
"""

from __future__ import annotations

from typing import TypeVar, overload

from ..core.headers import Headers

D = TypeVar("D")


class ReplyHeaders(Headers):
    """`Headers` over names and values in turn, none of which may hold a line feed.

    >>> ReplyHeaders([b"X-Request-Id", b"r1 "])["x-request-id"]
    'r1'
    """

    __slots__ = ("_decoded", "_flat", "known")
    known: dict[bytes, bytes]
    """The raw values, untrimmed, by lower-case name, those of a repeated field joined."""

    def __init__(self, flat: list[bytes]) -> None:
        self._flat: list[bytes] | None = flat
        self._index = None
        names, values = flat[::2], flat[1::2]
        lower = b"\n".join(names).lower().split(b"\n")
        self.known = dict(zip(lower, values, strict=False))
        if len(self.known) != len(values):  # some field is repeated: rare, and best left to plain `Headers`
            self.known = _joined(lower, values)
            self._decode(flat)

    @property  # type: ignore[override,unused-ignore]
    def _fields(self) -> list[tuple[str, str]]:
        """The fields decoded; from here on this is a plain `Headers`, which may be changed."""
        if self._flat is not None:
            self._decode(self._flat)
        return self._decoded

    @_fields.setter
    def _fields(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, fields: list[tuple[str, str]]
    ) -> None:
        self._decoded = fields

    def _decode(self, flat: list[bytes]) -> None:
        texts = [text.decode("latin-1") for text in flat]
        self._decoded = [(name, value.rstrip(" \t")) for name, value in zip(texts[::2], texts[1::2], strict=True)]
        self._flat = None

    def __getitem__(self, name: str) -> str:
        if self._flat is None:
            return super().__getitem__(name)
        value = self.known.get(name.lower().encode("utf-8"))
        if value is None:
            raise KeyError(name)
        return value.decode("latin-1").rstrip(" \t")

    def __contains__(self, name: object) -> bool:
        if self._flat is None:
            return super().__contains__(name)
        return isinstance(name, str) and name.lower().encode("utf-8") in self.known

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, default: str | D, /) -> str | D: ...
    def get(self, name: str, default: str | D | None = None, /) -> str | D | None:
        """The value, or the default; a miss costs no exception."""
        return self[name] if name in self else default  # noqa: SIM401


def _joined(names: list[bytes], values: list[bytes]) -> dict[bytes, bytes]:
    known: dict[bytes, bytes] = {}
    for name, value in zip(names, values, strict=True):
        known[name] = b", ".join((known[name], value)) if name in known else value
    return known
