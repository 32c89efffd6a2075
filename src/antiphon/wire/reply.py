"""A reply as it comes off the wire: bytes in, head and decoded body out.

Theory of operation. One `ReplyParser` lives as long as its connection. `expect()` opens an exchange; then each buffer that
arrives goes to `feed()`, which gives the decoded body bytes it held, and the end of the connection goes to `eof()`. Three
facts move, each only forward within an exchange:

    status == 0          no final head yet (1xx replies come and go unseen)
    status != 0          the head is there: `status`, `version`, `headers`; body bytes may come
    done                 the body is complete; `reusable` says whether the connection may serve another exchange

`pending` is on while a compressed body holds more than one step of output: drain it with `more()` before feeding again.

Grammar is llhttp's, strict: conflicting or repeated lengths, a length beside chunks, bad chunk sizes, folded headers and
blanks before the colon are its errors. What llhttp leaves to its host is decided here: replies to HEAD and CONNECT have no
body whatever they say, a body without framing ends with the connection, `Transfer-Encoding` must be exactly "chunked", no
upgrade is ever accepted, and all sizes are bounded. Where it leaks: llhttp tolerates empty lines before the status line.
"""

from __future__ import annotations

import httptools

from ..core.limits import DEFAULT_WIRE_LIMITS, WireLimits
from .decoding import Decoder, decoder_for
from .fields import ReplyHeaders
from .problem import BrokenProtocol, TooLarge, Truncated, WireProblem

_SLACK = 16 * 1024
"""How many bytes of chunk syntax, extensions and trailers may come beyond `_PER_PIECE` for each piece of body."""
_PER_PIECE = 64
_VERSIONS = {b"HTTP/1.1 ": "HTTP/1.1", b"HTTP/1.0 ": "HTTP/1.0"}


