"""From a reply to a value or a typed error: what the bytes say, and whether they can be what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import Any, NoReturn

from ..errors import (
    APIError,
    APIResponseValidationError,
    APIStatusError,
    MalformedResponse,
    UnexpectedContentType,
    UnexpectedStatus,
    class_for_status,
)
from .json import JSONError, decode_json
from .limits import DEFAULT_WIRE_LIMITS, WireLimits
from .model import BaseModel, ValidationError, caster, validate
from .reference import CASTERS, caster_of, resolve
from .reply import Reply
from .scrub import scrub_reply
from .shape import is_mapping

_SNIPPET = 200
_BUILT_IN: dict[Any, Callable[[Reply], Any]] = {
    str: lambda reply: reply.text,
    bytes: lambda reply: reply.content,
    int: lambda reply: int(reply.text),
    float: lambda reply: float(reply.text),
    bool: lambda reply: reply.text.lower() == "true",
    Reply: lambda reply: reply,
    NoneType: lambda reply: None,
    None: lambda reply: None,
    "none": lambda reply: None,
    "str": lambda reply: reply.text,
    "bytes": lambda reply: reply.content,
}


def decode(reply: Reply, target: Any, *, strict: bool = False, limits: WireLimits = DEFAULT_WIRE_LIMITS) -> Any:
    """The reply's body as `target`.

    Args:
        reply: a success, read whole.
        target: a reference string, a model class, any annotation, a plain type, or a class with `build(response=, data=)`.
        strict: check the data against the target and raise at the first mismatch.
        limits: how deep JSON may nest.

    Raises:
        MalformedResponse: empty, not JSON, not UTF-8, nested too deep, or no object where a model was promised.
        UnexpectedContentType: something else altogether, e.g. HTML.
        UnexpectedStatus: a success without content where a result was promised.
        APIError: the body is an error object although the status says success.
        APIResponseValidationError: strict, and the data does not fit.
    """
    cast = CASTERS.get(target) if target.__class__ is str else None
    if cast is None and target.__hash__ is not None and (plain := _BUILT_IN.get(target)) is not None:
        return plain(reply)
    try:
        data = decode_json(reply.content, limits=limits)
    except JSONError as flaw:
        _refuse(reply, flaw)
    if data.__class__ is dict:
        if "error" in data and is_error(data):
            raise error_in_success(reply, data["error"])
    elif _is_model(target):
        scrub_reply(reply)
        message = f"a JSON object was promised; got {type(data).__name__}: {snippet(reply, reply.content)!r}"
        raise MalformedResponse(reply, data, message=message)
    if target.__class__ is str:
        if strict:
            _validate(reply, resolve(target), data)
        value = (cast or caster_of(target))(data)
    elif hasattr(target, "build"):
        return target.build(response=reply, data=data)
    else:
        if strict:
            _validate(reply, target, data)
        value = caster(target)(data)
    if isinstance(value, BaseModel):
        value._reply_headers = reply.headers
        if reply.trace is not None:
            value._reply_trace = reply.trace
    return value


def _is_model(target: Any) -> bool:
    """Whether only a JSON object can be the target; every reference names a model, or a union of models."""
    return isinstance(target, str) or (isinstance(target, type) and issubclass(target, BaseModel))


def body_json(reply: Reply, limits: WireLimits = DEFAULT_WIRE_LIMITS) -> Any:
    """The body parsed as JSON, whatever its label says, so long as it is JSON."""
    try:
        return decode_json(reply.content, limits=limits)
    except JSONError as flaw:
        _refuse(reply, flaw)


def _refuse(reply: Reply, flaw: JSONError) -> NoReturn:
    scrub_reply(reply)
    content = reply.content
    label = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not content.strip():
        if reply.status_code in (204, 205, 304):
            message = f"status {reply.status_code} without content, where a result was promised"
            raise UnexpectedStatus(message, response=reply, body=None) from None
        raise MalformedResponse(
            reply, None, message=f"the server answered {reply.status_code} with an empty body"
        ) from None
    if label and "json" not in label:
        hint = " (is base_url right? it usually ends in /v1)" if "html" in label else ""
        message = f"expected JSON, but the server sent {label}{hint}: {snippet(reply, content)!r}"
        raise UnexpectedContentType(reply, content, message=message) from None
    raise MalformedResponse(
        reply, content, message=f"the body is not usable JSON ({flaw}): {snippet(reply, content)!r}"
    ) from None


def snippet(reply: Reply, content: bytes) -> str:
    """The beginning of a body for an error's message, printable; the error takes secrets out of it."""
    text = content[: _SNIPPET * 2].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else " " for c in text[:_SNIPPET])


def _validate(reply: Reply, target: Any, data: Any) -> None:
    try:
        validate(target, data)
    except ValidationError as flaw:
        message = f"the reply does not fit {getattr(target, '__name__', target)}: {flaw}"
        raise APIResponseValidationError(reply, data, message=message) from flaw


def is_error(data: Any) -> bool:
    """Whether a body is an error object, not an object that has a field of that name."""
    return data.__class__ is dict and bool(data.get("error")) and "id" not in data and "object" not in data


def error_in_success(reply: Reply, error: object) -> APIError:
    """The error for a body that is an error object under a success status."""
    scrub_reply(reply)
    message = error.get("message") if is_mapping(error) else error
    return APIError(str(message or "the server answered 200 with an error object"), reply.request, body=error)


def status_error(reply: Reply) -> APIStatusError:
    """The typed error for a reply whose status is not a success."""
    scrub_reply(reply)
    try:
        body: object = decode_json(reply.content, limits=DEFAULT_WIRE_LIMITS)
        message = f"Error code: {reply.status_code} - {_said(body)}"
    except JSONError:
        text = snippet(reply, reply.content).strip()
        body = reply.text or None
        message = f"Error code: {reply.status_code}" + (f" - {text}" if text else "")
    if is_mapping(body):
        body = body.get("error", body)
    if reply.status_code == 404 and not is_mapping(body):
        message += " (is base_url right? it usually ends in /v1)"
    return class_for_status(reply.status_code)(message, response=reply, body=body)


def _said(body: object) -> object:
    error = body.get("error", body) if is_mapping(body) else body
    return error.get("message") or error if is_mapping(error) else error
