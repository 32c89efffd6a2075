"""Who answers in the families' stead: a tape of recorded traffic, or another server that is asked.

Only what a server of models answers is handed on; everything else stays the emulator's own. The caller's key goes
nowhere: the other server gets the one that was set for it, or none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from .exchange import AnyReply, EventReply, Reply
from .problem import Problem
from .tape import KEPT, Recording, Tape, take
from .upstream import Unreachable, ask

if TYPE_CHECKING:
    from .exchange import Exchange
    from .setting import Setting

_HANDED_ON: Final = (
    "chat.",
    "completions.",
    "responses.",
    "embeddings.",
    "moderations.",
    "images.",
    "audio.",
    "models.",
)
_PASSED: Final = (b"content-type", b"accept", b"openai-beta")


class Understudy(Protocol):
    """Somebody who answers."""

    async def answer(self, exchange: Exchange, target: str, body: bytes) -> AnyReply:
        """The answer to a request: its path behind `/v1` with its query, and its body as it came."""
        ...


def stands_in(operation: str) -> bool:
    """Whether an operation is one that others may answer."""
    return operation.startswith(_HANDED_ON)


def understudies(setting: Setting) -> dict[str, Understudy]:
    """Those that were set up, by name.

    Raises:
        ValueError: the brain that is to answer was not, or the tape cannot be read.
    """
    found: dict[str, Understudy] = {}
    if setting.replay is not None:
        found["replay"] = Replay(Tape(setting.replay))
    if setting.proxy is not None:
        found["proxy"] = Proxy(setting)
    if setting.brain not in ("simple", "script", *found):
        raise ValueError(f"the brain {setting.brain!r} needs to be set up: simple, script, replay=FILE or proxy=URL")
    return found


class Replay:
    """Answers from a tape."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    async def answer(self, exchange: Exchange, target: str, body: bytes) -> AnyReply:
        """What was recorded; raises 404 when nothing was."""
        path, _, query = target.partition("?")
        made = self._tape.play(exchange.operation.verb, path, query, body, exchange.world.played)
        if made is None:
            raise Problem(404, "This request was never recorded.", code="not_recorded")
        headers = [(name.encode(), value.encode("latin-1")) for name, value in made.headers.items()]
        kind = next((value for name, value in headers if name == b"content-type"), b"application/json")
        rest = [(name, value) for name, value in headers if name not in (b"content-type", b"x-request-id")]
        if kind.startswith(b"text/event-stream") and made.status == 200:
            return EventReply(_events(made.content()))
        return Reply(made.content(), made.status, kind, rest)


class Proxy:
    """Asks another server, and records what it says where that is wanted."""

    def __init__(self, setting: Setting) -> None:
        self._base = _checked(setting.proxy or "")
        self._key = setting.proxy_key
        self._recording = None if setting.record is None else Recording(setting.record)

    async def answer(self, exchange: Exchange, target: str, body: bytes) -> AnyReply:
        """Its answer, a stream as it comes; raises 502 when there is none."""
        headers = {n.decode(): v.decode("latin-1") for n in _PASSED if (v := exchange.headers.get(n)) is not None}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        asked = ask(f"{self._base}{target}", exchange.operation.verb, headers, body)
        try:
            head, pieces = await asked.__aenter__()
            kind = head.get(b"content-type") or b"application/octet-stream"
            if kind.startswith(b"text/event-stream") and head.status == 200:
                return EventReply(self._stream(asked, pieces, exchange, target, body, head))
            try:
                content = b"".join([piece async for piece in pieces])
            finally:
                await asked.__aexit__(None, None, None)
        except Unreachable as error:
            raise Problem(
                502, f"The server behind the proxy: {error}.", type="server_error", code="bad_gateway"
            ) from None
        self._record(exchange, target, body, head, content)
        rest = [(name, value) for name, value in head.headers if name in KEPT and name.startswith(b"openai-model")]
        return Reply(content, head.status, kind, rest)

    async def _stream(
        self, asked: Any, pieces: AsyncIterator[bytes], exchange: Exchange, target: str, body: bytes, head: Any
    ) -> AsyncIterator[bytes]:
        whole = bytearray()
        try:
            async for piece in pieces:
                if self._recording is not None:
                    whole += piece
                yield piece
        finally:
            await asked.__aexit__(None, None, None)
        self._record(exchange, target, body, head, bytes(whole))

    def _record(self, exchange: Exchange, target: str, body: bytes, head: Any, content: bytes) -> None:
        if self._recording is not None:
            path, _, query = target.partition("?")
            verb = exchange.operation.verb
            self._recording.add(take(verb, path, query, body, head.status, head.headers, content))


def _checked(url: str) -> str:
    """The base URL, without a slash at its end; raises ValueError for what cannot be asked."""
    parts = urlsplit(url)
    try:
        is_fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_fine = False
    if not is_fine or parts.query or parts.fragment:
        raise ValueError("the proxy is asked at a URL such as http://localhost:11434/v1")
    if "@" in parts.netloc:
        raise ValueError("the proxy's URL has no place for a password: give its key as proxy_key")
    return url.rstrip("/")


def _events(content: bytes) -> list[bytes]:
    return [event + b"\n\n" for event in content.split(b"\n\n") if event.strip()]