class ReplyParser:
    """The replies of one connection, one after another.

    >>> parser = ReplyParser()
    >>> parser.expect("GET")
    >>> parser.feed(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi")
    b'hi'
    >>> parser.status, parser.done, parser.reusable
    (200, True, True)

    Args:
        limits: the bounds on heads and bodies.

    Attributes:
        status: the HTTP status once the head is complete, 0 before.
        version: "HTTP/1.1" or "HTTP/1.0".
        headers: the header fields of the head.
        started: whether any byte of a reply has come.
        pending: whether `more()` has decoded bytes to give.
        done: whether the reply is complete.
        reusable: once done, whether the connection may serve another exchange.
    """

    __slots__ = (
        "_at",
        "_bodiless",
        "_bound",
        "_chunked",
        "_cut",
        "_decoder",
        "_ended",
        "_events",
        "_given",
        "_informational",
        "_limits",
        "_method",
        "_overhead",
        "_parser",
        "_pieces",
        "_problem",
        "_raw",
        "_received",
        "_stream",
        "done",
        "headers",
        "on_body",
        "pending",
        "reusable",
        "started",
        "status",
        "version",
    )
    headers: ReplyHeaders
    version: str

    def __init__(self, limits: WireLimits = DEFAULT_WIRE_LIMITS) -> None:
        self._limits = limits
        self._pieces: list[bytes] = []
        # llhttp's glue calls this for each piece of body: a list's own append is as cheap as a callback can be.
        self.on_body = self._pieces.append
        self._bodiless = False
        self._parser = httptools.HttpResponseParser(self)
        self.expect("GET")

    # -- called by the shells ------------------------------------------------------------------------------------------

    def expect(self, method: str, *, stream: bool = False, events: bool = False) -> None:
        """Begin an exchange; the one before must be done and reusable.

        Args:
            method: the request's verb; replies to HEAD and CONNECT are framed differently.
            stream: the body is handed on as it comes, so only its events and its compression are bounded.
            events: the stream is one of server-sent events.
        """
        if self._bodiless:  # llhttp is still waiting for the body that never comes
            self._parser = httptools.HttpResponseParser(self)
        self._method = method
        self._stream = stream
        self._events = events
        self._raw = b""
        self._problem: WireProblem | None = None
        self._decoder: Decoder | None = None
        self._bound: int | None = None
        self._bodiless = self._chunked = self._cut = self._ended = False
        self._at = self._informational = self._overhead = self._received = self._given = 0
        self.status = 0
        self.started = self.pending = self.done = self.reusable = False

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the connection; give the decoded body bytes they held.

        Raises:
            BrokenProtocol: the server broke HTTP, or went past a bound on heads.
            TooLarge: the body went past a bound.
            Truncated: the compressed data ended before its end.
        """
        self.started = True
        if not self.status:
            self._raw = self._raw + data if self._raw else data
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as problem:
            self._refuse(problem)
        if not self.status or self._bodiless:
            return self._without_body()
        pieces = self._pieces
        count = len(pieces)
        body = pieces[0] if count == 1 else b"".join(pieces)
        pieces.clear()
        if self._chunked:
            self._weigh(len(data) - len(body) - _PER_PIECE * count)
        elif not (self._ended or self._received or self._stream):
            self._judge_length()
        if self._decoder is not None or (self._bound is not None and self._received + len(body) > self._bound):
            return self._give(body)
        self._received += len(body)
        self.done = self._ended
        return body

    def more(self) -> bytes:
        """The next decoded bytes of what was fed already; `b""` once `pending` is off. Raises as `feed`."""
        return self._give(b"")

    def eof(self) -> None:
        """The connection has ended in order. After a reset, or where nothing may be missing, do not call it: it is truncation.

        Raises:
            Truncated: the reply is not complete.
        """
        if self.done:
            return
        if not self.status:
            raise Truncated(
                "the connection ended within the reply's head"
                if self.started
                else "the connection ended without a reply"
            )
        if not self.is_error and (self._chunked or self._declared is not None):
            raise self.cut_short()
        self._ended = True
        self._conclude()

    @property
    def is_error(self) -> bool:
        """Whether the reply is a refusal: what has come of its body says enough, should the rest be missing."""
        return self.status >= 400

    def cut_short(self) -> Truncated:
        """The error for a connection that broke within the body."""
        if self._chunked:
            return Truncated(f"the body broke off after {self._received} bytes, before its last chunk")
        declared = self._declared
        if declared is not None:
            return Truncated(f"the body broke off after {self._received} of {declared} bytes")
        return Truncated("the body broke off")

    # -- called by llhttp ----------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A reply begins; after the end of ours it is one nobody asked for."""
        if self._ended:
            raise BrokenProtocol("data follows the reply")

    def on_headers_complete(self) -> None:
        """The head is complete: decide what the body will be."""
        try:
            status, head = self._parser.get_status_code(), self._take_head()
            if status < 200:
                self._pass_informational(status)
                return
            version = _VERSIONS.get(head[:9])
            if version is None:
                raise BrokenProtocol(
                    f"the reply is HTTP/{self._parser.get_http_version()}; only 1.1 and 1.0 are understood"
                )
            self.version = version
            self.headers = ReplyHeaders(head)
            self.status = status
            self._raw = b""
            if self._method == "HEAD" or (self._method == "CONNECT" and status < 300):
                self._end_without_body(self.headers.raw(b"connection").lower())
            elif (
                b"-encoding:" in head.lower()
            ):  # one search tells that there is neither a transfer nor a content encoding
                self._take_codings(self.headers)
            if self._stream:
                self._bound = self._limits.stream if self._events else None
            elif status < 400:
                self._bound = self._limits.body
            else:
                self._bound, self._cut = self._limits.error_body, True
        except WireProblem as problem:
            self._problem = problem
            raise

    def on_message_complete(self) -> None:
        """The body is complete (or a 1xx reply is). llhttp tells only here whether the connection stays."""
        if self.status and not self._ended:
            self._ended = True
            self.reusable = self._parser.should_keep_alive()

    # -- the head ------------------------------------------------------------------------------------------------------

    def _take_head(self) -> bytes:
        """The head that llhttp has just accepted, cut out of what came, within bounds; every line with its end."""
        raw, start, limits = self._raw, self._at, self._limits
        while raw[start] in b"\r\n":  # llhttp forgives empty lines ahead of a reply
            start += 1
        end = raw.index(b"\r\n\r\n", start) + 2
        head = raw[start:end]
        self._at = end + 2
        if self._at > limits.header_bytes:
            raise BrokenProtocol(f"the reply's head is larger than {limits.header_bytes} bytes")
        if len(head) > 4 * limits.header_count and head.count(b"\r\n") > limits.header_count + 1:
            raise BrokenProtocol(f"the reply has more than {limits.header_count} header fields")
        return head

    def _pass_informational(self, status: int) -> None:
        self._informational += 1
        if status == 101:
            raise BrokenProtocol("the server switched to another protocol unasked (101)")
        if status < 100:
            raise BrokenProtocol(f"{status} is not an HTTP status")
        if self._informational > self._limits.informational:
            raise BrokenProtocol(
                f"more than {self._limits.informational} informational (1xx) replies came before the real one"
            )

    def _take_codings(self, headers: ReplyHeaders) -> None:
        if "transfer-encoding" in headers:
            self._chunked = True
            # Exactly: with blanks after it, or twice, llhttp and we could disagree on where the body ends.
            if headers.raw(b"transfer-encoding").lower() != b"chunked":
                raise BrokenProtocol("the reply's Transfer-Encoding is not plain 'chunked'")
        if "content-encoding" in headers:
            try:
                self._decoder = decoder_for(headers.raw(b"content-encoding").decode("latin-1"))
            except BrokenProtocol:
                if not self.is_error:
                    raise

    def _end_without_body(self, options: bytes) -> None:
        self._bodiless = self._ended = self.done = True
        self.reusable = b"keep-alive" in options if self.version == "HTTP/1.0" else b"close" not in options

    @property
    def _declared(self) -> int | None:
        """The Content-Length, which llhttp has found to be one number."""
        length = self.headers.raw(b"content-length")
        return int(length) if length else None

    def _judge_length(self) -> None:
        declared = self._declared
        if declared is not None and declared > self._limits.body and not self.is_error:
            raise TooLarge(f"the body's declared {declared} bytes are more than the {self._limits.body} allowed")

    # -- the body ------------------------------------------------------------------------------------------------------

    def _refuse(self, problem: Exception) -> None:
        """llhttp stopped: what follows a complete reply only spoils the connection, all else is the server's fault.

        But for what a signal's handler raised while llhttp called us: that is the user's, and passes.
        """
        raised = problem.__context__
        if raised is not None and not isinstance(raised, (WireProblem, httptools.HttpParserError)):
            raise raised from None
        if self._ended:
            self.reusable = False
        elif self.is_error and self._problem is None:
            self._ended = True
        elif self._problem is not None:
            raise self._problem from None
        else:
            raise BrokenProtocol(f"the reply is not valid HTTP: {problem}") from None

    def _without_body(self) -> bytes:
        if self._pieces:
            self._pieces.clear()
            self.reusable = False
        if not self.status and len(self._raw) > self._limits.header_bytes:
            raise BrokenProtocol(f"the reply's head is larger than {self._limits.header_bytes} bytes")
        return b""

    def _weigh(self, excess: int) -> None:
        """Bound what is neither body nor fair chunk syntax: extensions and trailers could go on for ever."""
        self._overhead = max(self._overhead + excess, 0)
        if self._overhead > _SLACK + self._limits.header_bytes:  # the head itself may be part of it
            raise BrokenProtocol(f"more than {_SLACK} bytes of chunk extensions or trailers")

    def _give(self, body: bytes) -> bytes:
        self._received += len(body)
        decoder = self._decoder
        if decoder is not None:
            body = self._decode(decoder, body)
            self._given += len(body)
        else:
            self._given = self._received
        if self._bound is not None and self._given > self._bound:
            return self._overflow(body)
        if self._ended and not self.done:
            self._conclude()
        return body

    def _decode(self, decoder: Decoder, body: bytes) -> bytes:
        try:
            decoded = decoder.feed(body)
        except WireProblem:
            if not self.is_error:
                raise
            self._ended, self._decoder, self.pending, self.reusable = True, None, False, False
            return b""
        self.pending = decoder.pending
        size = self._given + len(decoded)
        if size > self._limits.ratio_after and size > self._limits.ratio * self._received:
            raise TooLarge(f"the body grows more than {self._limits.ratio}-fold when decompressed")
        return decoded

    def _overflow(self, body: bytes) -> bytes:
        bound = self._bound or 0
        if not self._cut:
            raise TooLarge(f"the body is larger than the {bound} bytes allowed: {self._given} have come")
        # What an error says stands at its beginning; the connection is given up with the rest.
        self.done, self.pending, self.reusable = True, False, False
        return body[: len(body) - (self._given - bound)]

    def _conclude(self) -> None:
        if self.pending:
            return
        if self._decoder is not None and not self.is_error:
            self._decoder.end()
        self.done = True
