"""Each example runs as a user would run it: as a process, against an emulator found through the environment."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from .page import ROOT

EXAMPLES = ROOT / "examples"
SHOWN = {
    "stream.py": ["an antiphon is a song of call and response", "(completed, 9 tokens out)"],
    "tools.py": ['calling get_weather({"city":"Paris"})', "18 degrees and sunny in Paris"],
    "async_many.py": ["50 answers in ", "0 1 4 9 16 25 36 49 64 81 …"],
    "structured.py": ["Person(name='Alice', age=30, city='Paris')", "next year Alice will be 31"],
    "upload.py": ["sent upload.py: ", "came back the same: True", "deleted: True"],
    "errors.py": [
        "a busy server, once: one two three",
        "too many requests: RateLimitError",
        "an empty account: RateLimitError",
        "code insufficient_quota",
        "a connection that breaks: StreamInterrupted",
        "a stream that ends early: StreamTruncated\n    after event 5; so far: 'one two'",
        "a slow server: DeadlineExceeded",
    ],
}


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.usefixtures("environment")
def test_example(name: str) -> None:
    done = run(name)
    assert done.stderr == ""
    for text in SHOWN[name]:
        assert text in done.stdout


@pytest.mark.usefixtures("environment")
def test_demo() -> None:
    done = run("demo.py")
    assert done.stderr == ""
    for text in (
        "12 * 7 + 3 = 87",
        'get_weather({"city":"Paris"})',
        "the same: True",
        "7 files over 3 pages",
        "NotFoundError",
    ):
        assert text in done.stdout


def test_every_example_is_run() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*SHOWN, "demo.py"}


def run(name: str) -> subprocess.CompletedProcess[str]:
    """An example's output, when it ends well."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name)]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    return done
