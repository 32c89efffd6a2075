"""Pages: what a page holds, whether another follows, and the call that fetches it. How it is fetched is the shells' business.

A page is a model like any other, a view over the reply's JSON; `data` holds its items. Beside the data it keeps the client and
the call it came from, which neither pickle nor show.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from .call import Call
from .model import BaseModel
from .omit import given

T = TypeVar("T")


class PageInfo:
    """What to ask for the next page: query arguments that replace those of the call before.

    >>> PageInfo(params={"after": "file_9"}).params
    {'after': 'file_9'}
    """

    __slots__ = ("params",)

    def __init__(self, *, params: dict[str, Any]) -> None:
        self.params = params

    def __eq__(self, other: object) -> bool:
        return self.params == other.params if isinstance(other, PageInfo) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"PageInfo(params={self.params})"


class Page(BaseModel, Generic[T]):
    """Items in `data`, and nothing that follows.

    Attributes:
        data: the items of this page.
    """

    __slots__ = ("_call", "_client")

    # Slots of their own, since `__dict__` is the reply's data.
    _client: Any
    _call: Call[Any]

    data: list[T]

    def _attach(self, client: Any, call: Call[Any], item: Callable[[Any], Any]) -> None:
        """Remember where the page came from, and see its items through `item`."""
        self._client = client
        self._call = call
        data: Any = self.__dict__.get("data")
        if data.__class__ is list:
            for position, element in enumerate(data):
                if element.__class__ is dict:
                    data[position] = item(element)

    def _get_page_items(self) -> list[T]:
        return self.data or []

    def has_next_page(self) -> bool:
        """Whether another page follows: the server does not deny it, this one has items and tells where to go on."""
        if self.__dict__.get("has_more") is False or not self._get_page_items():
            return False
        return self.next_page_info() is not None

    def next_page_info(self) -> PageInfo | None:
        """The query arguments of the next page, or `None`."""
        return None

    def _next_call(self) -> Call[Any]:
        """The call that fetches the next page.

        Raises:
            RuntimeError: there is none, or the page came from no call.
        """
        info = self.next_page_info()
        if info is None:
            raise RuntimeError("there is no next page; ask has_next_page() before get_next_page()")
        try:
            call = copy.copy(self._call)
        except AttributeError:
            problem = "this page came from no call of a client (was it pickled or copied?), so it cannot fetch the next"
            raise RuntimeError(problem) from None
        call.query = {**given(dict(call.query or {})), **info.params}
        if call.extra_query:
            call.extra_query = {name: value for name, value in call.extra_query.items() if name not in info.params}
        return call

    def _asked(self) -> set[str]:
        """The cursor this page was asked for with, as the start of a record of those already used."""
        info = self.next_page_info()
        call: Call[Any] | None = getattr(self, "_call", None)
        if info is None or call is None:
            return set()
        query: dict[str, Any] = {**(call.query or {}), **(call.extra_query or {})}
        return {repr({name: query.get(name) for name in info.params})}

    def _goes_on(self, used: set[str]) -> bool:
        """Whether there is a next page whose cursor is not among those used, which it then joins.

        A server that repeats itself ends the iteration instead of making it endless.
        """
        info = self.next_page_info() if self.has_next_page() else None
        if info is None or repr(info.params) in used:
            return False
        used.add(repr(info.params))
        return True


class CursorPage(Page[T]):
    """The next page comes after the last item's id.

    Attributes:
        has_more: whether more items follow.
    """

    __slots__ = ()

    has_more: bool | None = None

    def next_page_info(self) -> PageInfo | None:
        """The last item's id as `after`."""
        items = self._get_page_items()
        after = getattr(items[-1], "id", None) if items else None
        return None if after is None else PageInfo(params={"after": after})


class ConversationCursorPage(Page[T]):
    """The next page comes after `last_id`.

    Attributes:
        has_more: whether more items follow.
        last_id: the id of the last item.
    """

    __slots__ = ()

    has_more: bool | None = None
    last_id: str | None = None

    def next_page_info(self) -> PageInfo | None:
        """`last_id` as `after`."""
        return PageInfo(params={"after": self.last_id}) if self.last_id else None


class NextCursorPage(Page[T]):
    """The server names the next page's cursor.

    Attributes:
        has_more: whether more items follow.
        next: the cursor.
    """

    __slots__ = ()

    has_more: bool | None = None
    next: str | None = None

    def next_page_info(self) -> PageInfo | None:
        """`next` as `after`."""
        return PageInfo(params={"after": self.next}) if self.next else None


class TokenPage(Page[T]):
    """The server names the next page's token.

    Attributes:
        has_more: whether more items follow.
        next: the token.
    """

    __slots__ = ()

    has_more: bool | None = None
    next: str | None = None

    def next_page_info(self) -> PageInfo | None:
        """`next` as `page`."""
        return PageInfo(params={"page": self.next}) if self.next else None
