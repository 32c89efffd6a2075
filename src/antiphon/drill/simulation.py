"""A server that is only counted: what the emulator would answer, fault by fault, for runs in virtual time.

It follows the emulator's own plan of faults, so that the same request meets the same fault here and there.
"""

from __future__ import annotations

import json
from typing import Any

from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from ..drivers.virtual import Answer
from ..emulator.fault.kind import Fault, parse
from ..emulator.fault.ledger import Ledger
from ..emulator.fault.plan import chance, read
from ..errors import TruncatedBody

_JSON = {"content-type": "application/json"}


class Simulation:
    """Answers questions in virtual time, and keeps a ledger.

    Args:
        plan: of faults, as the control plane takes it; `None` for none.
        seconds: after how many seconds a request is answered.
        jitter: the share by which each answer's time differs, as the emulator's.
    """

    def __init__(self, plan: dict[str, Any] | None = None, *, seconds: float = 0.001, jitter: float = 0.0) -> None:
        self._plan = None if plan is None else read(plan, seed=0, now=0.0)
        self._seconds = seconds
        self._jitter = jitter
        self.ledger = Ledger()

    def __call__(self, request: Request, now: float) -> Answer:
        key = request.headers["X-Antiphon-Request"]
        attempt = self.ledger.attempt(key)
        fault = self._fault(request, now, key, attempt)
        seconds = self._seconds * (1 + self._jitter * (2 * chance(0, 0, key, attempt) - 1))
        if fault is None:
            self.ledger.answer(key)
            return seconds, _success(request)
        self.ledger.fault(key)
        return seconds + fault.latency, _broken(request, fault, self.ledger, key)

    def _fault(self, request: Request, now: float, key: str, attempt: int) -> Fault | None:
        header = request.headers.get("X-Antiphon-Fault")
        if header:
            fault = parse(header)
            return fault if fault.times is None or attempt <= fault.times else None
        facts = {"operation": "chat.completions.create", "path": "/v1/chat/completions"}
        return None if self._plan is None else self._plan.choose(now, key, attempt, facts)


def _success(request: Request) -> Reply:
    assert request.call is not None
    asked: str = request.call.body["messages"][0]["content"]
    number = int(asked.split()[2])
    message = {"role": "assistant", "content": f"{number} * 3 = {number * 3}"}
    value = {"id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": message}]}
    return Reply(200, Headers(_JSON), request, json.dumps(value).encode())


def _broken(request: Request, fault: Fault, ledger: Ledger, key: str) -> Reply | Exception:
    problem = fault.problem()
    if problem is not None:
        error = {"message": problem.message, "code": problem.code, "type": problem.type, "param": None}
        return Reply(
            problem.status, Headers({**_JSON, **problem.headers}), request, json.dumps({"error": error}).encode()
        )
    if fault.reset is not None or fault.close is not None:
        return TruncatedBody(message="the body was cut", request=request, phase="body")
    if fault.bad_json:
        return Reply(200, Headers(_JSON), request, b'{"id": "c", "obj')
    ledger.answer(key)
    return _success(request)
