"""A server in virtual time that does as it is told, and flows that are interrupted wherever they wait."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from antiphon.core.call import Call, Operation
from antiphon.core.effects import Follow, Now, Outside, Random, Send, Sleep, Spawn, Wait
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.trace import Trace
from antiphon.core.url import Origin
from antiphon.drivers.followed import FollowedBody, follow
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import ConnectError
from antiphon.policies.chain import Layer, fold

RESPOND = Operation("responses.create", "POST", "/responses", body="json")
EMBED = Operation("embeddings.create", "POST", "/embeddings", body="json")
JSON = {"content-type": "application/json"}
Outcome = int | Reply | Exception


def ask(model: str = "m", host: str = "api", operation: Operation = RESPOND, **changes: Any) -> Request:
    """A request for a model at a host."""
    call: Call[Any] = operation.call(body={"model": model})
    origin, target = Origin("https", host, 443), f"/v1{operation.path}"
    request = Request(
        "POST", origin, target, Headers({"Content-Type": "application/json"}), b"{}", Timeout(60), call=call
    )
    request.trace = Trace()
    return request.replace(**changes) if changes else request


class Backend:
    """Answers each request with what `outcome` says, after `seconds`; remembers when and for whom it was asked.

    Args:
        outcome: a status, a reply, an error, or a function of time and request.
        seconds: how long it takes.
    """

    def __init__(self, outcome: Outcome | Callable[[float, Request], Outcome] = 200, seconds: float = 0.1) -> None:
        self.outcome = outcome
        self.seconds = seconds
        self.asked: list[tuple[float, Request]] = []
        self.under_way = self.most = 0
        self.driver = VirtualDriver(self.send)

    def send(self, request: Request, now: float) -> tuple[float, Reply | Exception]:
        self.asked.append((now, request))
        said = self.outcome(now, request) if callable(self.outcome) else self.outcome
        if isinstance(said, int):
            said = Reply(said, Headers(JSON), request, b'{"id": "r"}', elapsed=self.seconds)
        if isinstance(said, Reply):
            said.request = request
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.driver.at(now + self.seconds, self._over)
        return self.seconds, said

    def _over(self) -> None:
        self.under_way -= 1

    def call(self, policies: Layer | list[Layer], request: Request | None = None) -> Any:
        """Make a call to its end; its reply, or the error it ended with."""
        run = self.start(policies, request)
        self.driver.run()
        return run.failure or run.result

    def start(self, policies: Layer | list[Layer], request: Request | None = None, at: float | None = None) -> Any:
        """Have a call begin."""
        chain = policies if isinstance(policies, list) else [policies]

        async def flow() -> Reply:  # whoever is cancelled at its first step has begun
            return await fold(chain)(request or ask())

        return self.driver.start(flow(), at)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.driver.run(until=self.driver.now + seconds)


def refused() -> ConnectError:
    """Nobody listens."""
    return ConnectError(message="refused", phase="connect", sent="no")


class Interrupted(Exception):
    """What some code of the user's raises."""


def interrupt(
    flow: Coroutine[Any, Any, Any], steps: int, how: str, outcome: Outcome, now: float, *, signals: bool = False
) -> str:
    """Step a flow by hand, and after so many effects end it: "cancel", "close" or "raise". How it ended.

    Args:
        flow: a call.
        steps: how many effects are performed.
        how: what ends it then, if it has not ended.
        outcome: what it is answered with where it sends.
        now: the time all along.
        signals: whether what it waits for happens.
    """
    from asyncio import CancelledError

    try:
        effect = flow.send(None)
        for _ in range(steps):
            try:
                answer = _performed(effect, outcome, now, signals=signals)
            except Exception as failure:
                effect = flow.throw(failure)
            else:
                effect = flow.send(answer)
        if how == "close":
            flow.close()
            return how
        flow.throw(CancelledError() if how == "cancel" else Interrupted())
    except StopIteration:
        return "returned"
    except (Exception, CancelledError) as failure:
        return type(failure).__name__
    raise AssertionError("it goes on")


def _performed(effect: Any, outcome: Outcome, now: float, *, signals: bool) -> Any:
    match effect:
        case Send():
            if isinstance(outcome, Exception):
                raise outcome
            if isinstance(outcome, int):
                return Reply(outcome, Headers(JSON), effect.request, b'{"id": "r"}')
            outcome.request = effect.request
            return outcome
        case Now():
            return now
        case Random():
            return 0.5
        case Follow():
            return follow(effect.reply, effect.follower, FollowedBody)
        case Wait():
            return signals
        case Outside():
            return effect.function(*effect.arguments)
        case Sleep():
            return None
        case Spawn():
            effect.flow.close()
            return _Dead()
    raise AssertionError(f"unknown effect {effect!r}")


class _Dead:
    """A flow aside that ended at once."""

    alive = False
