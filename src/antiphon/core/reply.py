"""What came back for one request: the head, and the body read whole or still open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .headers import Headers
from .reading import Reading
from .request import Request
from .url import URL

if TYPE_CHECKING:
    from .trace import Trace


class Body(Protocol):
    """An open reply body, blocking. One reader at a time."""

    def read_chunk(self) -> bytes:
        """The next decoded bytes as soon as any are there; `b""` at the end. Raises the typed transport errors."""
        ...

    def finish(self) -> None:
        """The reader has all it wants: let the connection be reused if the end is at hand (a short, bounded drain), else close."""
        ...

    def close(self) -> None:
        """Give up at once; the connection is closed unless the body has ended. Never blocks, never raises, safe to repeat."""
        ...


class AsyncBody(Protocol):
    """An open reply body, asyncio. One reader at a time."""

    async def read_chunk(self) -> bytes:
        """As `Body.read_chunk`."""
        ...

    async def finish(self) -> None:
        """As `Body.finish`."""
        ...

    def close(self) -> None:
        """As `Body.close`; not a coroutine, so that it can be called while being cancelled or collected."""
        ...


class Reply(Reading):
    """A reply. `content` holds the body when it was read whole; otherwise `body` is open and owned by the reader.

    It has the reading methods and facts of httpx's responses, too.

    Attributes:
        status_code: the HTTP status.
        headers: the header fields.
        request: what was asked.
        http_version: "HTTP/1.1" or "HTTP/1.0".
        elapsed: seconds from send to the head (or to the end, where the body was read whole).
        retries_taken: how many attempts failed before this one.
        trace: what the policies decided on the way to it; `None` where none had to.
        cached: whether it is another call's, kept or shared while it was under way, so that nothing was sent for this one.
    """

    __slots__ = (
        "__weakref__",
        "cached",
        "elapsed",
        "headers",
        "http_version",
        "request",
        "retries_taken",
        "status_code",
        "trace",
    )
    body: Body | AsyncBody | None

    def __init__(
        self,
        status_code: int,
        headers: Headers,
        request: Request,
        content: bytes | None = None,
        body: Body | AsyncBody | None = None,
        http_version: str = "HTTP/1.1",
        elapsed: float = 0.0,
        retries_taken: int = 0,
    ) -> None:
        self.status_code = status_code
        self.headers = headers
        self.request = request
        self._content = content
        self.body = body
        self.http_version = http_version
        self.elapsed = elapsed
        self.retries_taken = retries_taken
        self.trace: Trace | None = None
        self.cached = False

    @property
    def content(self) -> bytes:
        """The whole body.

        Raises:
            RuntimeError: the body is still open; read it first.
        """
        if self._content is None:
            raise RuntimeError("the body has not been read; call read() (async: await aread()) or iterate it first")
        return self._content

    @content.setter
    def content(self, value: bytes) -> None:
        self._content = value

    @property
    def is_read(self) -> bool:
        """Whether `content` is there."""
        return self._content is not None

    def raise_for_status(self) -> Reply:
        """This reply, unless its status is no success.

        Raises:
            APIStatusError: it is not.
        """
        if not self.is_success:
            from .decode import status_error

            raise status_error(self)
        return self

    @property
    def url(self) -> URL:
        """The URL that answered."""
        return self.request.url

    @property
    def method(self) -> str:
        """The verb that was sent."""
        return self.request.method

    @property
    def text(self) -> str:
        """The body as text, by the charset it declares, UTF-8 otherwise; bytes that do not fit become U+FFFD."""
        return self.content.decode(self.encoding, "replace")

    def json(self) -> Any:
        """The body parsed as JSON."""
        # Not loaded with every client: the first reply needs it, a client does not.
        import msgspec

        return msgspec.json.decode(self.content)

    def __repr__(self) -> str:
        return f"<Reply [{self.status_code} {self.reason_phrase}]>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (
            _rebuilt,
            (
                self.status_code,
                self.headers,
                self.request,
                self._content or b"",
                self.http_version,
                self.elapsed,
                self.retries_taken,
            ),
        )


def _rebuilt(
    status: int, headers: Headers, request: Request, content: bytes, version: str, elapsed: float, retries: int
) -> Reply:
    return Reply(
        status, headers, request=request, content=content, http_version=version, elapsed=elapsed, retries_taken=retries
    )
