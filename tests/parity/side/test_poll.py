"""1.13, polling: how long the pauses are, who says so, and how waiting ends."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from tests.client.answer import ok, wrong

from .duet import Row, check_known, compare, got
from .known.poll import KNOWN

HINT = "openai-poll-after-ms"


def at(*states: str, hint: str | None = None, **more: Any) -> list[Any]:
    """Answers that tell of these states."""
    lines = () if hint is None else (f"{HINT}: {hint}",)
    return [ok({"id": "x", "thread_id": "t", "status": state, **more}, *lines) for state in states]


def counted(*left: int) -> list[Any]:
    """Answers of a batch with so many files left."""
    return [ok({"id": "b", "status": "x", "file_counts": {"in_progress": count}}) for count in left]


def poll(name: str, **arguments: Any) -> Any:
    """A helper by its path below the client."""

    async def do(client: Any, _: Any) -> Any:
        found = client
        for step in name.split("."):
            found = getattr(found, step)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # assistants and videos
            return await got(found(**arguments))

    return do


FILE = {"vector_store_id": "v", "file_id": "f"}
HELPERS: dict[str, tuple[str, dict[str, Any], list[Any]]] = {
    "a file of a store": ("vector_stores.files.poll", FILE, at("in_progress", "in_progress", "completed")),
    "a batch": ("vector_stores.file_batches.poll", {"vector_store_id": "v", "batch_id": "b"}, counted(2, 1, 0)),
    "a run": ("beta.threads.runs.poll", {"run_id": "r", "thread_id": "t"}, at("queued", "in_progress", "completed")),
    "a video": ("videos.poll", {"video_id": "v"}, at("queued", "in_progress", "completed")),
}
HINTS = ("0", "1", "250", "2500", "60000", "1.5", "-5", "soon", "", "nan", "1e3")
WAITED = "files.wait_for_processing"

ROWS: dict[str, Row] = {
    **{name: Row(script, poll(path, **arguments)) for name, (path, arguments, script) in HELPERS.items()},
    **{
        f"{name}, every {interval}": Row(script, poll(path, **arguments, poll_interval_ms=interval))
        for name, (path, arguments, script) in HELPERS.items()
        for interval in (50, 3000, 0)
    },
    **{
        f"a file of a store, hinted {hint!r}": Row(
            at("in_progress", "completed", hint=hint), poll("vector_stores.files.poll", **FILE)
        )
        for hint in HINTS
    },
    "a file of a store, hinted and said": Row(
        at("in_progress", "completed", hint="250"), poll("vector_stores.files.poll", **FILE, poll_interval_ms=50)
    ),
    **{
        f"a file of a store that {state}": Row(at("in_progress", state), poll("vector_stores.files.poll", **FILE))
        for state in ("failed", "cancelled")
    },
    **{
        f"a run that is {state}": Row(
            at("in_progress", state), poll("beta.threads.runs.poll", run_id="r", thread_id="t")
        )
        for state in ("requires_action", "cancelled", "failed", "expired", "incomplete")
    },
    **{
        f"a file of a store, for {seconds} s": Row(
            at(*["in_progress"] * 9), poll("vector_stores.files.poll", **FILE, max_wait_seconds=seconds)
        )
        for seconds in (0, 2.5, -1, float("inf"), float("nan"))
    },
    "a file of a store that fails on the way": Row(
        [*at("in_progress"), wrong(500), *at("completed")], poll("vector_stores.files.poll", **FILE)
    ),
    "a file of a store that is gone": Row([*at("in_progress"), wrong(404)], poll("vector_stores.files.poll", **FILE)),
    "a file": Row(at("uploaded", "uploaded", "processed"), poll(WAITED, id="f")),
    "a file, every 2.5 s": Row(at("uploaded", "processed"), poll(WAITED, id="f", poll_interval=2.5)),
    "a file, hinted": Row(at("uploaded", "processed", hint="250"), poll(WAITED, id="f")),
    **{f"a file that is {state}": Row(at(state), poll(WAITED, id="f")) for state in ("error", "deleted", "processed")},
    "a file, for too long": Row(at(*["uploaded"] * 9), poll(WAITED, id="f", max_wait_seconds=12)),
    "a file, for no time": Row(at("uploaded", "processed"), poll(WAITED, id="f", max_wait_seconds=0)),
    "created and polled": Row(
        at("in_progress", "in_progress", "completed"), poll("vector_stores.files.create_and_poll", **FILE)
    ),
    "an id of nothing": Row(at("completed"), poll("vector_stores.files.poll", vector_store_id="", file_id="f")),
}


@pytest.mark.parametrize("name", ROWS)
def test_polls(name: str, colour: str) -> None:
    compare(name, ROWS[name], colour, KNOWN)


def test_known_differences_are_of_rows() -> None:
    check_known(KNOWN, ROWS)
