"""Lists: the cursor, limit and order of a request applied to a shelf or to plain items, with the API's bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..bound import within
from ..exchange import Exchange
from ..store import Page, Shelf

Item = dict[str, Any]


def page(
    exchange: Exchange,
    source: str | Shelf[Item] | Iterable[Item],
    *,
    default_order: str = "desc",
    default_limit: int = 20,
    most: int = 100,
    where: Callable[[Item], bool] | None = None,
) -> Page[Item]:
    """The page a request asks for; `source` is a family's name, a shelf, or the items themselves, oldest first."""
    query = exchange.query
    limit = query.get("limit")
    limit = default_limit if limit is None else limit
    within("limit", limit, 1, most)
    shelf: Shelf[Item]
    if isinstance(source, str):
        shelf = exchange.world.shelf(source)
    else:
        shelf = source if isinstance(source, Shelf) else _shelved(source)
    after = query.get("after") or query.get("page")
    order = query.get("order") or default_order
    return shelf.page(after=after, limit=limit, order=order, where=where, before=query.get("before"))


def _shelved(items: Iterable[Item]) -> Shelf[Item]:
    shelf: Shelf[Item] = Shelf()
    for item in items:
        shelf.put(item["id"], item)
    return shelf
