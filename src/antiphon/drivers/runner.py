"""A flow in a race, for the blocking drivers: on a leash, and in a thread where it needs one. And what becomes of two that are over."""

from __future__ import annotations

import _thread
import inspect
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from threading import Lock, getprofile, gettrace
from typing import Any

from ..core.reply import Reply
from ..core.ticket import Ticket
from ..errors import APIConnectionError, OpenAIError, PolicyError
from ..steady import monotonic
from .blocking import discard
from .crew import Halted

Flow = Coroutine[Any, Any, Any]
Run = Callable[[Any, Ticket], Any]
Cut = Callable[[Ticket], None]


class Runner:
    """A flow on a leash: once its ticket is withdrawn it ends at its next effect, and its result is let go.

    Args:
        flow: what runs.
        ticket: what it sends with; its alarm, if nothing rang it, rings between two effects.

    Attributes:
        done: whether it came to an end that somebody wants to know of.
        result: what it returned.
        failure: what it raised.
    """

    def __init__(self, flow: Flow, ticket: Ticket) -> None:
        self.ticket = ticket
        self.done = False
        self.result: Any = None
        self.failure: BaseException | None = None
        self._flow = flow
        self._reply: Reply | None = None
        self._lock = Lock()

    def send(self, value: Any) -> Any:
        """As a coroutine's."""
        if value.__class__ is Reply:
            self._reply = value
        if self.ticket.withdrawn:
            return self._halt()
        if self.ticket.due is not None:
            self.ticket.look(monotonic())
        return self._flow.send(value)

    def throw(self, failure: BaseException) -> Any:
        """As a coroutine's. What comes of cutting an exchange is one of ours; what a signal's handler raised is not to be lost."""
        if self.ticket.withdrawn and isinstance(failure, OpenAIError):
            return self._halt()
        return self._flow.throw(failure)

    def _halt(self) -> Any:
        drop(self._reply)
        return self._flow.throw(Halted())

    def go(self, run: Run) -> None:
        """Have it run in this thread.

        Raises:
            BaseException: what is no failure of a call.
        """
        try:
            self.result = run(self, self.ticket)
        except (OpenAIError, Halted) as flaw:
            self.failure = flaw
        self.done = True

    def start(self, run: Run, ended: Callable[[], None]) -> bool:
        """Have it run in a thread; whether one was to be had.

        A plain one, since `Thread.start` waits in a way that a signal's handler cannot break off without a trace.
        """
        context = copy_context()

        def begin() -> None:
            # As `Thread` does it: debuggers, profilers and measurements of coverage look here too.
            sys.settrace(gettrace())
            sys.setprofile(getprofile())
            context.run(self._work, run, ended)

        try:
            _thread.start_new_thread(begin, ())
        except RuntimeError:  # no more threads, or the interpreter is about to exit
            return False
        return True

    def _work(self, run: Run, ended: Callable[[], None]) -> None:
        result = None
        try:
            result = run(self, self.ticket)
        except BaseException as flaw:
            self.failure = flaw
        with self._lock:
            wanted = not self.ticket.withdrawn
            if wanted:
                self.done, self.result = True, result
            else:
                self.failure = None  # which holds this frame
        if wanted:
            ended()
        else:
            drop(result)

    def withdraw(self, cut: Cut | None) -> None:
        """End it: nobody wants its result."""
        with self._lock:
            self.ticket.withdrawn = True
            result, self.result, self.failure = self.result, None, None
        if cut is not None:
            cut(self.ticket)
        drop(result)
        self.unbegun()

    def unbegun(self) -> None:
        """Close a flow that nothing has begun; one that begins this very moment ends by itself."""
        if inspect.getcoroutinestate(self._flow) == inspect.CORO_CREATED:
            with suppress(ValueError):
                self._flow.close()

    @property
    def returned(self) -> bool:
        """Whether it came to a result."""
        return self.done and self.failure is None

    def failed(self, other: BaseException | None) -> BaseException:
        """What is raised where both have failed; it is held here no longer."""
        failure, self.failure = self.failure, None
        assert failure is not None
        return telling(failure, other)


def telling(failure: BaseException, other: BaseException | None) -> BaseException:
    """The first flow's failure, which does not say that no request was sent where the other flow's may have been."""
    if isinstance(failure, APIConnectionError) and other is not None and not isinstance(other, PolicyError):
        # Of what is no failure of the network it is not known how far it came.
        failure.sent = "no" if failure.sent == getattr(other, "sent", "maybe") == "no" else "maybe"
    return failure


def is_no_answer(failure: BaseException | None) -> bool:
    """Whether what a flow raised is no failure of its call, but of somebody's own code: the other flow's answer does not mend it."""
    return failure is not None and not isinstance(failure, (OpenAIError, Halted))


def drop(result: Any) -> None:
    """Let go of what a flow answered: a reply, or a tuple that holds one."""
    for each in result if isinstance(result, tuple) else (result,):  # pyright: ignore[reportUnknownVariableType]
        if isinstance(each, Reply):
            discard(each)
