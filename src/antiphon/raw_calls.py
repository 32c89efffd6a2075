"""Any verb on any path: for endpoints that have no method yet, and for servers that add their own."""

from __future__ import annotations

from typing import Any

from .core.call import Call
from .core.raw import RequestOptions, raw_call


class RawCalls:
    """`get`, `post`, `put`, `patch` and `delete` for a client; in the async colour their results are awaited.

    `cast_to` is what the reply decodes to: a model class, `dict`, `list[...]`, `str`, `bytes`, `object`, `NoneType`,
    `Reply`, or a class with `build(response=, data=)`. Paths are relative to the base URL; an absolute URL is used as it is,
    but the client's key only ever goes to the base URL's origin.
    """

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
        return self.perform(raw_call("GET", path, cast_to, options=options, stream=stream, stream_cls=stream_cls))

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
            path,
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
        return self.perform(raw_call("PUT", path, cast_to, body=body, content=content, files=files, options=options))

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
        return self.perform(raw_call("PATCH", path, cast_to, body=body, content=content, files=files, options=options))

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
        return self.perform(raw_call("DELETE", path, cast_to, body=body, content=content, options=options))
