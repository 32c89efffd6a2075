"""Requests as the endpoint makes them, and replies as servers give them, for tests of failover and hedging."""

from __future__ import annotations

import json
from typing import Any

from antiphon.core.call import Call, Operation
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.trace import Trace
from antiphon.core.url import Origin
from antiphon.errors import ConnectError, ReadTimeout

HOME = Origin("https", "api.openai.com", 443)
OWN_KEY = "Bearer sk-own"
RESPOND = Operation("responses.create", "POST", "/responses", body="json")
EMBED = Operation("embeddings.create", "POST", "/embeddings", body="json")
CHAT = Operation("chat.completions.create", "POST", "/chat/completions", body="json")
RETRIEVE = Operation("responses.retrieve", "GET", "/responses/{response_id}")


def ask(operation: Operation = RESPOND, /, *, path: dict[str, Any] | None = None, **body: Any) -> Request:
    """A request of a client's at home."""
    if operation.verb == "POST" and "model" not in body:
        body["model"] = "gpt-5.5"
    call: Call[Any] = Call(operation, path=path, body=body if operation.verb == "POST" else None)
    headers = Headers(
        {
            "Authorization": OWN_KEY,
            "OpenAI-Organization": "org-own",
            "X-Gateway": "own-password",
            "Accept": "application/json",
            "x-stainless-retry-count": "0",
        }
    )
    content = json.dumps(body, separators=(",", ":")).encode() if operation.verb == "POST" else None
    target = "/v1" + operation.path.format(**(path or {}))
    request = Request(operation.verb, HOME, target, headers, content, Timeout(60.0), call=call)
    request.trace = Trace()
    return request


def answer(status: int = 200, code: str | None = None, **headers: str) -> Reply:
    """A reply; its request is set when it is given."""
    body = {"error": {"code": code}} if status >= 400 else {"id": "resp_1"}
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, Headers(fields), request=ask(), content=json.dumps(body).encode())


def unreachable() -> ConnectError:
    """Nobody listens there."""
    return ConnectError(message="refused", phase="connect", sent="no")


def silent() -> ReadTimeout:
    """The server took the request and said nothing."""
    return ReadTimeout(phase="head")


def servers(script: Any) -> list[str]:
    """Who was asked, in order."""
    return [each.server or "own" for each in script.sent]
