"""What the bytes of a reply say about trying again: an error's code, a request that can never fit, a success that is none.

Knows error objects as far as a retry must; refuses to make errors or results of them.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, cast

import msgspec

_WHOLE = 64 * 1024
"""Bytes. Of a larger success only both ends are looked at: whoever reads it parses it anyway."""
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_ASKED = re.compile(r"Limit[: ]+([\d,]{1,15})\D+Requested[: ]+([\d,]{1,15})", re.ASCII)


class Finding(NamedTuple):
    """What a body says.

    Attributes:
        code: its `error.code`, or its `error.type` where it has no code.
        too_large: whether it says that the request alone is more than the limit.
        malformed: whether it is a success's body that holds no object.
    """

    code: str | None = None
    too_large: bool = False
    malformed: bool = False


class _Envelope(msgspec.Struct):
    """A body as far as it tells an error object from an object that has a field of that name."""

    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    object: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


NOTHING = Finding()
"""Nothing that would matter."""
_MALFORMED = Finding(malformed=True)
_envelope = msgspec.json.Decoder(_Envelope)


def of_error(content: bytes) -> Finding:
    """What the body of an error says.

    >>> of_error(b'{"error": {"code": "slow_down"}}').code
    'slow_down'
    """
    try:
        body: object = msgspec.json.decode(content)
    except (ValueError, RecursionError):
        return NOTHING
    return _found(cast("dict[str, Any]", body).get("error") if isinstance(body, dict) else None)


def of_success(content: bytes) -> Finding:
    """What the body of a success says that must be one JSON object.

    >>> of_success(b'{"id": 1}') == Finding(), of_success(b"[]").malformed
    (True, True)
    """
    if len(content) > _WHOLE:
        ends = content[:64].lstrip(_BLANK)[:1], content[-64:].rstrip(_BLANK)[-1:]
        return NOTHING if ends == (b"{", b"}") else _MALFORMED
    try:
        body = _envelope.decode(content.removeprefix(_BOM))
        if not content.isascii():
            content.decode()
    except (ValueError, RecursionError):
        return _MALFORMED
    if isinstance(body.error, msgspec.UnsetType) or body.id is not msgspec.UNSET or body.object is not msgspec.UNSET:
        return NOTHING
    return _found(msgspec.json.decode(body.error))


def _found(error: object) -> Finding:
    if not isinstance(error, dict):
        return NOTHING
    code, kind, message = map(cast("dict[str, Any]", error).get, ("code", "type", "message"))
    said = code if isinstance(code, str) else kind if isinstance(kind, str) else None
    return Finding(said, isinstance(message, str) and _is_too_large(message))


def _is_too_large(message: str) -> bool:
    """Whether a limit's message says that no waiting helps: what was asked for is more than the limit itself."""
    if message.startswith("Request too large"):
        return True
    asked = _ASKED.search(message)
    return asked is not None and int(asked[2].replace(",", "")) > int(asked[1].replace(",", ""))
