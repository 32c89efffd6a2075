"""Requests as a client sends them, and answers as the API gives them, for the tests of caching, joining and coalescing."""

from __future__ import annotations

import json
from typing import Any

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.trace import Trace
from antiphon.core.url import Origin

ORIGIN = Origin("https", "api.openai.com", 443)
EMBED = "/v1/embeddings"
CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"


def request(body: object, target: str = EMBED, *, key: str = "sk-1", **changes: Any) -> Request:
    """A POST with a JSON body (or the bytes given), a trace, and other attributes as named."""
    headers = Headers({"Authorization": f"Bearer {key}", "User-Agent": "x", "x-stainless-retry-count": "0"})
    headers.update(changes.pop("headers", {}))
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    made = Request("POST", ORIGIN, target, headers, content, Timeout(60.0))
    made.trace = Trace()
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def embed(text: Any = "hello", **more: Any) -> dict[str, Any]:
    """An embedding request's body."""
    return {"model": "text-embedding-3-small", "input": text, **more}


def chat(**more: Any) -> dict[str, Any]:
    """A chat request's body that asks for no sampling."""
    return {"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0, **more}


def vectors(*values: float, tokens: int = 7) -> dict[str, Any]:
    """An embedding answer."""
    data = [{"object": "embedding", "index": n, "embedding": [value, -value]} for n, value in enumerate(values)]
    return {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def completion(*reasons: str) -> dict[str, Any]:
    """A chat answer, a choice for each finish reason."""
    choices = [
        {"index": n, "message": {"role": "assistant", "content": "yes"}, "finish_reason": reason}
        for n, reason in enumerate(reasons)
    ]
    return {"id": "c", "object": "chat.completion", "choices": choices, "usage": {"total_tokens": 3}}


def chunk(reason: str | None = None, index: int = 0) -> dict[str, Any]:
    """A streamed piece of a chat answer."""
    return {"id": "c", "choices": [{"index": index, "delta": {"content": "y"}, "finish_reason": reason}]}


def events(*values: object, done: bool = True) -> bytes:
    """An event stream."""
    lines = [value if isinstance(value, str) else json.dumps(value) for value in values] + ["[DONE]"] * done
    return "".join(f"data: {line}\n\n" for line in lines).encode()


def reply(asked: Request, value: object, status: int = 200, **fields: str) -> Reply:
    """A reply that was read whole, in JSON or as events."""
    kind = "text/event-stream" if isinstance(value, bytes) else "application/json"
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    own = {name.replace("_", "-"): field for name, field in fields.items()}
    return Reply(status, Headers({"content-type": kind, **own}), asked, content)
