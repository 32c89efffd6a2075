"""The policy that tells a client's hooks how its calls go; outermost, so that it sees all that the others do.

Knows when which hook is told. Refuses to judge: every effect and every outcome passes as it is. What a hook raises does not
reach the policies behind, which could take it for a failure of the network and try again.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from inspect import CORO_CREATED, getcoroutinestate
from typing import Any, cast
from weakref import WeakSet

from ..core.effects import Effect, Invoke, Outlive, Race, Read, Send, Sleep
from ..core.limits import DEFAULT_WIRE_LIMITS
from ..core.notice import ErrorInfo, RequestInfo, ResponseInfo, request_info, response_info, retry_info
from ..core.reply import Reply
from ..core.request import Request
from ..errors import APIConnectionError
from ..policies.chain import Forward
from ..policies.telling import settled
from .listener import Listeners

_Steps = Generator[Effect[Any], Any, None]
_answers: ContextVar[list[ResponseInfo] | None] = ContextVar("answers", default=None)
"""The replies of the call at hand that are yet to become its result."""


class Observer:
    """Tells hooks of each attempt, each retry and the error in the end.

    Args:
        listeners: the hooks' functions.
    """

    def __init__(self, listeners: Listeners) -> None:
        self.listeners = listeners
        # Retries alone do not concern a call that succeeds.
        self.only_failures = not (listeners.request or listeners.response or listeners.error)
        self.told: WeakSet[BaseException] = WeakSet()

    def __repr__(self) -> str:
        return f"Hooks({self.listeners.names()})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        return await _Observed(forward(request), self, request)

    def news(self, failure: Exception, answers: list[ResponseInfo]) -> ErrorInfo | None:
        """What is told of a failure that came after the reply; `None` where it was told of before, or no reply came."""
        if not answers or failure in self.told:
            return None
        self._note(failure)
        return ErrorInfo(request=answers[-1].request, response=answers[-1], error=failure)

    def _note(self, failure: Exception) -> None:
        with suppress(TypeError):  # one that cannot be referred to weakly is not met again
            self.told.add(failure)

    def tell_error(self, failure: Exception, asked: RequestInfo, response: ResponseInfo | None) -> _Steps:
        self._note(failure)
        yield from tell(self.listeners.error, ErrorInfo(request=asked, response=response, error=failure))


def tell(functions: tuple[Callable[[Any], Any], ...], info: Any) -> _Steps:
    """Call each with what is told, and have it awaited where it can be."""
    for function in functions:
        settled((yield Invoke(function, info)))


class _Observed:
    """A flow whose effects are seen as they go out, and whose answers as they come in."""

    def __init__(self, flow: Any, observer: Observer, request: Request) -> None:
        self._flow = flow
        self._observer = observer
        self._listeners = observer.listeners
        self._request = request
        self._attempt = 0
        self._asked: RequestInfo | None = None
        self._response: ResponseInfo | None = None
        self._failed: Reply | APIConnectionError | None = None
        """How the last attempt failed, until somebody was told that another follows."""
        self._moved = False

    def __await__(self) -> Generator[Any, Any, Reply]:
        inner = self._flow
        flow: Any = cast("Any", inner) if isinstance(inner, Coroutine) else inner.__await__()
        reply: Reply = yield from self.seen(flow, outermost=True)
        if (answers := _answers.get()) is not None and self._response is not None:
            answers.append(self._response)
        return reply

    def seen(self, flow: Any, *, outermost: bool = False) -> Generator[Any, Any, Any]:
        """A flow's steps; its failure is told of where it is the outermost one."""
        move, value = flow.send, None
        asked: RequestInfo | None = None
        try:
            while True:
                try:
                    effect: Any = move(value)
                except StopIteration as end:
                    return end.value
                except Exception as failure:
                    if outermost:
                        known = self._asked or request_info(self._request, 1)
                        yield from self._observer.tell_error(failure, known, self._response)
                    raise
                move = flow.send
                if isinstance(effect, Send):
                    asked = yield from self._before(effect.request)
                elif isinstance(effect, Sleep):
                    yield from self._again(effect.seconds)
                else:
                    _watch_within(effect, self)
                try:
                    value = yield effect
                except BaseException as failure:
                    move, value = flow.throw, failure
                    if isinstance(effect, Send) and not self._is_aside(effect.request):
                        self._response = None
                        self._failed = failure if isinstance(failure, APIConnectionError) else None
                else:
                    if asked is not None and isinstance(effect, Send):
                        yield from self._after(value, asked)
        finally:
            # An exception that its own frame holds is left to the collector.
            self._failed = value = None
            flow.close()

    def _before(self, request: Request) -> Generator[Effect[Any], Any, RequestInfo]:
        if self._is_aside(request):
            asked = request_info(request, 1)
            yield from tell(self._listeners.request, asked)
            return asked
        yield from self._again(0.0)
        if self._moved:
            self._moved = False  # the same attempt, at another place
        else:
            self._attempt += 1
        asked = self._asked = request_info(request, self._attempt)
        yield from tell(self._listeners.request, asked)
        return asked

    def _after(self, reply: Reply, asked: RequestInfo) -> _Steps:
        try:
            if self._is_aside(reply.request):
                yield from tell(self._listeners.response, response_info(reply, request_info(reply.request, 1)))
                return
            self._response = response_info(reply, asked)
            self._failed = reply if reply.status_code >= 400 else None
            self._moved = 300 <= reply.status_code < 400
            yield from tell(self._listeners.response, self._response)
            if self._failed is not None and self._listeners.retry and not reply.is_read:
                yield from _read(reply)
        except BaseException:
            if reply.body is not None:
                reply.body.close()
            raise

    def _again(self, delay: float) -> _Steps:
        """Tell of an attempt that failed and is repeated, once."""
        failed, self._failed = self._failed, None
        if failed is not None and self._listeners.retry and self._asked is not None:
            info = retry_info(failed, self._asked, delay)
            del failed
            yield from tell(self._listeners.retry, info)

    def _is_aside(self, request: Request) -> bool:
        """Whether a policy asks for something of its own, such as a token."""
        return getattr(request, "number", 0) != getattr(self._request, "number", 0)


