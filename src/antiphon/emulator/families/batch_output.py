"""What a batch writes: a line for each answer into the output file, one for each failure into the error file.

The lines grow in two files of the batch's own. How far they are valid is kept with the batch's progress, so that after a
sudden end no line is lost and none is there twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, Self

import msgspec

from ..shape import Object, is_object
from ..world import World
from .batch_line import Outcome
from .file import adopted

REASONS: Final = {
    "expired": ("batch_expired", "The completion window closed before this request was carried out."),
    "cancelled": ("batch_cancelled", "The batch was cancelled before this request was carried out."),
}
_DECODER: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()


def no_usage() -> Object:
    """The usage of nothing."""
    return {
        "input_tokens": 0,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 0,
    }


class Writing:
    """A batch's files, open for one slice: `requests` are those not yet answered, `kept` puts what became of them."""

    def __init__(self, world: World, view: Object, progress: Object) -> None:
        self._world = world
        self._view: Object = view | {"request_counts": dict(view["request_counts"])}
        self._progress: Object = dict(progress)
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def requests(self) -> Iterator[Object]:
        """The requests from where the last slice ended."""
        path = self._world.folder() / self._view["input_file_id"]
        if not path.is_file():
            return
        with path.open("rb") as file:
            file.seek(self._progress["offset"])
            for line in iter(file.readline, b""):
                self._progress["offset"] += len(line)
                if line.strip():
                    yield _DECODER.decode(line)

    def answer(self, request: Object, outcome: Outcome) -> None:
        """Write what came of a request, and count it."""
        draw = self._world.identity.draw
        good = outcome.status < 400
        response = {"status_code": outcome.status, "request_id": draw("req_"), "body": outcome.body}
        self._write("output" if good else "error", request, response, None)
        self._view["request_counts"]["completed" if good else "failed"] += 1
        if good and is_object(outcome.body):
            self._view["usage"] = _sum(self._view["usage"], outcome.body.get("usage") or {})

    def leave(self, request: Object, ending: str) -> None:
        """Write that a request was not carried out."""
        code, message = REASONS[ending]
        self._write("error", request, None, {"code": code, "message": message})

    def kept(self) -> tuple[Object, Object]:
        """The batch and its progress with what was done, put; what others changed meanwhile, such as its state, stays."""
        batches, progresses = self._world.shelf("batches"), self._world.shelf("batches.progress")
        made: str = self._view["id"]
        view: Object = (batches.get(made) or self._view) | {n: self._view[n] for n in ("request_counts", "usage")}
        done = {name: self._progress[name] for name in ("offset", "output", "error")}
        progress: Object = (progresses.get(made) or self._progress) | done
        batches.put(made, view)
        progresses.put(made, progress)
        return view, progress

    def _write(self, kind: str, request: Object, response: Object | None, error: Object | None) -> None:
        made = self._world.identity.draw("batch_req_", 32)
        line = {"id": made, "custom_id": request["custom_id"], "response": response, "error": error}
        self._progress[kind] += self._file(kind).write(_ENCODER.encode(line) + b"\n")

    def _file(self, kind: str) -> IO[bytes]:
        if kind not in self._files:
            path = draft(self._world, self._view["id"], kind)
            path.touch()
            self._files[kind] = file = path.open("r+b")
            file.truncate(self._progress[kind])  # what a slice wrote that nobody came to know of
            file.seek(0, 2)
        return self._files[kind]


def draft(world: World, batch: str, kind: str) -> Path:
    """Where lines grow until the batch ends."""
    return world.folder() / f"{batch}.{kind}"


def discard(world: World, batch: str) -> None:
    """Throw away what was written."""
    for kind in ("output", "error"):
        draft(world, batch, kind).unlink(missing_ok=True)


def published(world: World, view: Object, progress: Object) -> Object:
    """Make files of what was written; gives the fields of the batch that name them."""
    return {f"{kind}_file_id": _published(world, view, progress, kind) for kind in ("output", "error")}


def _published(world: World, view: Object, progress: Object, kind: str) -> str | None:
    path, size = draft(world, view["id"], kind), progress[kind]
    if size == 0:
        path.unlink(missing_ok=True)
        return None
    with path.open("r+b") as file:
        file.truncate(size)
    name, seconds = f"{view['id']}_{kind}.jsonl", progress["file_seconds"]
    made: str = adopted(world, name, "batch_output", path, seconds)["id"]
    return made


def _sum(known: Object, more: Object) -> Object:
    """Two usages together, in whichever of the API's two spellings the second is."""
    asked = more.get("input_tokens", more.get("prompt_tokens", 0))
    told = more.get("output_tokens", more.get("completion_tokens", 0))
    cached = _detail(more, ("input_tokens_details", "prompt_tokens_details"), "cached_tokens")
    thought = _detail(more, ("output_tokens_details", "completion_tokens_details"), "reasoning_tokens")
    return {
        "input_tokens": known["input_tokens"] + asked,
        "input_tokens_details": {"cached_tokens": known["input_tokens_details"]["cached_tokens"] + cached},
        "output_tokens": known["output_tokens"] + told,
        "output_tokens_details": {"reasoning_tokens": known["output_tokens_details"]["reasoning_tokens"] + thought},
        "total_tokens": known["total_tokens"] + asked + told,
    }


def _detail(usage: Object, parts: tuple[str, str], name: str) -> int:
    found: list[Object] = [usage[part] for part in parts if usage.get(part)]
    number: int | None = found[0].get(name) if found else None
    return number or 0
