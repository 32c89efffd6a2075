"""JSON in: bytes from the network to plain Python values, strictly, with every way to be wrong turned into one error.

It knows UTF-8 and RFC 8259, and no types: what the values mean is for the models to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from .later import Later
from .limits import DEFAULT_WIRE_LIMITS, WireLimits

if TYPE_CHECKING:
    import msgspec
else:
    msgspec = Later("msgspec")

_BOM = b"\xef\xbb\xbf"


def _first_decode(data: bytes | bytearray) -> Any:
    global _decode
    _decode = msgspec.json.Decoder().decode
    return _decode(data)


_decode: Callable[[bytes | bytearray], Any] = _first_decode


class JSONError(ValueError):
    """Bytes that are not one usable JSON value; the message says why."""


def decode_json(data: bytes | bytearray, *, limits: WireLimits = DEFAULT_WIRE_LIMITS) -> Any:
    """The value of a JSON text in UTF-8; a byte order mark is skipped, lone surrogates in escapes are delivered.

    >>> decode_json(b'{"a": [1, 2]}')
    {'a': [1, 2]}

    Raises:
        JSONError: empty, not JSON, not UTF-8, NaN or Infinity, a number out of range, or nested deeper than `limits.depth`.
    """
    try:
        value = _decode(data)
    except RecursionError:
        raise JSONError(f"it nests deeper than {limits.depth} levels") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as flaw:
        value = _second_look(bytes(data), flaw, limits)
    size, depth = len(data), limits.depth
    # Openings are counted by what is gone without them: replace() jumps from one to the next, where count() looks at every
    # byte, three times as slowly.
    if size > 2 * depth and 2 * size - len(data.replace(b"[", b"")) - len(data.replace(b"{", b"")) > depth:
        _refuse_deeper(value, depth)
    return value


def _second_look(data: bytes, flaw: Exception, limits: WireLimits) -> Any:
    """What the fast decoder refuses but JSON allows: a byte order mark, an escaped lone surrogate."""
    if data.startswith(_BOM):
        return decode_json(data[len(_BOM) :], limits=limits)
    if not data.strip():
        raise JSONError("it is empty") from None
    if isinstance(flaw, UnicodeDecodeError):
        raise JSONError(f"it is not UTF-8: {flaw.reason} at byte {flaw.start}") from None
    if b"\\u" not in data:
        raise JSONError(str(flaw)) from None
    # Rarely needed, so not loaded with every client.
    import json

    try:
        return json.loads(data.decode(), parse_constant=_refuse_constant)
    except RecursionError:
        raise JSONError(f"it nests deeper than {limits.depth} levels") from None
    except ValueError:
        raise JSONError(str(flaw)) from None


def _refuse_constant(name: str) -> NoReturn:
    raise JSONError(f"{name} is no JSON number")


def _refuse_deeper(value: Any, depth: int) -> None:
    """Raise if containers nest deeper than `depth`; level by level, so that no stack is needed."""
    level = [value]
    for _ in range(depth):
        inner: list[Any] = []
        for node in level:
            items = node.values() if node.__class__ is dict else node
            kinds = set(map(type, items))
            if dict in kinds or list in kinds:
                inner += [item for item in items if item.__class__ in (dict, list)]
        if not inner:
            return
        level = inner
    raise JSONError(f"it nests deeper than {depth} levels")
