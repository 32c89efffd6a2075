"""Pages: what a page holds, whether another follows, and the call that fetches it. How it is fetched is the shells' business.

A page is a model like any other, a view over the reply's JSON; `data` holds its items. Beside the data it keeps the client and
the call it came from, which neither pickle nor show.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from ..errors import MalformedResponse
from .call import Call
from .mismatch import mismatch
from .model import BaseModel
from .omit import given
from .reply import Reply
from .shape import is_list

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

    __slots__ = ("_call", "_client", "_pace", "_reply")

    # Slots of their own, since `__dict__` is the reply's data.
    _client: Any
    _call: Call[Any]
    _reply: Reply
    _pace: _Pace

    data: list[T]

    def _attach(self, client: Any, call: Call[Any], item: Callable[[Any], Any], reply: Reply) -> None:
        """Remember where the page came from, and see its items through `item`.

        Raises:
            MalformedResponse: `data` is neither a list nor null.
        """
        self._client = client
        self._call = call
        # Without the body, which the data is made of.
        self._reply = Reply(reply.status_code, reply.headers, request=reply.request, content=b"")
        data: Any = self.__dict__.get("data")
        if data.__class__ is list:
            for position, element in enumerate(data):
                if element.__class__ is dict:
                    data[position] = item(element)
        elif data is not None:
            problem = f"a page's `data` must be a list; got {type(data).__name__}"
            raise MalformedResponse(self._reply, self.to_dict(), message=problem)

    def _get_page_items(self) -> list[T]:
        items: Any = self.data
        if items is None:
            return []
        if not is_list(items):
            raise mismatch(list, items).below("data")
        return items

    def has_next_page(self) -> bool:
        """Whether another page follows: the server does not deny it, this one has items and tells where to go on.

        Of what a server says in `has_more` only true means that more follows; where it says nothing, items do.
        """
        more = self.__dict__.get("has_more")
        if (more is not None and more is not True) or not self._get_page_items():
            return False
        return self.next_page_info() is not None

    def next_page_info(self) -> PageInfo | None:
        """The query arguments of the next page, or `None`."""
        return None

    def _next_call(self) -> Call[Any]:
        """The call that fetches the next page.

        Raises:
            RuntimeError: there is none, or the page came from no call.
            MalformedResponse: the server gave a cursor again that has been followed, so that its pages have no end.
        """
        info = self.next_page_info()
        if info is None:
            raise RuntimeError("there is no next page; ask has_next_page() before get_next_page()")
        try:
            call = copy.copy(self._call)
        except AttributeError:
            problem = "this page came from no call of a client (was it pickled or copied?), so it cannot fetch the next"
            raise RuntimeError(problem) from None
        if info.params == self._asked(info) or self._paced().repeats(info.params):
            problem = f"the server repeats itself: it says to go on at {info.params}, where this list has been before"
            raise MalformedResponse(self._reply, self.to_dict(), message=problem)
        call.query = {**given(dict(call.query or {})), **info.params}
        if call.extra_query:
            call.extra_query = {name: value for name, value in call.extra_query.items() if name not in info.params}
        return call

    def _asked(self, info: PageInfo) -> dict[str, Any]:
        """The cursor this page was asked for with."""
        query: dict[str, Any] = {**(self._call.query or {}), **(self._call.extra_query or {})}
        return {name: query.get(name) for name in info.params}

    def _paced(self) -> _Pace:
        try:
            return self._pace
        except AttributeError:
            return _Pace(None, 0, 1)

    def _follow(self, page: Page[Any]) -> None:
        """Remember that this page came after another."""
        info = page.next_page_info()
        if info is not None:
            self._pace = page._paced().after(info.params)


class _Pace(NamedTuple):
    """Whether a list runs in a circle, told by one cursor kept at ever greater distance, however long the list is.

    Attributes:
        kept: the cursor kept for comparison.
        steps: how many pages ago it was kept.
        limit: after how many another is kept.
    """

    kept: dict[str, Any] | None
    steps: int
    limit: int

    def repeats(self, cursor: dict[str, Any]) -> bool:
        return cursor == self.kept

    def after(self, cursor: dict[str, Any]) -> _Pace:
        steps = self.steps + 1
        return _Pace(cursor, 0, self.limit * 2) if steps == self.limit else _Pace(self.kept, steps, self.limit)


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
