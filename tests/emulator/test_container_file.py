"""The image's own commands, run here as they stand in the file: there need not be a container to see them work."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.program import read_until, running

FILE = Path(__file__).parents[2] / "Containerfile"
BIN = Path(sys.executable).parent


def command(instruction: str, port: int, data: Path) -> list[str]:
    found = re.search(rf"^{instruction} .*?(\[.*\])$", FILE.read_text(), re.MULTILINE)
    assert found is not None
    told = found[1].replace("/opt/antiphon/bin", str(BIN)).replace("8080", str(port)).replace("/data", str(data))
    words: list[str] = json.loads(told)
    return words


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.mark.skipif(os.name == "nt", reason="the image is for Linux")
def test_it_starts_answers_and_is_healthy(tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, "ANTIPHON_KEY": "sk-mine"}
    starting = [*command("ENTRYPOINT", port, tmp_path), "--lenient"]
    with running(starting, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert "Ctrl-C" in read_until(process, "Ctrl-C")
        assert subprocess.run(command("HEALTHCHECK", port, tmp_path), timeout=30, check=False).returncode == 0
        headers = {"Authorization": "Bearer sk-mine", "Host": "emulator:8080"}
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/v1/models", headers=headers)
        with urllib.request.urlopen(asked, timeout=30) as heard:
            assert len(json.loads(heard.read())["data"]) > 10
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert (tmp_path / "antiphon.sqlite3").exists()


def test_without_a_key_it_says_so(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "ANTIPHON_KEY"}
    done = subprocess.run(
        command("ENTRYPOINT", free_port(), tmp_path), env=environment, capture_output=True, text=True, timeout=30
    )
    assert done.returncode != 0
    assert "set ANTIPHON_KEY" in done.stderr
