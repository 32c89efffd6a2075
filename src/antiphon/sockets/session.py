"""The life of one WebSocket session, over as many connections as it takes. Pure: no socket, no clock, no thread.

Rules, and where they leak:

- A session is *waiting*, *open* or *closed*. While it waits (before the first connection, while one is being replaced, and
  until the backlog has gone out) frames are queued; while it is open its owner sends them at once; once closed the owner's
  send fails as the connection's own does.
- It becomes open in the same locked step that finds the queue empty, so no frame overtakes another.
- The lock guards this arithmetic only. It is never held while a frame is sent: closing must be able to interrupt a slow
  send, and `threading.Lock` then serves threads and tasks alike.
- A frame that was handed to a connection is never sent again, whatever became of it.
- Attempts are counted until an event other than "error" arrives: a server that accepts and then refuses must not be
  asked for ever.
- What remains unsent when the session ends belongs to the reader, who raises it.

`flush` and `recover` are flows: they await effects, and the two shells perform them, each in its colour.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Lock
from typing import Any

import msgspec

from ..core.effects import Effect, Invoke, Random
from ..errors import WebSocketConnectionClosedError
from .address import Discreet
from .outbox import Frame, Outbox
from .reconnection import Backoff, OnReconnecting, ReconnectingEvent, close_code, is_recoverable_close

log = logging.getLogger("antiphon.sockets")


class Dial(Effect[Any]):
    """Open a connection with these extra query entries and header fields; answered with it."""

    __slots__ = ("headers", "query")

    def __init__(self, query: Mapping[str, Any], headers: Mapping[str, Any]) -> None:
        self.query = query
        self.headers = headers


class Transmit(Effect[None]):
    """Send one frame."""

    __slots__ = ("connection", "frame")

    def __init__(self, connection: Any, frame: Frame) -> None:
        self.connection = connection
        self.frame = frame


class Hangup(Effect[None]):
    """Close a connection that will not be used; whatever goes wrong with that is of no interest."""

    __slots__ = ("connection",)

    def __init__(self, connection: Any) -> None:
        self.connection = connection


class Pause(Effect[None]):
    """Wait, in seconds, or until the session is closed."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class _Kind(msgspec.Struct):
    type: Any = None


_KIND = msgspec.json.Decoder(_Kind)


class Session:
    """The state of a session and every decision about it.

    Args:
        outbox: the frames that wait, bounded.
        backoff: how to try again.
        on_reconnecting: asked before each attempt; `None` never reconnects.
        query: extra query entries of the next connection.
        headers: extra header fields of the next connection.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        backoff: Backoff | None = None,
        on_reconnecting: OnReconnecting | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
    ) -> None:
        self.outbox = outbox
        self.backoff = backoff or Backoff()
        self.on_reconnecting = on_reconnecting
        self.query = query or {}
        self.headers = Discreet(headers or {})
        self.connection: Any = None
        self.attempt = 0
        self.closed = False
        self._waiting = True
        self._recovering = False
        self._lock = Lock()

    # What senders ask.

    def admit(self, frame: Frame) -> bool:
        """Whether the frame was queued; if not, its sender sends it on `connection` itself.

        Raises:
            WebSocketQueueFullError: it has to wait and does not fit.
        """
        with self._lock:
            if not self._waiting:
                return False
            self.outbox.put(frame)
            return True

    # What the owner of a new connection does.

    def adopt(self, connection: Any) -> bool:
        """Make this the connection; `False` where the session was closed meanwhile and it must be hung up."""
        with self._lock:
            if self.closed:
                return False
            self.connection = connection
            return True

    def next(self) -> Frame | None:
        """The next frame of the backlog; `None` once there is none and the session is open, or closed."""
        with self._lock:
            if self.closed:
                return None
            frame = self.outbox.take()
            if frame is None:
                self._waiting = False
                self._recovering = False
            return frame

    def settle(self, frame: Frame) -> None:
        """The frame is out, or lost."""
        with self._lock:
            self.outbox.settle(frame)

    def stop_waiting(self) -> None:
        """No connection is being made any more: senders meet the broken one themselves."""
        with self._lock:
            self._waiting = False
            self._recovering = False

    # What the reader asks.

    def received(self, message: bytes | str) -> None:
        """Count a message as progress, unless it is an error or nothing we understand."""
        if not self.attempt:
            return
        try:
            kind = _KIND.decode(message).type
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return
        if isinstance(kind, str) and kind and kind != "error":
            self.attempt = 0

    def may_recover(self, code: int) -> bool:
        """Whether to try again after a close with this code; from here on frames are queued."""
        if self.on_reconnecting is None or not is_recoverable_close(code):
            return False
        with self._lock:
            if self.closed or self._recovering:
                return False
            self._waiting = self._recovering = True
            return True

    def next_attempt(self) -> int | None:
        """The number of the next attempt; `None` when closed or out of attempts."""
        with self._lock:
            if self.closed or self.attempt >= self.backoff.max_retries:
                return None
            self.attempt += 1
            return self.attempt

    def override(self, answer: Any) -> bool:
        """Take over what the user's callback answered; `False` where it says to give up."""
        if not isinstance(answer, Mapping):
            return True
        overrides: Mapping[str, Any] = answer  # pyright: ignore[reportUnknownVariableType]
        if overrides.get("abort"):
            return False
        self.query = overrides.get("extra_query", self.query)
        self.headers = Discreet(overrides.get("extra_headers", self.headers))
        return True

    def close(self) -> Any:
        """End the session on purpose; answers the connection to close. Unsent frames stay for the reader."""
        with self._lock:
            self.closed = True
            self._waiting = self._recovering = False
            return self.connection

    def check_unsent(self, error: BaseException) -> None:
        """The session is over.

        Raises:
            WebSocketConnectionClosedError: frames were never sent; it holds them.
        """
        with self._lock:
            frames = self.outbox.drain()
        if frames:
            frame = getattr(error, "rcvd", None)
            raise WebSocketConnectionClosedError(
                f"the WebSocket connection closed with {len(frames)} unsent message(s); "
                "unsent_frames has them as they were",
                unsent_messages=_texts(frames),
                unsent_frames=frames,
                code=close_code(error) or 1006,
                reason=getattr(frame, "reason", ""),
            ) from error

    def __repr__(self) -> str:
        state = "closed" if self.closed else "waiting" if self._waiting else "open"
        return f"<Session {state}, {len(self.outbox)} queued, attempt {self.attempt}>"


