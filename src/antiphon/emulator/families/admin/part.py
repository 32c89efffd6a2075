"""Kinds of objects of an organisation: the engine's, with the API's wider pages, in a world that has a first project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...exchange import Exchange, Reply, json_reply
from ...problem import Problem
from ...store import Page, Shelf
from ..crud import Kind, Object, listing
from ..listing import page


@dataclass(frozen=True, kw_only=True)
class Part(Kind):
    """A kind of object that belongs to the organisation.

    Args:
        usual: how many a list shows when nothing is said.
        most: how many it shows at most.
        seeds: those that are there from the start, and cannot be deleted.
    """

    usual: int = 20
    most: int = 100
    seeds: tuple[Object, ...] = ()

    def kept(self, exchange: Exchange) -> Shelf[Object]:
        """The shelf, in an organisation that has its first project and user."""
        exchange.world.organization.settle()
        shelf = super().kept(exchange)
        if self.seeds and not len(shelf):
            for seed in self.seeds:
                shelf.put(seed["id"], seed | {"created_at": exchange.world.now()})
        return shelf

    async def list(self, exchange: Exchange) -> Reply:
        """Lists what is kept, by cursor, limit and order."""
        return shown_page(exchange, self.listed(exchange), self.shown)

    def listed(self, exchange: Exchange, where: Callable[[Object], bool] | None = None) -> Page[Object]:
        """The page the request asks for."""
        wanted = {name: exchange.query[name] for name in self.search if exchange.query.get(name) is not None}

        def fits(known: Object) -> bool:
            return all(known.get(n) == v for n, v in wanted.items()) and (where is None or where(known))

        return paged(exchange, self.kept(exchange), self, fits)


@dataclass(frozen=True, kw_only=True)
class Projects(Part):
    """Projects, which nothing changes any more once they are archived."""

    def found(self, exchange: Exchange, id: str | None = None) -> Object:
        """The project; raises 404 when there is none, 400 for a change of an archived one."""
        known = super().found(exchange, id)
        if known["status"] == "archived" and exchange.operation.verb != "GET":
            message = f"The project {known['id']} is archived and cannot be changed."
            raise Problem(400, message, param="project_id", code="project_archived")
        return known


def paged(
    exchange: Exchange, shelf: Shelf[Object], like: Part, where: Callable[[Object], bool] | None = None
) -> Page[Object]:
    """A page of a shelf with the bounds of a kind."""
    order = "asc" if like.oldest_first else "desc"
    return page(
        exchange, shelf, default_order=order, default_limit=min(like.usual, like.most), most=like.most, where=where
    )


def shown_page(exchange: Exchange, found: Page[Object], shown: Callable[[Object], Object]) -> Reply:
    """A page in the operation's envelope, whose cursor is the id that an object has here even where none is shown."""
    if exchange.operation.page != "SyncNextCursorPage":
        return listing(exchange, found, shown)
    following = found.data[-1]["id"] if found.has_more else None
    data = [shown(known) for known in found.data]
    return json_reply({"object": "list", "data": data, "has_more": found.has_more, "next": following})


PROJECT = Projects(
    home="admin.organization.projects",
    param="project_id",
    noun="project",
    prefix="proj_",
    oldest_first=True,
)
