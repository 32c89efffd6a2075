"""The chain: policies folded around the one `Send`, outermost first.

A policy is a callable with the request and the rest of the chain:

    async def patient(request: Request, forward: Forward) -> Reply:
        ...
        return await forward(request)

Folding happens once, when a client is made. An empty chain is `Send` alone and costs nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol

from ..core.effects import Send
from ..core.reply import Reply
from ..core.request import Request

Forward = Callable[[Request], Coroutine[Any, Any, Reply]]
"""The rest of the chain, as a flow."""


class Policy(Protocol):
    """Judges one exchange; calls `forward` zero, one or several times."""

    def __call__(self, request: Request, forward: Forward, /) -> Coroutine[Any, Any, Reply]:
        """A flow that answers with a reply or raises."""
        ...


async def send(request: Request) -> Reply:
    """The innermost flow: one exchange."""
    return await Send(request)


def fold(policies: Iterable[Policy]) -> Forward:
    """One flow out of many policies; the first one is outermost.

    Raises:
        TypeError: something in the list is not callable, e.g. a policy's class instead of an instance.
    """
    flow: Forward = send
    for policy in reversed(list(policies)):
        if not callable(policy) or isinstance(policy, type):
            raise TypeError(f"{policy!r} is not a policy; pass an instance, e.g. Retry(3)")
        flow = _around(policy, flow)
    return flow


def _around(policy: Policy, forward: Forward) -> Forward:
    # Not a coroutine of its own: one frame less for each policy of each call.
    return lambda request: policy(request, forward)


def explain(policies: Iterable[Policy]) -> str:
    """The chain with its numbers, one policy a line, outermost first."""
    return "\n".join([*(f"{n}. {policy!r}" for n, policy in enumerate(policies, 1)), "→ send"])