def ended_normally(error: BaseException) -> bool:
    """Whether this exception of `websockets` is the end that both sides agreed to."""
    from websockets.exceptions import ConnectionClosedOK

    return isinstance(error, ConnectionClosedOK)


def _texts(frames: list[Frame]) -> list[str]:
    texts: list[str] = []
    for frame in frames:
        try:
            texts.append(frame if isinstance(frame, str) else frame.decode())
        except UnicodeDecodeError:
            continue
    return texts


async def flush(session: Session) -> None:
    """Send the backlog over the session's connection, then let it be open. A failure leaves the rest queued."""
    while (frame := session.next()) is not None:
        try:
            await Transmit(session.connection, frame)
        finally:
            session.settle(frame)


async def begin(session: Session) -> None:
    """The first connection: dial, adopt, and send what was queued before."""
    connection = await Dial(session.query, session.headers)
    session.adopt(connection)
    try:
        await flush(session)
    except Exception as problem:
        # The reader finds the same connection broken, and decides whether to recover; the rest of the backlog is kept.
        log.warning("the backlog could not be sent: %s", type(problem).__name__)
        session.stop_waiting()
    except BaseException:
        await Hangup(connection)
        raise


async def recover(session: Session, code: int) -> bool:
    """Try to replace a connection that closed with `code`; whether it was."""
    if not session.may_recover(code):
        return False
    try:
        while (attempt := session.next_attempt()) is not None:
            if not await _announced(session, attempt, code) or session.closed:
                return False
            outcome = await _attempted(session, code)
            if outcome is True:
                log.info("reconnected after %d attempt(s)", attempt)
                return True
            if outcome is None:
                return False
            code = outcome
        return False
    finally:
        session.stop_waiting()


async def _announced(session: Session, attempt: int, code: int) -> bool:
    """Tell the user and wait; `False` to give up."""
    delay = session.backoff.delay(attempt, await Random())
    event = ReconnectingEvent(attempt, session.backoff.max_retries, delay, code, session.query, session.headers)
    ask = session.on_reconnecting
    assert ask is not None
    try:
        answer = await Invoke(ask, event)
    except Exception as problem:
        log.warning("on_reconnecting raised %s; not reconnecting", type(problem).__name__)
        return False
    if not session.override(answer):
        return False
    log.info("reconnecting in %.1f s (attempt %d of %d)", delay, attempt, session.backoff.max_retries)
    await Pause(delay)
    return True


async def _attempted(session: Session, code: int) -> bool | int | None:
    """One attempt: `True` when the session is open again, `None` to give up, else the code to try again after."""
    try:
        connection = await Dial(session.query, session.headers)
    except Exception as problem:
        log.info("the attempt failed: %s", type(problem).__name__)
        return code
    if not session.adopt(connection):
        await Hangup(connection)
        return None
    try:
        await flush(session)
    except Exception as problem:
        await Hangup(connection)
        found = close_code(problem)
        if found is not None and not is_recoverable_close(found):
            return None
        return code if found is None else found
    except BaseException:
        await Hangup(connection)
        raise
    return None if session.closed else True
