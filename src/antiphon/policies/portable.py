"""What of a request can be answered elsewhere: not what lives in one account, nor what a target cannot do.

Knows the shape of requests. A look at the encoded body finds names that may stand anywhere in it; text never looks like one,
because its quotation marks are escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from ..core.omit import SENTINELS
from ..core.request import Request
from .subject import body_of, is_inference, model_of, operation_of
from .target import Target, suffix_of

_STATEFUL = frozenset({"previous_response_id", "conversation", "prompt", "container"})
_KEPT = tuple((f'"{name}":'.encode(), name) for name in ("file_id", "file_ids", "vector_store_ids", "connector_id"))
_SIGNS = {
    "images": (b'"image_url"', b'"input_image"'),
    "audio": (b'"input_audio"', b'"modalities":["text","audio"]'),
    "files": (b'"input_file"', b'"file_data"', b'"type":"file"'),
}


def bond(request: Request) -> str | None:
    """What binds a request to the account it was made for; `None` where another may answer it."""
    body = body_of(request)
    if not is_inference(request):  # as it says, too, where state is kept on purpose
        kept = [name for name in ("background", "store") if body.get(name)]
        return f"{kept[0]} keeps state there" if kept else f"{operation_of(request)} is no inference"
    if not _STATEFUL.isdisjoint(body):
        for name in sorted(_STATEFUL & body.keys()):
            value = body[name]
            # The prompt of a plain completion is a text.
            if value is not None and value.__class__ not in SENTINELS and (name != "prompt" or isinstance(value, dict)):
                return f"{name} lives there"
    content = request.content
    if isinstance(content, bytes):
        for sign, name in _KEPT:
            if sign in content:
                return f"{name} lives there"
    return None


def needs(request: Request) -> Iterator[str]:
    """What a target must be able to do for a request."""
    body, content = body_of(request), request.content
    if body.get("tools") or body.get("functions"):
        yield "tools"
    if _schema(body.get("response_format")) or _schema(_item(body.get("text"), "format")):
        yield "json_schema"
    if isinstance(content, bytes):
        for name, signs in _SIGNS.items():
            if any(sign in content for sign in signs):
                yield name


def objection(target: Target, request: Request) -> str | None:
    """Why a target other than the client's own cannot take a request; `None` where it can."""
    if target.is_own:
        return None
    if not target.same_account and (why := bond(request)) is not None:
        return why
    if suffix_of(request) is None:
        return "its path is not below the client's base URL"
    if target.models is not None:
        asked, model = model_of(request), target.model_for(request)
        if model is None:
            return f"it does not serve {asked}"
        if model != asked and not isinstance(request.content, bytes):
            return "the model cannot be changed in a form"
    if target.capabilities is not None:
        missing = [name for name in needs(request) if name not in target.capabilities]
        if missing:
            return f"it cannot do {missing[0]}"
    return None


def _schema(form: Any) -> bool:
    return bool(_item(form, "type") == "json_schema")


def _item(value: Any, name: str) -> Any:
    return cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
