"""Any verb on any path: for endpoints that have no method yet, and for servers that add their own."""

from __future__ import annotations

from typing import Any, get_origin

from .core.call import Call
from .core.path import fit, has_dots, resolved
from .core.raw import RequestOptions, raw_call
from .core.url import URL


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
        return self.perform(
            raw_call("GET", self._placed(path), cast_to, options=options, stream=stream, stream_cls=stream_cls)
        )

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
        call = raw_call(
            "POST",
            self._placed(path),
            cast_to,
            body=body,
            content=content,
            files=files,
            options=options,
            stream=stream,
            stream_cls=stream_cls,
        )
        return self.perform(call)

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
        return self.perform(
            raw_call("PUT", self._placed(path), cast_to, body=body, content=content, files=files, options=options)
        )

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
        return self.perform(
            raw_call("PATCH", self._placed(path), cast_to, body=body, content=content, files=files, options=options)
        )

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
        return self.perform(
            raw_call("DELETE", self._placed(path), cast_to, body=body, content=content, options=options)
        )

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
            page: one of antiphon's page classes, of the client's colour.
            body: as for `post`.
            options: as for `get`.
            method: the verb.

        Raises:
            TypeError: `page` is no page class of antiphon's.
        """
        kind = get_origin(page) or page
        name = str(getattr(kind, "__name__", kind)).replace("Async", "Sync")
        if not name.startswith("Sync") or not name.endswith("Page") or kind.__module__ != "antiphon.pagination":
            raise TypeError(f"page must be one of antiphon's page classes, e.g. SyncCursorPage; got {page!r}")
        call = raw_call(method.upper(), self._placed(path), None, body=body, options=options, page=name, item=model)
        return getattr(self, "paginate", self.perform)(call)
