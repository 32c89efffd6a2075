"""What code written for httpx's responses asks of a reply, beyond what antiphon itself needs.

Everything is worked out when it is asked for, so that a reply costs nothing more for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, cast

from ..errors import StreamAlreadyConsumed

if TYPE_CHECKING:
    from .headers import Headers
    from .reply import AsyncBody, Body


class Reading:
    """The reading methods and the small facts of a response, in both colours."""

    __slots__ = ("_content", "_taken", "body")
    status_code: int
    headers: Headers
    body: Body | AsyncBody | None
    _content: bytes | None

    @property
    def encoding(self) -> str:
        """The charset `text` uses."""
        _, _, charset = self.headers.get("content-type", "").lower().partition("charset=")
        name = charset.split(";")[0].strip(' "') or "utf-8"
        try:
            # Some names are known and still no charset that any bytes can be read in, e.g. "idna".
            b"\xff".decode(name, "replace")
        except (LookupError, ValueError):
            return "utf-8"
        return name

    @property
    def charset_encoding(self) -> str | None:
        """The charset the server declared, if it did."""
        return self.encoding if "charset=" in self.headers.get("content-type", "").lower() else None

    @property
    def reason_phrase(self) -> str:
        """The standard phrase of the status, e.g. "Not Found"."""
        from http import HTTPStatus

        try:
            return HTTPStatus(self.status_code).phrase
        except ValueError:
            return ""

    @property
    def is_informational(self) -> bool:
        """Whether the status is 1xx."""
        return 100 <= self.status_code < 200

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status_code < 300

    @property
    def is_redirect(self) -> bool:
        """Whether the status is 3xx."""
        return 300 <= self.status_code < 400

    @property
    def is_client_error(self) -> bool:
        """Whether the status is 4xx."""
        return 400 <= self.status_code < 500

    @property
    def is_server_error(self) -> bool:
        """Whether the status is 5xx."""
        return 500 <= self.status_code < 600

    @property
    def is_error(self) -> bool:
        """Whether the status is 4xx or 5xx."""
        return self.status_code >= 400

    @property
    def has_redirect_location(self) -> bool:
        """Whether it names another place to go to."""
        return self.status_code in (301, 302, 303, 307, 308) and "location" in self.headers

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left to read."""
        return self._content is not None or self.body is None or bool(getattr(self.body, "closed", False))

    @property
    def is_stream_consumed(self) -> bool:
        """Whether the body was read."""
        return self._content is not None or self._begun

    @property
    def num_bytes_downloaded(self) -> int:
        """The size of the body as it came: what the server declared, or the size of what was read."""
        if not self._content:
            return 0
        length = self.headers.get("content-length", "")
        return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else len(self._content)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies the server set, by name. antiphon sends none back."""
        from http.cookies import CookieError, SimpleCookie

        found: dict[str, str] = {}
        for line in self.headers.get_list("set-cookie"):
            try:
                found.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
            except CookieError:
                continue
        return found

    @property
    def links(self) -> dict[str, dict[str, str]]:
        """The `Link` fields, by relation (or URL, where there is none)."""
        found: dict[str, dict[str, str]] = {}
        for entry in self.headers.get("link", "").split(", <"):
            url, _, rest = entry.strip().lstrip("<").partition(">")
            pairs = (part.partition("=") for part in rest.split(";") if "=" in part)
            link = {"url": url, **{name.strip().lower(): value.strip(" \"',") for name, _, value in pairs}}
            if url:
                found[link.get("rel") or url] = link
        return found

    @property
    def history(self) -> list[Any]:
        """Replies that led here; none are kept."""
        return []

    @property
    def next_request(self) -> None:
        """A redirect that was not followed; antiphon makes no request of it."""
        return

    def read(self) -> bytes:
        """The whole body, read now if it is still open; it is kept.

        Raises:
            StreamAlreadyConsumed: it was iterated before.
            RuntimeError: it belongs to an async client; `await aread()`.
        """
        if self._content is None:
            self._content = b"".join(self.iter_bytes())
        return self._content

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The body, decompressed, in pieces of `chunk_size` bytes, or as they come."""
        from .segment import Sized, cut

        return cut(self._pieces(), Sized[bytes](chunk_size))

    def iter_raw(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """As `iter_bytes`: bodies are decompressed as they come in."""
        return self.iter_bytes(chunk_size)

    def iter_text(self, chunk_size: int | None = None) -> Iterator[str]:
        """The body as text, in pieces of `chunk_size` characters, or as they come."""
        from .segment import cut, text_cutter

        return cut(self._pieces(), text_cutter(self.encoding, chunk_size))

    def iter_lines(self) -> Iterator[str]:
        """The body's lines, without their ends."""
        from .segment import cut, line_cutter

        return cut(self._pieces(), line_cutter(self.encoding))

    def close(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""
        body, self.body = self.body, None
        if body is not None:
            body.close()

    async def aread(self) -> bytes:
        """As `read`, for async clients."""
        if self._content is None:
            self._content = b"".join([piece async for piece in self._apieces()])
        return self._content

    def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """As `iter_bytes`."""
        from .segment import Sized, cut_async

        return cut_async(self._apieces(), Sized[bytes](chunk_size))

    def aiter_raw(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """As `iter_raw`."""
        return self.aiter_bytes(chunk_size)

    def aiter_text(self, chunk_size: int | None = None) -> AsyncIterator[str]:
        """As `iter_text`."""
        from .segment import cut_async, text_cutter

        return cut_async(self._apieces(), text_cutter(self.encoding, chunk_size))

    def aiter_lines(self) -> AsyncIterator[str]:
        """As `iter_lines`."""
        from .segment import cut_async, line_cutter

        return cut_async(self._apieces(), line_cutter(self.encoding))

    async def aclose(self) -> None:
        """As `close`."""
        self.close()

    @property
    def _begun(self) -> bool:
        return bool(getattr(self, "_taken", False))

    def _take(self) -> Any:
        """Claim the open body, which can be read once."""
        if self._begun or self.body is None:
            raise StreamAlreadyConsumed
        self._taken = True
        return self.body

    def _pieces(self) -> Iterator[bytes]:
        if self._content is not None:
            yield self._content
            return
        body = cast("Body", self._take())
        try:
            while piece := body.read_chunk():
                if hasattr(piece, "__await__"):
                    cast("Any", piece).close()
                    raise RuntimeError("this reply belongs to an async client; use await aread() or aiter_bytes()")
                yield piece
            body.finish()
        finally:
            self.close()

    async def _apieces(self) -> AsyncIterator[bytes]:
        if self._content is not None:
            yield self._content
            return
        body = cast("AsyncBody", self._take())
        try:
            while piece := await body.read_chunk():
                yield piece
            await body.finish()
        finally:
            self.close()
