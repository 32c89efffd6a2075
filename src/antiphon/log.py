"""What a client tells `logging`: how its attempts go, and nothing of what they carry.

`OPENAI_LOG=debug` (or `ANTIPHON_LOG`, which wins) turns it on as in the official package; so does a program that has set its
own loggers up before it makes a client. The logger is `antiphon`, since that is who speaks; its parent is `openai`, so that
levels, handlers and `propagate` which a program has set there for the official package hold here too.

    info     a retry: its pause, its number
    debug    each attempt: verb, origin, status, the server's request id, seconds; what ended it; other pauses

No path, query, header field, body or message of an error is ever written: none of them can leak a key. A client asks once,
when it is made, whether anybody listens; one that nobody listens to has not a single instruction more for it.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Coroutine, Generator
from typing import Any, Final, cast

from .core.effects import Now, Send, Sleep
from .core.reply import Reply
from .core.request import Request
from .policies.chain import Forward
from .settings import Settings

LOGGER: Final = logging.getLogger("antiphon")
LOGGER.parent = logging.getLogger("openai")
_LEVELS = {name.lower(): getattr(logging, name) for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}
_VERBS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
_ID = re.compile(r"[\w.:/+=-]{1,128}", re.ASCII)


def listeners(settings: Settings) -> list[Log]:
    """A policy that writes the log, where anybody would read it."""
    _heed(os.environ.get("ANTIPHON_LOG") or os.environ.get("OPENAI_LOG"))
    if not LOGGER.isEnabledFor(logging.INFO):
        return []
    _keep_clean()
    return [Log(settings.max_retries, attempts=LOGGER.isEnabledFor(logging.DEBUG))]


def _heed(wish: str | None) -> None:
    level = _LEVELS.get((wish or "").strip().lower())
    if level is None or LOGGER.level == level:
        return
    logging.basicConfig(
        format="[%(asctime)s - %(name)s:%(lineno)d - %(levelname)s] %(message)s", datefmt="%Y-%m-%d %H:%M:%S"
    )
    LOGGER.setLevel(level)


def _keep_clean() -> None:
    """What others log under this name, handed on to a user's handlers, holds no secret either."""
    from .credentials.scrubber import ScrubFilter

    if not any(isinstance(each, ScrubFilter) for each in LOGGER.filters):
        LOGGER.addFilter(ScrubFilter())


class Log:
    """Watches the effects of all policies behind it.

    Args:
        max_retries: how many retries a call has, for the line that counts them.
        attempts: whether to write of each attempt, and not of retries alone.
    """

    def __init__(self, max_retries: int, *, attempts: bool) -> None:
        self.max_retries = max_retries
        # What writes of retries only has nothing to do with a call that succeeds.
        self.only_failures = not attempts

    def __repr__(self) -> str:
        return f"Log({'info' if self.only_failures else 'debug'})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        most = self.max_retries if request.max_retries is None else request.max_retries
        return await _Watched(forward(request), most)


class _Watched:
    """A flow whose effects are seen as they go out, and whose answers as they come in."""

    def __init__(self, flow: Any, most: int) -> None:
        self._flow = flow
        self._most = most
        self._sent = False
        self._retries = 0

    def __await__(self) -> Generator[Any, Any, Reply]:
        inner = self._flow
        flow: Any = cast("Any", inner) if isinstance(inner, Coroutine) else inner.__await__()
        try:
            effect: Any = flow.send(None)
            while True:
                try:
                    if isinstance(effect, Send):
                        answer = yield from self._attempt(effect)
                    else:
                        self._pause(effect)
                        answer = yield effect
                except BaseException as failure:
                    effect = flow.throw(failure)
                else:
                    effect = flow.send(answer)
        except StopIteration as end:
            reply: Reply = end.value
            return reply
        finally:
            flow.close()

    def _attempt(self, effect: Send) -> Generator[Any, Any, Reply]:
        self._sent = True
        if not LOGGER.isEnabledFor(logging.DEBUG):
            quiet: Reply = yield effect
            return quiet
        request = effect.request
        verb = request.method if request.method in _VERBS else "<custom>"
        LOGGER.debug("Sending HTTP Request: %s %s", verb, request.origin)
        began: float = yield Now()
        try:
            reply: Reply = yield effect
        except BaseException as failure:
            LOGGER.debug("HTTP Failure: %s %s, %s", verb, request.origin, type(failure).__name__)
            raise
        took: float = (yield Now()) - began
        LOGGER.debug(
            *("HTTP Response: %s %s %i, request id %s, %.3f seconds", verb, request.origin, reply.status_code),
            *(_shown(reply.headers.get("x-request-id")), took),
        )
        return reply

    def _pause(self, effect: object) -> None:
        if not isinstance(effect, Sleep):
            return
        if self._sent:
            self._retries += 1
            LOGGER.info("Retrying request in %f seconds (retry %i of %i)", effect.seconds, self._retries, self._most)
        else:
            LOGGER.debug("Waiting %f seconds before the request is sent", effect.seconds)


def _shown(identity: str | None) -> str:
    """A request id, where it looks like one: what a server sends may hold anything."""
    return "none" if identity is None else identity if _ID.fullmatch(identity) else "<unreadable>"