class _Within:
    """A flow that another one has run, which is the same call all the same: to whoever runs it, it is the flow itself."""

    def __init__(self, flow: Any, watcher: _Observed) -> None:
        self._flow = flow
        self._steps = watcher.seen(flow)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._flow, name)  # whether it was begun

    def send(self, value: Any) -> Any:
        return self._steps.send(value)

    def throw(self, failure: BaseException) -> Any:
        if getcoroutinestate(self._flow) == CORO_CREATED:
            self._flow.close()
        return self._steps.throw(failure)

    def close(self) -> None:
        self._steps.close()
        self._flow.close()


def _watch_within(effect: Any, watcher: _Observed) -> None:
    """Have the flows seen that an effect runs for the call."""
    if effect.__class__ is Outlive:
        effect.flow = cast("Any", _Within(effect.flow, watcher))
    elif effect.__class__ is Race:
        second = effect.second
        effect.first = cast("Any", _Within(effect.first, watcher))
        effect.second = lambda: cast("Any", _Within(second(), watcher))


def _read(reply: Reply) -> _Steps:
    """Have the body of a refusal read, as far as it goes, before whoever repeats the attempt lets go of it."""
    try:
        yield Read(reply, DEFAULT_WIRE_LIMITS.error_body)
    except APIConnectionError:
        reply.content = b""


def observed(flow: Forward, observer: Observer) -> Forward:
    """The flow, with an observer around it."""
    return lambda request: observer(request, flow)


@contextmanager
def _answering() -> Generator[list[ResponseInfo]]:
    """Where the replies of a call are kept until it is over."""
    answers: list[ResponseInfo] = []
    token = _answers.set(answers)
    try:
        yield answers
    finally:
        with suppress(ValueError):  # a forgotten coroutine may end in another context
            _answers.reset(token)


def performing(client: Any, observer: Observer, perform: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`perform` or `perform_raw`, telling of replies that turn out to be no result, whoever says so."""

    def blocking(call: Any) -> Any:
        with _answering() as answers:
            try:
                return perform(call)
            except Exception as failure:
                if (info := observer.news(failure, answers)) is not None:
                    for function in observer.listeners.error:
                        settled(function(info))
                raise

    async def awaited(call: Any) -> Any:
        with _answering() as answers:
            try:
                return await perform(call)
            except Exception as failure:
                if (info := observer.news(failure, answers)) is not None:
                    for function in observer.listeners.error:
                        await awaited_of(function(info))
                raise

    made: Any = blocking if client.colour == "sync" else awaited
    made.watches = True
    return made  # type: ignore[no-any-return]


async def awaited_of(answer: Any) -> Any:
    """What a user's function gave, awaited where it can be."""
    return await answer if hasattr(answer, "__await__") else answer
