"""One attempt's request: what goes on the wire, and how long it may take."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from .headers import Headers
from .timeout import Timeout
from .url import URL, Origin

if TYPE_CHECKING:
    from .call import Call
    from .trace import Trace


@runtime_checkable
class BodyStream(Protocol):
    """A request body that is produced while it is sent, e.g. a multipart form with files.

    `length` is the size in bytes, or `None` when it is not known (then the body goes out chunked). `rewind()` makes the body
    ready to be sent again and says whether it could; a body that cannot is not retried.
    """

    length: int | None

    def __iter__(self) -> Iterator[bytes]: ...

    def rewind(self) -> bool: ...


Content = bytes | BodyStream | AsyncIterable[bytes] | None


class Request:
    """A request, ready to send.

    Attributes:
        method: the HTTP verb, upper case.
        origin: where it goes.
        target: path and query, percent-encoded ASCII, e.g. "/v1/models?limit=2".
        headers: all fields except `Host`, `Content-Length` and `Transfer-Encoding`, which the wire derives.
        content: the body: `bytes`, a `BodyStream`, an async iterable of bytes (async only) or `None`.
        timeout: seconds for each phase.
        stream: whether the reply's body stays open for the caller; otherwise the transport reads it whole.
        deadline: the monotonic time by which everything must be over, body included; `None` for no bound.
        events: whether the reply is an event stream (idle rules and size limits differ from a download's).
        max_retries: instead of the retry policy's own number; `None` for the policy's.
        download: whether the reply is binary content of any size, so that the bound on bodies does not apply.
        call: what it was made for; `None` for one that was made by hand.
        only_once: whether a kept connection that dies under it is a failure, and no reason to send it on another.
        server: the name of the target that a policy chose; `None` for the origin itself.
        trace: what the policies decided so far; `None` while none had to.
        now: reads the clock that the call goes by, where whoever began it knows one; as `await Now()`, at a fifth of its price.
    """

    __slots__ = (
        "__weakref__",
        "call",
        "content",
        "deadline",
        "download",
        "events",
        "headers",
        "max_retries",
        "method",
        "now",
        "only_once",
        "origin",
        "server",
        "stream",
        "target",
        "timeout",
        "trace",
    )

    def __init__(
        self,
        method: str,
        origin: Origin,
        target: str,
        headers: Headers,
        content: Content,
        timeout: Timeout,
        stream: bool = False,
        deadline: float | None = None,
        events: bool = False,
        max_retries: int | None = None,
        download: bool = False,
        call: Call[Any] | None = None,
    ) -> None:
        self.method = method
        self.origin = origin
        self.target = target
        self.headers = headers
        self.content = content
        self.timeout = timeout
        self.stream = stream
        self.deadline = deadline
        self.events = events
        self.max_retries = max_retries
        self.download = download
        self.call = call
        self.only_once = False
        self.server: str | None = None
        self.trace: Trace | None = None
        self.now: Callable[[], float] | None = None

    @property
    def url(self) -> URL:
        """The absolute URL."""
        path, _, query = self.target.partition("?")
        url = object.__new__(URL)
        url.origin, url.path, url.query = self.origin, path, query
        return url

    def replace(self, *, headers: Headers | None = None, **changes: Any) -> Request:
        """A copy for another attempt, with its own headers.

        Args:
            headers: instead of a copy of these.
            changes: other attributes, by name.
        """
        copy = Request(
            self.method,
            self.origin,
            self.target,
            self.headers.copy() if headers is None else headers,
            self.content,
            self.timeout,
            self.stream,
            self.deadline,
            self.events,
            self.max_retries,
            self.download,
            self.call,
        )
        copy.server, copy.trace, copy.only_once, copy.now = self.server, self.trace, self.only_once, self.now
        for name, value in changes.items():
            setattr(copy, name, value)
        return copy

    def rewind(self) -> bool:
        """Make the body ready to be sent again; whether it could be."""
        content = self.content
        if content is None or isinstance(content, bytes):
            return True
        return isinstance(content, BodyStream) and content.rewind()

    def __repr__(self) -> str:
        return f"<Request [{self.method} {self.origin}{self.target.partition('?')[0]}]>"

    def __reduce__(self) -> tuple[object, ...]:
        # An error that travels to another process carries what was asked, not the body and never a credential; some
        # servers take one in the query.
        target = self.target.partition("?")[0]
        return (_rebuilt, (self.method, self.origin, target, self.headers.without_credentials(), self.timeout))


def _rebuilt(method: str, origin: Origin, target: str, headers: Headers, timeout: Timeout) -> Request:
    return Request(method, origin, target, headers, None, timeout)
