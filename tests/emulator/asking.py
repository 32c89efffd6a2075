"""Raw requests over http.client: what a test sends is what goes over the wire."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Heard:
    """A raw answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]

    @property
    def events(self) -> list[Any]:
        """The data of each event; `[DONE]` as text."""
        found = [line[6:] for line in self.body.decode().split("\n") if line.startswith("data: ")]
        return [text if text == "[DONE]" else json.loads(text) for text in found]


class Asking:
    """A keep-alive connection to one server."""

    def __init__(self, base_url: str) -> None:
        self._parts = urlsplit(base_url)
        self._connection = http.client.HTTPConnection(self._parts.hostname or "", self._parts.port, timeout=30)

    def __call__(
        self,
        verb: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "sk-test",
        headers: dict[str, str] | None = None,
    ) -> Heard:
        sent = {"Authorization": f"Bearer {key}"} if key else {}
        raw = body
        if body is not None and not isinstance(body, bytes):
            raw, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        self._connection.request(verb, path, raw, sent | (headers or {}))
        reply = self._connection.getresponse()
        return Heard(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())

    def close(self) -> None:
        self._connection.close()


def chat(text: str, **more: Any) -> dict[str, Any]:
    """A chat request's body."""
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


def response(given: Any, **more: Any) -> dict[str, Any]:
    """A response request's body."""
    return {"model": "gpt-4o", "input": given, **more}
