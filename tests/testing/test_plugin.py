"""The plugin, on a sample project's suite: alone and under xdist, with this package's clients and the official ones."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import PYTEST
from tests.transports.trust import authority_file

SAMPLE = Path(__file__).parent / "sample"


def suite(folder: Path, *arguments: str, package: str = "antiphon") -> str:
    """What pytest says of the sample's suite, run as its own project."""
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    (folder / "sample_assistant.py").rename(folder / "test_assistant.py")
    (folder / "pytest.ini").write_text(
        f"[pytest]\nopenai_package = {package}\naddopts = --strict-markers -p antiphon.testing.plugin\nfilterwarnings = error\npythonpath = .\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OPENAI_"))}
    # The official client reads all authorities each time it is made.
    environment |= {"PACKAGE": package, "SSL_CERT_FILE": authority_file(folder)}
    done = subprocess.run(
        [*PYTEST, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=120,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(("package", "arguments"), [("antiphon", ("-n", "2")), ("openai", ())])
def test_the_sample_passes(tmp_path: Path, package: str, arguments: tuple[str, ...]) -> None:
    told = suite(tmp_path, *arguments, package=package)
    assert re.search(r"\b19 passed\b", told), told


def test_isolation_is_what_makes_it_pass(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import pytest\n\n@pytest.fixture\ndef openai_server(openai_emulator, monkeypatch):\n"
        "    from antiphon.testing import TestServer\n    server = TestServer(openai_emulator)\n"
        "    monkeypatch.setenv('OPENAI_BASE_URL', server.base_url)\n"
        "    monkeypatch.setenv('OPENAI_API_KEY', server.api_key)\n    return server\n"
    )
    told = suite(tmp_path, "-k", "sees_anothers")
    assert "11 failed, 1 passed" in told, told


def test_the_marks_are_told(tmp_path: Path) -> None:
    told = suite(tmp_path, "--markers")
    assert "@pytest.mark.openai_fault(" in told
    assert "@pytest.mark.openai_fixture(" in told


def test_an_idle_plugin_loads_next_to_nothing() -> None:
    code = (
        "import sys, pytest; before = {*sys.modules}; import antiphon.testing.plugin;"
        "print(sorted(m for m in {*sys.modules} - before if 'testing' not in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['antiphon', 'antiphon.version']"


RIVAL = "import pytest\n\n@pytest.fixture\ndef client():\n    return 'mine'\n"
USE = """
def test_client(client, openai_client, async_client):
    assert (client, type(openai_client).__name__, type(async_client).__name__) == ('mine', 'OpenAI', 'AsyncOpenAI')
"""


@pytest.mark.parametrize("plugins", [["rival", "antiphon.testing.plugin"], ["antiphon.testing.plugin", "rival"]])
def test_the_short_names_are_left_to_another_plugin(tmp_path: Path, plugins: list[str]) -> None:
    (tmp_path / "rival.py").write_text(RIVAL)
    (tmp_path / "conftest.py").write_text(f"pytest_plugins = {plugins}\n")
    (tmp_path / "test_use.py").write_text(USE)
    told = suite(tmp_path, "-o", "addopts=", "test_use.py")
    assert "1 passed" in told, told


def test_the_short_names_are_left_to_the_project(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(RIVAL)
    (tmp_path / "test_use.py").write_text(USE)
    assert "1 passed" in suite(tmp_path, "test_use.py")


@pytest.mark.parametrize("package", ["antiphon", "openai"])
def test_an_async_client_is_closed_beside_a_running_loop(tmp_path: Path, package: str) -> None:
    (tmp_path / "conftest.py").write_text(
        "import asyncio, pytest\n\n@pytest.fixture(autouse=True)\ndef loop(async_client):\n    yield\n\n"
        "@pytest.fixture(autouse=True, scope='session')\ndef running():\n    loop = asyncio.new_event_loop()\n"
        "    asyncio.set_event_loop(loop)\n    asyncio._set_running_loop(loop)\n    yield\n"
        "    asyncio._set_running_loop(None)\n    assert asyncio.get_event_loop_policy().get_event_loop() is loop\n"
        "    loop.close()\n"
    )
    (tmp_path / "test_use.py").write_text("def test_it(async_client):\n    assert async_client\n")
    told = suite(tmp_path, "test_use.py", package=package)
    assert "1 passed" in told, told
    assert "error" not in told, told
