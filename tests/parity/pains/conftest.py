"""Each pain in both colours, with an environment that says nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.colour import Colour

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Colour:
    """Each colour, over antiphon's own transport."""
    return Colour(request.param, "own")


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine reaches a client."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "ANTIPHON_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def told(program: str, *arguments: str) -> str:
    """What a program prints, run in a process of its own with the package's name as its first argument."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
