"""Two flows of which the first to return wins, for blocking calls that nothing can cut short: each in a thread.

So it is with a borrowed transport. A flow that hangs there ends at its next effect, and nobody waits for it, not even the
interpreter when it exits. So the winner's answer is there at once, and so is Ctrl-C.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from ..core.effects import Race
from ..core.ticket import Ticket
from ..steady import monotonic
from .runner import Run, Runner, is_no_answer

_PATIENCE = 1.0
"""Seconds for which the wait is one system call: on Windows, Ctrl-C is heard between two of them only."""


def race(run: Run, effect: Race[Any]) -> Any:
    """What the first flow to return gives.

    Args:
        run: runs a flow to its end.
        effect: the two.
    """
    news: SimpleQueue[None] = SimpleQueue()
    ended = partial(news.put, None)
    runners = [Runner(effect.first, Ticket())]
    if not runners[0].start(run, ended):
        return run(runners[0], runners[0].ticket)
    winner: Runner | None = None
    until: float | None = monotonic() + effect.delay
    try:
        while winner is None and not all(each.done for each in runners):
            left = _PATIENCE if until is None else until - monotonic()
            if left <= 0:
                until = None
                if not runners[0].done:
                    runners.append(Runner(effect.second(), Ticket()))
                    if not runners[1].start(run, ended):
                        runners.pop().unbegun()
                continue
            with suppress(Empty):
                news.get(timeout=min(left, _PATIENCE))
            winner = next((each for each in runners if each.returned and effect.fit(each.result)), None)
            if winner is None and is_no_answer(runners[0].failure):
                raise runners[0].failed(None)
        winner = winner or next((each for each in runners if each.returned), None)
        if winner is not None:
            return winner.result
        # Under no name: an exception that its own frame holds is left to the collector.
        raise runners[0].failed(runners[-1].failure)
    finally:
        for each in runners:
            if each is not winner:
                each.withdraw(None)
