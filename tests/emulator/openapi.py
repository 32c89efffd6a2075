"""Holds what the emulator answers against OpenAI's public OpenAPI document, when somebody names one.

The document is not part of this repository. Get it where OpenAI publishes it (github.com/openai/openai-openapi), as JSON, and
run the tests with `ANTIPHON_OPENAPI=/path/to/openapi.json`: every answer of every emulator in the test process is then
validated, events of streams one by one. What the document says otherwise than the official package is in `disagreement`.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from antiphon.emulator.exchange import AnyReply, EventReply, Reply

from .disagreement import DISAGREEMENTS

VARIABLE = "ANTIPHON_OPENAPI"
_URI = "urn:openapi"
_TAGS = ("type", "role", "object")
_JSON = "application/json"
_STREAM = "text/event-stream"


@cache
def document() -> Document | None:
    """The one that the environment names."""
    named = os.environ.get(VARIABLE)
    return Document(Path(named)) if named else None


class Document:
    """The answers it promises, by verb and path."""

    def __init__(self, path: Path) -> None:
        told = json.loads(path.read_text("utf-8"))
        self.answers = {
            (verb.upper(), _template(path)): (path, verb, operation)
            for path, verbs in told["paths"].items()
            for verb, operation in verbs.items()
            if verb in ("get", "post", "put", "patch", "delete")
        }
        resource: Resource[Any] = Resource(contents=_relaxed(told), specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(_URI, resource)
        self._validators: dict[tuple[str, str, str, str], Draft202012Validator | None] = {}
        self.seen: Counter[str] = Counter()

    def knows(self, verb: str, path: str) -> bool:
        """Whether it has this operation."""
        return (verb, _template(path)) in self.answers

    def complaints(self, operation: Any, status: int, kind: str, value: Any) -> Iterator[str]:
        """What an answer's value lacks or has too much, but for the known disagreements."""
        validator = self._validator(operation.verb, operation.path, status, kind)
        if validator is None:
            return
        self.seen[operation.name] += 1
        for error in validator.iter_errors(value):
            for deepest in _deepest(error):
                where = f"{operation.name} {deepest.json_path}: {deepest.message[:300]}"
                if not any(re.search(pattern, where) for pattern, _ in DISAGREEMENTS):
                    yield where

    def _validator(self, verb: str, path: str, status: int, kind: str) -> Draft202012Validator | None:
        key = verb, path, str(status), kind
        if key not in self._validators:
            self._validators[key] = self._made(*key)
        return self._validators[key]

    def _made(self, verb: str, path: str, status: str, kind: str) -> Draft202012Validator | None:
        found = self.answers.get((verb, _template(path)))
        if found is None:
            return None
        spelled, lower, operation = found
        if "schema" not in operation["responses"].get(status, {}).get("content", {}).get(kind, {}):
            return None
        steps = ("paths", spelled, lower, "responses", status, "content", kind, "schema")
        pointer = "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)
        return Draft202012Validator({"$ref": f"{_URI}#/{pointer}"}, registry=self._registry)


def watched(told: Document, operation: Any, reply: AnyReply, complain: Any) -> AnyReply:
    """The reply; what is wrong with it is told to `complain`, of a stream while it is read."""

    def judge(kind: str, value: Any, status: int = 200) -> None:
        for complaint in told.complaints(operation, status, kind, value):
            complain(complaint)

    def event(framed: bytes) -> bytes:
        for line in framed.split(b"\n"):
            if line.startswith(b"data: ") and line != b"data: [DONE]":
                judge(_STREAM, json.loads(line[6:]))
        return framed

    if isinstance(reply, Reply):
        if reply.content_type == _JSON.encode() and reply.body:
            judge(_JSON, json.loads(reply.body), reply.status)
        return reply
    if isinstance(reply, EventReply):
        return EventReply(_each(reply.events, event))
    return reply


def _each(events: Iterable[bytes] | AsyncIterator[bytes], event: Any) -> Iterable[bytes] | AsyncIterator[bytes]:
    if not isinstance(events, AsyncIterator):
        return (event(framed) for framed in events)

    async def later() -> AsyncIterator[bytes]:
        async for framed in events:
            yield event(framed)

    return later()


def _template(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path.partition("?")[0])


def _relaxed(node: Any) -> Any:
    """The document as it is meant: `oneOf` without its quarrel about two that fit, `nullable` as 3.0 had it."""
    if isinstance(node, list):
        return [_relaxed(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {("anyOf" if name == "oneOf" else name): _relaxed(value) for name, value in node.items()}
    if made.pop("nullable", False) is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _deepest(error: Any) -> list[Any]:
    """Where it really hurts: inside the alternative that came closest."""
    if not error.context:
        return [error]
    branches: dict[int, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)

    def distance(errors: list[Any]) -> tuple[int, int]:
        wrong = sum((e.validator in ("enum", "const") and e.path and e.path[-1] in _TAGS) or not e.path for e in errors)
        return wrong, len(errors)

    closest = min(branches.values(), key=distance)
    return [leaf for inner in closest for leaf in _deepest(inner)]
