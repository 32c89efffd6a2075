"""Request bodies: read to their end, within a bound, and decoded as what they say they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from .problem import Problem

if TYPE_CHECKING:
    from .description import Operation

SDP = b"application/sdp"
"""An offer of media, which the operations that take one also take bare."""
_DECODER = msgspec.json.Decoder()


async def read_body(headers: dict[bytes, bytes], receive: Any, cap: int) -> bytes:
    """The whole body; raises 413 as soon as it is too large."""
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > cap:
        raise _too_large(cap)
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "The request was broken off.", code="incomplete_request")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > cap:
            raise _too_large(cap)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(cap: int) -> Problem:
    return Problem(413, f"The request body is larger than {cap} bytes.", code="request_too_large")


def decode_body(headers: dict[bytes, bytes], body: bytes, operation: Operation | None = None) -> Any:
    """The JSON value of a body; raises 415 or 400."""
    content_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if not body and not content_type:
        return {}
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Problem(415, "Send the body as it is, without Content-Encoding.", code="unsupported_content_encoding")
    if content_type == SDP and operation is not None and "sdp" in operation.fields:
        return {"sdp": body.decode("utf-8", "replace")}
    if content_type != b"application/json" and not content_type.endswith(b"+json"):
        shown = content_type.decode("latin-1") or "none"
        message = f"Unsupported content type: '{shown}'. Send 'application/json'."
        raise Problem(415, message, code="unsupported_content_type")
    try:
        return _DECODER.decode(body or b"{}")
    except UnicodeDecodeError:
        why = f"it is not UTF-8 (byte {_first_not_utf8(body)})"
    except (ValueError, RecursionError) as error:
        why = str(error)
    raise Problem(400, f"The JSON body cannot be read: {why}.", code="invalid_json")


def _first_not_utf8(body: bytes) -> int:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(body)
