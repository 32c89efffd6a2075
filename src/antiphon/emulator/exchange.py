"""One request as handlers see it, and the replies they give. Values only; the application moves the bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from .description import Operation
    from .world import World

JSON = b"application/json"
Header = tuple[bytes, bytes]
ENCODER = msgspec.json.Encoder()


class Caller(NamedTuple):
    """Whose request it is: the digest of the key, and the project the key belongs to."""

    key: str
    project: str
    id: str = ""
    """The key's id among the organisation's keys."""
    user: str = ""
    """The user or service account that owns the key."""
    rights: str = ""
    """`admin` or `project`: what the key is registered for; empty for one that may do everything."""
    scopes: tuple[str, ...] = ()


NOBODY = Caller("", "")


@dataclass(slots=True)
class Exchange:
    """A request that has been admitted: its operation, parameters, decoded body, and the world it acts on."""

    world: World
    operation: Operation
    path: dict[str, str]
    query: dict[str, Any]
    headers: dict[bytes, bytes]
    receive: Callable[[], Awaitable[Any]]
    body: Any = None
    caller: Caller = NOBODY
    usage: dict[str, Any] | None = None
    """What it cost, for the journal and the organisation's usage: `kind`, `model`, and numbers such as `input_tokens`."""


@dataclass(slots=True)
class Reply:
    """A whole answer."""

    body: bytes
    status: int = 200
    content_type: bytes = JSON
    headers: list[Header] = field(default_factory=list[Header])


@dataclass(slots=True)
class EventReply:
    """An answer that is a stream of server-sent events, each already framed."""

    events: Iterable[bytes] | AsyncIterator[bytes]


@dataclass(slots=True)
class FileReply:
    """An answer that is a file's bytes, sent in pieces."""

    path: Path
    size: int
    content_type: bytes = b"application/octet-stream"
    headers: list[Header] = field(default_factory=list[Header])


AnyReply = Reply | EventReply | FileReply
Handler = Callable[[Exchange], Awaitable[AnyReply]]


def json_reply(value: Any, status: int = 200) -> Reply:
    """The value as a JSON answer."""
    return Reply(ENCODER.encode(value), status)


def list_reply(data: list[dict[str, Any]], has_more: bool) -> Reply:
    """A page in the API's envelope."""
    ids = [item.get("id") for item in data]
    first, last = (ids[0], ids[-1]) if ids else (None, None)
    return json_reply({"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": has_more})
