"""Raw calls: any verb on any path, as a `Call` like every other."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, TypedDict

from .call import Call, Operation, checked_retries
from .omit import is_given, not_given


class RequestOptions(TypedDict, total=False):
    """Options of one raw call.

    headers: fields for this call; a sentinel value removes a default.
    params: query arguments.
    timeout: seconds or a `Timeout` for each attempt.
    max_retries: instead of the client's.
    extra_json: merged over the body.
    idempotency_key: sent as `Idempotency-Key`.
    stream_mode: "legacy" wraps events of threads and raises error objects, as by default; "events" gives all as they come.
    synthesize_event_and_data: whether every event becomes `{"data": …, "event": …}`.
    follow_redirects: `False` for a redirect as it came, which is an error; redirects are only ever followed within the origin.
    security: which credentials the call takes: `bearer_auth`, `admin_api_key_auth`.
    """

    headers: Mapping[str, Any]
    max_retries: int
    timeout: Any
    params: Mapping[str, object]
    extra_json: Mapping[str, object]
    idempotency_key: str
    follow_redirects: bool
    security: Mapping[str, bool]
    synthesize_event_and_data: bool
    stream_mode: str


def raw_call(
    verb: str,
    path: str,
    cast_to: Any,
    *,
    body: Any = None,
    content: Any = None,
    files: Any = None,
    options: RequestOptions | None = None,
    stream: bool = False,
    stream_cls: Any = None,
    page: str | None = None,
    item: Any = None,
) -> Call[Any]:
    """The call for a verb and a path.

    Raises:
        TypeError: both `body` and `content`, or both `files` and `content`, were given; or `max_retries` is no number.
    """
    if body is not None and content is not None:
        raise TypeError("pass either `body` (sent as JSON or a form) or `content` (sent as it is), not both")
    if files is not None and content is not None:
        raise TypeError("pass either `files` (sent as a multipart form) or `content` (sent as it is), not both")
    if isinstance(body, bytes):
        problem = "bytes as `body` are deprecated, as in the official package; pass them as `content`"
        warnings.warn(problem, DeprecationWarning, stacklevel=4)
        body, content = None, body
    if content is not None and not isinstance(content, bytes):
        # Loaded with the first body that is no plain bytes.
        from .content import content_of

        content = content_of(content)
    options = options or {}
    retries = options.get("max_retries", not_given)
    security = options.get("security", {"bearer_auth": True, "admin_api_key_auth": True})
    operation = Operation(
        f"{verb} {path}{_reading(options)}",
        verb,
        path,
        body="multipart" if files is not None else "json",
        page=page,
        item=item,
        bearer=bool(security.get("bearer_auth")),
        admin=bool(security.get("admin_api_key_auth")),
    )
    return Call(
        operation,
        query=options.get("params"),
        body=body,
        content=content,
        files=files,
        headers=options.get("headers"),
        extra_body=options.get("extra_json"),
        timeout=options.get("timeout", not_given),
        max_retries=checked_retries(retries) if is_given(retries) else None,
        idempotency_key=options.get("idempotency_key"),
        stream=stream,
        stream_cls=stream_cls,
        result=cast_to,
    )


def _reading(options: RequestOptions) -> str:
    """How the call's events are read, as `core.event` is told."""
    words = ("events", "wrapped")
    asked = (options.get("stream_mode") == "events", options.get("synthesize_event_and_data"))
    said = ", ".join(word for word, wanted in zip(words, asked, strict=True) if wanted)
    return f" {{{said}}}" if said else ""
