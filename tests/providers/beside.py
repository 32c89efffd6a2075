"""The same call by antiphon and by the official package: what each put on the wire, made comparable."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import openai

import antiphon
from tests.client.colour import Driven
from tests.transports.rude import Received

SAID_OF_ITSELF = {
    *("user-agent", "x-stainless-package-version", "accept-encoding", "connection", "host", "content-length"),
    "transfer-encoding",
}


class Kind(NamedTuple):
    """A class of client, by name, in a colour; made into clients as `tests.client.colour.Colour` is."""

    name: str
    colour: str
    official: bool = False

    @property
    def is_async(self) -> bool:
        return self.colour == "async"

    @property
    def kind(self) -> Any:
        return getattr(openai if self.official else antiphon, ("Async" if self.is_async else "") + self.name)

    def make(self, url: str, **options: Any) -> Any:
        if self.official:
            options.pop("_clock", None)
        return self.kind(
            **{name: value.format(url=url) if name in PLACES else value for name, value in options.items()}
        )

    def client(self, url: str, **options: Any) -> Driven:
        return Driven(self, url, options)  # type: ignore[arg-type]


PLACES = {"azure_endpoint", "base_url", "websocket_base_url"}
"""Arguments in which "{url}" stands for the server's root."""


def seen(received: Received) -> dict[str, Any]:
    """A request without what the two packages say of themselves, and without boundaries."""
    verb, target, _ = received.line.split(" ")
    path, _, query = target.partition("?")
    headers = {name: value for name, value in received.headers.items() if name not in SAID_OF_ITSELF}
    body: Any = received.body
    boundary = re.search(r'boundary="?([^";]+)', headers.get("content-type", ""))
    if boundary is not None:
        headers["content-type"] = headers["content-type"].replace(boundary[1], "B")
        parts = body.replace(boundary[1].encode(), b"B").split(b"--B")
        body = sorted(re.sub(rb"(?i)content-type: [^\r]+\r\n", b"", part).lower() for part in parts)
    elif body:
        body = json.loads(body)
    return {
        "verb": verb,
        "path": path,
        "query": sorted(parse_qsl(query, keep_blank_values=True)),
        "headers": headers,
        "body": body,
        "agent": received.headers["user-agent"].split("/")[0],
    }
