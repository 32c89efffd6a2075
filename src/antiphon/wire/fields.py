"""The header fields of a reply, as they came: one piece of bytes until somebody asks.

Most replies are asked for two or three fields, so those are found in the bytes; only who lists them all pays for all of
them. Relies on llhttp having accepted the head: names are tokens with the colon right behind, lines end with CRLF and with
nothing else. Knows how values are trimmed and joined; refuses to know what any field means.
"""

from __future__ import annotations

from typing import TypeVar, overload

from ..core.headers import Headers

D = TypeVar("D")


class ReplyHeaders(Headers):
    """`Headers` over a whole head, every line with its end, without the last, empty line.

    >>> ReplyHeaders(b"HTTP/1.1 200 OK\\r\\nX-Request-Id: r1 \\r\\n")["x-request-id"]
    'r1'
    """

    __slots__ = ("_decoded", "_head")

    def __init__(self, head: bytes) -> None:
        self._head: bytes | None = head
        self._index = self.lines = None

    def raw(self, name: bytes) -> bytes:
        """The value of a field by its lower-case name, untrimmed at its end, those of a repeated field joined."""
        return b", ".join(self._values(name))

    def _values(self, name: bytes) -> list[bytes]:
        mark, head = b"\r\n%b:" % name, self._head or b""
        lower = head.lower()
        values: list[bytes] = []
        at = lower.find(mark)
        while at >= 0:
            start = at + len(mark)
            end = lower.find(b"\r\n", start)
            values.append(head[start:end].lstrip(b" \t"))
            at = lower.find(mark, start)
        return values

    @property  # type: ignore[override,unused-ignore]
    def _fields(self) -> list[tuple[str, str]]:
        """The fields decoded; from here on this is a plain `Headers`, which may be changed."""
        if self._head is not None:
            lines = (line.partition(":") for line in self._head.decode("latin-1").split("\r\n")[1:-1])
            self._decoded = [(name, value.strip(" \t")) for name, _, value in lines]
            self._head = None
        return self._decoded

    @_fields.setter
    def _fields(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, fields: list[tuple[str, str]]
    ) -> None:
        self._decoded = fields

    def __getitem__(self, name: str) -> str:
        if self._head is None:
            return super().__getitem__(name)
        value = self._find(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        if self._head is None:
            return super().__contains__(name)
        return isinstance(name, str) and self._find(name) is not None

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, default: str | D, /) -> str | D: ...
    def get(self, name: str, default: str | D | None = None, /) -> str | D | None:
        """The value, or the default; a miss costs no exception."""
        if self._head is None:
            return super().get(name, default)
        value = self._find(name)
        return default if value is None else value

    def _find(self, name: str) -> str | None:
        if ":" in name:
            return None
        values = self._values(name.lower().encode("utf-8"))
        return ", ".join(value.decode("latin-1").rstrip(" \t") for value in values) if values else None
