"""The options of a raw call, made from the arguments that methods of resources take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..core.omit import is_given, not_given
from ..core.raw import RequestOptions


def make_request_options(
    *,
    query: Mapping[str, object] | None = None,
    extra_headers: Mapping[str, Any] | None = None,
    extra_query: Mapping[str, object] | None = None,
    extra_body: Any = None,
    idempotency_key: str | None = None,
    timeout: Any = not_given,
    security: Mapping[str, bool] | None = None,
    synthesize_event_and_data: bool | None = None,
    stream_mode: str | None = None,
) -> RequestOptions:
    """The `options=` of `client.post` and its siblings.

    >>> make_request_options(extra_headers={"X-A": "1"}, query={"a": 1}, extra_query={"b": 2})
    {'headers': {'X-A': '1'}, 'params': {'a': 1, 'b': 2}}

    Args:
        query: query arguments.
        extra_headers: fields of this call.
        extra_query: more query arguments; over those of `query`.
        extra_body: merged over the body.
        idempotency_key: sent as `Idempotency-Key`.
        timeout: seconds or a `Timeout` for each attempt.
        security: which credentials the call takes.
        synthesize_event_and_data: whether every event becomes its name and its data.
        stream_mode: "legacy" or "events".
    """
    made: dict[str, Any] = {
        "headers": extra_headers,
        "params": {**(query or {}), **(extra_query or {})} if query is not None or extra_query is not None else None,
        "extra_json": extra_body,
        "idempotency_key": idempotency_key,
        "security": security,
        "synthesize_event_and_data": synthesize_event_and_data,
        "stream_mode": stream_mode,
    }
    given = {name: value for name, value in made.items() if value is not None}
    return cast("RequestOptions", {**given, "timeout": timeout} if is_given(timeout) else given)
