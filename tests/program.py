"""Programs that tests start, and that never outlive them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ABSENT = ("cacheprovider", "anyio", "hypothesispytest")
"""Plugins that take a while to load."""
PYTEST = [sys.executable, "-m", "pytest", "-q", *(word for name in _ABSENT for word in ("-p", f"no:{name}"))]
"""Another suite, which has no use for them."""


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A program that is killed when the test is over, come what may; `Popen` alone waits, for ever, for one that never ends."""
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What a program prints up to the line with these words; all it printed, when it ended without them."""
    assert process.stdout is not None
    text = ""
    while words not in text and (line := process.stdout.readline()):
        text += line
    return text
