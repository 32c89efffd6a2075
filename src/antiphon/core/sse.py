"""Server-sent events: bytes in, events out, by the WHATWG rules. It knows nothing of JSON, of OpenAI or of sockets.

Theory of operation. Line ends are CR, LF and CRLF; the data of an event can hold none of them, so every chunk is brought to
LF first, with one flag for an LF that still belongs to the previous chunk's CR. Between two feeds the decoder holds at most
a *partial line* (bytes without a line end) and an *open event* (the fields of lines that are complete). Chunks of nothing
but whole, ordinary events, which is nearly all there ever is, are cut in bulk; everything else goes line by line through
`_take_line`, which is the rules as the standard writes them. Every byte is looked at a bounded number of times, however
the chunks are cut.

Failures come in order: the events before a bad one are handed out first, and the failure is raised by the same `feed` only if
no event precedes it there, by the next `feed` or `end` otherwise.
"""

from __future__ import annotations

import msgspec

from .limits import DEFAULT_WIRE_LIMITS

_BOM = b"\xef\xbb\xbf"
_LF, _CR, _COLON = b"\n\r:"
_RETRY_DIGITS = 18
_KNOWN_NAMES = 256
_SLICE = 64 * 1024  # what is cut at once: more falls out of the processor's cache, and costs twice the time per event


class SSEError(ValueError):
    """Bytes that are no event stream."""


class EventTooLarge(SSEError):
    """One event or one line is larger than allowed."""


class EventNotUTF8(SSEError):
    """A line is not UTF-8."""


class ServerSentEvent(msgspec.Struct, frozen=True, gc=False):
    """One event.

    Attributes:
        raw: the data as UTF-8 bytes; the lines of multi-line data are joined by LF.
        event: the event's name, or `None` where it has none (the standard then says "message").
        id: the last event id seen so far, or `None`.
        retry: the reconnection time this event carried, in milliseconds, or `None`.
    """

    raw: bytes
    event: str | None = None
    id: str | None = None
    retry: int | None = None

    @property
    def data(self) -> str:
        """The data as text."""
        return self.raw.decode()

    def json(self) -> object:
        """The data parsed as JSON.

        Raises:
            msgspec.DecodeError: it is not JSON.
        """
        return msgspec.json.decode(self.raw)


