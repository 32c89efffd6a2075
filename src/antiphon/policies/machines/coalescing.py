"""Several requests for embeddings or moderations as one, and its answer as theirs: what may go together, and who gets which part.

Knows the API's limits on inputs, and how its answers list them. Refuses to know who waits for whom.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple, cast

import msgspec

from ...core.headers import Headers
from ...core.reply import Reply
from ...core.request import Request
from .cache_key import body_of, canonical, key_of, kind_of, tenant_of

INPUTS = 2048
"""Inputs that one request for embeddings may have."""
TOKENS = 300_000
"""Tokens that all inputs of one request for embeddings may have together."""
_LISTS = {"embeddings": "data", "moderations": "results"}
_ONE_BY_ONE = frozenset({400, 413, 422})
_MODERATED = 32
"""The API tells no limit here; more than this it was seen to refuse."""


class Load(NamedTuple):
    """What one call brings to a request for several.

    Attributes:
        request: the call's own.
        key: the same for what may go together.
        name: of the list in the answer: "data" or "results".
        body: the call's own body, without the input.
        inputs: texts, or lists of tokens.
        weight: the most tokens they can have.
    """

    request: Request
    key: str
    name: str
    body: dict[str, Any]
    inputs: list[Any]
    weight: int


def load_of(request: Request, scope: str | None) -> Load | str:
    """What a request brings, or the reason why it goes alone.

    Args:
        request: as the policies see it.
        scope: whose it is, instead of the credential's owner.
    """
    kind = kind_of(request)
    name = _LISTS.get(kind or "")
    if name is None or request.stream:
        return "not a request for embeddings or moderations"
    if "idempotency-key" in request.headers:
        return "it has an idempotency key of its own"
    tenant = tenant_of(request, scope)
    if tenant is None:
        return "the key comes later, so whose it is must be said with scope="
    body = body_of(request)
    inputs = None if body is None else _inputs(body.pop("input", None), tokens=kind == "embeddings")
    if body is None or inputs is None:
        return "its input is none that could be joined with others"
    texts = inputs[0].__class__ is str
    weight = sum(len(each.encode()) if texts else len(each) for each in inputs)
    key = key_of(request, tenant, texts, canonical(body).decode())
    return Load(request, key, name, body, inputs, weight)


def most_inputs(load: Load, most: int) -> int:
    """How many inputs a request like this may have."""
    return most if load.name == "data" else min(most, _MODERATED)


def joined(loads: Sequence[Load]) -> Request:
    """One request for all; the first one's, with everybody's inputs."""
    first = loads[0]
    body = {**first.body, "input": [each for load in loads for each in load.inputs]}
    request = first.request.replace(content=msgspec.json.encode(body))
    if request.call is not None:  # policies read from it how much is asked for
        request.call = copy(request.call)
        request.call.body, request.call.extra_body = body, None
    return request


def is_apart(reply: Reply) -> bool:
    """Whether a refusal may be about one of the inputs only, so that the others must be asked for apart."""
    return reply.status_code in _ONE_BY_ONE


def parts_of(reply: Reply, loads: Sequence[Load]) -> list[Reply] | None:
    """Everybody's part of an answer, in order; `None` where it does not say which is whose.

    Args:
        reply: a success that was read whole.
        loads: who asked, in the order in which their inputs stand in the request.
    """
    name = loads[0].name
    try:
        answer = msgspec.json.decode(reply.content, type=dict[str, msgspec.Raw])
        items = _in_order(msgspec.json.decode(answer.pop(name), type=list[dict[str, msgspec.Raw]]))
        usage = msgspec.json.decode(answer.pop("usage", b"null"))
    except (msgspec.MsgspecError, KeyError, UnicodeDecodeError, RecursionError):
        return None
    if items is None or len(items) != sum(len(load.inputs) for load in loads):
        return None
    headers = Headers([field for field in reply.headers.fields if field[0].lower() != "content-length"])
    parts, start, before = list[Reply](), 0, 0
    whole = sum(load.weight for load in loads)
    for load in loads:
        own = items[start : start + len(load.inputs)]
        share: dict[str, Any] = {**answer, name: [_numbered(item, place) for place, item in enumerate(own)]}
        if usage is not None:
            share["usage"] = share_of(usage, before, before + load.weight, whole)
        parts.append(_part(reply, headers, load, msgspec.json.encode(share)))
        start, before = start + len(own), before + load.weight
    return parts


def copies_of(reply: Reply, loads: Sequence[Load]) -> list[Reply]:
    """The same reply for each."""
    return [_part(reply, reply.headers, load, reply.content) for load in loads]


def share_of(value: Any, start: int, end: int, whole: int) -> Any:
    """The part of a usage that falls to the inputs from `start` to `end` of `whole`; all parts together are exactly all of it.

    >>> [share_of({"total_tokens": 10}, start, start + 1, 3)["total_tokens"] for start in range(3)]
    [3, 3, 4]
    """
    if value.__class__ is dict:
        return {name: share_of(item, start, end, whole) for name, item in cast("dict[str, Any]", value).items()}
    if value.__class__ is int:
        return value * end // whole - value * start // whole
    return value


def _inputs(value: Any, *, tokens: bool) -> list[Any] | None:
    """Inputs as a list of texts, or, where they may be, of lists of tokens; `None` where they are neither, or one is empty."""
    if value.__class__ is str:
        return [value] if value else None
    if value.__class__ is not list or not value:
        return None
    items: list[Any] = value
    if all(item.__class__ is str and item for item in items):
        return items
    if not tokens:  # pictures and texts in a list are one input
        return None
    if all(item.__class__ is int for item in items):
        return [items]
    if all(item.__class__ is list and item and all(token.__class__ is int for token in item) for item in items):
        return items
    return None


def _in_order(items: list[dict[str, msgspec.Raw]]) -> list[dict[str, msgspec.Raw]] | None:
    """Items by their index, where they have one; `None` where the indices are not those of a list."""
    if not any("index" in item for item in items):
        return items
    places = [bytes(item.get("index", b"")) for item in items]
    order = {place: number for number, place in enumerate(places)}
    wanted = [order.get(b"%d" % number) for number in range(len(items))]
    return None if None in wanted else [items[cast("int", number)] for number in wanted]


def _numbered(item: dict[str, msgspec.Raw], place: int) -> dict[str, Any]:
    return {**item, "index": place} if "index" in item else item


def _part(reply: Reply, headers: Headers, load: Load, content: bytes) -> Reply:
    return Reply(
        reply.status_code,
        headers.copy(),
        load.request,
        content,
        http_version=reply.http_version,
        elapsed=reply.elapsed,
        retries_taken=reply.retries_taken,
    )
