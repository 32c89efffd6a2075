"""A server in virtual time with policies before it: what is asked of it, and what the calls got."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import Run, VirtualDriver
from antiphon.policies.chain import fold

from .machines.asking import embed, reply, request, vectors

Answer = Callable[[Request], Any]


class House:
    """Answers after so many seconds with a reply or a failure, or with what a function of the request gives.

    A request that was cancelled before its answer is counted in `cut`.
    """

    def __init__(self, *policies: Any, answer: Answer | BaseException | None = None, seconds: float = 0.0) -> None:
        self.asked: list[Request] = []
        self.answer = answer or (lambda asked: reply(asked, vectors(0.5), x_request_id="r1"))
        self.seconds = seconds
        self.driver = VirtualDriver(self.send)
        self.cut = 0
        self.flow: Any = fold([*policies, self._counting])

    async def _counting(self, asked: Request, forward: Any) -> Reply:
        try:
            answer: Reply = await forward(asked)
        except Exception:
            raise
        except BaseException:
            self.cut += 1
            raise
        return answer

    def send(self, asked: Request, now: float) -> tuple[float, Any]:
        self.asked.append(asked)
        return self.seconds, self.answer(asked) if callable(self.answer) else self.answer

    def start(
        self, body: Any = None, target: str = "/v1/embeddings", *, at: float | None = None, **changes: Any
    ) -> Run[Reply]:
        """A call under way."""
        made = request(embed() if body is None else body, target, **changes)
        return self.driver.start(self.flow(made), at)

    def __call__(self, *args: Any, **changes: Any) -> Reply:
        """A call to its end."""
        run = self.start(*args, **changes)
        self.driver.run()
        if run.failure is not None:
            raise run.failure
        assert run.result is not None
        return run.result

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.driver.run(self.driver.now + seconds)


def story(answer: Reply, policy: str) -> list[str]:
    """What a policy decided for a call."""
    assert answer.request.trace is not None
    return [step.event for step in answer.request.trace.of(policy)]