class SSEDecoder:
    r"""An incremental decoder: any chunking of the same bytes gives the same events.

    >>> decoder = SSEDecoder()
    >>> decoder.feed(b'data: {"a":')
    []
    >>> decoder.feed(b'1}\n\n')[0].data
    '{"a":1}'

    Args:
        max_event: how many bytes one line, or the data of one event, may have.

    Attributes:
        comments: how many comment lines came; they prove that the server lives, not that it works.
        last_id: the last event id, to resume from.
        retry: the last reconnection time in milliseconds.
        failure: what ended the stream early; nothing is decoded after it.
    """

    __slots__ = (
        "_calm",
        "_data",
        "_event",
        "_names",
        "_open",
        "_partial",
        "_retry",
        "_size",
        "_skip_lf",
        "_started",
        "comments",
        "failure",
        "last_id",
        "max_event",
        "retry",
    )

    def __init__(self, max_event: int = DEFAULT_WIRE_LIMITS.event) -> None:
        self.max_event = max_event
        self.comments = 0
        self.last_id: str | None = None
        self.retry: int | None = None
        self.failure: SSEError | None = None
        self._calm = False
        self._started = False
        self._skip_lf = False
        self._partial = bytearray()
        self._open = False
        self._data: list[bytes] = []
        self._size = 0
        self._event: str | None = None
        self._retry: int | None = None
        self._names: dict[bytes, str] = {}

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events that `data` completes, in order.

        Raises:
            SSEError: a line is not UTF-8, or an event is too large; see the module's text for when.
        """
        calm = False
        if self._calm and _CR not in data:
            event = self._whole(data)
            if event is not None and (data.isascii() or _is_utf8(data)):
                return [event]
            calm = len(data) <= _SLICE and data.isascii()
        events: list[ServerSentEvent] = []
        try:
            if calm:
                self._take(data, events)
            elif len(data) > _SLICE:
                for start in range(0, len(data), _SLICE):
                    events += self.feed(data[start : start + _SLICE])
            elif self.failure is None:
                self._feed(data, events)
        except SSEError as failure:
            self.failure = failure
            self._calm = False
        if self.failure is not None and not events:
            raise self.failure
        return events

    def end(self) -> bool:
        """Whether something was left that no blank line completed: the stream was cut off.

        Raises:
            SSEError: the failure that an earlier `feed` held back.
        """
        if self.failure is not None:
            raise self.failure
        return bool(self._data or self._event or (self._partial and self._partial[0] != _COLON))

    @property
    def tail(self) -> bytes:
        """The data of the event that was never completed; its last line may be cut off."""
        lines = self._data
        if self._partial.startswith(b"data:"):
            lines = [*lines, bytes(self._partial[5:]).removeprefix(b" ")]
        return b"\n".join(lines)

    def _whole(self, data: bytes) -> ServerSentEvent | None:
        """The event, where the chunk is exactly one ordinary event, as nearly every chunk of a live stream is."""
        lines = data.split(b"\n", 4)
        name = None
        if len(lines) == 4:
            name = self._names.get(lines.pop(0))
            if name is None:
                return None
        elif len(lines) != 3:
            return None
        line, blank, tail = lines
        raw = line.removeprefix(b"data: ")
        if blank or tail or len(raw) == len(line) or len(line) > self.max_event:
            return None
        return ServerSentEvent(raw, name, self.last_id)

    def _feed(self, data: bytes, events: list[ServerSentEvent]) -> None:
        """The way of a chunk that needs care: line ends to unify, a partial line to join, or text that is not ASCII."""
        if self._skip_lf and data:
            self._skip_lf = False
            if data[0] == _LF:
                data = data[1:]
        if _CR in data:
            self._skip_lf = data[-1] == _CR
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not self._started:
            data = self._start(data)
            if not self._started:
                return
        if self._partial:
            if _LF not in data:
                self._hold(data)
                return
            data = bytes(self._partial) + data
            self._partial.clear()
        if data.isascii():
            self._take(data, events)
        else:
            self._take_checked(data, events)

    def _start(self, data: bytes) -> bytes:
        """The first bytes without their byte order mark; nothing while they may still turn out to be one."""
        data = bytes(self._partial) + data
        self._partial.clear()
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._partial += data
            return b""
        self._started = True
        return data.removeprefix(_BOM)

    def _take_checked(self, data: bytes, events: list[ServerSentEvent]) -> None:
        """As `_take`, but the complete lines must be UTF-8; those before the first bad one are still taken."""
        try:
            data[: data.rfind(b"\n") + 1].decode()
        except UnicodeDecodeError as problem:
            start = data.rfind(b"\n", 0, problem.start) + 1
            self._take(data[:start], events)
            self._check_line(data[start : data.index(b"\n", start)])
            raise EventNotUTF8(f"a line of the event stream is not UTF-8: {problem.reason}") from None
        self._take(data, events)

    def _take(self, data: bytes, events: list[ServerSentEvent]) -> None:
        lines = data.split(b"\n")
        tail = lines.pop()
        # What is this small as a whole holds nothing too large, so the usual lines need no look at their size.
        small = len(data) <= self.max_event
        self._calm = self._started and not self._skip_lf
        usual = small and not self._open
        last_id = self.last_id
        names = self._names
        raw = name = None
        for line in lines:
            if not usual:
                if line:
                    self._take_line(line)
                else:
                    self._dispatch(events)
                    usual = small
                    last_id = self.last_id
            elif line:
                value = line.removeprefix(b"data: ")
                if raw is None and len(value) != len(line):
                    raw = value
                elif (known := names.get(line)) is not None:
                    name = known
                else:
                    self._reopen(name, raw)
                    raw = name = None
                    usual = False
                    self._take_line(line)
            else:
                if raw is not None:
                    events.append(ServerSentEvent(raw, name, last_id))
                    raw = None
                name = None
        if usual and (raw is not None or name is not None):
            self._reopen(name, raw)
            usual = False
        if tail or not usual:
            self._calm = False
            self._hold(tail)

    def _reopen(self, name: str | None, raw: bytes | None) -> None:
        """Let the open event, of which only usual lines have come so far, be continued line by line."""
        self._open = True
        self._event = name
        if raw is not None:
            self._data.append(raw)
            self._size = len(raw) + 1

    def _take_line(self, line: bytes) -> None:
        self._open = True
        self._check_line(line)
        field, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if field == b"data":
            self._size += len(value) + 1
            if self._size > self.max_event + 1:
                raise EventTooLarge(f"an event's data is larger than {self.max_event} bytes")
            self._data.append(value)
        elif field == b"event":
            self._event = value.decode() or None
            if self._event and len(self._names) < _KNOWN_NAMES:
                self._names[line] = self._event
        elif field == b"id":
            if 0 not in value:
                self.last_id = value.decode()
        elif field == b"retry":
            if value.isdigit() and len(value) <= _RETRY_DIGITS:
                self.retry = self._retry = int(value)
        elif not field:
            self.comments += 1

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data:
            events.append(ServerSentEvent(b"\n".join(self._data), self._event, self.last_id, self._retry))
            self._data = []
            self._size = 0
        self._open = False
        self._event = None
        self._retry = None

    def _hold(self, data: bytes) -> None:
        self._partial += data
        self._check_line(self._partial)

    def _check_line(self, line: bytes | bytearray) -> None:
        if len(line) > self.max_event:
            raise EventTooLarge(f"a line of the event stream is larger than {self.max_event} bytes")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
