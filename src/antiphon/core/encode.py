"""JSON out: request bodies to bytes, once, compact, in UTF-8.

Theory of operation. Nearly every body is made of plain dicts, lists, strings and numbers, which one C call encodes. That
encoder is more generous than JSON: it turns NaN into null and bytes into base64 without a word. So a quick walk looks whether
the value held nothing but what both agree on; where it did not, the value is made plain step by step, which drops sentinels,
takes in models, dates and iterables, and knows the path of whatever cannot be sent. Nothing is ever sent that the caller did
not mean.
"""

from __future__ import annotations

import enum
import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import InvalidBody
from .later import Later
from .omit import SENTINELS, given, is_left_out
from .shape import is_iterable, is_mapping, is_sequence, parts_of
from .view import View

if TYPE_CHECKING:
    import datetime
    import math
    import uuid

    import msgspec
else:
    datetime = Later("datetime")
    math = Later("math")
    msgspec = Later("msgspec")
    uuid = Later("uuid")

_DEPTH = 400
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


class _Unusual(Exception):
    pass


def _data_of(value: Any) -> Any:
    if isinstance(value, View):
        return _sent(value)
    raise _Unusual


def _sent(view: View) -> dict[str, Any]:
    """What of a model goes to the API: all but what its class keeps to itself, such as a parsed form of the text."""
    hidden = view.__class__.__api_exclude__
    if not hidden:
        return view.__dict__
    return {key: value for key, value in view.__dict__.items() if key not in hidden}


def _first_encode(value: Any) -> bytes:
    global _encode
    _encode = msgspec.json.Encoder(enc_hook=_data_of).encode
    return _encode(value)


_encode: Callable[[Any], bytes] = _first_encode


def encode_json(value: Any) -> bytes:
    """The JSON text of a request body.

    >>> encode_json({"input": "Grüße", "stream": True}).decode()
    '{"input":"Grüße","stream":true}'

    Models, pydantic models, dates, enums, UUIDs, sets and iterables are taken in; `omit` and `not_given` are left out.

    Raises:
        InvalidBody: with the path of a value that has no JSON form: NaN, bytes, an open file, a cycle, any other object.
    """
    try:
        encoded = _encode(value)
        if _is_plain(value):
            return encoded
    except (_Unusual, UnicodeEncodeError, TypeError, RecursionError):
        if value.__class__ is dict and len(kept := given(value)) < len(value):
            return encode_json(kept)  # a body with arguments that were left out, and perhaps no more unusual than that
    plain = _plain(value, "", 0)
    try:
        return _encode(plain)
    except UnicodeEncodeError:
        # Half of a surrogate pair has no UTF-8 form, but JSON can spell it. Rarely needed, so not loaded with every client.
        import json

        return json.dumps(plain, separators=(",", ":")).encode()


def _is_plain(value: Any) -> bool:
    """Whether the C encoder and this module mean the same by `value`, which it has just encoded, so it has no cycle."""
    rest: list[Any] = [value if value.__class__ is dict else (value,)]
    push = rest.append
    for node in rest:
        if node.__class__ is dict:
            for key in node:
                if key.__class__ is not str:
                    return False  # the encoder has its own mind about keys that are no strings
            node = node.values()
        for item in node:
            kind = item.__class__
            if kind is str:
                continue
            if kind is dict or kind is list or kind is tuple:
                push(item)
            elif kind in _AS_THEY_ARE:
                continue
            elif kind is float:
                if item - item:  # NaN for NaN and the infinities, else 0.0
                    return False
            elif isinstance(item, View):
                push(_sent(item))
            else:
                return False
    return True


def _plain(value: Any, path: str, depth: int) -> Any:
    """`value` as nothing but dicts, lists, strings, finite numbers, booleans and `None`."""
    if value.__class__ in _AS_THEY_ARE:
        return value
    if depth > _DEPTH:
        raise InvalidBody(f"{_named(path[:60])} nests deeper than {_DEPTH} levels, or contains itself", path)
    if isinstance(value, enum.Enum):
        return _plain(value.value, path, depth + 1)
    if isinstance(value, (str, int, float)):
        return _scalar(value, path)
    if isinstance(value, View):
        value = _sent(value)
    if is_mapping(value):
        return _mapping(value, path, depth)
    if is_sequence(value):
        return [_plain(item, f"{path}[{position}]", depth + 1) for position, item in enumerate(value)]
    return _plain(_converted(value, path), path, depth + 1)


def _scalar(value: str | float, path: str) -> Any:
    """Subclasses, such as a numpy float, as what they are based on."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if not math.isfinite(value):
        raise InvalidBody(
            f"{_named(path)} is {float(value)}, which JSON cannot say; send a finite number or leave it out", path
        )
    return float(value)


def _mapping(value: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, item in value.items():
        if not is_left_out(item):
            name = _key(key, path)
            made[name] = _plain(item, f"{path}.{name}" if path else name, depth + 1)
    return made


def _key(key: Any, path: str) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    if key is None or isinstance(key, (int, float)):
        # As JSON writes it: true, null, 1.5.
        return _encode(_scalar(key, path) if isinstance(key, float) else key).decode()
    raise InvalidBody(f"{_named(path)} has a key of type {type(key).__name__}; JSON keys are strings", path)


def _converted(value: Any, path: str) -> Any:
    """One step towards plain values for an object of another class."""
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if value.__class__ is uuid.UUID:
        return str(value)
    if not isinstance(value, (type, bytes, bytearray, memoryview, io.IOBase)):
        if hasattr(value.__class__, "__pydantic_serializer__") and hasattr(value, "model_dump"):
            return value.model_dump(exclude_unset=True, mode="json", by_alias=True)
        parts = parts_of(value)
        if parts is not None:
            return parts
        if callable(getattr(value, "tolist", None)):
            return value.tolist()
        if is_iterable(value):
            return list(value)
    raise InvalidBody(f"{_named(path)} is {_described(value)}", path)


def _described(value: Any) -> str:
    if value.__class__ in SENTINELS:
        return f"{value!r} inside a list, where nothing can be left out; leave the item out instead"
    name: str = value.__class__.__name__
    if name in {"bytes", "bytearray", "memoryview"}:
        return f"{name}, which JSON cannot hold; encode it, e.g. as base64, and send text"
    if isinstance(value, type):
        return f"the class {value.__name__}; send an instance of it, or its schema"
    return f"of type {name}, which has no JSON form; convert it to a str, number, list or dict first"


def _named(path: str) -> str:
    return f"{path!r}" if path else "the body"
