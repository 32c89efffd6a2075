"""Any verb on any path: for endpoints that have no method yet, and for servers that add their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast, get_origin, overload

from .core.call import Call
from .core.omit import is_given
from .core.path import fit, has_dots, resolved
from .core.raw import RequestOptions, raw_call
from .core.url import URL

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from .core.argument import Awaiting, Blocking

T = TypeVar("T")
S = TypeVar("S")


class RawCalls:
    """`get`, `post`, `put`, `patch` and `delete` for a client; in the async colour their results are awaited.

    `cast_to` is what the reply decodes to: a model class, `dict`, `list[...]`, `str`, `bytes`, `object`, `NoneType`,
    `Reply`, or a class with `build(response=, data=)`. Paths are relative to the base URL; an absolute URL is used as it is,
    but the client's key only ever goes to the base URL's origin.
    """

    @property
    def base_url(self) -> URL:
        """The API's root."""
        raise TypeError(f"{type(self).__name__} has no base URL")

    @property
    def _strict_response_validation(self) -> bool:
        """What was asked for, under the name frameworks read."""
        return bool(getattr(self, "settings").strict)  # noqa: B009 - a client has them

    def _heeding_redirects(self, follow: object) -> Self:
        """Who makes a call whose options speak of redirects: this client, or a copy with or without a `Redirect`."""
        if not isinstance(follow, bool):
            return self
        from .copying import Copies
        from .policies.redirect import Redirect
        from .policies.retry import Retry

        client: Any = self
        given: Any = client._given_policies
        if not is_given(given):
            given = [Retry(client.settings.max_retries), Redirect()] if client._own_policies else []
        if any(isinstance(each, Redirect) for each in given) is follow:
            return self
        kept = [each for each in given if not isinstance(each, Redirect)]
        return cast("Self", Copies.copy(client, policies=[*kept, Redirect()] if follow else kept))

    def _placed(self, path: str) -> str:
        """A raw path, fit for a request line, its dot segments resolved as the official client does it."""
        path = fit(path)
        if not has_dots(path):
            return path
        where, mark, query = path.partition("?")
        if "://" in path[:10] and not path.startswith("/"):
            url = URL(path)
            return f"{url.origin}{resolved(url.path)}{mark}{query}"
        base = self.base_url
        whole = resolved(base.path + where.lstrip("/"))
        inside = whole.startswith(base.path)
        return (whole[len(base.path) - 1 :] if inside else f"{base.origin}{whole}") + mark + query

    def perform(self, call: Call[Any]) -> Any:
        """Make a call and decode its result."""
        raise TypeError(f"{type(self).__name__} does not perform calls")

    def _raw(self, verb: str, path: str, cast_to: Any, options: RequestOptions | None, **what: Any) -> Any:
        """Make a raw call."""
        client = self if options is None else self._heeding_redirects(options.get("follow_redirects"))
        return client.perform(raw_call(verb, self._placed(path), cast_to, options=options, **what))

    @overload
    def get(
        self: Blocking,
        path: str,
        *,
        cast_to: type[T],
        options: RequestOptions | None = None,
        stream: Literal[False] = False,
        stream_cls: None = None,
    ) -> T: ...
    @overload
    def get(
        self: Awaiting,
        path: str,
        *,
        cast_to: type[T],
        options: RequestOptions | None = None,
        stream: Literal[False] = False,
        stream_cls: None = None,
    ) -> Coroutine[Any, Any, T]: ...
    @overload
    def get(
        self: Blocking,
        path: str,
        *,
        cast_to: Any,
        options: RequestOptions | None = None,
        stream: Literal[True],
        stream_cls: type[S],
    ) -> S: ...
    @overload
    def get(
        self: Awaiting,
        path: str,
        *,
        cast_to: Any,
        options: RequestOptions | None = None,
        stream: Literal[True],
        stream_cls: type[S],
    ) -> Coroutine[Any, Any, S]: ...
    @overload
    def get(
        self,
        path: str,
        *,
        cast_to: Any,
        options: RequestOptions | None = None,
        stream: bool = False,
        stream_cls: Any = None,
    ) -> Any: ...
    def get(
        self,
        path: str,
        *,
        cast_to: Any,
        options: RequestOptions | None = None,
        stream: bool = False,
        stream_cls: Any = None,
    ) -> Any:
        """GET a path.

        >>> client.get("/models", cast_to=dict)  # doctest: +SKIP
        """
        return self._raw("GET", path, cast_to, options, stream=stream, stream_cls=stream_cls)

    @overload
    def post(
        self: Blocking,
        path: str,
        *,
        cast_to: type[T],
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
        stream: Literal[False] = False,
        stream_cls: None = None,
    ) -> T: ...
    @overload
    def post(
        self: Awaiting,
        path: str,
        *,
        cast_to: type[T],
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
        stream: Literal[False] = False,
        stream_cls: None = None,
    ) -> Coroutine[Any, Any, T]: ...
    @overload
    def post(
        self: Blocking,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
        stream: Literal[True],
        stream_cls: type[S],
    ) -> S: ...
    @overload
    def post(
        self: Awaiting,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
        stream: Literal[True],
        stream_cls: type[S],
    ) -> Coroutine[Any, Any, S]: ...
    @overload
    def post(
        self,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
        stream: bool = False,
        stream_cls: Any = None,
    ) -> Any: ...
    def post(
        self,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: Any = None,
        options: RequestOptions | None = None,
        files: Any = None,
        stream: bool = False,
        stream_cls: Any = None,
    ) -> Any:
        """POST to a path: `body` as JSON, `files` with it as a multipart form, or `content` as it is."""
        parts: dict[str, Any] = {"body": body, "content": content, "files": files}
        return self._raw("POST", path, cast_to, options, **parts, stream=stream, stream_cls=stream_cls)

    @overload
    def put(
        self: Blocking,
        path: str,
        *,
        cast_to: type[T],
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
    ) -> T: ...
    @overload
    def put(
        self: Awaiting,
        path: str,
        *,
        cast_to: type[T],
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
    ) -> Coroutine[Any, Any, T]: ...
    @overload
    def put(
        self,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
    ) -> Any: ...
    def put(
        self,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
    ) -> Any:
        """PUT to a path; arguments as for `post`."""
        return self._raw("PUT", path, cast_to, options, body=body, content=content, files=files)

    @overload
    def patch(
        self: Blocking,
        path: str,
        *,
        cast_to: type[T],
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
    ) -> T: ...
    @overload
    def patch(
        self: Awaiting,
        path: str,
        *,
        cast_to: type[T],
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
    ) -> Coroutine[Any, Any, T]: ...
    @overload
    def patch(
        self,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
    ) -> Any: ...
    def patch(
        self,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: Any = None,
        files: Any = None,
        options: RequestOptions | None = None,
    ) -> Any:
        """PATCH a path; arguments as for `post`."""
        return self._raw("PATCH", path, cast_to, options, body=body, content=content, files=files)

    @overload
    def delete(
        self: Blocking,
        path: str,
        *,
        cast_to: type[T],
        body: Any = None,
        content: Any = None,
        options: RequestOptions | None = None,
    ) -> T: ...
    @overload
    def delete(
        self: Awaiting,
        path: str,
        *,
        cast_to: type[T],
        body: Any = None,
        content: Any = None,
        options: RequestOptions | None = None,
    ) -> Coroutine[Any, Any, T]: ...
    @overload
    def delete(
        self,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: Any = None,
        options: RequestOptions | None = None,
    ) -> Any: ...
    def delete(
        self,
        path: str,
        *,
        cast_to: Any,
        body: Any = None,
        content: Any = None,
        options: RequestOptions | None = None,
    ) -> Any:
        """DELETE a path."""
        return self._raw("DELETE", path, cast_to, options, body=body, content=content)

    def get_api_list(
        self,
        path: str,
        *,
        model: Any,
        page: Any,
        body: Any = None,
        options: RequestOptions | None = None,
        method: str = "get",
    ) -> Any:
        """A page of what a path lists; in the async colour awaited for the first page, or iterated for every item.

        >>> client.get_api_list("/models", model=dict, page=SyncPage)  # doctest: +SKIP

        Args:
            path: relative to the base URL.
            model: what an item decodes to.
            page: a page class of the client's colour: one of antiphon's, or one of your own derived from those.
            body: as for `post`.
            options: as for `get`.
            method: the verb.

        Raises:
            TypeError: `page` is no such class.
        """
        kind: Any = get_origin(page) or page
        name = str(getattr(kind, "__name__", kind)).replace("Async", "Sync")
        if getattr(kind, "__module__", "") == "antiphon.pagination" and name.startswith("Sync"):
            call = raw_call(method.upper(), self._placed(path), None, body=body, options=options, page=name, item=model)
        else:
            from .pagination import page_maker

            made = page_maker(self, kind, model)
            call = raw_call(method.upper(), self._placed(path), made, body=body, options=options)
            made.call = call
        return self._listing(call, options)

    def _listing(self, call: Call[Any], options: RequestOptions | None) -> Any:
        """Make a raw list call."""
        client: Any = self if options is None else self._heeding_redirects(options.get("follow_redirects"))
        return getattr(client, "paginate", client.perform)(call)
