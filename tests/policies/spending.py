"""A client before a scripted server in virtual time, for policies that look at what calls use."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from antiphon.core.call import Call, Operation
from antiphon.core.encode import encode_json
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.drivers.virtual import Run, VirtualDriver
from antiphon.operations import chat as chats
from antiphon.operations import responses
from antiphon.policies.chain import fold
from antiphon.policies.outcome import Judge

from .piecewise import Piecewise

MODEL = "gpt-4.1-mini"
"""0.4 dollars per million tokens of input, 1.6 of output."""
Outcome = Reply | Exception
NOON = 1_800_014_400.0
"""2027-01-15T12:00:00Z."""


def ask(
    operation: Operation = responses.CREATE, *, stream: bool = False, headers: dict[str, str] | None = None, **body: Any
) -> Request:
    """A request with a call behind it."""
    whole = {"model": MODEL, "input": "hi", "max_output_tokens": 100, **body}
    whole = {name: value for name, value in whole.items() if value is not None}
    fields = Headers({"Authorization": "Bearer sk-1", "Content-Type": "application/json", **(headers or {})})
    request = Request(
        "POST", Origin("https", "api.openai.com", 443), f"/v1{operation.path}", fields, encode_json(whole), Timeout(1.0)
    )
    request.call = Call(operation, body=whole)
    request.stream = request.events = stream
    return request


def chat(*, stream: bool = False, **body: Any) -> Request:
    """A request for a chat completion."""
    whole: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 100, **body}
    return ask(chats.COMPLETIONS_CREATE, stream=stream, input=None, max_output_tokens=None, **whole)


def answer(status: int = 200, **body: Any) -> Callable[[Request], Outcome]:
    """What the server says, as JSON."""
    whole: dict[str, Any] = {"id": "resp_1", "object": "response", "status": "completed", "output": [], **body}
    headers = Headers({"content-type": "application/json", "x-request-id": "req_1"})
    return lambda request: Reply(status, headers, request=request, content=json.dumps(whole).encode())


def used(given: int, made: int, **more: Any) -> dict[str, Any]:
    """A usage object."""
    return {"input_tokens": given, "output_tokens": made, "total_tokens": given + made, **more}


def streamed(*events: Any, failure: Exception | None = None) -> Callable[[Request], Outcome]:
    """An event stream that is still open."""
    pieces = [b"data: " + (each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n\n" for each in events]
    headers = Headers({"content-type": "text/event-stream"})
    return lambda request: Reply(200, headers, request=request, body=Piecewise(*pieces, failure=failure))


class House:
    """A chain of policies, a server in virtual time, and what it was asked."""

    def __init__(self, *policies: Any, say: Any = None, seconds: float = 0.0, wall: float = NOON) -> None:
        self.asked: list[Request] = []
        self.script: list[Any] = []
        self.say = say or answer(usage=used(10, 5))
        self.seconds = seconds
        self.flow: Any = fold([Judge(), *policies])
        self.driver = VirtualDriver(self._send, wall=wall)

    def _send(self, request: Request, now: float) -> tuple[float, Outcome]:
        self.asked.append(request)
        say = self.script.pop(0) if self.script else self.say
        return self.seconds, say if isinstance(say, Exception) else say(request)

    def __call__(self, request: Request | None = None) -> Reply:
        """One call, to its end."""
        reply: Reply = self.driver.perform(self.flow(ask() if request is None else request))
        return reply

    def start(self, request: Request | None = None, at: float | None = None) -> Run[Reply]:
        """A call that begins at a time."""
        return self.driver.start(self.flow(ask() if request is None else request), at)

    def read(self, request: Request) -> bytes:
        """One call, its stream read to its end."""
        body: Any = self(request).body
        whole = b""
        while chunk := body.read_chunk():
            whole += chunk
        return whole


class Sent:
    """A body that is sent piece by piece; its length is known, or is not."""

    def __init__(self, length: int | None) -> None:
        self.length = length

    def __iter__(self) -> Any:
        return iter(())

    def rewind(self) -> bool:
        return True
