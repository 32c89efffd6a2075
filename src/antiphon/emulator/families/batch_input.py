"""A batch's file judged line by line: JSON, ids that are unique, one method, one endpoint, one model. Knows no states.

The judging of a long file is a walk that is taken up again and again. The walk lives in memory; lost with the process, it
begins anew, and comes to the same verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import msgspec

from ..shape import is_object
from ..world import World
from .model import exists

ENDPOINTS: Final = {
    "/v1/responses": "responses.create",
    "/v1/chat/completions": "chat.completions.create",
    "/v1/embeddings": "embeddings.create",
    "/v1/completions": "completions.create",
    "/v1/moderations": "moderations.create",
    "/v1/images/generations": "images.generate",
    "/v1/images/edits": "images.edit",
    "/v1/videos": "videos.create",
}
MOST_LINES: Final = 50_000
MOST_BYTES: Final = 200 * 1024 * 1024
MOST_ERRORS: Final = 100
_DECODER: Final = msgspec.json.Decoder()
_WALKS: WeakKeyDictionary[World, dict[str, Walk]] = WeakKeyDictionary()


class Error(NamedTuple):
    """What is wrong with a line, or with the file."""

    code: str
    message: str
    param: str | None = None

    def shown(self, line: int | None = None) -> dict[str, Any]:
        """The error as a batch shows it."""
        return {**self._asdict(), "line": line}


GONE: Final = Error("invalid_file", "The input file no longer exists.")


class Verdict(NamedTuple):
    """How many requests there are, what is wrong, and the model they all name."""

    lines: int
    errors: list[dict[str, Any]]
    model: str | None


class Walk:
    """One walk through a file; `verdict` is complete when `steps` has ended."""

    def __init__(self, world: World, path: Path, endpoint: str) -> None:
        self._world = world
        self._path = path
        self._endpoint = endpoint
        self._ids: set[str] = set()
        self._lines = 0
        self._model: str | None = None
        self._errors: list[dict[str, Any]] = []
        self.steps = self._walk()

    @property
    def verdict(self) -> Verdict:
        """What was found so far."""
        return Verdict(self._lines, self._errors, self._model)

    def _walk(self) -> Iterator[None]:
        if not self._path.is_file():
            return self._note(GONE, None)
        if self._path.stat().st_size > MOST_BYTES:
            return self._note(Error("file_too_large", f"The input file is larger than {MOST_BYTES} bytes."), None)
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    self._lines += 1
                    if (error := self._wrong(line)) is not None:
                        self._note(error, number)
                if self._lines > MOST_LINES or len(self._errors) >= MOST_ERRORS:
                    break
                yield
        if self._lines > MOST_LINES:
            self._errors.clear()
            self._note(Error("too_many_tasks", f"The input file has more than {MOST_LINES} requests."), None)
        elif self._lines == 0:
            self._note(Error("empty_file", "The input file has no requests."), None)

    def _note(self, error: Error, line: int | None) -> None:
        self._errors.append(error.shown(line))

    def _wrong(self, line: bytes) -> Error | None:
        try:
            request = _DECODER.decode(line)
        except (ValueError, RecursionError):
            return Error("invalid_json_line", "This line is not parseable as valid JSON.")
        if not is_object(request):
            return Error("invalid_request", "This line is not a JSON object.")
        for name in ("custom_id", "method", "url", "body"):
            if request.get(name) is None:
                return Error("missing_required_parameter", f"Missing required parameter: '{name}'.", name)
        return self._wrong_head(request) or self._wrong_body(request["body"])

    def _wrong_head(self, request: dict[str, Any]) -> Error | None:
        custom_id = request["custom_id"]
        if not isinstance(custom_id, str) or not custom_id:
            return Error("invalid_custom_id", "A 'custom_id' is a string that is not empty.", "custom_id")
        if custom_id in self._ids:
            return Error("duplicate_custom_id", f"The custom_id '{custom_id}' is used by an earlier line.", "custom_id")
        self._ids.add(custom_id)
        if request["method"] != "POST":
            return Error("invalid_method", f"The method must be POST, not {request['method']!r}.", "method")
        if request["url"] != self._endpoint:
            message = f"The url {request['url']!r} is not the endpoint of the batch, '{self._endpoint}'."
            return Error("invalid_url", message, "url")
        return None

    def _wrong_body(self, body: Any) -> Error | None:
        if not is_object(body):
            return Error("invalid_request", "The 'body' is not a JSON object.", "body")
        model = body.get("model")
        if not isinstance(model, str):
            return None  # the request itself will say what it lacks
        if self._model is None:
            self._model = model
            if not exists(self._world, model):
                return Error("model_not_found", f"The model `{model}` does not exist.", "body.model")
        if model != self._model:
            message = f"All requests of a batch name one model: '{model}' is not '{self._model}'."
            return Error("mismatched_model", message, "body.model")
        return None


def judge(world: World, view: dict[str, Any], seconds: float) -> Verdict | None:
    """Go on judging a batch's file for so many seconds; the verdict, once the end is reached."""
    walks = _WALKS.setdefault(world, {})
    walk = walks.get(view["id"])
    if walk is None:
        walk = walks[view["id"]] = Walk(world, world.folder() / view["input_file_id"], view["endpoint"])
    until = perf_counter() + seconds
    for _ in walk.steps:
        if perf_counter() > until:
            return None
    forget(world, view["id"])
    return walk.verdict


def missing(world: World, view: dict[str, Any]) -> dict[str, Any] | None:
    """The error of a batch whose file was deleted while it was carried out."""
    return None if (world.folder() / view["input_file_id"]).is_file() else GONE.shown()


def forget(world: World, batch: str) -> None:
    """Give up a walk."""
    _WALKS.get(world, {}).pop(batch, None)
