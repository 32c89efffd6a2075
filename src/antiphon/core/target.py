"""What a caller may name as `cast_to`, beyond what the API's own methods promise: foreign classes and httpx's response.

`decode` knows JSON and our models. This room says which other classes a reply can become, makes those that are no JSON, and
turns another library's complaint into ours. It is loaded when a caller names a class.
"""

from __future__ import annotations

import enum
import numbers
import sys
import types
import typing
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

from ..errors import APIResponseValidationError
from .annotation import MAPPINGS, SEQUENCES, SETS, unwrap
from .decode import decode
from .reply import Reply
from .scalar import is_foreign
from .shape import is_class
from .view import View

_LIBRARIES = ("httpx", "httpx2")
_KNOWN = frozenset({str, bytes, object, type(None), tuple, Reply}) | SEQUENCES | MAPPINGS | SETS
_LEAVES = (numbers.Number, enum.Enum, date, Decimal, UUID)
_CHOICE = (
    "a class derived from antiphon.BaseModel, a pydantic model, a dataclass, a msgspec Struct, a TypedDict, dict, list, a"
    " union of these, str, bytes, int, float, bool, object, NoneType, httpx.Response, HttpxBinaryResponseContent, Reply, or"
    " a class with build(response=, data=)"
)
_AS_IT_IS = frozenset({int, float, bool})


class UnsupportedTarget(TypeError, RuntimeError):
    """A class that no reply becomes; the official package calls that a `RuntimeError`."""


def cast_reply(reply: Reply, target: Any, *, strict: bool = False) -> Any:
    """A reply as what a caller named.

    Args:
        reply: a success, read whole.
        target: a class, an annotation, or a class with `build(response=, data=)`.
        strict: check the data against the target and raise at the first mismatch.

    Raises:
        UnsupportedTarget: a reply cannot become this.
        ValueError: the target is derived from httpx's response class.
        APIResponseValidationError: a pydantic model, dataclass or struct does not take the data.
        APIError: as `decode`.
    """
    if hasattr(target, "build"):
        return decode(reply, target, strict=strict)
    if is_class(target) and (library := _library_of(target)) is not None:
        return _borrowed(reply, target, library)
    if not _can_be(target) or _is_lost(target):
        raise UnsupportedTarget(f"a reply cannot be cast to {target!r}; pass {_CHOICE}")
    try:
        return decode(reply, target, strict=strict)
    except ValueError as flaw:
        name = getattr(target, "__name__", str(target))
        message = f"the reply does not fit {name}: {flaw}"
        raise APIResponseValidationError(reply, reply.text, message=message) from flaw


def _can_be(target: Any) -> bool:
    try:
        return _known(target)
    except TypeError:
        # What cannot be hashed cannot be remembered.
        return _known.__wrapped__(target)


def _is_lost(target: Any) -> bool:
    """Whether JSON stands for such a value inside others only, so that the caller would get another class than was named."""
    expression, _ = unwrap(target)
    origin = get_origin(expression) or expression
    if not is_class(origin) or origin in _AS_IT_IS or issubclass(origin, date):
        return False
    return origin is tuple or origin in SETS or issubclass(origin, _LEAVES)


@lru_cache(maxsize=256)
def _known(target: Any) -> bool:
    expression, _ = unwrap(target)
    origin = get_origin(expression) or expression
    if origin is Literal:
        return True
    if origin is Union or origin is types.UnionType:
        return all(_can_be(member) for member in get_args(expression))
    if expression is Any or not is_class(origin):
        return True  # Also `None`, and type variables.
    if issubclass(origin, View) or is_foreign(origin) or typing.is_typeddict(origin) or issubclass(origin, _LEAVES):
        return True
    return origin in _KNOWN and all(_can_be(argument) for argument in get_args(expression) if argument is not Ellipsis)


def _library_of(target: type[Any]) -> Any:
    """The library whose response class the target is, or is derived from; it is loaded, since its class is here."""
    for name in _LIBRARIES:
        library = sys.modules.get(name)
        if library is not None and issubclass(target, library.Response):
            if target is not library.Response:
                raise ValueError(
                    f"cast_to can be {name}.Response itself, not {target.__name__}, which is derived from it"
                )
            return library
    return None


def _borrowed(reply: Reply, kind: Any, library: Any) -> Any:
    """The reply as a response of httpx; its content is decoded already, and its head is as it came."""
    from datetime import timedelta

    asked = reply.request
    content = asked.content if isinstance(asked.content, bytes) else None
    request = library.Request(asked.method, str(reply.url), headers=asked.headers.multi_items(), content=content)
    made = kind(
        reply.status_code,
        content=reply.content,
        request=request,
        extensions={"http_version": reply.http_version.encode()},
    )
    made.headers = library.Headers(reply.headers.multi_items())
    made.elapsed = timedelta(seconds=reply.elapsed)
    return made
