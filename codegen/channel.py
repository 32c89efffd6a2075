"""The WebSocket endpoints: where each is, and which events a client may send there.

Knows the overlay's section `channels`. An event's type is its place: `conversation.item.create` is sent by
`connection.conversation.item.create(...)`, with the event's fields as keywords, the required ones first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .description import Description, DescriptionError, Field
from .expression import Expression, Literal, Reference, parse, references


@dataclass(frozen=True)
class Argument:
    """One argument of a connection; `place` is "path", "query", or "pinned" (a query entry above the extras)."""

    name: str
    type: Expression
    required: bool
    place: str


@dataclass(frozen=True)
class Channel:
    """One endpoint.

    `prefix` begins its public classes' names (`RealtimeConnection`); `client` and `server` are unions of events, the first in
    its parameter form; `queue` is how many bytes may wait to be sent.
    """

    file: str
    prefix: str
    path: str
    client: Reference
    server: Reference
    arguments: tuple[Argument, ...]
    headers: Mapping[str, str]
    queue: int
    reconnects: bool


@dataclass(frozen=True)
class Event:
    """Something a client may send: its type, and its other fields, required ones first."""

    type: str
    fields: tuple[Field, ...]


@dataclass
class Node:
    """A place in the tree of event types: its own events by verb, and the places below."""

    events: dict[str, Event] = field(default_factory=dict[str, Event])
    below: dict[str, Node] = field(default_factory=dict[str, "Node"])


def channels(description: Description) -> list[Channel]:
    """Every endpoint, by its file's name."""
    return [_channel(file, entry) for file, entry in sorted(description.overlay.get("channels", {}).items())]


def _channel(file: str, entry: Mapping[str, Any]) -> Channel:
    return Channel(
        file=file,
        prefix=entry["prefix"],
        path=entry["path"],
        client=Reference(*entry["client"].split(":")),
        server=Reference(*entry["server"].split(":")),
        arguments=tuple(
            Argument(given["name"], parse(given["type"]), given["required"], given["place"])
            for given in entry.get("arguments", ())
        ),
        headers=entry.get("headers", {}),
        queue=entry["queue"],
        reconnects=entry.get("reconnects", True),
    )


def client_events(description: Description, channel: Channel) -> list[Event]:
    """What the client may send, in the order of the union.

    Raises:
        DescriptionError: the union or one of its members is not described.
    """
    alias = description.types[channel.client].alias
    if alias is None:
        raise DescriptionError(f"{channel.client} is no union of events")
    return [_event(description, reference) for reference in references(alias)]


def _event(description: Description, reference: Reference) -> Event:
    fields = description.types[reference].fields
    kind = next((f.type for f in fields if f.name == "type"), None)
    if not isinstance(kind, Literal):
        raise DescriptionError(f"{reference} has no type that names it")
    own = (f for f in fields if f.name != "type")
    return Event(str(kind.values[0]), tuple(sorted(own, key=lambda f: not f.required)))


def tree(events: list[Event]) -> Node:
    """The events by the places their types name."""
    root = Node()
    for event in events:
        *places, verb = event.type.split(".")
        node = root
        for place in places:
            node = node.below.setdefault(place, Node())
        node.events[verb] = event
    return root
