"""What the tests' servers answer, and the calls that ask for it."""

from __future__ import annotations

import json
from typing import Any

from tests.transports.rude import chunked, reply

MODEL = {"id": "m", "object": "model", "created": 1, "owned_by": "tests"}
RESPONSE: dict[str, Any] = {"id": "resp_1", "object": "response", "output": [], "status": "completed"}


def body(value: object) -> bytes:
    """JSON text."""
    return json.dumps(value).encode()


def ok(value: object = MODEL, *headers: str) -> bytes:
    """A success."""
    return reply(body(value), 200, *headers)


def wrong(status: int, *headers: str, code: str | None = None, message: str = "no") -> bytes:
    """A failure with an error object."""
    error = {"message": message, "type": "t_error", "param": "p", "code": code}
    return reply(body({"error": error}), status, *headers)


def sse(*values: object, done: bool = True) -> bytes:
    """A whole event stream."""
    lines = [value if isinstance(value, str) else json.dumps(value) for value in values] + ["[DONE]"] * done
    return chunked(*(f"data: {line}\n\n".encode() for line in lines), headers=["Content-Type: text/event-stream"])


def delta(text: str, finish: str | None = None) -> dict[str, Any]:
    """A chunk of a chat completion."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


CHAT = sse(delta("Hel"), delta("lo"), delta("", "stop"))


def retrieve(client: Any) -> Any:
    """A plain GET."""
    return client.models.retrieve("m")


def create(client: Any, **more: Any) -> Any:
    """A plain POST."""
    return client.responses.create(model="m", input="hi", **more)


def chat(client: Any, **more: Any) -> Any:
    """A streamed POST."""
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], stream=True, **more)
