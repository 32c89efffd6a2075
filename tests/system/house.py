"""A server in a process of its own that counts who is connected, and the count of what this process holds."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import antiphon
from soak.sample import Sample, connected, taken

ROOT = Path(__file__).parents[2]
SLACK = 0.05


@contextlib.contextmanager
def counting_server() -> Iterator[int]:
    """The soak's server; gives its port."""
    with subprocess.Popen(
        [sys.executable, "-m", "soak.server"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def client_of(port: int, *, asynchronous: bool = False, path: str = "/v1", api_key: str | None = "sk-system") -> Any:
    """A client that tries once."""
    kind: Any = antiphon.AsyncOpenAI if asynchronous else antiphon.OpenAI
    url = f"http://127.0.0.1:{port}{path}"
    return kind(api_key=api_key, base_url=url, max_retries=0, timeout=20, proxy=None)


def same(before: Sample, after: Sample) -> None:
    """Nothing was left: no descriptor, no task, no thread, and as many objects as before, but for a few.

    What an earlier test left, such as a thread that takes its time, may have ended meanwhile.
    """
    left = (after.files - before.files, after.tasks - before.tasks, after.threads - before.threads)
    assert max(left) <= 0, (before, after)
    assert after.objects < before.objects * (1 + SLACK), (before, after)


__all__ = ["ROOT", "Sample", "client_of", "connected", "counting_server", "same", "taken"]
