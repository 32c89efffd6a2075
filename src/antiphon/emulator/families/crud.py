"""The engine behind every family that keeps objects: make, find, list, change and remove them as the description says.

A family says in a `Kind` what is its own (ids, names, first values) and adds handlers for what is special. Objects of an
owner lie on a shelf of its own, named by the owners' ids, and leave with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from ..description import Operation, description
from ..exchange import Exchange, Handler, Reply, json_reply, list_reply
from ..least import fields_of, filled
from ..problem import Problem
from ..shape import Object as Object
from ..store import Page, Shelf
from .listing import page

First = Callable[[Exchange], Mapping[str, Any]]
"""The first values of a new object that its request does not give."""


def _nothing(_: Exchange) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of object.

    Args:
        home: what its operations are called before `.create` and the like; also the name of its shelf.
        param: the path parameter that holds its id.
        noun: what a 404 calls it.
        prefix: how its ids begin.
        digits: how many hexadecimal digits follow.
        owner: the kind whose objects it belongs to; its id is in the path too.
        first: the first values of a new one besides what its request gives.
        hidden: fields that only the answer to `create` shows, such as secrets.
        search: query parameters of `list` that pick objects by a field of the same name.
        shelf: the shelf's name, where several homes show the same objects.
        oldest_first: whether lists begin with the oldest when no order is asked for.
    """

    home: str
    param: str
    noun: str
    prefix: str = ""
    digits: int = 24
    owner: Kind | None = None
    first: First = field(default=_nothing)
    hidden: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    shelf: str = ""
    oldest_first: bool = False

    # For families with handlers of their own.

    def kept(self, exchange: Exchange) -> Shelf[Object]:
        """The shelf of the owners in the request's path; raises 404 when an owner does not exist."""
        owners: list[str] = []
        owner = self.owner
        while owner is not None:
            owner.found(exchange)
            owners.insert(0, exchange.path[owner.param])
            owner = owner.owner
        return exchange.world.shelf("/".join([self.shelf or self.home, *owners]))

    def found(self, exchange: Exchange, id: str | None = None) -> Object:
        """The object of the request's path, or the one with this id; raises 404 when there is none."""
        wanted = exchange.path[self.param] if id is None else id
        known = self.kept(exchange).get(wanted)
        if known is None:
            raise Problem(404, f"No {self.noun} found with id '{wanted}'.", param=self.param, code="not_found")
        return known

    def made(self, exchange: Exchange, **known: Any) -> Object:
        """A new object, kept: its id, what its request gives, first values, `known`, and whatever else its type requires."""
        world, shelf = exchange.world, self.kept(exchange)
        fields = fields_of(self._schema, self.made_by.result)
        given = {name: value for name, value in _given(exchange).items() if name in fields and value is not None}
        drawn = known.pop("id", None) or world.identity.draw(self.prefix, self.digits)
        values = {"id": drawn, **given, **self.first(exchange), **known}
        made = filled(self._schema, self.made_by.result, values, world.now())
        shelf.put(drawn, made)
        return made

    def change(self, exchange: Exchange, known: Object, **more: Any) -> Object:
        """The object with what the request gives and `more`, kept."""
        fields = fields_of(self._schema, self.made_by.result)
        given = {name: value for name, value in _given(exchange).items() if name in fields}
        if "updated_at" in known and type(known["updated_at"]) is int:
            given["updated_at"] = exchange.world.now()
        changed = known | given | more
        self.kept(exchange).put(known["id"], changed)
        return changed

    def remove(self, exchange: Exchange, known: Object) -> None:
        """Take the object out, and all that belonged to it."""
        self.kept(exchange).pop(known["id"])
        exchange.world.drop_owned(known["id"])

    def listed(self, exchange: Exchange, where: Callable[[Object], bool] | None = None) -> Page[Object]:
        """The page the request asks for, by its cursor, limit, order and the kind's `search`."""
        wanted = {name: exchange.query[name] for name in self.search if exchange.query.get(name) is not None}

        def fits(known: Object) -> bool:
            return all(known.get(n) == v for n, v in wanted.items()) and (where is None or where(known))

        order = "asc" if self.oldest_first else "desc"
        return page(exchange, self.kept(exchange), default_order=order, where=fits if wanted or where else None)

    def shown(self, known: Object) -> Object:
        """The object as every answer but the first shows it."""
        return {n: v for n, v in known.items() if n not in self.hidden} if self.hidden else known

    @cached_property
    def made_by(self) -> Operation:
        """The operation whose answer tells what the object is like."""
        operations = description().operations
        return next(operations[n] for a in ("create", "retrieve", "list") if (n := f"{self.home}.{a}") in operations)

    @property
    def _schema(self) -> Any:
        return self.made_by.schema

    # Whole operations.

    async def create(self, exchange: Exchange) -> Reply:
        """Makes one and keeps it; the answer is the object."""
        return json_reply(self.made(exchange))

    async def retrieve(self, exchange: Exchange) -> Reply:
        """Shows one as it is now; 404 when there is none."""
        return json_reply(self.shown(self.found(exchange)))

    async def list(self, exchange: Exchange) -> Reply:
        """Lists what is kept, by cursor, limit and order."""
        return listing(exchange, self.listed(exchange), self.shown)

    async def update(self, exchange: Exchange) -> Reply:
        """Changes the given fields and keeps the rest; 404 when there is none."""
        return json_reply(self.shown(self.change(exchange, self.found(exchange))))

    async def delete(self, exchange: Exchange) -> Reply:
        """Removes one and all that belongs to it; 404 from then on."""
        known = self.found(exchange)
        self.remove(exchange, known)
        return deleted(exchange, known["id"])


_WHOLE: Final = ("create", "retrieve", "list", "update", "delete")


def crud(*kinds: Kind) -> dict[str, Handler]:
    """The handlers of those whole operations that the description has for each kind."""
    operations = description().operations
    return {
        name: getattr(kind, action)
        for kind in kinds
        for action in _WHOLE
        if (name := f"{kind.home}.{action}") in operations
    }


def listing(exchange: Exchange, found: Page[Object], shown: Callable[[Object], Object] = lambda known: known) -> Reply:
    """A page in the envelope that the operation answers with."""
    data = [shown(item) for item in found.data]
    match exchange.operation.page:
        case "SyncNextCursorPage" | "SyncTokenPage":
            following = data[-1].get("id") if data and found.has_more else None
            return json_reply({"object": "list", "data": data, "has_more": found.has_more, "next": following})
        case _:
            return list_reply(data, found.has_more)


def _given(exchange: Exchange) -> Object:
    """What the request says of the object; where unknown parameters are overlooked, they are overlooked here."""
    known = exchange.operation.fields
    asked: Object = exchange.body or {}
    return {name: value for name, value in asked.items() if name in known}


def deleted(exchange: Exchange, id: str, **more: Any) -> Reply:
    """What `delete` answers: the id, that it is gone, and what else the description requires."""
    operation = exchange.operation
    if operation.result == "null":
        return json_reply({"id": id, "deleted": True, **more})
    known = {"id": id, "deleted": True, **more}
    return json_reply(filled(operation.schema, operation.result, known, exchange.world.now()))
