"""Pages in both colours: iterating one goes on through all that follow, fetching each when it is reached.

    for file in client.files.list():            # every file there is
        ...
    async for file in client.files.list():      # the same on asyncio
        ...

What a page means and which call follows is `core.page`'s knowledge; these shells perform it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any, Generic, Self, TypeVar, cast

from .core.call import Call
from .core.page import ConversationCursorPage, CursorPage, NextCursorPage, Page, PageInfo, PageMaker, TokenPage

__all__ = [
    "AsyncConversationCursorPage",
    "AsyncCursorPage",
    "AsyncNextCursorPage",
    "AsyncPage",
    "AsyncPaginator",
    "AsyncTokenPage",
    "BaseAsyncPage",
    "BaseSyncPage",
    "PageInfo",
    "SyncConversationCursorPage",
    "SyncCursorPage",
    "SyncNextCursorPage",
    "SyncPage",
    "SyncTokenPage",
]

T = TypeVar("T")
P = TypeVar("P", bound="BaseAsyncPage[Any]")


class BaseSyncPage(Page[T]):
    """A page of a blocking client."""

    __slots__ = ()

    def __iter__(self) -> Iterator[T]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        """Every item of this page and of all that follow.

        Raises:
            MalformedResponse: the server repeats a cursor, so that its pages have no end.
        """
        for page in self.iter_pages():
            yield from page._get_page_items()

    def iter_pages(self) -> Iterator[Self]:
        """This page, then all that follow."""
        page = self
        yield page
        while page.has_next_page():
            page = page.get_next_page()
            yield page

    def get_next_page(self) -> Self:
        """Fetch the next page.

        Raises:
            RuntimeError: there is none.
            MalformedResponse: the server repeats a cursor, so that its pages have no end.
        """
        page = cast("Self", self._client.perform(self._next_call()))
        page._follow(self)
        return page


class BaseAsyncPage(Page[T]):
    """A page of an asyncio client."""

    __slots__ = ()

    async def __aiter__(self) -> AsyncIterator[T]:
        """Every item of this page and of all that follow.

        Raises:
            MalformedResponse: the server repeats a cursor, so that its pages have no end.
        """
        async for page in self.iter_pages():
            for item in page._get_page_items():
                yield item

    async def iter_pages(self) -> AsyncIterator[Self]:
        """This page, then all that follow."""
        page = self
        yield page
        while page.has_next_page():
            page = await page.get_next_page()
            yield page

    async def get_next_page(self) -> Self:
        """Fetch the next page.

        Raises:
            RuntimeError: there is none.
            MalformedResponse: the server repeats a cursor, so that its pages have no end.
        """
        page = cast("Self", await self._client.perform(self._next_call()))
        page._follow(self)
        return page


class AsyncPaginator(Generic[T, P]):
    """A list call that has not been made yet: `await` it for the first page, or `async for` over every item.

    >>> page = await client.files.list(limit=10)  # doctest: +SKIP
    >>> ids = [file.id async for file in client.files.list()]  # doctest: +SKIP
    """

    __slots__ = ("_call", "_client")

    def __init__(self, client: Any, call: Call[Any]) -> None:
        self._client = client
        self._call = call

    def __await__(self) -> Generator[Any, None, P]:
        return cast("Generator[Any, None, P]", self._client.perform(self._call).__await__())

    async def __aiter__(self) -> AsyncIterator[T]:
        page: BaseAsyncPage[T] = await self
        async for item in page:
            yield item


class SyncPage(BaseSyncPage[T]):
    """All items at once: no page follows."""

    __slots__ = ()

    object: str


class AsyncPage(BaseAsyncPage[T]):
    """All items at once: no page follows."""

    __slots__ = ()

    object: str


class SyncCursorPage(BaseSyncPage[T], CursorPage[T]):
    """A page whose next comes after its last item."""

    __slots__ = ()


class AsyncCursorPage(BaseAsyncPage[T], CursorPage[T]):
    """A page whose next comes after its last item."""

    __slots__ = ()


class SyncConversationCursorPage(BaseSyncPage[T], ConversationCursorPage[T]):
    """A page whose next comes after `last_id`."""

    __slots__ = ()


class AsyncConversationCursorPage(BaseAsyncPage[T], ConversationCursorPage[T]):
    """A page whose next comes after `last_id`."""

    __slots__ = ()


class SyncNextCursorPage(BaseSyncPage[T], NextCursorPage[T]):
    """A page whose next the server names as a cursor."""

    __slots__ = ()


class AsyncNextCursorPage(BaseAsyncPage[T], NextCursorPage[T]):
    """A page whose next the server names as a cursor."""

    __slots__ = ()


class SyncTokenPage(BaseSyncPage[T], TokenPage[T]):
    """A page whose next the server names as a token."""

    __slots__ = ()


class AsyncTokenPage(BaseAsyncPage[T], TokenPage[T]):
    """A page whose next the server names as a token."""

    __slots__ = ()


def page_maker(client: Any, page: Any, model: Any) -> PageMaker:
    """What makes pages of a user's own class.

    Args:
        client: whom a page asks for the next; its colour is the page's.
        page: the class.
        model: what an item decodes to.

    Raises:
        TypeError: `page` is no page class of the client's colour.
    """
    base: type[Any] = BaseSyncPage if client.colour == "sync" else BaseAsyncPage
    if not (isinstance(page, type) and issubclass(page, base)):
        problem = (
            "page must be one of antiphon's page classes, e.g. SyncCursorPage, or a class of your own derived from"
        )
        raise TypeError(f"{problem} {base.__name__}; got {page!r}")
    return PageMaker(client, page, model)
