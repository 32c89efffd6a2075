"""One request, as far as it has come: whose it is, what it costs, which fault it meets, and the headers of its answer."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from .bound import MOST_TOKENS
from .exchange import NOBODY, AnyReply, Exchange, Reply
from .fault import HEADER, Fault
from .fault.ledger import key_of
from .journal import Line
from .limiter import Cost, Verdict
from .problem import Problem
from .shape import is_object

if TYPE_CHECKING:
    from .world import World

VERSION = b"2020-10-01"


class Turn:
    """What is known of one request so far; it answers with the headers every reply carries, and is remembered."""

    __slots__ = (
        "caller",
        "exchange",
        "fault",
        "headers",
        "id",
        "operation",
        "request",
        "scope",
        "silent",
        "started",
        "verdict",
        "world",
    )

    def __init__(self, world: World, scope: Any) -> None:
        self.started = perf_counter()
        self.world = world
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.id = world.identity.draw("req_")
        self.caller = NOBODY
        self.operation = ""
        self.request = ""
        """Its key in the ledger, where it has one."""
        self.silent = False
        """Whether it is not to be remembered."""
        self.exchange: Exchange | None = None
        self.fault: Fault | None = None
        self.verdict: Verdict | None = None

    def end(self, reply: AnyReply) -> None:
        """Write the request into the journal."""
        if self.silent:
            return
        scope, exchange, caller = self.scope, self.exchange, self.caller
        status = reply.status if isinstance(reply, Reply) else 200
        took, usage = perf_counter() - self.started, None if exchange is None else exchange.usage
        now = self.world.clock()
        self.world.counts.add(self.operation, status, took)
        if usage is not None:
            self.world.meter.add(caller, usage, now)
        if caller.id:
            self.world.access.note(caller, now)
        self.world.journal.add(
            Line(
                self.id,
                now,
                scope["method"],
                scope["path"],
                self.operation,
                status,
                took,
                caller.key,
                caller.project,
                usage,
            )
        )

    async def meet_fault(self, path: str) -> None:
        """Wait and fail as asked, by the header or by the plan; the rest of the fault is the sender's."""
        world, headers, faults = self.world, self.headers, self.world.faults
        if key := key_of(headers):
            attempt = faults.ledger.attempt(key)
            self.request = key
        else:
            attempt = 0
        if (asked := headers.get(HEADER)) is not None:
            self.fault = fault = faults.ask(asked, self.caller.key, path)
        elif faults.plan is not None:
            facts = {"operation": self.operation, "path": path}
            self.fault = fault = faults.planned(world.clock(), key or self.id, attempt, facts)
        else:
            return
        if fault is None:
            return
        if key:
            faults.ledger.fault(key)
        if fault.latency or fault.jitter:
            from asyncio import sleep

            await sleep(fault.latency + fault.jitter * world.identity.random.random())
        if (problem := fault.problem()) is not None:
            self.limit(None, 0)
            raise problem

    def limit(self, body: Any, size: int) -> None:
        """Charge the request to its key and model; raises 429 when it is too much."""
        model, tokens = "", 0
        if is_object(body):
            model = body.get("model") or ""
            wanted = body.get("max_output_tokens") or body.get("max_completion_tokens") or body.get("max_tokens")
            tokens = max(wanted if type(wanted) is int and wanted <= MOST_TOKENS else 0, size // 4)
        now, world = self.world.clock(), self.world
        if model and self.exchange is not None:
            world.organization.obey(self.exchange)
        images = body.get("n") or 1 if model and self.operation.startswith("images.") else 0
        cost = Cost(tokens, max(0, images) if type(images) is int else 1)
        self.verdict = verdict = world.organization.admit(self.caller, str(model), now, cost)
        if verdict.wait > 0:
            raise _too_many(verdict)

    def head(self) -> list[tuple[bytes, bytes]]:
        """Request id, version, time taken, organisation, project, rate limits."""
        headers = self.headers
        head = [
            (b"x-request-id", self.id.encode()),
            (b"openai-version", VERSION),
            (b"openai-organization", headers.get(b"openai-organization", b"org-antiphon")),
            (b"openai-project", headers.get(b"openai-project", self.caller.project.encode() or b"proj_antiphon")),
            (b"openai-processing-ms", b"%d" % ((perf_counter() - self.started) * 1000)),
        ]
        if self.verdict is not None:
            head += self.verdict.headers(self.world.clock())
        return head


def _too_many(verdict: Verdict) -> Problem:
    dimension, limit = verdict.dimension, verdict.limit
    if verdict.wait == float("inf"):
        message = f"The request is larger than the limit of {limit} {dimension} per minute."
        return Problem(429, message, type=dimension, code="rate_limit_exceeded")
    wait = max(0.001, verdict.wait)
    message = f"Rate limit reached: {limit} {dimension} per minute. Try again in {wait:.3f} s."
    headers = {"retry-after": f"{int(-(-wait // 1))}", "retry-after-ms": f"{int(-(-wait * 1000 // 1))}"}
    return Problem(429, message, type=dimension, code="rate_limit_exceeded", headers=headers)
