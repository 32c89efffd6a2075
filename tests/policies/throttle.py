"""A provider in virtual time that keeps its limits as OpenAI does: a bucket of a minute for each, told of in every reply."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from antiphon.core.call import Call, Operation
from antiphon.core.effects import Send, Sleep
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.trace import Trace
from antiphon.core.url import Origin
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import RateLimited

CHAT = Operation("chat.completions.create", "POST", "/chat/completions", body="json")
ORIGIN = Origin("https", "api.openai.com", 443)
NEVER = 10**12


def ask(
    most: int | None = 200, *, model: str = "gpt-4o", key: str = "sk-1", text: str = "x" * 40, **changes: Any
) -> Request:
    """A chat request whose answer has at most so many tokens."""
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    if most is not None:
        body["max_tokens"] = most
    headers = Headers({"Authorization": f"Bearer {key}"})
    call: Call[Any] = Call(CHAT, body=body)
    request = Request("POST", ORIGIN, "/v1/chat/completions", headers, b"{}", Timeout(60.0), call=call)
    request.trace = Trace()
    return request.replace(**changes) if changes else request


class Provider:
    """Serves what its limits allow and refuses the rest, each after some time.

    Args:
        rpm: requests a minute.
        tpm: tokens a minute.
        latency: the shortest and longest time of an answer, in seconds.
        silent: whether replies tell nothing of the limits.
    """

    def __init__(
        self,
        rpm: float = NEVER,
        tpm: float = NEVER,
        *,
        latency: tuple[float, float] = (0.2, 0.8),
        silent: bool = False,
    ) -> None:
        self.limits = [rpm, tpm]
        self.full = [0.0, 0.0]
        self.latency = latency
        self.silent = silent
        self.served: list[tuple[float, float]] = []
        self.refused: list[float] = []
        self.changes: list[tuple[float, float, float]] = []
        self.random = random.Random(1)
        self.driver = VirtualDriver(self.send)

    def send(self, request: Request, now: float) -> tuple[float, Reply]:
        while self.changes and now >= self.changes[0][0]:
            self.limits = list(self.changes.pop(0)[1:])
        tokens = float(request.call.body.get("max_tokens", 100)) if request.call is not None else 0.0
        arrives = now + 0.02
        units = (1.0, tokens)
        self.full = [max(full, arrives) for full in self.full]
        after = [full + n * 60 / limit for full, n, limit in zip(self.full, units, self.limits, strict=True)]
        if any(full - arrives > 60 + 1e-9 for full in after):
            self.refused.append(arrives)
            content = b'{"error": {"code": "rate_limit_exceeded", "message": "slow down"}}'
            return 0.05, Reply(429, self.head(arrives), request, content)
        self.full = after
        self.served.append((arrives, tokens))
        content = b'{"id": "c", "usage": {"prompt_tokens": 11, "total_tokens": %d}}' % (tokens * 0.9)
        return self.random.uniform(*self.latency), Reply(200, self.head(arrives), request, content)

    def head(self, now: float) -> Headers:
        fields: dict[str, str] = {}
        for name, full, limit in zip(("requests", "tokens"), self.full, self.limits, strict=True):
            if limit < NEVER and not self.silent:
                reset = max(0.0, full - now)
                fields[f"x-ratelimit-limit-{name}"] = f"{limit:.0f}"
                fields[f"x-ratelimit-remaining-{name}"] = str(max(0, int(limit - reset * limit / 60)))
                fields[f"x-ratelimit-reset-{name}"] = f"{reset:.3f}s"
        return Headers(fields)

    def press(self, limiter: Any, workers: int, until: float, request: Callable[[], Request] = ask) -> None:
        """So many callers, each of which asks again as soon as it is answered."""

        async def caller() -> None:
            while self.driver.now < until:
                try:
                    await limiter(request(), Send)
                except RateLimited as refusal:
                    await Sleep(min(refusal.retry_after, 1.0))

        for _ in range(workers):
            self.driver.start(caller())

    def used(self, kind: int, seconds: float) -> float:
        """Which part of a limit was used, on the average."""
        total = sum(tokens for _, tokens in self.served) if kind else len(self.served)
        return total / (self.limits[kind] / 60 * seconds)
