"""Pages: what a page holds, whether another follows, and the call that fetches it. How it is fetched is the shells' business.

A page is a model like any other, a view over the reply's JSON; `data` holds its items. Beside the data it keeps the client and
the call it came from, which neither pickle nor show.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar, cast, overload
from urllib.parse import parse_qsl

from ..errors import MalformedResponse
from .call import Call, Operation
from .caster import caster
from .mismatch import mismatch
from .model import BaseModel
from .omit import given, is_given, not_given
from .path import fit
from .reply import Reply
from .shape import is_list, is_mapping

T = TypeVar("T")


class PageInfo:
    """What to ask for the next page; one of three.

    >>> PageInfo(params={"after": "file_9"}).params
    {'after': 'file_9'}

    Args:
        url: where the next page is: an absolute URL, or a path below the base URL; what the call's query says besides stays.
        params: query arguments that replace those of the call before.
        json: members that replace those of the body before.
    """

    __slots__ = ("json", "params", "url")
    url: Any
    params: Any
    json: Any

    @overload
    def __init__(self, *, url: object) -> None: ...
    @overload
    def __init__(self, *, params: Mapping[str, Any]) -> None: ...
    @overload
    def __init__(self, *, json: object) -> None: ...
    def __init__(self, *, url: object = not_given, params: Any = not_given, json: object = not_given) -> None:
        self.url = url
        self.params = params
        self.json = json

    @property
    def said(self) -> tuple[str, Any]:
        """Which of the three was given, and what it is.

        Raises:
            ValueError: none was.
        """
        for name in ("params", "url", "json"):
            value = getattr(self, name)
            if is_given(value):
                return name, str(value) if name == "url" else value
        raise ValueError("a PageInfo needs one of params, url and json")

    def asked(self, call: Call[Any]) -> Any:
        """What a call said already of what this asks for, to tell whether the server repeats itself."""
        name, value = self.said
        if name == "url":
            return call.operation.path
        query: dict[str, Any] = {**(call.query or {}), **(call.extra_query or {})}
        before: Any = query if name == "params" else call.body or {}
        return {key: before.get(key) for key in value} if is_mapping(before) and is_mapping(value) else None

    def onto(self, call: Call[Any]) -> None:
        """Change a call so that it asks for the next page.

        Raises:
            TypeError: `json` or the body it belongs into is no mapping.
        """
        name, value = self.said
        if name == "params":
            call.query = {**given(dict(call.query or {})), **value}
            more: Mapping[str, Any] = call.extra_query or {}
            call.extra_query = {key: more[key] for key in more if key not in value} or None
        elif name == "url":
            path, _, query = value.partition("#")[0].partition("?")
            call.query = {**given(dict(call.query or {})), **(call.extra_query or {}), **dict(parse_qsl(query))}
            call.extra_query = None
            call.operation, call.path = _moved(call.operation, path), None
        else:
            if not is_mapping(value) or not (call.body is None or is_mapping(call.body)):
                raise TypeError("pages by `json` need bodies that are mappings")
            call.body = {**(call.body or {}), **value}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PageInfo):
            return NotImplemented
        return (self.url, self.params, self.json) == (other.url, other.params, other.json)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        name, value = next(
            ((name, value) for name in ("url", "json") if is_given(value := getattr(self, name))),
            ("params", self.params),
        )
        return f"PageInfo({name}={value})"


def _moved(operation: Operation, path: str) -> Operation:
    """An operation at another place."""
    moved = copy.copy(operation)
    moved.path = fit(path)
    return moved


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
        cursor = info.said[1]
        if cursor == info.asked(self._call) or self._paced().repeats(cursor):
            problem = f"the server repeats itself: it says to go on at {cursor}, where this list has been before"
            raise MalformedResponse(self._reply, self.to_dict(), message=problem)
        info.onto(call)
        if isinstance(call.result, PageMaker):
            call.result = call.result.of(call)
        return call

    def _paced(self) -> _Pace:
        try:
            return self._pace
        except AttributeError:
            return _Pace(None, 0, 1)

    def _follow(self, page: Page[Any]) -> None:
        """Remember that this page came after another."""
        info = page.next_page_info()
        if info is not None:
            self._pace = page._paced().after(info.said[1])


class _Pace(NamedTuple):
    """Whether a list runs in a circle, told by one cursor kept at ever greater distance, however long the list is.

    Attributes:
        kept: the cursor kept for comparison.
        steps: how many pages ago it was kept.
        limit: after how many another is kept.
    """

    kept: Any
    steps: int
    limit: int

    def repeats(self, cursor: Any) -> bool:
        return bool(cursor == self.kept)

    def after(self, cursor: Any) -> _Pace:
        steps = self.steps + 1
        return _Pace(cursor, 0, self.limit * 2) if steps == self.limit else _Pace(self.kept, steps, self.limit)


class PageMaker:
    """Makes pages of a class that a user wrote.

    Args:
        client: whom a page asks for the next.
        page: the class.
        model: what an item decodes to.
    """

    call: Call[Any]

    def __init__(self, client: Any, page: type[Page[Any]], model: Any) -> None:
        self._client = client
        self._page = page
        self._model = model

    def of(self, call: Call[Any]) -> PageMaker:
        """The maker of the page that another call gets."""
        made = PageMaker(self._client, self._page, self._model)
        made.call = call
        return made

    def build(self, *, response: Reply, data: Any) -> Page[Any]:
        """The page that a reply is.

        Raises:
            MalformedResponse: it is no JSON object.
        """
        if data.__class__ is not dict:
            raise MalformedResponse(response, data, message=f"a page must be a JSON object; got {type(data).__name__}")
        page: Any = self._page._view(data)
        page._reply_headers = response.headers
        if response.trace is not None:
            page._reply_trace = response.trace
        item = caster(self._model)
        page._attach(self._client, self.call, item, response)
        items: Any = page._get_page_items()
        if is_list(items) and items is not data.get("data"):
            items[:] = [item(each) if each.__class__ is dict else each for each in items]
        return cast("Page[Any]", page)


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
