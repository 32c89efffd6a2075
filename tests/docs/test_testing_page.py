"""The conftest and the test that the testing page shows are a suite that passes, also under xdist."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.program import PYTEST

from .page import DOCS, fences


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["plain", "xdist"])
def test_the_suite_on_the_page_passes(tmp_path: Path, arguments: list[str]) -> None:
    conftest, test, *_ = (fence.code for fence in fences(DOCS / "howto" / "testing.md"))
    (tmp_path / "conftest.py").write_text(conftest, "utf-8")
    (tmp_path / "test_greet.py").write_text(test, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", "utf-8")
    command = [*PYTEST, *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_suite_of_the_plugin_on_the_page_passes(tmp_path: Path) -> None:
    test = next(fence.code for fence in fences(DOCS / "howto" / "testing.md") if "openai_server" in fence.code)
    (tmp_path / "test_welcome.py").write_text(test, "utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nfilterwarnings = error\naddopts = --strict-markers -p antiphon.testing.plugin\n", "utf-8"
    )
    command = [*PYTEST, "-n", "2"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
