"""Run a flow by hand: no clock, no socket, only the effects it asks for, written down."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from antiphon.core.effects import Ask, Discard, Invoke, Now, Random, Read, Send, Sleep, Wall
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.secret import Secret
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin

ORIGIN = Origin("https", "api.openai.com", 443)


def request(**changes: Any) -> Request:
    headers = Headers({"Authorization": "Bearer sk-1", "x-stainless-retry-count": "0"})
    made = Request("POST", ORIGIN, "/v1/responses", headers, b"{}", Timeout(1.0))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def reply(status: int = 200, headers: dict[str, str] | None = None, content: bytes = b"{}") -> Reply:
    return Reply(status, Headers(headers or {}), request=request(), content=content)


class Script:
    """Answers a flow's effects: replies or failures in order, a clock that sleeping moves, dice that always show 0."""

    def __init__(
        self, outcomes: Iterable[Reply | BaseException | Callable[[Request], Reply]], *, dice: float = 0.0
    ) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[Request] = []
        self.slept: list[float] = []
        self.discarded: list[Reply] = []
        self.now = 100.0
        self.dice = dice
        self.key = "sk-asked"

    def answer(self, effect: Any) -> Any:
        match effect:
            case Send():
                self.sent.append(effect.request)
                outcome = self.outcomes.pop(0)
                if isinstance(outcome, BaseException):
                    raise outcome
                if not isinstance(outcome, Reply):
                    return outcome(effect.request)
                outcome.request = effect.request
                return outcome
            case Sleep():
                self.slept.append(effect.seconds)
                self.now += effect.seconds
                return None
            case Now():
                return self.now
            case Wall():
                return 1_000_000_000.0
            case Random():
                return self.dice
            case Read():
                return effect.reply.content
            case Discard():
                return self.discarded.append(effect.reply)
            case Invoke():
                return effect.function(*effect.arguments)
            case Ask():
                return Secret(self.key)
        raise AssertionError(f"unknown effect {effect!r}")

    def run(self, flow: Coroutine[Any, Any, Any]) -> Any:
        try:
            effect = flow.send(None)
            while True:
                try:
                    answer = self.answer(effect)
                except Exception as failure:
                    effect = flow.throw(failure)
                else:
                    effect = flow.send(answer)
        except StopIteration as end:
            return end.value
