"""Reconciling: after a failure that leaves open what happened, look whether what was to be made is there.

Knows which operations leave a mark that can be found again, and how: a key in the metadata, or a file's name and size. Refuses to
know when to look, and what to do where nothing is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz
from typing import Any, cast

from ..core.effects import Discard, Outside, Read, Wall
from ..core.encode import encode_json
from ..core.headers import Headers
from ..core.json import JSONError, decode_json
from ..core.reply import Reply
from ..core.request import Request
from ..errors import APIError
from .chain import Forward

MARK = "antiphon_key"
"""The name of the key in the metadata of what was made."""
_MARKED = frozenset(
    {
        *("batches.create", "fine_tuning.jobs.create", "vector_stores.create", "evals.create"),
        "beta.assistants.create",
    }
)
_MOST_METADATA = 16
_PAGES = 5
_SLACK = 60.0
"""Seconds that something may be older than the request for it: clocks are told in seconds, and answers take time."""
_ASKS = ("content-type", "idempotency-key", "x-client-request-id")
"""Header fields that belong to what was to be made, not to a list."""


def marked(request: Request, key: str) -> Request | None:
    """The same request with the key among its metadata; `None` where there is no room, or nobody could look for it."""
    call, content = request.call, request.content
    if call is None or call.operation.name not in _MARKED or not isinstance(content, bytes):
        return None
    try:
        body: Any = decode_json(content)
    except JSONError:
        return None
    if not isinstance(body, dict):
        return None
    metadata: Any = cast("dict[str, Any]", body).get("metadata")
    known = cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else {}
    if MARK not in known and len(known) >= _MOST_METADATA:
        return None
    return request.replace(content=encode_json({**body, "metadata": {**known, MARK: key}}))


def can_look(request: Request) -> bool:
    """Whether what a request makes can be found again."""
    call = request.call
    return call is not None and (call.operation.name in _MARKED or call.operation.name == "files.create")


async def found(request: Request, forward: Forward, key: str, since: float) -> Reply | None:
    """What the request has made, as the reply that got lost; `None` where there is no such thing, or no answer.

    Args:
        request: what was sent, with its mark.
        forward: the rest of the chain.
        key: the mark.
        since: when it was first sent, in seconds since the epoch.
    """
    wanted: Mapping[str, Any] | None = None
    call = request.call
    if call is not None and call.operation.name == "files.create":
        wanted = await Outside(_file_of, cast("Mapping[str, Any]", call.body))
        if wanted is None:
            return None
    after = ""
    for _ in range(_PAGES):
        try:
            reply = await forward(_listing(request, after))
        except APIError:
            return None
        if reply.status_code != 200:
            await Discard(reply)
            return None
        page = await _page(reply)
        items = _objects(page.get("data"))
        oldest = since - _SLACK + _ahead(reply, await Wall())
        for item in items:
            if _is_it(item, key, wanted, oldest):
                return Reply(200, reply.headers, reply.request, encode_json(item))
        if not page.get("has_more") or not items:
            return None
        after = str(items[-1].get("id"))
    return None


def _listing(request: Request, after: str) -> Request:
    """The request for a page of what there is, newest first."""
    path, _, query = request.target.partition("?")
    asked = [query] if query else []
    asked += ["limit=100"] + ([f"after={after}"] if after else [])
    headers = Headers([field for field in request.headers.fields if field[0].lower() not in _ASKS])
    target = f"{path}?{'&'.join(asked)}"
    return request.replace(
        headers=headers, method="GET", target=target, content=None, call=None, stream=False, events=False
    )


def _objects(data: Any) -> list[dict[str, Any]]:
    items: list[Any] = data if isinstance(data, list) else []  # pyright: ignore[reportUnknownVariableType]
    return [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]


async def _page(reply: Reply) -> dict[str, Any]:
    content = reply.content if reply.is_read else await Read(reply)
    try:
        page: Any = decode_json(content)
    except JSONError:
        return {}
    return cast("dict[str, Any]", page) if isinstance(page, dict) else {}


def _ahead(reply: Reply, wall: float) -> float:
    """Seconds by which the server's clock is ahead of ours, where it tells."""
    date = parsedate_tz(reply.headers.get("date", ""))
    return 0.0 if date is None else mktime_tz(date) - wall


def _is_it(item: dict[str, Any], key: str, wanted: Mapping[str, Any] | None, oldest: float) -> bool:
    if wanted is None:
        metadata: Any = item.get("metadata")
        return isinstance(metadata, dict) and cast("dict[str, Any]", metadata).get(MARK) == key
    created = item.get("created_at")
    if not isinstance(created, (int, float)) or created < oldest:
        return False
    return all(item.get(name) == value for name, value in wanted.items())


def _file_of(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """A file's name, size and purpose as a list shows them; looks at the disk."""
    from ..core.files import FilePart

    try:
        part = FilePart("file", body["file"])
    except (KeyError, OSError, ValueError, TypeError):
        return None
    if part.filename is None or part.source.length is None:
        return None
    return {"filename": part.filename, "bytes": part.source.length, "purpose": body.get("purpose")}
